"""What is wrong with an attempt before or while it runs, in a sentence: not a function, an exception, a deadlock."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from semalab.log.excerpt import cut, cut_name, said_by, written
from semalab.log.stops import Deadlock
from semalab.run import Run

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
