"""Watches a program's own code at its shared variables, attributes and items, and finds out which are shared.

On CPython, between two instructions another thread can run: what matters is the order of those that read and write
what others write or read.
"""

from __future__ import annotations

import sys
from types import CodeType, FrameType
from typing import Any

from semalab.stepping.accesses import Access, accesses
from semalab.stepping.effects import effect
from semalab.stepping.footprint import READ, WRITE
from semalab.stepping.guide import Operation
from semalab.stepping.processor import SteppingProcessor

_KINDS = {READ: "read", WRITE: "write"}
_STALE = sys.version_info < (
    3,
    13,
)  # a trace function's frame is written back when it returns: others' changes are lost


class Watch:
    """The trace function of a run's threads.

    Invariants: `_seen` holds, for each name that was touched while other threads were there, who did and whether
    anybody wrote; a name that two have touched and one has written is shared, and `found`. `_fresh` holds the threads
    that have come to a new line and touched nothing shared there.
    """

    def __init__(self, processor: SteppingProcessor) -> None:
        self._processor = processor
        self._seen: dict[str, tuple[set[int], bool]] = {}
        self._fresh: set[int] = set()
        self._tables: dict[CodeType, dict[int, Access]] = {}
        self._granularity = processor.settings.granularity
        self._shared = processor.settings.shared
        self.found: set[str] = set()

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        """Called as a thread enters a frame: the program's own are looked at more closely."""
        if event != "call" or id(frame.f_globals) not in self._processor.program:
            return None
        code = frame.f_code
        table = self._tables.get(code)
        if table is None:
            table = self._tables[code] = accesses(code)
        if not table and self._granularity != "lines":
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = self._granularity == "lines"
        return self._inside

    def _inside(self, frame: FrameType, event: str, argument: object) -> Any:
        if event == "opcode":
            access = self._tables[frame.f_code].get(frame.f_lasti)
            if access is not None:
                self._visit(frame, access)
        elif event == "line":
            self._fresh.add(self._processor.get_ident())
        return self._inside

    def _visit(self, frame: FrameType, access: Access) -> None:
        processor, mode, name = self._processor, access.mode, access.location
        me = processor.current()
        if me is None or processor.alone(me):
            return
        if access.operand is not None:
            known = effect(access, frame.f_locals, frame.f_globals, processor.program)
            if known is None:
                return
            mode = known
        if name not in self._shared:
            self._see(name, mode, me.number)
        elif self._granularity == "operations" or (self._granularity == "lines" and me.ident not in self._fresh):
            processor.touch(name, mode)
        else:
            self._fresh.discard(me.ident)
            processor.arrive(Operation(_KINDS[mode], name, mode))
            if _STALE:
                frame.f_locals  # noqa: B018 - brings what is written back up to date

    def _see(self, name: str, mode: bool, thread: int) -> None:
        threads, written = self._seen.get(name, (set(), False))
        threads.add(thread)
        self._seen[name] = threads, written or mode
        if len(threads) > 1 and (written or mode):
            self.found.add(name)
