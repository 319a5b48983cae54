"""What a reading is made of: spans of time, steps of a number, how one primitive was used, and for what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from semalab.log.columns import Numbers, pairs
from semalab.log.trace import FLAGS, PERMITS, QUEUES, SEMAPHORES, Event, Primitive


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


class LevelChange(NamedTuple):
    """From `time` on (nanoseconds), the quantity is `level`."""

    time: int
    level: int


class Handover(NamedTuple):
    """The release (index) whose permit ended a wait, and the acquire (index) that took it."""

    release: int
    acquire: int


class Stolen(NamedTuple):
    """A thread woke up and found no permit: the index of its second "block", and of the acquire that took the last one.

    Certain from the log alone: between its two looks at the value permits were released, and others took them all.
    Which release woke the thread is not in the log, and is not said.
    """

    block: int
    acquire: int


class Counts(NamedTuple):
    """The columns behind a use, as numbers: what has a place in the log is its index, INITIAL for the beginning.

    values, waiters, inside: (index, level). handovers: (release, acquire). stolen: (block, acquire).
    openings, passes: (index, row of the thread). times: of every event of the log, in nanoseconds.
    """

    times: Numbers[int]
    values: Numbers[int]
    waiters: Numbers[int]
    inside: Numbers[int]
    handovers: Numbers[int]
    stolen: Numbers[int]
    openings: Numbers[int]
    passes: Numbers[int]


@dataclass(frozen=True)
class Use:
    """How one primitive was used. Invariant: every number is counted in log order, never by comparing times.

    role: "guard" (who releases had acquired), "latch" (threads pass once, others open it), "signal" (passed again
    and again, released by others), "counter" (released, never acquired), "queue", "event" (also a future), "barrier",
    "condition", "unused".
    crowded: the times (begin, end) with more than one thread inside. kept: threads that ended with a permit in hand,
    once a permit. most_inside: threads at once, of a guard; most_out: permits at once that were taken and not given
    back, whoever took and gave them. passed_on: of a guard, some permit was given back by another thread than had
    taken it, so that nobody can tell who was inside. counts: what the other properties are read from, when they are
    asked for.
    """

    primitive: Primitive
    role: str
    counts: Counts = field(repr=False)
    acquires: int = 0
    releases: int = 0
    released: int = 0
    final: int = 0
    most_inside: int = 0
    most_out: int = 0
    passed_on: bool = False
    crowded: tuple[tuple[int, int], ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return self.primitive.label

    @property
    def most(self) -> int:
        """Of a guard the most threads inside at once; of anything else the most permits out at once."""
        return self.most_inside if self.role == "guard" else self.most_out

    @property
    def missing(self) -> int:
        """How many permits are not back: what it began with, less what it ended with."""
        return max(0, self.primitive.initial - self.final) if self.primitive.kind in PERMITS else 0

    @cached_property
    def values(self) -> tuple[LevelChange, ...]:
        """The value, as steps."""
        return tuple(self._steps(self.counts.values))

    @cached_property
    def waiters(self) -> tuple[LevelChange, ...]:
        """The number of threads that wait, as steps."""
        return tuple(self._steps(self.counts.waiters))

    @cached_property
    def inside(self) -> tuple[LevelChange, ...]:
        """Of a guard: the number of threads inside, as steps."""
        return tuple(self._steps(self.counts.inside))

    @cached_property
    def openings(self) -> tuple[int, ...]:
        """Indices of releases by a thread that held no permit (of a latch: what opens it); of set() and notify()."""
        return tuple(self.counts.openings[::2])

    @cached_property
    def passes(self) -> tuple[int, ...]:
        """Indices at which a thread got through."""
        return tuple(self.counts.passes[::2])

    @cached_property
    def handovers(self) -> tuple[Handover, ...]:
        return tuple(Handover(*pair) for pair in pairs(self.counts.handovers))

    @cached_property
    def stolen(self) -> tuple[Stolen, ...]:
        """Of a semaphore: wake-ups in vain, in log order."""
        return tuple(Stolen(*pair) for pair in pairs(self.counts.stolen))

    def _steps(self, column: Numbers[int]) -> Iterator[LevelChange]:
        times = self.counts.times
        return (LevelChange(times[index] if index >= 0 else 0, level) for index, level in pairs(column))


def role_of(primitive: Primitive, events: Sequence[Event]) -> str:
    """What a primitive was used for, read from who releases.

    A guard is released by those inside, a latch or signal by others."""
    if not events:
        return "unused"
    if primitive.kind in QUEUES:
        return "queue"
    if primitive.kind in FLAGS:
        return "event"
    if primitive.kind not in PERMITS:
        return primitive.kind.lower()
    if primitive.kind not in SEMAPHORES:
        return "guard"
    held: dict[str, int] = {}
    acquires: dict[str, int] = {}
    outsiders: set[str] = set()
    released = False
    returned = 0
    free_before = primitive.initial > 0  # could anybody pass before a thread from outside released?
    highest = 0
    for event in events:
        if event.kind == "acquire":
            held[event.thread] = held.get(event.thread, 0) + event.amount
            acquires[event.thread] = acquires.get(event.thread, 0) + event.amount
        elif event.kind == "release":
            released = True
            own = held.get(event.thread, 0)
            held[event.thread] = max(0, own - event.amount)
            returned += min(own, event.amount)
            highest = max(highest, event.value or 0)
            if event.amount > own:
                outsiders.add(event.thread)
    if not acquires:
        waited = any(event.kind == "block" for event in events)
        return "counter" if released and not waited else "latch" if waited else "unused"
    if not outsiders:
        return "guard"
    inside = all(thread in acquires for thread in outsiders)
    if (free_before or inside) and 2 * returned > sum(acquires.values()):
        return "guard"  # those who pass give back what they took: the release from outside is a stray one
    if free_before and (returned or inside) and highest <= primitive.initial:
        return "guard"  # every release gave back what somebody had taken, if not always the one who took it
    return "latch" if max(acquires.values()) == 1 else "signal"
