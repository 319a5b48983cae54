"""An exercise whose attempt is an answer: what a program does is found out by running it, not written down here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from semalab.analysis.claims import Check
from semalab.exercises.exercise import Exercise
from semalab.exercises.feedback import Feedback
from semalab.exploration.exploration import Exploration
from semalab.log.excerpt import written
from semalab.recording import run_program
from semalab.run import Run

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
