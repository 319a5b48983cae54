"""The exercises of the lesson on tasks, processes and clusters."""

from __future__ import annotations

import asyncio
import heapq
import random
from typing import Any

from semalab.analysis.claims import limit
from semalab.exercises.exercise import Answer, Prediction
from semalab.exercises.trial import TaskTrial
from semalab.log.event import SEMAPHORES
from semalab.run import Run


# beyond-1: what an await in the midst of counting does.
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


def because_1() -> dict[Answer, str]:
    tasks, times = BEYOND_1.arguments["tasks"], BEYOND_1.arguments["times"]
    return {
        tasks * times: "So it would be without the `await`: between two of them no other task runs.",
        1: "Each task counts three times. What does it read the second time?",
        tasks: "All four read the same number, and write the same number.",
        0: "Each write is one more than what was read.",
    }


BEYOND_1 = Prediction(
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
    because=because_1,
    otherwise="The tasks take turns at the `await`: write down what each of the four reads in the first round.",
    shows="In each round all four read the same number, and then all four write the same one. Nine counts are lost.",
)


# beyond-2: a permit that is lost when its task is cancelled.
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


def wrong_2(run: Run) -> str | None:
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


BEYOND_2 = TaskTrial(
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
    wrong=wrong_2,
    holds="every permit comes back, also when a task is cancelled, and the exception reaches the caller",
    claim=limit,
)


# beyond-3: many jobs, a few at a time.
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


def wrong_3(run: Run) -> str | None:
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


BEYOND_3 = TaskTrial(
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
    wrong=wrong_3,
    holds="never more than so many jobs at work, and no time lost",
    claim=limit,
)


# beyond-4: a task that is cancelled while it waits for a permit.
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


def wrong_4(run: Run) -> str | None:
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


BEYOND_4 = TaskTrial(
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
    wrong=wrong_4,
    holds="whoever is cancelled in the queue takes no permit along and brings none back",
    claim=limit,
)


# beyond-5: a semaphore that outlives the event loop in which somebody waited for it.
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


def because_5() -> dict[Answer, str]:
    loops, visitors = BEYOND_5.arguments["loops"], BEYOND_5.arguments["visitors"]
    return {
        got_in(
            BEYOND_5.run(own=True)
        ): "So it is with a semaphore for each loop. Here the second loop meets an old one.",
        got_in(BEYOND_5.run(loops=1)): "So many in the first loop. Who finds a free permit in the second one?",
        got_in(BEYOND_5.run(visitors=1))
        - 1: "In the first loop the second visitor waits, and gets in after the first.",
        loops * visitors + 1: "More than there are visitors.",
        0: "`asyncio.Semaphore` may be made outside of a loop: the first loop is served well.",
    }


BEYOND_5 = Prediction(
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
    because=because_5,
    otherwise="For each of the four visitors: is the permit free, or has it to wait?",
    shows="Who must wait in the second loop meets a RuntimeError: the semaphore belongs to the loop of the first wait.",
)


EXERCISES = (BEYOND_1, BEYOND_2, BEYOND_3, BEYOND_4, BEYOND_5)
