"""What every exercise is: its name, its task in a sentence, the cell a learner starts from, and its judge.

A judge is asked only about what is an attempt: nothing, dots, an empty function, or the stub as it was given are none.
"""

from __future__ import annotations

import ast
import dis
from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from semalab.exercises.feedback import Feedback

_NOTHING = frozenset({"RESUME", "NOP", "CACHE", "RETURN_VALUE", "RETURN_CONST", "RETURN_GENERATOR", "POP_TOP"})
KINDS = {
    "predict": "Write your answer in place of the dots and run the cell again.",
    "repair": "Change the program until it is right, and run the cell again.",
    "build": "Write your program in place of `pass` and run the cell again.",
}
BUSY = "This machine is too busy just now: it left the check too little time to tell whether the attempt is right."


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


@dataclass(frozen=True, kw_only=True)
class Exercise(ABC):
    """One exercise. Invariant: its stub runs, and leaves it not attempted.

    name: the lesson's word and a number. kind: one of KINDS. task: one sentence. stub: the code cell to start from.
    """

    name: str
    kind: str
    task: str
    stub: str

    def answer(self, attempt: Any) -> Feedback:
        """What there is to say about an attempt, whatever it is."""
        if is_untouched(attempt, self.stub):
            return Feedback(self.name, False, False, (f"{self.name} is not attempted yet.", KINDS[self.kind]))
        return self.judge(attempt)

    def not_yet(self, problem: str, *others: str, **shown: Any) -> Feedback:
        """An attempt that is no solution. shown: as in `Feedback`."""
        return Feedback(self.name, False, True, (f"Not yet: {problem}", *others), **shown)

    def too_busy(self) -> Feedback:
        """Neither right nor wrong: the machine left too little of its time to tell."""
        return Feedback(self.name, False, True, (BUSY, "Run the cell again when less is going on."))

    @abstractmethod
    def judge(self, attempt: Any) -> Feedback:
        """As `answer`, for an attempt that is one."""
