"""What is a point in a run step by step, and what may be said of its time."""

from __future__ import annotations

from dataclasses import dataclass

from semalab.schedule import Schedule


@dataclass(frozen=True)
class Settings:
    """How finely a program is cut into steps.

    granularity: "operations", "lines" or "bytecode". free: a sleep may end in any order with others.
    lives: a thread's start, beginning, end and join are steps. shared: the names of what several threads access and
    at least one changes; to be complete, whoever searches adds what a run finds.
    releases_commute: nobody asks which of two releases of one semaphore came first.
    watched: accesses to shared names are looked for at all.
    """

    granularity: str = "operations"
    free: bool = False
    lives: bool = False
    shared: frozenset[str] = frozenset()
    releases_commute: bool = True
    watched: bool = True

    @classmethod
    def of(cls, schedule: Schedule) -> Settings:
        """Those under which this schedule was made."""
        return cls(schedule.points, schedule.time == "free", schedule.lives, frozenset(schedule.shared))

    def schedule(self, steps: tuple[int, ...], seed: int) -> Schedule:
        time = "free" if self.free else "clock"
        return Schedule(steps, seed, self.granularity, time, self.lives, tuple(sorted(self.shared)))
