"""Numbers in columns: a million spans and steps of a reading are no objects until somebody asks for them, and the older
rows of a log take eight bytes for each number.

numpy takes columns of a reading as they are, without a copy; to fill them, the standard library's `array` is enough.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

Numbers = array  # of 64-bit whole numbers
INITIAL = NEVER = -1  # in the place of an index: before the first event, and after the last one


def numbers() -> Numbers[int]:
    return array("q")


def pairs(column: Numbers[int]) -> Iterator[tuple[int, int]]:
    """The neighbours of a column that is written two by two."""
    cells = iter(column)
    return zip(cells, cells, strict=True)


@dataclass
class SpanColumns:
    """Spans by kind and primitive. Each group is a column of rows of five: thread, begin, end, first, last.

    Invariant: thread is a place among the trace's threads; begin and end are nanoseconds; first and last are indices
    into the log, last NEVER where the run ended inside the span. Within a group, rows are in the order of their ends.
    """

    groups: dict[tuple[str, str], Numbers[int]] = field(default_factory=dict)

    def group(self, kind: str, primitive: str) -> Numbers[int]:
        """The column for spans of this kind and primitive, to be extended by a whole row at a time."""
        return self.groups.setdefault((kind, primitive), numbers())

    def __len__(self) -> int:
        return sum(map(len, self.groups.values())) // 5


def rows_of(column: Numbers[int]) -> Iterator[tuple[int, int, int, int, int]]:
    """The rows of one group of spans."""
    cells = iter(column)
    return zip(cells, cells, cells, cells, cells, strict=True)


ROW = 6  # entries of the log that belong together: time, identifier, what, value, code, instruction
KEPT = 50_000  # rows that stay as they are: to pack one takes a tenth of a microsecond from the program
AT_ONCE = 20_000  # rows that are packed at once: the program has to wait for two milliseconds
_SMALL = 256  # up to here Python has one object for each number


class Packed:
    """Rows that follow one another in a log, in whose place this stands."""

    __slots__ = ("columns",)

    def __init__(self, log: list[Any], begin: int, end: int) -> None:
        self.columns = tuple(_column(log[begin + i : end : ROW]) for i in range(ROW))

    def __len__(self) -> int:
        return len(self.columns[0])


def _column(entries: list[Any]) -> Sequence[Any]:
    """Most columns hold the same few objects again and again: only numbers that are objects of their own are packed."""
    if type(entries[-1]) is int and entries[-1] > _SMALL:
        with suppress(TypeError, OverflowError):  # something else among them, or a number of more than 64 bits
            return array("q", entries)
    return entries


def pack(log: list[Any]) -> None:
    """Pack the oldest rows of a log that has become long. Only one thread may call; others may go on to extend it.

    The rows are exchanged in one step, so that an interrupt finds the log as it was or as it shall be.
    """
    front = _packed(log)
    for _ in range((len(log) - front - KEPT * ROW) // (AT_ONCE * ROW)):  # what comes meanwhile is for the next time
        end = front + AT_ONCE * ROW
        log[front:end] = (Packed(log, front, end),)
        front += 1


def _packed(log: list[Any]) -> int:
    """How many entries at the beginning of the log stand for rows that are packed."""
    return next((i for i, entry in enumerate(log) if type(entry) is not Packed), len(log))


def count(log: list[Any]) -> int:
    """How many rows a log has."""
    front = _packed(log)
    return sum(map(len, log[:front])) + (len(log) - front) // ROW


def times(log: list[Any], end: int | None) -> list[int]:
    """The time of every row up to the entry `end`."""
    front = _packed(log)
    return [*chain.from_iterable(packed.columns[0] for packed in log[:front]), *log[front:end:ROW]]


def rows(log: list[Any], end: int | None) -> Iterator[tuple[Any, ...]]:
    """Every row up to the entry `end`, as they were written."""
    front = _packed(log)
    for packed in log[:front]:
        yield from zip(*packed.columns, strict=True)
    yield from zip(*[islice(log, front, end)] * ROW, strict=True)
