"""The lines above the plot: the verdict, its sign and colour, the run it is of, and the key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from semalab.analysis.verdict import FINE, RIGHT, UNKNOWN, WRONG
from semalab.draw.ink import ALARM, BODY, GREY, INK, TITLE, TONES
from semalab.draw.layout import EDGE, SUBTITLE_LINE
from semalab.draw.legend import Entry, arrange, entries_of
from semalab.draw.scene import Scene
from semalab.draw.sheet import Sheet
from semalab.draw.words import width, wrap

_HINTED_BOLD = 0.95  # small bold letters come out up to a twentieth wider than measured


class Mark(NamedTuple):
    """The sign before a title, its word for those who do not see it, and the colours of sign and title."""

    sign: str
    word: str
    colour: str
    title: str


# Red means wrong: an exception, a deadlock, a stop, a lost permit, a claim that failed; all of these, and nothing else.
MARKS = {
    WRONG: Mark("\N{BALLOT X}", "wrong", ALARM, ALARM),
    UNKNOWN: Mark("?", "cannot say", GREY, GREY),
    RIGHT: Mark("\N{CHECK MARK}", "right", TONES[3].colour, INK),
    FINE: Mark("", "", INK, INK),
}


def indent(mark: Mark, size: float) -> float:
    """Points that the sign before a title of this size takes."""
    return width(mark.sign, size, bold=True) * 1.05 + 0.4 * size if mark.sign else 0.0


@dataclass(frozen=True)
class Head:
    """What stands above the plot, broken into lines. size: the title's, in points. mark: what the title amounts to."""

    title: list[str]
    size: float
    subtitle: list[str]
    key: list[list[Entry]]
    mark: Mark

    @property
    def leading(self) -> float:
        """Points from one line of the title to the next."""
        return self.size * 1.3


def fitted(title: str, sizes: Sequence[float], room: Callable[[float], float]) -> tuple[list[str], float]:
    """The lines of a title, and its size: it is set smaller before it gets a third line.

    sizes: from the largest, in points. room: points that a line of that size may take.
    """
    lines, size = [""], sizes[0]
    for size in sizes:
        lines = wrap(title, room(size), size, bold=True)
        if len(lines) <= 2:
            break
    return lines, size


def head_of(scene: Scene, title: str, subtitle: str, width: float, group: int = 1, standing: str = "") -> Head:
    """Break the lines."""
    room, mark = width - 2 * EDGE, MARKS[standing]
    sizes = (TITLE, 11.5, 10.0, 9.0, 8.0) if width > 500 else (12.0, 11.0, 10.0, 9.0, 8.0)
    lines, size = fitted(title, sizes, lambda size: (room - indent(mark, size)) * (_HINTED_BOLD if size < 9 else 1.0))
    second = wrap(subtitle, room, BODY) if subtitle.strip() else []
    return Head(lines, size, second, arrange(entries_of(scene, group), room), mark)


def draw_head(sheet: Sheet, head: Head) -> None:
    page, mark = sheet.page, head.mark
    if mark.sign:
        sheet.text(EDGE, page.title, mark.sign, gid="title sign", bold=True, size=head.size, color=mark.colour)
    left = EDGE + indent(mark, head.size)
    for number, line in enumerate(head.title):
        y = page.title - number * head.leading
        sheet.text(left, y, line, gid="title", bold=True, size=head.size, color=mark.title)
    for number, line in enumerate(head.subtitle):
        sheet.text(EDGE, page.subtitle - number * SUBTITLE_LINE, line, gid="subtitle", size=BODY, color=GREY)
