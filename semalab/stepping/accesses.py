"""Which instructions of a program read or write what several threads may share: found in the bytecode, before it runs.

Locations are named, not identified: all variables of one name are one location, all attributes of one name, and all
containers that a variable or an attribute of one name holds. Two accesses that are really apart are then taken to touch
each other, which costs schedules and never loses one. A container with two names, or one whose name is not known, is
found out while the program runs.
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

ITEMS = "items"  # the contents of containers, and all that a call may change


class Expression(NamedTuple):
    """What an operand came from, if that is simple: the variable `base`, or its attribute; None if it is not.

    local: the variable is the function's own or an enclosing one's, not a global.
    """

    base: str | None
    attribute: str | None = None
    local: bool = False


class Access(NamedTuple):
    """What one instruction may touch. `operand`: whose value tells whether it does, and how; `call`: it is called.

    `mixed`: it may touch other containers besides. `inside`: an attribute of `operand` that goes by a name under which
    CPython's primitives keep what no name tells. `namespace`: it is shared only if the code is a module's.
    """

    location: str
    mode: bool
    operand: Expression | None = None
    call: bool = False
    mixed: bool = False
    inside: bool = False
    namespace: bool = False


# Whose left side is looked at.
_SUBSCRIPTS = frozenset("BINARY_SUBSCR BINARY_SLICE COMPARE_OP BINARY_OP".split())
# What CPython's primitives keep inside is changed by code that is not watched; what these functions do, no name tells.
_INSIDES = frozenset(
    "_value _flag _is_stopped _started _state queue unfinished_tasks is_shutdown mutex not_empty not_full"
    " all_tasks_done".split()
)
_BY_NAME = frozenset("setattr getattr delattr hasattr vars globals locals exec eval".split())
_QUESTIONS = ("acquire", "locked", "is_set", "is_alive")
_BUILTIN_QUESTIONS = tuple(map(Expression, ("len", "bool", "isinstance", "any", "all")))
_CONSTANTS = ("LOAD_CONST", "LOAD_SMALL_INT")
_TRUTHS = frozenset("COMPARE_OP CONTAINS_OP IS_OP UNARY_NOT TO_BOOL MATCH_SEQUENCE MATCH_MAPPING".split()).union(
    _CONSTANTS
)
_METHODS = frozenset("LOAD_ATTR LOAD_METHOD".split())
_GLOBALS = frozenset("LOAD_GLOBAL LOAD_NAME LOAD_FROM_DICT_OR_GLOBALS".split())
_LOCALS = frozenset(
    "LOAD_FAST LOAD_FAST_CHECK LOAD_FAST_AND_CLEAR LOAD_FAST_BORROW LOAD_DEREF LOAD_CLASSDEREF LOAD_FROM_DICT_OR_DEREF"
    " LOAD_CLOSURE".split()
)
_PAIRS = {
    "LOAD_FAST_LOAD_FAST": "LOAD_FAST",
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW": "LOAD_FAST_BORROW",
    "STORE_FAST_LOAD_FAST": "LOAD_FAST",
}
_PRINTS, _IMPORTS_STAR, _UNARY_POSITIVE = 1, 2, 5  # CALL_INTRINSIC_1's numbers
_EVERYTHING = Access(EVERYTHING, WRITE)


@functools.lru_cache(maxsize=1024)
def accesses(code: CodeType) -> dict[int, Access]:
    """What each instruction of this code may touch that is shared, by the offset that a watcher hears of."""
    instructions = [*dis.get_instructions(code)]
    found = accesses_among(instructions, _is_class_body(code))
    return {told: found[offset] for offset, told in _told(instructions) if offset in found}


def accesses_among(instructions: Iterable[dis.Instruction], class_body: bool = False) -> dict[int, Access]:
    """The same of instructions of whatever Python, by their offsets. class_body: their names are an own namespace's."""
    expressions = [part for whole in instructions for part in _parts(whole)]
    found = ((i.offset, _access(expressions, n)) for n, i in enumerate(expressions))
    return {offset: access for offset, access in found if access is not None and not (class_body and access.namespace)}


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
    """What counts of an instruction among expressions: nothing, itself, or the two variables that it loads.

    Only the first one's place in the source is told.
    """
    if instruction.opname in _PAIRS:
        first, second = instruction.argval
        opname = _PAIRS[instruction.opname]
        if not instruction.opname.startswith("STORE"):
            yield instruction._replace(opname=opname, argval=first)
        yield instruction._replace(opname=opname, argval=second, positions=None)
    elif effect_of(instruction.opname) is not Effect.BETWEEN:
        yield instruction


def _access(instructions: Sequence[dis.Instruction], n: int) -> Access | None:
    instruction = instructions[n]
    name = instruction.argval
    match effect_of(instruction.opname):
        case Effect.READS_VARIABLE:
            return Access(f"variable {name}", READ)
        case Effect.WRITES_VARIABLE:
            own = name == "__classdict__"  # a class body's, from 3.13 on
            return None if own else Access(f"variable {name}", WRITE)
        case Effect.WRITES_NAMESPACE:
            return Access(f"variable {name}", WRITE, namespace=True)
        case Effect.READS_ATTRIBUTE:
            if name not in _INSIDES:
                return Access(f"attribute {name}", READ)
            return Access(f"attribute {name}", READ, _operand(instructions, n) or Expression(None), inside=True)
        case Effect.WRITES_ATTRIBUTE:
            return Access(f"attribute {name}", WRITE)
        case Effect.WRITES_ITEMS:
            return Access(ITEMS, WRITE, _operand(instructions, n))
        case Effect.READS_ITEMS if n and instructions[n - 1].opname == "CONVERT_VALUE":
            return None  # what !r or !s made is a string
        case Effect.READS_ITEMS:
            return Access(ITEMS, READ, _looked_at(instructions, n), mixed=instruction.opname == "COMPARE_OP")
        case Effect.BRANCHES:
            if n and (instructions[n - 1].opname in _TRUTHS or _answers(instructions, n - 1)):
                return None
            return Access(ITEMS, READ, _looked_at(instructions, n))
        case Effect.OPERATES if instruction.argrepr == "[]":  # from 3.14 on
            return Access(ITEMS, READ, _looked_at(instructions, n))
        case Effect.OPERATES:  # in place, a list is changed and a number is not
            mode = WRITE if instruction.argrepr.endswith("=") else READ
            return Access(ITEMS, mode, _operand(instructions, n), mixed=True)
        case Effect.CALLS:
            return _call(instructions, n)
        case Effect.INTRINSIC:
            return _intrinsic(instructions, n)
        case Effect.MATCHES_CLASS:
            return _match(instructions, n)
        case Effect.SENDS:  # what is awaited has said so before
            begun = _begun(instructions, n, "GET_YIELD_FROM_ITER")
            return Access(ITEMS, READ, _looked_at(instructions, begun)) if begun is not None else None
        case Effect.EVERYTHING:
            return _EVERYTHING
    return None


def _call(instructions: Sequence[dis.Instruction], n: int) -> Access | None:
    before = instructions[n - 1]
    comprehension = before.opname == "GET_ITER"  # its code is watched
    enters_with = before.opname == "LOAD_SPECIAL"
    if comprehension or enters_with or _leaves_with(instructions, n):
        return None
    function = _operand(instructions, n)
    if function is not None and function.base in _BY_NAME:
        return _EVERYTHING
    return Access(ITEMS, WRITE, function, call=True)


def _intrinsic(instructions: Sequence[dis.Instruction], n: int) -> Access | None:
    instruction = instructions[n]
    if instruction.opname == "CALL_INTRINSIC_1" and instruction.arg == _UNARY_POSITIVE:
        return Access(ITEMS, READ, _looked_at(instructions, n))
    prints = instruction.opname == "CALL_INTRINSIC_1" and instruction.arg in (_PRINTS, _IMPORTS_STAR)
    return _EVERYTHING if prints else None


def _match(instructions: Sequence[dis.Instruction], n: int) -> Access | None:
    """What `case Point(x=0)` reads besides the class: the attributes it names, or those that the class names."""
    names = instructions[n - 1].argval
    if instructions[n].arg == 0 and isinstance(names, tuple) and len(names) < 2:
        return Access(f"attribute {names[0]}", READ) if names else None
    return _EVERYTHING


def _answers(instructions: Sequence[dis.Instruction], n: int) -> bool:
    """True for a call whose result is a truth or a number."""
    function = _operand(instructions, n) if effect_of(instructions[n].opname) is Effect.CALLS else None
    return function is not None and (function.attribute in _QUESTIONS or function in _BUILTIN_QUESTIONS)


def _looked_at(instructions: Sequence[dis.Instruction], n: int) -> Expression | None:
    """The container that an instruction looks into: its left operand, or what was loaded just before."""
    op = instructions[n].opname
    if op in _SUBSCRIPTS:
        return _operand(instructions, n)
    if op == "FOR_ITER":
        begun = _begun(instructions, n, "GET_ITER")
        return _looked_at(instructions, begun) if begun is not None else None
    if n and instructions[n - 1].opname == "CALL":
        function = _operand(instructions, n - 1)
        return function if function == Expression("range") else None
    return _expression(instructions, n - 1) if n else None


def _begun(instructions: Sequence[dis.Instruction], n: int, opcode: str) -> int | None:
    """The last instruction with this opcode before this one, at the same place in the source."""
    place = instructions[n].positions
    return next((m for m in range(n - 1, -1, -1) if _is_at(instructions[m], opcode, place)), None)


def _is_at(instruction: dis.Instruction, opcode: str, place: dis.Positions | None) -> bool:
    return instruction.opname == opcode and instruction.positions == place


def _leaves_with(instructions: Sequence[dis.Instruction], n: int) -> bool:
    """True for the call at the end of a `with`, of something that says itself what it touches."""
    given = instructions[max(0, n - 3) : n]
    place = instructions[n].positions
    return len(given) == 3 and all((i.opname, i.argval, i.positions) == ("LOAD_CONST", None, place) for i in given)


def _operand(instructions: Sequence[dis.Instruction], n: int) -> Expression | None:
    """The function of a call or the left side of an operator: what begins where the whole expression begins."""
    found = _leftmost(instructions, n)
    if (
        found is None
        and instructions[n].opname in ("STORE_SUBSCR", "DELETE_SUBSCR")
        and _has_no_place(instructions, n - 2)
    ):
        found = n - 2  # before a key that is one instruction
    return _expression(instructions, found) if found is not None else None


def _has_no_place(instructions: Sequence[dis.Instruction], n: int) -> bool:
    """True for the second variable of an instruction that loads two."""
    return n >= 0 and instructions[n].positions is None


def _leftmost(instructions: Sequence[dis.Instruction], n: int) -> int | None:
    """The longest expression that begins where this one begins, and ends before it."""
    whole = instructions[n].positions
    if whole is None or whole.lineno is None or whole.end_lineno is None:
        return None
    best, found = (0, 0), None
    for number in range(n - 1, -1, -1):
        part = instructions[number].positions
        if (
            instructions[number].opname in _CONSTANTS
            or part is None
            or (part.lineno, part.col_offset) != (whole.lineno, whole.col_offset)
        ):
            continue
        end = (part.end_lineno or 0, part.end_col_offset or 0)
        if best < end < (whole.end_lineno, whole.end_col_offset or 0):
            best, found = end, number
    return found


def _expression(instructions: Sequence[dis.Instruction], n: int) -> Expression | None:
    op, name = instructions[n].opname, instructions[n].argval
    if op in _METHODS:
        base = n - 1 if _has_no_place(instructions, n - 1) else _leftmost(instructions, n)
        inner = _expression(instructions, base) if base is not None else None
        if inner is None or inner.attribute is not None:
            return Expression(None, name)
        return Expression(inner.base, name, inner.local)
    if op == "LOAD_SUPER_ATTR":
        return Expression(None, name)
    if op in _GLOBALS or op in _LOCALS:
        return Expression(name, None, op in _LOCALS)
    return None


def nested(code: CodeType) -> Iterator[CodeType]:
    """This code and all that is defined inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from nested(constant)
