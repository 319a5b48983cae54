"""The spans of a reading as bars: by kind and tone, on the time axis, cut to the window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from semalab.analysis.reading import Reading
from semalab.draw.ink import OTHER, Tone
from semalab.draw.time_axis import Clock, table
from semalab.draw.viewport import View
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
