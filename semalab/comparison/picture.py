"""A comparison on one sheet: the headline, both timelines with the same rows and axis, and what differs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from semalab.comparison.varied import FIRST
from semalab.poster.paper import Paper
from semalab.run import Run
from semalab.timeline import natural_height
from semalab.timeline.beside import Beside, beside, common_rows
from semalab.timeline.ink import BODY, GREY, INK, SMALL
from semalab.timeline.page import EDGE, POINTS
from semalab.timeline.scene import strips_of
from semalab.timeline.settings import plain_settings
from semalab.timeline.sheet import Onto, paper
from semalab.timeline.view import chosen
from semalab.timeline.words import fit, wrap
from semalab.trace import Trace

if TYPE_CHECKING:
    from semalab.comparison.comparison import Comparison

_TITLE, _LEADING, _LINE, _GAP = 13.0, 17.0, 14.4, 6.0
_EQUAL = "= "  # before what does not differ; the sign stands beside the words, which say it
_WHAT = 0.24  # part of the table's width for what a line is about
_ELSEWHERE = frozenset({"how it ended"})  # said by the titles


def picture(
    compared: Comparison,
    *,
    between: tuple[float, float] | None = None,
    threads: Sequence[str | int] | None = None,
    width: float = 10.0,
    height: float | None = None,
    dpi: int = 100,
) -> Figure:
    """The same picture for the same two runs. As in `Comparison.timeline`."""
    runs = (compared.a, compared.b)
    rows = common_rows(compared.a.trace, compared.b.trace)
    if threads is not None:
        rows = tuple(rows[place] for place in chosen(Trace((), rows), threads))
    stopped = (compared.a.stopped is not None, compared.b.stopped is not None)
    shared = beside(compared.a.reading, compared.b.reading, stopped, rows, compared.parting or None)
    if between is not None and not shared.lasting:
        raise ValueError("between needs one axis, but one clock stood still; use a.timeline(between=…)")
    if width < 4:
        raise ValueError(f"width must be at least 4 inches, got {width:g}")
    room, pixel = width * POINTS - 2 * EDGE, POINTS / dpi
    highs = [_whole((height or _natural(run, shared)) * POINTS, pixel) for run in runs]
    if height is not None and height < 2.5:
        raise ValueError(f"height must be at least 2.5 inches, got {height:g}")
    head, foot = _head(compared, shared, room), _foot(compared, room)
    above = _whole(14 + _LEADING * len(head[0]) + _LINE * len(head[1]), pixel)
    below = _whole(14 + sum(_LINE + _GAP * _apart(line) for line in foot), pixel)
    figure = paper(width * POINTS, above + sum(highs) + below, dpi)
    lift = below + sum(highs)
    with plain_settings():
        _draw_head(Paper(width * POINTS, above, Onto(figure, lift)), *head)
        _draw_foot(Paper(width * POINTS, below, Onto(figure)), foot, room)
    for run, name, high in zip(runs, compared.names, highs, strict=True):
        lift -= high
        run.timeline(
            title=f"{name}: {run.verdict}",
            between=between,
            beside=shared,
            onto=Onto(figure, lift),
            width=width,
            height=high / POINTS,
            dpi=dpi,
        )
    return figure


def _whole(points: float, pixel: float) -> float:
    """Rounded up to whole pixels, on which rows painted as an image stand."""
    return math.ceil(round(points / pixel, 6)) * pixel


def _natural(run: Run, shared: Beside) -> float:
    return natural_height(len(shared.threads), len(strips_of(run.reading, shared)))


def _head(compared: Comparison, shared: Beside, room: float) -> tuple[list[str], list[str]]:
    """The headline, and what the axis is."""
    axis = "each on an axis of its own: only one of the clocks moved"
    if shared.lasting:
        axis = "one time axis" if compared.a.trace.duration else "one axis of events: both clocks stood still"
    empty = not (compared.a.trace and compared.b.trace)
    words = ("Two runs" if empty else f"Two runs, {axis}", compared.note)
    second = wrap(" · ".join(filter(None, words)), room, BODY)
    return wrap(compared.sentence, 0.97 * room, _TITLE, bold=True), second


Line = tuple[str, ...]


def _foot(compared: Comparison, room: float) -> list[Line]:
    """Lines of one text, or of four: what, the one, the other, the change."""
    part = [(line,) for line in wrap(("≠ " if compared.parting else "") + compared.parted, room, BODY)]
    given = compared.varied if len(compared.varied) > 1 or compared.names[0] == FIRST else ()  # or the names say it
    rows = [one for one in (*given, *compared.differences) if one.what not in _ELSEWHERE]
    table: list[Line] = [("", *compared.names, "")] if rows else []
    table += [(f"≠ {row.what}", row.a, row.b, _arrowed(row.change)) for row in rows]
    both = wrap(f"{_EQUAL}{compared.common}", room, BODY) if compared.common else []
    return [*part, *table, *((line,) for line in both)]


def _apart(line: Line) -> bool:
    """It begins a part of the text: the table, or what both runs have in common."""
    return not line[0] if len(line) > 1 else line[0].startswith(_EQUAL)


def _arrowed(change: str) -> str:
    return f"{'▲' if change.endswith('more') else '▼'} {change}" if change else ""


def _draw_head(sheet: Paper, title: list[str], second: list[str]) -> None:
    y = sheet.height - 18
    for line in title:
        sheet.text(EDGE, y, line, bold=True, size=_TITLE, color=INK)
        y -= _LEADING
    for line in second:
        sheet.text(EDGE, y + 1, line, size=BODY, color=GREY)
        y -= _LINE


def _draw_foot(sheet: Paper, lines: list[Line], room: float) -> None:
    what = room * _WHAT
    column = (room - what) / 3
    places = (EDGE, EDGE + what, EDGE + what + column, EDGE + what + 2 * column)
    y = sheet.height - 12
    for line in lines:
        heading = len(line) > 1 and not line[0]
        y -= _GAP * _apart(line)
        for x, words, wide in zip(places, line, (what, column, column, column), strict=False):
            said = words if len(line) == 1 else fit(words, wide - 8, SMALL, heading)
            sheet.text(x, y, said, bold=heading, size=BODY if len(line) == 1 else SMALL, color=INK)
        y -= _LINE
