"""What the exercises' programs share, and what their judges ask of a run's log."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

from semalab.analysis.usage import Use
from semalab.log.event import SEMAPHORES, Event
from semalab.run import Run

STAY = 0.01  # seconds that a call of what the exercise hands over takes


def run_together(threads: Sequence[threading.Thread]) -> None:
    """Start all of them, then wait until all have ended."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def calls(run: Run) -> Counter[str]:
    """How often each thread was in the exercise's own code, where it stays for a while."""
    return Counter(event.thread for event in run.trace.events if is_call(event))


def is_call(event: Event, stay: float = STAY) -> bool:
    """Whether here a thread begins to stay in the exercise's own code, for so many seconds.

    A sleep of the attempt's own code has a line, one in the lab's has none.
    """
    return event.kind == "sleep" and event.line is None and event.amount == round(stay * 1e9)


def semaphores(run: Run) -> list[Use]:
    """The semaphores that were acquired or released."""
    return [use for use in run.reading.uses.values() if use.primitive.kind in SEMAPHORES and use.role != "unused"]


def waits(run: Run) -> bool:
    """Whether somebody had to wait at a semaphore."""
    labels = {use.label for use in semaphores(run)}
    return any(event.kind == "block" and event.primitive in labels for event in run.trace.events)


def instead(run: Run) -> str | None:
    """What was used where no semaphore was: `a Lock`; None if nothing was."""
    kinds = {use.primitive.kind for use in run.reading.uses.values() if use.role != "unused"} - SEMAPHORES
    if not kinds or semaphores(run):
        return None
    kind = min(kinds)
    return f"an {kind}" if kind[0] in "AEIOU" else f"a {kind}"
