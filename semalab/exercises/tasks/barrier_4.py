"""barrier-4: what one hiker's impatience does to the others at a barrier."""

from __future__ import annotations

import threading
import time

from semalab.exercises.answers import Answer, Prediction
from semalab.run import Run


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


def because() -> dict[Answer, str]:
    hikers, late = EXERCISE.arguments["hikers"], EXERCISE.arguments["late"]
    return {
        1: "So it would be if only the impatient one were told. What do the others wait for?",
        hikers - late: "So many stand there when it breaks. What happens to whoever comes later?",
        late: "They come to a barrier that is broken already. And those who stood there when it broke?",
        0: "Patience ends after 20 ms, and the last hiker comes after 50 ms.",
    }


EXERCISE = Prediction(
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
    because=because,
    otherwise="Say of each of the five: does it stand at the barrier when it breaks, or does it come later?",
    shows="All five. Who stands there is woken, and who comes later is not kept: nobody waits for ever.",
)
