"""`logging` in a recorded program: the real one, with the run's threads, seconds and locks while it lasts."""

from __future__ import annotations

import logging
import logging.handlers
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from semalab.engine import Processor
from semalab.instrument.copies import copied
from semalab.instrument.streams import Stream

_PATIENCE = 0.5  # seconds in which a thread from outside has written its line and left the lock


class SharedLock:
    """Lets in one thread at a time, of the run or from outside. Invariant: the run's threads queue for `inner` first.

    So one of them that holds the real lock while another runs never makes that other one block for real, which would
    stop the virtual clock; and a thread from outside waits for the real lock alone, as ever.
    """

    def __init__(self, processor: Processor, inner: Any, real: Any) -> None:
        self._processor = processor
        self._inner = inner
        self._real = real

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        inside = self._processor.current() is not None
        if inside and not self._inner.acquire(blocking, timeout):
            return False
        try:
            got = bool(self._real.acquire(blocking, timeout))
        except BaseException:
            self._let_go(inside)
            raise
        if not got:
            self._let_go(inside)
        return got

    def release(self) -> None:
        self._real.release()
        self._let_go(self._processor.current() is not None)

    def _let_go(self, inside: bool) -> None:
        if inside:
            self._inner.release()

    __enter__ = acquire

    def __exit__(self, *exc: object) -> None:
        self.release()

    def after(self) -> Any:
        """The lock to go on with when the run is over: the real one, unless a stopped thread took it to its grave."""
        ours = getattr(self._real, "_is_owned", bool)  # an interrupt came before it was given back: it is taken still
        if ours() or self._real.acquire(timeout=_PATIENCE):
            self._real.release()
            return self._real
        return threading.RLock()

    def _at_fork_reinit(self) -> None:
        self._inner._at_fork_reinit()
        self._real._at_fork_reinit()


class Replacement(NamedTuple):
    """A name of a namespace, its value while the run lasts, and what makes the one after it (None: the one before)."""

    namespace: dict[str, Any]
    name: str
    value: Any
    after: Callable[[], Any] | None = None


def changes(
    processor: Processor, source: types.ModuleType, time: types.ModuleType, choose: Callable[[Any, Any], Any]
) -> Iterator[Replacement]:
    """What to change in logging while a run lasts.

    choose: makes a function that is ours for the run's threads and the real one for all others.
    """

    def shared(real: Any) -> SharedLock:
        return SharedLock(processor, source.RLock(), real)

    seen = copied(threading, RLock=choose(lambda: shared(threading.RLock()), threading.RLock))
    for name in ("current_thread", "get_ident", "Thread"):
        seen.__dict__[name] = choose(getattr(source, name), getattr(threading, name))
    for module in (logging, logging.handlers):
        yield Replacement(vars(module), "threading", seen, _threading_again)
        yield Replacement(vars(module), "time", time)
    if processor.clock == "virtual":
        yield Replacement(vars(logging), "_startTime", 0)
    streams = {id(stream.original): stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, Stream)}
    for handler in _handlers():
        if (stream := streams.get(id(vars(handler).get("stream")))) is not None:
            yield Replacement(vars(handler), "stream", stream)
    for owner, name in [(vars(logging), "_lock"), *((vars(handler), "lock") for handler in _handlers())]:
        if owner.get(name) is not None:
            lock = shared(owner[name])
            yield Replacement(owner, name, lock, lock.after)


def _threading_again() -> types.ModuleType:
    """The real module; and the handlers that the run made go on with real locks and streams, too."""
    for handler in _handlers():
        if isinstance(lock := vars(handler).get("lock"), SharedLock):
            handler.lock = lock.after()
        if isinstance(stream := vars(handler).get("stream"), Stream):
            vars(handler)["stream"] = stream.original
    return threading


def _handlers() -> Iterator[logging.Handler]:
    references = list(vars(logging)["_handlerList"])
    return (handler for reference in references if (handler := reference()) is not None)
