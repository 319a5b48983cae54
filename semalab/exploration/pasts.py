"""What each thread has seen so far stands for where it is and what it knows; and what it may touch from then on.

A thread that has seen the same does the same. So its past, the chain of what it did and what it saw each time, is all
that need be known of its frames and variables, where they cannot be read for certain.
"""

from __future__ import annotations

from collections.abc import Hashable

from semalab.stepping import Footprint, Location
from semalab.stepping.footprint import NOTHING

Past = int


class Pasts:
    """Gives every past its number, and knows what follows from it.

    Invariants: equal numbers, equal pasts. `_touched` has for each past all that its thread, and those that it starts,
    were seen to touch later, in any run, and `_before` the pasts that have led to it: so it holds for them, too.
    """

    def __init__(self) -> None:
        self._numbers: dict[Hashable, Past] = {}
        self._touched: dict[Past, Footprint] = {}
        self._before: dict[Past, set[Past]] = {}
        self._next: dict[Past, Footprint] = {}
        self._same: dict[Footprint, Footprint] = {}

    def number(self, past: Hashable) -> Past:
        return self._numbers.setdefault(past, len(self._numbers))

    def later(self, past: Past) -> Footprint:
        """All that is known to be touched after this past."""
        return self._touched.get(past, NOTHING)

    def next(self, past: Past) -> Footprint:
        """All that is known to be touched by the very next step."""
        return self._next.get(past, NOTHING)

    def step(self, past: Past, footprint: Footprint) -> None:
        """A thread with this past has made a step."""
        self._next[past] = self._united(self.next(past), footprint)
        self._add(past, footprint)

    def stand(self, past: Past, location: Location, mode: bool) -> None:
        """A thread with this past stands before an operation there."""
        one = frozenset((location,))
        self._add(past, Footprint(frozenset(), one) if mode else Footprint(one, frozenset()))

    def lead(self, past: Past, to: Past) -> None:
        """A thread with the first past may come to the second, or start a thread that has it."""
        if past != to and past not in self._before.setdefault(to, set()):
            self._before[to].add(past)
            self._add(past, self.later(to))

    def _add(self, past: Past, footprint: Footprint) -> None:
        queue = [past]
        while queue:
            one = queue.pop()
            before = self.later(one)
            together = self._united(before, footprint)
            if together != before:
                self._touched[one] = together
                queue.extend(self._before.get(one, ()))

    def _united(self, one: Footprint, other: Footprint) -> Footprint:
        writes = one.writes | other.writes
        both = Footprint((one.reads | other.reads) - writes, writes)
        return self._same.setdefault(both, both)
