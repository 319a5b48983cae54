"""What a step reads and writes, which steps may change places without anybody noticing, and who says which is next.

A step is what one thread does from one point to its next. Two steps of different threads are independent if neither
writes what the other touches: then both orders lead to the same state, and neither lets or keeps the other from
running. A primitive is written by whoever may have to wait for it, and a semaphore's release only "reads": two
releases of one semaphore leave it the same in either order.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

Location = int | str  # the key of a primitive, or the name of anything else

EVERYTHING = "everything"
CLOCK = "clock"
OUTPUT = "output"
RANDOM = "random"
MADE = "made"  # the order in which primitives and threads come into being gives them their names

DAEMONS = "daemons"  # among what is shared: the program is known to have some, from the first step on

READ, WRITE = False, True
NOBODY = -1  # makes another step: the run is to be stopped here


class Footprint(NamedTuple):
    """What a step read without writing it, and what it wrote."""

    reads: frozenset[Location]
    writes: frozenset[Location]


NOTHING = Footprint(frozenset(), frozenset())


def footprint(touched: Iterable[tuple[Location, bool]]) -> Footprint:
    """The footprint of a step from its touches in any order."""
    return _footprint(tuple(touched))


@functools.lru_cache(maxsize=4096)  # a program makes the same few steps again and again
def _footprint(touched: tuple[tuple[Location, bool], ...]) -> Footprint:
    writes = frozenset(location for location, mode in touched if mode)
    return Footprint(frozenset(location for location, _ in touched) - writes, writes)


@functools.lru_cache(maxsize=65_536)  # a search asks of the same few pairs again and again
def independent(one: Footprint, other: Footprint) -> bool:
    """True if steps of two different threads with these footprints may change places."""
    if EVERYTHING in one.writes or EVERYTHING in other.writes:
        return False
    return (
        one.writes.isdisjoint(other.writes)
        and one.writes.isdisjoint(other.reads)
        and one.reads.isdisjoint(other.writes)
    )


def thread_location(number: int) -> Location:
    """Where a thread's beginning and end are noted."""
    return f"thread {number}"


class Operation(NamedTuple):
    """What a thread is about to do. `may` tells whether it can without waiting; None: it always can."""

    kind: str
    location: Location
    mode: bool
    may: Callable[[], Any] | None = None


class Guide(Protocol):
    """Says which thread makes the next step.

    No scheduler of the virtual clock: that draws one of so many after an operation, and need not know which they are;
    this one is asked before, and may weigh what each thread is about to touch.
    """

    def choose(self, able: list[int], touched: list[tuple[Location, bool]]) -> int:
        """One of the threads that are able to (their numbers, ascending), or NOBODY. touched: by the step before."""
        ...


class StepMark(NamedTuple):
    """A step: the thread's number, the operation it began with, and how long the log was then."""

    thread: int
    operation: Operation
    log: int


class First:
    """The guide of a run that nobody guides: the first that can."""

    def choose(self, able: list[int], touched: list[tuple[Location, bool]]) -> int:
        return able[0]


class Follow:
    """The guide that makes the steps of a schedule. Invariant: `astray` is where the program and the schedule part.

    unfinished: the run is stopped after these steps, which lead to where the program can go on for ever.
    """

    def __init__(self, steps: tuple[int, ...], unfinished: bool = False) -> None:
        self._steps = steps
        self._unfinished = unfinished
        self._made = 0
        self._misfit: str | None = None

    def choose(self, able: list[int], touched: list[tuple[Location, bool]]) -> int:
        place, self._made = self._made, self._made + 1
        if place < len(self._steps) and self._steps[place] in able:
            return self._steps[place]
        if place == len(self._steps) and self._unfinished:
            return NOBODY
        if place >= len(self._steps):
            where = f"it has {len(self._steps):,} steps and the program needs more"
        else:
            where = f"its step {place + 1:,} is thread {self._steps[place]}'s, which cannot make it"
        self._misfit = self._misfit or where
        return able[0]

    @property
    def astray(self) -> str | None:
        if self._misfit is None and self._made < len(self._steps):
            return f"it has {len(self._steps):,} steps and the program needed {self._made:,}"
        return self._misfit
