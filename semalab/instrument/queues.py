"""The queues a recorded program sees: CPython's own `queue`, whose every put and get is in the log with the size.

What a program does to the contents itself (`q.queue.clear()`) is no get: the log says that the size was changed by
hand, as soon as that is seen.
"""

from __future__ import annotations

import queue
import sys
import types
import weakref
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

    standard = {getattr(source, name)._qsize.__code__ for name in _KINDS}
    standard |= {getattr(queue, name)._qsize.__code__ for name in _KINDS}  # of one that is yet to become ours

    def watch(one: Any, name: str = "") -> None:
        # By the real classes: it may be one that is yet to become ours.
        kind = next(name for name in _KINDS if isinstance(one, getattr(queue, name)))
        first = _first_size(one)
        key = recorder.register(one, kind, first, name=name)
        lock = processor.allocate_lock()  # the program's own code may run inside: comparisons, a derived class
        if hasattr(lock, "topic"):  # made by a thread of the run
            lock.topic = Inside(key)
        sizes = Sizes(recorder, key, one._qsize, lock, first, by_name=True, passes=join)
        recorder.at_exit.append(weakref.WeakMethod(sizes.look_if_free))

        def condition(cls: Any = watched) -> Any:
            made = cls(key, one._qsize, sizes.leave, lock)
            if type(one)._qsize.__code__ in standard:  # of a derived class: to ask it once more would be seen
                made.__enter__ = _looking(made.__enter__, one._qsize, sizes)
            return made

        one.mutex = condition()
        one.mutex.locked = lock.locked
        one.mutex.release = one.mutex._release_save = lambda: sizes.leave(None, None, None)
        one.not_empty = condition()
        one.not_full = condition()
        one.all_tasks_done = condition(AllDone)
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

            sizes = Sizes(recorder, key, size, lock, 0, refuses=refused, news=refused is not None)
            count._cond = watched(key, size, sizes.leave, lock)

    return SimpleQueue


def _first_size(one: Any) -> int:
    try:
        return int(one._qsize())
    except Exception:  # of a derived class, whose own __init__ goes on after ours
        return 0


class Sizes:
    """What happened to a queue, read from the change of its size while its lock is held.

    Invariant: `known` is the size that the log ends with; it changes only under `lock`.
    by_name: a change is a put or a get only where a method of that name makes it. passes, refuses: code that tells by
    leaving without a change that a wait was over or in vain. news: log refusals.
    """

    def __init__(
        self,
        recorder: Recorder,
        key: int,
        size: Callable[[], int],
        lock: Any,
        known: int,
        *,
        by_name: bool = False,
        passes: types.CodeType | None = None,
        refuses: types.CodeType | None = None,
        news: bool = True,
    ) -> None:
        self.key = key
        self.lock = lock
        self._recorder = recorder
        self._point = recorder.processor.point
        self._size = size
        self.known = known
        self._by_name = by_name
        self._passes = passes
        self._refuses = refuses
        self._news = news

    def leave(self, error: object, value: object, traceback: object) -> None:
        """How the lock is left."""
        try:
            present = self._size()
            change, self.known = present - self.known, present
            if change:
                kind = "put" if change > 0 else "get"
                if self._by_name and not _method(_frame(1)).startswith(kind):
                    kind = "set"
                self._recorder.note(kind, self.key, present, abs(change))
            elif error in _REFUSED:
                if self._news:
                    self._recorder.note("refuse", self.key, present)
            elif error is None and (self._passes or self._refuses) is _frame(1).f_code:
                self._recorder.note("pass" if self._passes else "refuse", self.key, present)
        finally:
            self.lock.release()
        if self._point is not None:
            self._point()

    def look(self) -> None:
        """Whether somebody has changed the contents without the lock. Called by its holder."""
        present = self._size()
        if present != self.known:
            change, self.known = present - self.known, present
            self._recorder.note("set", self.key, present, abs(change))

    def look_if_free(self) -> None:
        if self.lock.acquire(False):
            try:
                self.look()
            finally:
                self.lock.release()


def _looking(enter: Callable[[], Any], size: Callable[[], int], sizes: Sizes) -> Callable[[], None]:
    """Whoever enters looks first whether the contents are what they were when the last one left."""

    def enter_and_look() -> None:
        enter()
        try:
            if size() != sizes.known:
                sizes.look()
        except BaseException:
            sizes.lock.release()
            raise

    return enter_and_look


def _method(frame: types.FrameType | None) -> str:
    """The name of the method that leaves the lock; of one that waits inside, and gives it back for that time, too."""
    while frame is not None and frame.f_code.co_name in _WITHIN:
        frame = frame.f_back
    return "" if frame is None else frame.f_code.co_name


_WITHIN = ("<lambda>", "wait", "wait_for")
_REFUSED = tuple(getattr(queue, name) for name in _SHARED if hasattr(queue, name))
