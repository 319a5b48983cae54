"""Which instructions of a program read or write what several threads may share: found in the bytecode, before it runs.

Locations are named, not identified: all variables of one name are one location, all attributes of one name, and all
containers that a variable or an attribute of one name holds. Two accesses that are really apart are then taken to touch
each other, which costs schedules and never loses one. What an instruction really touches depends on the values it works
on: that is judged while the program runs, and what is not known to be harmless touches everything.
"""

from __future__ import annotations

import dis
import functools
import sys
from collections.abc import Iterable, Iterator, Sequence
from types import CodeType
from typing import NamedTuple

from semalab.stepping.footprint import EVERYTHING, READ, WRITE
from semalab.stepping.opcodes import Effect, effect_of
from semalab.stepping.operands import CELLS, SIMPLE, Followed, Operand, cell

ITEMS = "items"  # the contents of a container


class Access(NamedTuple):
    """What one instruction may touch.

    how: the way in which it works on its `operands`, whose values tell what it touches; "" if its location says it.
    namespace: it is shared only if the code is a module's.
    """

    location: str
    mode: bool
    how: str = ""
    operands: tuple[Operand, ...] = ()
    namespace: bool = False


_PAIRS = {
    "LOAD_FAST_LOAD_FAST": "LOAD_FAST",
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW": "LOAD_FAST_BORROW",
    "STORE_FAST_LOAD_FAST": "LOAD_FAST",
    "STORE_FAST_STORE_FAST": "STORE_FAST",
}
_PRINTS, _IMPORTS_STAR, _UNARY_POSITIVE = 1, 2, 5  # CALL_INTRINSIC_1's numbers
_EXIT = 1  # LOAD_SPECIAL's number
_EVERYTHING = Access(EVERYTHING, WRITE)
# How those that read or write what is in their operands do it, and on how many of the stack's uppermost they work.
_WAYS = {
    **dict.fromkeys(("BINARY_SUBSCR", "DELETE_SUBSCR"), ("item", 2)),
    "BINARY_SLICE": ("item", 3),
    "STORE_SLICE": ("store", 4),
    "STORE_SUBSCR": ("store", 3),
    "CONTAINS_OP": ("contains", 2),
    "COMPARE_OP": ("compare", 2),
    "GET_ITER": ("begin", 1),
    "GET_YIELD_FROM_ITER": ("begin", 1),
    "FOR_ITER": ("iterate", 1),
    "SEND": ("send", 2),
    "GET_LEN": ("length", 1),
    "MATCH_KEYS": ("keys", 2),
    **dict.fromkeys(("UNPACK_SEQUENCE", "UNPACK_EX", "LIST_EXTEND", "SET_UPDATE"), ("iterate", 1)),
    **dict.fromkeys(("DICT_UPDATE", "DICT_MERGE"), ("iterate", 1)),
    **dict.fromkeys(("FORMAT_VALUE", "FORMAT_SIMPLE", "CONVERT_VALUE"), ("format", 1)),
    "FORMAT_WITH_SPEC": ("format", 2),
    **dict.fromkeys(("UNARY_POSITIVE", "UNARY_NEGATIVE", "UNARY_INVERT"), ("number", 1)),
    **dict.fromkeys(("BEFORE_WITH", "LOAD_SPECIAL"), ("with", 1)),
}
_INTO = frozenset(("item", "iterate", "begin", "length", "truth", "keys"))  # what is in the first operand matters
# Attributes through which the variables, attributes and items of other objects can be had under another name.
DEEP = frozenset(
    "__dict__ __closure__ __globals__ __builtins__ __defaults__ __kwdefaults__ __code__ __self__ __func__ __wrapped__"
    " cell_contents gi_frame cr_frame ag_frame f_locals f_globals f_back f_builtins tb_frame __annotations__"
    " __getattribute__ __setattr__ __delattr__ __reduce__ __reduce_ex__ __getstate__ __setstate__".split()
)
# Of those, and of the others of this kind, the ones that mean nothing to whoever does not ask for them by name.
_IDLE_NAMES = frozenset(
    "__name__ __qualname__ __module__ __doc__ __dict__ __annotations__ __wrapped__ __cause__ __context__ __notes__"
    " __suppress_context__ __traceback__".split()
)
# Functions by which they can; a program that names one of them has no container that goes by one name for certain.
DEEP_NAMES = DEEP | frozenset("vars locals globals exec eval gc inspect ctypes memoryview frombuffer".split())


def accesses(code: CodeType) -> dict[int, Access]:
    """What each instruction of this code may touch that is shared, by the offset that a watcher hears of."""
    return _accesses(code, scope_of(code))


@functools.lru_cache(maxsize=1024)
def instructions_of(code: CodeType) -> tuple[dis.Instruction, ...]:
    """Its instructions: each search asks for them several times, and to take them apart costs as much as some runs."""
    return tuple(dis.get_instructions(code))


@functools.lru_cache(maxsize=1024)  # codes that were written in different places may be equal
def _accesses(code: CodeType, scope: str) -> dict[int, Access]:
    instructions = [*instructions_of(code)]
    found = accesses_among(instructions, _is_class_body(code), scope)
    return {told: found[offset] for offset, told in _told(instructions) if offset in found}


def scope_of(code: CodeType) -> str:
    """What tells the variables that this code shares with functions in it from others of their names."""
    return code.co_qualname.partition(".<locals>")[0]  # no file: schedules go from kernel to kernel


def goes_deep(code: CodeType) -> bool:
    """Whether this code may have what others share under a name that is not theirs."""
    return bool(DEEP_NAMES.intersection(code.co_names) - _of_its_own(code))


@functools.lru_cache(maxsize=1024)
def _of_its_own(code: CodeType) -> frozenset[str]:
    """A class's or module's body notes what it annotates in a namespace that nobody else has yet."""
    named = [i.opname for i in instructions_of(code) if i.argval == "__annotations__"]
    return frozenset(("__annotations__",) if all(op == "LOAD_NAME" for op in named) else ())


def accesses_among(
    instructions: Iterable[dis.Instruction], class_body: bool = False, scope: str = ""
) -> dict[int, Access]:
    """The same of instructions of whatever Python, by their offsets.

    class_body: their names are an own namespace's. scope: what tells the variables of their enclosing functions.
    """
    parts = [part for whole in instructions for part in _parts(whole)]
    followed, found = Followed(parts, scope), {}
    for place, instruction in enumerate(parts):
        followed.arrive(instruction)
        access = _access(parts, place, followed, scope)
        if access is None or (class_body and access.namespace):
            followed.go(instruction)
        else:
            found[instruction.offset] = access
            followed.touch(instruction)
    return found


def _told(instructions: Iterable[dis.Instruction]) -> Iterator[tuple[int, int]]:
    """For each offset, the one that a trace function hears of: in 3.11 it sees only the first of a long one's units."""
    begin = None
    for instruction in instructions:
        if begin is None:
            begin = instruction.offset
        if instruction.opname != "EXTENDED_ARG":
            yield instruction.offset, begin if sys.version_info < (3, 12) else instruction.offset
            begin = None


def _is_class_body(code: CodeType) -> bool:
    return "__module__" in code.co_names and "__qualname__" in code.co_names


def _parts(instruction: dis.Instruction) -> Iterator[dis.Instruction]:
    """The instruction itself, or the two that it is made of."""
    if instruction.opname in _PAIRS:
        first, second = instruction.argval
        opname = _PAIRS[instruction.opname]
        yield instruction._replace(opname="STORE_FAST" if "STORE" in instruction.opname else opname, argval=first)
        yield instruction._replace(opname=opname, argval=second)
    else:
        yield instruction


def _access(instructions: Sequence[dis.Instruction], n: int, followed: Followed, scope: str) -> Access | None:
    instruction = instructions[n]
    name, op = instruction.argval, instruction.opname.removeprefix("INSTRUMENTED_")
    match effect_of(instruction.opname):
        case Effect.READS_VARIABLE:
            return Access(cell(name, scope if op in CELLS else ""), READ)
        case Effect.WRITES_VARIABLE:
            own = name == "__classdict__"  # a class body's, from 3.13 on
            return None if own else Access(cell(name, scope if op in CELLS else ""), WRITE)
        case Effect.WRITES_NAMESPACE:
            return Access(f"variable {name}", WRITE, namespace=True)
        case Effect.READS_ATTRIBUTE:
            return _attribute(name, READ, followed.super() if "SUPER" in op else followed.top(1)[0])
        case Effect.WRITES_ATTRIBUTE:
            return _attribute(name, WRITE, followed.top(1)[0])
        case Effect.READS_ITEMS if op == "FORMAT_VALUE" and (instruction.arg or 0) & 4:  # up to 3.12, with a format
            return _working("format", 2, READ, followed)
        case Effect.READS_ITEMS if op == "COMPARE_OP" and _is_built_of_constants(instructions, n):
            return _working("compare", 2, READ, followed, Operand("constant"))
        case Effect.READS_ITEMS:
            return _working(*_WAYS[op], READ, followed)
        case Effect.WRITES_ITEMS:
            return _working(*_WAYS[op], WRITE, followed)
        case Effect.BRANCHES:
            return _working("truth", 1, READ, followed)
        case Effect.OPERATES if instruction.argrepr == "[]":  # from 3.14 on
            return _working("item", 2, READ, followed)
        case Effect.OPERATES:  # in place, a list is changed and a number is not
            in_place = instruction.argrepr.endswith("=")
            return _working("in place" if in_place else "operate", 2, WRITE if in_place else READ, followed)
        case Effect.CALLS:
            return _call(instructions, n, followed)
        case Effect.ENTERS_WITH if op == "LOAD_SPECIAL" and instruction.arg != _EXIT:
            return None
        case Effect.ENTERS_WITH:
            return _working(*_WAYS[op], READ, followed)
        case Effect.INTRINSIC:
            return _intrinsic(instruction, followed)
        case Effect.MATCHES_CLASS:
            return _match(instructions, n, followed)
        case Effect.IMPORTS:
            return _import(instructions, n, followed)
        case Effect.SENDS:  # to a generator, whose code is watched, or to another iterator, which moves on
            return _working("send", 2, READ, followed)
        case Effect.EVERYTHING:
            return _EVERYTHING
    return None


def is_special(name: str) -> bool:
    """Whether what is kept under this name in a class or a function changes what others do without naming it."""
    return name.startswith("__") and name.endswith("__") and name not in _IDLE_NAMES


def _attribute(name: str, mode: bool, owner: Operand) -> Access:
    if mode == WRITE and is_special(name):
        return Access(f"attribute {name}", mode, "special", (owner,))
    if name in DEEP:
        return _EVERYTHING
    return Access(f"attribute {name}", mode, "attribute", (owner,))


def _working(how: str, count: int, mode: bool, followed: Followed, last: Operand | None = None) -> Access | None:
    """What works on the stack's uppermost; nothing if all of that was made here. last: stands for the uppermost."""
    operands = followed.top(count)
    if last is not None:
        operands = (*operands[:-1], last)
    if how == "item" and count == 3:  # from 3.12 on, without a slice
        operands = (operands[0], Operand("new", "slice"))
    if all(map(_is_simple, operands)):
        return None
    own = operands[0].kind in ("constant", "new")  # made here, and shared with nobody
    if how in _INTO and own and (how != "item" or _is_simple(operands[1])):  # an index may be looked into
        return None
    return Access(ITEMS, mode, how, operands)


def _is_simple(operand: Operand) -> bool:
    return operand.kind == "constant" or (operand.kind == "new" and operand.name in SIMPLE)


def _is_built_of_constants(instructions: Sequence[dis.Instruction], n: int) -> bool:
    """Whether what is uppermost is a list, set or dictionary that was made just before, of nothing but constants."""
    build = instructions[n - 1]
    count = build.arg or 0
    begin = n - 1 - {"BUILD_MAP": 2 * count, "BUILD_CONST_KEY_MAP": count + 1}.get(build.opname, count)
    if build.opname in ("LIST_EXTEND", "SET_UPDATE"):
        begin = n - 2
        if n < 3 or instructions[n - 3].opname not in ("BUILD_LIST", "BUILD_SET") or instructions[n - 3].arg:
            return False
    elif build.opname not in ("BUILD_LIST", "BUILD_SET", "BUILD_MAP", "BUILD_CONST_KEY_MAP"):
        return False
    made = instructions[begin : n - 1]
    straight = not any(one.is_jump_target for one in instructions[begin : n + 1])
    return begin >= 0 and straight and all(one.opname in ("LOAD_CONST", "LOAD_SMALL_INT") for one in made)


def _call(instructions: Sequence[dis.Instruction], n: int, followed: Followed) -> Access | None:
    callee, given, way = followed.called(instructions[n])
    if callee.kind == "exit" or _leaves_with(instructions, n):  # what leaves says itself what it touches
        return None
    derived = callee.name == "class builder" and len(given) > 2  # what it is derived from may have a say
    if callee.kind == "new" and way != "starred" and not derived:  # what has a star is gone through before
        return None
    return Access(ITEMS, WRITE, f"call {way}".rstrip(), (callee, *given))


def _intrinsic(instruction: dis.Instruction, followed: Followed) -> Access | None:
    if instruction.opname == "CALL_INTRINSIC_1" and instruction.arg == _UNARY_POSITIVE:
        return _working("number", 1, READ, followed)
    prints = instruction.opname == "CALL_INTRINSIC_1" and instruction.arg in (_PRINTS, _IMPORTS_STAR)
    return _EVERYTHING if prints else None


def _import(instructions: Sequence[dis.Instruction], n: int, followed: Followed) -> Access:
    """The module's name, how many packages up that is, and the names that are wanted from it."""
    wanted = instructions[n - 1].argval
    names = [wanted] if isinstance(wanted, str) else [one for one in wanted or () if isinstance(one, str)]
    module = Operand("constant", instructions[n].argval)
    return Access(ITEMS, READ, "import", (module, followed.top(2)[0], *(Operand("constant", name) for name in names)))


def _match(instructions: Sequence[dis.Instruction], n: int, followed: Followed) -> Access:
    """What `case Point(x=0)` reads besides the class: the attributes it names, or those that the class names."""
    names = instructions[n - 1].argval
    if instructions[n].arg == 0 and isinstance(names, tuple) and not names:
        return Access(ITEMS, READ, "instance", followed.top(3)[:2])
    return _EVERYTHING


def _leaves_with(instructions: Sequence[dis.Instruction], n: int) -> bool:
    """True for the call at the end of a `with`, of something that says itself what it touches."""
    given = [i for i in instructions[max(0, n - 4) : n] if i.opname != "PRECALL"][-3:]
    place = instructions[n].positions
    return len(given) == 3 and all((i.opname, i.argval, i.positions) == ("LOAD_CONST", None, place) for i in given)


def nested(code: CodeType) -> Iterator[CodeType]:
    """This code and all that is defined inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from nested(constant)
