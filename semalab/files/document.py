"""A run as JSON, in an order in which it is also pleasant to read: how the file is laid out, written and read. Of its
log every event is looked at, then the whole of it certified.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from semalab.files import strict
from semalab.files.fields import FIELDS, LEFT_OUT
from semalab.files.strict import mapping, several
from semalab.log.trace import FLAGS, JOINS, KINDS, PERMITS, POOLED, QUEUES, CertificateError, Event, Primitive, Trace

if TYPE_CHECKING:
    from semalab.analysis.record import Record

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


FORMAT, VERSION = "semalab run", 1
KEYS = (*(field.name for field in FIELDS if field.always), "threads", "primitives", "events")  # that every file has
MANY = 10_000  # events that are written, and read, at once
EVENTS = ' "events": [\n'  # the line before the first event, in every file that we write; the last key
END = " ]\n}\n"

Rows = list[Any]


def as_json(run: Record, page: Mapping[str, Any] | None = None) -> Iterator[bytes]:
    """The run in pieces. The events come last, one a line, in the order of Event's fields.

    page: what a page without Python shows of it; nothing that reads the run back looks at it.
    """
    text = "".join(
        f" {json.dumps(name)}: {json.dumps(value, separators=(',', ':') if name == 'page' else None)},\n"
        for name, value in _head(run, page).items()
    )
    yield f"{{\n{text}{EVENTS}".encode("ascii")
    yield from _lines(run.trace)
    yield END.encode("ascii")


def _head(run: Record, page: Mapping[str, Any] | None) -> dict[str, Any]:
    """All but the events, by their names in the file, in its order."""
    trace = run.trace
    return {
        "format": FORMAT,
        "version": VERSION,
        **{field.name: value for field in FIELDS if (value := field.write(run)) is not LEFT_OUT},
        **({"page": page} if page is not None else {}),
        "threads": trace.threads,
        "primitives": list(trace.primitives.values()),
    }


def _lines(trace: Trace) -> Iterator[bytes]:
    """One line an event. Written by hand: each label is quoted once, and not once for every event."""
    quoted = {text: json.dumps(text) for text in ("", *trace.threads, *trace.primitives)}
    none: dict[int | None, str] = {None: "null"}
    events, left = iter(trace.events), len(trace)
    while batch := list(islice(events, MANY)):
        left -= len(batch)
        lines = [
            f'  [{time}, {quoted[thread]}, "{kind}", {quoted[primitive]}, {none.get(value) or value}, {amount}, '
            f"{none.get(line) or line}]"
            for time, thread, kind, primitive, value, amount, line in batch
        ]
        yield (",\n".join(lines) + (",\n" if left else "\n")).encode("ascii")


class OtherLayout(Exception):
    """The file is not laid out as we write it: whoever formatted it, `whole_file` reads it too."""


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"it is not JSON: {name} is no number there")


def _number(digits: str) -> int:
    if len(digits) > 4_000:  # what Python reads at most is a setting of the process
        raise ValueError(f"a number must have at most 4,000 digits, got one of {len(digits):,}")
    return int(digits)


_decode = json.JSONDecoder(parse_constant=_no_number, parse_int=_number).decode


def by_lines(file: TextIO) -> tuple[dict[str, Any], Iterator[Rows]]:
    """The fields, and the events in batches, without ever holding the whole text.

    Inside a text JSON has no line breaks, so that a line of ours is never a part of a text.
    Raises: OtherLayout, also while the events are read.
    """
    head = []
    for line in file:
        head.append(line)
        if line == EVENTS:
            return _fields("".join(head) + "]}"), _batches(file)
    raise OtherLayout


def _fields(text: str) -> dict[str, Any]:
    try:
        fields = _decode(text)
    except (ValueError, RecursionError):
        raise OtherLayout from None
    if type(fields) is not dict:
        raise OtherLayout
    return fields


def _batches(file: TextIO) -> Iterator[Rows]:
    ended, comma, first = False, False, True  # whether the text before asks for another event
    while not ended:
        text = "".join(islice(file, MANY))
        if text.endswith(END[: END.index("\n") + 1]):
            text += file.readline()
        ended = text.endswith(END)
        body = text.removesuffix(END).strip()
        if not text or (bool(body) != (comma or first) and not (first and ended)):
            raise OtherLayout
        comma, first = body.endswith(",") and not ended, False
        try:
            yield _decode(f"[{body.removesuffix(',') if comma else body}]")
        except (ValueError, RecursionError):
            raise OtherLayout from None
    if file.read(1):
        raise OtherLayout


def whole_file(file: TextIO) -> tuple[dict[str, Any], Iterator[Rows]]:
    """As `by_lines`, for JSON in any layout.

    Raises: ValueError if it is not JSON, or not an object with a list of events.
    """
    text = file.read()
    try:
        fields = mapping(_decode(text), "a saved run")
    except RecursionError:
        raise ValueError("it is not JSON: its lists are too deep") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON: {error}") from None
    return fields, _at_once(fields)


def _at_once(fields: dict[str, Any]) -> Iterator[Rows]:
    yield list(several(fields.get("events"), "events", lambda row, _: row))
