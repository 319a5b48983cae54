"""The exercises of the lesson on the latch."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from semalab.exercises.exercise import Answer, Prediction
from semalab.exercises.judging import STAY, calls, instead, run_together, semaphores, waits
from semalab.exercises.trial import Trial
from semalab.log.excerpt import plural
from semalab.run import Run


# latch-1: three threads, two latches, one word.
def spell() -> None:
    first, second = threading.Semaphore(0), threading.Semaphore(0)

    def say_n() -> None:
        second.acquire()
        print("N")

    def say_o() -> None:
        print("O")
        first.release()

    def say_w() -> None:
        first.acquire()
        print("W")
        second.release()

    for say in (say_n, say_o, say_w):
        threading.Thread(target=say, name=say.__name__).start()


def word(run: Run) -> str:
    return "".join(run.output.split())


def because_1() -> dict[Answer, str]:
    started = "".join(name[-1].upper() for name in LATCH_1.run().trace.threads[1:])
    return {
        started: "In this order they are started. But who is started first waits at `second`.",
        word(LATCH_1.run())[::-1]: "That is the order from behind. Who waits for nobody?",
        "ONW": "`say_n` waits for `second`. Who releases it, and what has that thread printed before?",
        "": "Nothing would be printed if all three waited. Does `say_o` wait?",
    }


LATCH_1 = Prediction(
    name="latch-1",
    task="Three threads print a letter each, and two latches say in which order: which word comes out?",
    stub="""\
answer = ...  # three letters in quotes

lab.check("latch-1", answer)
""",
    program=spell,
    read=word,
    asked="a word in quotes",
    because=because_1,
    otherwise="Each thread prints its letter once. Begin with the thread that waits for nobody.",
    shows="`say_o` waits for nobody, `say_w` for `first`, `say_n` for `second`: no other order is possible.",
)


# latch-2: a gate that opens too early, and for one.
def start_the_race(attempt: Any, runners: int) -> dict[str, int]:
    gate = threading.Semaphore(0)
    prepared = prepared_in_time = 0

    def prepare() -> None:
        nonlocal prepared
        time.sleep(STAY)
        print("the track is prepared")
        prepared += 1

    def run() -> None:
        nonlocal prepared_in_time
        gate.acquire()
        print("runs")
        if prepared:
            prepared_in_time += 1

    running = [threading.Thread(target=run, name=f"runner-{i}") for i in range(runners)]
    for thread in running:
        thread.start()
    attempt(gate, runners, prepare)
    for thread in running:
        thread.join()
    return {"prepared": prepared, "in_time": prepared_in_time}


def wrong_2(run: Run) -> str | None:
    runners, counted = run.arguments["runners"], run.result
    if not calls(run):
        return "the track was not prepared: nobody called `prepare()`."
    if counted["in_time"] < runners:
        early = runners - counted["in_time"]
        return f"{early} {plural('runner', early)} passed the gate before the track was prepared."
    if counted["prepared"] != 1:
        return f"the track was prepared {counted['prepared']} times, and once is enough."
    left = run.reading.uses["gate"].final
    if left:
        return f"all runners passed, and the gate is still open for {left} more: one `release()` lets one through."
    return None


LATCH_2 = Trial(
    name="latch-2",
    kind="repair",
    task="Let every runner through the gate, none of them before the track is prepared, and nobody after them.",
    stub="""\
def attempt(gate, runners, prepare):
    gate.release()
    prepare()


lab.check("latch-2", attempt)
""",
    program=start_the_race,
    takes=("gate", "runners", "prepare"),
    small=({"runners": 2}, {"runners": 3}),
    large=({"runners": 15},),
    sized=("runners",),
    wrong=wrong_2,
    holds="the gate opens for all runners and for nobody else, and not before the track is prepared",
)


# latch-3: a relay of threads, each waiting for the one before.
def run_a_relay(attempt: Any, legs: int) -> dict[str, int]:
    done = early = 0

    def leg(i: int) -> Callable[[], None]:
        def run() -> None:
            nonlocal done, early
            print(f"leg {i} begins")
            if done != i:
                early += 1
            time.sleep(STAY)
            done += 1

        return run

    attempt([leg(i) for i in range(legs)])
    return {"done": done, "early": early}


def wrong_3(run: Run) -> str | None:
    legs, runs = run.arguments["legs"], calls(run)
    if "main" in runs:
        return "main ran a leg itself: start a thread for each leg."
    if run.result["early"]:
        return "a leg began out of turn: each must wait until the one before it has ended."
    if len(runs) != legs or sum(runs.values()) != legs:
        return f"{legs} runners are to run a leg each; {len(runs)} ran, {sum(runs.values())} legs in all."
    if run.result["done"] < legs:
        return "`attempt` came to its end before the last leg did: wait for every thread with `join()`."
    return None


def unasked_3(run: Run) -> str | None:
    if (what := instead(run)) is not None:
        return f"it works with {what}, and here each runner is to wait at a `threading.Semaphore`."
    if not semaphores(run):
        return "nobody acquired a semaphore: what does the second runner wait for?"
    return None


LATCH_3 = Trial(
    name="latch-3",
    kind="build",
    task="Run each of the legs in a thread of its own, all started at once, each leg only after the one before it.",
    stub="""\
def attempt(legs):
    pass  # your program


lab.check("latch-3", attempt)
""",
    program=run_a_relay,
    takes=("legs",),
    small=({"legs": 2}, {"legs": 3}),
    large=({"legs": 9},),
    sized=("legs",),
    wrong=wrong_3,
    unasked=unasked_3,
    seen=lambda run: ["a wait"] if waits(run) else [],
    expected={"a wait": "no runner ever had to wait at a semaphore. Start all threads before you join the first."},
    holds="each leg began when the one before it had ended, and not earlier",
)


# latch-4: a latch that nobody opens when the work before it fails.
RAIN = "it rains"


def prepare_the_track(attempt: Any, runners: int, rain: int) -> dict[str, int]:
    """rain: 1 if the track cannot be prepared."""
    gate = threading.Semaphore(0)
    tried = settled = early = passed = told = 0

    def prepare() -> None:
        nonlocal tried, settled
        tried += 1
        time.sleep(STAY)
        settled += 1
        print("cannot prepare the track" if rain else "has prepared the track")
        if rain:
            raise ConnectionError(RAIN)

    def open_up() -> None:
        nonlocal told
        try:
            attempt(gate, runners, prepare)
        except ConnectionError as error:
            told += str(error) == RAIN

    def run() -> None:
        nonlocal early, passed
        gate.acquire()
        early += not settled
        passed += 1

    threads = [threading.Thread(target=open_up, name="opener")]
    threads += [threading.Thread(target=run, name=f"runner-{i}") for i in range(runners)]
    run_together(threads)
    return {"tried": tried, "early": early, "passed": passed, "told": told}


def wrong_4(run: Run) -> str | None:
    counted, left = run.result, run.reading.uses["gate"].final
    if counted["tried"] != 1:
        return f"`prepare()` is to be called once, and was called {counted['tried']} times."
    if counted["early"]:
        return "a runner passed the gate before `prepare()` had come to its end."
    if left:
        return f"when all runners have passed, the gate is still open for {left} more."
    if counted["told"] != run.arguments["rain"]:
        return "what `prepare()` raises is to reach whoever called `attempt`."
    return None


LATCH_4 = Trial(
    name="latch-4",
    kind="repair",
    task="prepare() may raise: let the runners pass then, too, or they wait for ever, and let the error pass on.",
    stub="""\
def attempt(gate, runners, prepare):
    prepare()
    gate.release(runners)


lab.check("latch-4", attempt)
""",
    program=prepare_the_track,
    takes=("gate", "runners", "prepare"),
    small=({"runners": 2, "rain": 1}, {"runners": 3, "rain": 0}),
    large=({"runners": 9, "rain": 1}, {"runners": 8, "rain": 0}),
    sized=("runners",),
    wrong=wrong_4,
    holds="the gate opens when `prepare()` has come to its end, however that is, and the error reaches the caller",
)


EXERCISES = (LATCH_1, LATCH_2, LATCH_3, LATCH_4)
