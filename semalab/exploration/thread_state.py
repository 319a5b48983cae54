"""Where a thread stands and what it knows, read from its frames: then its past need not be known.

A thread that turns in a loop comes to the same place with the same variables again and again, and each time with a
longer past; and of what it has seen on its way it mostly has forgotten nearly all. Where all that it may still come to
see can be read, what was read stands for the past: the places in its functions, its variables, and all that those and
the program's names lead to. What cannot be read for certain is not: an object of a kind that is not in the table here,
a stack that the variables do not tell, the program's code in the midst of a library's.
"""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Hashable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from semalab.engine import ProgramThread
from semalab.engine.interpreter import outwards
from semalab.exploration.noting import CONTAINER, VARIABLE
from semalab.exploration.stage import Stage, notices_ends
from semalab.exploration.stored_values import UNKNOWN, Contents, globals_of, scalar, tells_equals_apart
from semalab.instrument import functions
from semalab.instrument.places import ABSENT, content
from semalab.stepping import Location
from semalab.stepping.accesses import instructions_of
from semalab.stepping.known import is_twin_class, kept_by_libraries
from semalab.stepping.sharing import codes_of, loops_of
from semalab.stepping.stacks import follows_from_variables, stacks_of

# By what these name a program could come to see what nobody has read here.
_ELSEWHERE = frozenset(
    "eval exec compile globals locals vars __dict__ __globals__ __closure__ cell_contents __code__ __import__ modules"
    " sys gc inspect weakref contextvars importlib local ctypes id open input excepthook settrace setprofile exc_info"
    " traceback signal __defaults__".split()
)
_MODULES = frozenset(
    "threading time queue collections functools itertools math operator contextlib dataclasses typing enum string heapq"
    " bisect copy statistics semalab builtins".split()
)
_OPERATIONS = frozenset(
    "acquire release locked wait wait_for notify notify_all set clear is_set abort reset put get put_nowait get_nowait"
    " task_done join start is_alive empty full qsize sleep print".split()
)
_CALL_WHAT_THEY_GET = frozenset("sort sorted min max reduce call sub subn".split())  # functions written in C
_DECIDING = ("semalab.exploration.", "semalab.engine.", "semalab.stepping.processor", "semalab.stepping.watch")
_OWN_LANGUAGE = ("threading", "queue", "time")  # and the lab's: whose frames are read like the program's
_BELOW = frozenset((("threading", "run"), ("threading", "_bootstrap_inner"), ("semalab.bench", "_play")))
_ENDLESS_CODES = 0x20 | 0x80 | 0x100 | 0x200  # generators and coroutines: their frames are elsewhere
_PLAIN = (types.BuiltinFunctionType, types.ModuleType, type)
_GIVEN_TO_THREADS = ("_target", "_args", "_kwargs")
_OF_THE_LAB = frozenset(("_program_thread", "_operations"))  # attributes that the lab gives
_WHO = "me"  # in which a library keeps who the thread is
_LIMITS = ("endtime", "end_time", "until")  # in which a library keeps when a wait has to end


class Unreadable(Exception):
    """Something that a thread may come to see cannot be read for certain."""


class ThreadState:
    """Reads where threads of the runs on a stage stand.

    Invariants: `readable` is False if the program's text already tells that there is what nobody can read. `rebound`
    are the names of variables that functions share and to which some function gives a value again, `_single` those of
    which there is one only: they are the program's own function's, which runs once, or what that is enclosed by.
    relative: times are told from now on. alike: threads may be taken for each other, so no other one may be named.
    """

    def __init__(self, stage: Stage, contents: Contents, relative: bool, alike: bool) -> None:
        self._stage = stage
        self.origin_is_now = relative
        self.alike = alike
        self._contents = contents
        every = list(codes_of(*functions([stage.program, *stage.arguments.values()])))
        self._codes = [code for code, _ in every]
        self._own = getattr(getattr(stage.program, "__func__", stage.program), "__code__", None)
        self._modules = {str(namespace.get("__name__")) for _, namespace in every}
        self._globals = {id(namespace): (namespace, set[str]()) for _, namespace in every}
        for code, namespace in every:
            self._globals[id(namespace)][1].update(globals_of(code))
        named = frozenset[str]().union(*(frozenset(code.co_names) for code in self._codes))
        self._single = self._names_of_one()
        self.readable = (
            set(stage.processor.program) >= self._globals.keys()
            and _ELSEWHERE.isdisjoint(named)
            and not self._names_anew("range")
            and not notices_ends(stage.program, stage.arguments)  # who looks at a frame keeps what is in it
            and not any(tells_equals_apart(code) or code.co_flags & _ENDLESS_CODES for code in self._codes)
        )
        self.rebound = _rebound(self._codes, self._own)

    def _names_anew(self, builtin: str) -> bool:
        """Whether the program has something of its own under this name."""
        enclosed = any(builtin in (*code.co_cellvars, *code.co_freevars) for code in self._codes)
        return enclosed or any(builtin in namespace for namespace, _ in self._globals.values())

    def _names_of_one(self) -> frozenset[str]:
        own = self._own
        others = [code for code in self._codes if code is not own]
        inner = {name for code in others for name in code.co_cellvars}
        named = {name for _, names in self._globals.values() for name in names}
        if own is None or own.co_name in {*named, *(name for code in others for name in code.co_freevars)}:
            return frozenset()  # it may run twice
        return frozenset({*own.co_cellvars, *own.co_freevars} - inner - named)

    def of(self, thread: ProgramThread, known: Mapping[Location, Hashable]) -> Hashable | None:
        """Where this thread stands, which makes no step now; None if that cannot be read.

        known: the values of shared variables, by their locations, which need not be read again.
        """
        if not self.readable:
            return None
        frames = self._frames(thread)
        if frames is None:
            return None
        shared = {str(at).removeprefix(VARIABLE).partition(" ")[0] for at in known if str(at).startswith(VARIABLE)}
        containers = [at.removeprefix(CONTAINER) for at in map(str, known) if CONTAINER in at]
        reading = _Reading(self, thread, shared, {id(self._contents.variable(name)): name for name in containers})
        try:
            own = tuple(map(reading.frame, frames))
            return own, reading.body(), reading.globals()
        except (Unreadable, RecursionError):
            return None

    def limits(self, thread: ProgramThread) -> tuple[Any, ...]:
        """In how many nanoseconds the waits have to end that this thread is in, as its frames note it."""
        now = self._stage.processor.time
        found = []
        for frame in outwards(thread.frame):
            if id(frame.f_globals) not in self._stage.processor.program:
                for name in _LIMITS:
                    limit = frame.f_locals.get(name) if name in frame.f_code.co_varnames else None
                    if type(limit) in (int, float):
                        found.append(_left(limit, now))
        return tuple(found)

    def _frames(self, thread: ProgramThread) -> list[types.FrameType] | None:
        """The program's, from the outermost on, and those of the operation that it is in."""
        frames = [*outwards(thread.frame)]
        program = self._stage.processor.program
        own = [place for place, frame in enumerate(frames) if id(frame.f_globals) in program]
        if not own or own != list(range(own[0], own[-1] + 1)) or own[-1] + 1 == len(frames):
            return None
        below = frames[own[-1] + 1]
        if (_module(below), below.f_code.co_name) not in _BELOW:
            return None
        begin = own[0]
        while begin and not _module(frames[begin - 1]).startswith(_DECIDING):
            begin -= 1
        before_access = begin == own[0] and begin > 0 and _module(frames[begin - 1]) == "semalab.stepping.watch"
        chain = frames[begin : own[-1] + 1][::-1]
        return chain if self._stacks_are_known(chain, len(own), before_access) else None

    def _stacks_are_known(self, chain: list[types.FrameType], own: int, before_access: bool) -> bool:
        for place, frame in enumerate(chain[:own]):
            stacks = stacks_of(frame.f_code)
            if before_access and place == own - 1:
                stack = stacks.at(frame.f_lasti)
                if stack is None:
                    return False
            else:
                found = stacks.below_call(frame.f_lasti)
                if found is None or place + 1 == len(chain):
                    return False
                stack, callee = found
                if not _may_be_called(callee.kind, callee.name, chain[place + 1], place + 1 < own):
                    return False
            if not follows_from_variables(stack) or any(n in self.rebound for one in stack for n in one.names):
                return False
        return all(_is_read_like_the_programs(frame) for frame in chain[own:])


class _Reading:
    """One thread's. Invariant: `_met` numbers the objects that were met, so that what is one object is known as one.

    shared: names of variables that are not read here; skipped: those of containers, by identity.
    """

    def __init__(
        self, standing: ThreadState, thread: ProgramThread, shared: AbstractSet[str], skipped: Mapping[int, str]
    ) -> None:
        self._standing = standing
        self._thread = thread
        self._shared = shared
        self._skipped = skipped
        self._cells: set[str] = set()
        self._met: dict[int, int] = {}
        stage = standing._stage
        assert stage.twins is not None
        self._program = stage.processor.program
        self._now = stage.processor.time if standing.origin_is_now else 0
        recorder = stage.twins.recorder
        self._primitives = {id(one()): key for key, one in enumerate(recorder._primitives) if one() is not None}

    def frame(self, frame: types.FrameType) -> Hashable:
        """Where it is, and its variables."""
        code = frame.f_code
        held = frame.f_locals
        if id(frame.f_globals) in self._program:
            own = [name for name in code.co_varnames if name in held and name not in code.co_cellvars]
            cells = (*code.co_cellvars, *code.co_freevars)
            found = tuple((name, self.value(held[name])) for name in own)
            return id(code), frame.f_lasti, found, tuple(self._cell(name, held.get(name, ABSENT)) for name in cells)
        if held.get(_WHO) == self._thread.ident:  # a lock that may be taken again asks
            held = {name: value for name, value in held.items() if name != _WHO}
        limits = [name for name in code.co_varnames if name in held and name in _LIMITS]
        found = tuple(
            (name, self.inside(held[name])) for name in code.co_varnames if name in held and name not in limits
        )
        left = tuple(_left(held[name], self._now) for name in limits)
        return code.co_name, frame.f_lasti, found, left

    def inside(self, value: Any) -> Hashable:
        """What a library's function has in a variable."""
        kind = type(value)
        if kind is types.FrameType or kind.__name__ == "FrameLocalsProxy":
            return "frame"  # it is itself among those that are read
        if kind is ProgramThread:
            return self._other(value.number)
        if kind is types.FunctionType and _module_of(value) not in {None, *self._standing._modules}:
            return "function", value.__qualname__
        key = getattr(value, "key", None) if is_twin_class(kind) or kind.__module__.startswith("semalab.") else None
        if type(key) is int:
            return kind.__name__, key
        return self.value(value)

    def _other(self, number: int) -> Hashable:
        """A thread. Which one it is of several that are alike, no state tells."""
        if number == self._thread.number:
            return "this thread"
        if self._standing.alike:
            raise Unreadable
        return "thread", number

    def body(self) -> Hashable:
        """What it was told to do: of two lists with the same in them, this tells which one a variable holds."""
        body = self._standing._stage.processor.threads.bodies.get(self._thread.number)
        return tuple(map(self.value, (body.target, *body.args, *body.kwargs.values()))) if body is not None else ()

    def globals(self) -> Hashable:
        """The values of global variables."""
        return tuple(
            (name, self.value(namespace[name]))
            for namespace, names in self._standing._globals.values()
            for name in sorted(names)
            if name in namespace and name not in self._shared
        )

    def value(self, value: Any) -> Hashable:
        """Raises Unreadable."""
        plain = scalar(value)
        if plain is not UNKNOWN:
            return plain
        if id(value) in self._met:
            return "again", self._met[id(value)]
        self._met[id(value)] = len(self._met)
        if id(value) in self._skipped:
            return "shared", self._skipped[id(value)]
        if id(value) in self._primitives:
            return self._primitive(value)
        kind = type(value)
        if kind is list or kind is deque or kind is tuple:
            limit = value.maxlen if kind is deque else None
            return kind.__name__, limit, tuple(map(self.value, value))
        if kind is dict:
            return "dict", tuple(self.value(part) for pair in value.items() for part in pair)
        if kind is types.FunctionType:
            return self._function(value)
        if kind is types.MethodType:
            return "method", self.value(value.__func__), self.value(value.__self__)
        if kind in _PLAIN:
            return self._plain(value)
        assert self._standing._stage.twins is not None
        if kind is self._standing._stage.twins.source.Thread:
            self._check_for_more(value)
            thread, held = getattr(value, "_program_thread", None), vars(value)
            told = held.get("_name"), value.daemon
            if thread is not None:
                return self._other(thread.number), told
            return "new thread", told, tuple(self.value(held.get(name)) for name in _GIVEN_TO_THREADS)
        return self._object(value)

    def _primitive(self, value: Any) -> Hashable:
        kind = type(value)
        if not is_twin_class(kind) or kind.__module__ in self._standing._modules:
            raise Unreadable
        self._check_for_more(value)
        times = 0  # that this thread has taken it; what others do with it is told by where they stand
        for lock in (value, getattr(value, "_lock", None)):
            if getattr(lock, "_owner", None) == self._thread.ident:
                times = getattr(lock, "_count", 0)
        return "primitive", self._primitives[id(value)], times

    def _check_for_more(self, value: Any) -> None:
        """Raises Unreadable if the program has given this primitive or thread attributes of its own."""
        more = getattr(value, "__dict__", {}).keys() - kept_by_libraries(type(value))
        if not more <= _OF_THE_LAB:
            raise Unreadable

    def _function(self, function: types.FunctionType) -> Hashable:
        if id(function.__globals__) not in self._program:
            if _module_of(function) in _MODULES:
                return "function", function.__module__, function.__qualname__
            raise Unreadable
        if vars(function):
            raise Unreadable
        defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        cells = tuple(
            self._cell(name, content(cell))
            for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        )
        return "function", id(function.__code__), tuple(map(self.value, defaults)), cells

    def _cell(self, name: str, held: Any) -> Hashable:
        """A variable that functions share. Which it is, nobody can see from its value: there must be one only."""
        if name not in self._standing._single:
            raise Unreadable
        if name in self._shared or name in self._cells:
            return name
        self._cells.add(name)
        return name, ("empty",) if held is ABSENT else self.value(held)

    def _plain(self, value: Any) -> Hashable:
        """A module, a class, or a function that is written in C."""
        if isinstance(value, types.ModuleType):
            if value.__name__.partition(".")[0] in _MODULES:
                return "module", value.__name__
            raise Unreadable
        if isinstance(value, types.BuiltinFunctionType):
            owner = value.__self__
            if owner is None or isinstance(owner, types.ModuleType):
                return "builtin", value.__module__, value.__qualname__
            return "builtin", value.__name__, self.value(owner)
        if value.__module__ in _MODULES or value.__module__.startswith("semalab."):
            return "class", value.__module__, value.__qualname__
        if value.__module__ not in self._standing._modules or type(value) is not type:
            raise Unreadable
        held = [pair for pair in vars(value).items() if not (pair[0].startswith("__") and not callable(pair[1]))]
        attributes = tuple((name, self.value(one)) for name, one in held)
        return "class", value.__qualname__, attributes, tuple(map(self.value, value.__bases__))

    def _object(self, value: Any) -> Hashable:
        """Of a class of the program that keeps all in its attributes."""
        kind = type(value)
        if kind is property:
            return "property", *map(self.value, (value.fget, value.fset, value.fdel))
        if kind is staticmethod or kind is classmethod:
            return kind.__name__, self.value(value.__func__)
        plain = all(
            one is object or (one.__module__ in self._standing._modules and "__slots__" not in vars(one))
            for one in kind.__mro__
        )
        if not plain or type(kind) is not type:
            raise Unreadable
        attributes = object.__getattribute__(value, "__dict__")
        return "object", self.value(kind), tuple((name, self.value(one)) for name, one in attributes.items())


def _may_be_called(kind: str, name: str, frame: types.FrameType, of_program: bool) -> bool:
    """Whether the frame above is what the call has called, and not what that has called in turn, unseen."""
    if of_program:
        return name not in _CALL_WHAT_THEY_GET and kind in ("method", "outer", "local") and name == frame.f_code.co_name
    return kind == "exit" or (kind in ("method", "outer", "local") and name in _OPERATIONS)


def _left(limit: Any, now: int) -> Any:
    """In how many nanoseconds that is: a library notes seconds, and the lab nanoseconds. None: there is no limit."""
    return None if limit is None else limit - now if type(limit) is int else round(limit * 1e9) - now


def _is_read_like_the_programs(frame: types.FrameType) -> bool:
    module = _module(frame)
    return module in _OWN_LANGUAGE or module.startswith("semalab.")


def _module(frame: types.FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _module_of(function: Any) -> str | None:
    module = function.__module__
    return module if type(module) is str else None


def _rebound(codes: list[types.CodeType], own: types.CodeType | None) -> frozenset[str]:
    """The variables of modules and of enclosing functions to which a value is given more than once, or taken away.

    own: the code that runs once.
    """
    given: dict[str, int] = {}
    for code in codes:
        for name in code.co_cellvars:  # an argument that functions share has a value from the beginning
            if name in code.co_varnames:
                given[name] = given.get(name, 0) + 1
        loops = loops_of(code)
        for one in instructions_of(code):
            if one.opname.startswith(("STORE_GLOBAL", "STORE_NAME", "DELETE_")) and type(one.argval) is str:
                given[one.argval] = given.get(one.argval, 0) + 2
            elif one.opname == "STORE_DEREF":
                again = code is not own or any(begin <= one.offset <= end for begin, end in loops)
                given[one.argval] = given.get(one.argval, 0) + (2 if again else 1)
    return frozenset(name for name, times in given.items() if times > 1)
