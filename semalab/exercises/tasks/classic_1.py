"""classic-1: how many dishes are cooked before somebody carries one away."""

from __future__ import annotations

import threading
import time

from semalab.exercises.answers import Answer, Prediction
from semalab.run import Run

LATE = 0.1  # seconds until the waiter comes


def cook_ahead(dishes: int, places: int) -> None:
    room, ready = threading.Semaphore(places), threading.Semaphore(0)

    def cook() -> None:
        for _ in range(dishes):
            time.sleep(0.01)
            print("is cooked")
            room.acquire()
            ready.release()

    def carry() -> None:
        time.sleep(LATE)
        for _ in range(dishes):
            ready.acquire()
            room.release()

    threading.Thread(target=cook, name="cook").start()
    threading.Thread(target=carry, name="waiter").start()


def cooked_by_then(run: Run) -> int:
    return sum(event.kind == "print" and event.time < LATE * 1e9 for event in run.trace.events)


def because() -> dict[Answer, str]:
    dishes, places = EXERCISE.arguments["dishes"], EXERCISE.arguments["places"]
    return {
        places: "So many stand on the counter. What does the cook have in hand when it is full?",
        dishes: "Nobody takes one away yet: can all of them stand on the counter?",
        places - 1: "The value of `room` begins at the number of free places.",
        1: "The cook only waits when no place is free.",
        0: "The cook does not wait for the waiter before a dish is cooked.",
    }


EXERCISE = Prediction(
    name="classic-1",
    task="Eight dishes, a counter with three places, a late waiter: how many are cooked when the waiter comes?",
    stub="""\
answer = ...  # dishes that are cooked when the waiter comes

lab.check("classic-1", answer)
""",
    program=cook_ahead,
    arguments={"dishes": 8, "places": 3},
    read=cooked_by_then,
    asked="a whole number of dishes",
    because=because,
    otherwise="Go through the cook's loop with `room` at 3, 2, 1, 0: at which line does the cook stand then?",
    shows="Three dishes stand on the counter. The fourth is cooked, and the cook waits for a place with it in hand.",
)
