"""Who makes the next step: the question that a run step by step asks, and the two simplest who answer it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from semalab.stepping.footprint import Location


class Operation(NamedTuple):
    """What a thread is about to do. `may` tells whether it can without waiting; None: it always can."""

    kind: str
    location: Location
    mode: bool
    may: Callable[[], Any] | None = None


NOBODY = -1  # makes another step: the run is to be stopped here


class Guide(Protocol):
    """Says which thread makes the next step."""

    def choose(self, able: list[int], touched: list[tuple[Location, bool]]) -> int:
        """One of the threads that are able to (their numbers, ascending), or NOBODY. touched: by the step before."""
        ...


class Mark(NamedTuple):
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
