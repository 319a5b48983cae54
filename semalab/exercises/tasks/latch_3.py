"""latch-3: a relay of threads, each waiting for the one before."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from semalab.exercises.logged import STAY, calls, instead, semaphores, waits
from semalab.exercises.trial import Trial
from semalab.run import Run


def run_a_relay(attempt: Any, legs: int) -> dict[str, int]:
    done = early = 0

    def leg(i: int) -> Callable[[], None]:
        def run() -> None:
            nonlocal done, early
            print(f"leg {i} begins")
            if done != i:
                early += 1
            time.sleep(STAY)
            done += 1

        return run

    attempt([leg(i) for i in range(legs)])
    return {"done": done, "early": early}


def wrong(run: Run) -> str | None:
    legs, runs = run.arguments["legs"], calls(run)
    if "main" in runs:
        return "main ran a leg itself: start a thread for each leg."
    if run.result["early"]:
        return "a leg began out of turn: each must wait until the one before it has ended."
    if len(runs) != legs or sum(runs.values()) != legs:
        return f"{legs} runners are to run a leg each; {len(runs)} ran, {sum(runs.values())} legs in all."
    if run.result["done"] < legs:
        return "`attempt` came to its end before the last leg did: wait for every thread with `join()`."
    return None


def unasked(run: Run) -> str | None:
    if (what := instead(run)) is not None:
        return f"it works with {what}, and here each runner is to wait at a `threading.Semaphore`."
    if not semaphores(run):
        return "nobody acquired a semaphore: what does the second runner wait for?"
    return None


EXERCISE = Trial(
    name="latch-3",
    kind="build",
    task="Run each of the legs in a thread of its own, all started at once, each leg only after the one before it.",
    stub="""\
def attempt(legs):
    pass  # your program


lab.check("latch-3", attempt)
""",
    program=run_a_relay,
    takes=("legs",),
    small=({"legs": 2}, {"legs": 3}),
    large=({"legs": 9},),
    sized=("legs",),
    wrong=wrong,
    unasked=unasked,
    seen=lambda run: ["a wait"] if waits(run) else [],
    expected={"a wait": "no runner ever had to wait at a semaphore. Start all threads before you join the first."},
    holds="each leg began when the one before it had ended, and not earlier",
)
