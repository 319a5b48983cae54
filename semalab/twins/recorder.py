"""The raw log while a program runs, and the primitives that write to it.

A row is six neighbours in one list: time, thread identifier, what, value, code, instruction. For the semaphore's fast
path `what` is the primitive's key, and the kind is read from the value's change when the run is over; otherwise it is
(kind, key, amount). Code and instruction say where the program was; to find the line they stand for can wait, too.
One list, because a tuple for each row would set the garbage collector to work in the midst of the program.
"""

from __future__ import annotations

import _thread
import sys
import types
from collections.abc import Callable
from typing import Any, NamedTuple

from semalab.engine import Processor

Place = tuple[types.CodeType | None, int]  # a code object, and the offset of an instruction in it
NOWHERE: Place = (None, 0)


class Made(NamedTuple):
    """A primitive of the run: class, initial value, the call that made it, the key of what it is part of, if any."""

    kind: str
    initial: int
    site: Place = NOWHERE
    part_of: int | None = None


class Recorder:
    """Invariant: `made[key]` describes the primitive whose rows carry `key`; keys count from 0 in order of creation."""

    def __init__(self, processor: Processor, lab: tuple[dict[str, Any], ...]) -> None:
        self.processor = processor
        self.made: list[Made] = []
        self._known: dict[tuple[str, int | None, int], tuple[str, int | None, int]] = {}
        self._lab = lab  # the namespaces of the modules that watch the program
        self._lab_ids = frozenset(map(id, lab))

    def register(self, primitive: object, kind: str, initial: int, part_of: int | None = None) -> int:
        """Returns the key of a new primitive. What made it is the first frame that does not itself construct it."""
        frame: types.FrameType | None = sys._getframe(1)
        while frame is not None and (id(frame.f_globals) in self._lab_ids or _constructs(frame, primitive)):
            frame = frame.f_back
        site = (frame.f_code, frame.f_lasti) if frame is not None else NOWHERE
        self.made.append(Made(kind, initial, site, part_of))
        return len(self.made) - 1

    def critical_lock(self) -> Any:
        """The real lock of one primitive's critical section; no thread ever waits in the lab while it holds one."""
        lock = _thread.allocate_lock()
        self.processor.critical_locks.append(lock)
        return lock

    def entrance(self, key: int, read: Callable[[], int], enter: Callable[[], Any]) -> Callable[[], Any]:
        """How the critical section of the primitive with this key, whose value `read` tells, is entered."""
        return enter

    def note(
        self, kind: str, key: int | None = None, value: Any = None, amount: int = 0, time: int | None = None
    ) -> None:
        """Append one row, stamped now if no other time is given."""
        processor = self.processor
        stamp = processor.now() if time is None else time
        what = (kind, key, amount)
        what = self._known.setdefault(what, what)  # one object for all rows of a kind
        processor.log.extend((stamp, processor.get_ident(), what, value, *self.place()))

    def place(self) -> Place:
        """Where the program is: in its innermost frame."""
        frame: types.FrameType | None = sys._getframe(2)
        program = self.processor.program
        while frame is not None and id(frame.f_globals) not in program:
            frame = frame.f_back
        return (frame.f_code, frame.f_lasti) if frame is not None else NOWHERE

    def intend(self, key: int | None) -> int | None:
        """Say what the calling thread is about to wait for; returns what it said before."""
        me = self.processor.current()
        if me is None:
            return None
        before, me.intent = me.intent, key
        return before


def _constructs(frame: types.FrameType, primitive: object) -> bool:
    """True for the `__init__` of the primitive's own class, or of one derived from it."""
    if frame.f_code.co_name != "__init__":
        return False
    names = frame.f_code.co_varnames[:1]
    return bool(names) and frame.f_locals.get(names[0]) is primitive
