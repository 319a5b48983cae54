"""One sentence for each event: who does what, what becomes of the value, and how many wait. Never who is next."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from semalab.analysis.changes import Change, waits_for_end
from semalab.log.excerpt import cut
from semalab.log.trace import FLAGS, LOCKS, QUEUES, SEMAPHORES, Event

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
        return f"must wait for `{label}`, whose value is {event.value}{count}"
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
    return f"{'completes' if kind == 'Future' else 'sets'} `{event.primitive}`{_waiting(waiters)}"


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
