"""One way through one primitive's events, in log order, that yields its use and its spans."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from semalab.trace import Event, Primitive
from semalab.use import Handover, Span, Step, Use


@dataclass
class Walk:
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
        if kind in {"acquire", "refuse", "pass", "wake", "put", "get"}:
            self._end_wait(index, event)
        if kind == "acquire":
            self.acquires += 1
            own = self.holds.setdefault(thread, [])
            own.append((time, index))
            if self.role == "guard":
                if len(own) == 1:  # a thread that takes two permits is still one thread
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
        elif kind in {"pass", "get"}:
            self.acquires += event.amount
            self.passes.append(index)
        elif kind == "put":
            self.releases += 1
            self.released += event.amount
            self.openings.append(index)
            if len(self.permits) < 1_000_000:
                self.permits.extend([index] * min(event.amount, 1_000_000))
        elif kind in {"set", "notify"}:
            self.releases += 1
            self.openings.append(index)

    def _end_wait(self, index: int, event: Event) -> None:
        waited = self.waiting.pop(event.thread, None)
        source = self.permits.popleft() if event.kind in {"acquire", "get"} and self.permits else None
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
                if not own:
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
