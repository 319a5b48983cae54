"""What a file tells of things that no file can hold: an exception, and a claim that is somebody's own function."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from semalab.analysis.claims import Check, Claim, at_most, exact_count, latch, limit, mutual_exclusion
from semalab.analysis.rate import at_most_per
from semalab.log.excerpt import cut

# The lab's own claims by their names, for files that keep claims and for whoever types one.
# A claim as it stands, and as a function of a primitive's name.
PLAIN: dict[str, Any] = {"mutual_exclusion": mutual_exclusion, "limit": limit, "latch": latch}
# A function of numbers, and after them of a primitive's name.
COUNTED: dict[str, Callable[..., Check]] = {"at_most": at_most, "exact_count": exact_count, "at_most_per": at_most_per}

_NUMBER = r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?(?:e[+-][0-9]{1,3})?"
_CALL = re.compile(rf"([a-z_]+)\(({_NUMBER}(?:, {_NUMBER})?)?(?:, )?(\".*\")?\)")


class SavedException(Exception):
    """An exception as words: its class has the name, and `str()` the message, of the one that a saved run raised."""


def called(name: str, message: str) -> SavedException:
    """An exception of that name with that message. The name is text: no class is looked up by it.

    >>> called("IndexError", "pop from empty list")
    IndexError('pop from empty list')
    """
    kind: type[SavedException] = type(cut(name, len(name)), (SavedException,), {"__doc__": SavedException.__doc__})
    return kind(message)


@dataclass(frozen=True)
class SavedClaim:
    """What an own claim said of the run before it was saved; it says the same of whatever it is asked."""

    said: Claim

    def __call__(self, run: Any) -> Claim:
        return self.said

    @property
    def __name__(self) -> str:
        return self.said.name


def name_of(claim: Check) -> str:
    """What a claim of the lab's own is called; empty for any other."""
    name = str(getattr(claim, "__name__", ""))
    own = getattr(claim, "__module__", None) in {Claim.__module__, at_most_per.__module__}
    return name if own and claim_called(name) is not None else ""


def claim_called(name: str) -> Check | None:
    """The lab's claim of that name, as in `at_most(3)` or `limit("door")`; None if it has none."""
    if name in PLAIN:
        plain: Check = PLAIN[name]
        return plain
    call = _CALL.fullmatch(name)
    if call is None:
        return None
    try:
        primitive = None if call[3] is None else json.loads(call[3])
        if call[1] in COUNTED and call[2] is not None:
            claim = COUNTED[call[1]](*json.loads(f"[{call[2]}]"), primitive)
        elif call[1] in PLAIN and primitive is not None:
            claim = PLAIN[call[1]](primitive)
        else:
            return None
    except (TypeError, ValueError):  # at_most(0) or at_most(1, 2), or what only looks like a name in quotes
        return None
    return claim if getattr(claim, "__name__", "") == name else None
