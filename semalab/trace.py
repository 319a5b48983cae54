"""The finished log of a run: events in the order in which they happened, and the proof that they fit together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple, overload

SEMAPHORES = frozenset({"Semaphore", "BoundedSemaphore"})
LOCKS = frozenset({"Lock", "RLock"})
PERMITS = SEMAPHORES | LOCKS  # primitives whose value counts free permits (a lock is one permit)
QUEUES = frozenset({"Queue", "LifoQueue", "PriorityQueue", "SimpleQueue", "Tasks"})  # their value counts items
POOLED = frozenset({"Tasks", "Upkeep", "Future", "Futures"})  # what a pool of threads is made of
IDLE = frozenset({"Tasks", "Upkeep"})  # where a pool's threads wait when they have nothing to do
FLAGS = frozenset({"Event", "Future", "Futures"})  # their value is 0 until they are set, then 1

KINDS = frozenset(
    "start block acquire refuse release sleep wake print end"  # every program
    " join joined set clear pass notify put get".split()  # Thread.join, Event, Barrier, Condition, Queue
)
JOINS = frozenset({"join", "joined"})  # their `primitive` is a thread, which may be called as a primitive is


class Event(NamedTuple):
    """One thing that happened, seen from inside the primitive's own critical section.

    time: nanoseconds since the run began. thread, primitive: labels ("" where there is no primitive).
    value: the primitive's value right after the event. amount: permits or items, nanoseconds for "sleep", and for a
    "block" in Queue.join how many items were not done.
    line: the program's source line, or None where it is not known.
    """

    time: int
    thread: str
    kind: str
    primitive: str = ""
    value: int | None = None
    amount: int = 0
    line: int | None = None


class Primitive(NamedTuple):
    """A synchronisation object of the program: its label, its class name, its value when it was made."""

    label: str
    kind: str
    initial: int


class CertificateError(AssertionError):
    """The log contradicts itself: it was changed after the run, or never was one."""


@dataclass(frozen=True, eq=False)
class Trace(Sequence[Event]):
    """An immutable log. Invariant: events are in time order and, per primitive, in the order of its lock.

    threads and primitives are in order of creation. Every label in an event is one of them.
    duration: nanoseconds the run lasted, which for a stopped run is longer than to the last event.

    >>> trace = Trace([Event(0, "main", "start"), Event(9, "main", "end")], threads=["main"])
    >>> len(trace.certify())
    2
    """

    events: tuple[Event, ...]
    threads: tuple[str, ...] = ()
    primitives: Mapping[str, Primitive] = field(default_factory=dict)
    duration: int = 0

    def __init__(
        self,
        events: Iterable[Event],
        threads: Iterable[str] = (),
        primitives: Iterable[Primitive] = (),
        duration: int = 0,
    ) -> None:
        object.__setattr__(self, "events", tuple(events))
        object.__setattr__(self, "threads", tuple(threads))
        object.__setattr__(self, "primitives", MappingProxyType({p.label: p for p in primitives}))
        object.__setattr__(self, "duration", max(duration, self.events[-1].time if self.events else 0))

    def __len__(self) -> int:
        return len(self.events)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Event, ...]: ...
    def __getitem__(self, index: int | slice) -> Event | tuple[Event, ...]:
        return self.events[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Trace):
            return NotImplemented
        return (self.events, self.threads, dict(self.primitives), self.duration) == (
            other.events,
            other.threads,
            dict(other.primitives),
            other.duration,
        )

    def __hash__(self) -> int:
        return hash((self.events, self.threads))

    def __repr__(self) -> str:
        return f"<Trace: {len(self.events)} events, {len(self.threads)} threads, {len(self.primitives)} primitives>"

    def of(self, primitive: str) -> tuple[Event, ...]:
        """The events of one primitive, in the order of its lock."""
        return tuple(event for event in self.events if event.primitive == primitive and event.kind not in JOINS)

    def certify(self) -> Trace:
        """Replay the log and return it, or raise CertificateError at the first event that cannot be true."""
        _Replay(self).run()
        return self


class _Replay:
    """Walks the log once. Invariant: `value` holds what every primitive's value must be before the next event."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.value = {label: p.initial for label, p in trace.primitives.items()}
        self.held: dict[str, dict[str, int]] = {label: {} for label in trace.primitives}
        self.waiting: dict[str, tuple[str, int]] = {}  # thread -> (primitive, index of its block)
        self.alive: dict[str, bool] = {}
        self.clock = 0

    def run(self) -> None:
        for index, event in enumerate(self.trace.events):
            problem = self._impossible(index, event)
            if problem:
                raise CertificateError(f"event {index} cannot be true: {problem} ({event})")

    def _impossible(self, index: int, event: Event) -> str | None:
        if event.kind not in KINDS:
            return f"{event.kind!r} is not a kind of event"
        if event.time < self.clock:
            return f"time runs backwards, {self.clock} ns came before"
        self.clock = event.time
        problem = self._impossible_life(event)
        if problem:
            return problem
        if not event.primitive or event.kind in JOINS:
            return None
        primitive = self.trace.primitives.get(event.primitive)
        if primitive is None:
            return f"no primitive is called {event.primitive!r}"
        if primitive.kind in PERMITS:
            return self._impossible_permit(index, event, primitive)
        if primitive.kind in FLAGS:
            return self._impossible_flag(event)
        if primitive.kind in QUEUES:
            return self._impossible_item(event)
        return None

    def _impossible_life(self, event: Event) -> str | None:
        alive = self.alive.get(event.thread)
        if event.kind == "start":
            if alive is not None:
                return f"{event.thread} starts twice"
            if event.thread not in self.trace.threads:
                return f"no thread is called {event.thread!r}"
            self.alive[event.thread] = True
        elif not alive:
            return f"{event.thread} is not running"
        if event.kind == "end":
            self.alive[event.thread] = False
        return None

    def _impossible_permit(self, index: int, event: Event, primitive: Primitive) -> str | None:
        label, thread = event.primitive, event.thread
        before = self.value[label]
        blocked = self.waiting.get(thread)
        if blocked and blocked[0] != label:
            return f"{thread} still waits for `{blocked[0]}`"
        if event.kind == "acquire":
            after = before - event.amount
            if event.amount != 1 or after < 0:
                return f"it takes {event.amount} of {before} permits"
            self.held[label][thread] = self.held[label].get(thread, 0) + 1
            self.waiting.pop(thread, None)
        elif event.kind == "release":
            after = before + event.amount
            if event.amount < 1:
                return f"it releases {event.amount} permits"
            most = 1 if primitive.kind in LOCKS else primitive.initial
            if primitive.kind != "Semaphore" and after > most:
                return f"a {primitive.kind} with {before} of {most} free was released"
            self.held[label][thread] = max(0, self.held[label].get(thread, 0) - event.amount)
        else:
            after = before
            if event.kind == "block":
                if before != 0:
                    return f"{thread} blocks although {before} permits are free"
                self.waiting[thread] = (label, index)
            elif event.kind == "refuse":
                self.waiting.pop(thread, None)
        if event.value != after:
            return f"the value must be {after}, the log says {event.value}"
        self.value[label] = after
        return None

    def _impossible_item(self, event: Event) -> str | None:
        """A queue holds what was put and not yet taken."""
        before = self.value[event.primitive]
        after = before + {"put": event.amount, "get": -event.amount}.get(event.kind, 0)
        if event.kind in {"put", "get"} and event.amount < 1:
            return f"{event.thread} moves {event.amount} items"
        if after < 0:
            return f"{event.thread} takes {event.amount} of {before} items"
        if event.value != after:
            return f"the queue must hold {after}, the log says {event.value}"
        self.value[event.primitive] = after
        return None

    def _impossible_flag(self, event: Event) -> str | None:
        """An Event lets threads pass while it is set, and only then."""
        before = self.value[event.primitive]
        after = {"set": 1, "clear": 0, "pass": 1}.get(event.kind, before)
        if event.kind == "pass" and not before:
            return f"{event.thread} passes although `{event.primitive}` is not set"
        if event.kind == "block" and before:
            return f"{event.thread} blocks although `{event.primitive}` is set"
        if event.value != after:
            return f"the value must be {after}, the log says {event.value}"
        self.value[event.primitive] = after
        return None
