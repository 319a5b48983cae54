"""What a state holds besides its threads: the values of primitives, and of the plain data that threads share.

A value is read only where it is certain what is meant and that the value is all there is to it: the primitives of
`threading` and `queue`, and numbers, texts, and lists of those under a name that stands for one variable. Whatever
else may be shared has no value here; a search has to tell such states apart by what has been done.
"""

from __future__ import annotations

import dis
import functools
import types
from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from semalab.engine.virtual import VirtualLock
from semalab.exploration.noting import CONTAINER, VARIABLE
from semalab.exploration.stage import Stage
from semalab.instrument import functions
from semalab.instrument.places import ABSENT, content
from semalab.stepping import Location, Settings, Watch
from semalab.stepping.accesses import scope_of
from semalab.stepping.known import is_twin
from semalab.stepping.sharing import codes_of

UNKNOWN: Hashable = object()  # there may be a value, and it cannot be read
_SCALARS = (int, float, str, bytes, bool, type(None))
_IDENTITIES = frozenset(("id", "is_", "is_not"))  # by which a program could tell equal values apart


class Contents:
    """Reads the values in the present state of the run on a stage.

    Invariants: `_variables` says where each name is kept that stands for one variable; `_scope` is what follows the
    name of a variable of the program's own function in its location. `_cells` are the variables of the present run,
    found again for each run (`_lives`) and for each thread that begins.
    """

    def __init__(self, stage: Stage, settings: Settings) -> None:
        self._stage = stage
        self._names = [name for name in sorted(settings.shared) if name.startswith((VARIABLE, CONTAINER))]
        self._settings = settings
        self._code = getattr(getattr(stage.program, "__func__", stage.program), "__code__", None)
        self._namespace: dict[str, Any] = getattr(stage.program, "__globals__", {})
        self._variables: dict[str, str] | None = None
        self._cells: dict[str, types.CellType] = {}
        self._scope = scope_of(self._code) if self._code is not None else ""
        self._lives: object = None
        self._bodies = 0

    def primitives(self) -> dict[Location, Hashable]:
        """By their keys: what can be seen of each, and UNKNOWN for one of which that is not certain."""
        twins = self._stage.twins
        assert twins is not None
        recorder = twins.recorder
        found: dict[Location, Hashable] = {}
        for key, (made, reference) in enumerate(zip(recorder.made, recorder._primitives, strict=True)):
            one = reference()
            read = _READERS.get(made.kind)
            found[key] = None if one is None else UNKNOWN if read is None else read(one)
        return found

    def shared(self) -> dict[Location, Hashable]:
        """By their names, the values of those shared variables and containers that have one."""
        if self._variables is None:
            self._variables = self._known_variables()
        if not self._variables:
            return {}
        self._find_cells()
        found: dict[Location, Hashable] = {}
        for name in self._names:
            value = self._value_at(name) if name.startswith(VARIABLE) else self._container(name)
            if value is not UNKNOWN:
                found[name] = value
        return found

    def hold_objects(self, rebound: AbstractSet[str]) -> bool:
        """Whether a shared variable, a shared container or a queue holds what is neither plain data nor a primitive.

        To be asked after `shared`. rebound: the variables of which not everybody gets the same object.
        """
        twins = self._stage.twins
        assert twins is not None and self._variables is not None
        recorder = twins.recorder
        queues = (one() for made, one in zip(recorder.made, recorder._primitives, strict=True) if "Queue" in made.kind)
        if any(map(_holds_objects, (getattr(one, "queue", UNKNOWN) for one in queues if one is not None))):
            return True
        containers = {name.removeprefix(CONTAINER) for name in self._names if name.startswith(CONTAINER)}
        variables = {name.removeprefix(VARIABLE).partition(" ")[0] for name in self._names if name.startswith(VARIABLE)}
        held = map(self.variable, {name.partition(" ")[0] for name in containers} | (variables & rebound))
        return any(_holds_objects(one) for one in held if one is not UNKNOWN and not is_twin(one))

    def _known_variables(self) -> dict[str, str]:
        """None if code is watched that nobody has found, or that may call another variable by the same name."""
        if not self._names or self._code is None:
            return {}
        codes = list(codes_of(*functions([self._stage.program, *self._stage.arguments.values()])))
        program, found = set(self._stage.processor.program), {id(namespace) for _, namespace in codes}
        others = [one for one in codes if one[1] is not self._namespace]
        if id(self._namespace) not in program or not program <= found or _calls_others_so(self._scope, others):
            return {}
        return _variables(self._code, codes)

    def _value_at(self, location: str) -> Hashable:
        name, _, scope = location.removeprefix(VARIABLE).partition(" ")
        kept = {"": "global", self._scope: "cell"}.get(scope)
        assert self._variables is not None
        return scalar(self.variable(name)) if kept and self._variables.get(name) == kept else UNKNOWN

    def _container(self, name: str) -> Hashable:
        """The items of what a variable holds that holds it from beginning to end."""
        variable = name.removeprefix(CONTAINER)
        rebound = {f"{VARIABLE}{variable}", f"{VARIABLE}{variable} {self._scope}"}
        if rebound & self._settings.shared or name in self._settings.places:
            return UNKNOWN
        one = self.variable(variable)
        watch = self._stage.processor.watch
        assert isinstance(watch, Watch)
        if any(held.container is not one for held in watch.held.values() if name in held.names):
            return UNKNOWN
        return _items(one)

    def variable(self, name: str) -> Any:
        """What a name holds that stands for one variable; UNKNOWN for any other."""
        assert self._variables is not None
        where = self._variables.get(name)
        if where == "cell":
            found = content(self._cells[name]) if name in self._cells else ABSENT
            return UNKNOWN if found is ABSENT else found  # it may have no value yet
        return self._namespace.get(name, UNKNOWN) if where == "global" else UNKNOWN

    def _find_cells(self) -> None:
        lives = self._stage.processor.threads
        if self._lives is lives and self._bodies == len(lives.bodies):
            return
        self._lives, self._bodies = lives, len(lives.bodies)
        self._cells = {}
        several = set()
        for name, cell in _cells_of([body.target for body in lives.bodies.values()]):
            if name in self._cells and self._cells[name] is not cell:
                several.add(name)
            self._cells[name] = cell
        for name in several:
            del self._cells[name]


def _variables(own: types.CodeType, all_codes: Iterable[tuple[types.CodeType, Mapping[str, Any]]]) -> dict[str, str]:
    """Which names stand for one variable in all of the program: of its own function, or of its module."""
    codes = list(all_codes)
    if any(tells_equals_apart(code) for code, _ in codes):
        return {}
    inner = {name for code, _ in codes if code is not own for name in code.co_cellvars}
    of_module = {name for code, _ in codes for name in globals_of(code)}
    again = own.co_name in of_module | {name for code, _ in codes for name in code.co_freevars}  # it may run twice
    found = {} if again else dict.fromkeys(set(own.co_cellvars) - inner - of_module, "cell")
    if len({id(namespace) for _, namespace in codes}) == 1:
        enclosed = inner | set(own.co_cellvars)
        found.update(dict.fromkeys(of_module - enclosed, "global"))
    return found


def _calls_others_so(scope: str, codes: Iterable[tuple[types.CodeType, Mapping[str, Any]]]) -> bool:
    """Whether code of other modules may name its variables as those in this function are named."""
    outermost = scope.partition(".")[0]
    return any(scope_of(code) == scope or outermost in namespace for code, namespace in codes)


@functools.lru_cache(maxsize=1024)
def globals_of(code: types.CodeType) -> frozenset[str]:
    return frozenset(
        i.argval for i in dis.get_instructions(code) if i.opname.endswith(("_GLOBAL", "_NAME")) and "_" in i.opname
    )


@functools.lru_cache(maxsize=1024)
def tells_equals_apart(code: types.CodeType) -> bool:
    """Whether it may ask if two values are one object."""
    if not _IDENTITIES.isdisjoint(code.co_names):
        return True
    before = ""
    for instruction in dis.get_instructions(code):
        if instruction.opname == "IS_OP" and before not in ("LOAD_CONST", "LOAD_GLOBAL"):
            return True
        before = instruction.opname
    return False


def _cells_of(targets: list[Any]) -> Iterator[tuple[str, types.CellType]]:
    """The variables that these callables share with others, and those that functions in them share."""
    for function in functions(targets):
        yield from zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)


# what is in a value
def scalar(value: Any) -> Hashable:
    """The value itself if nothing but its text and type can be seen of it."""
    if type(value) in _SCALARS:
        return (type(value).__name__, repr(value)) if type(value) is not int else value
    if type(value) is tuple:
        items = tuple(map(scalar, value))
        return UNKNOWN if UNKNOWN in items else ("tuple", items)
    return UNKNOWN


def _holds_objects(one: Any) -> bool:
    return scalar(one) is UNKNOWN and _items(one) is UNKNOWN


def _items(one: Any) -> Hashable:
    """What is in a list, a deque or a dictionary; a set's order tells of its past."""
    if type(one) is list or type(one) is deque:
        found: Any = tuple(map(scalar, one))
    elif type(one) is dict:
        found = tuple(map(scalar, (part for pair in one.items() for part in pair)))
    else:
        return UNKNOWN
    return UNKNOWN if UNKNOWN in found else (type(one).__name__, getattr(one, "maxlen", None), found)


def _waiters(condition: Any) -> Hashable:
    """The threads that wait in a condition, in the order in which they came."""
    found = []
    for lock in condition._waiters:
        if not isinstance(lock, VirtualLock) or not lock.queue:
            return UNKNOWN  # its time is up, and it has not gone on yet
        found.append(lock.queue[0].number)
    return tuple(found)


def _with_waiters(*conditions: Any, **seen: Any) -> Hashable:
    waiting = tuple(map(_waiters, conditions))
    return UNKNOWN if UNKNOWN in waiting else PrimitiveView(tuple(seen.values()), waiting)


class PrimitiveView(tuple[Any, ...]):
    """(what an operation can see of a primitive, which threads wait in it). The waiting are known by their numbers."""

    def __new__(cls, what: tuple[Any, ...], waiting: tuple[Any, ...]) -> PrimitiveView:
        return super().__new__(cls, (what, waiting))

    @property
    def what(self) -> Hashable:
        return self[0], tuple(map(len, self[1]))

    @property
    def waiting(self) -> tuple[tuple[int, ...], ...]:
        waiting: tuple[tuple[int, ...], ...] = self[1]
        return waiting


def _held(lock: Any) -> Hashable:
    return lock.held if isinstance(lock, VirtualLock) else UNKNOWN


def _of_queue(queue: Any) -> Hashable:
    items = tuple(map(scalar, queue.queue))
    if UNKNOWN in items or type(queue).__module__ != "queue":
        return UNKNOWN
    shut = getattr(queue, "is_shutdown", False)
    conditions = queue.not_empty, queue.not_full, queue.all_tasks_done
    return _with_waiters(
        *conditions, items=items, unfinished=queue.unfinished_tasks, shut=shut, held=queue.mutex.locked()
    )


def _of_barrier(barrier: Any) -> Hashable:
    if barrier._action is not None:
        return UNKNOWN
    return _with_waiters(barrier._cond, state=barrier._state, count=barrier._count)


_READERS: Mapping[str, Any] = {
    "Semaphore": lambda one: _with_waiters(one._cond, value=one._value),
    "BoundedSemaphore": lambda one: _with_waiters(one._cond, value=one._value),
    "Lock": lambda one: _held(one._lock),
    "RLock": lambda one: _held(one._block._lock),
    "Condition": lambda one: _with_waiters(one),
    "Event": lambda one: _with_waiters(one._cond, flag=one._flag),
    "Barrier": _of_barrier,
    **dict.fromkeys(("Queue", "LifoQueue", "PriorityQueue"), _of_queue),
}
