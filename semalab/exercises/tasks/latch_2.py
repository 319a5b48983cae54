"""latch-2: a gate that opens too early, and for one."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.logged import STAY, calls
from semalab.exercises.trial import Trial
from semalab.run import Run


def start_the_race(attempt: Any, runners: int) -> dict[str, int]:
    gate = threading.Semaphore(0)
    prepared = prepared_in_time = 0

    def prepare() -> None:
        nonlocal prepared
        time.sleep(STAY)
        print("the track is prepared")
        prepared += 1

    def run() -> None:
        nonlocal prepared_in_time
        gate.acquire()
        print("runs")
        if prepared:
            prepared_in_time += 1

    running = [threading.Thread(target=run, name=f"runner-{i}") for i in range(runners)]
    for thread in running:
        thread.start()
    attempt(gate, runners, prepare)
    for thread in running:
        thread.join()
    return {"prepared": prepared, "in_time": prepared_in_time}


def wrong(run: Run) -> str | None:
    runners, counted = run.arguments["runners"], run.result
    if not calls(run):
        return "the track was not prepared: nobody called `prepare()`."
    if counted["in_time"] < runners:
        early = runners - counted["in_time"]
        return f"{early} {'runner' if early == 1 else 'runners'} passed the gate before the track was prepared."
    if counted["prepared"] != 1:
        return f"the track was prepared {counted['prepared']} times, and once is enough."
    left = run.reading.uses["gate"].final
    if left:
        return f"all runners passed, and the gate is still open for {left} more: one `release()` lets one through."
    return None


EXERCISE = Trial(
    name="latch-2",
    kind="repair",
    task="Let every runner through the gate, none of them before the track is prepared, and nobody after them.",
    stub="""\
def attempt(gate, runners, prepare):
    gate.release()
    prepare()


lab.check("latch-2", attempt)
""",
    program=start_the_race,
    takes=("gate", "runners", "prepare"),
    small=({"runners": 2}, {"runners": 3}),
    large=({"runners": 15},),
    sized=("runners",),
    wrong=wrong,
    holds="the gate opens for all runners and for nobody else, and not before the track is prepared",
)
