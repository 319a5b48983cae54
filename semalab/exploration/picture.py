"""An exploration as one picture: what is drawn, in which words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from semalab.analysis.verdict import WRONG
from semalab.exploration.side_by_side import LANES, Told
from semalab.exploration.telling import Telling
from semalab.log.excerpt import counted
from semalab.report import MOST, Head, Lane, Tally, chart, poster

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from semalab.exploration.exploration import Exploration


def picture(found: Exploration, told: Sequence[Told], note: str = "") -> bytes:
    """The poster of what was found. note: why there are no lanes."""
    judged, others = found.covered - found.unjudged, "cannot say" if found.unjudged else "not run"
    complete = found.complete and not found.unjudged
    if found.by_states:
        judged, complete = found.states, found.complete or bool(found.violations)
    tally = Tally(len(found.violations), judged, complete, found.tally, others)
    steps, drawn = [], None
    if found.telling is not None:
        steps = pairs(found.telling)
        which = "shortest" if found.minimal else "shortest met"
        count = counted(len(steps), "step")
        drawn = drawing(found.telling, f"The {which} that breaks it, in {count}", standing=WRONG)
    if not told and not note and (found.covered > LANES or found.by_states):
        many = "The" if found.by_states else f"{found.covered:,}"
        note = f"{many} schedules are too many to be drawn side by side ({LANES} at most)."
    return poster(Head(found.headline, found.subtitle, tally, found.standing), drawn, steps, as_lanes(told), note)


def drawing(telling: Telling, title: str, height: float | None = None, standing: str = "") -> Figure:
    """One schedule's timeline, or the chart of its steps if they only read and write variables.

    height: in inches. standing: what the title amounts to.
    """
    run = telling.run
    if charted(telling):
        return chart(pairs(telling), title, run.description, height, standing)
    return run.timeline(title=title, standing=standing, height=height)


def charted(telling: Telling) -> bool:
    """Its steps do nothing but read and write variables, and are few: a chart shows more of them than a timeline."""
    steps = pairs(telling)
    plain = all(what.partition(" ")[0] in ("reads", "writes") for _, what in steps)
    return telling.run.reading.main_use is None and plain and 0 < len(steps) <= MOST


def pairs(telling: Telling) -> list[tuple[str, str]]:
    """Each step's thread and what it does."""
    return [(step.thread, step.what) for step in telling.steps]


def as_lanes(told: Sequence[Told], chosen: Told | None = None) -> list[Lane]:
    """Drawn as lanes; the shortest is marked unless another is chosen."""
    return [
        Lane(
            steps=tuple(pairs(lane.telling)),
            broken=lane.violation is not None,
            label="" if lane.violation is None else f"#{lane.violation}",
            chosen=lane is chosen if chosen is not None else lane.shortest,
        )
        for lane in told
    ]
