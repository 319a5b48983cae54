"""Whether a run is wrong: it raised, it cannot go on, or what was claimed of it does not hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from semalab.analysis.claims import Claim
from semalab.log.stops import Timeout
from semalab.run import Run

Check = Callable[[Any], Any]


class Unfinished(Exception):
    """A run did not come to its end, and was not deadlocked: of this program not everything can be said."""


class Undecided(Exception):
    """The check could not say whether a run is right: it was neither, and nothing is proved."""


def counts_only(check: Check | None) -> bool:
    """True if this check asks how many were inside, never who was first: the lab's own claims, or no check at all."""
    return check is None or getattr(check, "__module__", None) == "semalab.analysis.claims"


def wrong(run: Run, check: Check | None) -> str | None:
    """What is wrong with a run, in a sentence; None if nothing is.

    Raises Unfinished for a run that was stopped, whatever it did until then; Undecided where the check cannot say.
    """
    if run.exception is not None or (run.stopped is not None and not isinstance(run.stopped, Timeout)):
        return run.verdict
    if run.stopped is not None:
        raise Unfinished(str(run.stopped))
    return None if check is None else _against(run, check)


def _against(run: Run, check: Check) -> str | None:
    try:
        result = check(run)
    except Exception as error:
        text = str(error)
        return f"{_name(check)}: {text}" if text else f"{_name(check)} raised {type(error).__name__}"
    if isinstance(result, Claim) and result.held is None:
        raise Undecided(result.sentence.removeprefix("Cannot say: "))
    if result is None or result:  # a check that only asserts returns nothing
        return None
    return str(result) if isinstance(result, Claim) else f"{_name(check)} does not hold"


def _name(check: Check) -> str:
    return str(getattr(check, "__name__", "the check"))
