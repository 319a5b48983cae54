"""A number that changes in steps, as a line across its strip; a band where it changes faster than can be seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.path import Path

from semalab.draw.ink import paler
from semalab.draw.sheet import Sheet
from semalab.draw.viewport import View

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
