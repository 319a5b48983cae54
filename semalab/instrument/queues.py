"""The queues a recorded program sees: CPython's own `queue`, whose every put and get is in the log with the size."""

from __future__ import annotations

import queue
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

from semalab.engine import Inside
from semalab.instrument.copies import Stand, load
from semalab.instrument.identity import passing_for, refuse_to_copy
from semalab.instrument.primitives import stand_for
from semalab.instrument.recorder import Recorder

_frame = sys._getframe
_KINDS = ("PriorityQueue", "LifoQueue", "Queue")  # the more special first
_SHARED = ("Empty", "Full", "ShutDown")  # exceptions: whoever catches the real ones catches these


def load_queue(stands: Mapping[str, Stand]) -> types.ModuleType:
    """A copy of `queue`. Its SimpleQueue is the one written in Python: that of C waits where nobody sees it."""
    no_simple_queue = types.ModuleType("_queue")
    no_simple_queue.__dict__["Empty"] = queue.Empty
    module = load("queue", {**stands, "_queue": lambda: no_simple_queue})
    module.__dict__.update({name: getattr(queue, name) for name in _SHARED if hasattr(queue, name)})
    return module


def recorded_queues(source: types.ModuleType, recorder: Recorder, watched: type) -> dict[str, type]:
    """Recorded versions of the classes of `source`, a copy of `queue`."""
    processor = recorder.processor
    join = source.Queue.join.__code__

    class AllDone(watched):
        __slots__ = ("of",)

        def unfinished(self) -> int:
            return int(self.of.unfinished_tasks)

    def watch(one: Any, name: str = "") -> None:
        # By the real classes: it may be one that is yet to become ours.
        kind = next(name for name in _KINDS if isinstance(one, getattr(queue, name)))
        first = _first_size(one)
        key = recorder.register(one, kind, first, name=name)
        lock = processor.allocate_lock()  # the program's own code may run inside: comparisons, a derived class
        if hasattr(lock, "topic"):  # made by a thread of the run
            lock.topic = Inside(key)
        leave = _by_size(recorder, key, one._qsize, lock, first, passes=join)
        one.mutex = watched(key, one._qsize, leave, lock)
        one.mutex.locked = lock.locked
        one.mutex.release = one.mutex._release_save = lambda: leave(None, None, None)
        one.not_empty = watched(key, one._qsize, leave, lock)
        one.not_full = watched(key, one._qsize, leave, lock)
        one.all_tasks_done = AllDone(key, one._qsize, leave, lock)
        one.all_tasks_done.of = one

    class Queue(source.Queue):  # type: ignore[name-defined]
        take_part = watch

        def __init__(self, maxsize: int = 0) -> None:
            super().__init__(maxsize)
            watch(self)

    class LifoQueue(source.LifoQueue, Queue):  # type: ignore[name-defined]
        pass

    class PriorityQueue(source.PriorityQueue, Queue):  # type: ignore[name-defined]
        pass

    classes: dict[str, type] = {"Queue": Queue, "LifoQueue": LifoQueue, "PriorityQueue": PriorityQueue}
    classes["SimpleQueue"] = simple_queue(source, recorder, watched)
    stand_for(queue, classes, recorder)
    return classes


def simple_queue(
    source: types.ModuleType,
    recorder: Recorder,
    watched: type,
    kind: str = "SimpleQueue",
    part: Callable[[], str] = str,
) -> type:
    """kind: what it is in the log. part: what it is of the thing that the program made, if not that itself."""
    # a pool's thread that finds no task is no news
    refused = source.threading.Semaphore.acquire.__code__ if kind == "SimpleQueue" else None

    class SimpleQueue(source._PySimpleQueue):  # type: ignore[name-defined]
        __class__, __reduce_ex__ = passing_for(queue.SimpleQueue, recorder.processor), refuse_to_copy(queue.SimpleQueue)

        def __init__(self) -> None:
            super().__init__()
            count = self._count
            key = recorder.register(self, kind, 0, part=part())
            lock = recorder.critical_lock()

            def size() -> int:
                return int(count._value)

            leave = _by_size(recorder, key, size, lock, 0, refuses=refused, news=refused is not None)
            count._cond = watched(key, size, leave, lock)

    return SimpleQueue


def _first_size(one: Any) -> int:
    try:
        return int(one._qsize())
    except Exception:  # of a derived class, whose own __init__ goes on after ours
        return 0


def _by_size(
    recorder: Recorder,
    key: int,
    size: Callable[[], int],
    lock: Any,
    known: int,
    *,
    passes: types.CodeType | None = None,
    refuses: types.CodeType | None = None,
    news: bool = True,
) -> Callable[..., None]:
    """How the lock of a queue is left: what happened is read from the change of its size.

    Invariant: `known` is the size that the log ends with; it changes only under `lock`.
    passes, refuses: code that tells by leaving without a change that a wait was over or in vain. news: log refusals.
    """
    point = recorder.processor.point

    def leave(error: object, value: object, traceback: object) -> None:
        nonlocal known
        try:
            present = size()
            change, known = present - known, present
            if change:
                recorder.note("put" if change > 0 else "get", key, present, abs(change))
            elif error in _REFUSED:
                if news:
                    recorder.note("refuse", key, present)
            elif error is None and (passes or refuses) is _frame(1).f_code:
                recorder.note("pass" if passes else "refuse", key, present)
        finally:
            lock.release()
        if point is not None:
            point()

    return leave


_REFUSED = tuple(getattr(queue, name) for name in _SHARED if hasattr(queue, name))
