"""The exercises of the lesson on rate or crowd."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from semalab.analysis.rate import at_most_per, starts_of
from semalab.exercises.exercise import Answer, Prediction
from semalab.exercises.judging import STAY, calls, is_call, run_together
from semalab.exercises.trial import Trial
from semalab.run import Run

# rate-1: what a bucket of tokens and a timer let through together.
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


def because_1() -> dict[Answer, str]:
    right, burst = started(RATE_1.run()), RATE_1.arguments["burst"]
    return {
        burst: "So many tokens are there at the beginning. The timer brings more.",
        right - burst: "So many tokens the timer brings. The bucket was not empty at the beginning.",
        right + 1: "When does the timer bring its first token? It sleeps before it releases.",
        RATE_1.arguments["callers"]: "Not all of them have a token by then: how many tokens are there in all?",
    }


RATE_1 = Prediction(
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
    because=because_1,
    otherwise="Count the tokens: those in the bucket at the beginning, and one at each tick of the timer until then.",
    shows="Those in the bucket go at once, then one at each tick: a burst, and from then on the rate.",
)


# rate-2: a token that is old when it is used.
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


def wrong_2(run: Run) -> str | None:
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


RATE_2 = Trial(
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
    wrong=wrong_2,
    holds="each client had a connection first, took its token last, and sent at once",
)


# rate-3: nobody sleeps with a permit in hand.
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


def wrong_3(run: Run) -> str | None:
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


RATE_3 = Trial(
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
    wrong=wrong_3,
    holds="everybody got an answer, and nobody paused with a permit in hand",
)


# rate-4: never more than so many in any window, because the clock gives the permits back.
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


def wrong_4(run: Run) -> str | None:
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


def unasked_4(run: Run) -> str | None:
    said = at_most_per(run.arguments["permits"], WINDOW, "starts")(run)
    if not said:
        return f"{said.sentence[0].lower()}{said.sentence[1:]}."
    rounds = -(-run.arguments["clients"] // run.arguments["permits"])
    last = max(event.time for event in run.trace.of("starts") if event.kind == "acquire")
    if last > (rounds - 1) * round(WINDOW * 1e9):
        return "time is lost: call `later` before `send()`, so that the permit's time begins when it is taken."
    return None


RATE_4 = Trial(
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
    wrong=wrong_4,
    unasked=unasked_4,
    holds="however long a call takes, no more start in any tenth of a second than there are permits",
)


EXERCISES = (RATE_1, RATE_2, RATE_3, RATE_4)
