"""Draws moments on the rows: who passed, who opened, who counted, who gave up, who printed, who let whom in; and what
went wrong, three times over: a bar, a shade and words for a crowd, a wall and a word for a stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.path import Path
from matplotlib.typing import MarkerType

from semalab.draw.canvas import Sheet, boxes
from semalab.draw.layout import EDGE
from semalab.draw.moments import Crowd, Marks, first_theft
from semalab.draw.raster import as_image, painted
from semalab.draw.rows import HOLD, TIP, WAIT, middles
from semalab.draw.scene import NOW, Scene
from semalab.draw.strip import valued
from semalab.draw.style import ALARM, GREY, INK, LINE, PAPER, SHADE, SMALL
from semalab.draw.words import clean, fit, width

_ONWARD = Path([(0, -1), (1.2, 0), (0, 1), (0, -1)], closed=True)  # begins at its moment
_DOWN = Path([(-0.8, 1.3), (0.8, 1.3), (0, 0), (-0.8, 1.3)], closed=True)  # its tip is its moment
UP = Path([(-0.8, -1.3), (0.8, -1.3), (0, 0), (-0.8, -1.3)], closed=True)  # for `_DOWN`, where the permit goes up
SHAPES: dict[str, tuple[MarkerType, float]] = {  # kind -> (marker, size in points)
    "pass": (_ONWARD, 12.0),
    "open": (_DOWN, 18.0),
    "take": (_ONWARD, 9.0),
    "give": (_DOWN, 12.0),
    "refuse": ("x", 5.5),
    "stolen": ("D", 5.0),
    "print": ("o", 4.2),
    "read": ("s", 4.6),
    "write": ("s", 4.6),
}


def draw_marks(sheet: Sheet, scene: Scene) -> None:
    """All moments. Two in the same place of a row are drawn once."""
    for opening in scene.openings:
        sheet.upright(opening.at, "opening", 5, color=opening.tone.colour, linewidth=1.8)
    for marks in scene.marks:
        if not (as_image(sheet, scene) and painted(marks)):
            _draw(sheet, scene, _apart(sheet, marks))
    _draw_links(sheet, scene)
    _draw_thefts(sheet, scene)
    _draw_circle(sheet, scene)
    _tell_deaths(sheet, scene)


def _apart(sheet: Sheet, marks: Marks) -> Marks:
    """Without the marks that would fall on one another."""
    place = np.round(marks.at / sheet.per_point).astype(np.int64)
    _, kept = np.unique(np.stack([marks.row, place], axis=1), axis=0, return_index=True)
    kept.sort()
    return replace(marks, row=marks.row[kept], at=marks.at[kept], index=None)


def _draw(sheet: Sheet, scene: Scene, marks: Marks) -> None:
    y = middles(sheet, marks.row)
    colour = marks.tone.colour if marks.tone is not None else INK
    if marks.kind == "count":
        half = sheet.page.pitch * WAIT / 2
        segments = np.stack([marks.at, y - half, marks.at, y + half], axis=1).reshape(-1, 2, 2)
        sheet.lines(segments, "count", 5, color=colour, linewidth=1.0)
        return
    if marks.kind == "left":
        half = sheet.page.pitch * HOLD / 2 + 1.5
        segments = np.stack([marks.at, y - half, marks.at, y + half], axis=1).reshape(-1, 2, 2)
        sheet.lines(segments, "left", 7.6, color=INK, linewidth=2.4)
        return
    marker, size = SHAPES[marks.kind]
    style = {
        "linestyle": "none",
        "marker": marker,
        "markersize": size * min(1.0, max(0.6 if marks.kind == "open" else 0.3, sheet.page.pitch / 14)),
    }
    half = sheet.page.pitch * HOLD / 2
    if marks.kind == "refuse":
        sheet.line(marks.at, y, "refuse", 7, color=INK, markeredgewidth=1.4, **style)
    elif marks.kind == "stolen":
        ring = {"markerfacecolor": PAPER, "markeredgecolor": INK, "markeredgewidth": 1.2}
        sheet.line(marks.at, y, "stolen", 7.4, **ring, **style)
    elif marks.kind == "print":
        ring = {"markerfacecolor": PAPER, "markeredgecolor": INK, "markeredgewidth": 0.9}
        side = np.where(_linked_below(sheet, scene, marks), 1.0, -1.0)
        sheet.line(marks.at, y + side * half, "print", 7.5, **ring, **style)
    elif marks.kind in {"read", "write"}:  # an edge of paper parts it from the bar that it lies on
        fill, rim = (PAPER, INK) if marks.kind == "read" else (INK, PAPER)
        ring = {"markerfacecolor": fill, "markeredgecolor": rim, "markeredgewidth": 0.9}
        sheet.line(marks.at, y, marks.kind, 7.3, **ring, **style)
    else:
        lift, up = np.zeros(len(y)), goes_up(scene, marks)
        if marks.kind == "give":  # outside of the bar that it would otherwise hide
            on_bar = _on_bar(scene, marks.row, marks.at)
            lift[on_bar] = np.where(up[on_bar], -half, half)
        edge = {"markeredgecolor": PAPER, "markeredgewidth": 0.7, "markerfacecolor": colour}
        for shape, which in ((marker, ~up), (UP, up)):
            if which.any():
                sheet.line(marks.at[which], (y + lift)[which], marks.kind, 7.2, **edge, **style | {"marker": shape})


def goes_up(scene: Scene, marks: Marks) -> np.ndarray:
    """Which of these are releases that let in somebody above: a sign that points down would be a second head."""
    up: np.ndarray = np.zeros(len(marks.row), dtype=bool)
    if marks.kind in {"give", "open"} and len(scene.links):
        source, begin, target, _ = scene.links.T
        above = target < source
        same = marks.row[:, None] == source[above][None, :]
        up = (same & (marks.at[:, None] == begin[above][None, :])).any(axis=1)
    return up


def _linked_below(sheet: Sheet, scene: Scene, marks: Marks) -> np.ndarray:
    """Which of these moments have an arrow at the lower edge of their row, so short that a ring there would hide it."""
    near = 4.0 * sheet.per_point
    source, begin, target, end = scene.links.T
    down = target > source
    rows = np.r_[source[down], target[~down]]
    places = np.r_[begin[down], end[~down]]
    taken = (marks.row[:, None] == rows[None, :]) & (np.abs(marks.at[:, None] - places[None, :]) < near)
    below: np.ndarray = taken.any(axis=1)
    return below


def _on_bar(scene: Scene, row: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Which of these places lie on a bar, its two ends among it."""
    found = np.zeros(len(row), dtype=bool)
    for (kind, _), bars in scene.bars.items():
        if kind not in {"hold", "wait"}:
            continue
        for place in np.flatnonzero(~found).tolist():
            same = bars.row == row[place]
            found[place] = bool(((bars.begin[same] <= at[place]) & (at[place] <= bars.end[same])).any())
    return found


def _draw_thefts(sheet: Sheet, scene: Scene) -> None:
    """From the edge of the bar of who took the last permit to the mark of who woke up in vain."""
    if len(scene.thefts):
        source, begin, target, end = scene.thefts.T
        y0 = middles(sheet, source) + np.where(target > source, -1.0, 1.0) * sheet.page.pitch * HOLD / 2
        segments = np.stack([begin, y0, end, middles(sheet, target)], axis=1).reshape(-1, 2, 2)
        sheet.lines(segments, "theft", 5.5, color=INK, linewidth=0.9, linestyle=(0, (1.2, 1.8)))


def _draw_circle(sheet: Sheet, scene: Scene) -> None:
    """Of a deadlock, from each bar that waits to the bar of who holds what it waits for."""
    if not len(scene.circle):
        return
    order = np.argsort(scene.circle[:, 2], kind="stable")
    source, target, begin = scene.circle[order].T
    at, least = begin.copy(), -np.inf
    apart = min(6.0, (TIP - 6.0) / len(at)) * sheet.per_point  # even those of the last moment lie on the tips
    for number in range(len(at)):  # those of one moment beside each other
        at[number] = max(at[number] + 4 * sheet.per_point, least)
        least = at[number] + apart
    down = np.where(target > source, -1.0, 1.0)
    y0 = middles(sheet, source) + down * sheet.page.pitch * WAIT / 2
    y1 = middles(sheet, target) - down * sheet.page.pitch * HOLD / 2
    segments = np.stack([at, y0, at, y1], axis=1).reshape(-1, 2, 2)
    sheet.lines(segments, "circle edge", 7.7, color=PAPER, linewidth=3.2)
    sheet.lines(segments, "circle", 7.8, color=ALARM, linewidth=1.6)
    for direction, marker in ((-1.0, "v"), (1.0, "^")):
        chosen = down == direction
        if chosen.any():
            style = {"linestyle": "none", "markersize": 6.0, "color": ALARM, "markeredgecolor": PAPER}
            y = (y1 + direction * -2.0)[chosen]
            sheet.line(at[chosen], y, "circle tip", 7.9, marker=marker, markeredgewidth=0.6, **style)


def _tell_deaths(sheet: Sheet, scene: Scene) -> None:
    """What became of a process, beside its end: right of it, or on its bar, or before its row begins."""
    if sheet.page.pitch < 10:
        return
    style: dict[str, Any] = {"gid": "died", "bold": True, "va": "center_baseline"}
    for row, words in scene.died.items():
        if row not in scene.lives:
            continue
        first, x = (sheet.x(moment) for moment in scene.lives[row])
        y, wide = sheet.page.row(row), width(words, SMALL, bold=True)
        stop = sheet.x(scene.view.end) if scene.stopped is not None else sheet.page.right
        held = any(kind == "hold" and row in bars.row[bars.left] for (kind, _), bars in scene.bars.items())
        begins = [b for (kind, _), bars in scene.bars.items() if kind == "hold" for b in bars.begin[bars.row == row]]
        if x + 6 + wide <= stop - 4:
            sheet.text(x + 6, y, words, color=INK, **style)
        elif held and x - 6 - wide > sheet.x(max(begins)) and sheet.page.pitch * HOLD >= 10.5:
            sheet.text(x - 6, y, words, color="white", ha="right", **style)
        elif first - 6 - wide > sheet.page.left:
            sheet.text(first - 6, y, words, color=INK, ha="right", **style)


def _draw_links(sheet: Sheet, scene: Scene) -> None:
    """From the edge of the releaser's bar to the edge of the bar it let in."""
    if not len(scene.links):
        return
    source, begin, target, end = scene.links.T
    down = np.where(target > source, -1.0, 1.0)
    half = sheet.page.pitch * HOLD / 2
    y0 = middles(sheet, source) + down * half * _on_bar(scene, source, begin)
    y1 = middles(sheet, target) - down * half
    sheet.lines(np.stack([begin, y0, end, y1], axis=1).reshape(-1, 2, 2), "handover", 5.5, color=GREY, linewidth=0.9)
    for direction, marker in ((-1.0, "v"), (1.0, "^")):
        at = down == direction
        if at.any():
            style = {"linestyle": "none", "markersize": 4.4, "color": GREY, "markeredgewidth": 0}
            sheet.line(end[at], (y1 + direction * -1.6)[at], "handover tip", 5.6, marker=marker, **style)


_BAR = 5.0  # points
_LABELS = 8  # crowds that get their own words, at most
_GAP = 7.0
_SAME = 3.0  # points between two ends that the eye takes for one
_AFTER = 9.0  # points from the last event to the stop, where a wait begins with it


@dataclass(frozen=True)
class Label:
    """Words for a moment at `x` points, beginning there or ending there. Earlier labels have the first choice.

    align: "left", "right", "either", or "before": ending there even where that is beside the plot.
    """

    words: str
    x: float
    colour: str
    gid: str
    align: str = "left"


def draw_faults(sheet: Sheet, scene: Scene) -> None:
    """Crowds, the stop, and the words of the band above the rows."""
    labels: list[Label] = []
    if scene.stopped is not None:
        labels.append(_draw_wall(sheet, scene, scene.stopped))
    labels += _draw_parting(sheet, scene)
    for opening in scene.openings[:2]:
        labels.append(Label(opening.label, sheet.x(opening.at), opening.tone.colour, "opening label", "either"))
    if scene.crowds:
        labels += _draw_crowds(sheet, scene)
    labels += _draw_end(sheet, scene)  # before what the legend says, too: a line without a word is a riddle
    if theft := first_theft(scene.reading, scene.clock, scene.view):
        at, choice = theft
        room = (sheet.page.right - sheet.page.left) * 0.7
        words = next(
            (w for w in map(clean, choice) if width(w, SMALL, bold=True) <= room), fit(choice[-1], room, SMALL)
        )
        labels.append(Label(words, sheet.x(at), INK, "stolen label", "either"))
    labels += _draw_before(sheet, scene)
    _draw_labels(sheet, labels)


def _draw_parting(sheet: Sheet, scene: Scene) -> list[Label]:
    """A dashed line at the first event at which a run and the one that it is laid beside differ."""
    at = scene.parting
    if at is None:
        return []
    sheet.upright(at, "parting", 6.8, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
    return [Label("≠", sheet.x(at) - 4, INK, "parting label", "before")]


def _draw_end(sheet: Sheet, scene: Scene) -> list[Label]:
    """A line where a run is over before its axis is."""
    view = scene.view
    if view.until <= view.end or view.late or scene.stopped is not None:
        return []
    sheet.upright(view.end, "end of run", 1.5, color=LINE, linewidth=0.9)
    return [Label(f"over: {scene.clock.moment(view.end)}", sheet.x(view.end), GREY, "end label", "either")]


def _draw_before(sheet: Sheet, scene: Scene) -> list[Label]:
    """A thin line where the run before this one ended, if that is somewhere else and in the window."""
    at, view = scene.before, scene.view
    if at is None or not view.begin < at <= view.until or abs(at - view.end) < _SAME * sheet.per_point:
        return []
    sheet.upright(at, "run before", 1.4, color=LINE, linewidth=0.8, linestyle=(0, (2, 3)))
    return [Label(f"before: {scene.clock.moment(at)}", sheet.x(at), GREY, "before label", "either")]


def _draw_wall(sheet: Sheet, scene: Scene, words: str) -> Label:
    page = sheet.page
    colour = INK if words == NOW else ALARM
    end = scene.view.end + (_AFTER * sheet.per_point if colour == ALARM and _late(scene, sheet) else 0.0)
    sheet.upright(end, "stop", 7, color=colour, linewidth=2.2)
    words = fit(words, (page.right - page.left) / 2, SMALL, bold=True)
    half = width(words, SMALL, bold=True) / 2
    return Label(words, min(sheet.x(end) + half, page.right) + 4, colour, "stop label", align="right")


def _late(scene: Scene, sheet: Sheet) -> bool:
    """Whether somebody begins to wait at the very end: who stops there must be seen to wait before the stop."""
    last = scene.view.end - _AFTER * sheet.per_point
    waits = [bars for (kind, _), bars in scene.bars.items() if kind == "wait"]
    return any(bool((bars.open & (bars.begin > last)).any()) for bars in waits)


def _draw_crowds(sheet: Sheet, scene: Scene) -> list[Label]:
    page = sheet.page
    crowds = _merged(scene.crowds, 1.2 * sheet.per_point)
    begin = np.array([crowd.begin for crowd in crowds])
    end = np.array([crowd.end for crowd in crowds])
    end = np.maximum(end, begin + 2.0 * sheet.per_point)  # a crowd of no duration is still a crowd
    flat = np.ones(len(begin))
    low, top = page.rows_bottom, page.rows_top
    sheet.area(boxes(begin, end, flat * low, flat * top), "alarm shade", 0.5, facecolor=SHADE)
    for strip in [band for band, use in valued(scene, page) if use.label == scene.alarm]:
        sheet.area(boxes(begin, end, flat * strip.bottom, flat * strip.top), "alarm shade", 0.5, facecolor=SHADE)
    sheet.area(boxes(begin, end, flat * (top + 1.5), flat * (top + 1.5 + _BAR)), "alarm bar", 6, facecolor=ALARM)
    worst = sorted(crowds, key=lambda crowd: (-crowd.most, crowd.begin - crowd.end))[:_LABELS]
    return [Label(f"{crowd.most:,} inside", sheet.x(crowd.begin) - 4, ALARM, "alarm text") for crowd in worst]


def _merged(crowds: Sequence[Crowd], gap: float) -> list[Crowd]:
    """Crowds that no eye could part, as one: at a hand-over, one leaves and the next enters in the same moment."""
    merged = [crowds[0]]
    for crowd in crowds[1:]:
        last = merged[-1]
        if crowd.begin - last.end <= gap:
            merged[-1] = Crowd(last.begin, crowd.end, max(last.most, crowd.most))
        else:
            merged.append(crowd)
    return merged


def _draw_labels(sheet: Sheet, labels: list[Label]) -> None:
    """Each at its moment, or as near as the page's edge allows; left out where another already stands."""
    taken: list[tuple[float, float]] = []
    y = sheet.page.rows_top + 11.0
    for label in labels:
        long = width(label.words, SMALL, bold=True)
        left, right = label.x + 4, label.x - 4 - long
        for place in {"left": (left,), "right": (right,), "either": (left, right), "before": (right,)}[label.align]:
            least = EDGE if label.align == "before" else sheet.page.left
            begin = min(max(place, least), sheet.page.right - long)
            if all(begin > stop + _GAP or begin + long < start - _GAP for start, stop in taken):
                taken.append((begin, begin + long))
                sheet.text(begin, y, label.words, gid=label.gid, bold=True, color=label.colour, va="baseline")
                break
