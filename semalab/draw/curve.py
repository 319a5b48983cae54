"""How many started in the while before each moment, as a curve, and the line that it should not rise above."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.path import Path

from semalab.analysis.claims import Pace
from semalab.analysis.rate import in_seconds, starts_of
from semalab.analysis.reading import Reading
from semalab.draw.ink import ALARM, GREY, INK, LINE, OTHER, paler
from semalab.draw.layout import Band
from semalab.draw.sheet import Sheet
from semalab.draw.step_line import CLOSEST, draw_steps, steps, within
from semalab.draw.time_axis import Clock
from semalab.draw.viewport import View
from semalab.draw.words import fit, fullest
from semalab.log.excerpt import counted


@dataclass(frozen=True)
class Curve:
    """The starts of one primitive in the last `pace.window` nanoseconds, changing at `at` to `level`.

    Invariant: at each position the last of `level` counts the starts in (position - window, position], so the highest
    is the most in any half-open window of that length.
    """

    primitive: str
    pace: Pace
    at: np.ndarray
    level: np.ndarray

    def exceeds(self, view: View) -> bool:
        """Whether more started than may, in what the window shows."""
        return int(within(view, self.at, self.level)[1].max()) > self.pace.allowed


def curve_of(reading: Reading, clock: Clock, label: str, pace: Pace) -> Curve | None:
    """None where no time passed, and of what never started."""
    starts = np.array(starts_of(reading, label), dtype=np.float64)
    if clock.stands or not len(starts):
        return None
    when = np.r_[starts, starts + pace.window]
    change = np.r_[np.ones(len(starts)), -np.ones(len(starts))]
    moment, place = np.unique(when, return_inverse=True)  # who starts as another falls out of the window: one change
    level = np.cumsum(np.bincount(place, weights=change))
    at, until = moment / clock.scale, np.searchsorted(moment / clock.scale, clock.end, "right")
    return Curve(label, pace, np.r_[0.0, at[:until]], np.r_[0.0, level[:until]])


def draw_curve(sheet: Sheet, view: View, band: Band, curve: Curve, colour: str = OTHER.colour) -> str:
    """The curve in its strip, filled; dashed the number that is allowed, and the alarm's colour above it.

    Returns its heading.
    """
    at, level = within(view, curve.at, curve.level)
    most, allowed = int(level.max()), curve.pace.allowed
    up = (band.top - band.bottom) / max(most, allowed)
    x, y = steps(sheet, at, band.bottom + level * up)
    limit = band.bottom + allowed * up
    ground = np.full(len(x), band.bottom)
    sheet.area(_between(x, ground, y), "starts", 2, facecolor=paler(colour, 0.3))
    if most > allowed:
        line = np.full(len(x), limit)
        sheet.area(_between(x, line, np.maximum(y, line)), "alarm starts", 2.2, facecolor=ALARM)
    sheet.line([sheet.begin, sheet.end], [band.bottom] * 2, "zero", 2.5, color=LINE, linewidth=0.8)
    sheet.line([sheet.begin, sheet.end], [limit] * 2, "allowed", 3.2, color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
    draw_steps(sheet, at, band.bottom + level * up, colour, "starts line")
    _label(sheet, band, most, allowed, up)
    name = fit(curve.primitive, (sheet.page.right - sheet.page.left) * 0.25, 8)
    starts = f"starts of {name} in the last {in_seconds(curve.pace.window)}"
    choices = (f"{starts}; dashed: {allowed:,}, the most allowed", f"{starts}; dashed: allowed", starts)
    heading = fullest(choices, sheet.page.right - sheet.page.left, 8)
    sheet.text(sheet.x(view.begin), band.heading, heading, gid="strip heading", size=8, color=GREY)
    return heading


def _between(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> Path:
    return Path(np.concatenate([np.stack([x, high], axis=1), np.stack([x, low], axis=1)[::-1]]))


def _label(sheet: Sheet, band: Band, most: int, allowed: int, up: float) -> None:
    """0, the most there were, and what is allowed where there is room for it."""
    words = [(band.bottom, "0"), (band.bottom + most * up, counted(most, "start"))]
    if not most:
        words = words[:1]
    if all(abs(band.bottom + allowed * up - y) >= CLOSEST for y, _ in words):
        words.append((band.bottom + allowed * up, f"{allowed:,}"))
    for y, text in words:
        sheet.text(sheet.page.left - 8, y, text, size=8, ha="right", va="center_baseline", color=INK)
    rungs = np.array([[[sheet.begin - 4 * sheet.per_point, y], [sheet.begin, y]] for y, _ in words])
    sheet.lines(rungs, "rung", 2.5, color=LINE, linewidth=0.8)
