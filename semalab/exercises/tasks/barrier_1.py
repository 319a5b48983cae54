"""barrier-1: how many of eight get through a barrier for three."""

from __future__ import annotations

import threading

from semalab.exercises.answers import Answer, Prediction
from semalab.run import Run


def cross_the_river(walkers: int, boat: int) -> None:
    full_boat = threading.Barrier(boat)

    def cross() -> None:
        full_boat.wait()
        print("is across")

    for i in range(walkers):
        threading.Thread(target=cross, name=f"walker-{i}").start()


def across(run: Run) -> int:
    return sum(event.kind == "print" for event in run.trace.events)


def because() -> dict[Answer, str]:
    walkers, boat = EXERCISE.arguments["walkers"], EXERCISE.arguments["boat"]
    return {
        walkers: "A latch, once open, lets everybody through. A barrier counts again from the beginning.",
        boat: "So many fit into one boat. When it has left, the barrier counts again.",
        walkers - across(EXERCISE.run()): "So many wait for ever. How many are across?",
        walkers // boat: "So many boats leave. How many walkers are in them?",
        0: "The first three have all arrived: what should keep them?",
    }


EXERCISE = Prediction(
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
    because=because,
    otherwise="Let them come one by one, and say of each: does it wait, or does it fill the boat?",
    shows="Two full boats of three. The last two wait for a third, who never comes: a deadlock.",
)
