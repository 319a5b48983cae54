"""The value of a primitive as a line above zero, and the threads that wait for it hanging below zero."""

from __future__ import annotations

import numpy as np
from matplotlib.path import Path

from semalab.columns import INITIAL, Numbers
from semalab.reading import Use
from semalab.timeline.ink import GREY, INK, LINE, PAPER
from semalab.timeline.page import Band
from semalab.timeline.scene import Scene
from semalab.timeline.sheet import Sheet
from semalab.timeline.table import table
from semalab.timeline.words import fit
from semalab.trace import FLAGS, LOCKS, QUEUES

_LABEL = 11.0  # points between two labels, at least
_FINE = 2_000  # steps from which they are thinned to what a column of pixels can show


def draw_strips(sheet: Sheet, scene: Scene) -> None:
    """One strip for each primitive that found room; those that did not are named."""
    for band, use in zip(sheet.page.strips, scene.strips, strict=False):
        _draw_strip(sheet, scene, band, use)
    without = [label for label in scene.tones if label not in {u.label for u in scene.strips[: len(sheet.page.strips)]}]
    if without and sheet.page.strips:
        names = fit(f"without a strip: {', '.join(without)}", (sheet.page.right - sheet.page.left) * 0.4, 8)
        sheet.text(sheet.page.right, sheet.page.strips[0].heading, names, size=8, ha="right", color=GREY)


def _draw_strip(sheet: Sheet, scene: Scene, band: Band, use: Use) -> None:
    tone = scene.tones[use.label] if use.label in scene.tones else next(iter(scene.tones.values()), None)
    colour = tone.colour if tone is not None else INK
    at, value = _in_window(scene, use.counts.values)
    when, waiting = _in_window(scene, use.counts.waiters)
    most, queue = int(value.max()), int(waiting.max())
    up, down = _scales(band, most, queue)
    zero = band.top - most * up
    if queue:
        hanging = _steps(sheet, when, waiting)
        x, y = hanging
        outline = np.stack([np.r_[x, x[-1], x[0]], np.r_[zero - y * down, zero, zero]], axis=1)
        style = {"facecolor": PAPER, "edgecolor": colour, "linewidth": 0.7, "hatch": tone.hatch if tone else "////"}
        sheet.area(Path(outline), "waiters", 2, **style)
    sheet.line([sheet.begin, sheet.end], [zero, zero], "zero", 2.5, color=LINE, linewidth=0.8)
    x, y = _steps(sheet, at, value)
    sheet.line(x, zero + y * up, "value", 3, color=colour, linewidth=1.6, solid_joinstyle="miter")
    _label(sheet, band, zero, most, queue, up, down, "item" if use.primitive.kind in QUEUES else "value")
    heading = sheet.text(sheet.x(scene.view.begin), band.heading, _heading(sheet, use, queue), size=8, color=GREY)
    heading.set_gid("strip heading")


def _heading(sheet: Sheet, use: Use, queue: int) -> str:
    kind = use.primitive.kind
    what = " (1 is free)" if kind in LOCKS else " (1 is set)" if kind in FLAGS else ""
    below = ", and below zero the threads that wait" if queue else ""
    name = fit(use.label, (sheet.page.right - sheet.page.left) * 0.25, 8)
    return f"{'items in' if kind in QUEUES else 'value of'} {name}{what}{below}"


def _scales(band: Band, most: int, queue: int) -> tuple[float, float]:
    """Points per permit above and per thread below zero: the same, unless labels on one side would crowd."""
    room = band.top - band.bottom
    if not queue:
        return room / max(1, most) if most else 0.0, 0.0
    if not most:
        return 0.0, room / queue
    unit = room / (most + queue)
    above = min(max(most * unit, _LABEL), room - _LABEL)
    return above / most, (room - above) / queue


def _label(sheet: Sheet, band: Band, zero: float, most: int, queue: int, up: float, down: float, unit: str) -> None:
    x = sheet.page.left - 8
    of = (lambda n: f"{n:,} {unit}{'s' if n != 1 else ''}") if unit == "item" else (lambda n: f"{unit} {n:,}")
    words = [(zero, "0" if most or queue else of(0))]
    if most:
        words.append((zero + most * up, of(most)))
    if queue:
        words.append((zero - queue * down, f"{queue:,} wait"))
    for y, text in words:
        sheet.text(x, y, text, size=8, ha="right", va="center_baseline", color=INK)
    rungs = np.array([[[sheet.begin - 4 * sheet.per_point, y], [sheet.begin, y]] for y, _ in words])
    sheet.lines(rungs, "rung", 2.5, color=LINE, linewidth=0.8)


def _in_window(scene: Scene, column: Numbers[int]) -> tuple[np.ndarray, np.ndarray]:
    """Position and level of every change, in log order; at the window's left edge the level that came before it."""
    index, level = table(column, 2).T
    at = scene.clock.at[np.maximum(index, 0)]
    at[index == INITIAL] = 0.0
    if not len(at) or at[0] > scene.view.begin:
        at, level = np.r_[0.0, at], np.r_[0, level]
    if not scene.view.whole:
        first = max(0, int(np.searchsorted(at, scene.view.begin, "right")) - 1)
        shown = slice(first, int(np.searchsorted(at, scene.view.end, "right")))
        at, level = np.maximum(at[shown], scene.view.begin), level[shown]
    return at, level.astype(np.float64)


def _steps(sheet: Sheet, at: np.ndarray, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners of a staircase that goes on to the axis' end."""
    x = np.r_[np.repeat(at, 2)[1:], sheet.end]
    y = np.repeat(level, 2)
    return _thinned(sheet, x, y) if len(x) > _FINE else (x, y)


def _thinned(sheet: Sheet, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First, lowest, highest and last level of every half point: what is left out lies under what is drawn."""
    column = np.floor((x - sheet.begin) / sheet.per_point * 2)
    start = np.flatnonzero(np.r_[True, np.diff(column) > 0])
    stop = np.r_[start[1:], len(x)] - 1
    levels = [y[start], np.minimum.reduceat(y, start), np.maximum.reduceat(y, start), y[stop]]
    return np.repeat(x[start], 4), np.stack(levels, axis=1).ravel()
