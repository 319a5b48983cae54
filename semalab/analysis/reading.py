"""From a log to what it shows: who waited, held and slept when, what each primitive was used for, and who released for
whom: one way through each primitive's events, in log order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter

from semalab.analysis.listings import Source
from semalab.analysis.usage import Counts, Handover, LevelChange, Span, Stolen, Use, role_of
from semalab.log.columns import INITIAL, NEVER, Numbers, SpanColumns, numbers, rows_of
from semalab.log.event import is_outside
from semalab.log.trace import JOINS, POOLED, SEMAPHORES, Event, Primitive, Trace

Proxies = dict[int, list[tuple[str, int]]]

_MOST = 1_000_000  # permits whose origins are remembered
_ENDS = frozenset("acquire refuse pass wake put get".split())  # of a wait


@dataclass
class Walk:
    """Goes through one primitive's events. Invariant: `permits` has one entry per free permit, oldest first.

    waiting: per thread (time and index of its first "block", index of its last one). proxies: for a release, the
    threads whose permits it gives back, and where they acquired them. out: permits taken and not given back, whoever
    took and gave them. unreturned: somebody ended without giving back what it took.
    """

    primitive: Primitive
    role: str
    rows: Mapping[str, int]
    times: Numbers[int]
    spans: SpanColumns
    proxies: Proxies = field(default_factory=dict)
    crowded: list[tuple[int, int]] = field(default_factory=list)
    waiting: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    holds: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    acquires: int = 0
    releases: int = 0
    released: int = 0
    occupants: int = 0
    most_inside: int = 0
    unreturned: bool = False
    out: int = 0
    most_out: int = 0
    crowd_since: int | None = None
    last_release: int = INITIAL
    last_acquire: int = INITIAL

    def __post_init__(self) -> None:
        self.permits: deque[int | None] = deque([None] * min(self.primitive.initial, _MOST))
        self.level = self.primitive.initial
        self.counts = Counts(self.times, *(numbers() for _ in Counts._fields[1:]))
        self.counts.values.extend((INITIAL, self.level))
        self.wait = self.spans.group("wait", self.primitive.label)
        self.hold = self.spans.group("hold", self.primitive.label)
        self.robbed = self.primitive.kind in SEMAPHORES  # what this module can be certain of

    def through(
        self,
        indices: Iterable[int],
        events: Iterable[Event],
        life: Mapping[str, tuple[int, int]],
        ended: Mapping[str, int],
    ) -> None:
        """All events, and the end of the log. ended: where each thread that came to its end did."""
        for index, event in zip(indices, events, strict=True):
            self.step(index, event)
        self.close(life, ended)

    def step(self, index: int, event: Event) -> None:
        time, thread, kind, _, value, amount, _ = event
        if value is not None and value != self.level:
            self.level = value
            self.counts.values.extend((index, value))
        if kind == "block":
            self._block(index, event)
            return
        if kind in _ENDS:
            self._end_wait(index, event)
        if kind == "acquire":
            self.acquires += amount
            self.last_acquire = index
            self.out += amount
            self.most_out = max(self.most_out, self.out)
            own = self.holds.setdefault(thread, [])
            before = len(own)
            own += [(time, index)] * amount
            if self.role == "guard":
                if not before:  # a thread that takes two permits is still one thread
                    self._occupy(time, index, +1)
            else:
                self.counts.passes.extend((index, self.rows[thread]))
        elif kind == "release":
            self.releases += 1
            self.released += amount
            self.out = max(0, self.out - amount)
            self.last_release = index
            if len(self.permits) < _MOST:
                self.permits.extend([index] * min(amount, _MOST))
            others = self.proxies.get(index, ()) if self.proxies else ()
            if amount > len(self.holds.get(thread, ())) + len(others):
                self._open(index, thread)
            self._leave(index, event)
            for other, acquired in others:
                self._leave_for(other, acquired, index, time)
        elif kind in {"pass", "get"}:
            self.acquires += amount
            self.counts.passes.extend((index, self.rows[thread]))
        elif kind == "put":
            self.releases += 1
            self.released += amount
            self._open(index, thread)
            if len(self.permits) < _MOST:
                self.permits.extend([index] * min(amount, _MOST))
        elif kind == "set" and self.role == "queue":
            self._change_by_hand(event.value or 0)
        elif kind in {"set", "notify"}:
            self.releases += 1
            self._open(index, thread)

    def _change_by_hand(self, size: int) -> None:
        """Who put what is left in a queue, nobody knows any more; it is counted as there from the beginning."""
        self.permits = deque([None] * min(size, _MOST))

    def _open(self, index: int, thread: str) -> None:
        self.counts.openings.extend((index, self.rows[thread]))

    def _block(self, index: int, event: Event) -> None:
        before = self.waiting.get(event.thread)
        if before is None:
            self.waiting[event.thread] = (event.time, index, index)
            self.counts.waiters.extend((index, len(self.waiting)))
            return
        begin, first, looked = before  # a second block in the same wait is a wake-up in vain
        self.waiting[event.thread] = (begin, first, index)
        if self.robbed and self.level == 0 and looked < self.last_release < self.last_acquire:
            self.counts.stolen.extend((index, self.last_acquire))

    def _end_wait(self, index: int, event: Event) -> None:
        waited = self.waiting.pop(event.thread, None)
        taken = event.amount if event.kind in {"acquire", "get"} else 0
        source = None
        for _ in range(min(taken, len(self.permits))):
            source = self.permits.popleft()
        if waited is None:
            return
        begin, first, _ = waited
        self.counts.waiters.extend((index, len(self.waiting)))
        self.wait.extend((self.rows[event.thread], begin, event.time, first, index))
        if source is not None and source > first:
            self.counts.handovers.extend((source, index))

    def _leave(self, index: int, event: Event) -> None:
        own = self.holds.get(event.thread, [])
        for _ in range(min(event.amount, len(own))):
            begin, first = own.pop()
            if self.role == "guard":
                self.hold.extend((self.rows[event.thread], begin, event.time, first, index))
                if not own:
                    self._occupy(event.time, index, -1)

    def _leave_for(self, thread: str, acquired: int, index: int, time: int) -> None:
        own = self.holds[thread]
        begin, first = next(hold for hold in own if hold[1] == acquired)
        own.remove((begin, first))
        self.hold.extend((self.rows[thread], begin, time, first, index))
        if not own:
            self._occupy(time, index, -1)

    def _occupy(self, time: int, index: int, change: int) -> None:
        self.occupants += change
        self.counts.inside.extend((index, self.occupants))
        self.most_inside = max(self.most_inside, self.occupants)
        if self.occupants > 1 and self.crowd_since is None:
            self.crowd_since = time
        elif self.occupants <= 1 and self.crowd_since is not None:
            self.crowded.append((self.crowd_since, time))
            self.crowd_since = None

    def close(self, life: Mapping[str, tuple[int, int]], ended: Mapping[str, int]) -> None:
        finish = max((end for _, end in life.values()), default=0)
        for thread, (begin, first, _) in self.waiting.items():
            self.wait.extend((self.rows[thread], begin, life[thread][1], first, NEVER))
        if self.role == "guard":
            self._close_holds(life, ended)
        if self.crowd_since is not None:
            self.crowded.append((self.crowd_since, finish))

    def _close_holds(self, life: Mapping[str, tuple[int, int]], ended: Mapping[str, int]) -> None:
        """What is still in somebody's hands. There are no more such holds than permits that are not back.

        If there are more, somebody released before, what was taken since: then the first to acquire, if they have
        ended, have had it until their end.
        """
        still = sorted((first, begin, thread) for thread, own in self.holds.items() for begin, first in own)
        back = len(still) - max(0, self.primitive.initial - self.level)
        for first, begin, thread in still:
            last = NEVER
            if thread in ended:
                self.unreturned = True
                if back > 0:
                    back, last = back - 1, ended[thread]
                else:
                    self.kept.append(thread)
            self.hold.extend((self.rows[thread], begin, life[thread][1], first, last))

    def use(self) -> Use:
        return Use(
            self.primitive,
            self.role,
            self.counts,
            acquires=self.acquires,
            releases=self.releases,
            released=self.released,
            final=self.level,
            most_inside=self.most_inside,
            most_out=self.most_out,
            passed_on=bool(self.proxies),
            crowded=tuple(self.crowded),
            kept=tuple(self.kept),
        )


def proxies_of(events: Iterable[tuple[int, Event]], ended: Set[str], single: bool = False) -> Proxies:
    """Permits that one thread takes and another gives back: the last reader out releases what the first one acquired.

    For each such release (its index): the threads it speaks for, each with the index of its acquire.

    A thread that has ended with a permit in hand will not release it any more. If later than its acquire another
    thread released more than it held, that release gave the permit back; the earliest acquire goes with the earliest
    release. As long as a thread may still release its permit itself, nobody does it for it: a stray release stays one.
    Of a `single` permit more is known: a thread that takes it again has not had it any more.

    Args:
        events: one primitive's, with their places in the log.
        ended: the threads that came to their end.
        single: there is one permit, and there never were two.
    """
    held: dict[str, list[int]] = {}
    strays: list[int] = []
    proxies: Proxies = {}
    for index, event in events:
        if event.kind == "acquire":
            own = held.setdefault(event.thread, [])
            if single and own and strays and strays[-1] > own[-1]:
                proxies.setdefault(strays.pop(), []).append((event.thread, own.pop()))
            own += [index] * event.amount
        elif event.kind == "release":
            own = held.setdefault(event.thread, [])
            returned = min(event.amount, len(own))
            del own[len(own) - returned :]
            strays += [index] * min(event.amount - returned, sum(map(len, held.values())))
    kept = sorted((index, thread) for thread in ended for index in held.get(thread, ()))
    left = iter(strays)
    for acquired, thread in kept:
        release = next((index for index in left if index > acquired), None)
        if release is not None:
            proxies.setdefault(release, []).append((thread, acquired))
    return proxies


__all__ = ["Handover", "LevelChange", "Reading", "Span", "Stolen", "Use", "read"]


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
