"""The rows drawn one bar at a time: a solid bar holds, a hatched bar waits, a line runs, sleeps or joins."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np
from matplotlib.path import Path

from semalab.draw.bars import Bars
from semalab.draw.canvas import Sheet, boxes
from semalab.draw.scene import Scene
from semalab.draw.style import FAINT, GREY, LINE, PAPER, SMALL, Tone
from semalab.draw.words import clean, width

HOLD, WAIT = 0.66, 0.36  # height of a bar as part of its row
LINES = {  # kind -> (colour, line style, width)
    "work": (LINE, "solid", 1.1),
    "sleep": (FAINT, (0, (1.1, 2.0)), 1.1),
    "join": (LINE, (0, (5.0, 3.0)), 0.9),
}
TIP = 22.0  # points by which a span that never ended reaches over the end of its row
TORN = 9.0  # points by which a span that goes on outside the window reaches over its edge
_TEAR = np.array([(1, -1), (0.45, -0.5), (1, 0), (0.45, 0.5), (1, 1)])  # (outwards, up)
_SEAM = 0.8  # points by which a tip lies over its bar's own end, the edge of which it hides
_NAMES = 40  # names written into bars, at most


def draw_rows(sheet: Sheet, scene: Scene) -> None:
    """All rows. What lies on top of what: lines, holds (inner on outer), waits."""
    _draw_lines(sheet, scene)
    nested = _depths(scene)
    for (kind, tone), bars in scene.bars.items():
        if kind == "hold" and tone is not None:
            _draw_holds(sheet, tone, bars, nested[tone])
        elif kind == "wait" and tone is not None:
            _draw_waits(sheet, tone, bars)
    if len(scene.tones) > 1:
        _name_holds(sheet, scene, nested)


def middles(sheet: Sheet, row: np.ndarray) -> np.ndarray:
    return sheet.page.rows_top - (row + 0.5) * sheet.page.pitch


def _draw_lines(sheet: Sheet, scene: Scene) -> None:
    groups = {"work": _work(scene), "sleep": scene.bars.get(("sleep", None)), "join": scene.bars.get(("join", None))}
    for kind, bars in groups.items():
        if bars is None or not len(bars.row):
            continue
        colour, style, weight = LINES[kind]
        y = middles(sheet, bars.row)
        reach = TORN * 0.8 * sheet.per_point
        begin, end = bars.begin - reach * bars.early, bars.end + reach * bars.late
        segments = np.stack([begin, y, end, y], axis=1).reshape(-1, 2, 2)
        sheet.lines(segments, kind, 2, color=colour, linestyle=style, linewidth=weight)


def _work(scene: Scene) -> Bars:
    """What is left of every life when sleeps, joins and waits are taken out."""
    idle: dict[int, list[tuple[float, float]]] = {row: [] for row in scene.lives}
    for (kind, _), bars in scene.bars.items():
        if kind != "hold":
            for row, begin, end in zip(bars.row.tolist(), bars.begin.tolist(), bars.end.tolist(), strict=True):
                idle[row].append((begin, end))
    found: list[tuple[int, float, float]] = []
    for row, (born, died) in scene.lives.items():
        at = born
        for begin, end in sorted(idle[row]):
            if begin > at:
                found.append((row, at, begin))
            at = max(at, end)
        if died > at:
            found.append((row, at, died))
    row, begin, end = np.array(found, dtype=np.float64).reshape(-1, 3).T
    early, late = (begin <= scene.view.begin) & scene.view.early, (end >= scene.view.end) & scene.view.late
    never = np.zeros(len(row), dtype=bool)
    return Bars(row, begin, end, never, early, late, never)


def _depths(scene: Scene) -> dict[Tone, np.ndarray]:
    """For every hold, how many other holds of its thread it began inside of."""
    holds = [(tone, bars) for (kind, tone), bars in scene.bars.items() if kind == "hold" and tone is not None]
    depths = {tone: np.zeros(len(bars.row)) for tone, bars in holds}
    order = sorted(
        (row, begin, -end, number, i)
        for number, (_, bars) in enumerate(holds)
        for i, (row, begin, end) in enumerate(
            zip(bars.row.tolist(), bars.begin.tolist(), bars.end.tolist(), strict=True)
        )
    )
    around: list[float] = []  # ends of the holds that the current one began inside of
    current = -1
    for row, begin, end, number, i in order:
        around = [e for e in around if e > begin] if row == current else []
        current = row
        depths[holds[number][0]][i] = min(len(around), 3)
        around.append(-end)
    return depths


def _draw_holds(sheet: Sheet, tone: Tone, bars: Bars, depth: np.ndarray) -> None:
    y = middles(sheet, bars.row)
    half = sheet.page.pitch * HOLD / 2 * 0.68**depth
    for level in np.unique(depth):  # an inner hold has an edge of paper, or it would melt into the outer one
        edge = {"edgecolor": PAPER, "linewidth": 0.9} if level else {}
        _bar(sheet, bars, half, depth == level, "hold", 3 + level / 10, facecolor=tone.colour, **edge)
    _draw_seams(sheet, bars, half, depth)
    short = bars.end - bars.begin < 1.6 * sheet.per_point
    _draw_instants(sheet, bars.begin[short], (y - half)[short], (y + half)[short], tone, 1.6)
    ended = bars.open
    _draw_tips(sheet, bars.begin[ended], bars.end[ended], y[ended], half[ended], "hold tip", facecolor=tone.colour)


def _draw_seams(sheet: Sheet, bars: Bars, half: np.ndarray, depth: np.ndarray) -> None:
    """A line of paper between two holds without a gap: who releases and acquires at once held twice, not once."""
    order = np.lexsort((bars.begin, bars.row))
    order = order[(depth[order] == 0) & (bars.end - bars.begin > 3 * sheet.per_point)[order]]
    row, begin, end = bars.row[order], bars.begin[order], bars.end[order]
    seam = np.flatnonzero((row[1:] == row[:-1]) & (begin[1:] - end[:-1] < 0.8 * sheet.per_point)) + 1
    y, high = middles(sheet, row[seam]), half[order][seam]
    segments = np.stack([begin[seam], y - high, begin[seam], y + high], axis=1).reshape(-1, 2, 2)
    sheet.lines(segments, "seam", 3.05, color=PAPER, linewidth=1.0)


def _draw_waits(sheet: Sheet, tone: Tone, bars: Bars) -> None:
    y = middles(sheet, bars.row)
    half = np.full(len(y), sheet.page.pitch * WAIT / 2)
    style = {"facecolor": PAPER, "edgecolor": tone.colour, "linewidth": 0.7, "hatch": tone.hatch}
    _bar(sheet, bars, half, np.full(len(y), True), "wait", 4, **style)
    short = bars.end - bars.begin < 1.0 * sheet.per_point
    _draw_instants(sheet, bars.begin[short], (y - half)[short], (y + half)[short], tone, 1.0)
    ended = bars.open
    _draw_tips(sheet, bars.begin[ended], bars.end[ended], y[ended], half[ended], "wait tip", **style)


def _draw_instants(sheet: Sheet, x: np.ndarray, bottom: np.ndarray, top: np.ndarray, tone: Tone, weight: float) -> None:
    """A bar too short to be seen keeps its place and gets the least width that shows."""
    segments = np.stack([x, bottom, x, top], axis=1).reshape(-1, 2, 2)
    sheet.lines(segments, "instant", 4.5, color=tone.colour, linewidth=weight)


def _draw_tips(
    sheet: Sheet, begin: np.ndarray, x: np.ndarray, y: np.ndarray, half: np.ndarray, gid: str, **style: Any
) -> None:
    """The arrow on a span that never ended: it points on, past the end of the log."""
    if not len(x):
        return
    reach = TIP * sheet.per_point
    goes_on = x - begin > _SEAM * sheet.per_point  # and so has no edge where it joins its bar
    x = x - _SEAM * sheet.per_point * goes_on
    corners = np.stack(
        [x, y - half, x + reach * 0.7, y - half, x + reach, y, x + reach * 0.7, y + half, x, y + half, x, y + half],
        axis=1,
    )
    codes = np.tile(np.array((Path.MOVETO, *[Path.LINETO] * 5), dtype=Path.code_type), (len(x), 1))
    codes[~goes_on, -1] = Path.CLOSEPOLY
    path = Path(corners.reshape(-1, 2), codes.ravel())
    sheet.area(path, gid, 6.5 if gid == "wait tip" else 6.4, snap=True, **style)


def _bar(sheet: Sheet, bars: Bars, half: np.ndarray, chosen: np.ndarray, gid: str, z: float, **style: Any) -> None:
    """Rectangles; where a span goes on outside the window its end is torn: it neither begins nor ends there."""
    y, cut = middles(sheet, bars.row), bars.early | bars.late
    at = chosen & ~cut
    sheet.area(boxes(bars.begin[at], bars.end[at], (y - half)[at], (y + half)[at]), gid, z, **style)
    at = chosen & cut
    if not at.any():
        return
    reach = TORN * sheet.per_point
    left = bars.begin[at, None] - reach * _TEAR[None, :, 0] * bars.early[at, None]
    right = bars.end[at, None] + reach * _TEAR[None, ::-1, 0] * bars.late[at, None]
    up = np.concatenate([_TEAR[:, 1], _TEAR[::-1, 1], _TEAR[:1, 1]])
    x = np.concatenate([left, right, left[:, :1]], axis=1)
    corners = np.stack([x, y[at, None] + half[at, None] * up[None, :]], axis=2).reshape(-1, 2)
    codes = (Path.MOVETO, *[Path.LINETO] * (len(up) - 2), Path.CLOSEPOLY)
    torn = Path(corners, np.tile(np.array(codes, dtype=Path.code_type), int(at.sum())))
    sheet.area(torn, f"{gid} torn", z, **style)


def _name_holds(sheet: Sheet, scene: Scene, nested: dict[Tone, np.ndarray]) -> None:
    """Write a guard's name into its bars where there is room: colour alone would not say which it is."""
    names: dict[Tone, list[str]] = {}
    for label, tone in scene.tones.items():
        names.setdefault(tone, []).append(label)
    if sheet.page.pitch * HOLD < 10.5:
        return
    begins: dict[int, list[float]] = {}  # per row, where its bars begin
    for (kind, _), bars in scene.bars.items():
        if kind in {"hold", "wait"}:
            for row, begin in zip(bars.row.tolist(), bars.begin.tolist(), strict=True):
                begins.setdefault(row, []).append(begin)
    places: list[tuple[float, int, str]] = []
    for tone in nested:
        bars, words = scene.bars["hold", tone], clean(names[tone][0])
        room = (width(words, 8) + 6) * sheet.per_point
        heights = (sheet.page.pitch * HOLD * 0.68 ** nested[tone]).tolist()
        for row, begin, end, high in zip(
            bars.row.tolist(), bars.begin.tolist(), bars.end.tolist(), heights, strict=True
        ):
            alone = sum(begin - room <= other < begin + room for other in begins[row]) == 1
            if len(names[tone]) == 1 and end - begin >= room and alone and high >= 8:
                places.append((begin, row, words))
    for begin, row, words in places if len(places) <= _NAMES else ():
        x, y = sheet.x(begin) + 3, sheet.page.row(row)
        sheet.text(x, y, words, gid="name", size=8, va="center_baseline", color="white")


def draw_absent(sheet: Sheet, scene: Scene) -> None:
    """A bracket and words for every block of rows whose threads this run does not have."""
    page = sheet.page
    x = sheet.begin + 6 * sheet.per_point
    for _, block in groupby(enumerate(sorted(scene.view.absent)), key=lambda numbered: numbered[1] - numbered[0]):
        rows = [row for _, row in block]
        top, bottom = page.row(rows[0]) + page.pitch * 0.35, page.row(rows[-1]) - page.pitch * 0.35
        sheet.lines(np.array([[[x, top], [x, bottom]]]), "absent", 2, color=LINE, linewidth=1.2)
        words = "not in this run" if len(rows) == 1 else f"{len(rows):,} threads that are not in this run"
        if len(rows) * page.pitch >= 10.5 and width(words, SMALL) <= page.right - page.left:
            middle = (page.row(rows[0]) + page.row(rows[-1])) / 2
            sheet.text(page.left + 12, middle, words, gid="absent label", va="center_baseline", color=GREY)
