"""When too many threads were inside a guard, and how many: counted in log order, never by comparing times."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from semalab.reading import Reading
from semalab.timeline.clock import Clock


class Crowd(NamedTuple):
    """From `begin` to `end` more threads than allowed were inside; `most` at the worst moment."""

    begin: float
    end: float
    most: int


def crowds_of(reading: Reading, clock: Clock, primitive: str, allowed: int) -> tuple[Crowd, ...]:
    """The crowds of one guard. A thread that acquired twice (an RLock's owner) is inside once."""
    changes: list[tuple[int, str, int]] = []
    for span in reading.hold_spans(primitive):
        changes.append((span.first, span.thread, +1))
        if span.last is not None:
            changes.append((span.last, span.thread, -1))
    changes.sort(key=lambda change: change[0])
    held: Counter[str] = Counter()
    inside, since, most = 0, -1, 0
    crowds: list[Crowd] = []
    for index, thread, change in changes:
        before = held[thread]
        held[thread] += change
        inside += (held[thread] > 0) - (before > 0)
        if inside > allowed:
            since, most = (index, inside) if since < 0 else (since, max(most, inside))
        elif since >= 0:
            crowds.append(Crowd(float(clock.at[since]), float(clock.at[index]), most))
            since = -1
    if since >= 0:
        crowds.append(Crowd(float(clock.at[since]), clock.end, most))
    return tuple(crowds)
