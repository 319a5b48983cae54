"""The choices that make a run on the virtual clock what it is: with them it can be repeated anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

POINTS = ("", "operations", "lines", "bytecode")


@dataclass(frozen=True)
class Schedule:
    """Everything that one run chose. Invariant: the same program with the same arguments and schedule is the same run.

    choices: without `points`, whom of several the processor let run, counted from 0, drawn from the seed after each
    operation; with `points`, the number of the thread that made the next step (0 is main).
    seed: what the run's random numbers came from.
    points: where a step began: "operations", "lines" or "bytecode". time: "clock" or "free".
    lives: starting and ending a thread were steps, too. shared: what several threads read and write.
    unfinished: the run was stopped; where that was may depend on the machine, and the seed says how it would go on.

    >>> Schedule.from_json(run.schedule.to_json()) == run.schedule
    True
    """

    choices: tuple[int, ...]
    seed: int = 0
    points: str = ""
    time: str = "clock"
    lives: bool = False
    shared: tuple[str, ...] = ()
    unfinished: bool = False

    def to_json(self) -> str:
        """As text, which `from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Schedule:
        """The schedule that `to_json` wrote. Raises ValueError for any other text."""
        return cls.from_mapping(json.loads(text))

    @classmethod
    def from_mapping(cls, fields: Mapping[str, Any]) -> Schedule:
        """The schedule with these fields. Raises ValueError for a mapping that no schedule was saved as."""
        try:
            schedule = cls(**{**fields, "choices": tuple(fields["choices"]), "shared": tuple(fields.get("shared", ()))})
        except (KeyError, TypeError):
            raise ValueError(
                f"a schedule has choices, seed, points, time, lives, shared and unfinished, got {fields!r}"
            ) from None
        if schedule.points not in POINTS or schedule.time not in ("clock", "free"):
            raise ValueError(f"a schedule has points in {POINTS} and time 'clock' or 'free', got {fields!r}")
        return schedule

    def __len__(self) -> int:
        return len(self.choices)

    def __repr__(self) -> str:
        return f"<Schedule: {len(self.choices):,} choices>"
