"""limiter-2: a permit that is lost when the work fails."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.analysis.claims import limit
from semalab.exercises.logged import STAY, calls
from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run


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


def wrong(run: Run) -> str | None:
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


EXERCISE = Trial(
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
    wrong=wrong,
    holds="every permit comes back, also when the work fails, and the error reaches the caller",
    claim=limit,
)
