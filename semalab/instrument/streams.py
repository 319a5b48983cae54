"""What a recorded program prints: collected with its thread and time, and shown by the thread that called; and
`logging`, the real one, with the run's threads, seconds and locks while it lasts.
"""

from __future__ import annotations

import builtins
import io
import logging
import logging.handlers
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from semalab.engine import Processor, Stop
from semalab.instrument.copies import copied
from semalab.instrument.recorder import Recorder

MOST_TEXT = 50_000_000  # bytes of memory for what one run prints: all of it is kept until the run is shown

Printed = Callable[[str], None]


class Stream:
    """Stands for `sys.stdout` or `sys.stderr` during a run: what the run's threads write goes to `take`.

    For all other threads, and whatever else is asked of it, it is the real one.
    """

    def __init__(self, real: Any, inside: Callable[[], bool], take: Printed, live: Callable[[], bool]) -> None:
        self.original = real
        self._inside = inside
        self._take = take
        self._live = live

    def write(self, text: str) -> int:
        if not self._inside() or not isinstance(text, str):
            return int(self.original.write(text) or 0)
        if text:
            self._take(text)
        return len(text)

    def flush(self) -> None:
        """The real one has nothing of what is kept until the run is shown; and a kernel's would wait for an event."""
        if not self._inside() or self._live():
            self.original.flush()

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)


class Streams:
    """The two streams of a run, and its print().

    Invariants: `errors` holds what it wrote to `sys.stderr`, until it is over. `_room` is what is left of MOST_TEXT.
    live: what is written goes out at once besides, by the thread that writes: it stands where the program put it, among
    what its processes and its C code write, and nothing is missing when the process dies.
    """

    def __init__(self, recorder: Recorder, inside: Callable[[], bool]) -> None:
        self.errors: list[str] = []
        self.live = False
        self._recorder = recorder
        self._inside = inside
        self._room = MOST_TEXT
        self.taken: Printed = lambda text: recorder.note("print", None, text)  # what is done with a text
        self.out = Stream(sys.stdout, inside, self._take, lambda: self.live)
        self.err = Stream(sys.stderr, inside, self._take_error, lambda: self.live)

    def renew(self) -> None:
        """Another run begins."""
        self.errors.clear()
        self._room = MOST_TEXT

    def _take(self, text: str) -> None:
        if self._has_room(text):
            self.taken(text)
            if self.live and self.out.original is not None:  # None: the process has begun with its stdout closed
                self.out.original.write(text)

    def _take_error(self, text: str) -> None:
        if not self.live:
            if self._has_room(text):
                self.errors.append(text)
        elif not self._recorder.processor.stopping:
            self.err.original.write(text)

    def _has_room(self, text: str) -> bool:
        """Ends the run when there is none. What a stopped thread says on its way out is not kept."""
        processor = self._recorder.processor
        if processor.stopping:
            return False
        self._room -= sys.getsizeof(text)
        if self._room < 0:
            processor.stop("flooded")
            processor.report()
            raise Stop
        return True

    def print(
        self, *values: object, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: bool = False
    ) -> None:
        """One event for each call, where the real print() writes piece by piece."""
        if (sys.stdout if file is None else file) is not self.out or not self._inside():
            builtins.print(*values, sep=sep, end=end, file=file, flush=flush)
            return
        text = io.StringIO()
        builtins.print(*values, sep=sep, end=end, file=text)
        self._take(text.getvalue())
        if flush:
            self.out.flush()
        point = self._recorder.processor.point
        if point is not None:
            point()


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


class Change(NamedTuple):
    """A name of a namespace, its value while the run lasts, and what makes the one after it (None: the one before)."""

    namespace: dict[str, Any]
    name: str
    value: Any
    after: Callable[[], Any] | None = None


def changes(
    processor: Processor, source: types.ModuleType, time: types.ModuleType, choose: Callable[[Any, Any], Any]
) -> Iterator[Change]:
    """What to change in logging while a run lasts.

    choose: makes a function that is ours for the run's threads and the real one for all others.
    """

    def shared(real: Any) -> SharedLock:
        return SharedLock(processor, source.RLock(), real)

    seen = copied(threading, RLock=choose(lambda: shared(threading.RLock()), threading.RLock))
    for name in ("current_thread", "get_ident", "Thread"):
        seen.__dict__[name] = choose(getattr(source, name), getattr(threading, name))
    for module in (logging, logging.handlers):
        yield Change(vars(module), "threading", seen, _threading_again)
        yield Change(vars(module), "time", time)
    if processor.clock == "virtual":
        yield Change(vars(logging), "_startTime", 0)
    streams = {id(stream.original): stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, Stream)}
    for handler in _handlers():
        if (stream := streams.get(id(vars(handler).get("stream")))) is not None:
            yield Change(vars(handler), "stream", stream)
    for owner, name in [(vars(logging), "_lock"), *((vars(handler), "lock") for handler in _handlers())]:
        if owner.get(name) is not None:
            lock = shared(owner[name])
            yield Change(owner, name, lock, lock.after)


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
