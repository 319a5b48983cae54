"""rate-3: nobody sleeps with a permit in hand."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.logged import STAY, calls, is_call
from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run

PAUSE = 0.025  # seconds
REFUSALS = 2  # of the first client


def call_a_busy_service(attempt: Any, clients: int, lines: int) -> dict[str, int]:
    """The first client is sent away twice, the others are answered at once."""
    connections = threading.Semaphore(lines)
    talking = most = answered = again = 0

    def call(i: int) -> None:
        refusals = REFUSALS if i == 0 else 0

        def talk() -> bool:
            nonlocal talking, most, answered, again, refusals
            talking += 1
            most = max(most, talking)
            time.sleep(STAY)
            talking -= 1
            if refusals:
                refusals -= 1
                return False
            again += answered >> i & 1
            answered |= 1 << i
            return True

        attempt(connections, talk, pause)

    def pause() -> None:
        time.sleep(PAUSE)

    run_together([threading.Thread(target=call, args=[i], name=f"client-{i}") for i in range(clients)])
    return {"most": most, "answered": answered.bit_count(), "again": again}


def wrong(run: Run) -> str | None:
    clients, lines, counted = run.arguments["clients"], run.arguments["lines"], run.result
    if counted["most"] > lines:
        return f"{counted['most']} clients talked at once, and only {lines} may: talk only with a permit in hand."
    if (problem := _pauses(run)) is not None:
        return problem
    if counted["answered"] < clients:
        return "a client gave up: `talk()` is to be called until it answers True."
    if counted["again"]:
        return "a client that had its answer talked once more."
    left = run.reading.uses["connections"].final
    if left != lines:
        what = "a permit is lost" if left < lines else "a permit too many came back"
        return f"{what}: `connections` began with {lines} and ended with {left}."
    return None


def _pauses(run: Run) -> str | None:
    """What is wrong with when clients paused: only after a refusal, after each, and with no permit in hand."""
    for thread in calls(run):
        held = talked = paused = 0
        for event in run.trace.events:
            if event.thread != thread:
                continue
            if event.primitive == "connections":
                held += {"acquire": 1, "release": -event.amount}.get(event.kind, 0)
            elif is_call(event, PAUSE):
                paused += 1
                if held > 0:
                    return "a client paused with a permit in hand: others could have talked in the meantime."
                if paused > talked or thread != "client-0" or paused > REFUSALS:
                    return "a client paused that had no need to: pause only after a refusal."
            elif is_call(event):
                if paused < min(talked, REFUSALS if thread == "client-0" else 0):
                    return "a client asked again at once: call `pause()` after each refusal."
                talked += 1
    return None


EXERCISE = Trial(
    name="rate-3",
    kind="repair",
    task="talk() answers False where the service is busy: pause and ask again, but with no permit in hand meanwhile.",
    stub="""\
def attempt(connections, talk, pause):
    with connections:
        while not talk():
            pause()


lab.check("rate-3", attempt)
""",
    program=call_a_busy_service,
    takes=("connections", "talk", "pause"),
    small=({"clients": 2, "lines": 1}, {"clients": 3, "lines": 2}),
    large=({"clients": 8, "lines": 2},),
    sized=("clients", "lines"),
    wrong=wrong,
    holds="everybody got an answer, and nobody paused with a permit in hand",
)
