"""Whether a learner has begun at all: nothing, dots, an empty function, or the stub as it was given are no attempt."""

from __future__ import annotations

import ast
import dis
from types import CodeType, FunctionType
from typing import Any

_NOTHING = frozenset({"RESUME", "NOP", "CACHE", "RETURN_VALUE", "RETURN_CONST", "RETURN_GENERATOR", "POP_TOP"})


def is_untouched(attempt: Any, stub: str) -> bool:
    """True for what nobody has worked on yet. A changed name or comment is no work, either."""
    if attempt is None or attempt is ...:
        return True
    if not isinstance(attempt, FunctionType):
        return False
    code = attempt.__code__
    return _is_empty(code) or any(_same(code, given) for given in _functions(stub))


def _is_empty(code: CodeType) -> bool:
    """True for a body that only returns None or `...`."""
    for instruction in dis.get_instructions(code):
        loads_nothing = instruction.opname == "LOAD_CONST" and instruction.argval in (None, ...)
        if not loads_nothing and instruction.opname not in _NOTHING:
            return False
        if instruction.opname == "RETURN_CONST" and instruction.argval not in (None, ...):
            return False
    return True


def _functions(stub: str) -> list[CodeType]:
    """The functions that a cell defines, compiled. A repair's stub has one, a prediction's none."""
    cell = compile(ast.parse(stub), "<stub>", "exec")
    return [constant for constant in cell.co_consts if isinstance(constant, CodeType)]


def _same(one: CodeType, other: CodeType) -> bool:
    """True if both do the same with the same names, wherever they stand."""
    if (one.co_code, one.co_names, one.co_varnames) != (other.co_code, other.co_names, other.co_varnames):
        return False
    if (one.co_freevars, one.co_cellvars) != (other.co_freevars, other.co_cellvars):
        return False
    return len(one.co_consts) == len(other.co_consts) and all(map(_same_constant, one.co_consts, other.co_consts))


def _same_constant(one: Any, other: Any) -> bool:
    if isinstance(one, CodeType) and isinstance(other, CodeType):
        return _same(one, other)
    if isinstance(one, str) and isinstance(other, str) and "<locals>" in one + other:  # a name in full, up to 3.10
        return True
    return type(one) is type(other) and one == other
