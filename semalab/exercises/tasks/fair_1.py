"""fair-1: how many get in before their patience ends."""

from __future__ import annotations

import threading
import time

from semalab.exercises.answers import Answer, Prediction
from semalab.run import Run


def lose_patience(guests: int, patience: float) -> None:
    door = threading.Semaphore(1)

    def visit() -> None:
        if door.acquire(timeout=patience):
            time.sleep(0.01)
            door.release()

    for i in range(guests):
        threading.Thread(target=visit, name=f"guest-{i}").start()


def got_in(run: Run) -> int:
    return run.reading.uses["door"].acquires


def because() -> dict[Answer, str]:
    right = got_in(EXERCISE.run())
    return {
        EXERCISE.arguments["guests"]: "The last of them would have to wait for 40 milliseconds.",
        right - 1: "Who waits for 20 milliseconds has not waited too long.",
        right + 1: "Who would get in after 30 milliseconds has gone by then.",
        1: "So it would be with `blocking=False`: nobody would wait at all.",
        0: "The first one finds the permit there.",
    }


EXERCISE = Prediction(
    name="fair-1",
    task="Five guests at a Semaphore(1), each waits 25 ms at most and stays for 10 ms: how many get in?",
    stub="""\
answer = ...  # guests who get in

lab.check("fair-1", answer)
""",
    program=lose_patience,
    arguments={"guests": 5, "patience": 0.025},
    read=got_in,
    asked="a whole number of guests",
    because=because,
    otherwise="At which moment is the door free for the second guest, for the third, for the fourth?",
    shows="They get in after 0, 10 and 20 ms, whoever they are. The others give up after 25 ms.",
)
