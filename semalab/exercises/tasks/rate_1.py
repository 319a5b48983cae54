"""rate-1: what a bucket of tokens and a timer let through together."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from semalab.analysis.rate import starts_of
from semalab.exercises.answers import Answer, Prediction
from semalab.run import Run

UNTIL = 45  # milliseconds: when they are counted


def come_all_at_once(callers: int, burst: int) -> None:
    tokens = threading.BoundedSemaphore(burst)

    def fill() -> None:
        while True:
            time.sleep(0.01)
            with suppress(ValueError):
                tokens.release()

    threading.Thread(target=fill, name="timer", daemon=True).start()
    calling = [threading.Thread(target=tokens.acquire, name=f"caller-{i}") for i in range(callers)]
    for caller in calling:
        caller.start()
    for caller in calling:
        caller.join()


def started(run: Run) -> int:
    return sum(start < UNTIL * 1_000_000 for start in starts_of(run.reading, "tokens"))


def because() -> dict[Answer, str]:
    right, burst = started(EXERCISE.run()), EXERCISE.arguments["burst"]
    return {
        burst: "So many tokens are there at the beginning. The timer brings more.",
        right - burst: "So many tokens the timer brings. The bucket was not empty at the beginning.",
        right + 1: "When does the timer bring its first token? It sleeps before it releases.",
        EXERCISE.arguments["callers"]: "Not all of them have a token by then: how many tokens are there in all?",
    }


EXERCISE = Prediction(
    name="rate-1",
    task="Nine callers come at once, the bucket holds 2 tokens, one comes every 10 ms: who has started after 45 ms?",
    stub="""\
answer = ...  # callers who have started within the first 45 ms

lab.check("rate-1", answer)
""",
    program=come_all_at_once,
    arguments={"callers": 9, "burst": 2},
    read=started,
    asked="a whole number of callers",
    because=because,
    otherwise="Count the tokens: those in the bucket at the beginning, and one at each tick of the timer until then.",
    shows="Those in the bucket go at once, then one at each tick: a burst, and from then on the rate.",
)
