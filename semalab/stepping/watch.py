"""Watches a program's own code at its shared variables, attributes and items, and finds out which are shared.

On CPython, between two instructions another thread can run: what matters is the order of those that read and write
what others write or read. Two ways lead to an instruction: from CPython 3.12 on `sys.monitoring`, which asks about the
program's code only; before, a trace function, which every call in the lab has to pass.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from types import CodeType, FrameType
from typing import Any

from semalab.stepping.accesses import ITEMS, Access, accesses
from semalab.stepping.effects import container, effect, is_inside
from semalab.stepping.footprint import EVERYTHING, READ, WRITE
from semalab.stepping.guide import Operation
from semalab.stepping.processor import SteppingProcessor
from semalab.stepping.settings import Settings
from semalab.stepping.watching import Watching

_KINDS = {READ: "read", WRITE: "write"}


class Watch(Watching):
    """What both ways do at an instruction.

    Invariants: `_seen` holds, for each name that was touched while other threads were there, who did and whether
    anybody wrote; a name that two have touched and one has written is shared, and `found`. `_fresh` holds the threads
    that have come to a new line and touched nothing shared there. `_held` are the run's containers by identity, with
    the names they were first seen under; a container that is seen under another has `aliases`.
    """

    def __init__(self, processor: SteppingProcessor) -> None:
        self._processor = processor
        self._seen: dict[str, tuple[set[int], bool]] = {}
        self._fresh: set[int] = set()
        self._granularity = processor.settings.granularity
        self._held: dict[int, tuple[Any, str]] = {}
        self.found: set[str] = set()
        self.aliases: set[tuple[str, str]] = set()
        self.grow(processor.settings)

    def grow(self, settings: Settings) -> None:
        """More is known to be shared."""
        self._shared = settings.shared
        self._places = settings.places
        self._seen.clear()
        self._fresh.clear()
        self.found.clear()
        self.aliases.clear()

    def renew(self) -> None:
        """Another run begins: its containers are others."""
        self._held.clear()

    def table(self, code: CodeType, namespace: dict[str, Any]) -> dict[int, Access] | None:
        """The accesses in this code; None if there is nothing to watch in it."""
        if id(namespace) not in self._processor.program:
            return None
        found = accesses(code)
        return found if found or self._granularity == "lines" else None

    def line(self) -> None:
        """The calling thread has come to a new line."""
        me = self._processor.current()
        if me is not None:
            self._fresh.add(me.ident)

    def visit(self, frame: FrameType, access: Access) -> bool:
        """The calling thread comes to an access. Returns whether others may have run before it goes on."""
        processor, mode, name = self._processor, access.mode, access.location
        me = processor.current()
        if me is None or processor.threads.alone(me):
            return False
        if access.inside:
            if is_inside(access, frame.f_locals, frame.f_globals):
                mode, name = WRITE, EVERYTHING
        elif access.operand is not None:
            known = effect(access, frame.f_locals, frame.f_globals, processor.program)
            if known is None:
                return False
            mode = known
            name = self._name(frame, access)
        if name not in self._shared and name != EVERYTHING:
            self._see(name, mode, me.number)
        elif self._granularity == "operations" or (self._granularity == "lines" and me.ident not in self._fresh):
            processor.touch(name, mode)
        else:
            self._fresh.discard(me.ident)
            processor.stand_before(Operation(_KINDS[mode], name, mode))
            return True
        return False

    def _name(self, frame: FrameType, access: Access) -> str:
        """What the container is called that is touched; ITEMS if that is not known, or no longer matters."""
        found = container(access, frame.f_locals, frame.f_globals)
        if found is None or ITEMS in self._shared:
            return ITEMS
        value, name = found
        before = self._held.setdefault(id(value), (value, name))[1]
        if before != name and self._places.get(before, before) != self._places.get(name, name):
            self.aliases.add((min(before, name), max(before, name)))
        return self._places.get(name, name)

    def _see(self, name: str, mode: bool, thread: int) -> None:
        if self._add(name, mode, thread):
            self.found.add(name)
        if name.startswith(ITEMS):  # a container without a name may be any of those that have one
            together = self._add("all " + ITEMS, mode, thread)
            if together and ITEMS in self._seen:
                self.found.add(ITEMS)

    def _add(self, name: str, mode: bool, thread: int) -> bool:
        """Returns whether the name is shared."""
        threads, written = self._seen.get(name, (set(), False))
        threads.add(thread)
        self._seen[name] = threads, written or mode
        return len(threads) > 1 and (written or mode)


class Tracing(Watch):
    """A trace function in each thread of the run.

    Every call that a thread makes has to pass it, which takes longer than most calls do. So it is taken out where
    nothing can be shared: in the main thread until there is another one, and inside the lab.

    Invariants: `_tables` holds, by its identity, each code that was entered, and what watches it if it is watched. To
    look up the code itself would compare all there is in it, at every call. `_before` holds, for each thread of the
    system that is watched, the trace function that was there.
    """

    def __init__(self, processor: SteppingProcessor) -> None:
        super().__init__(processor)
        self._tables: dict[int, tuple[CodeType, Any]] = {}
        self._before: dict[int, Any] = {}
        self._trace = self._tracing()

    def enter(self) -> None:
        me = self._processor.current()
        if me is not None and me.number:
            self._before[get_ident()] = sys.gettrace()
            sys.settrace(self._trace)

    def join_in(self) -> None:
        self._before[get_ident()] = sys.gettrace()
        self.line()
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:  # what is under way was entered unwatched
            inside = self._watching(frame)
            if inside is not None:
                self._look_into(frame)
                frame.f_trace = inside
            frame = frame.f_back
        if not self._processor.threads.is_waiting():  # else this goes on in the lab
            sys.settrace(self._trace)

    def leave(self) -> None:
        if get_ident() in self._before:
            sys.settrace(self._before.pop(get_ident()))

    def rest(self) -> None:
        if get_ident() in self._before:
            sys.settrace(None)

    def go_on(self) -> None:
        if get_ident() in self._before:
            sys.settrace(self._trace)

    def renew(self) -> None:
        super().renew()
        self._before.clear()

    def _tracing(self) -> Any:
        tables, watching, look_into = self._tables, self._watching, self._look_into

        def trace(frame: FrameType, event: str, argument: object) -> Any:
            known = tables.get(id(frame.f_code))
            inside = watching(frame) if known is None else known[1]
            if inside is not None:
                look_into(frame)
            return inside

        return trace

    def _look_into(self, frame: FrameType) -> None:
        frame.f_trace_opcodes = True
        frame.f_trace_lines = self._granularity == "lines"

    def _watching(self, frame: FrameType) -> Any:
        """What watches the code of this frame; None if nothing does."""
        code = frame.f_code
        if id(code) not in self._tables:
            table = self.table(code, frame.f_globals)
            self._tables[id(code)] = code, None if table is None else self._inside(table)
        return self._tables[id(code)][1]

    def _inside(self, table: dict[int, Access]) -> Any:
        access_at, line, visit = table.get, self.line, self.visit

        def inside(frame: FrameType, event: str, argument: object) -> Any:
            if event == "opcode":
                access = access_at(frame.f_lasti)
                if access is not None and visit(frame, access):
                    # The frame's variables are written back when this returns: they must be what the others left.
                    frame.f_locals  # noqa: B018
            elif event == "line":
                line()
            return inside

        return inside


class Monitoring(Watch):
    """Events of `sys.monitoring`. Invariant: `_tables` holds, by identity, the codes for which events are on."""

    def __init__(self, processor: SteppingProcessor) -> None:
        super().__init__(processor)
        self._tables: dict[int, tuple[CodeType, dict[int, Access]]] = {}
        self._tool: int | None = None
        self._monitoring: Any = sys.monitoring  # type: ignore[attr-defined, unused-ignore]

    def enter(self) -> None:
        if self._tool is not None:
            return
        monitoring = self._monitoring
        self._tool = next((tool for tool in (4, 3, 1, 2, 0, 5) if monitoring.get_tool(tool) is None), None)
        if self._tool is None:
            raise RuntimeError("sys.monitoring must have a free tool identifier; end a debugger, profiler or coverage")
        monitoring.use_tool_id(self._tool, "semalab")
        events = monitoring.events
        monitoring.register_callback(self._tool, events.PY_START, self._start)
        monitoring.register_callback(self._tool, events.INSTRUCTION, self._instruction)
        monitoring.register_callback(self._tool, events.LINE, self._line)
        monitoring.set_events(self._tool, events.PY_START)
        monitoring.restart_events()  # also those of code that an earlier search had no use for

    def close(self) -> None:
        if self._tool is None:
            return
        monitoring, tool, self._tool = self._monitoring, self._tool, None
        for code, _ in self._tables.values():
            monitoring.set_local_events(tool, code, 0)
        monitoring.set_events(tool, 0)
        for event in (monitoring.events.PY_START, monitoring.events.INSTRUCTION, monitoring.events.LINE):
            monitoring.register_callback(tool, event, None)
        monitoring.free_tool_id(tool)

    def _start(self, code: CodeType, offset: int) -> Any:
        if id(code) not in self._tables:
            table = self.table(code, sys._getframe(1).f_globals)
            if table is not None:
                self._tables[id(code)] = code, table
                events = self._monitoring.events
                lines = events.LINE if self._granularity == "lines" else 0
                self._monitoring.set_local_events(self._tool, code, events.INSTRUCTION | lines)
        return self._monitoring.DISABLE

    def _line(self, code: CodeType, line: int) -> Any:
        self.line()

    def _instruction(self, code: CodeType, offset: int) -> Any:
        access = self._tables[id(code)][1].get(offset)
        if access is None:
            return self._monitoring.DISABLE
        self.visit(sys._getframe(1), access)
        return None


def watch(processor: SteppingProcessor) -> Watch:
    """The way this Python offers."""
    return Monitoring(processor) if sys.version_info >= (3, 12) else Tracing(processor)
