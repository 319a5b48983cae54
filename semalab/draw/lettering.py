"""Lines of text that are rendered once: on pixels, words that were drawn before are copied.

Letters are nine tenths of the work of drawing a timeline, and from one position of a slider to the next nearly all
words stay the same.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox, IdentityTransform

from semalab.draw.layout import POINTS
from semalab.draw.style import plain_settings
from semalab.draw.words import face, width


class Stamp(NamedTuple):
    """Rendered words: RGBA rows from the bottom up, and the pixel of their lower left corner, seen from the anchor."""

    pixels: np.ndarray
    left: int
    bottom: int


class Lettering(Text):
    """One line of plain text. On pixels it sits on a whole pixel and looks the same wherever it stands."""

    def __init__(self, x: float, y: float, words: str, *, bold: bool, size: float, **style: Any) -> None:
        super().__init__(x, y, words, fontproperties=face(bold), fontsize=size, parse_math=False, usetex=False, **style)
        self._bold = bold

    def draw(self, renderer: RendererBase) -> None:
        if not isinstance(renderer, RendererAgg):
            super().draw(renderer)
        elif self.get_visible() and self.get_text():
            pixels, left, bottom = self._placed(renderer)
            context = renderer.new_gc()
            renderer.draw_image(context, left, bottom, pixels)
            context.restore()
        self.stale = False

    def get_window_extent(self, renderer: RendererBase | None = None, dpi: float | None = None) -> Bbox:
        """The box around the ink itself, on pixels."""
        if not isinstance(renderer, RendererAgg) or not self.get_text():
            return super().get_window_extent(renderer, dpi)
        pixels, left, bottom = self._placed(renderer)
        return Bbox.from_bounds(left, bottom, pixels.shape[1], pixels.shape[0])

    def _placed(self, renderer: RendererAgg) -> Stamp:
        """The stamp with the corner where it is to be put on the figure."""
        anchor = (self.get_horizontalalignment(), self.get_verticalalignment())
        stamp = _stamp(self.get_text(), self._bold, self.get_fontsize(), self.get_color(), *anchor, renderer.dpi)
        x, y = self.get_transform().transform(self.get_position())
        return stamp._replace(left=round(x) + stamp.left, bottom=round(y) + stamp.bottom)


@lru_cache(maxsize=2048)
def _stamp(words: str, bold: bool, size: float, color: str, ha: str, va: str, dpi: float) -> Stamp:
    """Draw the words alone, on a clear sheet with their anchor in the middle, and cut them out."""
    x = ceil(1.25 * width(words, size, bold) * dpi / POINTS) + 8  # hinted letters may be wider than measured
    y = ceil(2 * size * dpi / POINTS)
    figure = Figure((2 * x / dpi, 2 * y / dpi), dpi=dpi, facecolor="none")
    canvas = FigureCanvasAgg(figure)
    style: dict[str, Any] = {"color": color, "ha": ha, "va": va, "fontproperties": face(bold), "fontsize": size}
    text = Text(x, y, words, parse_math=False, usetex=False, transform=IdentityTransform(), **style)
    figure.add_artist(text)
    with plain_settings():
        canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[::-1]
    ink = pixels[..., 3]
    rows, columns = np.flatnonzero(ink.max(axis=1)), np.flatnonzero(ink.max(axis=0))
    if not len(rows):  # nothing but spaces
        return Stamp(np.zeros((1, 1, 4), np.uint8), 0, 0)
    cut = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Stamp(np.ascontiguousarray(cut), int(columns[0]) - x, int(rows[0]) - y)
