"""The log in a saved file: every event looked at, then the whole of it certified."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from semalab.files import strict
from semalab.log.trace import FLAGS, JOINS, KINDS, PERMITS, POOLED, QUEUES, CertificateError, Event, Primitive, Trace

CLASSES = tuple(sorted(PERMITS | QUEUES | POOLED | FLAGS | {"Condition", "Barrier"}))
ALONE = frozenset({"start", "end", "print", "sleep"})  # kinds of events that are about no primitive
MOST_AT_A_BARRIER = 1_000_000  # threads that waited at it before the run


def trace_of(fields: dict[str, Any], batches: Iterator[list[Any]]) -> Trace:
    threads = strict.different(strict.several(fields.get("threads"), "threads", strict.label), "threads")
    primitives = strict.several(fields.get("primitives"), "primitives", _primitive)
    strict.different(tuple(p.label for p in primitives), "the names of primitives")
    events = _events(batches, threads, tuple(p.label for p in primitives))
    duration = strict.whole(fields.get("duration"), "duration", least=events[-1].time if events else 0)
    trace = Trace(events, threads, primitives, duration)
    try:
        trace.certify()
    except CertificateError as error:
        raise ValueError(f"its log contradicts itself: {error}") from None
    if idle := set(threads) - {event.thread for event in events}:
        strict.refuse("threads must be those that start", sorted(idle))
    return trace


def _primitive(value: Any, what: str) -> Primitive:
    if type(value) is not list or len(value) != 3:
        strict.refuse(f"{what} must be [name, class, initial value]", value)
    name, kind, initial = value
    strict.one_of(kind, f"the class of {what}", CLASSES)
    most = MOST_AT_A_BARRIER if kind == "Barrier" else strict.MOST
    return Primitive(strict.label(name, what), kind, strict.whole(initial, f"the initial value of {what}", most=most))


def _events(batches: Iterator[list[Any]], threads: tuple[str, ...], primitives: tuple[str, ...]) -> list[Event]:
    """Invariant: every text in an event is one of those already there, so that a million events share a few."""
    thread_of = {label: label for label in threads}
    kind_of = {kind: kind for kind in KINDS}
    primitive_of = {kind: {label: label for label in _subjects(kind, threads, primitives)} for kind in KINDS}
    events: list[Event] = []
    append, new, most, last, whole = events.append, tuple.__new__, strict.MOST, 0, (int, type(None))
    for rows in batches:
        for row in rows:
            try:
                time, thread, kind, primitive, value, amount, line = row
                if not (
                    type(row) is list
                    and type(time) is type(amount) is int
                    and last <= time <= most
                    and 0 <= amount <= most
                    and type(value) in whole
                    and type(line) in whole
                    and (value is None or 0 <= value <= most)
                    and (line is None or 0 < line <= most)
                ):
                    raise ValueError
                append(
                    new(
                        Event,
                        (time, thread_of[thread], kind_of[kind], primitive_of[kind][primitive], value, amount, line),
                    )
                )
            except (TypeError, ValueError, KeyError):
                _explain(row, len(events), last, threads, primitives)
            last = time
    return events


def _subjects(kind: str, threads: tuple[str, ...], primitives: tuple[str, ...]) -> tuple[str, ...]:
    """What an event of this kind may be about."""
    if kind in ALONE:
        return ("",)
    if kind in JOINS:
        return threads
    return ("", *primitives) if kind == "wake" else primitives  # from sleep, or on a condition


def _explain(row: Any, index: int, last: int, threads: tuple[str, ...], primitives: tuple[str, ...]) -> None:
    """Say what is wrong with an event."""
    what = f"events[{index}]"
    if type(row) is not list or len(row) != len(Event._fields):
        strict.refuse(f"{what} must be [{', '.join(Event._fields)}]", row)
    time, thread, kind, primitive, value, amount, line = row
    strict.whole(time, f"the time of {what}", least=last)
    strict.one_of(kind, f"the kind of {what}", tuple(sorted(KINDS)))
    if type(thread) is not str or thread not in threads:
        strict.refuse(f"the thread of {what} must be one of `threads`", thread)
    if type(primitive) is not str or primitive not in _subjects(kind, threads, primitives):
        named = "empty" if kind in ALONE else "one of `threads`" if kind in JOINS else "one of `primitives`"
        strict.refuse(f"the primitive of {what}, {kind!r}, must be {named}", primitive)
    strict.whole(amount, f"the amount of {what}")
    for number, name in ((value, "value"), (line, "line")):
        if number is not None:
            strict.whole(number, f"the {name} of {what}", least=name == "line")
    strict.refuse(f"{what} must be an event", row)
