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


def _no_such_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON's")


_decode = json.JSONDecoder(parse_constant=_no_such_number).decode


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
        fields = _decode(text)
    except (ValueError, RecursionError) as error:
        why = "its lists are too deep" if isinstance(error, RecursionError) else str(error)
        raise ValueError(f"a saved run is a file of JSON, and this is not: {why}") from None
    fields = mapping(fields, "a saved run", ("events",))
    return fields, iter([list(several(fields["events"], "events", lambda row, _: row))])
