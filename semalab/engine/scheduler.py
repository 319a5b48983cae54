"""Who runs next on the virtual processor: drawn from a seed, or read from a schedule that another run recorded."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Protocol


class Scheduler(Protocol):
    """Invariant: `taken` holds what was chosen so far; with these choices the run can be repeated."""

    taken: list[int]

    def astray(self, unfinished: bool) -> str | None:
        """Where the program and a schedule that was to be followed part. unfinished: the run, which is over, was
        stopped before its program had come to its end."""

    def choose(self, n: int) -> int:
        """One of n, counted from 0; n is at least 2."""
        ...


class Seeded:
    """Chooses by chance, the same for the same seed. Its generator is its own: the program's draws change nothing."""

    def __init__(self, seed: int) -> None:
        self.taken: list[int] = []
        self._random = random.Random(f"schedule {seed}").random

    def choose(self, n: int) -> int:
        choice = int(self._random() * n)
        self.taken.append(choice)
        return choice

    def skip(self, choices: int) -> None:
        """Go on as if so many had been taken."""
        for _ in range(choices):
            self._random()

    def astray(self, unfinished: bool) -> str | None:
        return None


class Replayed:
    """Chooses as another run did.

    A schedule that does not fit must not stop the run in the midst of a program's thread: it goes on with the first
    of those that could run, and whoever asked for the run is told.

    further: chooses where the schedule ends, if the run that it comes from was stopped there; then that is no misfit.
    """

    def __init__(self, choices: Iterable[int], further: Seeded | None = None) -> None:
        self.taken: list[int] = []
        self._choices = tuple(choices)
        self._further = further
        if further is not None:
            further.skip(len(self._choices))
        self._misfit: str | None = None

    def choose(self, n: int) -> int:
        place = len(self.taken)
        if place >= len(self._choices) and self._further is not None:
            choice = self._further.choose(n)
        elif place >= len(self._choices):
            self._part(f"it has {place:,} choices and the program needs more")
            choice = 0
        else:
            choice = self._choices[place]
            if not 0 <= choice < n:
                self._part(f"its choice {place + 1:,} is {choice}, and the program offers 0 to {n - 1}")
                choice = 0
        self.taken.append(choice)
        return choice

    def _part(self, where: str) -> None:
        self._misfit = self._misfit or where

    def astray(self, unfinished: bool) -> str | None:
        if self._misfit is None and not unfinished and len(self.taken) < len(self._choices):
            return f"it has {len(self._choices):,} choices and the program needed {len(self.taken):,}"
        return self._misfit
