"""What every exercise is: its name, its task in a sentence, the cell a learner starts from, and its judge."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from semalab.exercises.feedback import Feedback
from semalab.exercises.untouched import is_untouched

KINDS = {
    "predict": "Write your answer in place of the dots and run the cell again.",
    "repair": "Change the program until it is right, and run the cell again.",
    "build": "Write your program in place of `pass` and run the cell again.",
}
BUSY = "This machine is too busy just now: it left the check too little time to tell whether the attempt is right."


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
