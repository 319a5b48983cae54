"""The time axis: its unit, its ticks, and where on it an event lies; and the columns of a reading, as rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semalab.analysis.sentences import UNITS, duration
from semalab.log.columns import Numbers
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
