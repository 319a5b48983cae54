"""Whether threads of a program may share anything but primitives: decided from its code, before it runs."""

from __future__ import annotations

import dis
import functools
import inspect
import threading
import types
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType
from typing import Any

from semalab.instrument.places import library_of_code
from semalab.stepping.accesses import Access, accesses, goes_deep, instructions_of, nested
from semalab.stepping.effects import touches
from semalab.stepping.footprint import EVERYTHING, READ, WRITE
from semalab.stepping.known import DESCRIBED, Scope, Unknown, described, is_twin_class
from semalab.stepping.operands import Operand

Code = tuple[CodeType, Mapping[str, Any]]  # and the globals it runs with

# Of an object that is not known before the program runs, these are taken to be a primitive's or a thread's.
_OF_PRIMITIVES = frozenset(
    "acquire release locked start join wait wait_for notify notify_all set is_set is_alive sleep".split()
)
# Python's own modules in which functions are made of the program's, and look at nothing but these.
_WRAPPING = frozenset(("contextlib", "functools"))
# By these a program learns when an object is thrown away.
_OF_ENDS = frozenset("__del__ weakref getrefcount get_referrers get_objects".split())
_WEAK = ("weakref", "_weakref", "_weakrefset")
# What may move on what it looks into.
_MOVES = frozenset(("iterate", "contains", "send", "call starred"))
_LOOKS = frozenset(("len", "isinstance", "id", "repr", "str", "format", "hash", "bool", "int", "float"))


def may_share(program: types.FunctionType, others: Iterable[types.FunctionType]) -> bool:
    """False if the program's threads certainly share nothing that one of them changes, primitives apart.

    others: functions that came in as arguments. Only what runs alone may change things: the program's own code up to
    the first instruction at which a thread may start.
    """
    found = list(_reachable([program, *others]))
    namespaces = frozenset(id(namespace) for _, namespace in found)
    main = program.__code__
    functions = _inner_functions(found)
    reads, writes = _touched([one for one in found if one[0] is not main], functions, namespaces)
    first = _first_start(program, namespaces)
    begin = _loop_around(main, first)
    own = [one for one in found if one[0] is main]
    _, main_writes = _touched(own, functions, namespaces, first)
    if begin != first:
        main_writes |= _touched(own, functions, namespaces, begin, but=("iterate",))[1]
    return bool(writes or main_writes & reads)


def goes_under_other_names(program: types.FunctionType, others: Iterable[types.FunctionType]) -> bool:
    """Whether the program may have what its threads share under names that the code does not tell."""
    those = (code for code, names in _reachable([program, *others]) if names.get("__name__") not in _WRAPPING)
    return any(map(goes_deep, those))


def looks_at_ends(program: types.FunctionType, others: Iterable[types.FunctionType]) -> bool:
    """Whether the program may tell when an object is thrown away: by a finalizer, a weak reference, or a count.

    Whoever watches it keeps objects longer: the containers that its threads share, and up to Python 3.12 whatever the
    variables of a function held when it was looked at.
    """
    for code, names in _reachable([program, *others]):
        if library_of_code(dict(names)) is None:
            if not _OF_ENDS.isdisjoint((*code.co_names, *filter(_is_text, code.co_consts), code.co_name)):
                return True
            if any(getattr(names.get(name), "__module__", None) in _WEAK for name in code.co_names):
                return True
    return False


def cleans_up(code: CodeType) -> bool:
    """Whether a generator that runs this code does something more if it is thrown away before its end."""
    if not code.co_flags & inspect.CO_GENERATOR:
        return False
    instructions = {one.offset: one.opname for one in dis.get_instructions(code)}
    entries = dis.Bytecode(code).exception_entries  # type: ignore[attr-defined, unused-ignore]
    return any(instructions.get(one.target) != "CALL_INTRINSIC_1" for one in entries)  # each generator's own, from 3.12


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def codes_of(*functions: types.FunctionType, classes: list[type] | None = None) -> Iterator[Code]:
    """The code of these functions and of all that they name, with the globals that each runs with.

    classes: to these the classes are added that they name, and whose objects.
    """
    return _reachable(functions, classes)


def _inner_functions(codes: Iterable[Code]) -> dict[str, Any]:
    """Stand-ins for functions defined inside others, by their names: those whose name stands for nothing else."""
    stored = Counter(
        i.argval for code, _ in codes for i in instructions_of(code) if i.opname in ("STORE_DEREF", "STORE_FAST")
    )
    given = {name for code, _ in codes for name in code.co_varnames[: _parameters(code)]}
    inner = {code.co_name: namespace for code, namespace in codes if stored[code.co_name] == 1}
    return {name: _standing_for(namespace) for name, namespace in inner.items() if name not in given}


def _parameters(code: CodeType) -> int:
    starred = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return code.co_argcount + code.co_kwonlyargcount + starred


def _standing_for(namespace: Mapping[str, Any]) -> Any:
    """A function with these globals: of the program, and so watched where it runs."""
    assert isinstance(namespace, dict)
    return types.FunctionType(_standing_for.__code__, namespace)


def _touched(
    codes: Iterable[Code],
    functions: Mapping[str, Any],
    program: frozenset[int],
    begin: int | None = 0,
    but: tuple[str, ...] = (),
) -> tuple[set[str], set[str]]:
    """The names that these read and write from the instruction at `begin` on; None: none at all.

    functions: inner ones, by name. but: ways of access that are left out.
    """
    reads: set[str] = set()
    writes: set[str] = set()
    for code, namespace in codes:
        scope = Scope(functions, namespace, program)
        for offset, access in accesses(code).items():
            if begin is not None and offset >= begin and access.how not in but:
                for location, mode in _seen_before(access, scope):
                    (writes if mode else reads).add(location)
    return reads, writes


def _seen_before(access: Access, scope: Scope) -> list[tuple[str, bool]]:
    """What an access touches, as far as that can be told without running: of local variables little is known."""
    if access.how in ("", "attribute"):
        return [(access.location, access.mode)]
    try:
        return [(touch.location, touch.mode) for touch in touches(access, scope)]
    except Unknown:
        callee = access.operands[0]
        if access.how in _MOVES or not access.how.startswith("call"):
            return [(EVERYTHING, WRITE if access.how in _MOVES else access.mode)]
        known = callee.kind == "attribute" and callee.name in _OF_PRIMITIVES and _is_unknown(callee.parts[0], scope)
        looks = callee.kind == "global" and callee.name in _LOOKS
        return [(EVERYTHING, READ if known or looks else WRITE)]
    except Exception:  # an object that cannot even be looked at
        return [(EVERYTHING, WRITE)]


def _is_unknown(operand: Operand, scope: Scope) -> bool:
    while operand.kind in ("attribute", "item") and operand.parts:
        operand = operand.parts[0]
    return operand.kind != "constant" and not (operand.kind in ("local", "cell") and operand.name in scope.names)


def _loop_around(code: CodeType, first: int | None) -> int | None:
    """The offset from which on everything may be executed when a thread has been started: of a loop, its beginning.

    What such a loop goes through is another matter: to be touched by a thread, too, it must be an iterator, and a
    thread that takes from one counts as one that changes everything.
    """
    if first is None:
        return None
    loops = loops_of(code)
    while around := [start for start, end in loops if start < first <= end]:
        first = min(around)
    return first


def _first_start(program: types.FunctionType, namespaces: frozenset[int]) -> int | None:
    """The offset at which the first thread may start: at a method start(), or in a call that could do anything."""
    scope = Scope({}, program.__globals__, namespaces)
    for offset, access in accesses(program.__code__).items():
        if access.location in ("attribute start", "attribute submit"):
            return offset
        calls = access.how.startswith("call") and not _of_threading(access.operands[0], program.__globals__)
        if calls and not _only_looks(access, scope):
            return offset
    return None


def loops_of(code: CodeType) -> list[tuple[int, int]]:
    """What may be executed again and again: from where a jump leads back to, to that jump."""
    jumps = [one for one in instructions_of(code) if one.opcode in dis.hasjrel or one.opcode in dis.hasjabs]
    return [(one.argval, one.offset) for one in jumps if one.argval <= one.offset]


def _only_looks(access: Access, scope: Scope) -> bool:
    """Whether a call certainly starts no thread: nothing that is called so runs any code of the program."""
    callee = access.operands[0]
    if callee.kind != "global" or callee.name in scope.namespace:
        return False
    return callee.name in _LOOKS or callee.name in ("range", "list", "dict", "set", "tuple", "object", "print")


def _of_threading(callee: Operand, namespace: Mapping[str, Any]) -> bool:
    """True for a call of something in the module: what it makes starts by a method only."""
    root = callee.parts[0] if callee.kind == "attribute" else callee
    return root.kind == "global" and namespace.get(root.name or "") is threading


def _reachable(functions: Iterable[types.FunctionType], classes: list[type] | None = None) -> Iterator[Code]:
    """The code of these functions and of all that they name: functions, classes, and the classes of objects.

    classes: to these the classes are added that they name, and whose objects.
    """
    queue: list[Any] = list(functions)
    seen: set[int] = set()
    while queue:
        one = queue.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, DESCRIBED):
            queue.extend(described(one))
        elif isinstance(one, types.MethodType):
            queue.append(one.__func__)
        elif isinstance(one, functools.partial):
            queue.extend([one.func, *one.args, *one.keywords.values()])
        elif isinstance(one, types.FunctionType):
            for code in nested(one.__code__):
                yield code, one.__globals__
                queue.extend(one.__globals__[name] for name in code.co_names if name in one.__globals__)
            queue.extend(cell.cell_contents for cell in one.__closure__ or () if _is_full(cell))
        elif isinstance(one, type):
            own = [cls for cls in one.__mro__ if not is_twin_class(cls)]  # those say themselves what they touch
            if classes is not None:
                classes += own
            queue.extend(value for cls in own for value in vars(cls).values() if _is_code(value))
        elif not isinstance(one, types.ModuleType):
            queue.append(type(one))


def _is_full(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _is_code(value: Any) -> bool:
    return isinstance(value, types.FunctionType | property | classmethod | staticmethod)
