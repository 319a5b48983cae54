"""counter-1: what is left of a value that several threads raise and lower."""

from __future__ import annotations

import threading

from semalab.exercises.answers import Answer, Prediction
from semalab.exercises.together import run_together
from semalab.run import Run


def bring_and_take(initial: int, bring: int) -> int:
    boxes = threading.Semaphore(initial)

    threads = [threading.Thread(target=boxes.release, args=[bring], name=f"bringer-{i}") for i in range(3)]
    threads += [threading.Thread(target=boxes.acquire, name=f"taker-{i}") for i in range(4)]
    run_together(threads)
    return boxes._value


def value(run: Run) -> int:
    return int(run.result)


def because() -> dict[Answer, str]:
    given = EXERCISE.arguments
    return {
        value(EXERCISE.run(bring=1, initial=given["initial"])): "`release(2)` adds 2, not 1.",
        value(EXERCISE.run(initial=4)) - 4: "So it would be with nothing there at the start. The value begins at 2.",
        given["initial"] + 3 * given["bring"]: "So many were there or brought. Four threads take one each.",
        value(EXERCISE.run()) + 2: "Count again what is brought: three threads, two each.",
    }


EXERCISE = Prediction(
    name="counter-1",
    task="A semaphore starts at 2, three threads release(2), four threads acquire() once: what is its value then?",
    stub="""\
answer = ...  # the value when all threads have ended

lab.check("counter-1", answer)
""",
    program=bring_and_take,
    arguments={"initial": 2, "bring": 2},
    read=value,
    asked="a whole number",
    because=because,
    otherwise="Begin with the value at the start, add what is released, take away what is acquired.",
    shows="2 at the start, 3 × 2 released, 4 acquired: in whatever order the threads run, no step is lost.",
)
