"""Exercises about coroutines: they are run on asyncio's own order, with other durations for every seed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from semalab.analysis.claims import Check
from semalab.exercises.bounded import TIMEOUT, Bounded, quiet
from semalab.exercises.exercise import Exercise
from semalab.exercises.faults import ENDLESS, INTERRUPTED, fault_of, takes_other
from semalab.exercises.feedback import Feedback
from semalab.exploration.progress import interrupts
from semalab.log.excerpt import written
from semalab.log.stops import Timeout
from semalab.run import Run


@dataclass(frozen=True, kw_only=True)
class TaskTrial(Exercise):
    """An exercise whose attempt is a coroutine function, judged in seeded runs of a program of its own.

    asyncio runs its tasks in the order in which they became ready. What differs from run to run is how long things
    take, and so which of them is ready first: the seeds of the random durations take the place of schedules.

    program: a coroutine function that calls its argument `attempt`, and returns what `wrong` asks for. takes, wrong,
        holds, claim: as in `Trial`. sizes: its other arguments. told: the sizes in words. seeds: runs of each.
    """

    program: Callable[..., Any]
    takes: tuple[str, ...]
    sizes: Sequence[Mapping[str, Any]]
    told: str
    seeds: int = 12
    wrong: Callable[[Run], str | None]
    holds: str
    claim: Check | None = None

    def judge(self, attempt: Any) -> Feedback:
        if not inspect.iscoroutinefunction(attempt):
            listed = ", ".join(self.takes)
            return self.not_yet(
                f"the attempt must be a coroutine function, `async def attempt({listed})`, got {written(attempt, 60)}."
            )
        if (problem := takes_other(attempt, self.takes)) is not None:
            return self.not_yet(problem)
        run = None
        with quiet(), interrupts() as interrupted:
            bounded = Bounded(interrupted)
            for size in self.sizes:
                for seed in range(self.seeds):
                    run = bounded.run(self.program, {"attempt": attempt, **size}, seed, self.claim)
                    if interrupted():
                        return self.not_yet(INTERRUPTED)
                    if isinstance(run.stopped, Timeout) and run.duration < TIMEOUT and bounded.too_busy():
                        return self.too_busy()
                    if (problem := self._problem(run, attempt)) is not None:
                        return self.not_yet(problem, f"You see a run with the durations of seed {seed}.", run=run)
        tried = f"Right in {len(self.sizes) * self.seeds} runs of {self.told}, each with other durations."
        return Feedback(self.name, True, True, (f"Solved: {self.holds}.", tried), run=run)

    def _problem(self, run: Run, attempt: Any) -> str | None:
        if isinstance(run.stopped, Timeout):
            return ENDLESS
        return fault_of(run, self.wrong, attempt)
