"""Numbers in columns: a million spans and steps of a reading are no objects until somebody asks for them.

numpy takes such columns as they are, without a copy; to fill them, the standard library's `array` is enough.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

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
