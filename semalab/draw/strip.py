"""The value of a primitive as a line above zero, and the threads that wait for it hanging below zero."""

from __future__ import annotations

import numpy as np
from matplotlib.path import Path

from semalab.analysis.reading import Use
from semalab.draw.canvas import Sheet
from semalab.draw.layout import Band, Page
from semalab.draw.levels import CLOSEST, draw_curve, draw_steps, draw_variable, steps, within
from semalab.draw.scene import Scene
from semalab.draw.style import GREY, INK, LINE, OTHER, PAPER
from semalab.draw.viewport import table
from semalab.draw.words import fit, fullest, width
from semalab.log.columns import INITIAL, Numbers
from semalab.log.event import actors
from semalab.log.excerpt import counted
from semalab.log.trace import FLAGS, LOCKS, QUEUES


def draw_strips(sheet: Sheet, scene: Scene) -> None:
    """The curve of starts, if one was asked for; variables; the primitives that found room. The others are named."""
    headings: list[str] = []
    if scene.curve is not None and sheet.page.strips:
        tone = scene.tones.get(scene.curve.primitive, OTHER)
        headings.append(draw_curve(sheet, scene.view, sheet.page.strips[0], scene.curve, tone.colour))
    for band, variable in zip(sheet.page.strips[scene.curve is not None :], scene.variables, strict=False):
        headings.append(draw_variable(sheet, scene.view, band, variable))
    shown = valued(scene, sheet.page)
    for band, use in shown:
        headings.append(_draw_strip(sheet, scene, band, use))
    without = [label for label in scene.tones if label not in {use.label for _, use in shown}]
    room = sheet.page.right - sheet.page.left
    names = fit(f"without a strip: {', '.join(without)}", room * 0.4, 8)
    if without and headings and width(headings[0], 8) + width(names, 8) + 12 <= room:
        sheet.text(sheet.page.right, sheet.page.strips[0].heading, names, size=8, ha="right", color=GREY)


def valued(scene: Scene, page: Page) -> list[tuple[Band, Use]]:
    """The strips that show primitives' values, below those of starts and variables."""
    return list(zip(page.strips[scene.bands - len(scene.strips) :], scene.strips, strict=False))


def _draw_strip(sheet: Sheet, scene: Scene, band: Band, use: Use) -> str:
    """Returns its heading."""
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
        hanging = steps(sheet, when, waiting)
        x, y = hanging
        outline = np.stack([np.r_[x, x[-1], x[0]], np.r_[zero - y * down, zero, zero]], axis=1)
        style = {"facecolor": PAPER, "edgecolor": colour, "linewidth": 0.7, "hatch": tone.hatch if tone else "////"}
        sheet.area(Path(outline), "waiters", 2, **style)
    sheet.line([sheet.begin, sheet.end], [zero, zero], "zero", 2.5, color=LINE, linewidth=0.8)
    banded = draw_steps(sheet, at, zero + value * up, colour)
    _label(sheet, band, zero, top, deep, up, down, "item" if use.primitive.kind in QUEUES else "value")
    heading = _heading(sheet, use, queue, banded)
    sheet.text(sheet.x(scene.view.begin), band.heading, heading, gid="strip heading", size=8, color=GREY)
    return heading


def _heading(sheet: Sheet, use: Use, queue: int, banded: bool) -> str:
    kind = use.primitive.kind
    what = " (1 is free)" if kind in LOCKS else " (1 is set)" if kind in FLAGS else ""
    below = f", and below zero the {actors(kind)} that wait" if queue else ""
    name = fit(use.label, (sheet.page.right - sheet.page.left) * 0.25, 8)
    whole = f"{'items in' if kind in QUEUES else 'value of'} {name}{what}"
    band = f"{whole}, from its lowest to its highest{below}"
    fits = banded and width(band, 8) <= (sheet.page.right - sheet.page.left) * 0.58
    shorter = f"{whole}, below zero who waits" if queue else whole
    return fullest((band if fits else whole + below, shorter, whole), sheet.page.right - sheet.page.left, 8)


def _scales(band: Band, most: int, queue: int) -> tuple[float, float]:
    """Points per permit above and per thread below zero: the same, unless labels on one side would crowd."""
    room = band.top - band.bottom
    if not queue:
        return room / max(1, most) if most else 0.0, 0.0
    if not most:
        return 0.0, room / queue
    unit = room / (most + queue)
    above = min(max(most * unit, CLOSEST), room - CLOSEST)
    return above / most, (room - above) / queue


def _label(sheet: Sheet, band: Band, zero: float, most: int, queue: int, up: float, down: float, unit: str) -> None:
    x = sheet.page.left - 8
    of = (lambda n: counted(n, unit)) if unit == "item" else (lambda n: f"{unit} {n:,}")
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
    return within(scene.view, at, level.astype(np.float64))
