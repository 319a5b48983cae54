"""barrier-3: two phases with a barrier between them, built from semaphores."""

from __future__ import annotations

import time
from typing import Any

from semalab.exercises.logged import STAY, calls, instead, semaphores
from semalab.exercises.trial import Trial
from semalab.run import Run


def cook_and_eat(attempt: Any, friends: int) -> dict[str, int]:
    cooked = eaten = early = 0

    def cook() -> None:
        nonlocal cooked
        time.sleep(STAY)
        cooked += 1

    def eat() -> None:
        nonlocal eaten, early
        if cooked < friends:
            early += 1
        time.sleep(STAY)
        eaten += 1

    attempt(friends, cook, eat)
    return {"cooked": cooked, "eaten": eaten, "early": early}


def wrong(run: Run) -> str | None:
    friends, counted, called = run.arguments["friends"], run.result, calls(run)
    if "main" in called:
        return "main cooked or ate itself: start a thread for each friend."
    if counted["early"]:
        return "somebody ate before everybody had cooked."
    if counted["cooked"] != friends or counted["eaten"] != friends:
        return (
            f"{friends} friends are to cook and eat once each: when `attempt` came to its end,"
            f" {counted['cooked']} had cooked and {counted['eaten']} had eaten."
        )
    if set(called.values()) != {2}:
        return "each friend must cook and eat in the same thread: call `cook()`, then `eat()`."
    return None


def unasked(run: Run) -> str | None:
    if (what := instead(run)) is not None:
        return f"it works with {what}, and here it is to be built from `threading.Semaphore`."
    if not semaphores(run):
        return "nobody acquired a semaphore: what does the first one who has cooked wait for?"
    return None


EXERCISE = Trial(
    name="barrier-3",
    kind="build",
    task="Start a thread for each friend, who cooks and then eats: nobody eats before everybody has cooked.",
    stub="""\
def attempt(friends, cook, eat):
    pass  # your program


lab.check("barrier-3", attempt)
""",
    program=cook_and_eat,
    takes=("friends", "cook", "eat"),
    small=({"friends": 2},),
    large=({"friends": 3}, {"friends": 10}),
    sized=("friends",),
    wrong=wrong,
    unasked=unasked,
    holds="nobody ate before everybody had cooked",
)
