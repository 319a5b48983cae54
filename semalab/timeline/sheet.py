"""A figure with one plot on it, and the few ways in which ink gets there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Transform

from semalab.timeline.ink import PAPER, RULE, SMALL
from semalab.timeline.lettering import Lettering
from semalab.timeline.page import POINTS, Page

HEADROOM = 24.0  # points of the plot above its rows
_BOX = (Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY)


def boxes(begin: np.ndarray, end: np.ndarray, bottom: np.ndarray, top: np.ndarray) -> Path:
    """Many rectangles as one path: one artist, however many there are, and a hatch that costs no more than a fill."""
    corners = np.stack([begin, bottom, end, bottom, end, top, begin, top, begin, bottom], axis=1)
    return Path(corners.reshape(-1, 2), np.tile(np.array(_BOX, dtype=Path.code_type), len(begin)))


@dataclass(frozen=True)
class Onto:
    """Paper that a drawing shares with others. lift: points from its lower edge to the drawing's."""

    figure: Figure
    lift: float = 0.0

    @property
    def points(self) -> Transform:
        """From points of the drawing to the screen."""
        return Affine2D().scale(1 / POINTS).translate(0, self.lift / POINTS) + self.figure.dpi_scale_trans

    @property
    def height(self) -> float:
        return float(self.figure.get_figheight()) * POINTS


def paper(width: float, height: float, dpi: int) -> Figure:
    """An empty sheet of so many points."""
    figure = Figure(figsize=(width / POINTS, height / POINTS), dpi=dpi, facecolor=PAPER, edgecolor=RULE)
    figure.patch.set_linewidth(2)  # half of it falls off the paper
    FigureCanvasAgg(figure)
    return figure


class Sheet:
    """The paper with its plot. Positions on the plot are (time in units, points from the page's lower edge).

    last: where the run ends on the axis, with what reaches over its end.
    """

    def __init__(
        self, page: Page, begin: float, end: float, dpi: int, last: float | None = None, onto: Onto | None = None
    ) -> None:
        self.page, self.begin, self.end, self.dpi = page, begin, end, dpi
        self.last = end if last is None else last
        self.row_pixels = page.pitch * dpi / POINTS
        onto = onto if onto is not None else Onto(paper(page.width, page.height, dpi))
        self.figure = onto.figure
        self.points = onto.points
        low, high = page.axis, page.rows_top + HEADROOM
        self.axes: Axes = self.figure.add_axes(
            (
                page.left / page.width,
                (low + onto.lift) / onto.height,
                (page.right - page.left) / page.width,
                (high - low) / onto.height,
            )
        )
        self.axes.set_axis_off()
        self.axes.set_xlim(begin, end)
        self.axes.set_ylim(low, high)

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

    def add(self, artist: Artist, gid: str, z: float) -> None:
        """Put an artist on the plot, in time units and points."""
        artist.set_gid(gid)
        artist.set_zorder(z)
        artist.set_clip_on(False)  # everything is placed inside by construction
        artist.set_transform(self.axes.transData)
        self.axes.add_artist(artist)

    def area(self, path: Path, gid: str, z: float, **style: Any) -> None:
        self.add(PathPatch(path, **{"linewidth": 0, **style}), gid, z)

    def lines(self, segments: np.ndarray, gid: str, z: float, **style: Any) -> None:
        """Segments of shape (n, 2, 2)."""
        if len(segments):
            lines = LineCollection(list(segments), **{"capstyle": "butt", **style})
            lines.set_gid(gid)
            lines.set_zorder(z)
            lines.set_clip_on(False)
            self.axes.add_collection(lines, autolim=False)

    def line(
        self, x: Sequence[float] | np.ndarray, y: Sequence[float] | np.ndarray, gid: str, z: float, **style: Any
    ) -> None:
        """A line through points, or with linestyle "none" the markers at them."""
        self.add(Line2D(x, y, **{"solid_capstyle": "butt", **style}), gid, z)

    def text(
        self, x: float, y: float, words: str, *, bold: bool = False, size: float = SMALL, **style: Any
    ) -> Lettering:
        """Cleaned words at points of the paper. Never mathematics, whatever the words are."""
        text = Lettering(x, y, words, bold=bold, size=size, transform=self.points, **style)
        text.set_figure(self.figure)
        self.figure.texts.append(text)
        return text

    def on_paper(self, artist: Artist, gid: str) -> None:
        """Put an artist on the paper, in points."""
        artist.set_gid(gid)
        artist.set_transform(self.points)
        self.figure.add_artist(artist)
