"""What the lab's claims about being inside need to know of a run so far: it is part of the state when one is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from semalab.exploration.judge import Check
from semalab.instrument import Made
from semalab.log.trace import PERMITS

_CLAIMS = ("mutual_exclusion", "limit", "at_most")
_ROW = 6  # entries of the log


class Use(NamedTuple):
    """Of one primitive: its value, how often it was acquired, the most threads inside, whether any waited before."""

    value: int
    acquires: int = 0
    most: int = 0
    waited: bool = False


class Inside(NamedTuple):
    """Of all primitives by their keys; holds: how many permits a thread has of one, by (thread, key)."""

    uses: Mapping[int, Use]
    holds: Mapping[tuple[int, int], int]


NOBODY_INSIDE = Inside({}, {})


class Unclear(Exception):
    """Who is inside cannot be told from the acquires and releases alone: one gave back what another has taken."""


def can_follow(check: Check | None) -> bool:
    """Whether what this check says of a run depends on nothing but what is followed here."""
    if check is None:
        return True
    name = str(getattr(check, "__name__", "")).partition("(")[0]
    return getattr(check, "__module__", None) == "semalab.analysis.claims" and name in _CLAIMS


def after(before: Inside, log: Sequence[Any], begin: int, made: Sequence[Made]) -> Inside:
    """What is known after the rows of the log from `begin` on. Raises Unclear."""
    uses, holds = dict(before.uses), dict(before.holds)
    for place in range(begin, len(log), _ROW):
        ident, what, value = log[place + 1 : place + 4]
        if type(what) is int:
            if made[what].kind in PERMITS:
                _permit(uses, holds, ident - 1, what, value, made[what].initial)
        elif what[0] == "block" and what[1] is not None and made[what[1]].kind in PERMITS:
            use = uses.get(what[1]) or Use(made[what[1]].initial)
            uses[what[1]] = use._replace(waited=not use.acquires)
        elif what[0] in ("acquire", "release") or (what[0] == "end" and any(who == ident - 1 for who, _ in holds)):
            raise Unclear
    return Inside(uses, holds)


def _permit(
    uses: dict[int, Use], holds: dict[tuple[int, int], int], thread: int, key: int, value: int, initial: int
) -> None:
    use = uses.get(key) or Use(initial)
    own = holds.get((thread, key), 0) + use.value - value
    if own < 0:
        raise Unclear
    acquired = value < use.value
    if own:
        holds[thread, key] = own
    else:
        holds.pop((thread, key), None)
    inside = sum(held == key for _, held in holds)
    uses[key] = Use(value, use.acquires + acquired, max(use.most, inside), use.waited and not acquired)
