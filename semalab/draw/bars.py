"""The spans of a reading as bars, cut to the window; and as shares of time, where there are too many to tell one from
another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from semalab.analysis.reading import Reading
from semalab.draw.style import OTHER, Tone
from semalab.draw.viewport import Clock, View, table
from semalab.log.columns import NEVER


@dataclass(frozen=True)
class Bars:
    """Spans of one kind and tone. Invariant: the arrays are of one length and begin <= end, both within the window.

    open: the span had not ended when the log did, and neither had its thread. left: it had not when its thread did:
    who ends inside holds on for ever, and is there no more. early, late: it goes on outside the window,
    on that side.
    """

    row: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    open: np.ndarray
    early: np.ndarray
    late: np.ndarray
    left: np.ndarray


def lives_of(reading: Reading, clock: Clock, view: View) -> dict[int, tuple[float, float]]:
    if clock.stands:
        lives = {}
        for place, event in enumerate(reading.trace.events):
            if event.kind == "start":
                lives[event.thread] = (float(place), clock.end)
            elif event.kind == "end":
                lives[event.thread] = (lives[event.thread][0], float(place))
    else:
        lives = {t: (begin / clock.scale, end / clock.scale) for t, (begin, end) in reading.life.items()}
    rows = dict(zip(reading.trace.threads, view.rows.tolist(), strict=True))
    return {
        rows[thread]: (max(begin, view.begin), min(end, view.end))
        for thread, (begin, end) in lives.items()
        if rows[thread] >= 0 and begin <= view.end and end >= view.begin
    }


def bars_of(
    reading: Reading, clock: Clock, view: View, tones: Mapping[str, Tone]
) -> dict[tuple[str, Tone | None], Bars]:
    lives, ended = _ends_of_life(reading, clock)
    parts: dict[tuple[str, Tone | None], list[Bars]] = {}
    for (kind, label), column in reading.columns.groups.items():
        if column:
            key = (kind, tones.get(label, OTHER) if kind in {"wait", "hold"} else None)
            parts.setdefault(key, []).append(_bars_of(table(column, 5), clock, view, lives, ended))
    bars = {key: found[0] if len(found) == 1 else _joined(found) for key, found in parts.items()}
    return {key: some for key, some in bars.items() if len(some.row)}


def _bars_of(spans: np.ndarray, clock: Clock, view: View, lives: np.ndarray, ended: np.ndarray) -> Bars:
    """The spans of one column that meet the window, cut to it."""
    thread, last = spans[:, 0], spans[:, 4]
    row, never = view.rows[thread], last == NEVER
    left = never & ended[thread]
    if clock.stands:
        begin, end = clock.at[spans[:, 3]], np.where(never, lives[thread], clock.at[last])
        end = np.maximum(begin, end)
    else:
        begin, end = spans[:, 1] / clock.scale, spans[:, 2] / clock.scale
    if view.whole:
        nowhere = np.zeros(len(row), dtype=bool)
        return Bars(row, begin, end, never & ~left, nowhere, nowhere, left)
    met = ((begin < view.end) & (end > view.begin)) | ((begin == end) & view.holds(begin))
    kept = (row >= 0) & met
    row, begin, end, never, left = row[kept], begin[kept], end[kept], never[kept], left[kept]
    early, late = begin < view.begin, (end > view.end) | (never & ~left & view.late)
    begin, end = np.maximum(begin, view.begin), np.minimum(end, view.end)
    return Bars(row, begin, end, never & ~left & ~late, early, late, left & ~late)


def _ends_of_life(reading: Reading, clock: Clock) -> tuple[np.ndarray, np.ndarray]:
    """Per thread of the trace where its life ends, on a clock that stands: its last event; and whether it ended."""
    ends = np.full(len(reading.trace.threads), clock.end)
    ended = np.zeros(len(ends), dtype=bool)
    place = {thread: n for n, thread in enumerate(reading.trace.threads)}
    for step, event in enumerate(reading.trace.events):
        if event.kind == "end":
            ended[place[event.thread]] = True
            if clock.stands:
                ends[place[event.thread]] = step
    return ends, ended


def _joined(parts: list[Bars]) -> Bars:
    columns = zip(*((b.row, b.begin, b.end, b.open, b.early, b.late, b.left) for b in parts), strict=True)
    return Bars(*(np.concatenate(column) for column in columns))


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
