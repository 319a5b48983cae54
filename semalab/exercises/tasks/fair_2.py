"""fair-2: what to do when a wait has ended without a permit."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.logged import STAY
from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run


def wait_at_the_door(attempt: Any, guests: int, patience: int) -> dict[str, int]:
    """patience: in milliseconds. The first guest meets an error inside."""
    door = threading.Semaphore(1)
    inside = most = visits = raised = errors = said_yes = said_no = 0

    def come(i: int) -> None:
        nonlocal errors, said_yes, said_no

        def visit() -> None:
            nonlocal inside, most, visits, raised
            visits += 1
            inside += 1
            most = max(most, inside)
            time.sleep(STAY)
            inside -= 1
            if i == 0:
                raised += 1
                raise ValueError("the lamp fell down")

        try:
            answer = attempt(door, patience / 1000, visit)
        except ValueError:
            errors += 1
        else:
            said_yes += answer is True
            said_no += answer is False

    coming = [threading.Thread(target=come, args=[i], name=f"guest-{i}") for i in range(guests)]
    run_together(coming)
    return {"most": most, "visits": visits, "raised": raised, "errors": errors, "yes": said_yes, "no": said_no}


def wrong(run: Run) -> str | None:
    guests, counted = run.arguments["guests"], run.result
    if counted["most"] > 1:
        return f"{counted['most']} guests were inside at once: one of them had no permit."
    left = run.reading.uses["door"].final
    if left != 1:
        what = "a permit is lost" if left < 1 else "a permit came back that nobody had"
        return f"{what}: `door` began with 1 and ended with {left}."
    if counted["errors"] < counted["raised"]:
        return "an error got lost: what `visit()` raises is to reach whoever called `attempt`."
    if counted["yes"] + counted["no"] + counted["raised"] < guests:
        return "return True after a visit and False without one; a guest was given neither."
    if (visited := counted["visits"] - counted["raised"]) != counted["yes"]:
        told = "True without a visit" if counted["yes"] > visited else "False after a visit"
        return f"return True after a visit and False without one; a guest was told {told}."
    if counted["no"] > sum(event.kind == "refuse" for event in run.trace.of("door")):
        return "a guest was turned away who had not waited in vain."
    return None


def unasked(run: Run) -> str | None:
    guests, patience = run.arguments["guests"], run.arguments["patience"]
    in_time = min(guests, 1 + patience // round(STAY * 1000))
    if run.result["visits"] < in_time:
        return f"a guest gave up too early: with {patience} ms of patience, {in_time} get in one after the other."
    if run.result["visits"] > in_time:
        return f"a guest waited longer than {patience} ms: `acquire(timeout=patience)` gives up then."
    return None


EXERCISE = Trial(
    name="fair-2",
    kind="repair",
    task="Who has waited too long goes away: return False then, and True after a visit; visit() may raise.",
    stub="""\
def attempt(door, patience, visit):
    door.acquire(timeout=patience)
    visit()
    door.release()
    return True


lab.check("fair-2", attempt)
""",
    program=wait_at_the_door,
    takes=("door", "patience", "visit"),
    small=({"guests": 2, "patience": 1000}, {"guests": 3, "patience": 15}),
    large=({"guests": 8, "patience": 35},),
    sized=("guests",),
    wrong=wrong,
    unasked=unasked,
    holds="nobody is inside without a permit, and no permit is lost or invented",
)
