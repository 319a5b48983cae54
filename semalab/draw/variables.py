"""Variables that threads share: what they read and wrote, on the rows and as a line that shows the value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semalab.draw.ink import GREY, INK, LINE, PAPER
from semalab.draw.layout import Band
from semalab.draw.moments import Marks
from semalab.draw.sheet import Sheet
from semalab.draw.step_line import CLOSEST, within
from semalab.draw.time_axis import Clock
from semalab.draw.viewport import View
from semalab.draw.words import fit
from semalab.log.event import Access
from semalab.log.trace import Trace

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
    _label(sheet, band, zero, up, value)
    name = fit(variable.number, (sheet.page.right - sheet.page.left) * 0.25, 8)
    heading = f"value of {name}, as it was read and written"
    sheet.text(sheet.x(view.begin), band.heading, heading, gid="strip heading", size=8, color=GREY)
    return heading


def _label(sheet: Sheet, band: Band, zero: float, up: float, values: np.ndarray) -> None:
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
