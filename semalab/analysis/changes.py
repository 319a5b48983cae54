"""What one event changes: the thread it is of, and who waits for and holds what; and one sentence for it: who does
what, what becomes of the value, and how many wait. Never who is next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from semalab.analysis.reading import Reading
from semalab.log.certificate import WAITED
from semalab.log.columns import NEVER, rows_of
from semalab.log.event import CANCELLED, FAILED, is_outside
from semalab.log.excerpt import cut
from semalab.log.trace import FLAGS, JOINS, LOCKS, QUEUES, SEMAPHORES, Event

_ENDS = frozenset("acquire refuse pass wake put get".split())  # of a wait for a primitive

# "under way": the log tells of no wait and no sleep. Whether a processor was just working on it, no log tells.
NOT_BEGUN, UNDER_WAY, ASLEEP, ENDED, STRANGER = "not begun", "under way", "asleep", "ended", "not of this run"
WAITS, JOINS_A = "waits for", "joins"


class Activity(NamedTuple):
    """What a thread is at: one of the words above. subject: the primitive it waits for, or the thread it joins."""

    word: str
    subject: str = ""

    def __str__(self) -> str:
        if self.word == WAITS:
            return f"waits for `{self.subject}`"
        return f"waits for {self.subject} to end" if self.word == JOINS_A else self.word


_OF_A_STRANGER, _ASLEEP, _OVER, _GOES_ON = Activity(STRANGER), Activity(ASLEEP), Activity(ENDED), Activity(UNDER_WAY)


class Change(NamedTuple):
    """What an event makes different. Everything else is as it was.

    state: of the event's thread. queued: (primitive, +1 or -1), the event's thread comes to or leaves those who wait.
    held: (primitive, thread, +1 or -1), a permit or lock in that thread's hands more or less. again: the event begins
    a wait that the thread was in already. waited: the event ends a wait.
    """

    state: Activity
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
        self.dozing: dict[str, Activity] = {}
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
                self.dozing[thread] = Activity(JOINS_A, primitive)
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

    def _state(self, event: Event, waits: list[str]) -> Activity:
        if event.kind == "end":
            return _OVER
        if event.thread in self.dozing:
            return self.dozing[event.thread]
        return Activity(WAITS, waits[-1]) if waits else _GOES_ON

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
            holders[thread] += event.amount
            return ((label, thread, +1),) * event.amount
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


_TEXT = 120  # characters of a print
UNITS = (("s", "seconds", 1_000_000_000), ("ms", "milliseconds", 1_000_000), ("µs", "microseconds", 1_000))

Wording = Callable[[Event, str, Change, int | None], str]


def duration(nanoseconds: float, digits: int = 3, rounded: bool = False) -> str:
    """A length of time in words: so many digits, and a unit. rounded: what has more of them ends in zeros.

    >>> duration(42_200_000), duration(1_234_000_000_000), duration(1_234_000_000_000, rounded=True)
    ('42.2 ms', '1,234 s', '1,230 s')
    """
    unit, _, scale = next((u for u in UNITS if nanoseconds >= u[2]), ("ns", "nanoseconds", 1))
    number = nanoseconds / scale
    if rounded:
        number = float(f"{number:.{digits}g}")
    return f"{number:,.0f} {unit}" if number >= 10 ** (digits - 1) else f"{number:.{digits}g} {unit}"


def _waiting(count: int | None) -> str:
    """How many wait, at the end of a sentence; nothing where that is not known."""
    if count is None:
        return ""
    return "; nobody waits" if not count else "; 1 waits" if count == 1 else f"; {count:,} wait"


def sentence(
    event: Event,
    kinds: Mapping[str, str],
    change: Change,
    waiters: int | None,
    alive: Mapping[str, bool],
    text: str | None,
) -> str:
    """What happened.

    Args:
        kinds: the class of every primitive.
        change: what the event made different.
        waiters: how many wait for the event's primitive after it; None if some may wait that the log cannot tell apart.
        alive: for every thread that has begun, whether it has not ended.
        text: what it printed; None if that is not known.
    """
    thread = event.thread
    if event.kind == "start":
        return f"{thread} begins"
    if event.kind == "end":
        return f"{thread} ends"
    if event.kind == "print":
        return f"{thread} prints {_quoted(text)}"
    if event.kind == "sleep":
        return f"{thread} goes to sleep for {duration(event.amount)}" if event.amount else f"{thread} goes to sleep"
    if event.kind == "join":
        most = f", for at most {duration(event.amount)}" if event.amount else ""
        return f"{thread} waits for {event.primitive} to end{most}"
    if event.kind == "joined":
        if alive.get(event.primitive):
            return f"{thread} gives up waiting for {event.primitive}, which has not ended"
        return f"{thread} sees that {event.primitive} has ended"
    if not event.primitive:
        return f"{thread} wakes up"
    wording = _WORDINGS.get(event.kind, _other)
    return f"{thread} {wording(event, kinds[event.primitive], change, waiters)}"


def _quoted(text: str | None) -> str:
    """What was printed, in quotes; a word for what cannot be seen."""
    if text is None:
        return "something"
    words = cut(text.removesuffix("\n"), _TEXT)
    return f"“{words}”" if words.strip() else "an empty line" if text == "\n" else "only spaces" if text else "nothing"


def _acquire(event: Event, kind: str, change: Change, waiters: int | None) -> str:
    value = "" if kind in LOCKS else f": {_step(event, event.amount)}"
    return f"acquires `{event.primitive}`{value}{_waiting(waiters)}"


def _release(event: Event, kind: str, change: Change, waiters: int | None) -> str:
    times = f" {event.amount:,} times" if event.amount > 1 else ""
    value = "" if kind in LOCKS else f": {_step(event, -event.amount)}"
    return f"releases `{event.primitive}`{times}{value}{_waiting(waiters)}"


def _step(event: Event, before: int) -> str:
    return f"{(event.value or 0) + before:,} → {event.value:,}"


def _block(event: Event, kind: str, change: Change, waiters: int | None) -> str:
    label, count = event.primitive, _waiting(waiters)
    if change.again and kind in SEMAPHORES | QUEUES and not waits_for_end(event, kind):
        state = f"at {event.value}" if kind in SEMAPHORES else "empty" if not event.value else "full"
        return f"is woken in vain: it finds `{label}` {state} again{count}"
    if kind in SEMAPHORES:
        few = f", for more than the {event.value:,} there are" if event.amount else f", whose value is {event.value}"
        return f"must wait for `{label}`{few}{count}"
    if kind in LOCKS:
        return f"must wait for `{label}`, which is held{count}"
    if waits_for_end(event, kind):
        items = "1 item is" if event.amount == 1 else f"{event.amount:,} items are"
        return f"waits for `{label}` to be done: {items} not{count}"
    if kind in {"Tasks", "Upkeep"}:
        return f"waits for a task{count}"
    if kind in QUEUES:
        what = "an item: it is empty" if not event.value else f"room: it holds {event.value:,}"
        return f"must wait at `{label}` for {what}{count}"
    if kind == "Event":
        return f"must wait for `{label}` to be set{count}"
    if kind == "Future":
        return f"must wait for the result of `{label}`{count}"
    if kind == "Barrier":
        return f"waits at `{label}`{count}"
    return f"begins to wait on `{label}`{count}" if kind == "Condition" else f"waits in {label}"


def _refuse(event: Event, kind: str, change: Change, waiters: int | None) -> str:
    label = event.primitive
    if kind == "Barrier":
        return f"leaves `{label}`, which is broken"
    if change.waited:
        return f"gives up waiting for `{label}`{_waiting(waiters)}"
    if kind in SEMAPHORES:
        return f"does not get `{label}`, whose value is {event.value}, and goes on"
    if kind in LOCKS:
        return f"does not get `{label}` and goes on"
    if kind in FLAGS:
        return f"finds `{label}` {'not set' if kind == 'Event' else 'not done'} and goes on"
    if kind in QUEUES:
        return f"is refused by `{label}`, which {f'holds {event.value:,}' if event.value else 'is empty'}"
    return f"is refused by `{label}`"


def _pass(event: Event, kind: str, change: Change, waiters: int | None) -> str:
    if kind in QUEUES:
        return f"sees that all items of `{event.primitive}` are done"
    if kind == "Future":
        return f"sees that `{event.primitive}` is done"
    return f"passes `{event.primitive}`{_waiting(waiters)}"


def _set(event: Event, kind: str, change: Change, waiters: int | None) -> str:
    if kind in QUEUES:
        return f"finds what is in `{event.primitive}` changed by hand, now {event.value:,}{_waiting(waiters)}"
    if kind == "Future":
        verb = {FAILED: "ends `{}` with an exception", CANCELLED: "cancels `{}`"}.get(event.amount, "completes `{}`")
        return f"{verb.format(event.primitive)}{_waiting(waiters)}"
    return f"sets `{event.primitive}`{_waiting(waiters)}"


def _clear(event: Event, kind: str, change: Change, waiters: int | None) -> str:
    return f"{'resets or aborts' if kind == 'Barrier' else 'clears'} `{event.primitive}`{_waiting(waiters)}"


def _notify(event: Event, kind: str, change: Change, waiters: int | None) -> str:
    most = f" (at most {event.amount:,} of those who wait)" if waiters != 0 else ""
    return f"notifies `{event.primitive}`{most}{_waiting(waiters)}"


def _put(event: Event, kind: str, change: Change, waiters: int | None) -> str:
    what = "the tasks of " if kind == "Tasks" else ""
    return f"puts into {what}`{event.primitive}`: {_step(event, -event.amount)}{_waiting(waiters)}"


def _get(event: Event, kind: str, change: Change, waiters: int | None) -> str:
    what = "the tasks of " if kind == "Tasks" else ""
    return f"takes from {what}`{event.primitive}`: {_step(event, event.amount)}{_waiting(waiters)}"


def _wake(event: Event, kind: str, change: Change, waiters: int | None) -> str:
    return f"goes on after its wait on `{event.primitive}`{_waiting(waiters)}"


def _other(event: Event, kind: str, change: Change, waiters: int | None) -> str:
    return f"{event.kind}: `{event.primitive}`"


_WORDINGS: Mapping[str, Wording] = {
    "acquire": _acquire,
    "release": _release,
    "block": _block,
    "refuse": _refuse,
    "pass": _pass,
    "set": _set,
    "clear": _clear,
    "notify": _notify,
    "put": _put,
    "get": _get,
    "wake": _wake,
}
