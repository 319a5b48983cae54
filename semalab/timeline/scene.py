"""What will be drawn, as numbers: bars, marks, links and crowds on the time axis, before any of it has a size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from semalab.reading import Reading, Use
from semalab.timeline.clock import Clock, clock_of
from semalab.timeline.crowds import Crowd, crowds_of
from semalab.timeline.ink import OTHER, TONES, Tone
from semalab.timeline.log import Log, Spans, log_of, spans_of
from semalab.trace import LOCKS, POOLED, QUEUES, SEMAPHORES

_LINK_ROWS, _LINKS = 12, 40
_STRIPS = 3
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
_RESULTS = frozenset({"Future", "Futures", "Results"})
_TOGETHER = 0.004  # openings closer than this part of the axis are one


@dataclass(frozen=True)
class Bars:
    """Spans of one kind and tone. Invariant: the arrays are of one length and begin <= end.

    open: the span had not ended when the log did (or its thread did).
    """

    row: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    open: np.ndarray


@dataclass(frozen=True)
class Marks:
    """Moments of one kind and tone: a row and a position each.

    kind says how they are drawn: "pass" and "open" (of a latch, event or barrier), "take" and "give" (of what is
    passed on again and again), "count", "refuse", "print". word says what the thread did.
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


@dataclass(frozen=True)
class Scene:
    """Everything the picture shows.

    lives: row -> (begin, end). bars: (kind, tone) -> Bars. links: per hand-over its two rows and two positions.
    """

    reading: Reading
    log: Log
    spans: Spans
    clock: Clock
    threads: tuple[str, ...]
    lives: Mapping[int, tuple[float, float]]
    bars: Mapping[tuple[str, Tone | None], Bars]
    marks: tuple[Marks, ...]
    openings: tuple[Opening, ...]
    links: np.ndarray
    crowds: tuple[Crowd, ...]
    strips: tuple[Use, ...]
    tones: Mapping[str, Tone]
    alarm: str | None
    stopped: str | None

    @property
    def open_ended(self) -> bool:
        return any(b.open.any() for (kind, _), b in self.bars.items() if kind in {"wait", "hold"})


def scene_of(reading: Reading, alarm: str | None, allowed: int, stopped: str | None) -> Scene:
    """Lay a reading out on its time axis."""
    log, spans = log_of(reading), spans_of(reading)
    clock = clock_of(reading.trace, log.time, stopped is not None)
    rows = {thread: row for row, thread in enumerate(reading.trace.threads)}
    tones = _tones(reading)
    lives = _lives(reading, log, clock, rows)
    marks, openings = _marks(reading, log, clock, rows, tones)
    return Scene(
        reading=reading,
        log=log,
        spans=spans,
        clock=clock,
        threads=reading.trace.threads,
        lives=lives,
        bars=_bars(spans, clock, rows, tones, lives),
        marks=marks,
        openings=openings,
        links=_links(reading, log, clock, rows, openings),
        crowds=crowds_of(reading, clock, alarm, allowed) if alarm is not None else (),
        strips=_strips(reading),
        tones=tones,
        alarm=alarm,
        stopped=stopped,
    )


def _used(reading: Reading) -> list[Use]:
    """The primitives in use, the main one first, then in order of creation. A pool's results would outnumber them."""
    main = reading.main_use
    used = [u for u in reading.uses.values() if u.role != "unused"]
    used = [u for u in used if u.primitive.kind not in _RESULTS] or used
    return sorted(used, key=lambda u: main is None or u.label != main.label)


def _tones(reading: Reading) -> dict[str, Tone]:
    return {u.label: TONES[i] if i < len(TONES) else OTHER for i, u in enumerate(_used(reading))}


def _strips(reading: Reading) -> tuple[Use, ...]:
    """The main primitive and the busiest others of its family. A barrier or condition has no value worth a strip."""
    main = reading.main_use
    if main is None or main.primitive.kind in {"Barrier", "Condition"}:
        return ()
    family = next(
        (f for f in (SEMAPHORES, LOCKS, QUEUES) if main.primitive.kind in f), frozenset({main.primitive.kind})
    )
    if main.primitive.kind in POOLED:
        return (main,)
    others = [u for u in _used(reading) if u.primitive.kind in family and u.label != main.label]
    others.sort(key=lambda u: -(u.acquires + u.releases))
    return (main, *others[: _STRIPS - 1])


def _lives(reading: Reading, log: Log, clock: Clock, rows: Mapping[str, int]) -> dict[int, tuple[float, float]]:
    if not clock.stands:
        return {rows[t]: (begin / clock.scale, end / clock.scale) for t, (begin, end) in reading.life.items()}
    begun = {rows[log.thread[i]]: float(i) for i in log.of_kind("start")}
    ended = {rows[log.thread[i]]: float(i) for i in log.of_kind("end")}
    return {row: (begin, ended.get(row, clock.end)) for row, begin in begun.items()}


def _bars(
    spans: Spans,
    clock: Clock,
    rows: Mapping[str, int],
    tones: Mapping[str, Tone],
    lives: Mapping[int, tuple[float, float]],
) -> dict[tuple[str, Tone | None], Bars]:
    if not spans.thread:
        return {}
    row = np.fromiter(map(rows.__getitem__, spans.thread), dtype=np.intp, count=len(spans.thread))
    groups = list(dict.fromkeys(zip(spans.kind, spans.primitive, strict=True)))
    number = {group: i for i, group in enumerate(groups)}
    group = np.fromiter(map(number.__getitem__, zip(spans.kind, spans.primitive, strict=True)), np.intp, len(row))
    begin, last = clock.at[spans.first], spans.last
    until = np.zeros(len(rows))
    until[list(lives)] = [end for _, end in lives.values()]
    end = np.where(last < 0, until[row], clock.at[last])
    keys = [(kind, tones.get(label, OTHER) if kind in {"wait", "hold"} else None) for kind, label in groups]
    bars = {}
    for key in sorted(set(keys), key=keys.index):
        chosen = np.isin(group, [i for i, k in enumerate(keys) if k == key])
        bars[key] = Bars(row[chosen], begin[chosen], np.maximum(begin, end)[chosen], last[chosen] < 0)
    return bars


def _marks(
    reading: Reading, log: Log, clock: Clock, rows: Mapping[str, int], tones: Mapping[str, Tone]
) -> tuple[tuple[Marks, ...], tuple[Opening, ...]]:
    marks: list[Marks] = []
    openings: list[Opening] = []

    def mark(kind: str, word: str, tone: Tone | None, indices: Sequence[int]) -> None:
        if indices:
            row = np.fromiter((rows[log.thread[i]] for i in indices), np.intp, len(indices))
            marks.append(Marks(kind, word, tone, row, clock.at[list(indices)]))

    for use in _used(reading):
        tone = tones[use.label]
        opening, passing = _MOMENTS.get(use.role, _MOMENTS["signal"])
        mark(*passing, tone, use.passes)
        mark(*opening, tone, use.openings)
        verb = {"latch": "opens", "event": "set"}.get(use.role)
        if verb and use.openings:
            first, last = clock.at[use.openings[0]], clock.at[use.openings[-1]]
            if last - first <= _TOGETHER * clock.end:
                openings.append(Opening(float(first), f"{verb} at {clock.moment(float(first))}", tone))
    mark("refuse", "gives up", None, log.of_kind("refuse"))
    mark("print", "prints", None, log.of_kind("print"))
    return tuple(marks), tuple(openings)


def _links(
    reading: Reading, log: Log, clock: Clock, rows: Mapping[str, int], openings: Sequence[Opening]
) -> np.ndarray:
    """Per hand-over: row and position of the release, row and position of the acquire. Empty where unreadable.

    Not for what an opening's line already shows: the latch that let everybody in at one moment.
    """
    found = (
        [
            (rows[log.thread[h.release]], clock.at[h.release], rows[log.thread[h.acquire]], clock.at[h.acquire])
            for use in reading.uses.values()
            for h in use.handovers
            if not (openings and use.role in {"latch", "event"})
        ]
        if len(rows) <= _LINK_ROWS
        else []
    )
    return np.array(found if len(found) <= _LINKS else [], dtype=np.float64).reshape(-1, 4)
