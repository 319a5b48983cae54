"""Text from programs made safe to draw, measured, shortened and wrapped; and rendered once: on pixels, words that were
drawn before are copied.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from math import ceil
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font, LoadFlags
from matplotlib.text import Text
from matplotlib.transforms import Bbox, IdentityTransform

from semalab.draw.layout import POINTS
from semalab.draw.style import plain_settings
from semalab.log.excerpt import STAND_IN, shown

_MARKED = re.compile(r"`([^`\n]+)`")
_HINTED = 1.03  # the hinter rounds small letters to whole pixels: lines come out up to so much longer
_FILES = {False: "DejaVuSans.ttf", True: "DejaVuSans-Bold.ttf"}


@cache
def face(bold: bool = False) -> FontProperties:
    """The font that ships with matplotlib, by its file: the same on every machine, and no search for it."""
    return FontProperties(fname=f"{matplotlib.get_data_path()}/fonts/ttf/{_FILES[bold]}")


@cache
def _font(bold: bool) -> FT2Font:
    font = FT2Font(f"{matplotlib.get_data_path()}/fonts/ttf/{_FILES[bold]}")
    font.set_size(100, 72)
    return font


@cache
def _advance(character: str, bold: bool) -> float:
    """Width of one character in ems."""
    return _font(bold).load_char(ord(character), flags=LoadFlags.NO_HINTING).linearHoriAdvance / 65536 / 100


@cache
def _shown(character: str) -> str:
    character = shown(character)
    return character if _font(False).get_char_index(ord(character)) else STAND_IN


def clean(text: str) -> str:
    """One line of characters that the font has. A space for every kind of space, a stand-in for all it cannot show.

    A name between backticks, which mark code in a text, stands between quotation marks in a picture.

    >>> clean("worker\\n1")
    'worker 1'
    """
    if "`" in text:
        text = _MARKED.sub("‘\\1’", text)
    return text if text.isascii() and text.isprintable() else "".join(map(_shown, text))


def width(text: str, size: float, bold: bool = False) -> float:
    """Points that cleaned text takes, rather more than less."""
    return _HINTED * size * _ems(text, bold)


@lru_cache(maxsize=8192)  # from one position of a slider to the next nearly all words stay the same
def _ems(text: str, bold: bool) -> float:
    return sum(_advance(character, bold) for character in text)


def fit(text: str, room: float, size: float, bold: bool = False) -> str:
    """Cleaned text, shortened in its middle to `room` points: names often differ only in their last characters."""
    text = clean(text)
    if width(text, size, bold) <= room:
        return text
    for kept in range(min(len(text) - 1, 200), 1, -1):
        tail = kept // 3
        short = f"{text[: kept - tail].rstrip()}…{text[len(text) - tail :].lstrip()}"
        if width(short, size, bold) <= room:
            return short
    return "…"


def fullest(choices: Sequence[str], room: float, size: float) -> str:
    """The first of these texts that fits into `room` points; if none does, the last, shortened."""
    return next((text for text in choices if width(text, size) <= room), fit(choices[-1], room, size))


def _that_fit(text: str, room: float, size: float, bold: bool) -> int:
    """How many of its characters take no more than `room` points; at least one, so that there is an end to it."""
    for count, character in enumerate(text):
        room -= width(character, size, bold)
        if room < 0:
            return max(1, count)
    return len(text)


def wrap(text: str, room: float, size: float, bold: bool = False) -> list[str]:
    """Cleaned text in as many lines as it needs. A word longer than a line is broken, so that nothing is lost."""
    lines = [""]
    for word in clean(text).split():
        joined = f"{lines[-1]} {word}".strip()
        if width(joined, size, bold) <= room:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        while (kept := _that_fit(word, room, size, bold)) < len(word):
            lines[-1], word = word[:kept], word[kept:]
            lines.append("")
        lines[-1] = word
    return lines


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
