"""Lock and RLock as a recorded program sees them: every change is in the log before the next one can happen."""

from __future__ import annotations

import functools
import re
import sys
import threading
import time
import types
from collections.abc import Callable
from typing import Any

from semalab.engine import Stop
from semalab.engine.processor import check_lock_arguments
from semalab.instrument.identity import passing_for, refuse_to_copy
from semalab.instrument.recorder import ROOM, Recorder, descend

_frame = sys._getframe

Token = str
BEFORE: Token = "held since before the run"
TAKEN: Token = "taken in the run"
_LOCK, _RLOCK = type(threading.Lock()), type(threading.RLock())
_OWNED = re.compile(r" owner=(\d+) count=(\d+) ")  # in the repr of C's RLock, which alone tells it to other threads


def looking(look: Callable[[Any], Any], point: Callable[[], None]) -> Callable[[Any], Any]:
    """A method that only looks at what others may change; before the thread looks again, others may have their turn."""

    @functools.wraps(look)
    def looked(primitive: Any) -> Any:
        seen = look(primitive)
        point()
        return seen

    return looked


def owned(real: Any) -> tuple[int, int]:
    """Which thread owns a real RLock, and how many times; (0, 0) if it is free."""
    found = _OWNED.search(_RLOCK.__repr__(real))
    owner, count = map(int, found.groups()) if found else (0, 0)
    return (owner, count) if count else (0, 0)


def recorded_locks(source: types.ModuleType, recorder: Recorder) -> tuple[dict[str, type], Callable[[int], Any]]:
    """Lock and RLock, and a function that makes the RLock of the condition with this key."""
    processor = recorder.processor
    now, ident, point = processor.now, processor.get_ident, processor.point
    write, place = processor.log.extend, recorder.place

    class Lock:
        """One row an operation, in the log before the next operation of this lock can happen.

        Invariants: `_held` has one entry, the token, from the moment when an acquire is in the log until a release
        begins. Who takes the token out may write a row: to release, and then it is gone; or as one who has to wait or
        is refused, and then it is put back. Its owner writes the acquire before there is a token, when the low-level
        lock is already taken. So whoever writes is alone, no lock guards the log, and the stamps of one lock's rows
        are in the order of its rows: an acquire is stamped after it was taken, a release before it is given back.
        """

        __class__, __reduce_ex__ = passing_for(_LOCK, processor), refuse_to_copy(_LOCK)

        def __init_subclass__(cls) -> None:
            raise TypeError(f"type '{_LOCK.__module__}.{_LOCK.__name__}' is not an acceptable base type")  # as of C's

        def __init__(self) -> None:
            self._watch(self, "Lock")

        def _watch(
            self, owner: object, kind: str, part_of: int | None = None, name: str = "", held: bool = False
        ) -> None:
            self._lock = processor.allocate_lock()
            self._held: list[Token] = []
            self._take, self._free = processor.bare(self._lock, self._held)
            if held:
                self._take(False)
                self._held.append(BEFORE)
            self._key = recorder.register(owner, kind, int(not held), part_of, name=name)

        @classmethod
        def standing_for(cls, real: Any, name: str) -> Any:
            """A lock in the place of one that was there before the run, held if that one is."""
            lock = cls.__new__(cls)
            lock._watch(lock, "Lock", name=name, held=real.locked())
            lock.original = real  # type: ignore[attr-defined]
            return lock

        def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
            if timeout != -1 or blocking is not True:
                check_lock_arguments(blocking, timeout)
            if point is not None:
                descend(ROOM)
            code: types.CodeType | None
            caller = _frame(1)
            if id(caller.f_globals) in processor.program:
                code, instruction = caller.f_code, caller.f_lasti
            else:
                code, instruction = place()
            # From here to the token only C is called on the wall clock: nothing can raise with the lock half taken.
            got = self._take(False) or self._come_late(blocking and timeout != 0, timeout)
            if got:
                write((now(), ident(), self._key, 0, code, instruction))
                self._held.append(TAKEN)  # last: from now on it can be released
            if point is not None:
                point()
            return got

        __enter__ = acquire

        def _come_late(self, patient: bool, timeout: float) -> bool:
            """Wait for it, or be refused; returns whether it was taken after all."""
            if not patient:
                return self._tell("refuse")
            if self._tell("block"):
                return True
            before = recorder.intend(self._key)
            try:
                got = bool(self._lock.acquire(True, timeout))
            except BaseException:
                if not processor.stopping:  # a signal's handler has raised it
                    self._give_up()
                raise
            finally:
                recorder.intend(before)
            return got or self._tell("refuse")

        def _give_up(self) -> None:
            if self._tell("refuse"):  # it came free just now
                recorder.note("refuse", self._key, 1)
                self._free()

        def _tell(self, kind: str) -> bool:
            """Log it while nobody can release the lock; or take it, if it comes free just now, and return True."""
            while True:
                if token := self._token():
                    try:
                        recorder.note(kind, self._key, 0)
                    finally:
                        self._held.append(token)
                    return False
                if kind == "refuse" and point is not None and not self._lock.locked():
                    recorder.note(kind, self._key, 1)  # the virtual clock had other threads run since the time was up
                    return False
                if self._take(False):
                    return True
                self._give_way()  # whoever has it has not logged it yet, or is about to give it back

        def _token(self) -> Token | None:
            """Take the token out, if it is there."""
            try:
                return self._held.pop()
            except IndexError:
                return None

        def _give_way(self) -> None:
            if processor.stopping:
                raise Stop
            time.sleep(0)

        def release(self) -> None:
            self._give_back(_frame(1))

        def __exit__(self, *exc: object) -> None:
            self._give_back(_frame(1))

        def _give_back(self, caller: types.FrameType) -> None:
            code: types.CodeType | None
            if point is not None:
                descend(ROOM)
            if processor.stopping and self._held == [BEFORE]:
                raise Stop  # on its way out a thread gives nothing back that it never got
            if id(caller.f_globals) in processor.program:
                code, instruction = caller.f_code, caller.f_lasti
            else:
                code, instruction = place()
            try:
                try:
                    self._held.pop()
                except IndexError:
                    self._find_held()
                # The row comes first, and its stamp before it: the lock's next hold begins later than this one ends.
                write((now(), ident(), self._key, 1, code, instruction))
                try:
                    self._free()
                except RuntimeError:
                    if not processor.stopping:  # then `let_go` has freed it for those who waited
                        raise
            finally:  # who learns that nobody holds it has learned something, too
                if point is not None:
                    point()

        def _find_held(self) -> None:
            """Take the token out as soon as it is there; without an owner there never will be one."""
            while not self._token():
                if not (self._lock.locked() or processor.stopping):
                    raise RuntimeError("release unlocked lock")
                self._give_way()

        def locked(self) -> bool:
            held = self._is_owned()
            if point is not None:
                point()
            return held

        def _is_owned(self) -> bool:
            """What a Condition asks: held by anybody. Of a real Lock it finds out by trying, which would be logged."""
            return bool(self._held) or bool(self._lock.locked())  # the token may be out

        def _at_fork_reinit(self) -> None:
            self._lock._at_fork_reinit()
            token = self._token()
            self._take, self._free = processor.bare(self._lock, self._held)
            if token:
                recorder.note("release", self._key, 1, 1)

        def __repr__(self) -> str:
            state = "locked" if self._is_owned() else "unlocked"
            return f"<{state} {_LOCK.__module__}.{_LOCK.__name__} object at {id(self):#x}>"  # as of C's

        def real(self) -> Any:
            """The real lock that goes on in its place when the run is over."""
            real = getattr(self, "original", None) or threading.Lock()
            # Whoever took it in a run that was stopped is gone, and could never give it back.
            held = self._is_owned() if processor.ended else self._held == [BEFORE]
            if held != real.locked():
                _ = real.acquire(False) if held else real.release()
            return real

    class RLock(source._RLock):  # type: ignore[name-defined]
        __class__, __reduce_ex__ = passing_for(_RLOCK, processor), refuse_to_copy(_RLOCK)

        def __init__(self) -> None:
            super().__init__()
            self._watch()

        def _watch(self, part_of: int | None = None, name: str = "", held: bool = False) -> None:
            self._block = Lock.__new__(Lock)
            self._block._watch(self, "RLock", part_of, name, held)

        @classmethod
        def standing_for(cls, real: Any, name: str) -> Any:
            """A lock in the place of one that was there before the run, held if that one is.

            What the caller holds, the run's main thread holds, as if it had been called; what another thread holds,
            nobody in the run does.
            """
            owner, count = owned(real)
            lock = cls._made(None, name, bool(count))
            lock.original = real
            if count:
                lock._count = count
                lock._owner = processor.get_ident() if owner == processor.caller else owner
            return lock

        @classmethod
        def _made(cls, part_of: int | None, name: str = "", held: bool = False) -> Any:
            lock = cls.__new__(cls)
            source._RLock.__init__(lock)
            lock._watch(part_of, name, held)
            return lock

        def real(self) -> Any:
            """The real lock that goes on in its place when the run is over; to be called by the run's caller."""
            real = getattr(self, "original", None) or threading.RLock()
            owner, before = owned(real)
            if before and owner != processor.caller:
                return real
            main = processor.every[0].ident if processor.every else None  # no run: an exploration has put its last away
            count = self._count if self._owner == main else 0
            if not processor.ended:
                count = min(count, before)
            for _ in range(count, before):
                real.release()
            for _ in range(before, count):
                real.acquire()
            return real

    def lock_of(key: int) -> Any:
        return RLock._made(key)

    return {"Lock": Lock, "RLock": RLock}, lock_of
