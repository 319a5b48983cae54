"""Every change of one event of a log that makes the log impossible, whatever the program was that it came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from semalab.log.trace import PERMITS, Event, Trace


class Change(NamedTuple):
    """A log that cannot be true, and how it differs from the true one."""

    what: str
    index: int
    trace: Trace


def corrupted(trace: Trace, events: Iterable[Event]) -> Trace:
    return Trace(events, trace.threads, trace.primitives.values(), trace.duration)


def corruptions(trace: Trace) -> Iterator[Change]:
    for i in range(len(trace)):
        for what, events in _Place(trace, i).changes():
            yield Change(what, i, corrupted(trace, events))


class _Place:
    """One event of a log, and what may be done to it."""

    def __init__(self, trace: Trace, i: int) -> None:
        self.trace = trace
        self.i = i
        self.event = trace[i]
        self.before, self.after = trace.events[:i], trace.events[i + 1 :]
        primitive = trace.primitives.get(self.event.primitive)
        self.of = primitive.kind if primitive is not None and self.event.kind not in {"join", "joined"} else ""

    def changes(self) -> Iterator[tuple[str, list[Event]]]:
        event = self.event
        yield "a thread there is not", self.instead(event._replace(thread="nobody"))
        yield "a kind there is not", self.instead(event._replace(kind="steal"))
        if event.time:
            yield "time runs backwards", [*self.before, event, event._replace(time=event.time - 1), *self.after]
        if self.of:
            yield "a primitive there is not", self.instead(event._replace(primitive="nowhere"))
            yield "of another class", self.instead(event._replace(kind="joined"))
            foreign = {"Condition": "acquire", "Event": "notify", "Barrier": "set"}.get(self.of, "pass")
            yield "a kind the class has not", self.instead(event._replace(kind=foreign))
        if event.value is not None and event.kind != "print":
            yield "value more", self.instead(event._replace(value=event.value + 1))
            yield "value less", self.instead(event._replace(value=event.value - 1))
        yield from getattr(self, f"_{event.kind}", lambda: ())()

    def instead(self, *events: Event) -> list[Event]:
        return [*self.before, *events, *self.after]

    def goes_on(self) -> bool:
        return any(e.thread == self.event.thread for e in self.after)

    def later(self, kind: str, **same: str) -> Iterator[tuple[int, Event]]:
        """Events that come after this one."""
        for j, event in enumerate(self.after, self.i + 1):
            if event.kind == kind and all(getattr(event, name) == value for name, value in same.items()):
                yield j, event

    def exchanged(self, j: int) -> list[Event]:
        events = list(self.trace)
        mine, other = events[self.i], events[j]
        events[self.i], events[j] = other._replace(time=mine.time), mine._replace(time=other.time)
        return events

    def others(self) -> list[str]:
        """Threads that run at this moment besides its own."""
        begun = {e.thread for e in self.before if e.kind == "start"}
        return sorted(begun - {e.thread for e in self.before if e.kind == "end"} - {self.event.thread})

    # threads
    def _start(self) -> Iterator[tuple[str, list[Event]]]:
        yield "starts twice", self.instead(self.event, self.event)
        if self.goes_on():
            yield "never starts", self.instead()

    def _end(self) -> Iterator[tuple[str, list[Event]]]:
        yield "ends twice", self.instead(self.event, self.event)
        for _, joined in self.later("joined", primitive=self.event.thread):
            join = max(
                (e for e in self.trace if e.kind == "join" and e[1:4] == (joined.thread, "join", joined.primitive)),
                key=lambda e: e.time,
            )
            if not join.amount:
                yield "joined and never ended", self.instead()
        mine = [j for j, e in enumerate(self.before) if e.thread == self.event.thread and e.kind != "start"]
        if mine:
            yield "acts after its end", _Place(self.trace, mine[-1]).exchanged(self.i)

    def _pair(self, end: str) -> Iterator[tuple[str, list[Event]]]:
        yield f"{self.event.kind} twice", self.instead(self.event, self.event)
        same = {"thread": self.event.thread, "primitive": self.event.primitive}
        if any(True for _ in self.later(end, **same)):
            yield f"{end} without {self.event.kind}", self.instead()

    def _pair_end(self) -> Iterator[tuple[str, list[Event]]]:
        yield f"{self.event.kind} twice", self.instead(self.event, self.event)
        if self.goes_on():
            yield f"{self.event.kind} is missing", self.instead()
        for other in self.others():
            yield f"{self.event.kind} of another", self.instead(self.event._replace(thread=other))

    def _sleep(self) -> Iterator[tuple[str, list[Event]]]:
        return self._pair("wake")

    def _join(self) -> Iterator[tuple[str, list[Event]]]:
        return self._pair("joined")

    def _joined(self) -> Iterator[tuple[str, list[Event]]]:
        for what, events in self._pair_end():
            if what != "joined of another" or not self._both_join(events[self.i].thread):
                yield what, events

    def _both_join(self, other: str) -> bool:
        return any(e[1:4] == (other, "join", self.event.primitive) for e in self.before)

    def _wake(self) -> Iterator[tuple[str, list[Event]]]:
        if not self.of:
            for what, events in self._pair_end():
                if what != "wake of another" or not self._asleep(events[self.i].thread):
                    yield what, events
            return
        yield "wakes twice", self.instead(self.event, self.event)
        if self.goes_on():
            yield "never wakes", self.instead()
        notices = {e for e in self.trace if e.kind == "notify" and e.primitive == self.event.primitive}
        yield "nobody notifies", [e for e in self.trace if e not in notices]
        yield "notifies nobody", [e._replace(amount=0) if e in notices else e for e in self.trace]

    def _asleep(self, other: str) -> bool:
        theirs = [e.kind for e in self.before if e.thread == other]
        return bool(theirs) and theirs[-1] == "sleep"

    # primitives
    def _permits_later(self) -> list[int]:
        return [j for kind in ("acquire", "release") for j, _ in self.later(kind, primitive=self.event.primitive)]

    def _acquire(self) -> Iterator[tuple[str, list[Event]]]:
        event = self.event
        yield f"{event.kind} twice", self.instead(event, event)
        yield f"{event.kind} of more", self.instead(event._replace(amount=event.amount + 1))
        if later := self._permits_later():
            yield f"{event.kind} is missing", self.instead()
            yield f"{event.kind} in another's place", self.exchanged(min(later))

    def _release(self) -> Iterator[tuple[str, list[Event]]]:
        yield from self._acquire()
        acquired = [e for e in self.before if e[2:4] == ("acquire", self.event.primitive)]
        if self.of == "RLock" and acquired[-1].thread == self.event.thread:  # otherwise it has inherited an identifier
            for other in self.others():
                yield "release of another's lock", self.instead(self.event._replace(thread=other))

    def _notify(self) -> Iterator[tuple[str, list[Event]]]:
        yield "notifies less than nobody", self.instead(self.event._replace(amount=-1))

    def _block(self) -> Iterator[tuple[str, list[Event]]]:
        ends = [e for e in self.after if e.thread == self.event.thread and e.primitive == self.event.primitive]
        if self.of == "Condition":
            yield "waits twice", self.instead(self.event, self.event)
            if ends:
                yield "ends a wait that never began", self.instead()
        if self.of == "Event" and ends and ends[0].kind == "refuse":
            yield "is refused at once", self.instead()
        if self.of == "Barrier" and ends and ends[0].kind == "pass" and self._arrives():
            yield "never arrives", self.instead()
        if not ends and self.of not in {"Condition", "Barrier"}:
            return
        for kind in ("sleep", "print", "end"):
            if self.of != "Barrier" or self._arrives():
                acts = Event(self.event.time, self.event.thread, kind)
                yield f"{kind} while it waits", [*self.before, self.event, acts, *self.after]

    def _arrives(self) -> bool:
        counts = [e.value or 0 for e in self.before if e.primitive == self.event.primitive]
        return self.event.value == (counts[-1] if counts else 0) + 1

    def _was_set(self) -> bool:
        return any(e.kind == "set" and e.primitive == self.event.primitive for e in self.before)

    def _pass(self) -> Iterator[tuple[str, list[Event]]]:
        mine = [e for e in self.before if e.thread == self.event.thread]
        waited = bool(mine) and mine[-1].kind == "block"
        if self.of == "Event" and not waited:
            yield "is refused at once", self.instead(self.event._replace(kind="refuse"))
        if self.of == "Event":
            unset = [e for e in self.trace if not (e.kind == "set" and e.primitive == self.event.primitive)]
            yield "nobody sets it", unset
        if self.of == "Barrier" and (self.event.value or waited):
            yield "passes twice", self.instead(self.event, self.event)
            cleared = any(e.kind == "clear" and e.primitive == self.event.primitive for e in self.trace)
            followed = any(True for _ in self.later("pass", primitive=self.event.primitive))
            if not cleared and (waited or followed):
                yield "is refused when all have arrived", self.instead(self.event._replace(kind="refuse"))
        if self.of == "Barrier" and waited and self.goes_on():
            yield "never passes", self.instead()

    def _refuse(self) -> Iterator[tuple[str, list[Event]]]:
        mine = [e for e in self.before if e.thread == self.event.thread]
        waited = bool(mine) and mine[-1].kind == "block"
        if self.of == "Event":
            yield "is refused twice", self.instead(self.event, self.event)
            if not self._was_set():
                yield "passes unset", self.instead(self.event._replace(kind="pass"))
        if self.of == "Condition":
            yield "gives up twice", self.instead(self.event, self.event)
            if not any(e.kind == "notify" and e.primitive == self.event.primitive for e in self.before):
                yield "wakes unnotified", self.instead(self.event._replace(kind="wake"))
        if self.of == "Barrier" and waited:
            nobody = not any(e.kind == "pass" and e.primitive == self.event.primitive for e in self.before)
            if nobody and mine[-1].value == 1 and self.event.value == 0 and not self._alone():
                yield "passes alone", self.instead(self.event._replace(kind="pass"))
        if self.of in PERMITS and self.of not in {"Lock", "RLock"} and self.event.value == 0:
            released = [j for j, _ in self.later("release", primitive=self.event.primitive)]
            if released:
                j = released[0]
                late = self.event._replace(time=self.trace[j].time, value=self.trace[j].value)
                yield "is refused although permits are free", [*self.trace[: j + 1], late, *self.trace[j + 1 :]]

    def _alone(self) -> bool:
        """True if this thread may have waited outside the barrier."""
        return self.event.thread not in {e.thread for e in self.before if e.kind == "block" and e.value == 1}
