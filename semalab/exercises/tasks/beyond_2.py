"""beyond-2: a permit that is lost when its task is cancelled."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from semalab.analysis.claims import limit
from semalab.exercises.coroutine import TaskTrial
from semalab.run import Run


async def ask_the_server(attempt: Any, clients: int, permits: int, cancelled: int, failing: int) -> dict[str, int]:
    """The first clients are cancelled while they talk, the next ones meet an error. Client i is answered 7 i + 3."""
    connections = asyncio.Semaphore(permits)
    inside = most = talked = answers = failures = given_up = still = 0

    async def ask(i: int) -> None:
        nonlocal answers, failures, given_up, still
        talking = False

        async def talk() -> int:
            nonlocal inside, most, talked, talking
            talked += 1
            talking = True
            inside += 1
            most = max(most, inside)
            try:
                await asyncio.sleep(random.uniform(0.01, 0.03) if i >= cancelled else 1)
            finally:
                inside -= 1
                talking = False
            if i < cancelled + failing:
                raise ConnectionError("the server is gone")
            return 7 * i + 3

        try:
            async with asyncio.timeout(0.5):
                answer = await attempt(connections, talk)
            answers += answer if type(answer) is int else 0
        except TimeoutError:
            given_up += 1
            still += talking
        except ConnectionError as error:
            failures += str(error) == "the server is gone"

    await asyncio.gather(*(asyncio.create_task(ask(i), name=f"client-{i}") for i in range(clients)))
    return {
        "most": most,
        "talked": talked,
        "answers": answers,
        "failures": failures,
        "given up": given_up,
        "still": still,
        "right": sum(7 * i + 3 for i in range(cancelled + failing, clients)),
    }


def wrong(run: Run) -> str | None:
    size, counted, use = run.arguments, run.result, run.reading.uses["connections"]
    clients, permits = size["clients"], size["permits"]
    if counted["most"] > permits:
        return f"{counted['most']} clients talked at once, and only {permits} may: talk only with a permit in hand."
    if counted["still"]:
        return "a client whose permit is back still talks: await `talk()` itself, so that it is cancelled, too."
    if use.final < permits:
        return f"a permit is lost: `connections` began with {permits} and ended with {use.final}."
    if use.final > permits:
        return f"a permit too many came back: `connections` began with {permits} and ended with {use.final}."
    if counted["talked"] < clients:
        return f"only {counted['talked']} of {clients} clients have called `talk()`."
    if counted["given up"] != size["cancelled"] or counted["failures"] != size["failing"]:
        return "an exception did not reach the caller: give the permit back and let it pass on, also `CancelledError`."
    if counted["answers"] != counted["right"]:
        return "a caller did not get the answer that `talk()` returned."
    return None


EXERCISE = TaskTrial(
    name="beyond-2",
    kind="repair",
    task="talk() may raise, or be cancelled: give the permit back then, too, and let the exception pass on.",
    stub="""\
async def attempt(connections, talk):
    await connections.acquire()
    answer = await talk()
    connections.release()
    return answer


lab.check("beyond-2", attempt)
""",
    program=ask_the_server,
    takes=("connections", "talk"),
    sizes=(
        {"clients": 3, "permits": 2, "cancelled": 1, "failing": 1},
        {"clients": 9, "permits": 3, "cancelled": 2, "failing": 2},
    ),
    told="3 and of 9 clients",
    wrong=wrong,
    holds="every permit comes back, also when a task is cancelled, and the exception reaches the caller",
    claim=limit,
)
