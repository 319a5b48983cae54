"""What will be drawn, as numbers: bars, marks, links and crowds on the time axis, before any of it has a size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from semalab.analysis.claims import Pace
from semalab.analysis.reading import Reading, Use
from semalab.draw.bars import Bars, Density, bars_of, density_of, lives_of
from semalab.draw.levels import Curve, Variable, curve_of, variables_of
from semalab.draw.moments import (
    Crowd,
    Link,
    Marks,
    Opening,
    circle_of,
    crowds_of,
    died_of,
    left_of,
    links_of,
    moments_of,
    thefts_of,
)
from semalab.draw.style import OTHER, TONES, Tone
from semalab.draw.viewport import Beside, Between, Clock, View, clock_of, view_of
from semalab.log.event import Access
from semalab.log.trace import LOCKS, POOLED, QUEUES, SEMAPHORES

_STRIPS = 3
_MARKED_ROWS = 60  # beyond, a mark is taller than its row
_RESULTS = frozenset({"Future", "Futures", "Results"})


NOW = "now"  # in the place of the reason why a run was stopped: it goes on


@dataclass(frozen=True)
class Scene:
    """Everything the picture shows.

    lives: row -> (begin, end), within the window. bars: (kind, tone) -> Bars. links: per hand-over its two rows and two
    positions; thefts: the same per wake-up in vain, from who took the permit. density: what stands for the bars where
    there are too many. curve: starts, where the run is measured by a rate. variables: what became of numbers that
    threads share, where that was seen. circle: of a deadlock, who waits for what whom holds.
    died: row -> what became of the thread or process, in words. before: where a run before this one ended.
    """

    reading: Reading
    clock: Clock
    view: View
    lives: Mapping[int, tuple[float, float]]
    bars: Mapping[tuple[str, Tone | None], Bars]
    marks: tuple[Marks, ...]
    openings: tuple[Opening, ...]
    links: np.ndarray
    thefts: np.ndarray
    crowds: tuple[Crowd, ...]
    density: Density | None
    strips: tuple[Use, ...]
    tones: Mapping[str, Tone]
    alarm: str | None
    stopped: str | None
    beside: Beside | None = None
    curve: Curve | None = None
    variables: tuple[Variable, ...] = ()
    circle: np.ndarray = field(default_factory=lambda: np.empty((0, 3)))
    died: Mapping[int, str] = field(default_factory=dict)
    before: float | None = None

    @property
    def threads(self) -> tuple[str, ...]:
        return self.view.threads

    @property
    def bands(self) -> int:
        """How many strips it takes below the rows."""
        return len(self.strips) + len(self.variables) + (self.curve is not None)

    @property
    def parting(self) -> float | None:
        """Where this run and the one it is laid beside begin to differ; None if nowhere, or outside the window."""
        place = self.beside.parting if self.beside is not None else None
        if place is None:
            return None
        at = float(self.clock.at[place]) if place < len(self.clock.at) else self.clock.end
        return at if self.view.begin <= at <= self.view.end else None

    @property
    def longer(self) -> tuple[int, ...]:
        """Rows of threads that waited longer than in the run this one is laid beside; none in a run of many."""
        if self.beside is None or len(self.threads) > _MARKED_ROWS:
            return ()
        return tuple(row for row, thread in enumerate(self.threads) if thread in self.beside.longer)

    @property
    def open_ended(self) -> bool:
        return any(b.open.any() for (kind, _), b in self.bars.items() if kind in {"wait", "hold"})


def scene_of(
    reading: Reading,
    alarm: str | None,
    allowed: int,
    stopped: str | None,
    between: Between | None = None,
    threads: Sequence[str | int] | None = None,
    select: str | int | None = None,
    beside: Beside | None = None,
    pace: tuple[str, Pace] | None = None,
    accesses: Sequence[Access] = (),
    circle: Sequence[Link] = (),
    died: Sequence[str] = (),
    lasting: int = 0,
    before: int | None = None,
) -> Scene:
    """Lay a reading, or the part of it that is asked for, out on its time axis."""
    clock = clock_of(
        reading.trace, reading.times, stopped is not None, beside.lasting if beside is not None else lasting
    )
    view = view_of(reading.trace, clock, between, threads, select, beside)
    tones = _tones(reading, beside)
    marks, openings = moments_of(reading, _used(reading), clock, view, tones)
    crowds = crowds_of(reading.uses[alarm], clock, allowed, view) if alarm is not None else ()
    bars = bars_of(reading, clock, view, tones)
    lives = lives_of(reading, clock, view)
    curve = curve_of(reading, clock, *pace) if pace is not None and beside is None else None
    variables = variables_of(reading.trace, clock, view, accesses) if beside is None else ()
    gone = died_of(reading.trace, view, died)
    rows = dict(zip(reading.trace.threads, view.rows.tolist(), strict=True))
    others = len(variables) + (curve is not None)
    return Scene(
        reading=reading,
        clock=clock,
        view=view,
        lives=lives,
        bars=bars,
        marks=(
            *marks,
            *(mark for variable in variables for mark in variable.marks(view)),
            *left_of(bars, lives, gone),
        ),
        openings=openings,
        links=links_of(reading, clock, view, openings),
        thefts=thefts_of(reading, clock, view),
        crowds=crowds,
        density=density_of(bars, view),
        strips=strips_of(reading, beside)[: _STRIPS - others],
        tones=tones,
        alarm=alarm,
        stopped=stopped if not view.late else None,
        beside=beside,
        curve=curve,
        variables=variables,
        circle=circle_of(bars, tones, rows, circle),
        died=gone,
        before=None if before is None else before / (clock.scale or 1.0),
    )


def _used(reading: Reading) -> list[Use]:
    """The primitives in use, the main one first, then in order of creation. A pool's results would outnumber them."""
    main = reading.main_use
    used = [u for u in reading.uses.values() if u.role != "unused"]
    used = [u for u in used if u.primitive.kind not in _RESULTS] or used
    return sorted(used, key=lambda u: main is None or u.label != main.label)


def _tones(reading: Reading, beside: Beside | None) -> dict[str, Tone]:
    used = [u.label for u in _used(reading)]
    order = used if beside is None else [*beside.order, *(label for label in used if label not in beside.order)]
    place = {label: number for number, label in enumerate(order)}
    return {label: TONES[place[label]] if place[label] < len(TONES) else OTHER for label in used}


def strips_of(reading: Reading, beside: Beside | None = None) -> tuple[Use, ...]:
    """The main primitive and the busiest others of its family. A barrier or condition has no value worth a strip."""
    main = reading.main_use
    if main is None or main.primitive.kind in {"Barrier", "Condition"}:
        return ()
    family = next(
        (f for f in (SEMAPHORES, LOCKS, QUEUES) if main.primitive.kind in f), frozenset({main.primitive.kind})
    )
    if main.primitive.kind in POOLED:
        return (main,)
    others = [u for u in _used(reading) if u.primitive.kind in family and u.label != main.label]
    others.sort(key=lambda u: -(u.acquires + u.releases))
    chosen = [main, *others]
    if beside is not None:  # the same strips opposite each other
        place = {label: number for number, label in enumerate(beside.order)}
        chosen.sort(key=lambda u: place.get(u.label, len(place)))
    return tuple(chosen[:_STRIPS])
