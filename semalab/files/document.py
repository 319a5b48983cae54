"""A run as JSON, in an order in which it is also pleasant to read: how the file is laid out, written and read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from semalab.files.fields import FIELDS, LEFT_OUT
from semalab.files.strict import mapping, several
from semalab.log.trace import Trace

if TYPE_CHECKING:
    from semalab.analysis.record import Record

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
