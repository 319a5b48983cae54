"""An exploration as one picture: what is drawn, in which words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from semalab.exploration.lanes import LANES, Told
from semalab.poster import Head, Lane, Tally, poster

if TYPE_CHECKING:
    from semalab.exploration.exploration import Exploration


def picture(found: Exploration, told: Sequence[Told], note: str = "") -> bytes:
    """The poster of what was found. note: why there are no lanes."""
    tally = Tally(len(found.violations), found.covered, found.complete, found.tally)
    timeline, steps = None, [(step.thread, step.what) for step in found.telling.steps] if found.telling else []
    if found.shortest is not None:
        which = "shortest" if found.minimal else "shortest met"
        count = len(steps)
        title = f"The {which} that breaks it, in {count:,} {'step' if count == 1 else 'steps'}"
        timeline = found.shortest.timeline(title=title)
    if not told and not note and found.covered > LANES:
        note = f"{found.covered:,} schedules are too many to be drawn side by side ({LANES} at most)."
    return poster(Head(found.headline, found.subtitle, tally), timeline, steps, as_lanes(told), note)


def as_lanes(told: Sequence[Told], chosen: Told | None = None) -> list[Lane]:
    """Drawn as lanes; the shortest is marked unless another is chosen."""
    return [
        Lane(
            steps=tuple((step.thread, step.what) for step in lane.telling.steps),
            broken=lane.violation is not None,
            label="" if lane.violation is None else f"#{lane.violation}",
            chosen=lane is chosen if chosen is not None else lane.shortest,
        )
        for lane in told
    ]
