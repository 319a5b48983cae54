"""The value of a primitive as a line above zero, and the threads that wait for it hanging below zero."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.path import Path

from semalab.columns import INITIAL, Numbers
from semalab.event import actors
from semalab.reading import Use
from semalab.timeline.ink import GREY, INK, LINE, PAPER, paler
from semalab.timeline.page import Band
from semalab.timeline.scene import Scene
from semalab.timeline.sheet import Sheet
from semalab.timeline.table import table
from semalab.timeline.words import fit, width
from semalab.trace import FLAGS, LOCKS, QUEUES

_LABEL = 11.0  # points between two labels, at least
_TALL, _OFTEN = 3.0, 0.05  # points of a band's height, and the part of the strip from which it is one
_FINE = 2_000  # corners from which steps are thinned to what a column of pixels can show


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
    levels = scene.beside.levels.get(use.label, (0, 0)) if scene.beside is not None else (0, 0)
    top, deep = max(most, levels[0]), max(queue, levels[1])
    up, down = _scales(band, top, deep)
    zero = band.top - top * up
    if queue:
        hanging = _steps(sheet, when, waiting)
        x, y = hanging
        outline = np.stack([np.r_[x, x[-1], x[0]], np.r_[zero - y * down, zero, zero]], axis=1)
        style = {"facecolor": PAPER, "edgecolor": colour, "linewidth": 0.7, "hatch": tone.hatch if tone else "////"}
        sheet.area(Path(outline), "waiters", 2, **style)
    sheet.line([sheet.begin, sheet.end], [zero, zero], "zero", 2.5, color=LINE, linewidth=0.8)
    banded = _draw_value(sheet, at, zero + value * up, colour)
    _label(sheet, band, zero, top, deep, up, down, "item" if use.primitive.kind in QUEUES else "value")
    heading = _heading(sheet, use, queue, banded)
    sheet.text(sheet.x(scene.view.begin), band.heading, heading, size=8, color=GREY).set_gid("strip heading")


def _heading(sheet: Sheet, use: Use, queue: int, banded: bool) -> str:
    kind = use.primitive.kind
    what = " (1 is free)" if kind in LOCKS else " (1 is set)" if kind in FLAGS else ""
    below = f", and below zero the {actors(kind)} that wait" if queue else ""
    name = fit(use.label, (sheet.page.right - sheet.page.left) * 0.25, 8)
    whole = f"{'items in' if kind in QUEUES else 'value of'} {name}{what}"
    band = f"{whole}, from its lowest to its highest{below}"
    fits = banded and width(band, 8) <= (sheet.page.right - sheet.page.left) * 0.58
    return band if fits else whole + below


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


def _draw_value(sheet: Sheet, at: np.ndarray, height: np.ndarray, colour: str) -> bool:
    """A line; where it would go up and down more often than can be seen, the pale band in which it does.

    Returns whether there is such a band.
    """
    style: dict[str, Any] = {"color": colour, "linewidth": 1.6, "solid_joinstyle": "miter"}
    if 2 * len(at) <= _FINE * sheet.part:
        sheet.line(*_steps(sheet, at, height), "value", 3, **style)
        return False
    x, low, high = _bounds(sheet, at, height)
    if (high - low > _TALL).mean() < _OFTEN:
        sheet.line(np.repeat(x, 2), np.stack([low, high], axis=1).ravel(), "value", 3, **style)
        return False
    band = Path(np.concatenate([np.stack([x, low], axis=1), np.stack([x, high], axis=1)[::-1]]))
    sheet.area(band, "value band", 2.8, facecolor=paler(colour, 0.35))
    sheet.line(x, low, "value", 3, **{**style, "linewidth": 1.0})
    sheet.line(x, high, "value", 3, **{**style, "linewidth": 1.0})
    return True
