"""rate-4: never more than so many in any window, because the clock gives the permits back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from semalab.analysis.rate import at_most_per
from semalab.exercises.logged import STAY, calls, is_call
from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run

WINDOW = 0.1  # seconds


def send_at_a_rate(attempt: Any, clients: int, permits: int) -> None:
    """What is handed to `later` is called by a thread of its own, a window later."""
    starts = threading.Semaphore(permits)

    def send() -> None:
        time.sleep(STAY)

    def of_client(i: int) -> Callable[[Callable[[], Any]], None]:
        def later(do: Callable[[], Any]) -> None:
            def ring() -> None:
                time.sleep(WINDOW)
                do()

            threading.Thread(target=ring, name=f"clock of client-{i}").start()

        return later

    run_together(
        [
            threading.Thread(target=attempt, args=[starts, of_client(i), send], name=f"client-{i}")
            for i in range(clients)
        ]
    )


def wrong(run: Run) -> str | None:
    clients, permits = run.arguments["clients"], run.arguments["permits"]
    if (sent := calls(run)).total() != clients or len(sent) != clients:
        return f"{clients} clients are to send once each; sent was {sent.total()} times, by {len(sent)} of them."
    if not all(thread.startswith("client-") for thread in sent):
        return "the client itself is to call `send()`, as soon as it has a permit."
    for thread in sent:
        events = [event for event in run.trace.events if event.thread == thread]
        place = next(place for place, event in enumerate(events) if is_call(event))
        taken = sum(event.kind == "acquire" and event.primitive == "starts" for event in events[:place])
        if not taken:
            return "a client sent without a permit."
        if any(event.kind == "release" and event.primitive == "starts" for event in events):
            return "a client gave its permit back itself: so it limits how many send at once, not how many in a while."
    left = run.reading.uses["starts"].final
    if left != permits:
        what = "a permit is lost" if left < permits else "a permit too many came back"
        return f"{what}: `starts` began with {permits} and ended with {left}."
    return None


def unasked(run: Run) -> str | None:
    said = at_most_per(run.arguments["permits"], WINDOW, "starts")(run)
    if not said:
        return f"{said.sentence[0].lower()}{said.sentence[1:]}."
    rounds = -(-run.arguments["clients"] // run.arguments["permits"])
    last = max(event.time for event in run.trace.of("starts") if event.kind == "acquire")
    if last > (rounds - 1) * round(WINDOW * 1e9):
        return "time is lost: call `later` before `send()`, so that the permit's time begins when it is taken."
    return None


EXERCISE = Trial(
    name="rate-4",
    kind="build",
    task="Never more than `starts` has permits may send in any tenth of a second: give each back that much later.",
    stub="""\
def attempt(starts, later, send):
    pass  # your program


lab.check("rate-4", attempt)
""",
    program=send_at_a_rate,
    takes=("starts", "later", "send"),
    small=({"clients": 2, "permits": 1}, {"clients": 3, "permits": 2}),
    large=({"clients": 10, "permits": 3},),
    sized=("clients", "permits"),
    wrong=wrong,
    unasked=unasked,
    holds="however long a call takes, no more start in any tenth of a second than there are permits",
)
