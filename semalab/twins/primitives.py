"""The synchronisation classes a recorded program sees: CPython's own, with a log written inside their locks."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Callable
from typing import Any

from semalab.twins.locks import recorded_locks
from semalab.twins.recorder import Recorder

_frame = sys._getframe


def recorded_classes(source: types.ModuleType, recorder: Recorder) -> dict[str, Any]:
    """Recorded versions of the classes of `source`, a `threading` module loaded on the recorder's processor."""
    classes: dict[str, Any] = {}
    watched = _watched_condition(source, recorder)
    classes.update(_semaphores(source, recorder, watched))
    locks, lock_of = recorded_locks(source, recorder)
    classes.update(locks)
    classes["Condition"] = _condition(source, recorder, lock_of)
    classes["Event"] = _event(source, recorder, watched)
    classes["Barrier"] = _barrier(source, recorder, watched)
    for name, cls in classes.items():
        cls.__name__ = cls.__qualname__ = name
        cls.__module__ = "threading"
        cls.__new__ = _only_in_the_run(cls, getattr(threading, name), recorder)
    return classes


def _only_in_the_run(cls: type, real: Callable[..., Any], recorder: Recorder) -> Callable[..., Any]:
    """A thread that is not of the run (another cell, the lab itself) gets the real class."""

    def __new__(actual: type, *args: Any, **kwargs: Any) -> Any:
        if actual is cls and recorder.processor.current() is None:
            return real(*args, **kwargs)
        return object.__new__(actual)

    return __new__


def _watched_condition(source: types.ModuleType, recorder: Recorder) -> type:
    """The condition inside a semaphore, event or barrier, whose exit writes the log while the lock is still held."""

    class WatchedCondition(source.Condition):  # type: ignore[name-defined]
        """Invariant: all its events are appended by the holder of `lock`, so the log's order is the lock's order."""

        # `with` finds these two descriptors on the class and gets the instance's functions: entering can stay C code.
        __slots__ = ("__enter__", "__exit__", "key", "read")

        def __init__(self, key: int, read: Callable[[], int], leave: Callable[..., None], lock: Any) -> None:
            super().__init__(lock)
            self.__enter__ = recorder.entrance(key, read, lock.__enter__)
            self.__exit__ = leave
            self.key = key
            self.read = read

        def wait(self, timeout: float | None = None) -> bool:
            recorder.note("block", self.key, self.read())
            before = recorder.intend(self.key)
            try:
                return bool(super().wait(timeout))
            finally:
                recorder.intend(before)

    return WatchedCondition


def _semaphores(source: types.ModuleType, recorder: Recorder, watched: type) -> dict[str, type]:
    processor = recorder.processor
    now, ident, point = processor.now, processor.get_ident, processor.point
    write = processor.log.extend

    def watch(semaphore: Any, kind: str) -> None:
        key = recorder.register(semaphore, kind, semaphore._value)
        lock = recorder.critical_lock()
        free = lock.release

        def leave(error: object, value: object, traceback: object) -> None:
            if error is None:
                caller = _frame(2)
                write((now(), ident(), key, semaphore._value, caller.f_code, caller.f_lasti))
            free()
            if point is not None:
                point()

        def leave_quietly(error: object, value: object, traceback: object) -> None:
            if error is None:
                caller = _frame(2)
                write((now(), ident(), key, semaphore._value, caller.f_code, caller.f_lasti))
            free()

        exit_ = leave_quietly if point is None else leave
        semaphore._cond = watched(key, lambda: semaphore._value, exit_, lock)

    class Semaphore(source.Semaphore):  # type: ignore[name-defined]
        def __init__(self, value: int = 1) -> None:
            source.Semaphore.__init__(self, value)
            watch(self, "BoundedSemaphore" if isinstance(self, BoundedSemaphore) else "Semaphore")

    class BoundedSemaphore(source.BoundedSemaphore, Semaphore):  # type: ignore[name-defined]
        def __init__(self, value: int = 1) -> None:
            source.BoundedSemaphore.__init__(self, value)
            if not isinstance(self._cond, watched):  # 3.11 goes past Semaphore's __init__, later ones through it
                watch(self, "BoundedSemaphore")

    return {"Semaphore": Semaphore, "BoundedSemaphore": BoundedSemaphore}


def _condition(source: types.ModuleType, recorder: Recorder, lock_of: Callable[[int], Any]) -> type:
    point = recorder.processor.point

    class Condition(source.Condition):  # type: ignore[name-defined]
        def __init__(self, lock: Any = None) -> None:
            self._key = recorder.register(self, "Condition", 0)
            super().__init__(lock_of(self._key) if lock is None else lock)

        def wait(self, timeout: float | None = None) -> bool:
            if not self._is_owned():
                raise RuntimeError("cannot wait on un-acquired lock")
            recorder.note("block", self._key)
            before = recorder.intend(self._key)
            try:
                got = bool(super().wait(timeout))
            finally:
                recorder.intend(before)
            recorder.note("wake" if got else "refuse", self._key)
            return got

        def notify(self, n: int = 1) -> None:
            super().notify(n)
            recorder.note("notify", self._key, None, n)
            if point is not None:
                point()

    return Condition


def _event(source: types.ModuleType, recorder: Recorder, watched: type) -> type:
    class Event(source.Event):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            lock = recorder.critical_lock()
            _watch_by_method(self, "Event", lambda: int(self._flag), lock, recorder, watched, set="set", clear="clear")

    return Event


def _barrier(source: types.ModuleType, recorder: Recorder, watched: type) -> type:
    class Barrier(source.Barrier):  # type: ignore[name-defined]
        def __init__(self, parties: int, action: Callable[[], object] | None = None, timeout: float | None = None):
            super().__init__(parties, action, timeout)
            lock = recorder.processor.allocate_lock()  # its action, the program's code, runs inside
            _watch_by_method(
                self, "Barrier", lambda: self._count, lock, recorder, watched, reset="clear", abort="clear"
            )

    return Barrier


def _watch_by_method(
    owner: Any, kind: str, read: Callable[[], int], lock: Any, recorder: Recorder, watched: type, **kinds: str
) -> None:
    """Put a watched condition into an Event or Barrier; the method that leaves it tells what happened."""
    key = recorder.register(owner, kind, read())
    point = recorder.processor.point

    def leave(error: object, value: object, traceback: object) -> None:
        method = _frame(1).f_code.co_name
        passed = error is None and (kind != "Event" or bool(read()))
        recorder.note(kinds.get(method) or ("pass" if passed else "refuse"), key, read())
        lock.release()
        if point is not None:
            point()

    owner._cond = watched(key, read, leave, lock)
