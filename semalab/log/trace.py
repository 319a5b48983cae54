"""The finished log of a run: events in the order in which they happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import overload

from semalab.log.certificate import CertificateError, certify
from semalab.log.event import FLAGS, IDLE, JOINS, KINDS, LOCKS, PERMITS, POOLED, QUEUES, SEMAPHORES, Event, Primitive

__all__ = [
    "FLAGS",
    "IDLE",
    "JOINS",
    "KINDS",
    "LOCKS",
    "PERMITS",
    "POOLED",
    "QUEUES",
    "SEMAPHORES",
    "CertificateError",
    "Event",
    "Primitive",
    "Trace",
]


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
        certify(self.events, self.threads, self.primitives)
        return self
