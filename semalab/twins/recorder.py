"""The raw log while a program runs, and the primitives that write to it.

A row is (time, thread identifier, primitive's key, value, line) for the semaphore's fast path; the kind is then
read from the value's change. All other rows carry their kind and amount behind these five.
"""

from __future__ import annotations

import _thread
import sys
import types
from typing import Any, NamedTuple

from semalab.engine import Processor

WITH_EXIT = 1 << 20  # this line or a later one stands for "the `with` statement's own line": no program has that many lines


class Made(NamedTuple):
    """A primitive of the run: its class, its initial value, and the call in the program that made it."""

    kind: str
    initial: int
    site: tuple[types.CodeType, int] | None
    alias: str | None


class Recorder:
    """Invariant: `made[key]` describes the primitive whose rows carry `key`; keys count from 0 in order of creation."""

    def __init__(self, processor: Processor, skip: tuple[dict[str, Any], ...]) -> None:
        self.processor = processor
        self.made: list[Made] = []
        self.skip = skip  # globals of the modules that are the lab's, not the program's

    def register(self, primitive: object, kind: str, initial: int, alias: str | None = None) -> int:
        frame = self._program_frame(primitive)
        site = (frame.f_code, frame.f_lasti) if frame is not None else None
        self.made.append(Made(kind, initial, site, alias))
        return len(self.made) - 1

    def critical_lock(self) -> Any:
        """The real lock of one primitive's critical section; no thread ever waits in the lab while it holds one."""
        lock = _thread.allocate_lock()
        self.processor.critical_locks.append(lock)
        return lock

    def note(
        self, kind: str, key: int | None = None, value: Any = None, amount: int = 0, time: int | None = None
    ) -> None:
        """Append one row, stamped now if no other time is given."""
        processor = self.processor
        frame = self._program_frame()
        line = frame.f_lineno if frame is not None else None
        stamp = processor.now() if time is None else time
        processor.log.append((stamp, processor.get_ident(), key, value, line, kind, amount))

    def intend(self, key: int | None) -> int | None:
        """Say what the calling thread is about to wait for; returns what it said before."""
        me = self.processor.current()
        if me is None:
            return None
        before, me.intent = me.intent, key
        return before

    def _program_frame(self, made: object = None) -> types.FrameType | None:
        """The innermost frame of the program; while `made` is under construction, the frame that asked for it."""
        frame: types.FrameType | None = sys._getframe(2)
        while frame is not None and (
            any(frame.f_globals is skipped for skipped in self.skip)
            or (made is not None and frame.f_code.co_name == "__init__" and _first_argument(frame) is made)
        ):
            frame = frame.f_back
        return frame


def _first_argument(frame: types.FrameType) -> object:
    names = frame.f_code.co_varnames[:1]
    return frame.f_locals.get(names[0]) if names else None
