"""A saved run's file, read: its fields as they are written there, and its events, some thousands at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, NoReturn, TextIO

from semalab.files.document import END, EVENTS, MANY
from semalab.files.strict import mapping, several

Rows = list[Any]


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
