"""Where everything stands on the page, in points from its lower left corner."""

from __future__ import annotations

import math
from dataclasses import dataclass

POINTS = 72  # per inch
EDGE = 12.0  # paper around the picture
HEADROOM = 24.0  # of the plot above its rows
BAND = 21.0  # above the rows: the alarm's bar, and labels of moments
TITLE_LINE, SUBTITLE_LINE, KEY_LINE = 17.0, 13.0, 15.0
_ROW, _ROW_MOST = 18.0, 34.0
_HEADING, _STRIP_LEAST, _STRIP, _STRIP_MOST = 20.0, 30.0, 50.0, 96.0
ABOVE = 8 + TITLE_LINE + SUBTITLE_LINE + 5 + KEY_LINE + BAND  # from the top to the rows, with a line of each
_LOWEST, _HIGHEST = 2.6, 6.5  # inches
MOST_ROWS = 60  # beyond, rows become an image
_IMAGE_LEAST = 24.0  # points of such an image: lower, and it shows nothing


@dataclass(frozen=True)
class Band:
    """A strip's room: its heading's baseline, and the top and bottom of its plot."""

    heading: float
    top: float
    bottom: float


@dataclass(frozen=True)
class Page:
    """The page, from the top down: title, subtitle, key, band, rows, strips, time axis.

    Invariant: rows_top > rows_bottom > every strip > axis > 0, and left < right. group: threads that share one line of
    pixels; all lines are of so many, but for the last one.
    """

    width: float
    height: float
    left: float
    right: float
    title: float
    subtitle: float
    key: float
    rows_top: float
    rows_bottom: float
    pitch: float
    group: int
    strips: tuple[Band, ...]
    axis: float
    compact: bool

    @property
    def uprights(self) -> list[tuple[float, float]]:
        """What a line across the whole plot consists of: the rows, and every strip without its heading."""
        return [(self.rows_bottom, self.rows_top + 8), *((strip.bottom, strip.top) for strip in self.strips)]

    def row(self, number: float) -> float:
        """The middle of a row."""
        return self.rows_top - (number + 0.5) * self.pitch


def natural_height(rows: int, strips: int = 1) -> float:
    """Inches for a picture with so many rows and value strips. Nothing else counts: the same rows, the same size."""
    height = (ABOVE + 39 + max(rows, 3) * _ROW + strips * (_HEADING + _STRIP)) / POINTS
    return round(min(_HIGHEST, max(_LOWEST, height)), 2)


def lay_out(
    width: float,
    height: float,
    *,
    rows: int,
    strips: int,
    titles: int,
    leading: float,
    subtitles: int,
    keys: int,
    margin: float,
    pixel: float,
    group: int = 1,
    reserved: float = 0.0,
) -> Page:
    """Share out a page. Rows come first, then one strip, then more strips; what is left over widens both.

    pixel: points of a pixel. Rows narrower than that share lines of pixels, each line the same number of rows, and no
    fewer than `group`. reserved: points from the top to the rows, at least.
    """
    title = height - 8 - leading * 0.75
    subtitle = title - leading * (titles - 1) - SUBTITLE_LINE * 1.15
    key = subtitle - SUBTITLE_LINE * max(0, subtitles - 1) - (5 if subtitles else -8) - KEY_LINE * 0.9
    above = min(height - reserved, key - KEY_LINE * max(0, keys - 1) - BAND)
    compact = above - 4 - 39 < min(rows, 12) * 11.0 + min(strips, 1) * (_HEADING + _STRIP_LEAST)
    rows_top, axis = (above - 2.5, 26.0) if compact else (above - 4, 39.0)
    room = max(20.0, rows_top - axis)
    least = _IMAGE_LEAST if rows > MOST_ROWS else min(rows, 8) * 6.0
    while strips and room - strips * (_HEADING + _STRIP_LEAST) < least:
        strips -= 1
    body, pitch = _shares(room - strips * _HEADING, rows, strips)
    group = max(group, math.ceil(pixel / pitch) if pitch < pixel else 1)
    if group > 1:
        pitch = pixel / group
        body = min(_STRIP_MOST, (room - strips * _HEADING - pitch * rows) / strips) if strips else 0.0
    rows_bottom = rows_top - pitch * group * math.ceil(max(1, rows) / group)
    bands = []
    top = rows_bottom
    for _ in range(strips):
        bands.append(Band(top - _HEADING + 6, top - _HEADING, top - _HEADING - body))
        top -= _HEADING + body
    bottom = bands[-1].bottom if bands else rows_bottom
    return Page(
        width=width,
        height=height,
        left=margin,
        right=width - EDGE,
        title=title,
        subtitle=subtitle,
        key=key,
        rows_top=rows_top,
        rows_bottom=rows_bottom,
        pitch=pitch,
        group=group,
        strips=tuple(bands),
        axis=bottom - 6,
        compact=compact,
    )


def _shares(room: float, rows: int, strips: int) -> tuple[float, float]:
    """A strip's body and a row's pitch. Each in turn grows to its next size while room is left."""
    rows = max(1, rows)
    body = (_STRIP_LEAST if room < 200 else _STRIP) if strips else 0.0  # of a tall page, many rows leave it a fair part
    pitch = min(_ROW, (room - strips * body) / rows)
    for most_body, most_pitch in ((_STRIP, _ROW), (_STRIP, 26.0), (_STRIP_MOST, 26.0), (_STRIP_MOST, _ROW_MOST)):
        if strips:
            body = max(body, min(most_body, (room - rows * pitch) / strips))
        pitch = max(pitch, min(most_pitch, (room - strips * body) / rows))
    return body, pitch
