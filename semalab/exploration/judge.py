"""Whether a run is wrong: it raised, it cannot go on, or what was claimed of it does not hold.

And what the lab's claims about being inside need to know of a run so far: where states are judged, that is a part of
the state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from semalab.analysis.claims import Claim
from semalab.instrument import Made
from semalab.log.stops import Timeout
from semalab.log.trace import LOCKS, PERMITS
from semalab.run import Run

Check = Callable[[Any], Any]
_CLAIMS = ("mutual_exclusion", "limit", "at_most")
_ROW = 6  # entries of the log


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
    if run.failure is not None or (run.stopped is not None and not isinstance(run.stopped, Timeout)):
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


class GuardUse(NamedTuple):
    """Of one primitive: its value, whether it was acquired, the most threads inside, whether any waited before.

    How often it was acquired no claim asks, so a loop that acquires it again comes to the same use again.
    """

    value: int
    acquired: bool = False
    most: int = 0
    waited: bool = False


class Holdings(NamedTuple):
    """Of all primitives by their keys; holds: how many permits a thread has of one, by (thread, key)."""

    uses: Mapping[int, GuardUse]
    holds: Mapping[tuple[int, int], int]


NOBODY_INSIDE = Holdings({}, {})


class Unclear(Exception):
    """Who is inside cannot be told from the acquires and releases alone: one gave back what another has taken."""


def can_follow(check: Check | None) -> bool:
    """Whether what this check says of a run depends on nothing but what is followed here."""
    if check is None:
        return True
    name = str(getattr(check, "__name__", "")).partition("(")[0]
    return getattr(check, "__module__", None) == "semalab.analysis.claims" and name in _CLAIMS


def has_fewer(log: Sequence[Any], made: Sequence[Made]) -> bool:
    """Whether some primitive has fewer permits at the end of this log than it began with: one may be lost."""
    value: dict[int, int] = {}
    for what, now in zip(log[2::_ROW], log[3::_ROW], strict=True):
        if type(what) is int:
            if made[what].kind in PERMITS:
                value[what] = now
        elif what[0] in ("acquire", "release") and made[what[1]].kind in LOCKS:
            value[what[1]] = now
    return any(now < made[key].initial for key, now in value.items())


def after(before: Holdings, log: Sequence[Any], begin: int, made: Sequence[Made]) -> Holdings:
    """What is known after the rows of the log from `begin` on. Raises Unclear."""
    uses, holds = dict(before.uses), dict(before.holds)
    for place in range(begin, len(log), _ROW):
        ident, what, value = log[place + 1 : place + 4]
        if type(what) is int:
            if made[what].kind in PERMITS:
                _permit(uses, holds, ident - 1, what, value, made[what].initial)
        elif what[0] == "block" and what[1] is not None and made[what[1]].kind in PERMITS:
            use = uses.get(what[1]) or GuardUse(made[what[1]].initial)
            uses[what[1]] = use._replace(waited=not use.acquired)
        elif what[0] in ("acquire", "release") or (what[0] == "end" and any(who == ident - 1 for who, _ in holds)):
            raise Unclear
    return Holdings(uses, holds)


def _permit(
    uses: dict[int, GuardUse], holds: dict[tuple[int, int], int], thread: int, key: int, value: int, initial: int
) -> None:
    use = uses.get(key) or GuardUse(initial)
    own = holds.get((thread, key), 0) + use.value - value
    if own < 0:
        raise Unclear
    acquires = value < use.value
    if own:
        holds[thread, key] = own
    else:
        holds.pop((thread, key), None)
    inside = sum(held == key for _, held in holds)
    uses[key] = GuardUse(value, use.acquired or acquires, max(use.most, inside), use.waited and not acquires)
