"""barrier-2: a gate behind which nobody holds the door."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.logged import STAY, calls
from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run


def meet(attempt: Any, hikers: int) -> dict[str, int]:
    gate = threading.Semaphore(0)
    arrived = early = gone = 0

    def arrive() -> bool:
        nonlocal arrived
        time.sleep(STAY)
        print("arrives")
        arrived += 1
        return arrived == hikers

    def hike() -> None:
        nonlocal early, gone
        attempt(arrive, gate)
        if arrived < hikers:
            early += 1
        gone += 1

    hiking = [threading.Thread(target=hike, name=f"hiker-{i}") for i in range(hikers)]
    run_together(hiking)
    return {"arrived": arrived, "early": early, "gone": gone}


def wrong(run: Run) -> str | None:
    hikers, counted = run.arguments["hikers"], run.result
    if counted["arrived"] != hikers or len(calls(run)) != hikers:
        return f"each hiker must call `arrive()` once; {hikers} hikers called it {counted['arrived']} times."
    if counted["early"]:
        return "a hiker went on before all had arrived: only the last one may open the gate."
    return None


def unasked(run: Run) -> str | None:
    if run.reading.uses["gate"].acquires < run.arguments["hikers"] - 1:
        return "nobody waited at the gate."
    return None


EXERCISE = Trial(
    name="barrier-2",
    kind="repair",
    task="Nobody goes on before all have arrived, and then everybody does, although only the last one opens the gate.",
    stub="""\
def attempt(arrive, gate):
    if arrive():  # True for the last one
        gate.release()
    gate.acquire()


lab.check("barrier-2", attempt)
""",
    program=meet,
    takes=("arrive", "gate"),
    small=({"hikers": 2}, {"hikers": 3}),
    large=({"hikers": 12},),
    sized=("hikers",),
    wrong=wrong,
    unasked=unasked,
    holds="nobody goes on before all have arrived, and then all do",
)
