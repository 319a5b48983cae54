"""classic-2: the last one out switches the light off, while the next one comes."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.logged import STAY
from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run


def light_the_hall(attempt: Any, visitors: int) -> dict[str, Any]:
    mutex = threading.Semaphore(1)
    inside = came = went = looked = dark = most = looking = 0
    burns = False

    def come() -> bool:
        nonlocal inside, came
        came += 1
        inside += 1
        return inside == 1

    def go() -> bool:
        nonlocal inside, went
        went += 1
        inside -= 1
        return inside == 0

    def light(on: Any) -> None:
        nonlocal burns
        time.sleep(STAY)
        print("light", "on" if on else "off")
        burns = bool(on)

    def look() -> None:
        nonlocal looked, dark, looking, most
        looked += 1
        looking += 1
        most = max(most, looking)
        dark += not burns
        time.sleep(STAY)
        dark += not burns
        looking -= 1

    def visit() -> None:
        attempt(mutex, come, go, light, look)

    visiting = [threading.Thread(target=visit, name=f"visitor-{i}") for i in range(visitors)]
    run_together(visiting)
    return {"came": came, "went": went, "looked": looked, "dark": dark, "burns": burns, "most": most}


def wrong(run: Run) -> str | None:
    visitors, counted = run.arguments["visitors"], run.result
    if counted["dark"]:
        return "a visitor stood in the dark."
    if counted["looked"] < visitors:
        return f"only {counted['looked']} of {visitors} visitors have looked."
    if counted["came"] != visitors or counted["went"] != visitors:
        return "each visitor must call `come()` once and `go()` once: nobody knows who is in the hall otherwise."
    if counted["burns"]:
        return "everybody has gone, and the light still burns."
    if run.reading.uses["mutex"].final != 1:
        return f"`mutex` must be 1 again when everybody has gone, and is {run.reading.uses['mutex'].final}."
    return None


def seen(run: Run) -> list[str]:
    return ["together"] if run.result["most"] > 1 else []


EXERCISE = Trial(
    name="classic-2",
    kind="repair",
    task="The first one in switches the light on, the last one out switches it off, and nobody stands in the dark.",
    stub="""\
def attempt(mutex, come, go, light, look):
    with mutex:
        if come():  # True for the first one in
            light(True)
    look()
    if go():  # True for the last one out
        light(False)


lab.check("classic-2", attempt)
""",
    program=light_the_hall,
    takes=("mutex", "come", "go", "light", "look"),
    small=({"visitors": 2}, {"visitors": 3}),
    large=({"visitors": 8},),
    sized=("visitors",),
    wrong=wrong,
    seen=seen,
    expected={
        "together": "nobody stands in the dark, but one visitor at a time looks: keep `mutex` to come and to go only."
    },
    holds="the light burns while anybody is in the hall, and is off when all have gone",
)
