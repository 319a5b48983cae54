"""Lock and RLock as a recorded program sees them: every change is in the log before the next one can happen."""

from __future__ import annotations

import _thread
import functools
import time
import types
from collections.abc import Callable
from typing import Any

from semalab.engine.processor import check_lock_arguments
from semalab.twins.recorder import Recorder


def looking(look: Callable[[Any], Any], point: Callable[[], None]) -> Callable[[Any], Any]:
    """A method that only looks at what others may change; before the thread looks again, others may have their turn."""

    @functools.wraps(look)
    def looked(primitive: Any) -> Any:
        seen = look(primitive)
        point()
        return seen

    return looked


def recorded_locks(source: types.ModuleType, recorder: Recorder) -> tuple[dict[str, type], Callable[[int], Any]]:
    """Lock and RLock, and a function that makes the RLock of the condition with this key."""
    processor = recorder.processor
    point = processor.point

    class Lock:
        """Invariant: `free` is the logged value; it and the log change only under `guard`."""

        def __init__(self) -> None:
            self._watch(self, "Lock")

        def _watch(
            self, owner: object, kind: str, part_of: int | None = None, name: str = "", held: bool = False
        ) -> None:
            self._lock = processor.allocate_lock()
            self._guard = _thread.allocate_lock()
            self._free = 1
            if held:
                self._lock.acquire(False)
                self._free = 0
            self._key = recorder.register(owner, kind, self._free, part_of, name=name)

        @classmethod
        def standing_for(cls, real: Any, name: str) -> Any:
            """A lock in the place of one that was there before the run, held if that one is."""
            lock = cls.__new__(cls)
            lock._watch(lock, "Lock", name=name, held=real.locked())
            lock.original = real  # type: ignore[attr-defined]
            return lock

        def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
            if timeout != -1 or not blocking:
                check_lock_arguments(blocking, timeout)
            got = self._try()
            if not got and blocking and timeout != 0:
                got = self._block() or self._wait(timeout)
            if not got:
                with self._guard:
                    recorder.note("refuse", self._key, self._free)
            if point is not None:
                point()
            return got

        def _try(self) -> bool:
            with self._guard:
                if not self._lock.acquire(False):
                    return False
                self._taken()
                return True

        def _taken(self) -> None:
            self._free = 0
            recorder.note("acquire", self._key, 0, 1)

        def _block(self) -> bool:
            """Log that the thread has to wait; or take the lock after all, which was released in between."""
            while not self._try():
                with self._guard:
                    if not self._free:
                        recorder.note("block", self._key, 0)
                        return False
                time.sleep(0)  # its owner has it and has not logged it yet
            return True

        def _wait(self, timeout: float) -> bool:
            before = recorder.intend(self._key)
            try:
                got = bool(self._lock.acquire(True, timeout))
            finally:
                recorder.intend(before)
            if got:
                with self._guard:
                    self._taken()
            return got

        def release(self) -> None:
            try:
                while not self._release():  # its owner has it and has not logged it yet
                    time.sleep(0)
            finally:  # who learns that nobody holds it has learned something, too
                if point is not None:
                    point()

        def _release(self) -> bool:
            with self._guard:
                if self._free and self._lock.locked():
                    return False
                before = processor.now()  # law 1: a hold ends before the next can begin
                self._lock.release()
                self._free = 1
                recorder.note("release", self._key, 1, 1, before)
                return True

        __enter__ = acquire

        def __exit__(self, *exc: object) -> None:
            self.release()

        def locked(self) -> bool:
            held = bool(self._lock.locked())
            if point is not None:
                point()
            return held

        def _is_owned(self) -> bool:
            """What a Condition asks: held by anybody. Of a real Lock it finds out by trying, which would be logged."""
            return bool(self._lock.locked())

        def _at_fork_reinit(self) -> None:
            with self._guard:
                self._lock._at_fork_reinit()
                if not self._free:
                    self._free = 1
                    recorder.note("release", self._key, 1, 1)

        def __repr__(self) -> str:
            return f"<{'locked' if self._lock.locked() else 'unlocked'} threading.Lock object at {id(self):#x}>"

    class RLock(source._RLock):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self._watch()

        def _watch(self, part_of: int | None = None, name: str = "") -> None:
            self._block = Lock.__new__(Lock)
            self._block._watch(self, "RLock", part_of, name)

        @classmethod
        def standing_for(cls, real: Any, name: str) -> Any:
            """A lock in the place of one that was there before the run, and is free."""
            lock = cls._made(None, name)
            lock.original = real
            return lock

        @classmethod
        def _made(cls, part_of: int | None, name: str = "") -> Any:
            lock = cls.__new__(cls)
            source._RLock.__init__(lock)
            lock._watch(part_of, name)
            return lock

    def lock_of(key: int) -> Any:
        return RLock._made(key)

    return {"Lock": Lock, "RLock": RLock}, lock_of
