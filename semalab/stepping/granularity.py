"""What is a point in a run step by step, what may be said of its time, and what is asked of whoever watches the
program's own code for points.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from semalab.log.schedule import Schedule


@dataclass(frozen=True)
class Settings:
    """How finely a program is cut into steps.

    granularity: "operations", "lines" or "bytecode". free: a sleep may end in any order with others.
    lives: a thread's start, beginning, end and join are steps. shared: the names of what several threads access and
    at least one changes; to be complete, whoever searches adds what a run finds.
    releases_commute: nobody asks which of two releases of one semaphore came first.
    watched: accesses to shared names are looked for at all. aliases: pairs of names that one container has been seen
    under.
    """

    granularity: str = "operations"
    free: bool = False
    lives: bool = False
    shared: frozenset[str] = frozenset()
    releases_commute: bool = True
    watched: bool = True
    aliases: frozenset[tuple[str, str]] = frozenset()

    @cached_property
    def places(self) -> Mapping[str, str]:
        """For each name with aliases, the one that stands for all of them."""
        place: dict[str, str] = {}
        for one, other in sorted(self.aliases):
            names = place.get(one, one), place.get(other, other)
            first = min(names)
            place.update(dict.fromkeys({one, other, *names}, first))
            place.update({name: first for name, its in place.items() if its in names})
        return place

    def grown(self, shared: Iterable[str], aliases: Iterable[tuple[str, str]], lives: bool) -> Settings:
        """With what a run has shown besides. Invariant: with one name of a container, all its names are shared."""
        wider = replace(self, aliases=self.aliases | frozenset(aliases), lives=self.lives or lives)
        names = self.shared | frozenset(shared)
        places = {wider.places.get(name, name) for name in names}
        names |= {name for name, place in wider.places.items() if place in places}
        return replace(wider, shared=names)

    @classmethod
    def of(cls, schedule: Schedule) -> Settings:
        """Those under which this schedule was made."""
        return cls(schedule.points, schedule.time == "free", schedule.lives, frozenset(schedule.shared))

    def schedule(self, steps: tuple[int, ...], seed: int) -> Schedule:
        time = "free" if self.free else "clock"
        return Schedule(steps, seed, self.granularity, time, self.lives, tuple(sorted(self.shared)))


class Watching:
    """Watches the program's own code; this one does nothing at all."""

    def touch_anything(self, thread: int) -> None:
        """This thread may touch whatever others touch."""

    def renew(self) -> None:
        """Another run begins."""

    def grow(self, settings: Settings) -> None:
        """More is known to be shared."""

    def enter(self) -> None:
        """The calling thread begins to run the program."""

    def leave(self) -> None:
        """The calling thread has run what it had to of the program."""

    def rest(self) -> None:
        """The calling thread does not run the program for a while, but the lab."""

    def go_on(self) -> None:
        """The calling thread runs the program again."""

    def show(self, values: tuple[object, ...]) -> None:
        """The calling thread makes a text of these, in the step that is under way."""

    def join_in(self) -> None:
        """The main thread, which calls, is not alone any more."""

    def close(self) -> None:
        """Nothing more will run."""
