"""schedule-2: philosophers who all take the left fork first."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from typing import Any

from semalab.exercises.logged import STAY, calls
from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run


def dine(attempt: Any, philosophers: int) -> dict[str, int]:
    forks = [threading.Semaphore(1) for _ in range(philosophers)]
    in_use = clashes = 0  # a bit for each fork

    def sit(i: int) -> None:
        def eat() -> None:
            nonlocal in_use, clashes
            mine = 1 << i | 1 << (i + 1) % philosophers
            print("eats")
            if in_use & mine:
                clashes += 1
            in_use |= mine
            time.sleep(STAY)
            in_use &= ~mine

        attempt(forks, i, eat)

    sitting = [threading.Thread(target=sit, args=[i], name=f"philosopher-{i}") for i in range(philosophers)]
    run_together(sitting)
    return {"clashes": clashes}


def wrong(run: Run) -> str | None:
    philosophers, meals = run.arguments["philosophers"], calls(run)
    if run.result["clashes"]:
        return "two neighbours ate at the same time, with one fork between them."
    if len(meals) < philosophers:
        return f"only {len(meals)} of {philosophers} philosophers have eaten."
    if any(use.final != 1 for use in run.reading.uses.values()):
        return "a fork is not on the table when all have eaten, or is there twice."
    return None


def unasked(run: Run) -> str | None:
    philosophers = run.arguments["philosophers"]
    taken: dict[str, set[str]] = defaultdict(set)
    for event in run.trace.events:
        if event.kind == "acquire":
            taken[event.thread].add(event.primitive)
    for i in range(philosophers):
        if not {f"forks[{i}]", f"forks[{(i + 1) % philosophers}]"} <= taken[f"philosopher-{i}"]:
            return f"philosopher {i} ate without both forks: forks[{i}] and forks[{(i + 1) % philosophers}]."
    return None


EXERCISE = Trial(
    name="schedule-2",
    kind="repair",
    task="Each philosopher eats with the fork to the left and the one to the right, and nobody starves in a deadlock.",
    stub="""\
def attempt(forks, i, eat):
    left, right = i, (i + 1) % len(forks)
    with forks[left]:
        with forks[right]:
            eat()


lab.check("schedule-2", attempt)
""",
    program=dine,
    takes=("forks", "i", "eat"),
    small=({"philosophers": 2}, {"philosophers": 3}),
    large=({"philosophers": 7},),
    sized=("philosophers",),
    wrong=wrong,
    unasked=unasked,
    holds="everybody eats, with both forks, and no schedule ends in a deadlock",
)
