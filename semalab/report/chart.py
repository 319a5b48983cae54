"""Steps as a chart, a row for each thread and a column for each step: for runs that no primitive tells a story of.

A timeline shows who holds and who waits. Where threads only read and write variables it has nothing but lives to show,
and what breaks the program is which step came between which others.
"""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from semalab.draw.header import MARKS, indent
from semalab.draw.ink import BODY, FAINT, GREY, INK, SMALL, TITLE
from semalab.draw.layout import EDGE, POINTS
from semalab.draw.words import clean, fit, width, wrap
from semalab.report.lanes import threads_of, tints
from semalab.report.sheet import ROOM, WIDTH, Paper

MOST = 14  # steps: more leave no room for their words
_PITCH, _MOST_PITCH, _HIGH = 44.0, 64.0, 36.0
_GAP = 1.5


def draw_chart(
    steps: Sequence[tuple[str, str]], title: str, subtitle: str, height: float | None = None, standing: str = ""
) -> Figure:
    """A sheet of the width of a timeline. height: in inches; without one, as high as it needs to be."""
    threads, mark = threads_of([steps]), MARKS[standing]
    left = indent(mark, TITLE)
    lines, second = wrap(title, 0.98 * (ROOM - left), TITLE, bold=True), wrap(subtitle, ROOM, BODY)
    top = 8 + 17 * len(lines) + 13 * len(second) + 14
    needed = top + _PITCH * len(threads) + 40
    paper = Paper(WIDTH, needed if height is None else height * POINTS)
    y = paper.height - 18
    if mark.sign:
        paper.text(EDGE, y, mark.sign, bold=True, size=TITLE, color=mark.colour)
    for number, line in enumerate(lines):
        paper.text(EDGE + left, y - 17 * number, line, bold=True, size=TITLE, color=mark.title)
    for number, line in enumerate(second):
        paper.text(EDGE, y - 17 * len(lines) + 1 - 13 * number, line, size=BODY, color=GREY)
    pitch = min(_PITCH if height is None else _MOST_PITCH, (paper.height - top - 40) / max(1, len(threads)))
    _draw_rows(paper, steps, threads, paper.height - top, pitch)
    return paper.figure


def _draw_rows(
    paper: Paper, steps: Sequence[tuple[str, str]], threads: Sequence[str], top: float, pitch: float
) -> None:
    names = {thread: fit(thread, 130, SMALL) for thread in threads}
    left = EDGE + max((width(name, SMALL) for name in names.values()), default=0.0) + 10
    wide = (WIDTH - EDGE - left) / max(1, len(steps))
    middles = {thread: top - (row + 0.5) * pitch for row, thread in enumerate(threads)}
    colours, half = tints(threads), min(_HIGH, 0.8 * pitch) / 2
    for thread, middle in middles.items():
        places = [place for place, (who, _) in enumerate(steps) if who == thread]
        paper.text(left - 8, middle, names[thread], color=INK, ha="right", va="center_baseline")
        paper.lines(
            [(left + (places[0] + 0.5) * wide, middle, left + (places[-1] + 0.5) * wide, middle)],
            color=FAINT,
            linewidth=1.2,
        )
    for place, (thread, what) in enumerate(steps):
        x, middle = left + place * wide, middles[thread]
        box = (x + _GAP, middle - half, x + wide - _GAP, middle + half)
        paper.boxes([box], z=2, facecolor=colours[thread])
        _draw_words(paper, x + wide / 2, middle, what, wide - 2 * _GAP - 4, half)
    for place in range(len(steps)):
        y = top - pitch * len(threads) - 12
        paper.text(left + (place + 0.5) * wide, y, f"{place + 1}", color=GREY, ha="center")
    paper.text((left + WIDTH - EDGE) / 2, top - pitch * len(threads) - 26, "steps, in order", color=GREY, ha="center")


def _draw_words(paper: Paper, x: float, y: float, what: str, room: float, half: float) -> None:
    """The deed on one line if it fits, else the verb above what it is done to, else the value below that."""
    deed = clean(what.replace("`", ""))
    verb, _, rest = deed.partition(" ")
    name, _, value = rest.partition(" = ")
    if width(deed, SMALL) <= room or not rest or half < 11:
        lines = [deed]
    elif width(rest, SMALL) <= room or not value or half < 17:
        lines = [verb, rest]
    else:
        lines = [verb, name, f"= {value}"]
    lines = [fit(line, room, SMALL) for line in lines]
    for number, line in enumerate(lines):
        middle = y + (len(lines) - 1 - 2 * number) * 6.0
        paper.text(x, middle, line, color=INK, ha="center", va="center_baseline")
