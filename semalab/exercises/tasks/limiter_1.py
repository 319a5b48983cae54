"""limiter-1: how long five visits take where two may talk at once."""

from __future__ import annotations

import threading
import time

from semalab.analysis.claims import limit
from semalab.exercises.answers import Answer, Prediction
from semalab.exercises.together import run_together
from semalab.run import Run


def answer_the_calls(clients: int, lines: int) -> None:
    free_lines = threading.Semaphore(lines)

    def call() -> None:
        with free_lines:
            time.sleep(0.01)

    callers = [threading.Thread(target=call, name=f"client-{i}") for i in range(clients)]
    run_together(callers)


def milliseconds(run: Run) -> int:
    return round(run.duration * 1000)


def because() -> dict[Answer, str]:
    def lasts(lines: int) -> int:
        return milliseconds(EXERCISE.run(lines=lines))

    return {
        milliseconds(EXERCISE.run(clients=4)): "That is enough for four clients. The fifth needs a line, too.",
        lasts(1) // 2: "Half of one after another would be right if the last client could split its call in two.",
        lasts(1): "So long it takes one after another, with a single line. Here two talk at once.",
        lasts(5): "So long one call takes. Without a limit that would be all, but there are only two lines.",
    }


EXERCISE = Prediction(
    name="limiter-1",
    task="Five clients call at the same moment, two lines are free, each call takes 10 ms: when is the last one done?",
    stub="""\
answer = ...  # milliseconds, a whole number

lab.check("limiter-1", answer)
""",
    program=answer_the_calls,
    arguments={"clients": 5, "lines": 2},
    read=milliseconds,
    asked="a whole number of milliseconds",
    because=because,
    otherwise="Draw two rows, one for each line, and put the five calls into them, each as soon as a row is free.",
    shows="Two rounds of two calls, and one call alone: the last one leaves a line idle.",
    claim=limit,
)
