"""A page with one plot on it, and what it is painted on: matplotlib's figure, an artist for each thing drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, IdentityTransform, Transform

from semalab.draw.layout import HEADROOM, POINTS, Page
from semalab.draw.style import PAPER, RULE, SMALL
from semalab.draw.words import Lettering

Row = Sequence[float] | np.ndarray
Asked = tuple[float, float, str, str, bool, float, tuple[tuple[str, Any], ...]]
Style = Mapping[str, Any]  # matplotlib's words for colours, hatches, widths and markers


# An artist that has a clip path is given none by the axes, which would take as long as to draw it; it is not looked at.
_UNUSED = Path(np.zeros((1, 2))), IdentityTransform()


@dataclass(frozen=True)
class Pixels:
    """Numbers of colours, row by row from the top, at a place on the plot. palette: RGBA of each number.

    box: left, bottom, right, top, as positions on the plot.
    """

    codes: np.ndarray
    palette: np.ndarray
    box: tuple[float, float, float, float]


class Canvas(Protocol):
    """Takes what is drawn. On the plot: positions in time and points; on the paper: points from its lower left corner.

    What is drawn on the plot lies in the order of its z; on it lies what is drawn on the paper, and on that the words.
    gid says what a thing is; of one kind there may be many in one call.
    """

    def area(self, path: Path, gid: str, z: float, style: Style) -> None: ...
    def segments(self, ends: np.ndarray, gid: str, z: float, style: Style) -> None: ...
    def line(self, x: Row, y: Row, gid: str, z: float, style: Style) -> None: ...
    def pixels(self, image: Pixels, gid: str, z: float) -> None: ...
    def words(self, x: float, y: float, words: str, gid: str, bold: bool, size: float, style: Style) -> None: ...
    def paper_area(self, corners: np.ndarray, gid: str, style: Style) -> None: ...
    def paper_line(self, x: np.ndarray, y: np.ndarray, gid: str, style: Style) -> None: ...


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


class Image(Artist):
    """Pixels of a palette at a place on the plot. Scaled to the renderer's grid by taking the nearest."""

    def __init__(self, pixels: Pixels) -> None:
        super().__init__()
        self.codes, self.box = pixels.codes, pixels.box
        self.palette = pixels.palette.view(np.uint32).ravel()

    def draw(self, renderer: RendererBase) -> None:
        left, bottom, right, top = self.box
        x0, y0 = self.get_transform().transform((left, bottom))
        x1, y1 = self.get_transform().transform((right, top))
        times = renderer.get_image_magnification()
        high, wide = max(1, round((y1 - y0) * times)), max(1, round((x1 - x0) * times))
        codes = self.codes
        if codes.shape != (high, wide):
            rows = ((np.arange(high) + 0.5) * len(codes) / high).astype(np.intp)
            columns = ((np.arange(wide) + 0.5) * codes.shape[1] / wide).astype(np.intp)
            codes = codes[rows[:, None], columns]
        pixels = self.palette[codes[::-1]].view(np.uint8).reshape(high, wide, 4)
        context = renderer.new_gc()
        renderer.draw_image(context, round(x0 * times) / times, round(y0 * times) / times, pixels)
        context.restore()


class FigureCanvas:
    """A figure with one plot on it.

    Invariant: `_put` are the artists of the present picture, and `_letters` its words, by how they were asked for.
    """

    def __init__(self, page: Page, begin: float, end: float, dpi: int, onto: Onto | None = None) -> None:
        self._onto = onto if onto is not None else Onto(paper(page.width, page.height, dpi))
        self.figure = self._onto.figure
        self._size = page.width, page.height, dpi
        self._points = self._onto.points
        self._put: list[Artist] = []
        self._letters: dict[Asked, Lettering] = {}
        self._before: dict[Asked, Lettering] = {}
        self._axes: Axes = self.figure.add_axes(self._plot(page))
        self._axes.set_axis_off()
        self._span(page, begin, end)

    def anew(self, page: Page, begin: float, end: float, dpi: int) -> bool:
        """Take the picture off for another one; False, and nothing is done, where that has another size.

        To make the paper and its plot takes matplotlib longer than to draw the picture.
        """
        if self._size != (page.width, page.height, dpi):
            return False
        for artist in self._put:
            artist.remove()
        self._put.clear()
        self.figure.texts.clear()
        self._before, self._letters = self._letters, {}
        self._axes.set_position(self._plot(page))
        self._span(page, begin, end)
        return True

    def _plot(self, page: Page) -> tuple[float, float, float, float]:
        """Where the plot is: left, bottom, width and height, as parts of the paper's."""
        low, high, whole = page.axis, page.rows_top + HEADROOM, self._onto.height
        across = (page.right - page.left) / page.width
        return page.left / page.width, (low + self._onto.lift) / whole, across, (high - low) / whole

    def _span(self, page: Page, begin: float, end: float) -> None:
        self._axes.set_xlim(begin, end)
        self._axes.set_ylim(page.axis, page.rows_top + HEADROOM)

    def area(self, path: Path, gid: str, z: float, style: Style) -> None:
        self._add(PathPatch(path, **{"linewidth": 0, **style}), gid, z)

    def segments(self, ends: np.ndarray, gid: str, z: float, style: Style) -> None:
        lines = LineCollection(list(ends), **{"capstyle": "butt", **style})
        lines.set_gid(gid)
        lines.set_zorder(z)
        lines.set_clip_on(False)
        lines.set_clip_path(*_UNUSED)
        self._axes.add_collection(lines, autolim=False)
        self._put.append(lines)

    def line(self, x: Row, y: Row, gid: str, z: float, style: Style) -> None:
        self._add(Line2D(x, y, **{"solid_capstyle": "butt", **style}), gid, z)

    def pixels(self, image: Pixels, gid: str, z: float) -> None:
        self._add(Image(image), gid, z)

    def words(self, x: float, y: float, words: str, gid: str, bold: bool, size: float, style: Style) -> None:
        asked = (x, y, words, gid, bold, size, tuple(style.items()))
        text = self._before.get(asked)
        if text is None:
            text = Lettering(x, y, words, bold=bold, size=size, transform=self._points, **style)
            text.set_gid(gid)
            text.set_figure(self.figure)
        self._letters[asked] = text
        self.figure.texts.append(text)

    def paper_area(self, corners: np.ndarray, gid: str, style: Style) -> None:
        path = Path(np.concatenate([corners, corners[:1]]), closed=True)
        self._on_paper(PathPatch(path, **{"linewidth": 0, **style}), gid)

    def paper_line(self, x: np.ndarray, y: np.ndarray, gid: str, style: Style) -> None:
        self._on_paper(Line2D(x, y, **style), gid)

    def _add(self, artist: Artist, gid: str, z: float) -> None:
        artist.set_gid(gid)
        artist.set_zorder(z)
        artist.set_clip_on(False)  # everything is placed inside by construction
        artist.set_clip_path(*_UNUSED)
        artist.set_transform(self._axes.transData)
        self._axes.add_artist(artist)
        self._put.append(artist)

    def _on_paper(self, artist: Artist, gid: str) -> None:
        artist.set_gid(gid)
        artist.set_transform(self._points)
        self.figure.add_artist(artist)
        self._put.append(artist)


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
