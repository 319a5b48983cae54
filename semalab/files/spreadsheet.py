"""A log as a table: CSV, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import functools
import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from semalab.log.excerpt import STAND_IN
from semalab.log.trace import Event, Trace

_MANY = 10_000  # lines that are written at once
_SIGNS = ("=", "+", "-", "@", *"＝＋－＠", "\t", "\r", "\n", "'")  # what a spreadsheet or a reader of ours may act on
_SURROGATE = re.compile("[\ud800-\udfff]")


def as_csv(trace: Trace) -> Iterator[bytes]:
    """One line an event, under a line of names; times in nanoseconds.

    A name that begins with = + - @ would be a formula in a spreadsheet, which may send the sheet's contents anywhere.
    Such a name gets an apostrophe in front, and so does one that begins with a tab, a line break or an apostrophe:
    whoever takes one leading apostrophe off has the names again. Half a surrogate pair, which UTF-8 cannot hold,
    becomes a stand-in.
    """
    cell = functools.cache(_cell)
    rows = iter(trace.events)
    yield _lines([Event._fields])
    while batch := list(islice(rows, _MANY)):
        yield _lines(
            (time, cell(thread), kind, cell(primitive), *numbers) for time, thread, kind, primitive, *numbers in batch
        )


def _lines(rows: Iterable[tuple[object, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8")


def _cell(text: str) -> str:
    text = _SURROGATE.sub(STAND_IN, text)
    return f"'{text}" if text.startswith(_SIGNS) else text
