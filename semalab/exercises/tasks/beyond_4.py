"""beyond-4: a task that is cancelled while it waits for a permit."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from semalab.analysis.claims import limit
from semalab.exercises.coroutine import TaskTrial
from semalab.run import Run


async def lose_patience(attempt: Any, clients: int, permits: int, impatient: int) -> dict[str, int]:
    """The first clients take all permits. The impatient ones come next and are cancelled while they wait.

    The others come when that is over, and before a permit is free. Client i is answered 7 i + 3.
    """
    connections = asyncio.Semaphore(permits)
    inside = most = talked = answers = given_up = 0

    async def ask(i: int) -> None:
        nonlocal answers, given_up
        waits_in_vain = permits <= i < permits + impatient

        async def talk() -> int:
            nonlocal inside, most, talked
            talked += 1
            inside += 1
            most = max(most, inside)
            try:
                await asyncio.sleep(random.uniform(0.3, 0.4) if i < permits else random.uniform(0.01, 0.03))
            finally:
                inside -= 1
            return 7 * i + 3

        await asyncio.sleep(0 if i < permits else 0.01 if waits_in_vain else 0.2)
        try:
            async with asyncio.timeout(0.1 if waits_in_vain else 10):
                answer = await attempt(connections, talk)
            answers += answer if type(answer) is int else 0
        except TimeoutError:
            given_up += 1

    await asyncio.gather(*(asyncio.create_task(ask(i), name=f"client-{i}") for i in range(clients)))
    right = sum(7 * i + 3 for i in range(clients) if not permits <= i < permits + impatient)
    return {"most": most, "talked": talked, "answers": answers, "given up": given_up, "right": right}


def wrong(run: Run) -> str | None:
    size, counted, left = run.arguments, run.result, run.reading.uses["connections"].final
    permits, patient = size["permits"], size["clients"] - size["impatient"]
    if left > permits:
        return f"a permit too many came back: `connections` began with {permits} and ended with {left}."
    if left < permits:
        return f"a permit is lost: `connections` began with {permits} and ended with {left}."
    if counted["most"] > permits:
        return f"{counted['most']} clients talked at once, and only {permits} may: talk only with a permit in hand."
    if counted["talked"] > patient:
        return "a client talked although it was cancelled while it waited."
    if counted["talked"] < patient:
        return f"only {counted['talked']} of {patient} clients whose patience lasted have called `talk()`."
    if counted["given up"] != size["impatient"]:
        return "a cancellation did not reach the caller: let `CancelledError` pass on."
    if counted["answers"] != counted["right"]:
        return "a caller did not get the answer that `talk()` returned."
    return None


EXERCISE = TaskTrial(
    name="beyond-4",
    kind="repair",
    task="A client may be cancelled while it waits: it has no permit yet, so it must not give one back.",
    stub="""\
async def attempt(connections, talk):
    try:
        await connections.acquire()
        return await talk()
    finally:
        connections.release()


lab.check("beyond-4", attempt)
""",
    program=lose_patience,
    takes=("connections", "talk"),
    sizes=(
        {"clients": 4, "permits": 1, "impatient": 1},
        {"clients": 9, "permits": 2, "impatient": 3},
    ),
    told="4 and of 9 clients",
    wrong=wrong,
    holds="whoever is cancelled in the queue takes no permit along and brings none back",
    claim=limit,
)
