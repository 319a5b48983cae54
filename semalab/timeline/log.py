"""The log and the spans column by column: a thousand threads are drawn by numpy, not by a loop over tuples."""

from __future__ import annotations

from operator import itemgetter
from typing import NamedTuple

import numpy as np

from semalab.reading import Reading


class Log(NamedTuple):
    """The events' columns. Invariant: all of one length, index = place in the trace."""

    time: list[int]
    thread: list[str]
    kind: list[str]
    primitive: list[str]
    value: list[int | None]

    def of_kind(self, kind: str) -> list[int]:
        return [i for i, k in enumerate(self.kind) if k == kind]


class Spans(NamedTuple):
    """The spans' columns. last is -1 where the span never ended."""

    thread: list[str]
    kind: list[str]
    primitive: list[str]
    first: np.ndarray
    last: np.ndarray


def log_of(reading: Reading) -> Log:
    events = reading.trace.events
    time, thread, kind, primitive, value = (list(map(itemgetter(column), events)) for column in range(5))
    return Log(time, thread, kind, primitive, value)


def spans_of(reading: Reading) -> Spans:
    thread, kind, primitive, first, last = (list(map(itemgetter(column), reading.spans)) for column in (0, 1, 2, 5, 6))
    ended = [-1 if index is None else index for index in last]
    return Spans(thread, kind, primitive, np.array(first, dtype=np.intp), np.array(ended, dtype=np.intp))
