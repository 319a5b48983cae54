"""beyond-1: what an await in the midst of counting does."""

from __future__ import annotations

import asyncio

from semalab.exercises.answers import Answer
from semalab.exercises.coroutine import TaskPrediction
from semalab.run import Run


async def count_with_a_pause(tasks: int, times: int) -> int:
    total = 0

    async def count() -> None:
        nonlocal total
        for _ in range(times):
            seen = total
            await asyncio.sleep(0)
            total = seen + 1

    await asyncio.gather(*(count() for _ in range(tasks)))
    return total


def counted(run: Run) -> int:
    return int(run.result)


def because() -> dict[Answer, str]:
    tasks, times = EXERCISE.arguments["tasks"], EXERCISE.arguments["times"]
    return {
        tasks * times: "So it would be without the `await`: between two of them no other task runs.",
        1: "Each task counts three times. What does it read the second time?",
        tasks: "All four read the same number, and write the same number.",
        0: "Each write is one more than what was read.",
    }


EXERCISE = TaskPrediction(
    name="beyond-1",
    task="Four tasks each do three times: read the total, await, write what was read plus one. What is left?",
    stub="""\
answer = ...  # the total when all four have ended

lab.check("beyond-1", answer)
""",
    program=count_with_a_pause,
    arguments={"tasks": 4, "times": 3},
    read=counted,
    asked="a whole number",
    because=because,
    otherwise="The tasks take turns at the `await`: write down what each of the four reads in the first round.",
    shows="In each round all four read the same number, and then all four write the same one. Nine counts are lost.",
)
