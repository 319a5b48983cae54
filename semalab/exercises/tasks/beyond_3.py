"""beyond-3: many jobs, a few at a time."""

from __future__ import annotations

import asyncio
import heapq
import random
from typing import Any

from semalab.analysis.claims import limit
from semalab.exercises.coroutine import TaskTrial
from semalab.log.event import SEMAPHORES
from semalab.run import Run


async def do_the_jobs(attempt: Any, jobs: int, most: int) -> dict[str, Any]:
    lengths = [random.uniform(0.01, 0.05) for _ in range(jobs)]
    inside = most_inside = begun = 0

    def job(i: int) -> Any:
        async def work() -> int:
            nonlocal inside, most_inside, begun
            begun += 1
            inside += 1
            most_inside = max(most_inside, inside)
            await asyncio.sleep(lengths[i])
            inside -= 1
            return 7 * i + 3

        return work

    answers = await attempt([job(i) for i in range(jobs)], most)
    right = type(answers) in (list, tuple) and list(answers) == [7 * i + 3 for i in range(jobs)]
    return {"inside": most_inside, "begun": begun, "right": right, "needed": _needed(lengths, most)}


def _needed(lengths: list[float], most: int) -> float:
    """How long it takes if the next job begins as soon as one has ended, in their order."""
    free = [0.0] * most
    for length in lengths:
        heapq.heappush(free, heapq.heappop(free) + length)
    return max(free)


def wrong(run: Run) -> str | None:
    jobs, most, counted = run.arguments["jobs"], run.arguments["most"], run.result
    if counted["inside"] > most:
        return f"{counted['inside']} jobs were at work at once, and only {most} may be."
    if counted["begun"] != jobs:
        return f"{jobs} jobs are to be done once each, and {counted['begun']} were begun: `await job()` runs one."
    if not counted["right"]:
        return "return a list of what the jobs return, in the order of the jobs."
    if counted["inside"] < min(most, jobs):
        return f"never more than {counted['inside']} at work at once, though {most} may be: do not await one by one."
    used = [use for use in run.reading.uses.values() if use.primitive.kind in SEMAPHORES and use.acquires]
    if not used:
        return "it works without a semaphore, and here it is to be built with `asyncio.Semaphore`."
    if run.duration > counted["needed"] * 1.3 + 0.001:
        return "a job waits although fewer are at work than may be: do not wait for a whole batch."
    return None


EXERCISE = TaskTrial(
    name="beyond-3",
    kind="build",
    task="jobs are coroutine functions: run them all, at most `most` at once, and return their answers in order.",
    stub="""\
async def attempt(jobs, most):
    pass  # your program


lab.check("beyond-3", attempt)
""",
    program=do_the_jobs,
    takes=("jobs", "most"),
    sizes=({"jobs": 4, "most": 2}, {"jobs": 12, "most": 3}),
    told="4 jobs, two at once, and of 12 jobs, three at once",
    wrong=wrong,
    holds="never more than so many jobs at work, and no time lost",
    claim=limit,
)
