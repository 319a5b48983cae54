"""The schedules of a small program side by side, each told once more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from semalab.exploration.telling import Telling
from semalab.log.schedule import Schedule

if TYPE_CHECKING:
    from semalab.exploration.exploration import Exploration

LANES = 50  # more are no picture


@dataclass(frozen=True, eq=False)
class Told:
    """One schedule and how it went. violation: its number among those that are wrong; None if it is right."""

    schedule: Schedule
    telling: Telling
    violation: int | None
    shortest: bool


def lanes_of(found: Exploration) -> tuple[Told, ...]:
    """In the order of their steps, so that those that begin alike are neighbours."""
    shortest = found.shortest.schedule if found.shortest is not None else None
    schedules = [*(violation.schedule for violation in found.violations), *found.right]
    tellings = found.tell([*schedules, *([shortest] if shortest is not None else [])])
    last = tellings[-1] if shortest is not None else None
    lanes = []
    for number, (schedule, telling) in enumerate(zip(schedules, tellings, strict=False)):
        violation = number if number < len(found.violations) else None
        if last is not None and shortest is not None and telling.outcome == last.outcome:
            lanes.append(Told(shortest, last, violation, True))
        else:
            lanes.append(Told(schedule, telling, violation, False))
    return tuple(sorted(lanes, key=lambda lane: lane.schedule.choices))
