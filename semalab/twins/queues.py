"""The queues a recorded program sees: CPython's own `queue`, whose every put and get is in the log with the size."""

from __future__ import annotations

import queue
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

from semalab.twins.primitives import stand_for
from semalab.twins.recorder import Recorder
from semalab.twins.source import Stand, load

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

    def watch(one: Any, name: str = "") -> None:
        kind = next(name for name in _KINDS if isinstance(one, classes[name]))
        key = recorder.register(one, kind, one._qsize(), name=name)
        lock = processor.allocate_lock()  # the program's own code may run inside: comparisons, a derived class
        leave = _by_size(recorder, key, one._qsize, lock)
        one.mutex = watched(key, one._qsize, leave, lock)
        for condition in ("not_empty", "not_full", "all_tasks_done"):
            setattr(one, condition, watched(key, one._qsize, leave, lock))

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
    refusals = kind == "SimpleQueue"  # a pool's thread that finds no task is no news

    class SimpleQueue(source._PySimpleQueue):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            count = self._count
            key = recorder.register(self, kind, 0, part=part())
            lock = recorder.critical_lock()

            def size() -> int:
                return int(count._value)

            count._cond = watched(key, size, _by_size(recorder, key, size, lock, refusals), lock)

    return SimpleQueue


def _by_size(
    recorder: Recorder, key: int, size: Callable[[], int], lock: Any, refusals: bool = True
) -> Callable[..., None]:
    """How the lock of a queue is left: what happened is read from the change of its size.

    Invariant: `known` is the size that the log ends with; it changes only under `lock`.
    """
    known = size()
    point = recorder.processor.point

    def leave(error: object, value: object, traceback: object) -> None:
        nonlocal known
        present = size()
        change, known = present - known, present
        if change:
            recorder.note("put" if change > 0 else "get", key, present, abs(change))
        else:
            method = _frame(1).f_code.co_name
            if refusals and (error in _REFUSED or (method == "acquire" and error is None)):
                recorder.note("refuse", key, present)
            elif method == "join" and error is None:
                recorder.note("pass", key, present)
        lock.release()
        if point is not None:
            point()

    return leave


_REFUSED = tuple(getattr(queue, name) for name in _SHARED if hasattr(queue, name))
