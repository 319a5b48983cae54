"""The top of the sheet: the verdict in words, its size, and a bar of how many schedules break the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from semalab.draw.ink import ALARM, BODY, GREY, INK, PAPER, TITLE, TONES
from semalab.draw.page import EDGE, SUBTITLE_LINE
from semalab.draw.standing import MARKS, indent
from semalab.draw.words import wrap
from semalab.report.sheet import ROOM, WIDTH, Paper

RIGHT = TONES[3].colour  # schedules that are right: a plain field, where those that break the program are hatched
_SIZES = (TITLE, 11.5, 10.0, 9.0)
_BAR, _HIGH = 300.0, 11.0  # the bar's length and height
_UNKNOWN = 54.0  # of its length, for the schedules that were not run: how many there are, nobody knows


@dataclass(frozen=True)
class Tally:
    """How many of how many schedules break the program. words: the same in words.

    complete: all were judged. others: what the rest are, where they are not.
    """

    broken: int
    judged: int
    complete: bool
    words: str
    others: str = "not run"


@dataclass(frozen=True)
class Head:
    """title: the verdict; standing: what it amounts to. subtitle: for which program and size, at what granularity."""

    title: str
    subtitle: str
    tally: Tally
    standing: str = ""


def draw_head(head: Head) -> Figure:
    title, size, mark = [""], TITLE, MARKS[head.standing]
    for size in _SIZES:  # set smaller before it gets a third line
        title = wrap(
            head.title, 0.98 * (ROOM - indent(mark, size)), size, bold=True
        )  # hinted small bold type runs wide
        if len(title) <= 2:
            break
    leading = size * 1.3
    subtitle = wrap(head.subtitle, ROOM, BODY)
    paper = Paper(WIDTH, 12 + leading * len(title) + SUBTITLE_LINE * len(subtitle) + 30)
    y = paper.height - 8 - leading * 0.75
    if mark.sign:
        paper.text(EDGE, y, mark.sign, bold=True, size=size, color=mark.colour)
    for line in title:
        paper.text(EDGE + indent(mark, size), y, line, bold=True, size=size, color=mark.title)
        y -= leading
    y += leading - SUBTITLE_LINE * 1.25
    for line in subtitle:
        paper.text(EDGE, y, line, size=BODY, color=GREY)
        y -= SUBTITLE_LINE
    _draw_bar(paper, y - 10, head.tally)
    return paper.figure


def _draw_bar(paper: Paper, y: float, tally: Tally) -> None:
    length = _BAR if tally.complete else _BAR - _UNKNOWN
    part = 0.0
    if tally.broken:  # one schedule of a million still shows
        part = (
            length if tally.broken == tally.judged else min(max(length * tally.broken / tally.judged, 3.0), length - 3)
        )
        paper.boxes([(EDGE, y, EDGE + part, y + _HIGH)], facecolor=ALARM, edgecolor=PAPER, hatch="////")
    if tally.judged > tally.broken:
        paper.boxes([(EDGE + part, y, EDGE + length, y + _HIGH)], facecolor=RIGHT)
    if not tally.complete:
        outline: dict[str, Any] = {"facecolor": "none", "edgecolor": GREY, "linewidth": 1, "linestyle": (0, (3, 2))}
        paper.boxes([(EDGE + length, y + 0.5, EDGE + _BAR, y + _HIGH - 0.5)], **outline)
        paper.text(
            EDGE + (length + _BAR) / 2,
            y + _HIGH / 2,
            tally.others,
            size=8,
            color=GREY,
            ha="center",
            va="center_baseline",
        )
    paper.text(EDGE + _BAR + 10, y + _HIGH / 2, tally.words, bold=True, size=BODY, color=INK, va="center_baseline")
