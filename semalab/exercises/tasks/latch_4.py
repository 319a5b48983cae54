"""latch-4: a latch that nobody opens when the work before it fails."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.logged import STAY
from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run

RAIN = "it rains"


def prepare_the_track(attempt: Any, runners: int, rain: int) -> dict[str, int]:
    """rain: 1 if the track cannot be prepared."""
    gate = threading.Semaphore(0)
    tried = settled = early = passed = told = 0

    def prepare() -> None:
        nonlocal tried, settled
        tried += 1
        time.sleep(STAY)
        settled += 1
        print("cannot prepare the track" if rain else "has prepared the track")
        if rain:
            raise ConnectionError(RAIN)

    def open_up() -> None:
        nonlocal told
        try:
            attempt(gate, runners, prepare)
        except ConnectionError as error:
            told += str(error) == RAIN

    def run() -> None:
        nonlocal early, passed
        gate.acquire()
        early += not settled
        passed += 1

    threads = [threading.Thread(target=open_up, name="opener")]
    threads += [threading.Thread(target=run, name=f"runner-{i}") for i in range(runners)]
    run_together(threads)
    return {"tried": tried, "early": early, "passed": passed, "told": told}


def wrong(run: Run) -> str | None:
    counted, left = run.result, run.reading.uses["gate"].final
    if counted["tried"] != 1:
        return f"`prepare()` is to be called once, and was called {counted['tried']} times."
    if counted["early"]:
        return "a runner passed the gate before `prepare()` had come to its end."
    if left:
        return f"when all runners have passed, the gate is still open for {left} more."
    if counted["told"] != run.arguments["rain"]:
        return "what `prepare()` raises is to reach whoever called `attempt`."
    return None


EXERCISE = Trial(
    name="latch-4",
    kind="repair",
    task="prepare() may raise: let the runners pass then, too, or they wait for ever, and let the error pass on.",
    stub="""\
def attempt(gate, runners, prepare):
    prepare()
    gate.release(runners)


lab.check("latch-4", attempt)
""",
    program=prepare_the_track,
    takes=("gate", "runners", "prepare"),
    small=({"runners": 2, "rain": 1}, {"runners": 3, "rain": 0}),
    large=({"runners": 9, "rain": 1}, {"runners": 8, "rain": 0}),
    sized=("runners",),
    wrong=wrong,
    holds="the gate opens when `prepare()` has come to its end, however that is, and the error reaches the caller",
)
