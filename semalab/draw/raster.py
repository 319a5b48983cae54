"""The rows painted as an image: for more threads than fit on the page, or more bars than a renderer should draw."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_rgb

from semalab.draw.bars import OFTEN, STEPS, Bars, Density
from semalab.draw.canvas import Pixels, Sheet
from semalab.draw.layout import MOST_ROWS, POINTS
from semalab.draw.moments import Marks
from semalab.draw.rows import HOLD, WAIT
from semalab.draw.scene import Scene
from semalab.draw.style import FAINT, LINE, OTHER, PAPER, Tone, paler

MOST_BARS = 4_000  # beyond, rows become an image
_FINE = 4.0  # pixels per row from which bars keep their different heights
_HATCHED = 8.0  # and from which a painted bar is high enough to show a hatch
_THINNEST, _SEEN = 0.6, 0.02  # parts of a column: a bar's least width, and what counts as covered
_PALER = ((0.7, 0.02), (0.85, 0.4), (1.0, 0.75))  # strength of a hold's colour, from this part of a column's time on

# What runs, sleeps or joins: a tint where it fills its row, the ink of a line where it is one (index: fine).
WORK, SLEEP, JOIN = ("#bfc4c8", LINE), ("#dbd8cf", FAINT), ("#cecdc8", LINE)


def as_image(sheet: Sheet, scene: Scene) -> bool:
    """Too many rows or bars to draw one by one, or rows too narrow for it."""
    return crowded(scene) or narrow(sheet)


def crowded(scene: Scene) -> bool:
    """Rows become an image on any page."""
    if len(scene.threads) > MOST_ROWS or scene.density is not None:
        return True
    return sum(len(bars.row) for bars in scene.bars.values()) > MOST_BARS


def narrow(sheet: Sheet) -> bool:
    """Rows so narrow that a bar of any kind fills its row."""
    return sheet.row_pixels < _FINE


def dusty(sheet: Sheet, scene: Scene) -> bool:
    """Rows so narrow that of a painted hatch only dots are left."""
    return narrow(sheet) or (crowded(scene) and sheet.row_pixels < _HATCHED)


def painted(marks: Marks) -> bool:
    """Marks too many for symbols become columns of pixels."""
    return marks.kind in {"count", "pass", "take"}


class Raster:
    """The pixels of all rows. Invariant: painted in order, a later kind covers an earlier one.

    Threads that share a line of pixels share a lane. Where several share a pixel, a hold of any of them shows:
    no hold is ever lost to a wait or a line.
    """

    def __init__(self, sheet: Sheet, scene: Scene) -> None:
        page = sheet.page
        scale = sheet.dpi / POINTS
        self.sheet, self.fine, self.dusty = sheet, not narrow(sheet), dusty(sheet, scene)
        self.wide = max(1, round((page.right - page.left) * scale))
        self.high = max(1, round((page.rows_top - page.rows_bottom) * scale))
        self.count = max(1, len(scene.threads))
        self.lanes = -(-self.count // page.group)
        line = np.arange(self.high)
        self.lane = line * self.lanes // self.high
        self.offset = np.abs(line - np.floor((self.lane + 0.5) * self.high / self.lanes))
        self.codes = np.zeros((self.high, self.wide), dtype=np.uint8)
        self.palette = [np.zeros(4, dtype=np.uint8)]  # 0 is clear: the alarm's shade lies below

    def cover(self, row: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Per lane and column, the part of the column's time that is taken: more than 0 wherever any is."""
        scale = self.wide / (self.sheet.end - self.sheet.begin)
        begin = np.clip((begin - self.sheet.begin) * scale, 0, self.wide - 1)
        end = np.clip(np.maximum((end - self.sheet.begin) * scale, begin + _THINNEST), 0, self.wide)
        lane = row.astype(np.intp) // self.sheet.page.group * (self.wide + 2)
        first, last = begin.astype(np.intp), end.astype(np.intp)
        into, over = begin - first, end - last  # an edge inside a column counts in part there, in full after it
        places = np.concatenate([lane + first, lane + first + 1, lane + last, lane + last + 1])
        weights = np.concatenate([1 - into, into, over - 1, -over])
        edges = np.bincount(places, weights, minlength=self.lanes * (self.wide + 2)).reshape(self.lanes, -1)
        taken: np.ndarray = np.cumsum(edges, axis=1, out=edges)[:, : self.wide]
        return taken

    def paint(self, covered: np.ndarray, colour: str | None, part: float, hatch: str = "") -> None:
        """Colour what is covered, in `part` of each row's height, solid or where the hatch has a line; None clears."""
        mask = covered if self.lanes == self.high else covered[self.lane]
        if self.fine:
            mask = mask & (self.offset <= self.high / self.lanes * part / 2)[:, None]
        if hatch:
            mask = mask & hatching(hatch, self.high, self.wide)
        if colour is not None:
            self.palette.append(np.array([*(round(255 * p) for p in to_rgb(colour)), 255], dtype=np.uint8))
        np.copyto(self.codes, len(self.palette) - 1 if colour is not None else 0, where=mask)

    def pixels(self) -> Pixels:
        page = self.sheet.page
        box = (self.sheet.begin, page.rows_bottom, self.sheet.end, page.rows_top)
        return Pixels(self.codes, np.array(self.palette), box)


def draw_image(sheet: Sheet, scene: Scene) -> None:
    """All rows as one image: lives first, then sleeps and joins, waits, holds, and moments as single columns."""
    raster = Raster(sheet, scene)
    begin, end = np.array(list(scene.lives.values()), dtype=np.float64).reshape(-1, 2).T
    begin = np.where((begin <= scene.view.begin) & scene.view.early, sheet.begin, begin)
    end = np.where((end >= scene.view.end) & scene.view.late, sheet.end, end)
    raster.paint(raster.cover(np.array(list(scene.lives)), begin, end) > _SEEN, WORK[raster.fine], 0)
    for kind, shade, hatch in (("sleep", SLEEP, "."), ("join", JOIN, ",")):
        if (kind, None) in scene.bars:
            bars = scene.bars[kind, None]
            covered = raster.cover(*_reaching(sheet, bars)) > _SEEN
            if raster.fine:
                raster.paint(covered, None, 0)
            raster.paint(covered, shade[raster.fine], 0, hatch if raster.fine else "")
    if scene.density is not None:
        _paint_density(raster, scene.density)
    else:
        for layer, paint in (("wait", _paint_waits), ("hold", _paint_holds)):
            for (kind, tone), bars in scene.bars.items():
                if kind == layer and tone is not None:
                    paint(raster, tone, bars)
    for marks in scene.marks:
        if marks.tone is not None and painted(marks):
            wide = 1.6 * POINTS / sheet.dpi * sheet.per_point
            covered = raster.cover(marks.row, marks.at - wide / 2, marks.at + wide / 2) > _SEEN
            raster.paint(covered, marks.tone.colour, HOLD)
    sheet.pixels(raster.pixels(), "rows", 3)


def _reaching(sheet: Sheet, bars: Bars) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, begin and end; what goes on outside the window reaches to the edge of the plot."""
    begin, end = bars.begin, bars.end
    if bars.early.any():
        begin = np.where(bars.early, sheet.begin, begin)
    if bars.late.any():
        end = np.where(bars.late, sheet.end, end)
    return bars.row, begin, end


def _paint_waits(raster: Raster, tone: Tone, bars: Bars) -> None:
    row, begin, end = _reaching(raster.sheet, bars)
    if bars.open.any():  # a wait that never ended goes on past the end of the log
        end = np.where(bars.open, raster.sheet.last, end)
    covered = raster.cover(row, begin, end) > _SEEN
    ground, line = hatch_inks(tone.colour, raster.dusty)
    part = HOLD if raster.dusty else WAIT  # a ground of its own tells it from a hold, not its height
    raster.paint(covered, ground, part)
    raster.paint(covered, line, part, tone.hatch)


def _paint_holds(raster: Raster, tone: Tone, bars: Bars) -> None:
    """The paler the less of a column's time is held: many short holds in a row are not one long one."""
    cover = raster.cover(*_reaching(raster.sheet, bars))
    for strength, least in _PALER:
        raster.paint(cover > least, paler(tone.colour, strength), HOLD)


def _paint_density(raster: Raster, density: Density) -> None:
    """Where most threads wait, a hatch; over it the darker, the more of the time they hold, by the tone held most."""
    row = np.arange(raster.lanes) * raster.sheet.page.group // density.threads
    scene_wide = raster.wide / (raster.sheet.end - raster.sheet.begin)
    left = round((density.begin - raster.sheet.begin) * scene_wide)
    across = density.waits.shape[1]
    column = ((np.arange(raster.wide) - left + 0.5) / scene_wide / density.time).astype(np.intp)
    inside = (np.arange(raster.wide) >= left) & (column < across)

    def spread(cells: np.ndarray) -> np.ndarray:
        """Cells as lanes and columns of pixels."""
        found: np.ndarray = cells[row[:, None], np.minimum(column, across - 1)[None, :]] & inside[None, :]
        return found

    ground, line = hatch_inks(OTHER.colour, raster.dusty)
    raster.paint(spread(density.waits >= OFTEN), ground, 1.0)
    raster.paint(spread(density.waits >= OFTEN), line, 1.0, OTHER.hatch)
    tones = list(density.holds)
    levels = np.stack([density.steps(tone) for tone in tones])
    chief, level = levels.argmax(axis=0), levels.max(axis=0)
    for number, tone in enumerate(tones):
        for step in range(1, STEPS + 1):
            raster.paint(spread((chief == number) & (level == step)), shade(tone, step), 1.0)


def shade(tone: Tone, step: int) -> str:
    """The colour of a step of density."""
    return paler(tone.colour, 0.12 + 0.88 * step / STEPS)


def hatch_inks(colour: str, dusty: bool) -> tuple[str, str]:
    """The ground and the lines of a hatch. In narrow rows its lines alone would be dust, and pass for short holds."""
    return (paler(colour, 0.25), paler(colour, 0.5)) if dusty else (PAPER, colour)


def hatching(hatch: str, high: int, wide: int) -> np.ndarray:
    """The pixels of a hatch. "." and "," are the dots and dashes of a line."""
    y, x = np.arange(36)[:, None], np.arange(36)[None, :]
    up, down = (x + y) % 6 == 0, (x - y) % 6 == 0
    across, upright = (y % 4 == 0) & (x >= 0), (x % 4 == 0) & (y >= 0)
    plus = (y % 6 == 0) | (x % 6 == 0)
    tiles = {"/": up, "\\": down, "x": up | down, "-": across, "|": upright, "+": plus}
    tiles |= {".": upright, ",": (x % 9 < 6) & (y >= 0)}
    return np.tile(tiles[hatch[0]], (high // 36 + 1, wide // 36 + 1))[:high, :wide]
