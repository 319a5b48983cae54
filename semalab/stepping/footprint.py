"""What a step touched, and which steps may change places without anybody noticing.

A step is what one thread does from one point to its next. Two steps of different threads are independent if neither
writes what the other touches: then both orders lead to the same state, and neither lets or keeps the other from
running. A primitive is written by whoever may have to wait for it, and a semaphore's release only "reads": two
releases of one semaphore leave it the same in either order.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import NamedTuple

Location = int | str  # the key of a primitive, or the name of anything else

EVERYTHING = "everything"
CLOCK = "clock"
OUTPUT = "output"
RANDOM = "random"
MADE = "made"  # the order in which primitives and threads come into being gives them their names

DAEMONS = "daemons"  # among what is shared: the program is known to have some, from the first step on

READ, WRITE = False, True


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
