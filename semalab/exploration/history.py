"""Names for states: two runs that made the same steps, up to the order of independent ones, are in the same state.

A state's name is the last step of each thread; a step's name is the thread, its place among the thread's own steps, and
the names of all earlier steps it depends on. Nothing is read from the program's memory: equal names mean equal states
for every program whose threads do the same whenever they see the same, and different names may still mean equal states.
"""

from __future__ import annotations

from collections.abc import Hashable

from semalab.stepping import Footprint, Location
from semalab.stepping.footprint import EVERYTHING

State = frozenset[int]


class Names:
    """Gives every step and state met in a search its number. Invariant: equal numbers, equal pasts."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def number(self, past: Hashable) -> int:
        return self._numbers.setdefault(past, len(self._numbers))


class History:
    """A run's past as far as it matters to its future.

    Invariants: `_last` is the number of each thread's last step; `_written` that of the last step that wrote a location
    and `_read` those of the steps that have read it since. A step that touches everything is taken to write whatever
    was touched before, and `_barrier` is the last of those.
    """

    __slots__ = ("_barrier", "_last", "_names", "_read", "_written")

    def __init__(self, names: Names) -> None:
        self._names = names
        self._last: dict[int, int] = {}
        self._written: dict[Location, int] = {}
        self._read: dict[Location, set[int]] = {}
        self._barrier = -1

    def step(self, thread: int, footprint: Footprint) -> int:
        """Go one step on; returns the step's number."""
        causes = {self._barrier, self._last.get(thread, -1)}
        if EVERYTHING in footprint.writes:
            causes.update(self._last.values())
        for location in footprint.reads:
            causes.add(self._written.get(location, -1))
        for location in footprint.writes:
            causes.add(self._written.get(location, -1))
            causes.update(self._read.get(location, ()))
        number = self._names.number((thread, frozenset(causes)))
        self._last[thread] = number
        for location in footprint.reads:
            self._read.setdefault(location, set()).add(number)
        for location in footprint.writes:
            self._written[location] = number
            self._read.pop(location, None)
        if EVERYTHING in footprint.writes:
            self._barrier = number
        return number

    @property
    def state(self) -> State:
        """The name of the state that the run is in now."""
        return frozenset(self._last.values())
