"""From a log to what it shows: who waited, held and slept when, and what each primitive was used for."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from semalab.trace import PERMITS, SEMAPHORES, Event, Primitive, Trace


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
    and again, released by others), "counter" (released, never acquired), "event", "barrier", "condition", "unused".
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


@dataclass(frozen=True)
class Reading:
    """Everything the claims and the picture need to know of a trace.

    life: per thread, its (start, end) in nanoseconds. spans: in order of their ends, per thread never overlapping
    within a kind and primitive.
    """

    trace: Trace
    life: Mapping[str, tuple[int, int]]
    spans: tuple[Span, ...]
    uses: Mapping[str, Use]

    def hold_spans(self, primitive: str) -> tuple[Span, ...]:
        return tuple(s for s in self.spans if s.kind == "hold" and s.primitive == primitive)

    @property
    def main_use(self) -> Use | None:
        """The primitive the picture and the verdict speak of first: the semaphore with most acquires and releases."""
        used = [u for u in self.uses.values() if u.role != "unused"] or list(self.uses.values())
        semaphores = [u for u in used if u.primitive.kind in SEMAPHORES]
        return max(semaphores or used, key=lambda u: u.acquires + u.releases, default=None)


def read(trace: Trace) -> Reading:
    """Read a trace. Linear in the number of events."""
    by_primitive: dict[str, list[tuple[int, Event]]] = {label: [] for label in trace.primitives}
    life: dict[str, tuple[int, int]] = {}
    ended: set[str] = set()
    spans: list[Span] = []
    asleep: dict[str, tuple[int, int, str, str]] = {}  # thread -> (time, index, kind, primitive)
    finish = trace.duration
    for index, event in enumerate(trace.events):
        kind, thread = event.kind, event.thread
        if event.primitive in by_primitive:
            by_primitive[event.primitive].append((index, event))
        elif kind in {"sleep", "join"}:
            asleep[thread] = (event.time, index, kind, event.primitive)
        elif kind in {"wake", "joined"} and thread in asleep:
            begin, first, what, primitive = asleep.pop(thread)
            spans.append(Span(thread, what, primitive, begin, event.time, first, index))
        elif kind == "start":
            life[thread] = (event.time, finish)
        elif kind == "end":
            life[thread] = (life[thread][0], event.time)
            ended.add(thread)
    for thread, (begin, first, what, primitive) in asleep.items():
        spans.append(Span(thread, what, primitive, begin, life[thread][1], first, None))
    uses = {}
    for label, events in by_primitive.items():
        use, more = _use(trace.primitives[label], events, life, ended)
        uses[label] = use
        spans.extend(more)
    return Reading(trace, life, tuple(spans), uses)


def _use(
    primitive: Primitive, events: list[tuple[int, Event]], life: Mapping[str, tuple[int, int]], ended: set[str]
) -> tuple[Use, list[Span]]:
    role = _role(primitive, [event for _, event in events])
    walk = _Walk(primitive, role)
    for index, event in events:
        walk.step(index, event)
    walk.close(life, ended)
    return walk.use(), walk.spans


def _role(primitive: Primitive, events: list[Event]) -> str:
    """Read the role from who releases: a guard is released by those inside, a latch or signal by others."""
    if not events:
        return "unused"
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
    for event in events:
        if event.kind == "acquire":
            held[event.thread] = held.get(event.thread, 0) + 1
            acquires[event.thread] = acquires.get(event.thread, 0) + 1
        elif event.kind == "release":
            released = True
            own = held.get(event.thread, 0)
            held[event.thread] = max(0, own - event.amount)
            returned += min(own, event.amount)
            if event.amount > own:
                outsiders.add(event.thread)
    if not acquires:
        waited = any(event.kind == "block" for event in events)
        return "counter" if released and not waited else "latch" if waited else "unused"
    if all(thread in acquires for thread in outsiders):
        return "guard"
    if free_before and 2 * returned > sum(acquires.values()):
        return "guard"  # those who pass give back what they took: the release from outside is a stray one
    return "latch" if max(acquires.values()) == 1 else "signal"


@dataclass
class _Walk:
    """Goes through one primitive's events. Invariant: `permits` has one entry per free permit, oldest first."""

    primitive: Primitive
    role: str
    spans: list[Span] = field(default_factory=list)
    values: list[Step] = field(default_factory=list)
    waiters: list[Step] = field(default_factory=list)
    inside: list[Step] = field(default_factory=list)
    crowded: list[tuple[int, int]] = field(default_factory=list)
    handovers: list[Handover] = field(default_factory=list)
    openings: list[int] = field(default_factory=list)
    passes: list[int] = field(default_factory=list)
    waiting: dict[str, tuple[int, int]] = field(default_factory=dict)
    holds: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    acquires: int = 0
    releases: int = 0
    released: int = 0
    occupants: int = 0
    most_inside: int = 0
    crowd_since: int | None = None

    def __post_init__(self) -> None:
        self.permits: deque[int | None] = deque([None] * min(self.primitive.initial, 1_000_000))
        self.level = self.primitive.initial
        self.values.append(Step(0, self.level))

    def step(self, index: int, event: Event) -> None:
        kind, time, thread = event.kind, event.time, event.thread
        if event.value is not None and event.value != self.level:
            self.level = event.value
            self.values.append(Step(time, event.value))
        if kind == "block":
            if thread not in self.waiting:  # a second block in the same wait is a wake-up in vain
                self.waiting[thread] = (time, index)
                self.waiters.append(Step(time, len(self.waiting)))
            return
        if kind in {"acquire", "refuse", "pass", "wake"}:
            self._end_wait(index, event)
        if kind == "acquire":
            self.acquires += 1
            self.holds.setdefault(thread, []).append((time, index))
            if self.role == "guard":
                self._occupy(time, +1)
            else:
                self.passes.append(index)
        elif kind == "release":
            self.releases += 1
            self.released += event.amount
            if len(self.permits) < 1_000_000:
                self.permits.extend([index] * min(event.amount, 1_000_000))
            if event.amount > len(self.holds.get(thread, ())):
                self.openings.append(index)
            self._leave(index, event)
        elif kind == "pass":
            self.passes.append(index)
        elif kind in {"set", "notify"}:
            self.releases += 1
            self.openings.append(index)

    def _end_wait(self, index: int, event: Event) -> None:
        waited = self.waiting.pop(event.thread, None)
        source = self.permits.popleft() if event.kind == "acquire" and self.permits else None
        if waited is None:
            return
        self.waiters.append(Step(event.time, len(self.waiting)))
        self.spans.append(Span(event.thread, "wait", self.primitive.label, waited[0], event.time, waited[1], index))
        if source is not None and source > waited[1]:
            self.handovers.append(Handover(source, index))

    def _leave(self, index: int, event: Event) -> None:
        own = self.holds.get(event.thread, [])
        for _ in range(min(event.amount, len(own))):
            begin, first = own.pop()
            if self.role == "guard":
                self.spans.append(Span(event.thread, "hold", self.primitive.label, begin, event.time, first, index))
                self._occupy(event.time, -1)

    def _occupy(self, time: int, change: int) -> None:
        self.occupants += change
        self.inside.append(Step(time, self.occupants))
        self.most_inside = max(self.most_inside, self.occupants)
        if self.occupants > 1 and self.crowd_since is None:
            self.crowd_since = time
        elif self.occupants <= 1 and self.crowd_since is not None:
            self.crowded.append((self.crowd_since, time))
            self.crowd_since = None

    def close(self, life: Mapping[str, tuple[int, int]], ended: set[str]) -> None:
        label = self.primitive.label
        finish = max((end for _, end in life.values()), default=0)
        for thread, (begin, first) in self.waiting.items():
            self.spans.append(Span(thread, "wait", label, begin, life[thread][1], first, None))
        for thread, own in self.holds.items() if self.role == "guard" else ():
            for begin, first in own:
                if thread in ended:
                    self.kept.append(thread)
                self.spans.append(Span(thread, "hold", label, begin, life[thread][1], first, None))
        if self.crowd_since is not None:
            self.crowded.append((self.crowd_since, finish))

    def use(self) -> Use:
        return Use(
            self.primitive,
            self.role,
            acquires=self.acquires,
            releases=self.releases,
            released=self.released,
            final=self.level,
            values=tuple(self.values),
            waiters=tuple(self.waiters),
            inside=tuple(self.inside),
            most_inside=self.most_inside,
            crowded=tuple(self.crowded),
            openings=tuple(self.openings),
            passes=tuple(self.passes),
            handovers=tuple(self.handovers),
            kept=tuple(self.kept),
        )
