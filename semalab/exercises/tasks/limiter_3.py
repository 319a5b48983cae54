"""limiter-3: go in only if there is room."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.analysis.claims import limit
from semalab.exercises.logged import STAY, calls
from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run


def open_the_wheel(attempt: Any, visitors: int, seats: int) -> dict[str, int]:
    free_seats = threading.Semaphore(seats)
    inside = most = said_yes = said_no = 0

    def ride() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(STAY)
        inside -= 1

    def visit() -> None:
        nonlocal said_yes, said_no
        answer = attempt(free_seats, ride)
        if answer is True:
            said_yes += 1
        elif answer is False:
            said_no += 1

    visiting = [threading.Thread(target=visit, name=f"visitor-{i}") for i in range(visitors)]
    run_together(visiting)
    return {"most": most, "yes": said_yes, "no": said_no}


def wrong(run: Run) -> str | None:
    size, counted = run.arguments, run.result
    visitors, seats = size["visitors"], size["seats"]
    rides = calls(run)
    events = run.trace.of("free_seats")
    if counted["most"] > seats:
        return f"{counted['most']} rode at once, and there {'is' if seats == 1 else 'are'} only {seats} to sit on."
    if counted["yes"] + counted["no"] < visitors:
        return "return True after a ride and False without one; a visitor was given neither."
    if sum(rides.values()) != counted["yes"] or len(rides) != counted["yes"]:
        return f"{counted['yes']} visitors were told True, but {sum(rides.values())} rode."
    if counted["no"] > sum(event.kind == "refuse" for event in events):
        return "a visitor was turned away who never asked for a permit."
    left = run.reading.uses["free_seats"].final
    if left != seats:
        what = "a seat is lost" if left < seats else "a seat too many came back"
        return f"{what}: `free_seats` began with {seats} and ended with {left}."
    return None


def unasked(run: Run) -> str | None:
    if any(event.kind == "block" for event in run.trace.of("free_seats")):
        return "a visitor waited for a seat, and should have gone away: ask for the permit without waiting."
    return None


EXERCISE = Trial(
    name="limiter-3",
    kind="build",
    task="Who finds a free seat rides, gives the seat back and returns True; who finds none returns False, at once.",
    stub="""\
def attempt(free_seats, ride):
    pass  # your program


lab.check("limiter-3", attempt)
""",
    program=open_the_wheel,
    takes=("free_seats", "ride"),
    small=({"visitors": 2, "seats": 1}, {"visitors": 3, "seats": 2}),
    large=({"visitors": 12, "seats": 4},),
    sized=("visitors", "seats"),
    wrong=wrong,
    unasked=unasked,
    holds="nobody waits, nobody rides without a seat, and every seat comes back",
    claim=limit,
)
