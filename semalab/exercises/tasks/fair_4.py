"""fair-4: two permits at once, of which everybody may have the first."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.logged import STAY, calls, is_call
from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run

PAIR = 2  # seats that a couple needs


def ride_in_pairs(attempt: Any, couples: int, places: int) -> dict[str, int]:
    seats, mutex = threading.Semaphore(places), threading.Semaphore(1)
    riding = most = 0

    def ride() -> None:
        nonlocal riding, most
        riding += 1
        most = max(most, riding)
        time.sleep(STAY)
        riding -= 1

    run_together(
        [threading.Thread(target=attempt, args=[seats, mutex, ride], name=f"couple-{i}") for i in range(couples)]
    )
    return {"most": most}


def wrong(run: Run) -> str | None:
    couples, places, rides = run.arguments["couples"], run.arguments["places"], calls(run)
    if (problem := _too_few(run)) is not None:
        return problem
    if len(rides) != couples or rides.total() != couples:
        return f"{couples} couples are to ride once each; {len(rides)} did, {rides.total()} times in all."
    left = run.reading.uses["seats"].final
    if left != places:
        what = "a seat is lost" if left < places else "a seat too many came back"
        return f"{what}: `seats` began with {places} and ended with {left}."
    if (value := run.reading.uses["mutex"].final) != 1:
        return f"`mutex` must be 1 again when everybody has gone, and is {value}."
    return None


def _too_few(run: Run) -> str | None:
    """That somebody rode without two permits in hand."""
    held = dict.fromkeys(run.trace.threads, 0)
    for event in run.trace.events:
        if event.primitive == "seats":
            held[event.thread] += {"acquire": 1, "release": -event.amount}.get(event.kind, 0)
        elif is_call(event) and held[event.thread] < PAIR:
            have = "1 permit" if held[event.thread] == 1 else "no permit"
            return f"a couple rode with {have} for `seats` in hand, and needs two until the ride is over."
    return None


EXERCISE = Trial(
    name="fair-4",
    kind="repair",
    task="Every couple rides on two seats, however many come at once: nobody waits with half of what it needs.",
    stub="""\
def attempt(seats, mutex, ride):
    seats.acquire()
    seats.acquire()
    ride()
    seats.release(2)


lab.check("fair-4", attempt)
""",
    program=ride_in_pairs,
    takes=("seats", "mutex", "ride"),
    small=({"couples": 2, "places": 2}, {"couples": 2, "places": 4}),
    large=({"couples": 7, "places": 5},),
    sized=("couples", "places"),
    wrong=wrong,
    seen=lambda run: ["together"] if run.result["most"] > 1 else [],
    expected={
        "together": "every couple rides, but never two at the same time, though there are seats for both:"
        " give `mutex` back before the ride."
    },
    holds="every couple rides on two seats, and no schedule ends in a deadlock",
)
