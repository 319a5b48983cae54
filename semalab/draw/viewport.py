"""The part of a run that a picture shows: a window of time, and some of its threads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from semalab.draw.beside import Beside
from semalab.draw.time_axis import Clock
from semalab.log.excerpt import cut_name, written
from semalab.log.trace import Trace

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
