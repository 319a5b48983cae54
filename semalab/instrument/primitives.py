"""The synchronisation classes a recorded program sees: CPython's own, with a log written inside their locks."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Callable, Mapping
from typing import Any

from semalab.instrument.identity import made, only_in_the_run, present
from semalab.instrument.locks import looking, recorded_locks
from semalab.instrument.recorder import ROOM, How, Recorder, condition_by_method

_frame = sys._getframe


def recorded_classes(source: types.ModuleType, recorder: Recorder, watched: type) -> dict[str, Any]:
    """Recorded versions of the classes of `source`, a `threading` module loaded on the recorder's processor."""
    classes: dict[str, Any] = {}
    classes.update(_semaphores(source, recorder, watched))
    locks, lock_of = recorded_locks(source, recorder)
    classes.update(locks)
    classes["Condition"] = _condition(source, recorder, lock_of)
    classes["Event"] = event_class(source, recorder, watched)
    classes["Barrier"] = _barrier(source, recorder, watched)
    classes["Timer"] = _timer(source, recorder)
    stand_for(threading, classes, recorder)
    return classes


def stand_for(module: types.ModuleType, classes: Mapping[str, type], recorder: Recorder) -> None:
    """Give recorded classes the names of the real module's, and those to threads that are not of the run."""
    for name, cls in classes.items():
        real = getattr(module, name)
        made(cls).__name__ = cls.__qualname__ = name
        cls.__module__ = module.__name__
        cls.__doc__ = real.__doc__
        for method in vars(cls).values():  # what an error's message calls them
            if isinstance(method, types.FunctionType):
                method.__qualname__ = f"{name}.{method.__name__}"
        if "__class__" in vars(cls):
            cls.__new__ = _real_outside(cls, real, recorder)  # type: ignore[method-assign]
        elif isinstance(real, type):  # no mock
            only_in_the_run(cls, real, recorder.processor)


def _real_outside(cls: type, real: Callable[..., Any], recorder: Recorder) -> Callable[..., Any]:
    """A thread that is not of the run (another cell, the lab itself) gets the real class, which is one of C."""

    def __new__(actual: type, *args: Any, **kwargs: Any) -> Any:
        if actual is cls and recorder.processor.current() is None:
            return present(real)(*args, **kwargs)
        return object.__new__(actual)

    return __new__


def _taking_copies(recorder: Recorder) -> Callable[[Any, Any], None]:
    """`__setstate__`, which `copy.copy` calls: the copy has a value of its own, and the condition of the original, by
    which all that the copy does would be told of that one. So it gets another.
    """
    doubt = getattr(recorder.processor, "doubt", None)  # of one whose every step is chosen

    def take_copy(copy: Any, state: Any) -> None:
        names, slots = state if isinstance(state, tuple) else (state, None)
        vars(copy).update(names or {})
        for name, value in (slots or {}).items():
            setattr(copy, name, value)
        copy.take_part()
        if doubt is not None:  # in Python those who wait for either are in one queue, and one may be woken for another
            kind = type(copy).__name__
            doubt(f"it copies a primitive ({kind})", f"make another {kind}", "whom the copy wakes")

    return take_copy


def _semaphores(source: types.ModuleType, recorder: Recorder, watched: type) -> dict[str, type]:
    processor = recorder.processor
    now, ident, point = processor.now, processor.get_ident, processor.point
    write = processor.log.extend

    class Permits(watched):
        __slots__ = ()

        def unfinished(self) -> int:
            """How many permits are there and too few: CPython's own semaphores wait only for the first one."""
            return self.read()  # type: ignore[no-any-return]

    def watch(semaphore: Any, name: str = "") -> None:
        bounded = isinstance(semaphore, threading.BoundedSemaphore)  # also one that is yet to become ours
        kind = "BoundedSemaphore" if bounded else "Semaphore"
        key = recorder.register(semaphore, kind, semaphore._value, name=name)
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

        exit_, room = (leave_quietly, 0) if point is None else (leave, ROOM)  # the quiet one calls nobody
        semaphore._cond = Permits(key, lambda: semaphore._value, exit_, lock, room)

    class Semaphore(source.Semaphore):  # type: ignore[name-defined]
        take_part, __setstate__ = watch, _taking_copies(recorder)

        def __init__(self, value: int = 1) -> None:
            source.Semaphore.__init__(self, value)
            watch(self)

    class BoundedSemaphore(source.BoundedSemaphore, Semaphore):  # type: ignore[name-defined]
        def __init__(self, value: int = 1) -> None:
            source.BoundedSemaphore.__init__(self, value)
            if not isinstance(self._cond, watched):  # 3.11 goes past Semaphore's __init__, later ones through it
                watch(self)

    return {"Semaphore": Semaphore, "BoundedSemaphore": BoundedSemaphore}


def _condition(source: types.ModuleType, recorder: Recorder, lock_of: Callable[[int], Any]) -> type:
    point = recorder.processor.point

    class Condition(source.Condition):  # type: ignore[name-defined]
        def __init__(self, lock: Any = None) -> None:
            self.take_part(lock=lock)

        def take_part(self, name: str = "", lock: Any = None) -> None:
            self._key = recorder.register(self, "Condition", 0, name=name)
            for borrowed in ("_is_owned", "_release_save", "_acquire_restore"):  # from the lock it had before the run
                self.__dict__.pop(borrowed, None)
            source.Condition.__init__(self, lock_of(self._key) if lock is None else lock)

        def wait(self, timeout: float | None = None) -> bool:
            if not self._is_owned():
                raise RuntimeError("cannot wait on un-acquired lock")
            recorder.note("block", self._key)
            before = recorder.intend(self._key)
            got = False
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


def event_class(
    source: types.ModuleType,
    recorder: Recorder,
    watched: type,
    kind: str = "Event",
    named: Callable[[], str] = str,
    how: How = int,
) -> type:
    """kind: what it is in the log. named: what it is called there, if the program never sees it. how: says more of a
    "set".
    """
    point = recorder.processor.point

    class Event(source.Event):  # type: ignore[name-defined]
        __setstate__ = _taking_copies(recorder)

        def __init__(self) -> None:
            super().__init__()
            self.take_part(named())

        def take_part(self, name: str = "") -> None:
            key = recorder.register(self, kind, int(self._flag), name=name)

            def verb(method: str, error: object) -> str | None:
                if method != "wait":
                    return method if method in {"set", "clear"} else None
                waited, self._cond.got = self._cond.got, None
                passed = self._flag if waited is None else waited  # who was let through passes, even if it is cleared
                return "pass" if passed and error is None else "refuse"

            lock = recorder.critical_lock()
            self._cond = condition_by_method(key, lambda: int(self._flag), lock, recorder, watched, verb, how)

        if point is not None:
            is_set = looking(source.Event.is_set, point)

    return Event


def _barrier(source: types.ModuleType, recorder: Recorder, watched: type) -> type:
    point = recorder.processor.point

    def verb(method: str, error: object) -> str | None:
        if method != "wait":
            return "clear" if method in {"reset", "abort"} else None
        return "pass" if error is None else "refuse"

    class Barrier(source.Barrier):  # type: ignore[name-defined]
        __setstate__ = _taking_copies(recorder)

        def __init__(self, parties: int, action: Callable[[], object] | None = None, timeout: float | None = None):
            super().__init__(parties, action, timeout)
            self.take_part()

        def take_part(self, name: str = "") -> None:
            lock = recorder.processor.allocate_lock()  # its action, the program's code, runs inside
            key = recorder.register(self, "Barrier", self._count, name=name)
            self._cond = condition_by_method(key, lambda: self._count, lock, recorder, watched, verb)

        if point is not None:
            n_waiting = property(looking(source.Barrier.n_waiting.fget, point))
            broken = property(looking(source.Barrier.broken.fget, point))

    return Barrier


def _timer(source: types.ModuleType, recorder: Recorder) -> type:
    """A timer's wait for its moment is drawn as sleep."""
    point = recorder.processor.point

    class Moment(source.Event):  # type: ignore[name-defined]
        def wait(self, timeout: float | None = None) -> bool:
            recorder.note("sleep", None, None, round((timeout or 0) * 1e9))
            try:
                return bool(super().wait(timeout))
            finally:
                recorder.note("wake")

        def set(self) -> None:
            super().set()
            if point is not None:
                point()

        if point is not None:  # a timer that has found itself not cancelled can be overtaken before it acts
            is_set = looking(source.Event.is_set, point)

    class Timer(source.Timer):  # type: ignore[name-defined]
        _moment = Moment

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.finished = self._moment()

    return Timer
