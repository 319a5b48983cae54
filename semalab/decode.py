"""From the raw rows of a finished run to its immutable trace, its output and the reason it was stopped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from semalab.engine import Processor, ProgramThread
from semalab.labels import primitive_labels, thread_labels
from semalab.stops import Deadlock, Timeout, Wait
from semalab.trace import PERMITS, Event, Primitive, Trace
from semalab.twins import WITH_EXIT, Made

OUTSIDE = "outside"  # label of threads that touched the run's primitives without belonging to the run


class Printed(NamedTuple):
    """One call of print(): nanoseconds since the run began, the thread, the text."""

    time: int
    thread: str
    text: str


class Decoder:
    """Turns rows into events. Invariant: `value` is each primitive's value after the rows decoded so far."""

    def __init__(self, processor: Processor, made: Sequence[Made], origin: int) -> None:
        self.processor = processor
        self.origin = origin
        self.thread_labels = thread_labels(t.name for t in processor.every)
        self.labels = primitive_labels((m.kind, m.site) for m in made)
        self.primitives = [Primitive(label, m.kind, m.initial) for label, m in zip(self.labels, made, strict=True)]
        self.value = [m.initial for m in made]
        self.holders: list[list[str]] = [[] for _ in made]
        self.printed: list[Printed] = []
        self._thread: dict[int, str] = {}
        self._entered: dict[tuple[str, int], list[int]] = {}
        self._joining: dict[str, str] = {}
        self._events: list[Event] = []

    def trace(self) -> Trace:
        rows = self.processor.log[: self.processor.cut]
        rows.sort(key=lambda row: row[0])
        for row in rows:
            if row[1] not in self._thread and (len(row) == 5 or row[5] != "start"):
                self._meet_outsider(row)
            if len(row) == 5:
                self._semaphore(*row)
            else:
                self._other(*row)
        started = {event.thread for event in self._events if event.kind == "start"}
        threads = [label for label in [*self.thread_labels, OUTSIDE] if label in started]
        end = self.processor.stopped_at if self.processor.verdict is not None else 0
        return Trace(self._events, threads, self.primitives, end - self.origin)

    def _add(self, time: int, thread: str, kind: str, primitive: str, value: int | None, amount: int, line: Any) -> None:
        self._events.append(Event(max(0, time - self.origin), thread, kind, primitive, value, amount, line))

    def _meet_outsider(self, row: tuple[Any, ...]) -> None:
        if OUTSIDE not in self._thread.values():
            self._add(row[0], OUTSIDE, "start", "", None, 0, None)
        self._thread[row[1]] = OUTSIDE

    def _semaphore(self, time: int, ident: int, key: int, value: int, line: int) -> None:
        thread = self._thread[ident]
        change = value - self.value[key]
        self.value[key] = value
        if change < 0:
            self._entered.setdefault((thread, key), []).append(line)
            self.holders[key].append(thread)
            kind = "acquire"
        elif change > 0:
            kind = "release"
            entered = self._entered.get((thread, key))
            if line >= WITH_EXIT:
                line = entered[-1] if entered else 0
            if entered:
                entered.pop()
        else:
            kind = "refuse"
        self._add(time, thread, kind, self.labels[key], value, abs(change), line or None)

    def _other(self, time: int, ident: int, key: int | None, value: Any, line: Any, kind: str, amount: int) -> None:
        if kind == "start":
            self._thread[ident] = self.thread_labels[value]
            value = line = None
        thread = self._thread[ident]
        primitive = "" if key is None else self.labels[key]
        if kind == "print":
            self.printed.append(Printed(max(0, time - self.origin), thread, value))
            value = None
        elif kind == "join":
            primitive, value = self._thread.get(value, OUTSIDE), None
            self._joining[thread] = primitive
        elif kind == "joined":
            primitive, value = self._joining.pop(thread, OUTSIDE), None
        elif key is not None and kind != "block" and value is not None:
            self.value[key] = value
            if kind == "acquire":
                self.holders[key].append(thread)
            elif kind == "release":
                self.holders[key] = []
        self._add(time, thread, kind, primitive, value, amount, line)

    def stopped(self, timeout: float) -> Deadlock | Timeout | None:
        """Why the run was stopped; call after `trace()`."""
        verdict, clock = self.processor.verdict, self.processor.clock
        if verdict is None:
            return None
        running = tuple(self.thread_labels[s.thread.number] for s in self.processor.stuck)
        if verdict == "deadlock":
            return Deadlock(tuple(self._wait(s.thread, s.subject) for s in self.processor.stuck))
        reason = {
            "timeout": "",
            "cancelled": "the run was stopped from outside",
            "full": f"the program had written {len(self.processor.log):,} events and was still going",
            "stuck": f"nothing happened for 2 s of real time{self._where()}; "
            "if the program really needs that long, use clock='wall'",
        }[verdict]
        return Timeout(timeout, clock, running, reason)

    def _where(self) -> str:
        place = self.processor.stuck_at
        return f" in {place[0]}, line {place[1]}" if place else ""

    def _wait(self, thread: ProgramThread, subject: int | ProgramThread | None) -> Wait:
        label = self.thread_labels[thread.number]
        line = next((e.line for e in reversed(self._events) if e.thread == label), None)
        if isinstance(subject, int):
            primitive = self.primitives[subject]
            value = self.value[subject] if primitive.kind in PERMITS else None
            return Wait(label, primitive.label, primitive.kind, value, tuple(self.holders[subject]), line)
        if subject is not None:
            return Wait(label, self.thread_labels[subject.number], "Thread", line=line)
        return Wait(label, "something outside the lab", "", line=line)
