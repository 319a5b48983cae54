"""classic-4: a bridge with one lane, and a lock too few."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.logged import STAY, calls, is_call
from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run


def cross_the_bridge(attempt: Any, cars: int, sides: int) -> dict[str, int]:
    """With two sides, every second car comes from the other one."""
    mutexes, bridge = [threading.Semaphore(1), threading.Semaphore(1)], threading.Semaphore(1)
    left = right = came = 0  # under way from either side
    lane = clashes = most = 0  # lane: how many drive there, those from the right below zero

    def come_left() -> bool:
        nonlocal left
        left += 1
        return left == 1

    def go_left() -> bool:
        nonlocal left, came
        left -= 1
        came += 1
        return left == 0

    def come_right() -> bool:
        nonlocal right
        right += 1
        return right == 1

    def go_right() -> bool:
        nonlocal right, came
        right -= 1
        came += 1
        return right == 0

    def cross_left() -> None:
        nonlocal lane, clashes, most
        clashes += lane < 0
        lane += 1
        most = max(most, lane)
        time.sleep(STAY)
        lane -= 1

    def cross_right() -> None:
        nonlocal lane, clashes, most
        clashes += lane > 0
        lane -= 1
        most = max(most, -lane)
        time.sleep(STAY)
        lane += 1

    # No function or list of a car's own: it would count as state, and ten times as many schedules would differ.
    from_left = (0, mutexes, bridge, come_left, go_left, cross_left)
    from_right = (1, mutexes, bridge, come_right, go_right, cross_right)
    handed = [from_right if i % sides else from_left for i in range(cars)]
    run_together([threading.Thread(target=attempt, args=handed[i], name=f"car-{i}") for i in range(cars)])
    return {"clashes": clashes, "most": most, "came": came, "left": left + right}


def wrong(run: Run) -> str | None:
    cars, counted, crossed = run.arguments["cars"], run.result, calls(run)
    if counted["clashes"]:
        return "two cars met on the bridge."
    if len(crossed) != cars or crossed.total() != cars:
        return f"{cars} cars are to cross once each; {len(crossed)} did, {crossed.total()} times in all."
    if counted["came"] != cars or counted["left"]:
        return "each car must call `come()` once and `go()` once: nobody knows how many are under way otherwise."
    if taken := [use.label for use in run.reading.uses.values() if use.final != 1]:
        return f"`{taken[0]}` is not 1 again when all cars have crossed."
    return None


def unasked(run: Run) -> str | None:
    """That a car drove while nobody had the bridge, though it met no other."""
    held = 0
    for event in run.trace.events:
        if event.primitive == "bridge":
            held += {"acquire": 1, "release": -event.amount}.get(event.kind, 0)
        elif is_call(event) and held < 1:
            return "a car crossed while nobody of its side had acquired `bridge`."
    return None


EXERCISE = Trial(
    name="classic-4",
    kind="repair",
    task="Cars from one side cross together, never against those from the other, and nobody is stuck at the bridge.",
    stub="""\
def attempt(side, mutexes, bridge, come, go, cross):
    with mutexes[0]:
        if come():  # True for the first one of its side
            bridge.acquire()
    cross()
    with mutexes[0]:
        if go():  # True for the last one of its side
            bridge.release()


lab.check("classic-4", attempt)
""",
    program=cross_the_bridge,
    takes=("side", "mutexes", "bridge", "come", "go", "cross"),
    small=({"cars": 2, "sides": 2}, {"cars": 2, "sides": 1}),
    large=({"cars": 3, "sides": 2}, {"cars": 8, "sides": 2}),
    sized=("cars", "sides"),
    wrong=wrong,
    unasked=unasked,
    seen=lambda run: ["together"] if run.result["most"] > 1 else [],
    expected={"together": "no two cars meet, but one car at a time crosses: let those of one side cross together."},
    holds="no two cars met, those of one side crossed together, and no schedule ends in a deadlock",
)
