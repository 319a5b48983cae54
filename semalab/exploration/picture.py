"""What an exploration's picture is made of: a schedule as a timeline or a chart, and every schedule as a lane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from semalab.exploration.telling import Telling, Told
from semalab.report import MOST, Lane, chart

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
