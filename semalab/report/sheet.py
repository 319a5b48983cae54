"""A sheet of paper measured in points, and how sheets become one PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from PIL import Image

from semalab.draw import png
from semalab.draw.canvas import Onto, boxes, paper
from semalab.draw.layout import EDGE
from semalab.draw.style import SMALL
from semalab.draw.words import Lettering

WIDTH = 720.0  # points: as wide as a timeline
ROOM = WIDTH - 2 * EDGE
DPI = 100
_BORDER = 3  # pixel rows at an edge of a sheet that its border can touch


class Paper:
    """A sheet to write and draw on, or a part of one. Positions are points from its lower left corner."""

    def __init__(self, width: float, height: float, onto: Onto | None = None) -> None:
        self.width, self.height = width, height
        onto = onto if onto is not None else Onto(paper(width, height, DPI))
        self.figure = onto.figure
        self._points = onto.points

    def text(self, x: float, y: float, words: str, *, bold: bool = False, size: float = SMALL, **style: Any) -> None:
        """Cleaned words. Never mathematics, whatever the words are."""
        style = {"transform": self._points, **style}
        text = Lettering(x, y, words, bold=bold, size=size, **style)
        text.set_figure(self.figure)
        self.figure.texts.append(text)

    def boxes(self, corners: Sequence[tuple[float, float, float, float]], z: float = 1, **style: Any) -> None:
        """Rectangles of one look: left, bottom, right, top of each."""
        if corners:
            left, bottom, right, top = np.array(corners, dtype=float).T
            self._add(PathPatch(boxes(left, right, bottom, top), **{"linewidth": 0, **style}), z)

    def lines(self, segments: Sequence[tuple[float, float, float, float]], z: float = 1, **style: Any) -> None:
        """Segments of one look: x and y of the one end and of the other."""
        if segments:
            ends = [[(x, y), (x_to, y_to)] for x, y, x_to, y_to in segments]
            self._add(LineCollection(ends, **style), z)

    def _add(self, artist: Artist, z: float) -> None:
        artist.set_zorder(z)
        artist.set_transform(self._points)
        self.figure.add_artist(artist)


def stacked(figures: Sequence[Figure], compression: int = 6) -> bytes:
    """Sheets of one width as one PNG, from the top down, with a border around them and none between."""
    sheets = [_pixels(figure) for figure in figures]
    for above, below in pairwise(sheets):
        above[-_BORDER:] = above[-_BORDER - 1]
        below[:_BORDER] = below[_BORDER]
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(sheets)).save(buffer, "png", compress_level=compression, dpi=(DPI, DPI))
    return buffer.getvalue()


def _pixels(figure: Figure) -> np.ndarray:
    with Image.open(io.BytesIO(png(figure, compression=0))) as picture:
        return np.array(picture.convert("RGB"))
