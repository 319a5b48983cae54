"""Numbers that change in steps, as lines across a strip: how many started in a while, what a shared variable holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.path import Path

from semalab.analysis.claims import Pace
from semalab.analysis.rate import in_seconds, starts_of
from semalab.analysis.reading import Reading
from semalab.draw.canvas import Sheet
from semalab.draw.layout import Band
from semalab.draw.moments import Marks
from semalab.draw.style import ALARM, GREY, INK, LINE, OTHER, PAPER, paler
from semalab.draw.viewport import Clock, View
from semalab.draw.words import fit, fullest
from semalab.log.event import Access
from semalab.log.excerpt import counted
from semalab.log.trace import Trace

CLOSEST = 11.0  # points between two labels beside a strip, at least
_TALL, _OFTEN = 3.0, 0.05  # points of a band's height, and the part of the strip from which it is one
_FINE = 2_000  # corners from which steps are thinned to what a column of pixels can show


def within(view: View, at: np.ndarray, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The changes that the window shows; at its left edge the level that came before it."""
    if view.whole:
        return at, level
    first = max(0, int(np.searchsorted(at, view.begin, "right")) - 1)
    shown = slice(first, int(np.searchsorted(at, view.end, "right")))
    return np.maximum(at[shown], view.begin), level[shown]


def steps(sheet: Sheet, at: np.ndarray, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners of a staircase that goes on to the end of the run."""
    x = np.r_[np.repeat(at, 2)[1:], sheet.last]
    y = np.repeat(level, 2)
    return (x, y) if len(x) <= _FINE * sheet.part else _bounds(sheet, at, level)[::2]


def _bounds(sheet: Sheet, at: np.ndarray, level: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of many steps: positions half a point apart, and the lowest and the highest level between them."""
    column = np.floor((at - sheet.begin) / sheet.per_point * 2).astype(np.int64)
    start = np.flatnonzero(np.r_[True, np.diff(column) > 0])
    last = level[np.r_[start[1:], len(level)] - 1]
    before = np.r_[level[0], last[:-1]]
    low = np.minimum(np.minimum.reduceat(level, start), before)
    high = np.maximum(np.maximum.reduceat(level, start), before)
    left = np.maximum(sheet.begin + column[start] * sheet.per_point / 2, at[0])
    right = np.minimum(left + sheet.per_point / 2, sheet.last)  # from there on, the last level is kept
    until = np.r_[left[1:], sheet.last]
    x = np.stack([left, right, np.minimum(right, until), until], axis=1)
    lower = np.stack([low, low, last, last], axis=1)
    upper = np.stack([high, high, last, last], axis=1)
    flat = until > right + 1e-9 * sheet.per_point
    kept = np.stack([np.full(len(x), True), np.full(len(x), True), flat, flat], axis=1)
    return x[kept], lower[kept], upper[kept]


def draw_steps(sheet: Sheet, at: np.ndarray, height: np.ndarray, colour: str, gid: str = "value") -> bool:
    """A line; where it would go up and down more often than can be seen, the pale band in which it does.

    Returns whether there is such a band.
    """
    style: dict[str, Any] = {"color": colour, "linewidth": 1.6, "solid_joinstyle": "miter"}
    if 2 * len(at) <= _FINE * sheet.part:
        sheet.line(*steps(sheet, at, height), gid, 3, **style)
        return False
    x, low, high = _bounds(sheet, at, height)
    if (high - low > _TALL).mean() < _OFTEN:
        sheet.line(np.repeat(x, 2), np.stack([low, high], axis=1).ravel(), gid, 3, **style)
        return False
    band = Path(np.concatenate([np.stack([x, low], axis=1), np.stack([x, high], axis=1)[::-1]]))
    sheet.area(band, f"{gid} band", 2.8, facecolor=paler(colour, 0.35))
    sheet.line(x, low, gid, 3, **{**style, "linewidth": 1.0})
    sheet.line(x, high, gid, 3, **{**style, "linewidth": 1.0})
    return True


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
    _label_peak(sheet, band, most, allowed, up)
    name = fit(curve.primitive, (sheet.page.right - sheet.page.left) * 0.25, 8)
    starts = f"starts of {name} in the last {in_seconds(curve.pace.window)}"
    choices = (f"{starts}; dashed: {allowed:,}, the most allowed", f"{starts}; dashed: allowed", starts)
    heading = fullest(choices, sheet.page.right - sheet.page.left, 8)
    sheet.text(sheet.x(view.begin), band.heading, heading, gid="strip heading", size=8, color=GREY)
    return heading


def _between(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> Path:
    return Path(np.concatenate([np.stack([x, high], axis=1), np.stack([x, low], axis=1)[::-1]]))


def _label_peak(sheet: Sheet, band: Band, most: int, allowed: int, up: float) -> None:
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


MOST = 2  # variables that are drawn
_LEVELS = 4  # different values that are written beside a strip, at most


@dataclass(frozen=True)
class Variable:
    """What became of a number that threads share.

    Invariant: `at` never decreases, and `value` is what the variable held from there on: until the last of the threads
    that touched it has ended, at `end`. row: of the thread, -1 where it is not shown. wrote: it wrote; else it read.
    name: of what is read and written. number: what the value is: the same, or of a container one number, `len(box)`.
    """

    name: str
    number: str
    at: np.ndarray
    value: np.ndarray
    row: np.ndarray
    wrote: np.ndarray
    end: float

    def marks(self, view: View) -> tuple[Marks, ...]:
        """Where on the rows it was read, and where written."""
        shown = (self.row >= 0) & view.holds(self.at)
        kinds = (("read", "reads", shown & ~self.wrote), ("write", "writes", shown & self.wrote))
        return tuple(
            Marks(kind, f"{verb} {self.name}", None, self.row[which], self.at[which])
            for kind, verb, which in kinds
            if which.any()
        )


def variables_of(trace: Trace, clock: Clock, view: View, accesses: Sequence[Access]) -> tuple[Variable, ...]:
    """The variables that were touched most often, of those whose every value is a known number."""
    touched: dict[tuple[str, str], list[tuple[Access, float]]] = {}
    for access, at in zip(accesses, _places(clock, accesses), strict=True):
        touched.setdefault((access.variable, access.number), []).append((access, at))
    known = {what: found for what, found in touched.items() if all(one.value is not None for one, _ in found)}
    chosen = sorted(known, key=lambda what: -len(known[what]))[:MOST]
    rows = dict(zip(trace.threads, view.rows.tolist(), strict=True))
    ends = {event.thread: clock.at[place] for place, event in enumerate(trace.events) if event.kind == "end"}
    return tuple(
        Variable(
            _called(*what),
            what[1] or what[0],
            np.array([at for _, at in known[what]]),
            np.array([one.value for one, _ in known[what]], dtype=np.float64),
            np.array([rows[one.thread] for one, _ in known[what]], dtype=np.intp),
            np.array([one.kind == "write" for one, _ in known[what]], dtype=bool),
            float(max(ends.get(one.thread, clock.end) for one, _ in known[what])),
        )
        for what in chosen
    )


def _called(variable: str, number: str) -> str:
    """What is read and written: of a container one item, or all of it, if it is how many there are that is shown."""
    return number if number and number != f"len({variable})" else variable


def _places(clock: Clock, accesses: Sequence[Access]) -> list[float]:
    """Where each lies: on an axis of events evenly between the two that it fell between, else at the time it was."""
    last = len(clock.at) - 1
    fellows: dict[int, int] = {}
    for access in accesses:
        fellows[access.after] = fellows.get(access.after, 0) + 1
    places, number = [], dict.fromkeys(fellows, 0)
    for access in accesses:
        before = float(clock.at[min(max(access.after - 1, 0), last)])
        number[access.after] += 1
        share = number[access.after] / (fellows[access.after] + 1) if clock.stands else 0.0
        following = float(clock.at[access.after]) if access.after <= last else clock.end
        places.append(before + share * (following - before))
    return places


def draw_variable(sheet: Sheet, view: View, band: Band, variable: Variable) -> str:
    """Its value as a line in a strip, with a mark for each time that it was read or written. Returns its heading."""
    at, value = within(view, np.minimum(variable.at, view.until), variable.value)
    low, high = min(0.0, float(value.min())), max(0.0, float(value.max()))
    up = (band.top - band.bottom) / ((high - low) or 1.0)
    zero = band.bottom - low * up
    sheet.line([sheet.begin, sheet.end], [zero, zero], "zero", 2.5, color=LINE, linewidth=0.8)
    until = min(variable.end, view.end)
    if len(at) and at[-1] < until:
        at, value = np.r_[at, until], np.r_[value, value[-1]]
    x, y = np.repeat(at, 2)[1:], (zero + np.repeat(value, 2) * up)[:-1]
    sheet.line(x, y, "variable", 3, color=INK, linewidth=1.6, solid_joinstyle="miter")
    shown = view.holds(variable.at)
    for kind, which in (("read", shown & ~variable.wrote), ("write", shown & variable.wrote)):
        if which.any():
            face = PAPER if kind == "read" else INK
            style = {"linestyle": "none", "marker": "s", "markersize": 4.2, "markeredgecolor": INK}
            height = zero + variable.value[which] * up
            sheet.line(variable.at[which], height, f"{kind} value", 3.4, markerfacecolor=face, **style)
    _label_values(sheet, band, zero, up, value)
    name = fit(variable.number, (sheet.page.right - sheet.page.left) * 0.25, 8)
    heading = f"value of {name}, as it was read and written"
    sheet.text(sheet.x(view.begin), band.heading, heading, gid="strip heading", size=8, color=GREY)
    return heading


def _label_values(sheet: Sheet, band: Band, zero: float, up: float, values: np.ndarray) -> None:
    """The lowest and the highest value, 0, and others where there is room for them."""
    order = dict.fromkeys([float(values.max()), float(values.min()), 0.0, *values.tolist()])
    words: list[tuple[float, str]] = []
    for value in order:
        y = zero + value * up
        if len(words) < _LEVELS and all(abs(y - other) >= CLOSEST for other, _ in words):
            words.append((y, f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"))
    for y, text in words:
        sheet.text(sheet.page.left - 8, y, text, size=8, ha="right", va="center_baseline", color=INK)
    rungs = np.array([[[sheet.begin - 4 * sheet.per_point, y], [sheet.begin, y]] for y, _ in words])
    sheet.lines(rungs, "rung", 2.5, color=LINE, linewidth=0.8)
