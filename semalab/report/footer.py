"""The foot of the sheet: the counterexample's steps in words, and beside or below them the lanes of all schedules."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from semalab.draw.ink import BODY, GREY, INK, SMALL
from semalab.draw.page import EDGE
from semalab.draw.words import clean, fit, width, wrap
from semalab.report.lane import Lane, tags, threads_of
from semalab.report.sheet import ROOM, WIDTH, Paper
from semalab.report.tree import Tree, tints

_LINE = 14.5
_MOST = 60  # steps that are written down; the plain text has them all
_COLUMN = 330.0
_BESIDE = 54.0  # points that a step of a lane must have beside the words ("1 acquires"), or the lanes go below them
_GAP = 22.0


def draw_foot(steps: Sequence[tuple[str, str]], lanes: Sequence[Lane], complete: bool, note: str) -> Figure | None:
    """None if there is nothing to say."""
    threads = threads_of([steps, *(lane.steps for lane in lanes)])
    words = Steps(steps, threads, 1)
    tree = Tree(lanes, ROOM - words.width - _GAP, complete)
    beside = bool(steps and lanes) and tree.step >= _BESIDE and len(steps) <= 2 * len(lanes) + 8
    if not beside:
        words, tree = Steps(steps, threads, 2 if len(steps) > 5 else 1), Tree(lanes, ROOM, complete)
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


class Steps:
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
