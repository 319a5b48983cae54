"""What a reading is made of: spans of time, steps of a number, and how one primitive was used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from semalab.trace import Primitive


class Span(NamedTuple):
    """What one thread did between two events (nanoseconds, indices into the trace).

    kind is "wait", "hold", "sleep" or "join". `last` is None where the run ended or was stopped inside the span.
    """

    thread: str
    kind: str
    primitive: str
    begin: int
    end: int
    first: int
    last: int | None


class Step(NamedTuple):
    """From `time` on (nanoseconds), the quantity is `level`."""

    time: int
    level: int


class Handover(NamedTuple):
    """The release (index) whose permit ended a wait, and the acquire (index) that took it."""

    release: int
    acquire: int


@dataclass(frozen=True)
class Use:
    """How one primitive was used. Invariant: every number is counted in log order, never by comparing times.

    role: "guard" (who releases had acquired), "latch" (threads pass once, others open it), "signal" (passed again
    and again, released by others), "counter" (released, never acquired), "queue", "event" (also a future), "barrier",
    "condition", "unused".
    inside: number of threads inside, as steps; crowded: the times (begin, end) with more than one inside.
    openings: indices of releases by a thread that held no permit (of a latch: what opens it); of set() and notify().
    passes: indices at which a thread got through. kept: threads that ended with a permit in hand, once a permit.
    """

    primitive: Primitive
    role: str
    acquires: int = 0
    releases: int = 0
    released: int = 0
    final: int = 0
    values: tuple[Step, ...] = ()
    waiters: tuple[Step, ...] = ()
    inside: tuple[Step, ...] = ()
    most_inside: int = 0
    crowded: tuple[tuple[int, int], ...] = ()
    openings: tuple[int, ...] = ()
    passes: tuple[int, ...] = ()
    handovers: tuple[Handover, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return self.primitive.label
