"""schedule-3: a program that is to deadlock, but not under every schedule."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from semalab.exercises.bounded import Bounded
from semalab.exercises.exercise import Exercise
from semalab.exercises.faults import INTERRUPTED, fault_of, shape_of
from semalab.exercises.feedback import Feedback
from semalab.exercises.quiet import quiet
from semalab.exploration.exploration import Exploration
from semalab.exploration.interrupts import interrupts
from semalab.log.stops import Deadlock
from semalab.run import Run


def give_two_semaphores(attempt: Any) -> None:
    a, b = threading.Semaphore(1), threading.Semaphore(1)
    attempt(a, b)


@dataclass(frozen=True, kw_only=True)
class Trap(Exercise):
    """Solved by a program that deadlocks under some of its schedules, and under others comes to its end."""

    def judge(self, attempt: Any) -> Feedback:
        if (problem := shape_of(attempt, ("a", "b"))) is not None:
            return self.not_yet(problem)
        with quiet(), interrupts() as interrupted:
            bounded = Bounded(interrupted)
            found = bounded.explore(give_two_semaphores, {"attempt": attempt}, lambda run: None)
            if found.unfinished is not None or not found.complete:
                return self._unproved(found, bounded)
            return self._answer(found, attempt)

    def _unproved(self, found: Exploration, bounded: Bounded) -> Feedback:
        if bounded.interrupted():
            return self.not_yet(INTERRUPTED)
        if bounded.too_busy():
            return self.too_busy()
        return self.not_yet("there are more schedules than the check can try, or some never end.")

    def _answer(self, found: Exploration, attempt: Any) -> Feedback:
        if (shown := found.shortest) is None:
            problem = f"it comes to its end under each of its {found.covered:,} different schedules."
            return self.not_yet(problem, "Let two threads hold one semaphore each while they wait for the other.")
        if (wrong := self._against(found, shown, attempt)) is not None:
            return self.not_yet(wrong, exploration=found, run=shown)
        of = f"{len(found.violations):,} of {found.covered:,} different schedules"
        sentences = (
            f"Solved: {of} {'deadlocks' if len(found.violations) == 1 else 'deadlock'}, the others end well.",
            "Such a program passes its tests on most days. You see the shortest way into the trap.",
        )
        return Feedback(self.name, True, True, sentences, exploration=found, run=shown)

    def _against(self, found: Exploration, shown: Run, attempt: Any) -> str | None:
        if not isinstance(shown.stopped, Deadlock):
            return fault_of(shown, lambda run: None, attempt)
        if any(event.thread == "main" and event.kind == "acquire" for event in shown.trace.events):
            return "main took part: let two threads acquire the semaphores."
        if len(found.violations) == found.covered:
            return "it deadlocks under every schedule. A trap is not seen at once: some must end well."
        if {wait.primitive for wait in shown.stopped.waits if wait.kind == "Semaphore"} != {"a", "b"}:
            return "the deadlock must be over `a` and `b`, one thread at each."
        return None


EXERCISE = Trap(
    name="schedule-3",
    kind="build",
    task="Build a trap: a program with two threads that deadlocks over two semaphores, but only under some schedules.",
    stub="""\
def attempt(a, b):
    pass  # your program


lab.check("schedule-3", attempt)
""",
)
