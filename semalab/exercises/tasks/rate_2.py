"""rate-2: a token that is old when it is used."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.logged import STAY, calls, is_call
from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run


def call_the_service(attempt: Any, clients: int, lines: int) -> int:
    """There is a token for each client. Returns how many sent at once."""
    connections, tokens = threading.Semaphore(lines), threading.Semaphore(clients)
    sending = most = 0

    def send() -> None:
        nonlocal sending, most
        sending += 1
        most = max(most, sending)
        time.sleep(STAY)
        sending -= 1

    run_together(
        [threading.Thread(target=attempt, args=[connections, tokens, send], name=f"client-{i}") for i in range(clients)]
    )
    return most


def wrong(run: Run) -> str | None:
    clients, lines = run.arguments["clients"], run.arguments["lines"]
    if run.result > lines:
        return f"{run.result} clients sent at once, and there {'is' if lines == 1 else 'are'} only {lines}: hold one."
    if (sent := calls(run)).total() != clients or len(sent) != clients:
        return f"{clients} clients are to send once each; sent was {sent.total()} times, by {len(sent)} of them."
    for thread in sent:
        if (problem := _sends(run, thread)) is not None:
            return problem
    left = {label: run.reading.uses[label].final for label in ("connections", "tokens")}
    if left["connections"] != lines:
        what = "a connection is lost" if left["connections"] < lines else "a connection too many came back"
        return f"{what}: `connections` began with {lines} and ended with {left['connections']}."
    if left["tokens"]:
        return "a token is used up by its call: only the timer puts tokens into the bucket."
    return None


def _sends(run: Run, thread: str) -> str | None:
    """What is wrong with the moment at which this client sends."""
    held = {"connections": 0, "tokens": 0}
    last = ""
    for event in run.trace.events:
        if event.thread != thread:
            continue
        if event.kind == "acquire" and event.primitive in held:
            held[event.primitive] += 1
            last = event.primitive
        elif event.kind == "release" and event.primitive in held:
            held[event.primitive] -= event.amount
        elif is_call(event):
            if held["tokens"] < 1:
                return "a client sent without a token."
            if held["connections"] < 1:
                return "a client sent without a connection in hand."
            if last != "tokens":
                return (
                    "a client took its token before it had a connection: where connections are short, clients wait"
                    " there with tokens in hand, and then send all at once."
                )
            return None
    return None


EXERCISE = Trial(
    name="rate-2",
    kind="repair",
    task="A token must be used at once: nobody waits for anything between taking it and send().",
    stub="""\
def attempt(connections, tokens, send):
    tokens.acquire()
    with connections:
        send()


lab.check("rate-2", attempt)
""",
    program=call_the_service,
    takes=("connections", "tokens", "send"),
    small=({"clients": 2, "lines": 1}, {"clients": 3, "lines": 2}),
    large=({"clients": 10, "lines": 3},),
    sized=("clients", "lines"),
    wrong=wrong,
    holds="each client had a connection first, took its token last, and sent at once",
)
