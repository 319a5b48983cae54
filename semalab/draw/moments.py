"""What is marked at moments of a run, as numbers, which `marks` draws.

Who passed, opened, counted, gave up, printed; who let whom in; who was one too many; who ended with a permit in hand;
and who waits for whom in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from semalab.analysis.reading import Reading, Use
from semalab.draw.bars import Bars
from semalab.draw.style import Tone
from semalab.draw.viewport import Clock, View, table
from semalab.log.columns import Numbers
from semalab.log.trace import Trace

_MANY = 2_000  # crowds beyond this, with less between them than this part of the window, are one: none could part them
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
Link = tuple[str, str, str]  # who waits, for which primitive, and who holds it
_MOST = 12  # arrows of a circle that can be followed
_LINK_ROWS, _LINKS = 12, 40


class Crowd(NamedTuple):
    """From `begin` to `end` more threads than allowed were inside; `most` at the worst moment."""

    begin: float
    end: float
    most: int


def crowds_of(use: Use, clock: Clock, allowed: int, view: View) -> tuple[Crowd, ...]:
    """The crowds of one guard in the window. A thread that acquired twice (an RLock's owner) is inside once."""
    index, level = table(use.counts.inside, 2).T
    over = level > allowed
    begin = np.flatnonzero(over & ~np.r_[False, over[:-1]])
    if not len(begin):
        return ()
    end = np.flatnonzero(~over & np.r_[False, over[:-1]])
    most = np.maximum.reduceat(np.where(over, level, 0), begin)
    since = clock.at[index[begin]]
    until = np.r_[clock.at[index[end]], [clock.end] * (len(begin) - len(end))]
    seen = (since <= view.end) & (until >= view.begin)
    since, until, most = np.maximum(since, view.begin)[seen], np.minimum(until, view.end)[seen], most[seen]
    if len(since) > _MANY:
        apart = np.flatnonzero(np.r_[True, since[1:] - until[:-1] > view.span / _MANY])
        since, until, most = since[apart], until[np.r_[apart[1:], len(until)] - 1], np.maximum.reduceat(most, apart)
    return tuple(map(Crowd, since.tolist(), until.tolist(), most.tolist()))


@dataclass(frozen=True)
class Marks:
    """Moments of one kind and tone: a row and a position each.

    kind says how they are drawn: "pass" and "open" (of a latch, event or barrier), "take" and "give" (of what is
    passed on again and again), "count", "stolen" (a wake-up in vain), "refuse", "print", "read" and "write" (of a
    variable), "left" (the end of who still held something, or died). word says what the thread did. label: with which
    primitive, or "". index: of the events, where they are events.
    """

    kind: str
    word: str
    tone: Tone | None
    row: np.ndarray
    at: np.ndarray
    label: str = ""
    index: np.ndarray | None = None


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

    def mark(kind: str, word: str, tone: Tone | None, index: np.ndarray, thread: np.ndarray, label: str = "") -> None:
        row, at = view.rows[thread], clock.at[index]
        if not view.whole:
            kept = (row >= 0) & view.holds(at)
            row, at, index = row[kept], at[kept], index[kept]
        if len(row):
            marks.append(Marks(kind, word, tone, row, at, label, index))

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
        mark(*passing, tone, passes[:, 0], passes[:, 1], use.label)
        mark(*opening, tone, opens[:, 0], opens[:, 1], use.label)
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


def died_of(trace: Trace, view: View, died: Sequence[str]) -> dict[int, str]:
    """Per row that is shown, what became of its thread or process. died: sentences that begin with its label."""
    return {
        int(row): sentence.removeprefix(f"{thread} ")
        for thread, row in zip(trace.threads, view.rows.tolist(), strict=True)
        for sentence in died
        if row >= 0 and sentence.startswith(f"{thread} ")
    }


def left_of(
    bars: Mapping[tuple[str, Tone | None], Bars], lives: Mapping[int, tuple[float, float]], died: Mapping[int, str]
) -> list[Marks]:
    """The ends of those who held something then, and of those who did not come to their own."""
    at = {
        int(row): float(end)
        for (kind, _), some in bars.items()
        if kind == "hold"
        for row, end in zip(some.row[some.left], some.end[some.left], strict=True)
    }
    ends = {row: lives[row][1] for row in died if row in lives}
    kinds = (
        ("ends without releasing", {row: end for row, end in at.items() if row not in ends}),
        ("dies", ends),
    )
    return [
        Marks("left", word, None, np.array(list(found), dtype=np.intp), np.array(list(found.values())))
        for word, found in kinds
        if found
    ]


def circle_of(
    bars: Mapping[tuple[str, Tone | None], Bars],
    tones: Mapping[str, Tone],
    rows: Mapping[str, int],
    circle: Sequence[Link],
) -> np.ndarray:
    """Per arrow the row of who waits, the row of who holds, and the moment from which on both is so."""
    found: list[tuple[float, float, float]] = []
    for waiter, primitive, holder in circle if len(circle) <= _MOST else ():
        begins = [
            _begin(bars.get((kind, tones.get(primitive))), rows.get(who, -1))
            for kind, who in (("wait", waiter), ("hold", holder))
        ]
        if None not in begins:
            found.append((rows[waiter], rows[holder], max(begin for begin in begins if begin is not None)))
    return np.array(found, dtype=np.float64).reshape(-1, 3)


def _begin(bars: Bars | None, row: int) -> float | None:
    """Where the bar of this row begins that never ends."""
    if bars is None or row < 0:
        return None
    begins = bars.begin[(bars.row == row) & (bars.open | bars.left)]
    return float(begins[-1]) if len(begins) else None
