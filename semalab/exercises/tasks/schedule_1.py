"""schedule-1: the least that can be left of four increments."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from semalab.exercises.answers import Answer, Prediction
from semalab.exercises.together import run_together
from semalab.exploration.exploration import Exploration
from semalab.exploration.explore import search
from semalab.run import Run


def count_in_two(times: int) -> int:
    total = 0

    def work() -> None:
        nonlocal total
        for _ in range(times):
            total += 1

    workers = [threading.Thread(target=work, name=f"worker-{i}") for i in range(2)]
    run_together(workers)
    return total


def least(run: Run) -> int:
    """The smallest total under any schedule of this run's program."""
    totals: set[int] = set()

    def note(run: Run) -> None:
        totals.add(run.result)

    _explored(note, run.arguments["times"])
    return min(totals)


def the_least_again(answer: Answer) -> Exploration:
    def is_more(run: Run) -> bool:
        return bool(run.result > answer)

    return _explored(is_more, EXERCISE.arguments["times"])


def _explored(check: Callable[[Run], Any], times: int) -> Exploration:
    return search(count_in_two, {"times": times}, check, "bytecode", "clock", 1_000, 20.0)


def because() -> dict[Answer, str]:
    return {
        4: "So it is when nobody comes in between. Under some schedules a count is lost.",
        3: "One count can be lost. Can a second be lost, too?",
        1: "Whoever writes last has read what was there after its own first count: that was not 0 any more.",
        0: "Each write is one more than something that was read: 0 is never written.",
    }


EXERCISE = Prediction(
    name="schedule-1",
    task="Two threads do total += 1 twice each, without a lock: what is the smallest total under any schedule?",
    stub="""\
answer = ...  # the smallest total that can be left

lab.check("schedule-1", answer)
""",
    program=count_in_two,
    arguments={"times": 2},
    read=least,
    asked="a whole number",
    because=because,
    otherwise="Four counts were begun at 0: the total is somewhere from 0 to 4.",
    shows="Every write is at least 1, and whoever writes last has read after a write: at least 2 is left.",
    found=the_least_again,
)
