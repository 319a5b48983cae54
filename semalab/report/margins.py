"""Above and below an exploration's picture: the verdict and its size; the counterexample's steps, and the lanes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from semalab.draw.header import MARKS, fitted, indent
from semalab.draw.layout import EDGE, SUBTITLE_LINE
from semalab.draw.style import ALARM, BODY, GREY, INK, PAPER, SMALL, TITLE, TONES
from semalab.draw.words import clean, fit, width, wrap
from semalab.report.lanes import Lane, Tree, tags, threads_of, tints
from semalab.report.sheet import ROOM, WIDTH, Paper

RIGHT = TONES[3].colour  # schedules that are right: a plain field, where those that break the program are hatched
_SIZES = (TITLE, 11.5, 10.0, 9.0)
_BAR, _HIGH = 300.0, 11.0  # the bar's length and height
_UNKNOWN = 54.0  # of its length, for the schedules that were not run: how many there are, nobody knows
_LINE = 14.5
_MOST = 60  # steps that are written down; the plain text has them all
_COLUMN = 330.0
_BESIDE = 54.0  # points that a step of a lane must have beside the words ("1 acquires"), or the lanes go below them
_GAP = 22.0


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
    mark = MARKS[head.standing]  # below: hinted small bold type runs wide
    title, size = fitted(head.title, _SIZES, lambda size: 0.98 * (ROOM - indent(mark, size)))
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


def draw_foot(steps: Sequence[tuple[str, str]], lanes: Sequence[Lane], complete: bool, note: str) -> Figure | None:
    """None if there is nothing to say."""
    threads = threads_of([steps, *(lane.steps for lane in lanes)])
    words = StepColumns(steps, threads, 1)
    tree = Tree(lanes, ROOM - words.width - _GAP, complete)
    beside = bool(steps and lanes) and tree.step >= _BESIDE and len(steps) <= 2 * len(lanes) + 8
    if not beside:
        words, tree = StepColumns(steps, threads, 2 if len(steps) > 5 else 1), Tree(lanes, ROOM, complete)
    notes = wrap(note, ROOM, BODY) if note and not lanes else []
    high = tree.height if lanes else 0.0
    top = max(words.height, high) if beside else words.height
    height = top + (0.0 if beside else high) + (len(notes) * _LINE + 8 if notes else 0)
    if not height:
        return None
    paper = Paper(WIDTH, height + 4)
    words.draw(paper, EDGE, paper.height)
    if lanes:
        at = (EDGE + words.width + _GAP, paper.height) if beside else (EDGE, paper.height - top)
        tree.draw(paper, *at)
    for number, line in enumerate(notes):
        paper.text(EDGE, paper.height - top - 12 - number * _LINE, line, size=BODY, color=GREY)
    return paper.figure


class StepColumns:
    """The numbered steps, each with its thread's sign, in columns. threads: all who have a sign."""

    def __init__(self, steps: Sequence[tuple[str, str]], threads: Sequence[str], columns: int) -> None:
        self.steps = steps[:_MOST]
        self.more = len(steps) - len(self.steps)
        self.threads = threads
        self.lines = [fit(f"{thread} {what}", _COLUMN - 50, SMALL) for thread, what in self.steps]
        self.width = min(_COLUMN, 50 + max((width(line, SMALL) for line in self.lines), default=0.0))
        self._rows = -(-len(self.steps) // columns)

    @property
    def height(self) -> float:
        return 26 + _LINE * self._rows + (_LINE if self.more else 0) + 4 if self.steps else 0.0

    def draw(self, paper: Paper, left: float, top: float) -> None:
        if not self.steps:
            return
        signs, colours = tags(self.threads), tints(self.threads)
        paper.text(left, top - 15, "Its steps, in order", bold=True, size=BODY, color=INK)
        for number, ((thread, _), line) in enumerate(zip(self.steps, self.lines, strict=True)):
            column, row = divmod(number, self._rows)
            x, y = left + column * (self.width + _GAP), top - 34 - row * _LINE
            paper.text(x + 14, y, f"{number + 1}", color=GREY, ha="right")
            sign = clean(signs[thread])
            wide = max(width(s, SMALL) for s in signs.values()) + 7
            paper.boxes([(x + 20, y - 3, x + 20 + wide, y + 9)], facecolor=colours[thread])
            paper.text(x + 20 + wide / 2, y, sign, color=INK, ha="center")
            paper.text(x + 26 + wide, y, line, color=INK)
        if self.more:
            paper.text(left, top - 34 - self._rows * _LINE, f"and {self.more:,} more steps", color=GREY)
