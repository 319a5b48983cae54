"""The time axis below the plot, and the threads' names beside it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from semalab.draw.canvas import Sheet
from semalab.draw.layout import EDGE, MOST_ROWS
from semalab.draw.scene import Scene
from semalab.draw.style import GREY, INK, LINE, SMALL
from semalab.draw.viewport import ticks
from semalab.draw.words import clean, fit, width

_LEAST, _MOST = 66.0, 150.0  # points for the names
_MARK = 12.0  # points between a name and its row, for a mark
_CLOSE = 10.5  # points between two names, at least
_ALONE = 6  # names that are written in any case, at most
_SPARSE = 9  # names beside an image of rows, at most: type is dear
LONGER = ("^", 6.0)  # the mark of a thread that waited longer than opposite: its shape, and points
_EVERY = tuple(m * 10**p for p in range(6) for m in (1, 2, 5))


def label_margin(scene: Scene) -> float:
    """Points to the left of the plot. In steps, so that one longer name does not shift the picture."""
    names = scene.threads if len(scene.threads) <= MOST_ROWS else (scene.threads[0], scene.threads[-1])
    widest = max((width(clean(name), SMALL) for name in names), default=0.0)
    queue = len(f"{len(scene.threads):,} wait") * 5.5
    marks = _MARK if scene.beside is not None else 0.0
    return marks + min(_MOST, max(_LEAST, math.ceil((EDGE + 10 + max(widest, queue)) / 12) * 12))


def draw_labels(sheet: Sheet, scene: Scene) -> None:
    """Every name, or every second, fifth, tenth … as the rows grow narrow; then how many rows there are is said.

    A name that is not one of a series is written in any case: nobody can guess it from its neighbours.
    """
    count, page = len(scene.threads), sheet.page
    spacing = max(_CLOSE, (page.rows_top - page.rows_bottom) / _SPARSE if count > MOST_ROWS else 0.0)
    every = next(n for n in _EVERY if n * page.pitch >= spacing or n >= count)
    shown = list(range(0, count, every))
    if every > 1 and count > 1 and clean(scene.threads[1])[-2:].strip("-_ ") == "0":
        shown = [0, *range(1 + every, count, every)]  # "main" comes first: name the tenth worker, not the ninth
    if every > 1 and (count - 1 - shown[-1]) * page.pitch >= _CLOSE:
        shown.append(count - 1)
    groups = [[row] for row in shown]
    if every > 1 and 0 < len(alone := _alone(scene.threads)) <= _ALONE:
        groups = _apart(alone, shown, page.pitch)
    selected = scene.view.selected
    if selected is not None:  # its name is read in any case, and no other in the same place
        far = [rows for rows in groups if all(abs(row - selected) * page.pitch >= _CLOSE for row in rows)]
        groups = sorted([*far, [selected]])
    beside = _MARK if scene.beside is not None else 0.0
    right = page.left - 8 - beside
    for rows in groups:
        bold = rows == [selected]
        name = fit(", ".join(scene.threads[row] for row in rows), right - EDGE, SMALL, bold)
        colour = GREY if rows[0] in scene.view.absent else INK
        middle = page.row(sum(rows) / len(rows))
        sheet.text(right, middle, name, gid="row", ha="right", va="center_baseline", bold=bold, color=colour)
    if scene.longer:
        at = np.full(len(scene.longer), sheet.begin - (_MARK / 2 + 2) * sheet.per_point)
        size = min(LONGER[1], page.pitch * 0.8)
        style = {"linestyle": "none", "marker": LONGER[0], "markersize": size, "color": INK, "markeredgewidth": 0}
        sheet.line(at, [page.row(row) for row in scene.longer], "waited longer", 2, **style)
    if every > 1:
        y = np.array([page.row(row) for rows in groups for row in rows])
        x = np.full(len(y), sheet.begin)
        sheet.lines(np.stack([x - 4 * sheet.per_point, y, x, y], axis=1).reshape(-1, 2, 2), "row tick", 2, color=LINE)


def _alone(threads: Sequence[str]) -> list[int]:
    """Rows whose names differ from all others in more than a number."""
    stems = [name.rstrip("0123456789") for name in threads]
    counts = Counter(stems)
    return [row for row, stem in enumerate(stems) if counts[stem] == 1]


def _apart(alone: Sequence[int], shown: Sequence[int], pitch: float) -> list[list[int]]:
    """Rows that share a name's place, from the top: those that stand alone, joined where they are too close, and of
    the others those that keep their distance.
    """
    groups: list[list[int]] = []
    for row in alone:
        if groups and (row - groups[-1][-1]) * pitch < _CLOSE:
            groups[-1].append(row)
        else:
            groups.append([row])
    centres = [(rows, sum(rows) / len(rows)) for rows in groups]
    far = [row for row in shown if row not in alone and all(abs(row - at) * pitch >= _CLOSE for _, at in centres)]
    return sorted([*groups, *([row] for row in far)])


def draw_axis(sheet: Sheet, scene: Scene) -> None:
    """Ticks, their labels, and what they count."""
    page, clock = sheet.page, scene.clock
    places, labels = _ticks(scene, page.right - page.left)
    top = page.axis
    sheet.line([sheet.begin, sheet.end], [top, top], "axis", 2, color=LINE, linewidth=0.8)
    x = np.array(places)
    segments = np.stack([x, np.full(len(x), top - 4), x, np.full(len(x), top)], axis=1).reshape(-1, 2, 2)
    sheet.lines(segments, "tick", 2, color=LINE, linewidth=0.8)
    for place, label in zip(places, labels, strict=True):
        sheet.text(sheet.x(place), top - 13, label, gid="tick label", ha="center", color=INK)
    if page.compact:
        before = sheet.x(places[0]) - width(labels[0], SMALL) / 2 - 6
        sheet.text(before, top - 13, clock.word, size=8, ha="right", color=GREY)
    else:
        middle = (page.left + page.right) / 2
        sheet.text(middle, top - 27, clock.label, gid="axis label", ha="center", color=GREY)


def _ticks(scene: Scene, room: float) -> tuple[list[float], list[str]]:
    """As many as have room for their labels: far into a run they have many digits."""
    view, most = scene.view, int(room // 75)
    while True:
        places, labels = ticks(view.begin, view.until, most, whole=scene.clock.stands)
        if most <= 2 or len(places) * (max(width(label, SMALL) for label in labels) + 12) <= room:
            return places, labels
        most -= 1
