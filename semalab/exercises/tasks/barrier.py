"""The exercises of the lesson on latches and barriers."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.exercise import Answer, Prediction
from semalab.exercises.judging import STAY, calls, instead, run_together, semaphores
from semalab.exercises.trial import Trial
from semalab.run import Run


# barrier-1: how many of eight get through a barrier for three.
def cross_the_river(walkers: int, boat: int) -> None:
    full_boat = threading.Barrier(boat)

    def cross() -> None:
        full_boat.wait()
        print("is across")

    for i in range(walkers):
        threading.Thread(target=cross, name=f"walker-{i}").start()


def across(run: Run) -> int:
    return sum(event.kind == "print" for event in run.trace.events)


def because_1() -> dict[Answer, str]:
    walkers, boat = BARRIER_1.arguments["walkers"], BARRIER_1.arguments["boat"]
    return {
        walkers: "A latch, once open, lets everybody through. A barrier counts again from the beginning.",
        boat: "So many fit into one boat. When it has left, the barrier counts again.",
        walkers - across(BARRIER_1.run()): "So many wait for ever. How many are across?",
        walkers // boat: "So many boats leave. How many walkers are in them?",
        0: "The first three have all arrived: what should keep them?",
    }


BARRIER_1 = Prediction(
    name="barrier-1",
    task="Eight threads come to a Barrier(3), each once: how many get through?",
    stub="""\
answer = ...  # walkers who come across

lab.check("barrier-1", answer)
""",
    program=cross_the_river,
    arguments={"walkers": 8, "boat": 3},
    read=across,
    asked="a whole number of walkers",
    because=because_1,
    otherwise="Let them come one by one, and say of each: does it wait, or does it fill the boat?",
    shows="Two full boats of three. The last two wait for a third, who never comes: a deadlock.",
)


# barrier-2: a gate behind which nobody holds the door.
def meet(attempt: Any, hikers: int) -> dict[str, int]:
    gate = threading.Semaphore(0)
    arrived = early = gone = 0

    def arrive() -> bool:
        nonlocal arrived
        time.sleep(STAY)
        print("arrives")
        arrived += 1
        return arrived == hikers

    def hike() -> None:
        nonlocal early, gone
        attempt(arrive, gate)
        if arrived < hikers:
            early += 1
        gone += 1

    hiking = [threading.Thread(target=hike, name=f"hiker-{i}") for i in range(hikers)]
    run_together(hiking)
    return {"arrived": arrived, "early": early, "gone": gone}


def wrong_2(run: Run) -> str | None:
    hikers, counted = run.arguments["hikers"], run.result
    if counted["arrived"] != hikers or len(calls(run)) != hikers:
        return f"each hiker must call `arrive()` once; {hikers} hikers called it {counted['arrived']} times."
    if counted["early"]:
        return "a hiker went on before all had arrived: only the last one may open the gate."
    return None


def unasked_2(run: Run) -> str | None:
    if run.reading.uses["gate"].acquires < run.arguments["hikers"] - 1:
        return "nobody waited at the gate."
    return None


BARRIER_2 = Trial(
    name="barrier-2",
    kind="repair",
    task="Nobody goes on before all have arrived, and then everybody does, although only the last one opens the gate.",
    stub="""\
def attempt(arrive, gate):
    if arrive():  # True for the last one
        gate.release()
    gate.acquire()


lab.check("barrier-2", attempt)
""",
    program=meet,
    takes=("arrive", "gate"),
    small=({"hikers": 2}, {"hikers": 3}),
    large=({"hikers": 12},),
    sized=("hikers",),
    wrong=wrong_2,
    unasked=unasked_2,
    holds="nobody goes on before all have arrived, and then all do",
)


# barrier-3: two phases with a barrier between them, built from semaphores.
def cook_and_eat(attempt: Any, friends: int) -> dict[str, int]:
    cooked = eaten = early = 0

    def cook() -> None:
        nonlocal cooked
        time.sleep(STAY)
        cooked += 1

    def eat() -> None:
        nonlocal eaten, early
        if cooked < friends:
            early += 1
        time.sleep(STAY)
        eaten += 1

    attempt(friends, cook, eat)
    return {"cooked": cooked, "eaten": eaten, "early": early}


def wrong_3(run: Run) -> str | None:
    friends, counted, called = run.arguments["friends"], run.result, calls(run)
    if "main" in called:
        return "main cooked or ate itself: start a thread for each friend."
    if counted["early"]:
        return "somebody ate before everybody had cooked."
    if counted["cooked"] != friends or counted["eaten"] != friends:
        return (
            f"{friends} friends are to cook and eat once each: when `attempt` came to its end,"
            f" {counted['cooked']} had cooked and {counted['eaten']} had eaten."
        )
    if set(called.values()) != {2}:
        return "each friend must cook and eat in the same thread: call `cook()`, then `eat()`."
    return None


def unasked_3(run: Run) -> str | None:
    if (what := instead(run)) is not None:
        return f"it works with {what}, and here it is to be built from `threading.Semaphore`."
    if not semaphores(run):
        return "nobody acquired a semaphore: what does the first one who has cooked wait for?"
    return None


BARRIER_3 = Trial(
    name="barrier-3",
    kind="build",
    task="Start a thread for each friend, who cooks and then eats: nobody eats before everybody has cooked.",
    stub="""\
def attempt(friends, cook, eat):
    pass  # your program


lab.check("barrier-3", attempt)
""",
    program=cook_and_eat,
    takes=("friends", "cook", "eat"),
    small=({"friends": 2},),
    large=({"friends": 3}, {"friends": 10}),
    sized=("friends",),
    wrong=wrong_3,
    unasked=unasked_3,
    holds="nobody ate before everybody had cooked",
)


# barrier-4: what one hiker's impatience does to the others at a barrier.
def break_the_barrier(hikers: int, late: int) -> None:
    """The first hiker is impatient. The late ones come when that one's patience has ended."""
    crossing = threading.Barrier(hikers)

    def hike(i: int) -> None:
        if i >= hikers - late:
            time.sleep(0.05)
        try:
            crossing.wait(timeout=0.02 if i == 0 else None)
        except threading.BrokenBarrierError:
            print("the barrier is broken")

    for i in range(hikers):
        threading.Thread(target=hike, args=[i], name=f"hiker-{i}").start()


def broken(run: Run) -> int:
    return sum(event.kind == "print" for event in run.trace.events)


def because_4() -> dict[Answer, str]:
    hikers, late = BARRIER_4.arguments["hikers"], BARRIER_4.arguments["late"]
    return {
        1: "So it would be if only the impatient one were told. What do the others wait for?",
        hikers - late: "So many stand there when it breaks. What happens to whoever comes later?",
        late: "They come to a barrier that is broken already. And those who stood there when it broke?",
        0: "Patience ends after 20 ms, and the last hiker comes after 50 ms.",
    }


BARRIER_4 = Prediction(
    name="barrier-4",
    task="Five hikers meet at a Barrier(5). One loses patience before the last two come: how many find it broken?",
    stub="""\
answer = ...  # hikers who are told that the barrier is broken

lab.check("barrier-4", answer)
""",
    program=break_the_barrier,
    arguments={"hikers": 5, "late": 2},
    read=broken,
    asked="a whole number of hikers",
    because=because_4,
    otherwise="Say of each of the five: does it stand at the barrier when it breaks, or does it come later?",
    shows="All five. Who stands there is woken, and who comes later is not kept: nobody waits for ever.",
)


EXERCISES = (BARRIER_1, BARRIER_2, BARRIER_3, BARRIER_4)
