"""Makes the twins of a run say what they are about to do before they do it: every operation is a point."""

from __future__ import annotations

import functools
import random
import sys
import time
from collections.abc import Callable
from typing import Any

from semalab.stepping.footprint import CLOCK, EVERYTHING, MADE, OUTPUT, RANDOM, READ, WRITE
from semalab.stepping.guide import Operation
from semalab.stepping.processor import SteppingProcessor
from semalab.twins import Made, Twins

_frame = sys._getframe


def announce(twins: Twins, processor: SteppingProcessor) -> None:
    """Let every twin arrive at the processor before each of its operations."""
    twins.recorder.made = _InOrder(processor)
    twins.recorder.entrance = _entrances(twins, processor)  # type: ignore[method-assign]
    _locks(twins, processor)
    _conditions(twins, processor)
    _lives(twins, processor)
    _others(twins, processor)


class _InOrder(list[Made]):
    """The primitives of a run. Their keys count from 0: whoever makes one changes the names of later ones."""

    def __init__(self, processor: SteppingProcessor) -> None:
        super().__init__()
        self._processor = processor

    def append(self, one: Made) -> None:
        self._processor.touched.append((MADE, WRITE))
        super().append(one)


def _entrances(twins: Twins, processor: SteppingProcessor) -> Callable[..., Any]:
    made, arrive = twins.recorder.made, processor.arrive

    def entrance(key: int, read: Callable[[], int], enter: Callable[[], Any]) -> Callable[[], Any]:
        kind = made[key].kind
        if kind not in ("Semaphore", "BoundedSemaphore"):
            return _entrance(Operation("enter", key, WRITE), enter)
        acquire = Operation("acquire", key, WRITE, read)
        attempt = Operation("acquire", key, WRITE)
        # A bounded semaphore refuses the release that comes too late.
        release = Operation("release", key, not processor.settings.releases_commute or kind == "BoundedSemaphore")

        def enter_semaphore() -> Any:
            frame = _frame(1)
            if frame.f_code.co_name != "acquire":
                arrive(release)
            else:
                seen = frame.f_locals
                arrive(acquire if seen["blocking"] and seen["timeout"] is None else attempt)
            return enter()

        return enter_semaphore

    def _entrance(operation: Operation, enter: Callable[[], Any]) -> Callable[[], Any]:
        def enter_other() -> Any:
            arrive(operation)
            return enter()

        return enter_other

    return entrance


def _locks(twins: Twins, processor: SteppingProcessor) -> None:
    lock, arrive = twins.threading.Lock, processor.arrive
    acquire, release, locked = lock.acquire, lock.release, lock.locked

    def arriving_acquire(self: Any, blocking: bool = True, timeout: float = -1) -> bool:
        patient = blocking and timeout == -1
        arrive(Operation("acquire", self._key, WRITE, (lambda: self._free) if patient else None))
        return bool(acquire(self, blocking, timeout))

    def arriving_release(self: Any) -> None:
        arrive(Operation("release", self._key, WRITE))
        release(self)

    def arriving_locked(self: Any) -> bool:
        arrive(Operation("look", self._key, READ))
        return bool(locked(self))

    _put(lock, acquire=arriving_acquire, release=arriving_release, locked=arriving_locked)
    lock.__enter__ = lock.acquire


def _conditions(twins: Twins, processor: SteppingProcessor) -> None:
    """A condition's lock already orders whoever waits and notifies: those are no points of their own."""
    condition, event, barrier = (twins.threading.__dict__[name] for name in ("Condition", "Event", "Barrier"))
    for name in ("wait", "notify"):
        _before(condition, name, lambda self: processor.touch(self._key, WRITE))
    _before(event, "is_set", lambda self: processor.arrive(Operation("look", self._cond.key, READ)))
    for name in ("n_waiting", "broken"):
        seen = getattr(barrier, name).fget
        setattr(barrier, name, property(_looking(seen, processor)))


def _looking(seen: Callable[[Any], Any], processor: SteppingProcessor) -> Callable[[Any], Any]:
    def look(self: Any) -> Any:
        processor.arrive(Operation("look", self._cond.key, READ))
        return seen(self)

    return look


def _before(owner: type, name: str, first: Callable[[Any], object]) -> None:
    """Let a method of a twin class do something first."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        first(self)
        return method(self, *args, **kwargs)

    setattr(owner, name, wrapped)


def _lives(twins: Twins, processor: SteppingProcessor) -> None:
    """Starts, joins and ends are steps of their own only if the program can tell when they happened."""
    thread: Any = twins.source.Thread
    looked = Operation("look", EVERYTHING, WRITE)
    start, join, is_alive = thread.start, thread.join, thread.is_alive

    def stepping_start(self: Any) -> None:
        processor.lives_matter |= bool(self.daemon)  # the process does not wait for it
        processor.threads.start(lambda: start(self))

    def stepping_join(self: Any, timeout: float | None = None) -> None:
        if timeout is not None:
            processor.look_at_lives(looked)
            return join(self, timeout)
        return processor.threads.join(getattr(self, "_program_thread", None), lambda: join(self))

    def stepping_is_alive(self: Any) -> bool:
        if not processor.threads.is_waiting():
            processor.look_at_lives(looked)
        return bool(is_alive(self))

    _put(thread, start=stepping_start, join=stepping_join, is_alive=stepping_is_alive)
    if processor.settings.lives:
        vars(twins.source)["Event"] = _announcing(twins.source.Event, processor)
    for name in ("enumerate", "active_count", "activeCount"):
        vars(twins.threading)[name] = _function_before(
            vars(twins.threading)[name], lambda: processor.look_at_lives(looked)
        )
    _before(twins.source.Timer, "cancel", lambda self: processor.arrive(Operation("cancel", EVERYTHING, WRITE)))


def _announcing(event: Any, processor: SteppingProcessor) -> type:
    """The event by which a new thread tells that it has begun: from there on others may overtake it."""

    class Announcing(event):
        def set(self) -> None:
            super().set()
            processor.threads.begun()

    return Announcing


def _others(twins: Twins, processor: SteppingProcessor) -> None:
    prints = Operation("print", OUTPUT, WRITE)
    real = twins.print

    def stepping_print(*values: object, file: Any = None, **how: Any) -> None:
        if file in (None, sys.stdout):
            processor.arrive(prints)
        real(*values, file=file, **how)

    twins.print = stepping_print
    for module, location, mode in ((twins.random, RANDOM, WRITE), (twins.time, CLOCK, READ)):
        original = vars(random if module is twins.random else time)
        for name, function in list(vars(module).items()):
            if callable(function) and original.get(name) is not function and name != "sleep":
                vars(module)[name] = _function_before(
                    function, functools.partial(processor.touch_if_inside, location, mode)
                )


def _function_before(function: Callable[..., Any], first: Callable[[], object]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        first()
        return function(*args, **kwargs)

    return wrapped


def _put(owner: Any, **methods: Callable[..., Any]) -> None:
    for name, method in methods.items():
        setattr(owner, name, functools.wraps(getattr(owner, name))(method))
