"""What is asked of an attempt: what is wrong with it before or while it runs, in a sentence, and what its log shows.

An attempt is called by a program of the exercise's own, in which a call takes a while.
"""

from __future__ import annotations

import inspect
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from semalab.analysis.claims import article
from semalab.analysis.usage import Use
from semalab.log.event import SEMAPHORES, Event
from semalab.log.excerpt import cut, cut_name, said_by, written
from semalab.log.stops import Deadlock
from semalab.run import Run

STAY = 0.01  # seconds that a call of what the exercise hands over takes
INTERRUPTED = "the check was interrupted before it could tell."
ENDLESS = "the program does not come to an end, and the check has stopped it."


def shape_of(attempt: Any, takes: Sequence[str]) -> str | None:
    """What keeps this from being called as the exercise calls it; None if nothing does. takes: its parameters."""
    listed = ", ".join(takes)
    if not callable(attempt):
        return f"the attempt must be a function, `def attempt({listed})`, got {written(attempt, 60)}."
    if isinstance(attempt, type):
        name = cut_name(attempt.__name__, 60)
        return f"the attempt must be a function, `def attempt({listed})`, got the class {name}."
    if inspect.iscoroutinefunction(attempt) or inspect.isgeneratorfunction(attempt):
        return "the attempt must be a plain function, without `async` and without `yield`: others would never run."
    return takes_other(attempt, takes)


def takes_other(attempt: Any, takes: Sequence[str]) -> str | None:
    """That a function's parameters are not these; None if it can be called with them."""
    listed = ", ".join(takes)
    try:
        signature = inspect.signature(attempt)
    except (TypeError, ValueError):  # a builtin that does not tell
        return None
    try:
        signature.bind(*takes)
    except TypeError:
        own = cut(", ".join(signature.parameters), 80) or "nothing"
        return f"the attempt must take {listed}, as in `def attempt({listed})`; yours takes {own}."
    return None


def fault_of(run: Run, wrong: Callable[[Run], str | None], attempt: Any) -> str | None:
    """What is wrong with a run, in a sentence; None if nothing is. It must not be asked of a run that timed out."""
    if run.exception is not None:
        return _raised(run, run.exception, attempt)
    if isinstance(run.stopped, Deadlock):
        return f"a deadlock: {run.stopped}."
    return wrong(run)


def _raised(run: Run, error: BaseException, attempt: Any) -> str:
    what = type(error).__name__
    if text := cut(said_by(error), 200).rstrip("."):
        what += f": {text}"
    file = getattr(getattr(attempt, "__code__", None), "co_filename", None)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    where = f" (line {lines[-1]} of its cell)" if lines else ""
    return f"{run.failed_thread} raised {what}{where}."


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
    return article(min(kinds))
