"""The exercises of the lesson on the limiter."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from semalab.analysis.claims import limit
from semalab.exercises.exercise import Answer, Prediction
from semalab.exercises.judging import STAY, calls, instead, run_together, semaphores
from semalab.exercises.trial import Trial
from semalab.run import Run


# limiter-1: how long five visits take where two may talk at once.
def answer_the_calls(clients: int, lines: int) -> None:
    free_lines = threading.Semaphore(lines)

    def call() -> None:
        with free_lines:
            time.sleep(0.01)

    callers = [threading.Thread(target=call, name=f"client-{i}") for i in range(clients)]
    run_together(callers)


def milliseconds(run: Run) -> int:
    return round(run.duration * 1000)


def because_1() -> dict[Answer, str]:
    def lasts(lines: int) -> int:
        return milliseconds(LIMITER_1.run(lines=lines))

    return {
        milliseconds(LIMITER_1.run(clients=4)): "That is enough for four clients. The fifth needs a line, too.",
        lasts(1) // 2: "Half of one after another would be right if the last client could split its call in two.",
        lasts(1): "So long it takes one after another, with a single line. Here two talk at once.",
        lasts(5): "So long one call takes. Without a limit that would be all, but there are only two lines.",
    }


LIMITER_1 = Prediction(
    name="limiter-1",
    task="Five clients call at the same moment, two lines are free, each call takes 10 ms: when is the last one done?",
    stub="""\
answer = ...  # milliseconds, a whole number

lab.check("limiter-1", answer)
""",
    program=answer_the_calls,
    arguments={"clients": 5, "lines": 2},
    read=milliseconds,
    asked="a whole number of milliseconds",
    because=because_1,
    otherwise="Draw two rows, one for each line, and put the five calls into them, each as soon as a row is free.",
    shows="Two rounds of two calls, and one call alone: the last one leaves a line idle.",
    claim=limit,
)


# limiter-2: a permit that is lost when the work fails.
def ask_the_server(attempt: Any, clients: int, permits: int, failing: int) -> dict[str, int]:
    """The first `failing` clients meet an error. Client i is answered with 7 i + 3."""
    connections = threading.Semaphore(permits)
    inside = most = failures = answers = 0

    def ask(i: int) -> None:
        nonlocal inside, most, failures, answers

        def talk() -> int:
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            time.sleep(STAY)
            inside -= 1
            if i < failing:
                raise ConnectionError("the server is gone")
            return 7 * i + 3

        try:
            answer = attempt(connections, talk)
        except ConnectionError as error:
            failures += str(error) == "the server is gone"
        else:
            answers += answer if type(answer) is int else 0

    asking = [threading.Thread(target=ask, args=[i], name=f"client-{i}") for i in range(clients)]
    run_together(asking)
    return {"most": most, "failures": failures, "answers": answers}


def wrong_2(run: Run) -> str | None:
    size, counted = run.arguments, run.result
    permits, failing = size["permits"], size["failing"]
    left = run.reading.uses["connections"].final
    if (talked := len(calls(run))) < size["clients"]:
        return f"only {talked} of {size['clients']} clients have called `talk()`."
    if counted["most"] > permits:
        return f"{counted['most']} clients talked at once, and only {permits} may: talk only with a permit in hand."
    if counted["failures"] != failing:
        return "the server's error did not reach the caller: let it pass on after the permit is back."
    if counted["answers"] != sum(7 * i + 3 for i in range(failing, size["clients"])):
        return "a caller did not get the answer that `talk()` returned."
    if left < permits:
        return f"a permit is lost: `connections` began with {permits} and ended with {left}."
    if left > permits:
        return f"a permit too many came back: `connections` began with {permits} and ended with {left}."
    return None


LIMITER_2 = Trial(
    name="limiter-2",
    kind="repair",
    task="talk() may raise ConnectionError: give the permit back then, too, and let the error pass on to the caller.",
    stub="""\
def attempt(connections, talk):
    connections.acquire()
    answer = talk()
    connections.release()
    return answer


lab.check("limiter-2", attempt)
""",
    program=ask_the_server,
    takes=("connections", "talk"),
    small=({"clients": 2, "permits": 1, "failing": 1}, {"clients": 3, "permits": 2, "failing": 1}),
    large=({"clients": 12, "permits": 3, "failing": 5},),
    sized=("clients", "permits"),
    wrong=wrong_2,
    holds="every permit comes back, also when the work fails, and the error reaches the caller",
    claim=limit,
)


# limiter-3: go in only if there is room.
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


def wrong_3(run: Run) -> str | None:
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


def unasked_3(run: Run) -> str | None:
    if any(event.kind == "block" for event in run.trace.of("free_seats")):
        return "a visitor waited for a seat, and should have gone away: ask for the permit without waiting."
    return None


LIMITER_3 = Trial(
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
    wrong=wrong_3,
    unasked=unasked_3,
    holds="nobody waits, nobody rides without a seat, and every seat comes back",
    claim=limit,
)


# limiter-4: fetch no more than can be worked on.
def load_the_pages(attempt: Any, jobs: int, most: int) -> dict[str, int]:
    fetched = done = there = working = together = 0

    def fetch() -> Callable[[], None] | None:
        nonlocal fetched, there
        if fetched == jobs:
            return None
        fetched += 1
        there = max(there, fetched - done)
        return work

    def work() -> None:
        nonlocal done, working, together
        working += 1
        together = max(together, working)
        time.sleep(STAY)
        working -= 1
        done += 1

    attempt(fetch, most)
    return {"fetched": fetched, "done": done, "there": there, "together": together}


def wrong_4(run: Run) -> str | None:
    jobs, most, counted, worked = run.arguments["jobs"], run.arguments["most"], run.result, calls(run)
    if counted["there"] > most:
        return f"{counted['there']} jobs were fetched and not done yet, and only {most} may be: wait before you fetch."
    if "main" in worked:
        return "main did a job itself: start a thread for each job."
    if counted["fetched"] < jobs:
        return f"only {counted['fetched']} of {jobs} jobs were fetched: `fetch()` returns None when there are no more."
    if worked.total() != jobs or len(worked) != jobs:
        return f"{jobs} jobs are to be done once each in threads of their own; {worked.total()} were begun."
    if counted["done"] < jobs:
        return "`attempt` came to its end while jobs were still at work: wait for every thread with `join()`."
    return None


def unasked_4(run: Run) -> str | None:
    if (what := instead(run)) is not None:
        return f"it works with {what}, and here it is to be built with a `threading.Semaphore`."
    if not semaphores(run):
        return "nobody acquired a semaphore: what does main wait for before it fetches the next job?"
    return None


LIMITER_4 = Trial(
    name="limiter-4",
    kind="build",
    task="Start a thread for each job that fetch() returns: never more than `most` are fetched and not done yet.",
    stub="""\
def attempt(fetch, most):
    pass  # your program


lab.check("limiter-4", attempt)
""",
    program=load_the_pages,
    takes=("fetch", "most"),
    small=({"jobs": 2, "most": 1}, {"jobs": 3, "most": 2}),
    large=({"jobs": 9, "most": 3},),
    sized=("jobs",),
    wrong=wrong_4,
    unasked=unasked_4,
    seen=lambda run: ["together"] if run.result["together"] > 1 else [],
    expected={"together": "never two jobs were at work at once, though more may be: join the threads at the end only."},
    holds="no job was fetched before there was room for it, and all were done",
    claim=limit,
)


EXERCISES = (LIMITER_1, LIMITER_2, LIMITER_3, LIMITER_4)
