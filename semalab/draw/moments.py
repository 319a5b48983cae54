"""What happened at one moment: who passed, opened, counted, gave up, printed, woke in vain; and who let whom in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from semalab.analysis.reading import Reading, Use
from semalab.draw.clock import Clock
from semalab.draw.ink import Tone
from semalab.draw.table import table
from semalab.draw.viewport import View
from semalab.log.columns import Numbers

_LINK_ROWS, _LINKS = 12, 40
_PRINT_ROWS = 60  # beyond, rings in narrow rows are blots
_MOMENTS = {  # role -> how its openings and its passes are drawn and called
    "guard": (("give", "releases without holding"), ("take", "takes")),
    "latch": (("open", "opens"), ("pass", "passes")),
    "signal": (("give", "releases"), ("take", "takes")),
    "counter": (("count", "releases"), ("take", "takes")),
    "event": (("open", "sets"), ("pass", "passes")),
    "queue": (("give", "puts"), ("take", "takes")),
    "barrier": (("give", "opens"), ("pass", "passes")),
    "condition": (("give", "notifies"), ("take", "goes on")),
}
_TOGETHER = 0.004  # openings closer than this part of the axis are one


@dataclass(frozen=True)
class Marks:
    """Moments of one kind and tone: a row and a position each.

    kind says how they are drawn: "pass" and "open" (of a latch, event or barrier), "take" and "give" (of what is
    passed on again and again), "count", "stolen" (a wake-up in vain), "refuse", "print", "read" and "write" (of a
    variable), "left" (the end of who still held something, or died). word says what the thread did.
    """

    kind: str
    word: str
    tone: Tone | None
    row: np.ndarray
    at: np.ndarray


@dataclass(frozen=True)
class Opening:
    """The moment a latch opened or an event was set: one vertical line, and its label."""

    at: float
    label: str
    tone: Tone


def moments_of(
    reading: Reading, used: Sequence[Use], clock: Clock, view: View, tones: Mapping[str, Tone]
) -> tuple[tuple[Marks, ...], tuple[Opening, ...]]:
    marks: list[Marks] = []
    openings: list[Opening] = []
    place = {thread: n for n, thread in enumerate(reading.trace.threads)}

    def mark(kind: str, word: str, tone: Tone | None, index: np.ndarray, thread: np.ndarray) -> None:
        row, at = view.rows[thread], clock.at[index]
        if not view.whole:
            kept = (row >= 0) & view.holds(at)
            row, at = row[kept], at[kept]
        if len(row):
            marks.append(Marks(kind, word, tone, row, at))

    def mark_events(kind: str, word: str, indices: Sequence[int]) -> None:
        threads = [place[reading.trace.events[i].thread] for i in indices]
        mark(kind, word, None, np.array(indices, dtype=np.intp), np.array(threads, dtype=np.intp))

    for use in used:
        tone = tones[use.label]
        role = (
            "signal" if use.role == "latch" and use.primitive.initial else use.role
        )  # it was not shut: nobody opens it
        opening, passing = _MOMENTS.get(role, _MOMENTS["signal"])
        passes, opens = table(use.counts.passes, 2), table(use.counts.openings, 2)
        mark(*passing, tone, passes[:, 0], passes[:, 1])
        mark(*opening, tone, opens[:, 0], opens[:, 1])
        verb = {"latch": "opens", "event": "set"}.get(role)
        if verb and len(opens):
            first, last = clock.at[opens[0, 0]], clock.at[opens[-1, 0]]
            if last - first <= _TOGETHER * view.span and view.begin <= first <= view.end:
                openings.append(Opening(float(first), f"{verb} at {clock.moment(float(first))}", tone))
    mark_events("stolen", "wakes, finds no permit", [i for use in used for i in use.counts.stolen[::2]])
    mark_events("refuse", "gives up", reading.moments["refuse"])
    if len(view.threads) <= _PRINT_ROWS:
        mark_events("print", "prints", reading.moments["print"])
    return tuple(marks), tuple(openings)


def links_of(reading: Reading, clock: Clock, view: View, openings: Sequence[Opening]) -> np.ndarray:
    """Per hand-over: row and position of the release, row and position of the acquire. Empty where unreadable.

    Not for what an opening's line already shows: the latch that let everybody in at one moment.
    """
    shown = [u.counts.handovers for u in reading.uses.values() if not (openings and u.role in {"latch", "event"})]
    return _between(reading, clock, view, shown)


def thefts_of(reading: Reading, clock: Clock, view: View) -> np.ndarray:
    """Per stolen wake-up: row and position of who took the last permit, row and position of who woke up in vain."""
    stolen = [use.counts.stolen for use in reading.uses.values()]
    return _between(reading, clock, view, stolen)[:, [2, 3, 0, 1]]


def _between(reading: Reading, clock: Clock, view: View, columns: Sequence[Numbers[int]]) -> np.ndarray:
    """Rows and positions of pairs of events in the window; of more rows than can be followed, those linked alone."""
    every = len(view.threads) <= _LINK_ROWS
    found: list[tuple[float, ...]] = []
    if not every and not view.linked:
        return np.empty((0, 4))
    row = dict(zip(reading.trace.threads, view.rows.tolist(), strict=True))
    for column in columns:
        pairs = table(column, 2)
        if not view.whole and len(pairs):
            pairs = pairs[view.holds(clock.at[pairs[:, 0]]) & view.holds(clock.at[pairs[:, 1]])]
        for one, other in pairs.tolist():
            source, target = (row[reading.trace.events[i].thread] for i in (one, other))
            if min(source, target) >= 0 and (every or {source, target} & view.linked):
                found.append((source, clock.at[one], target, clock.at[other]))
            if len(found) > _LINKS:
                return np.empty((0, 4))
    return np.array(found, dtype=np.float64).reshape(-1, 4)


def first_theft(reading: Reading, clock: Clock, view: View) -> tuple[float, list[str]] | None:
    """The moment of the first stolen wake-up in the window, and words for it, the fullest first."""
    events = reading.trace.events
    stolen = np.concatenate([np.empty((0, 2), np.int64), *(table(u.counts.stolen, 2) for u in reading.uses.values())])
    stolen = stolen[np.argsort(stolen[:, 0])]
    if not view.whole:
        places = dict(zip(reading.trace.threads, view.rows.tolist(), strict=True))
        shown = np.array([places[events[block].thread] >= 0 for block in stolen[:, 0].tolist()], dtype=bool)
        stolen = stolen[shown & view.holds(clock.at[stolen[:, 0]])]
    if not len(stolen):
        return None
    block, acquire = stolen[0].tolist()
    who, thief = events[block].thread, events[acquire].thread
    words = f"{who} wakes in vain: {thief} took the last permit"
    count = [f"{words} (the first of {len(stolen):,})"] if len(stolen) > 1 else []
    return float(clock.at[block]), [*count, words, f"{who} wakes in vain"]
