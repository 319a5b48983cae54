"""mutex-1: how many stand in a room whose keys have multiplied."""

from __future__ import annotations

import threading
import time

from semalab.exercises.answers import Answer, Prediction
from semalab.exercises.together import run_together
from semalab.run import Run


def leave_keys_behind(guests: int, stray: int) -> int:
    key = threading.Semaphore(1)
    inside = most = 0

    def visit() -> None:
        nonlocal inside, most
        time.sleep(0.01)
        with key:
            inside += 1
            most = max(most, inside)
            time.sleep(0.01)
            inside -= 1

    def be_careless() -> None:
        for _ in range(stray):
            key.release()

    threads = [threading.Thread(target=visit, name=f"guest-{i}") for i in range(guests)]
    threads.append(threading.Thread(target=be_careless, name="careless"))
    run_together(threads)
    return most


def most_inside(run: Run) -> int:
    return int(run.result)


def because() -> dict[Answer, str]:
    return {
        most_inside(EXERCISE.run(stray=0)): "That would be so if every release belonged to an acquire.",
        EXERCISE.arguments["stray"]: "There are that many stray keys, and there is the first one, too.",
        EXERCISE.arguments["guests"]: "So many would like to go in. Are there as many keys?",
        0: "The key is there from the start, and every guest gives it back: somebody does get in.",
    }


EXERCISE = Prediction(
    name="mutex-1",
    task="A mutex starts at 1, a careless thread releases it twice, then five guests want in: how many are in at once?",
    stub="""\
answer = ...  # the most guests inside at the same moment

lab.check("mutex-1", answer)
""",
    program=leave_keys_behind,
    arguments={"guests": 5, "stray": 2},
    read=most_inside,
    asked="a whole number of guests",
    because=because,
    otherwise="Follow the value: what is it when the first guest comes, and what does each guest do to it?",
    shows="Every stray release is one more key, for good: 1 + 2 guests fit in. Nothing reported it.",
)
