"""From a log to what it shows: who waited, held and slept when, and what each primitive was used for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter

from semalab.analysis.listings import Source
from semalab.analysis.usage import Handover, Span, Step, Stolen, Use, role_of
from semalab.analysis.walk import Walk, proxies_of
from semalab.log.columns import NEVER, Numbers, SpanColumns, numbers, rows_of
from semalab.log.event import is_outside
from semalab.log.trace import JOINS, POOLED, SEMAPHORES, Trace

__all__ = ["Handover", "Reading", "Span", "Step", "Stolen", "Use", "read"]


@dataclass(frozen=True)
class Reading:
    """Everything the claims and the picture need to know of a trace.

    life: per thread, its (start, end) in nanoseconds. columns: the spans as numbers, in the order of `spans`.
    times: of every event, in nanoseconds. moments: per kind, "refuse" and "print", the indices of its events.
    source: the program's text, as far as it is known.
    """

    trace: Trace
    life: Mapping[str, tuple[int, int]]
    uses: Mapping[str, Use]
    columns: SpanColumns = field(repr=False)
    times: Numbers[int] = field(repr=False)
    moments: Mapping[str, Numbers[int]] = field(repr=False)
    source: Source = field(default=Source(), repr=False)

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """Sleeps and joins, then each primitive's waits and holds, in order of their ends.

        Per thread never overlapping within a kind and primitive.
        """
        order = {label: place for place, label in enumerate(self.uses)}
        of_primitive = {"wait", "hold"}
        spans = [
            (order[primitive] if kind in of_primitive else -1, Span(self.trace.threads[thread], kind, primitive, *rest))
            for (kind, primitive), column in self.columns.groups.items()
            for thread, *rest in rows_of(column)
        ]
        finish = len(self.trace)
        spans.sort(key=lambda placed: (placed[0], placed[1].last if placed[1].last != NEVER else finish))
        return tuple(span if span.last != NEVER else span._replace(last=None) for _, span in spans)

    def hold_spans(self, primitive: str) -> tuple[Span, ...]:
        return tuple(s for s in self.spans if s.kind == "hold" and s.primitive == primitive)

    @cached_property
    def unended(self) -> tuple[str, ...]:
        """Threads of the run that had not ended when the log did: of a run that was not stopped, daemons."""
        ended = {event.thread for event in self.trace.events if event.kind == "end"}
        return tuple(t for t in self.trace.threads if t not in ended and not is_outside(t))

    @cached_property
    def several(self) -> bool:
        """Whether more than one primitive was used, so that a sentence must name the one that it means."""
        return sum(u.role != "unused" and u.primitive.kind not in POOLED for u in self.uses.values()) > 1

    @property
    def main_use(self) -> Use | None:
        """The primitive the picture and the verdict speak of first: the semaphore with most acquires and releases."""
        used = [u for u in self.uses.values() if u.role != "unused"] or list(self.uses.values())
        semaphores = [u for u in used if u.primitive.kind in SEMAPHORES]
        written = [u for u in used if u.primitive.kind not in POOLED]
        return max(semaphores or written or used, key=lambda u: u.acquires + u.releases, default=None)


def read(trace: Trace, source: Source = Source()) -> Reading:  # noqa: B008  (it is immutable)
    """Read a trace. Linear in the number of events."""
    by_primitive: dict[str, Numbers[int]] = {label: numbers() for label in trace.primitives}
    rows = {thread: row for row, thread in enumerate(trace.threads)}
    times = numbers()
    times.extend(map(itemgetter(0), trace.events))
    life: dict[str, tuple[int, int]] = {}
    ended: dict[str, int] = {}
    spans = SpanColumns()
    moments = {"refuse": numbers(), "print": numbers()}
    asleep: dict[str, tuple[int, int, Numbers[int]]] = {}  # thread -> (time, index, its column)
    finish = trace.duration
    for index, event in enumerate(trace.events):
        kind, thread, primitive = event.kind, event.thread, event.primitive
        if kind in moments:
            moments[kind].append(index)
        if primitive in by_primitive and kind not in JOINS:
            by_primitive[primitive].append(index)
        elif kind in {"sleep", "join"}:
            asleep[thread] = (event.time, index, spans.group(kind, primitive))
        elif kind in {"wake", "joined"} and thread in asleep:
            begin, first, column = asleep.pop(thread)
            column.extend((rows[thread], begin, event.time, first, index))
        elif kind == "start":
            life[thread] = (event.time, finish)
        elif kind == "end":
            life[thread] = (life[thread][0], event.time)
            ended[thread] = index
    for thread, (begin, first, column) in asleep.items():
        column.extend((rows[thread], begin, life[thread][1], first, NEVER))
    uses = {}
    for label, indices in by_primitive.items():
        primitive_events = list(map(trace.events.__getitem__, indices))
        of = trace.primitives[label]
        walk = Walk(of, role_of(of, primitive_events), rows, times, spans)
        walk.through(indices, primitive_events, life, ended)
        single = of.kind in SEMAPHORES and of.initial == 1 == max(walk.counts.values[1::2])
        if walk.role == "guard" and walk.counts.openings and (walk.unreturned or single):  # released for somebody else?
            proxies = proxies_of(zip(indices, primitive_events, strict=True), ended.keys(), single)
            del spans.group("wait", label)[:], spans.group("hold", label)[:]
            walk = Walk(of, walk.role, rows, times, spans, proxies)
            walk.through(indices, primitive_events, life, ended)
        uses[label] = walk.use()
    return Reading(trace, life, uses, spans, times, moments, source)
