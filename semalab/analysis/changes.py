"""What one event changes: the thread it is of, and who waits for and holds what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from semalab.analysis.reading import Reading
from semalab.log.certificate import WAITED
from semalab.log.columns import NEVER, rows_of
from semalab.log.event import is_outside
from semalab.log.trace import JOINS, LOCKS, QUEUES, SEMAPHORES, Event

_ENDS = frozenset("acquire refuse pass wake put get".split())  # of a wait for a primitive

# "under way": the log tells of no wait and no sleep. Whether a processor was just working on it, no log tells.
NOT_BEGUN, UNDER_WAY, ASLEEP, ENDED, STRANGER = "not begun", "under way", "asleep", "ended", "not of this run"
WAITS, JOINS_A = "waits for", "joins"


class State(NamedTuple):
    """What a thread is at: one of the words above. subject: the primitive it waits for, or the thread it joins."""

    word: str
    subject: str = ""

    def __str__(self) -> str:
        if self.word == WAITS:
            return f"waits for `{self.subject}`"
        return f"waits for {self.subject} to end" if self.word == JOINS_A else self.word


_OF_A_STRANGER, _ASLEEP, _OVER, _GOES_ON = State(STRANGER), State(ASLEEP), State(ENDED), State(UNDER_WAY)


class Change(NamedTuple):
    """What an event makes different. Everything else is as it was.

    state: of the event's thread. queued: (primitive, +1 or -1), the event's thread comes to or leaves those who wait.
    held: (primitive, thread, +1 or -1), a permit or lock in that thread's hands more or less. again: the event begins
    a wait that the thread was in already. waited: the event ends a wait.
    """

    state: State
    queued: tuple[tuple[str, int], ...] = ()
    held: tuple[tuple[str, str, int], ...] = ()
    again: bool = False
    waited: bool = False


class Follower:
    """Goes through a log once and says what each event changes.

    Invariants: `waits` has what each thread waits for, innermost last (who waits on a Condition waits for its lock in
    the end). `holders` counts what is in whose hands, of primitives that are used as guards. `dozing` has those who
    sleep or join, which is on top of all waits. `returned` has, for the place of an event, who by it no longer holds
    what, though another thread released it: what the bars of the picture show.
    """

    def __init__(self, reading: Reading) -> None:
        self.kinds: Mapping[str, str] = {label: p.kind for label, p in reading.trace.primitives.items()}
        self.guards = frozenset(label for label, use in reading.uses.items() if use.role == "guard")
        self.waits: dict[str, list[str]] = {}
        self.holders: dict[str, Counter[str]] = {label: Counter() for label in self.guards}
        self.dozing: dict[str, State] = {}
        self.returned = _returned(reading)
        self.outside = frozenset(filter(is_outside, reading.trace.threads))
        self.place = -1

    def follow(self, event: Event) -> Change:
        """What this event, the next of the log, changes."""
        self.place += 1
        thread = event.thread
        if thread in self.outside:
            return Change(_OF_A_STRANGER, held=self._held(event))
        waits = self.waits.setdefault(thread, [])
        queued: list[tuple[str, int]] = []
        again = waited = False
        kind, primitive = event.kind, event.primitive
        if kind == "end":
            queued += [(label, -1) for label in reversed(waits)]
            waits.clear()
        elif kind == "sleep":
            self.dozing[thread] = _ASLEEP
        elif kind in JOINS or (kind == "wake" and not primitive):
            self.dozing.pop(thread, None)
            if kind == "join":
                self.dozing[thread] = State(JOINS_A, primitive)
        elif kind == "block":
            again = primitive in waits
            if not again:
                queued += self._silently_over(waits, primitive)
                waits.append(primitive)
                queued.append((primitive, +1))
        elif kind in _ENDS and primitive in waits:
            waits.remove(primitive)
            queued.append((primitive, -1))
            waited = True
        elif kind not in {"start", "print"}:
            queued += self._silently_over(waits, primitive)
        return Change(self._state(event, waits), tuple(queued), self._held(event), again, waited)

    def _silently_over(self, waits: list[str], primitive: str) -> list[tuple[str, int]]:
        """The wait of a thread that does something else, if it is one whose end need not be in the log."""
        if waits and waits[-1] != primitive and self.kinds[waits[-1]] not in WAITED:
            return [(waits.pop(), -1)]
        return []

    def _state(self, event: Event, waits: list[str]) -> State:
        if event.kind == "end":
            return _OVER
        if event.thread in self.dozing:
            return self.dozing[event.thread]
        return State(WAITS, waits[-1]) if waits else _GOES_ON

    def _held(self, event: Event) -> tuple[tuple[str, str, int], ...]:
        label, thread = event.primitive, event.thread
        returned = self.returned.get(self.place, ())
        for_others = [one for one in returned if self.holders[one[0]][one[1]]] if returned else []
        if for_others:
            own = self._released(event) if event.kind == "release" and label in self.guards else []
            return self._gone([*own, *for_others])
        if label not in self.guards or event.kind not in {"acquire", "release"}:
            return ()
        holders = self.holders[label]
        if event.kind == "acquire":
            holders[thread] += 1
            return ((label, thread, +1),)
        return self._gone(self._released(event))

    def _released(self, event: Event) -> list[tuple[str, str, int]]:
        """What a release takes out of hands, but for what it gives back for others."""
        label, holders = event.primitive, self.holders[event.primitive]
        if self.kinds[label] in LOCKS:  # free now, whoever had it
            return [(label, holder, -1) for holder, count in holders.items() for _ in range(count)]
        return [(label, event.thread, -1)] * min(event.amount, holders[event.thread])

    def _gone(self, gone: list[tuple[str, str, int]]) -> tuple[tuple[str, str, int], ...]:
        for label, holder, _ in gone:
            holders = self.holders[label]
            holders[holder] -= 1
            if not holders[holder]:
                del holders[holder]
        return tuple(gone)


def _returned(reading: Reading) -> dict[int, list[tuple[str, str, int]]]:
    """Holds that did not end by their own thread's release: at which event, whose, of what."""
    found: dict[int, list[tuple[str, str, int]]] = {}
    for label, use in reading.uses.items():
        if use.role == "guard" and use.primitive.kind in SEMAPHORES and use.openings:
            for row, _, _, _, last in rows_of(reading.columns.group("hold", label)):
                thread = reading.trace.threads[row]
                if last != NEVER and (reading.trace[last].thread != thread or reading.trace[last].kind != "release"):
                    found.setdefault(last, []).append((label, thread, -1))
    return found


def waits_for_end(event: Event, kind: str) -> bool:
    """True if a "block" is one in `Queue.join`, which waits until every item is done."""
    return kind in QUEUES and event.amount > 0
