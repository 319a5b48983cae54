"""beyond-5: a semaphore that outlives the event loop in which somebody waited for it."""

from __future__ import annotations

import asyncio

from semalab.exercises.answers import Answer, Prediction
from semalab.run import Run


def visit_in_loops(loops: int, visitors: int, own: bool) -> int:
    """own: whether each loop has a semaphore of its own."""
    door = asyncio.Semaphore(1)
    inside = 0

    async def visit() -> None:
        nonlocal inside
        async with door:
            inside += 1
            print("gets in")
            await asyncio.sleep(0.01)

    async def meet() -> None:
        for met in await asyncio.gather(*(visit() for _ in range(visitors)), return_exceptions=True):
            if met is not None:
                print(f"meets {type(met).__name__}")

    for _ in range(loops):
        if own:
            door = asyncio.Semaphore(1)
        asyncio.run(meet())
    return inside


def got_in(run: Run) -> int:
    return int(run.result)


def because() -> dict[Answer, str]:
    loops, visitors = EXERCISE.arguments["loops"], EXERCISE.arguments["visitors"]
    return {
        got_in(
            EXERCISE.run(own=True)
        ): "So it is with a semaphore for each loop. Here the second loop meets an old one.",
        got_in(EXERCISE.run(loops=1)): "So many in the first loop. Who finds a free permit in the second one?",
        got_in(EXERCISE.run(visitors=1))
        - 1: "In the first loop the second visitor waits, and gets in after the first.",
        loops * visitors + 1: "More than there are visitors.",
        0: "`asyncio.Semaphore` may be made outside of a loop: the first loop is served well.",
    }


EXERCISE = Prediction(
    name="beyond-5",
    task="One asyncio.Semaphore(1), two event loops one after the other, two visitors in each: how many get in?",
    stub="""\
answer = ...  # visitors who get in, in both loops together

lab.check("beyond-5", answer)
""",
    program=visit_in_loops,
    arguments={"loops": 2, "visitors": 2, "own": False},
    read=got_in,
    asked="a whole number of visitors",
    because=because,
    otherwise="For each of the four visitors: is the permit free, or has it to wait?",
    shows="Who must wait in the second loop meets a RuntimeError: the semaphore belongs to the loop of the first wait.",
)
