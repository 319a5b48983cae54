"""Which instructions of a program read or write what several threads may share: found in the bytecode, before it runs.

Locations are named, not identified: all variables of one name are one location, all attributes of one name, and all
containers that a variable or an attribute of one name holds. Two accesses that are really apart are then taken to touch
each other, which costs schedules and never loses one. A container with two names, or one whose name is not known, is
found out while the program runs.
"""

from __future__ import annotations

import dis
import functools
from collections.abc import Iterator, Sequence
from types import CodeType
from typing import NamedTuple

from semalab.stepping.footprint import EVERYTHING, READ, WRITE

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
    CPython's primitives keep what no name tells.
    """

    location: str
    mode: bool
    operand: Expression | None = None
    call: bool = False
    mixed: bool = False
    inside: bool = False


_VARIABLES = ("LOAD_DEREF", "LOAD_GLOBAL", "LOAD_NAME", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF")
_VARIABLES_CHANGED = ("STORE_DEREF", "STORE_GLOBAL", "DELETE_DEREF", "DELETE_GLOBAL")
_ITEMS = frozenset(
    "BINARY_SUBSCR BINARY_SLICE CONTAINS_OP GET_ITER FOR_ITER UNPACK_SEQUENCE UNPACK_EX LIST_EXTEND SET_UPDATE"
    " DICT_UPDATE DICT_MERGE FORMAT_VALUE FORMAT_SIMPLE FORMAT_WITH_SPEC CONVERT_VALUE COMPARE_OP UNARY_NOT"
    " TO_BOOL".split()
)
_ITEMS_CHANGED = ("STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE")
_CALLS = ("CALL", "CALL_KW", "CALL_FUNCTION_EX")
# What CPython's primitives keep inside is changed by code that is not watched; what these functions do, no name tells.
_INSIDES = frozenset(
    "_value _flag _is_stopped _started _state queue unfinished_tasks is_shutdown mutex not_empty not_full"
    " all_tasks_done".split()
)
_BY_NAME = frozenset("setattr getattr delattr hasattr vars globals locals exec eval".split())
_QUESTIONS = ("acquire", "locked", "is_set", "is_alive")
_BUILTIN_QUESTIONS = tuple(map(Expression, ("len", "bool", "isinstance", "any", "all")))
_TRUTHS = ("COMPARE_OP", "CONTAINS_OP", "IS_OP", "UNARY_NOT", "TO_BOOL", "LOAD_CONST")


_NO_EXPRESSIONS = ("CACHE", "NOP", "RESUME", "PRECALL", "KW_NAMES", "PUSH_NULL")


@functools.lru_cache(maxsize=1024)
def accesses(code: CodeType) -> dict[int, Access]:
    """For each instruction (its offset) of this code that may touch something shared: what."""
    instructions = [i for i in dis.get_instructions(code) if i.opname not in _NO_EXPRESSIONS]
    return {i.offset: access for n, i in enumerate(instructions) if (access := _access(instructions, n)) is not None}


def _access(instructions: Sequence[dis.Instruction], n: int) -> Access | None:
    instruction = instructions[n]
    op, name = instruction.opname, instruction.argval
    if op in _VARIABLES:
        return Access(f"variable {name}", READ)
    if op in _VARIABLES_CHANGED:
        return Access(f"variable {name}", WRITE)
    if op in ("LOAD_ATTR", "LOAD_METHOD"):
        if name not in _INSIDES:
            return Access(f"attribute {name}", READ)
        return Access(f"attribute {name}", READ, _operand(instructions, n) or Expression(None), inside=True)
    if op in ("STORE_ATTR", "DELETE_ATTR"):
        return Access(f"attribute {name}", WRITE)
    if op in _ITEMS_CHANGED:
        return Access(ITEMS, WRITE, _operand(instructions, n))
    if op in _CALLS:
        comprehension = instructions[n - 1].opname == "GET_ITER"  # its code is watched
        if comprehension or _leaves_with(instructions, n):
            return None
        function = _operand(instructions, n)
        if function is not None and function.base in _BY_NAME:
            return Access(EVERYTHING, WRITE)
        return Access(ITEMS, WRITE, function, call=True)
    if op == "BINARY_OP":  # in place, a list is changed and a number is not
        mode = WRITE if instruction.argrepr.endswith("=") else READ
        return Access(ITEMS, mode, _operand(instructions, n), mixed=True)
    decides = op in ("TO_BOOL", "UNARY_NOT") or ("JUMP" in op and "_IF_" in op and "NONE" not in op)
    if decides and n and (instructions[n - 1].opname in _TRUTHS or _answers(instructions, n - 1)):
        return None
    if decides or op in _ITEMS:
        return Access(ITEMS, READ, _looked_at(instructions, n), mixed=op == "COMPARE_OP")
    return None


def _answers(instructions: Sequence[dis.Instruction], n: int) -> bool:
    """True for a call whose result is a truth or a number."""
    function = _operand(instructions, n) if instructions[n].opname in _CALLS else None
    return function is not None and (function.attribute in _QUESTIONS or function in _BUILTIN_QUESTIONS)


def _looked_at(instructions: Sequence[dis.Instruction], n: int) -> Expression | None:
    """The container that an instruction looks into: its left operand, or what was loaded just before."""
    op = instructions[n].opname
    if op in ("BINARY_SUBSCR", "BINARY_SLICE", "COMPARE_OP"):
        return _operand(instructions, n)
    if op == "FOR_ITER":
        place = instructions[n].positions
        begun = [m for m in range(n) if (instructions[m].opname, instructions[m].positions) == ("GET_ITER", place)]
        return _looked_at(instructions, begun[-1]) if begun else None
    if n and instructions[n - 1].opname == "CALL":
        function = _operand(instructions, n - 1)
        return function if function == Expression("range") else None
    return _expression(instructions, n - 1) if n else None


def _leaves_with(instructions: Sequence[dis.Instruction], n: int) -> bool:
    """True for the call at the end of a `with`, of something that says itself what it touches."""
    given = instructions[max(0, n - 3) : n]
    place = instructions[n].positions
    return len(given) == 3 and all((i.opname, i.argval, i.positions) == ("LOAD_CONST", None, place) for i in given)


def _operand(instructions: Sequence[dis.Instruction], n: int) -> Expression | None:
    """The function of a call or the left side of an operator: what begins where the whole expression begins."""
    found = _leftmost(instructions, n)
    return _expression(instructions, found) if found is not None else None


def _leftmost(instructions: Sequence[dis.Instruction], n: int) -> int | None:
    """The longest expression that begins where this one begins, and ends before it."""
    whole = instructions[n].positions
    if whole is None or whole.lineno is None or whole.end_lineno is None:
        return None
    best, found = (0, 0), None
    for number in range(n - 1, -1, -1):
        part = instructions[number].positions
        if (
            instructions[number].opname == "LOAD_CONST"
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
    if op in ("LOAD_ATTR", "LOAD_METHOD"):
        base = _leftmost(instructions, n)
        inner = _expression(instructions, base) if base is not None else None
        if inner is None or inner.attribute is not None:
            return Expression(None, name)
        return Expression(inner.base, name, inner.local)
    if op.startswith("LOAD_") and isinstance(name, str) and op != "LOAD_CONST":
        return Expression(name, None, op not in ("LOAD_GLOBAL", "LOAD_NAME"))
    return None


def nested(code: CodeType) -> Iterator[CodeType]:
    """This code and all that is defined inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from nested(constant)
