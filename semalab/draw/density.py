"""How much of their time threads hold or wait, where there are too many spans to tell one from another.

A span always gets the width that shows. Where that would cover the rows with spans that hardly lasted, a picture of
them would say that everybody holds all the time; then it shows the share of the time, in cells of threads and time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from semalab.draw.bars import Bars
from semalab.draw.ink import Tone
from semalab.draw.viewport import View

STEPS = 6  # of a shade, from the palest
OFTEN = 0.25  # share of the time from which a cell counts as waiting
_LANES, _COLUMNS = 300, 800  # about a page's pixels
_CELLS = (60, 160)  # down, across
_COVERED, _HELD = 0.4, 0.5  # too many: more of the page than this is covered, and less than this part of it is true


@dataclass(frozen=True)
class Density:
    """Cells of threads and time: `threads` by `time` each, the first at the top left, where the time is `begin`.

    Invariant: shares lie between 0 and 1. holds: per tone, the share of the cell's time that its threads held, and
    touched: whether they held at all, for holds may have no length. waits: the share that they waited for anything.
    most: the largest share of all holds.
    """

    begin: float
    threads: int
    time: float
    holds: Mapping[Tone, np.ndarray]
    touched: Mapping[Tone, np.ndarray]
    waits: np.ndarray
    most: float

    def steps(self, tone: Tone) -> np.ndarray:
        """Per cell, how dark it is: 0 where nobody held, STEPS where they held most."""
        scaled = self.holds[tone] / (self.most or 1.0) * STEPS
        found: np.ndarray = np.maximum(np.ceil(np.round(scaled, 6)), self.touched[tone]).astype(np.intp)
        return found


def density_of(bars: Mapping[tuple[str, Tone | None], Bars], view: View) -> Density | None:
    """The shares of time, or None where bars are no more than can be told apart."""
    holds = [(tone, some) for (kind, tone), some in bars.items() if kind == "hold" and tone is not None]
    count = sum(len(some.row) for _, some in holds)
    lanes = min(len(view.threads), _LANES)
    if not count or count < _COVERED * lanes * _COLUMNS or not _crowded([some for _, some in holds], view, lanes):
        return None
    threads = -(-len(view.threads) // _CELLS[0])
    down, across = -(-len(view.threads) // threads), _CELLS[1]
    room = np.full((down, 1), threads, dtype=np.float64)
    room[-1] = len(view.threads) - threads * (down - 1)
    shares = {tone: _taken(some, view, threads, down, across) / room for tone, some in holds}
    touched = {tone: _touched(some, view, threads, down, across) for tone, some in holds}
    waits = np.zeros((down, across))
    for (kind, _), some in bars.items():
        if kind == "wait":
            waits += _taken(some, view, threads, down, across) / room
    most = max(float(np.max(share)) for share in shares.values())
    return Density(view.begin, threads, view.span / across, shares, touched, waits, most)


def _crowded(holds: list[Bars], view: View, lanes: int) -> bool:
    """Bars cover much of the page, and would not if each were as wide as it lasted."""
    touched = np.zeros(lanes * _COLUMNS, dtype=bool)
    lasted = 0.0
    for bars in holds:
        column = ((bars.begin - view.begin) * (_COLUMNS / view.span)).astype(np.intp)
        touched[bars.row * lanes // len(view.threads) * _COLUMNS + np.minimum(column, _COLUMNS - 1)] = True
        lasted += float((bars.end - bars.begin).sum())
    covered = float(touched.mean())
    return covered > _COVERED and lasted / (view.span * len(view.threads)) < _HELD * covered


def _touched(bars: Bars, view: View, threads: int, down: int, across: int) -> np.ndarray:
    """Which cells have a bar that begins in them."""
    cells = np.zeros((down, across), dtype=bool)
    column = ((bars.begin - view.begin) * (across / view.span)).astype(np.intp)
    cells[bars.row // threads, np.minimum(column, across - 1)] = True
    return cells


def _taken(bars: Bars, view: View, threads: int, down: int, across: int) -> np.ndarray:
    """Per cell, how many of its threads did so on average."""
    begin, end = ((at - view.begin) * (across / view.span) for at in (bars.begin, bars.end))
    lane = bars.row // threads * (across + 2)
    first, last = begin.astype(np.intp), end.astype(np.intp)
    into, over = begin - first, end - last
    places = np.concatenate([lane + first, lane + first + 1, lane + last, lane + last + 1])
    weights = np.concatenate([1 - into, into, over - 1, -over])
    edges = np.bincount(places, weights, minlength=down * (across + 2)).reshape(down, -1)
    taken: np.ndarray = np.maximum(np.round(np.cumsum(edges, axis=1)[:, :across], 9), 0.0)
    return taken
