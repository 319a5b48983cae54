"""The time axis, and the part of a run that a picture shows of it: a window of time, and some of its threads; and what
two pictures laid side by side share.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from semalab.analysis.changes import UNITS, duration
from semalab.analysis.reading import Reading
from semalab.log.columns import NEVER, Numbers
from semalab.log.excerpt import cut_name, written
from semalab.log.trace import Trace

_EVENTS = "events, in their order: the clock stood still"


@dataclass(frozen=True)
class Clock:
    """Where events lie on the axis. Invariant: `at` never decreases and `end` is not before its last entry.

    at: position of every event, in units. unit: "s", "ms", "µs", "ns" or "event". stands: the clock never moved.
    reach: where the axis ends, if that is after the run did.
    """

    at: np.ndarray
    end: float
    unit: str
    word: str
    scale: float
    reach: float = 0.0

    @property
    def stands(self) -> bool:
        return self.unit == "event"

    @property
    def label(self) -> str:
        return _EVENTS if self.stands else f"{self.word} since the run began"

    def moment(self, position: float) -> str:
        """A position in words: "1.6 s", "event 12"."""
        if self.stands:
            return f"event {position:,.0f}"
        digits = 0 if position == 0 else max(0, 2 - math.floor(math.log10(abs(position))))
        text = f"{position:,.{digits}f}"
        return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {self.unit}"

    def lasting(self, span: float) -> str:
        """A length of time in words, to two digits."""
        return f"{span:,.0f} events" if self.stands else duration(span * self.scale, 2, rounded=True)


def clock_of(trace: Trace, time: Sequence[int], stopped: bool = False, lasting: int = 0) -> Clock:
    """The axis for a trace: the largest unit the run lasted one of; events where no time passed at all.

    lasting: how far the axis goes at least, in nanoseconds, or in events where no time passed.
    """
    times = np.array(time, dtype=np.float64)
    duration = max(trace.duration, int(times[-1]) if len(times) else 0)
    if duration == 0 and len(times):
        last = float(len(times) - 1)
        return Clock(np.arange(len(times), dtype=np.float64), max(1.0, last + stopped), "event", "events", 0.0, lasting)
    unit, word, scale = next((u for u in UNITS if max(duration, lasting) >= u[2]), ("ns", "nanoseconds", 1))
    return Clock(times / scale, max(duration, 1) / scale, unit, word, float(scale), lasting / scale)


def table(column: Numbers[int], width: int) -> np.ndarray:
    """A column of whole numbers as rows of `width`, as numpy sees them: the numbers themselves, not a copy."""
    return np.asarray(column).reshape(-1, width)


def ticks(begin: float, end: float, most: int, whole: bool = False) -> tuple[list[float], list[str]]:
    """Round positions within [begin, end], at most `most` of them, and their labels with equal decimals."""
    span = end - begin
    exponent = math.floor(math.log10(span / max(1, most)))
    for step, decimals in _round_steps(exponent):
        if whole and step < 1:
            continue
        first, last = math.ceil(begin / step - 1e-9), math.floor(end / step + 1e-9)
        if last - first + 1 <= max(2, most):
            places = [i * step for i in range(first, last + 1)]
            return places, [f"{place:,.{decimals}f}" for place in places]
    raise AssertionError("unreachable: steps grow without bound")


def _round_steps(exponent: int) -> list[tuple[float, int]]:
    return [
        (mantissa * 10.0**power, max(0, -power + (mantissa == 2.5)))
        for power in range(exponent, exponent + 4)
        for mantissa in (1, 2, 2.5, 5)
        if mantissa != 2.5 or power != 0
    ]


@dataclass(frozen=True)
class Beside:
    """The same for both pictures.

    lasting: the axis goes on to here, in nanoseconds, or in events where both clocks stood still; 0 where one of the
    clocks stood still and the other did not, for then there is no common axis.
    threads: the rows, from the top; a run need not have all of them. order: primitives of both, which get their colours
    and strips in this order. levels: of each its highest value and its longest queue in either run.
    tips: the axis leaves room for what never ended. parting: the event from which on the logs differ, to be marked.
    reserved: points from the top of each to its rows, so that rows and strips of both come out equally high.
    longer: threads that waited longer in this one of the two; the only thing that the two do not share.
    """

    lasting: int
    threads: tuple[str, ...]
    order: tuple[str, ...]
    levels: Mapping[str, tuple[int, int]]
    tips: bool
    parting: int | None
    reserved: float = 0.0
    longer: frozenset[str] = field(default=frozenset())


def beside(
    a: Reading,
    b: Reading,
    stopped: tuple[bool, bool],
    threads: Sequence[str] | None = None,
    parting: int | None = None,
) -> Beside:
    """What the pictures of two readings share. threads: the rows to show; None shows all."""
    readings = (a, b)
    clocks = [clock_of(one.trace, one.times, early) for one, early in zip(readings, stopped, strict=True)]
    lasting = 0
    if all(one.trace for one in readings) and clocks[0].stands == clocks[1].stands:
        stands = clocks[0].stands
        lasting = max(round(clock.end * (1 if stands else clock.scale)) for clock in clocks)
    return Beside(
        lasting,
        tuple(threads) if threads is not None else common_rows(a.trace, b.trace),
        tuple(dict.fromkeys(label for one in readings for label in _in_use(one))),
        _levels(readings),
        any(_has_endless(one) for one in readings),
        parting,
    )


def _has_endless(reading: Reading) -> bool:
    """Some wait or hold never ended."""
    groups = reading.columns.groups.items()
    return any((table(column, 5)[:, 4] == NEVER).any() for (kind, _), column in groups if kind in {"wait", "hold"})


def common_rows(a: Trace, b: Trace) -> tuple[str, ...]:
    """The threads of the first, then those that only the second has."""
    return tuple(dict.fromkeys((*a.threads, *b.threads)))


def _in_use(reading: Reading) -> list[str]:
    """The main primitive first, then the others in order of creation."""
    main = reading.main_use
    used = [use.label for use in reading.uses.values() if use.role != "unused"]
    return sorted(used, key=lambda label: main is None or label != main.label)


def _levels(readings: Sequence[Reading]) -> dict[str, tuple[int, int]]:
    levels: dict[str, tuple[int, int]] = {}
    for reading in readings:
        for label, use in reading.uses.items():
            columns = (use.counts.values, use.counts.waiters)
            most, queue = (int(table(column, 2)[:, 1].max(initial=0)) for column in columns)
            before = levels.get(label, (0, 0))
            levels[label] = (max(most, before[0]), max(queue, before[1]))
    return levels


Between = tuple[float, float]
_LISTED = 3  # threads that an error names


@dataclass(frozen=True)
class View:
    """Positions on the axis and rows of the picture.

    Invariant: begin < end. threads: those shown, from the top. rows: for every thread of the trace its row, or -1.
    linked: rows whose links are drawn however many rows there are; selected: the row that was asked for. words: what
    is shown and what is left out; "" if that is nothing. early, late: something is, before or after the window.
    until: where the axis ends; after `end` only if the run ended earlier. absent: rows of threads that the run, unlike
    the one it is laid beside, does not have.
    """

    begin: float
    end: float
    threads: tuple[str, ...]
    rows: np.ndarray
    linked: frozenset[int]
    selected: int | None
    words: str
    early: bool
    late: bool
    until: float
    absent: frozenset[int] = frozenset()

    @property
    def whole(self) -> bool:
        """Nothing is left out."""
        return not self.words

    @property
    def span(self) -> float:
        return self.end - self.begin

    def holds(self, at: np.ndarray) -> np.ndarray:
        """Which positions lie in the window."""
        inside: np.ndarray = (at >= self.begin) & (at <= self.end)
        return inside


def view_of(
    trace: Trace,
    clock: Clock,
    between: Between | None = None,
    threads: Sequence[str | int] | None = None,
    select: str | int | None = None,
    beside: Beside | None = None,
) -> View:
    """The view that was asked for. beside: whose rows it has, instead of `threads`.

    Raises: TypeError, ValueError for a window or threads that the run does not have.
    """
    begin, asked = (0.0, clock.end) if between is None else _window(clock, between)
    end = min(asked, clock.end)
    every = range(len(trace.threads))
    rows = np.full(len(trace.threads), -1, dtype=np.intp)
    if beside is None:
        shown = list(every) if threads is None else chosen(trace, threads)
        names = tuple(trace.threads[place] for place in shown)
        rows[shown] = range(len(shown))
    else:
        names = beside.threads
        row = {name: number for number, name in enumerate(names)}
        rows[:] = [row.get(thread, -1) for thread in trace.threads]
        shown = np.flatnonzero(rows >= 0).tolist()
    linked = () if threads is None else tuple(shown)
    if select is not None:
        linked = (_place(trace, select, "select"),)
        if rows[linked[0]] < 0:
            raise ValueError(f"select must be one of the threads shown, got {written(select)}; add it to threads")
    early, late = begin > 0.0, end < clock.end
    parts = []
    if early or late:
        what = "events" if clock.stands else "from"
        ends = [f"{p:,.0f}" if clock.stands else clock.moment(p) for p in (begin, end, clock.end)]
        parts.append(f"shown: {what} {ends[0]} to {ends[1]} of {ends[2]}")
    if len(shown) < len(every):
        parts.append(f"{len(shown):,} of {len(every):,} threads; the values count all")
    return View(
        begin,
        end,
        names,
        rows,
        frozenset(int(rows[place]) for place in linked),
        int(rows[linked[0]]) if select is not None else None,
        " · ".join(parts),
        early,
        late,
        max(end, clock.reach if between is None else min(asked, clock.reach)),
        frozenset(range(len(names))) - frozenset(rows.tolist()) if beside is not None else frozenset(),
    )


def _window(clock: Clock, between: Any) -> tuple[float, float]:
    """The window in units of the axis; it may go on past the end of the run."""
    rule = "event numbers" if clock.stands else "seconds of the run's clock"
    try:
        begin, end = between
        numbers = [not isinstance(n, bool) and math.isfinite(n) for n in (begin, end)]
    except (TypeError, ValueError):
        numbers = [False]
    if not all(numbers):
        raise TypeError(f"between must be two numbers (begin, end) in {rule}, got {written(between)}")
    scale = 1.0 if clock.stands else 1e9 / clock.scale
    least = 1.0 if clock.stands else 1.0 / clock.scale  # one event, one nanosecond
    last = f"event {clock.end:,.0f}" if clock.stands else f"{clock.end / scale:g} s"
    if not 0 <= begin < end:
        raise ValueError(f"between must be (begin, end) with 0 <= begin < end, in {rule}, got {written(between)}")
    if begin * scale >= clock.end:
        raise ValueError(f"between must begin before the end of the run ({last}), got {written(between)}")
    if (end - begin) * scale < least:
        shortest = "one event" if clock.stands else "a nanosecond"
        raise ValueError(f"between must be at least {shortest} long, got {written(between)}")
    return begin * scale, end * scale


def chosen(trace: Trace, threads: Any) -> list[int]:
    """The rows of these threads, by their names or numbers. Raises: TypeError, ValueError for none of the trace's."""
    if isinstance(threads, str) or not isinstance(threads, Sequence):
        got = written(threads)
        raise TypeError(f"threads must be a list of names or row numbers, got {got}; write [{got}]")
    if not threads:
        raise ValueError("threads must name at least one thread, got []")
    return list(dict.fromkeys(_place(trace, thread, "threads") for thread in threads))


def _place(trace: Trace, thread: Any, argument: str) -> int:
    count = len(trace.threads)
    if isinstance(thread, str) and thread in trace.threads:
        return trace.threads.index(thread)
    if isinstance(thread, int | np.integer) and not isinstance(thread, bool) and 0 <= thread < count:
        return int(thread)
    some = ", ".join(cut_name(name, 40) for name in trace.threads[:_LISTED])
    more = f" and {count - _LISTED:,} more" if count > _LISTED else ""
    numbers = f"a row number from 0 to {count - 1:,}" if count else "a row number, but the run has none"
    raise ValueError(f"{argument} must be a thread of the run ({some}{more}) or {numbers}, got {written(thread)}")
