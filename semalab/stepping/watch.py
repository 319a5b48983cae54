"""Watches a program's own code at its shared variables, attributes and items, and finds out which are shared.

On CPython, between two instructions another thread can run: what matters is the order of those that read and write
what others write or read. Two ways lead to an instruction: from CPython 3.12 on `sys.monitoring`, which asks about the
program's code only; before, a trace function, which every call in the lab has to pass.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from types import CodeType, FrameType, GeneratorType
from typing import Any

from semalab.engine.interpreter import outwards
from semalab.stepping.accesses import ITEMS, Access, accesses, goes_deep
from semalab.stepping.effects import everything, touches
from semalab.stepping.footprint import EVERYTHING, READ, WRITE, Location, Operation
from semalab.stepping.granularity import Settings, Watching
from semalab.stepping.known import (
    MISSING,
    MIXED,
    WRITTEN,
    Scope,
    Touch,
    Touches,
    Unknown,
    Unobservable,
    is_kept,
    returns_constants,
)
from semalab.stepping.operand_values import foresee, is_simply_loaded, load, target_of
from semalab.stepping.operands import Operand
from semalab.stepping.processor import SteppingProcessor
from semalab.stepping.sharing import cleans_up

_GIVING = ("call", "item")  # what these take out of a container is looked at before they do
_KINDS = {READ: "read", WRITE: "write"}
_KEEPS = "it keeps a generator that does something when it is thrown away"
_CLOSED = "close the generator, or go through it to its end, where it was made"
_EARLIER = "do that before the first thread is started, or by code of the program"
_OWN_CODE = "write it out as code of the program"
_BY_OPERATIONS = "take granularity='operations', where all that a thread does between two operations is one step"
_NOTHING: dict[int, tuple[CodeType | None, object]] = {}


class WatchedContainer:
    """A container of the run under way: the names it was seen under, who touched it, and whether anybody changed it."""

    __slots__ = ("container", "names", "threads", "written")

    def __init__(self, container: Any) -> None:
        self.container = container  # kept, so that no other one gets its identity
        self.names: set[str] = set()
        self.threads: set[int] = set()
        self.written = False


Returned = dict[int, tuple[CodeType | None, object]]


class Watch(Watching):
    """What both ways do at an instruction.

    Invariants: `_seen` holds, for each name that was touched while other threads were there, who did and whether
    anybody wrote; a name that two have touched and one has written is shared, and `found`. `_noted` has what was
    touched in the present run and is not shared as far as is known: to note it again would change nothing. `_fresh`
    holds the threads that have come to a new line and touched nothing shared there. `held` are the run's containers by
    identity; one that two have touched and one has changed is shared under all the names it was seen under, which are
    `aliases`. Where ITEMS itself is shared, no container goes by one name for certain: each may be any other.
    `_returned` has, by frames' identities, what the calls in them returned last, by their instructions' offsets, with
    the code that they ran: numbers and primitives only, so that nothing lives longer than it would. `left` holds the
    threads of the present run that may have left something behind that is not known to be shared: they have changed a
    variable or an attribute, or touched a container. `targets`, where somebody asks for them, has for each thread's
    pending step what that reads or writes, as `target_of` says: it has been loaded already.
    `_clean_up` is set if some generator does more when it is thrown away: when that is nobody knows who looks at it.
    """

    def __init__(self, processor: SteppingProcessor) -> None:
        self._processor = processor
        self._seen: dict[str, tuple[set[int], bool]] = {}
        self._noted: set[tuple[str, bool, int, int]] = set()
        self._fresh: set[int] = set()
        self._granularity = processor.settings.granularity
        self.held: dict[int, WatchedContainer] = {}
        self.left: set[int] = set()
        self._returned: dict[int, Returned] = {}
        self.targets: dict[int, Any] | None = None
        self._clean_up = False
        self._anything: set[int] = set()  # the threads that have touched what nobody can tell
        self.found: set[str] = set()
        self.aliases: set[tuple[str, str]] = set()
        self.grow(processor.settings)

    def grow(self, settings: Settings) -> None:
        """More is known to be shared."""
        self._shared = settings.shared
        self._places = settings.places
        self._seen.clear()
        self._noted.clear()
        self._fresh.clear()
        self.found.clear()
        self.aliases.clear()

    def renew(self) -> None:
        """Another run begins: its containers are others."""
        self.held.clear()
        self.left.clear()
        self._noted.clear()
        self._returned.clear()

    def table(self, code: CodeType, namespace: dict[str, Any]) -> dict[int, Access] | None:
        """The accesses in this code; None if there is nothing to watch in it."""
        if id(namespace) not in self._processor.program:
            return None
        found = accesses(code)
        self._clean_up |= cleans_up(code)
        if goes_deep(code) and ITEMS not in self._shared:
            self.found.add(ITEMS)
        return found if found or self._granularity == "lines" or not returns_constants(code) else None

    @property
    def written_by_one(self) -> bool:
        """Whether some variable or attribute was changed, and only one thread, of all in any run, has touched it."""
        names = (seen for name, seen in self._seen.items() if not name.startswith(ITEMS))
        return any(written and len(threads) == 1 and 0 not in threads for threads, written in names)

    def line(self) -> None:
        """The calling thread has come to a new line."""
        me = self._processor.current()
        if me is not None:
            self._fresh.add(me.ident)

    def visit(self, frame: FrameType, access: Access) -> bool:
        """The calling thread comes to an access. Returns whether others may have run before it goes on."""
        processor = self._processor
        me = processor.current()
        if me is None or processor.alone(me):
            self._returned.pop(id(frame), None)  # nobody looks at what its calls return now
            return False
        if not access.how and access.location not in self._shared and access.location != EVERYTHING:
            self._is_shared(Touch(access.location, access.mode), me.number)  # as most: nothing to be looked up
            return False
        if access.how in _GIVING:
            self._foresee(frame, access)
        scope = self._scope(frame)
        if self._clean_up and any(type(one) is GeneratorType for one in scope.names.values()):
            processor.doubt(_KEEPS, _CLOSED, "when that is")
        shared = self._shared_touches(access, scope, me.number)
        if not shared:
            return False
        scope = scope._replace(loaded={})
        places = self._places_of(shared)
        point = self._is_point(me.ident)
        if point:
            self._fresh.discard(me.ident)
            location, mode = places.pop(0)
            kind = "go on" if self._granularity == "operations" else _KINDS[mode]
            load(access, scope)
            if self.targets is not None:
                self.targets[me.number] = target_of(access, shared[0], scope)
            if processor.stand_before(Operation(kind, location, mode)):
                # Of one state there is one footprint: whoever came here before the others went on touches what is there
                # now, and not what was there when it came; but of the objects that it has loaded when it came.
                processor.touch_instead(self._places_of(self._shared_touches(access, scope, me.number)))
                places = []
        for location, mode in places:
            processor.touch(location, mode)
        if point and access.how in _GIVING:
            self._foresee(frame, access)
        return point

    def returns(self, frame: FrameType, value: object) -> None:
        """A function of the program ends with this value."""
        self._returned.pop(id(frame), None)
        caller = frame.f_back
        if caller is not None and caller.f_code.co_name == "wait_for":
            self._look("truth", value)  # a condition looks itself at what it is told by the function that it asks
        if caller is not None:
            known = self._returned.setdefault(id(caller), {})
            if is_kept(value):
                known[caller.f_lasti] = frame.f_code, value
            else:
                known.pop(caller.f_lasti, None)

    def show(self, values: tuple[object, ...]) -> None:
        """The calling thread makes a text of these, in the step that is under way."""
        for value in values:
            self._look("format", value)

    def _look(self, how: str, value: object) -> None:
        me = self._processor.current()
        if me is None or self._processor.alone(me):
            return
        access = Access(ITEMS, READ, how, (Operand("local", "answer"),))
        scope = Scope({"answer": value}, {}, self._processor.program, self._shared)
        try:
            found = touches(access, scope)
        except Exception:  # Unknown, or an object that cannot even be looked at
            found = everything()
        for touch in found:
            if self._is_shared(touch, me.number):
                self._processor.touch(self._place(touch), touch.mode)

    def _foresee(self, frame: FrameType, access: Access) -> None:
        known = self._returned.get(id(frame))
        value = foresee(access, self._scope(frame))
        if value is not MISSING and is_kept(value):
            self._returned.setdefault(id(frame), {})[frame.f_lasti] = None, value
        elif known is not None:
            known.pop(frame.f_lasti, None)

    def _scope(self, frame: FrameType) -> Scope:
        returned = self._returned.get(id(frame), _NOTHING)
        return Scope(frame.f_locals, frame.f_globals, self._processor.program, self._shared, returned)

    def _shared_touches(self, access: Access, scope: Scope, thread: int) -> list[Touch]:
        """What this access touches, as things are, that others touch, too."""
        return [touch for touch in self._touches(access, scope) if self._is_shared(touch, thread)]

    def _places_of(self, touches: list[Touch]) -> list[tuple[Location, bool]]:
        return [(self._place(touch), touch.mode) for touch in touches]

    def _place(self, touch: Touch) -> str:
        """The name that stands for all those of the same."""
        if touch.container is not None and ITEMS in self._shared:
            return EVERYTHING
        return self._places.get(touch.location, touch.location)

    def _touches(self, access: Access, scope: Scope) -> Touches:
        try:
            if access.how in ("", "attribute") and access.location in self._shared:
                self._note_values(access, scope)
            return touches(access, scope)
        except Unknown as unknown:
            if isinstance(unknown, Unobservable):
                self._processor.doubt(unknown.inside, _EARLIER, "whom that concerns")
            elif unknown.inside and self._granularity != "operations":
                self._processor.doubt(unknown.inside, f"{unknown.instead or _OWN_CODE}, or {_BY_OPERATIONS}")
        except Exception:  # an object that cannot even be looked at
            pass
        return everything()

    def _note_values(self, access: Access, scope: Scope) -> None:
        """What is known of a shared variable's values: whether any code changes it, and whether they are all simple."""
        noted = (WRITTEN if access.mode else MIXED) + access.location
        if noted not in self._shared and (access.mode or not is_simply_loaded(access, scope)):
            self.found.add(noted)

    def _is_shared(self, touch: Touch, thread: int) -> bool:
        """Whether others touch the same, as far as is known; else it is noted who did."""
        name = touch.location
        if name == EVERYTHING or (touch.container is not None and ITEMS in self._shared):
            self.touch_anything(thread)
            return True
        noted = name, touch.mode, thread, id(touch.container)  # which `held` keeps alive
        if noted in self._noted:
            return False
        if touch.container is not None:
            self._hold(touch, thread)
        if name in self._shared:
            return True
        self._noted.add(noted)
        if touch.mode or touch.container is not None:
            self.left.add(thread)
        if self._add(name, touch.mode, thread) and touch.container is None:
            self.found |= {name, WRITTEN + name}
        if not self._anything <= {thread}:
            self.found.add(name)
        return False

    def touch_anything(self, thread: int) -> None:
        """Whatever others touch is shared with this thread."""
        if thread not in self._anything:
            self._anything.add(thread)
            self.found |= {name for name, (threads, _) in self._seen.items() if not threads <= {thread}}

    def turned_in_vain(self, thread: int) -> None:
        """A thread went on and on without coming to a point: others are to get their turns where it looks.

        It may have waited for what others do, and none of them could have done it, or even begun, before it ended.
        """
        self.found |= {name for name, (threads, _) in self._seen.items() if thread in threads} - self._shared

    def _hold(self, touch: Touch, thread: int) -> None:
        """Note who touches a container, and under which name."""
        held = self.held.get(id(touch.container))
        if held is None:
            held = self.held[id(touch.container)] = WatchedContainer(touch.container)
        held.names.add(touch.location)
        held.threads.add(thread)
        held.written |= touch.mode
        if len(held.threads) > 1 and held.written:
            place = self._places.get(touch.location, touch.location)
            self.found |= held.names - self._shared
            for name in held.names:
                if self._places.get(name, name) != place:
                    self.aliases.add((min(name, touch.location), max(name, touch.location)))

    def _is_point(self, ident: int) -> bool:
        """Whether a thread that is about to touch something shared lets others go first."""
        if self._granularity == "bytecode" or self._processor.acted:
            return True
        return self._granularity == "lines" and ident in self._fresh

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
        self._resting: set[int] = set()
        self._trace = self._tracing()

    def enter(self) -> None:
        me = self._processor.current()
        if me is not None and me.number:
            self._before[get_ident()] = sys.gettrace()
            sys.settrace(self._trace)

    def join_in(self) -> None:
        self._before[get_ident()] = sys.gettrace()
        self.line()
        for frame in outwards(sys._getframe(1)):  # what is under way was entered unwatched
            inside = self._watching(frame)
            if inside is not None:
                self._look_into(frame)
                frame.f_trace = inside
        if self._processor.is_waiting():  # this goes on in the lab
            self._resting.add(get_ident())
        else:
            sys.settrace(self._trace)

    def leave(self) -> None:
        ident = get_ident()
        if ident in self._before:
            if ident not in self._resting:
                self._look_for_it()
            sys.settrace(self._before.pop(ident))

    def rest(self) -> None:
        ident = get_ident()
        if ident in self._before:
            if ident not in self._resting:
                self._look_for_it()
                self._resting.add(ident)
            sys.settrace(None)

    def go_on(self) -> None:
        ident = get_ident()
        if ident in self._before:
            self._resting.discard(ident)
            sys.settrace(self._trace)

    def _look_for_it(self) -> None:
        """Whether the calling thread is still watched: the program may have its own trace function, or none."""
        if sys.gettrace() is self._trace or self._processor.stopping:  # one that raises is taken away by CPython
            return
        self._processor.doubt("it switches tracing off", "leave `sys.settrace` out")

    def renew(self) -> None:
        super().renew()
        self._before.clear()
        self._resting.clear()

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
        access_at, line, visit, returns = table.get, self.line, self.visit, self.returns

        def inside(frame: FrameType, event: str, argument: object) -> Any:
            if event == "opcode":
                access = access_at(frame.f_lasti)
                if access is not None and visit(frame, access):
                    # The frame's variables are written back when this returns: they must be what the others left.
                    frame.f_locals  # noqa: B018
            elif event == "line":
                line()
            elif event == "return":
                returns(frame, argument)
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
        monitoring.register_callback(self._tool, events.PY_RETURN, self._return)
        monitoring.set_events(self._tool, events.PY_START)
        monitoring.restart_events()  # also those of code that an earlier search had no use for

    def leave(self) -> None:
        if self._tool is not None and self._monitoring.get_events(self._tool) != self._monitoring.events.PY_START:
            self._processor.doubt("it switches monitoring off", "leave `sys.monitoring` out")

    def close(self) -> None:
        if self._tool is None:
            return
        monitoring, tool, self._tool = self._monitoring, self._tool, None
        for code, _ in self._tables.values():
            monitoring.set_local_events(tool, code, 0)
        monitoring.set_events(tool, 0)
        events = monitoring.events
        for event in (events.PY_START, events.INSTRUCTION, events.LINE, events.PY_RETURN):
            monitoring.register_callback(tool, event, None)
        monitoring.free_tool_id(tool)

    def _start(self, code: CodeType, offset: int) -> Any:
        if id(code) not in self._tables:
            table = self.table(code, sys._getframe(1).f_globals)
            if table is not None:
                self._tables[id(code)] = code, table
                events = self._monitoring.events
                lines = events.LINE if self._granularity == "lines" else 0
                self._monitoring.set_local_events(self._tool, code, events.INSTRUCTION | events.PY_RETURN | lines)
        if self._granularity != "lines" or id(code) not in self._tables:
            return self._monitoring.DISABLE
        self.line()  # of a function written in one line, 3.13 tells the line the first time only
        return None

    def _line(self, code: CodeType, line: int) -> Any:
        self.line()

    def _return(self, code: CodeType, offset: int, value: object) -> Any:
        self.returns(sys._getframe(1), value)

    def _instruction(self, code: CodeType, offset: int) -> Any:
        access = self._tables[id(code)][1].get(offset)
        if access is None:
            return self._monitoring.DISABLE
        self.visit(sys._getframe(1), access)
        return None


def watch(processor: SteppingProcessor) -> Watch:
    """The way this Python offers."""
    return Monitoring(processor) if sys.version_info >= (3, 12) else Tracing(processor)
