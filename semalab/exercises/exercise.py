"""What every exercise is: its name, its task in a sentence, the cell a learner starts from, and its judge; and the kind
whose attempt is an answer: what a program does is found out by running it, not written down here.
"""

from __future__ import annotations

import ast
import dis
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

from semalab.analysis.claims import Check
from semalab.exercises.feedback import Feedback
from semalab.exploration.exploration import Exploration
from semalab.log.excerpt import written
from semalab.recording import run_program
from semalab.run import Run

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


Answer = int | str | tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Prediction(Exercise):
    """An exercise judged by comparing its answer with what a run shows.

    program, arguments: what is run, on the virtual clock. read: the answer, from the run; a whole number, a word, or
        several whole numbers. asked: what is asked for, as in "a whole number of milliseconds".
    because: answers that a likely mistake leads to, each with a sentence about that mistake; calculated, where it can
        be, by the program with the mistake in it. otherwise: the sentence for all other wrong answers.
    shows: why the right answer is right, in a sentence. claim: what the picture of the run is measured by.
    found: instead of the run, an exploration whose counterexample shows the right answer.
    """

    kind: str = field(default="predict", init=False)
    program: Callable[..., Any]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    read: Callable[[Run], Answer]
    asked: str
    because: Callable[[], Mapping[Answer, str]]
    otherwise: str
    shows: str
    claim: Check | None = None
    found: Callable[[Answer], Exploration] | None = None

    def run(self, **changed: Any) -> Run:
        """The program as asked about, or with other arguments."""
        return run_program(self.program, {**self.arguments, **changed}, clock="virtual", claim=self.claim)

    def judge(self, attempt: Any) -> Feedback:
        run = self.run()
        right = self.read(run)
        given = _as(type(right), attempt)
        if given is None:
            return self.not_yet(f"the answer must be {self.asked}, got {written(attempt, 60)}.")
        if given != right:
            return self.not_yet(f"not {written(attempt, 60)}.", self.because().get(given, self.otherwise))
        sentences = (f"Solved: {written(right, 60)}.", self.shows)
        if self.found is None:
            return Feedback(self.name, True, True, sentences, run=run)
        found = self.found(right)
        return Feedback(self.name, True, True, sentences, exploration=found, run=found.shortest)


def _as(kind: type, attempt: Any) -> Answer | None:
    """The attempt as an answer of this kind; None if it is none. Exact types only: of others, == is anybody's code."""
    if kind is str:
        return attempt.strip().upper() if type(attempt) is str else None
    if kind is int:
        return _whole(attempt)
    numbers = tuple(map(_whole, attempt)) if type(attempt) in (tuple, list) else (None,)
    return None if None in numbers else numbers  # type: ignore[return-value]


def _whole(value: Any) -> int | None:
    if type(value) is int:
        return value
    return int(value) if type(value) is float and value.is_integer() else None
