"""What a sentence amounts to, as ink: a sign and a colour, never a colour alone.

Red means wrong: an exception, a deadlock, a stop, a lost permit, a claim that failed; all of these, and nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

from semalab.analysis.verdict import FINE, RIGHT, UNKNOWN, WRONG
from semalab.draw.ink import ALARM, GREY, INK, TONES
from semalab.draw.words import width


class Mark(NamedTuple):
    """The sign before a title, its word for those who do not see it, and the colours of sign and title."""

    sign: str
    word: str
    colour: str
    title: str


MARKS = {
    WRONG: Mark("\N{BALLOT X}", "wrong", ALARM, ALARM),
    UNKNOWN: Mark("?", "cannot say", GREY, GREY),
    RIGHT: Mark("\N{CHECK MARK}", "right", TONES[3].colour, INK),
    FINE: Mark("", "", INK, INK),
}


def indent(mark: Mark, size: float) -> float:
    """Points that the sign before a title of this size takes."""
    return width(mark.sign, size, bold=True) * 1.05 + 0.4 * size if mark.sign else 0.0
