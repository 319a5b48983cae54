"""From a log to what it shows: who waited, held and slept when, and what each primitive was used for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from semalab.role import role_of
from semalab.trace import JOINS, POOLED, SEMAPHORES, Event, Primitive, Trace
from semalab.use import Handover, Span, Step, Use
from semalab.walk import Walk

__all__ = ["Handover", "Reading", "Span", "Step", "Use", "read"]


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
        written = [u for u in used if u.primitive.kind not in POOLED]
        return max(semaphores or written or used, key=lambda u: u.acquires + u.releases, default=None)


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
        if event.primitive in by_primitive and kind not in JOINS:
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
    role = role_of(primitive, [event for _, event in events])
    walk = Walk(primitive, role)
    for index, event in events:
        walk.step(index, event)
    walk.close(life, ended)
    return walk.use(), walk.spans
