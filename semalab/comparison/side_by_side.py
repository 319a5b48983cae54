"""A comparison on one sheet: the headline, both timelines with the same rows and axis, and what differs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from matplotlib.figure import Figure

from semalab.comparison.compared import Compared
from semalab.comparison.differences import FIRST, waited_longer
from semalab.draw import natural_height
from semalab.draw.canvas import Onto, paper
from semalab.draw.layout import ABOVE, EDGE, HEADROOM, POINTS
from semalab.draw.scene import strips_of
from semalab.draw.style import BODY, GREY, INK, RULE, SMALL, plain_settings
from semalab.draw.viewport import Beside, beside, chosen, common_rows
from semalab.draw.words import fit, wrap
from semalab.log.trace import Trace
from semalab.report.sheet import Paper
from semalab.run import Run

_SIZES = (15.0, 14.0, 13.0)  # of the headline: the largest at which it takes one line
_LEADING, _LINE, _GAP, _AIR = 19.0, 14.4, 6.0, 5.0
_EQUAL = "= "  # before what does not differ; the sign stands beside the words, which say it
_WHAT = 0.24  # part of the table's width for what a line is about
_ELSEWHERE = frozenset({"how it ended"})  # said by the titles


def picture(
    compared: Compared,
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
    if height is not None and height < 2.5:
        raise ValueError(f"height must be at least 2.5 inches, got {height:g}")
    room, pixel = width * POINTS - 2 * EDGE, POINTS / dpi
    highs = [_whole(_natural(run, shared) if height is None else height * POINTS, pixel) for run in runs]
    part: dict[str, Any] = {"between": between, "width": width, "dpi": dpi}
    parts = [
        {**part, "title": f"{name}: {run.verdict}", "beside": replace(shared, longer=longer)}
        for name, run, longer in zip(compared.names, runs, waited_longer(*runs), strict=True)
    ]
    above = max(_above(run, part, high) for run, part, high in zip(runs, parts, highs, strict=True))
    if height is None:  # more lines above the rows take nothing from the rows
        highs = [_whole(high + max(0.0, above - ABOVE), pixel) for high in highs]
    head, foot = _head(compared, shared, room), _foot(compared, room)
    top = _whole(14 + _LEADING * len(head.title) + _LINE * len(head.second), pixel)
    below = _whole(14 + sum(_LINE + _GAP * _apart(line) for line in foot), pixel)
    figure = paper(width * POINTS, top + sum(highs) + below, dpi)
    lift = below + sum(highs)
    with plain_settings():
        _draw_head(Paper(width * POINTS, top, Onto(figure, lift)), head)
        _draw_foot(Paper(width * POINTS, below, Onto(figure)), foot, room)
    for run, part, high in zip(runs, parts, highs, strict=True):
        _draw_rule(Onto(figure, lift), width * POINTS)
        lift -= high
        common = replace(part["beside"], reserved=above)
        run.timeline(**{**part, "beside": common}, onto=Onto(figure, lift), height=high / POINTS)
    _draw_rule(Onto(figure, lift), width * POINTS)
    return figure


def _above(run: Run, part: dict[str, Any], high: float) -> float:
    """Points from the top of a timeline to its rows, where it stands alone: title, subtitle, key."""
    axes = run.timeline(**part, height=high / POINTS).axes[0]
    return float(high - (axes.get_ylim()[1] - HEADROOM))


def _draw_rule(onto: Onto, width: float) -> None:
    """A thin line across the sheet, between two of its parts."""
    Paper(width, 0, onto).lines([(EDGE, 0, width - EDGE, 0)], color=RULE, linewidth=1.0)


def _whole(points: float, pixel: float) -> float:
    """Rounded up to whole pixels, on which rows painted as an image stand."""
    return math.ceil(round(points / pixel, 6)) * pixel


def _natural(run: Run, shared: Beside) -> float:
    """Points for a timeline, and a little more: an inner bar of a few rows then has room for its name."""
    return natural_height(len(shared.threads), len(strips_of(run.reading, shared))) * POINTS + _AIR


@dataclass(frozen=True)
class Head:
    """The headline's lines and their size in points; below it what the axis is, and what the differences are not."""

    title: list[str]
    size: float
    second: list[str]


def _head(compared: Compared, shared: Beside, room: float) -> Head:
    axis = "each on an axis of its own: only one of the clocks moved"
    if shared.lasting:
        axis = "one time axis" if compared.a.trace.duration else "one axis of events: both clocks stood still"
    empty = not (compared.a.trace and compared.b.trace)
    words = ("Two runs" if empty else f"Two runs, {axis}", compared.note)
    second = wrap(" · ".join(filter(None, words)), room, BODY)
    sizes = (s for s in _SIZES if len(wrap(compared.sentence, 0.97 * room, s, bold=True)) == 1)
    size = next(sizes, _SIZES[-1])
    return Head(wrap(compared.sentence, 0.97 * room, size, bold=True), size, second)


Line = tuple[str, ...]


def _foot(compared: Compared, room: float) -> list[Line]:
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


def _draw_head(sheet: Paper, head: Head) -> None:
    y = sheet.height - 18
    for line in head.title:
        sheet.text(EDGE, y, line, bold=True, size=head.size, color=INK)
        y -= _LEADING
    for line in head.second:
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
