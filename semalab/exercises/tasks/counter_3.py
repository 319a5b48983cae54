"""counter-3: go on as soon as enough jobs are done, without asking."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.logged import STAY
from semalab.exercises.trial import Trial
from semalab.run import Run


def bake(attempt: Any, cakes: int, enough: int) -> dict[str, int]:
    """The cakes beyond `enough` go into the oven when `attempt` has come to its end."""
    done, oven = threading.Semaphore(0), threading.Semaphore(0)
    finished = 0

    def work(i: int) -> None:
        nonlocal finished
        if i >= enough:
            oven.acquire()
        time.sleep(STAY)
        print("a cake is done")
        finished += 1
        done.release()

    working = [threading.Thread(target=work, args=[i], name=f"baker-{i}") for i in range(cakes)]
    for thread in working:
        thread.start()
    attempt(done, enough)
    in_time = finished
    oven.release(cakes)
    for thread in working:
        thread.join()
    return {"finished": in_time}


def wrong(run: Run) -> str | None:
    enough, cakes = run.arguments["enough"], run.arguments["cakes"]
    finished, use = run.result["finished"], run.reading.uses["done"]
    if finished < enough:
        return f"`attempt` came to its end when {finished} of {enough} cakes were done."
    if use.releases > cakes:
        return "a cake was counted that nobody has baked: only the bakers release."
    return None


def unasked(run: Run) -> str | None:
    enough, use = run.arguments["enough"], run.reading.uses["done"]
    if use.acquires < enough:
        return (
            f"it waited long enough, but without taking what was counted: {use.acquires} of {enough} permits were"
            " acquired. `acquire()` waits by itself, nobody has to ask again and again."
        )
    return None


EXERCISE = Trial(
    name="counter-3",
    kind="build",
    task="Each baker calls done.release() when a cake is done: come to an end as soon as `enough` of them are.",
    stub="""\
def attempt(done, enough):
    pass  # your program


lab.check("counter-3", attempt)
""",
    program=bake,
    takes=("done", "enough"),
    small=({"cakes": 2, "enough": 1}, {"cakes": 3, "enough": 2}),
    large=({"cakes": 15, "enough": 9},),
    sized=("cakes",),
    wrong=wrong,
    unasked=unasked,
    holds="`attempt` goes on as soon as enough is done, and not before",
)
