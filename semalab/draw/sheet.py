"""A page with one plot on it, and the few ways in which ink gets there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.path import Path

from semalab.draw.canvas import Canvas, Pixels
from semalab.draw.ink import SMALL
from semalab.draw.layout import POINTS, Page

BOX = (Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY)


def boxes(begin: np.ndarray, end: np.ndarray, bottom: np.ndarray, top: np.ndarray) -> Path:
    """Many rectangles as one path: one artist, however many there are, and a hatch that costs no more than a fill."""
    corners = np.stack([begin, bottom, end, bottom, end, top, begin, top, begin, bottom], axis=1)
    return Path(corners.reshape(-1, 2), np.tile(np.array(BOX, dtype=Path.code_type), len(begin)))


class Sheet:
    """The page with its plot. Positions on the plot are (time in units, points from the page's lower edge).

    Knows where things are; what they are painted on, the canvas, does not matter to whoever draws.
    last: where the run ends on the axis, with what reaches over its end.
    """

    def __init__(
        self, page: Page, begin: float, end: float, dpi: int, canvas: Canvas, last: float | None = None
    ) -> None:
        self.page, self.begin, self.end, self.dpi = page, begin, end, dpi
        self.last = end if last is None else last
        self.row_pixels = page.pitch * dpi / POINTS
        self._canvas = canvas

    @property
    def part(self) -> float:
        """The part of the axis that the run takes: 1 unless the run it is laid beside took longer."""
        return (self.last - self.begin) / (self.end - self.begin)

    @property
    def per_point(self) -> float:
        """Time units in a point of width."""
        return (self.end - self.begin) / (self.page.right - self.page.left)

    def x(self, position: float) -> float:
        """Points from the paper's left edge of a position in time."""
        return self.page.left + (position - self.begin) / self.per_point

    def upright(self, position: float, gid: str, z: float, **style: Any) -> None:
        """A line at a moment, from the band above the rows down through every strip."""
        self.lines(np.array([[[position, low], [position, top]] for low, top in self.page.uprights]), gid, z, **style)

    def area(self, path: Path, gid: str, z: float, **style: Any) -> None:
        if len(np.asarray(path.vertices)):
            self._canvas.area(path, gid, z, style)

    def lines(self, segments: np.ndarray, gid: str, z: float, **style: Any) -> None:
        """Segments of shape (n, 2, 2)."""
        if len(segments):
            self._canvas.segments(segments, gid, z, style)

    def line(
        self, x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray, gid: str, z: float, **style: Any
    ) -> None:
        """A line through points, or with linestyle "none" the markers at them."""
        self._canvas.line(x, y, gid, z, style)

    def pixels(self, image: Pixels, gid: str, z: float) -> None:
        self._canvas.pixels(image, gid, z)

    def text(
        self, x: float, y: float, words: str, *, gid: str = "", bold: bool = False, size: float = SMALL, **style: Any
    ) -> None:
        """Cleaned words at points of the paper. Never mathematics, whatever the words are."""
        self._canvas.words(x, y, words, gid, bold, size, style)

    def paper_area(self, corners: Sequence[tuple[float, float]], gid: str, **style: Any) -> None:
        """A polygon on the paper, in points."""
        self._canvas.paper_area(np.array(corners, dtype=np.float64), gid, style)

    def paper_line(self, x: Sequence[float], y: Sequence[float], gid: str, **style: Any) -> None:
        """A line on the paper, in points, or with a marker and one point that marker."""
        self._canvas.paper_line(np.array(x, dtype=np.float64), np.array(y, dtype=np.float64), gid, style)
