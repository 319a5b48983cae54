"""counter-2: a counter that is read while others still count."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.logged import STAY, calls
from semalab.exercises.trial import Trial
from semalab.log.excerpt import written
from semalab.run import Run


def count_votes(attempt: Any, clerks: int, votes: int) -> Any:
    """Clerk i counts `votes` + i."""
    counter = threading.Semaphore(0)

    def count(i: int) -> None:
        time.sleep(STAY)
        for _ in range(votes + i):
            counter.release()

    counting = [threading.Thread(target=count, args=[i], name=f"clerk-{i}") for i in range(clerks)]
    return attempt(counter, counting)


def together(run: Run) -> bool:
    """Whether two clerks were there at once."""
    there = 0
    for event in run.trace.events:
        if event.thread != "main" and event.kind in ("start", "end"):
            there += 1 if event.kind == "start" else -1
            if there > 1:
                return True
    return False


def wrong(run: Run) -> str | None:
    clerks, votes = run.arguments["clerks"], run.arguments["votes"]
    all_votes = sum(votes + i for i in range(clerks))
    counting = calls(run)
    if "main" in counting:
        return "a clerk must count in a thread of its own: call `start()`, not `run()`."
    if len(counting) < clerks:
        return f"only {len(counting)} of {clerks} clerks were started."
    if type(run.result) is not int:
        return f"return the number that was counted; yours is {written(run.result, 40)}."
    use = run.reading.uses["counter"]
    if use.acquires or use.final != all_votes:
        return f"the count itself was changed: {all_votes} votes were cast, and the counter says {use.final}."
    if run.result != all_votes:
        less = "somebody was still counting" if run.result < all_votes else "nobody counts so far"
        return f"{run.result} was returned and {all_votes} votes were cast: {less}."
    return None


EXERCISE = Trial(
    name="counter-2",
    kind="repair",
    task="Start all clerks, who count with counter.release(), and return the exact count of all of them.",
    stub="""\
def attempt(counter, clerks):
    for clerk in clerks:
        clerk.start()
    return counter._value


lab.check("counter-2", attempt)
""",
    program=count_votes,
    takes=("counter", "clerks"),
    small=({"clerks": 2, "votes": 2}, {"clerks": 3, "votes": 1}),
    large=({"clerks": 20, "votes": 9},),
    sized=("clerks",),
    wrong=wrong,
    seen=lambda run: ["together"] if together(run) else [],
    expected={"together": "the count is right, but the clerks came one after another: start all, then join all."},
    holds="nothing was lost, and nobody was still counting when the number was read",
)
