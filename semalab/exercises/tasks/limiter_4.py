"""limiter-4: fetch no more than can be worked on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from semalab.analysis.claims import limit
from semalab.exercises.logged import STAY, calls, instead, semaphores
from semalab.exercises.trial import Trial
from semalab.run import Run


def load_the_pages(attempt: Any, jobs: int, most: int) -> dict[str, int]:
    fetched = done = there = working = together = 0

    def fetch() -> Callable[[], None] | None:
        nonlocal fetched, there
        if fetched == jobs:
            return None
        fetched += 1
        there = max(there, fetched - done)
        return work

    def work() -> None:
        nonlocal done, working, together
        working += 1
        together = max(together, working)
        time.sleep(STAY)
        working -= 1
        done += 1

    attempt(fetch, most)
    return {"fetched": fetched, "done": done, "there": there, "together": together}


def wrong(run: Run) -> str | None:
    jobs, most, counted, worked = run.arguments["jobs"], run.arguments["most"], run.result, calls(run)
    if counted["there"] > most:
        return f"{counted['there']} jobs were fetched and not done yet, and only {most} may be: wait before you fetch."
    if "main" in worked:
        return "main did a job itself: start a thread for each job."
    if counted["fetched"] < jobs:
        return f"only {counted['fetched']} of {jobs} jobs were fetched: `fetch()` returns None when there are no more."
    if worked.total() != jobs or len(worked) != jobs:
        return f"{jobs} jobs are to be done once each in threads of their own; {worked.total()} were begun."
    if counted["done"] < jobs:
        return "`attempt` came to its end while jobs were still at work: wait for every thread with `join()`."
    return None


def unasked(run: Run) -> str | None:
    if (what := instead(run)) is not None:
        return f"it works with {what}, and here it is to be built with a `threading.Semaphore`."
    if not semaphores(run):
        return "nobody acquired a semaphore: what does main wait for before it fetches the next job?"
    return None


EXERCISE = Trial(
    name="limiter-4",
    kind="build",
    task="Start a thread for each job that fetch() returns: never more than `most` are fetched and not done yet.",
    stub="""\
def attempt(fetch, most):
    pass  # your program


lab.check("limiter-4", attempt)
""",
    program=load_the_pages,
    takes=("fetch", "most"),
    small=({"jobs": 2, "most": 1}, {"jobs": 3, "most": 2}),
    large=({"jobs": 9, "most": 3},),
    sized=("jobs",),
    wrong=wrong,
    unasked=unasked,
    seen=lambda run: ["together"] if run.result["together"] > 1 else [],
    expected={"together": "never two jobs were at work at once, though more may be: join the threads at the end only."},
    holds="no job was fetched before there was room for it, and all were done",
    claim=limit,
)
