"""mutex-3: a whole program in which guests go in one by one."""

from __future__ import annotations

import time
from typing import Any

from semalab.exercises.logged import STAY, calls, instead, semaphores, waits
from semalab.exercises.trial import Trial
from semalab.run import Run


def open_the_room(attempt: Any, guests: int) -> dict[str, int]:
    inside = most = left = 0

    def visit() -> None:
        nonlocal inside, most, left
        print("is in")
        inside += 1
        most = max(most, inside)
        time.sleep(STAY)
        inside -= 1
        left += 1

    attempt(guests, visit)
    return {"most": most, "left": left}


def wrong(run: Run) -> str | None:
    guests, visits = run.arguments["guests"], calls(run)
    if "main" in visits:
        return "main called `visit()` itself: start a thread for each guest."
    if run.result["most"] > 1:
        return f"{run.result['most']} guests were in the room at once."
    if len(visits) != guests or sum(visits.values()) != guests:
        return f"{guests} guests are to come in once each; {len(visits)} came, {sum(visits.values())} times in all."
    if run.result["left"] < guests:
        return "`attempt` came to its end while guests were still there: wait for every thread with `join()`."
    return None


def unasked(run: Run) -> str | None:
    if (what := instead(run)) is not None:
        return f"it works with {what}, and here the door is to be a `threading.Semaphore`."
    if not semaphores(run):
        return "nobody acquired a semaphore: what keeps the guests apart?"
    return None


EXERCISE = Trial(
    name="mutex-3",
    kind="build",
    task="Start a thread for each guest, let them all call visit(), one at a time, and wait until all have left.",
    stub="""\
def attempt(guests, visit):
    pass  # your program


lab.check("mutex-3", attempt)
""",
    program=open_the_room,
    takes=("guests", "visit"),
    small=({"guests": 2}, {"guests": 3}),
    large=({"guests": 12},),
    sized=("guests",),
    wrong=wrong,
    unasked=unasked,
    seen=lambda run: ["a wait"] if waits(run) else [],
    expected={"a wait": "no guest ever had to wait at the semaphore. Start all threads before you join the first."},
    holds="never two guests were in the room at once",
)
