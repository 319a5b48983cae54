"""The standard library's own threads, locks and queues: what they do inside is not shown, and has to be a step.

What a pool's threads share besides primitives, and which of its locks guards what, is not known here. So whatever they
do is taken to touch everything: no step of theirs changes places with any other, and no order is left out. Where even
their points are not known, the run is `beyond` what can be proved.
"""

from __future__ import annotations

import random
import time
import types
from collections.abc import Callable
from typing import Any

from semalab.instrument import Twins
from semalab.instrument.copies import copied
from semalab.stepping.footprint import EVERYTHING, RANDOM, READ, WRITE, Operation
from semalab.stepping.processor import SteppingProcessor
from semalab.stepping.twins import before, function_before, ticking

HIDING = ("Future", "Futures", "Tasks")  # what stands in the log of a pool's inside
_POOL = "it uses multiprocessing.pool", "use concurrent.futures.ThreadPoolExecutor, or threading.Thread"
_BARE = "it uses the module _thread", "start threads with threading.Thread"
INSIDE = Operation("inside", EVERYTHING, WRITE)


def announce_library(twins: Twins, processor: SteppingProcessor, name: str, module: types.ModuleType) -> None:
    """A twin has been made that was not there from the beginning."""
    names = vars(module)
    if name == "random":
        _seeded_when_drawn_from(twins, module, processor)
    elif name == "time":
        _touching(module, time, processor.tell_time)
    elif name == "queue":
        _queues(twins, processor, module)
    elif name in ("concurrent.futures._base", "concurrent.futures.thread", "sched"):
        names["threading"] = hidden = _threading_of_steps(names["threading"], processor)
        if "_global_shutdown_lock" in names:
            names["_global_shutdown_lock"] = hidden.Lock()
    elif name == "multiprocessing.pool":
        before(module.ThreadPool, "__init__", lambda self: processor.go_beyond(*_POOL))
    elif name == "_thread":
        for function in ("start_new_thread", "start_new", "start_joinable_thread"):
            if function in names:
                names[function] = function_before(names[function], lambda: processor.go_beyond(*_BARE))


def _seeded_when_drawn_from(twins: Twins, module: types.ModuleType, processor: SteppingProcessor) -> None:
    """To seed takes as long as many steps, and most runs draw nothing."""
    seed = twins.renewals.pop()
    drawn = False

    def draw() -> None:
        nonlocal drawn
        drawn = processor.drew = True
        if processor.current() is not None:
            processor.come_upon(RANDOM, WRITE)

    def renew() -> None:
        nonlocal drawn
        if drawn:
            seed()
            drawn = False

    twins.renewals.append(renew)
    _touching(module, random, draw)


def _touching(module: types.ModuleType, real: types.ModuleType, touch: Callable[[], object]) -> None:
    for name, function in list(vars(module).items()):
        if callable(function) and vars(real).get(name) is not function and name != "sleep":
            vars(module)[name] = function_before(function, touch)


def _queues(twins: Twins, processor: SteppingProcessor, module: types.ModuleType) -> None:
    """A simple queue takes its item in before it tells that it has one: one step, as in the one written in C."""
    simple = vars(module)["_PySimpleQueue"]
    names = simple.put.__globals__
    names["time"] = ticking(names["time"], processor)

    def arriving(kind: str, mode: bool) -> Callable[[Any], None]:
        def arrive(queue: Any) -> None:
            key = queue._count._cond.key
            processor.arrive(Operation(kind, key, mode))
            if twins.recorder.made[key].kind in HIDING:
                processor.touch_if_inside(EVERYTHING, WRITE)

        return arrive

    for name, kind, mode in (("put", "put", WRITE), ("empty", "look", READ), ("qsize", "look", READ)):
        before(simple, name, arriving(kind, mode))


def _threading_of_steps(source: types.ModuleType, processor: SteppingProcessor) -> types.ModuleType:
    """`threading` for a copy whose primitives are not in the log: each operation on them is a step all the same."""

    class Lock:
        def __init__(self) -> None:
            self._lock = processor.allocate_lock()

        def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
            patient = blocking and timeout == -1
            processor.arrive_inside(INSIDE._replace(may=(lambda: not self._lock.locked()) if patient else None))
            return bool(self._lock.acquire(blocking, timeout))

        def release(self) -> None:
            processor.touch_if_inside(EVERYTHING, WRITE)
            self._lock.release()
            processor.acted = True

        def locked(self) -> bool:
            processor.arrive_inside(INSIDE)
            return bool(self._lock.locked())

        __enter__ = acquire

        def __exit__(self, *error: object) -> None:
            self.release()

        def _is_owned(self) -> bool:
            return bool(self._lock.locked())

    class RLock(source._RLock):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self._block = Lock()

    class Semaphore(source.Semaphore):  # type: ignore[name-defined]
        def __init__(self, value: int = 1) -> None:
            super().__init__(value)
            self._cond = source.Condition(Lock())

    return copied(source, Lock=Lock, RLock=RLock, Semaphore=Semaphore)


def hide(twins: Twins, processor: SteppingProcessor) -> None:
    """What any library may use: locks that nobody names, and conditions that are entered by other ways than `with`."""
    source: Any = twins.source
    real = source._RLock

    class RLock(real):  # type: ignore[misc, valid-type]
        """Such as guards a log handler: no point, because whether it is taken at all may differ from run to run."""

        def acquire(self, blocking: bool = True, timeout: float = -1) -> Any:
            processor.go_inside()
            return real.acquire(self, blocking, timeout)

        __enter__ = acquire

        def release(self) -> None:
            processor.go_inside()
            real.release(self)

    class Watched(twins.watched):  # type: ignore[name-defined]
        def __init__(
            self, key: int, read: Callable[[], int], leave: Callable[..., None], lock: Any, *room: int
        ) -> None:
            super().__init__(key, read, leave, lock, *room)
            hides = twins.recorder.made[key].kind in HIDING
            operation = INSIDE if hides else Operation("enter", key, WRITE)

            def acquire(*how: Any, **named: Any) -> bool:
                processor.arrive_inside(operation)
                return bool(lock.acquire(*how, **named))

            self.acquire = acquire

    source.__dict__["RLock"] = RLock
    twins.watched = Watched
