"""The program's text as it was when it ran: the functions that the log's lines lie in, and which line is whose."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType

from semalab.instrument.naming import is_programs, lines_of

_MOST = 1_500  # lines kept of a run's program: nobody scrolls through more
_LONGEST = 400  # characters of a line


@dataclass(frozen=True)
class Listing:
    """Consecutive lines of one file: the number of the first, and their text without line ends.

    file: its name without the folder, which would tell whose machine it was. Two files of one name get numbers.
    """

    file: str
    first: int
    lines: tuple[str, ...]

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1


@dataclass(frozen=True)
class Source:
    """What a run's program looks like. Invariant: listings of one file are in order and never touch or overlap.

    homes: for each line that the log names, the one file it lies in; None where lines of several files have that
    number, so that nobody can say from the log which of them is meant.

    >>> source = Source((Listing("cell", 3, ("gate.acquire()",)),), {3: "cell"})
    >>> source.text(3)
    'gate.acquire()'
    """

    listings: tuple[Listing, ...] = ()
    homes: Mapping[int, str | None] = field(default_factory=dict)

    def home(self, line: int | None) -> Listing | None:
        """The listing that shows a line of the log; None where it is not known, or not beyond doubt."""
        file = self.homes.get(line or 0)
        return next((one for one in self.listings if one.file == file and one.first <= (line or 0) <= one.last), None)

    def text(self, line: int | None) -> str | None:
        """The text of a line of the log, or None."""
        listing = self.home(line)
        return listing.lines[(line or 0) - listing.first] if listing is not None else None


def source_of(program: CodeType | None, lines: Iterable[tuple[CodeType, int]]) -> Source:
    """The source of a run that has just ended, while its files still are what they were.

    Args:
        program: the function that was recorded, if it is one written in Python.
        lines: each line of the log, with the function it lies in.
    """
    homes: dict[int, str | None] = {}
    codes = {id(program): program} if program is not None and is_programs(program) else {}
    for code, line in lines:
        file = code.co_filename
        homes[line] = file if homes.get(line, file) == file else None
        codes[id(code)] = code
    spans: dict[str, set[tuple[int, int]]] = {}
    for code in codes.values():
        spans.setdefault(code.co_filename, set()).add(_span(code))
    names = _names([*spans, *filter(None, homes.values())])
    texts = ((names[file], found, lines_of(file)) for file, found in spans.items())
    listings = tuple(one for file, found, text in texts for one in _listings(file, found, text))
    return Source(listings, {line: file and names[file] for line, file in homes.items()})


def _names(files: Iterable[str]) -> dict[str, str]:
    """What each file is called. Invariant: different files, different names."""
    names: dict[str, str] = {}
    for file in dict.fromkeys(files):
        name, number = Path(file).name, 2
        while name in names.values():
            name, number = f"{Path(file).name} ({number})", number + 1
        names[file] = name
    return names


@functools.lru_cache(maxsize=512)
def _span(code: CodeType) -> tuple[int, int]:
    """The first and last line of a function."""
    numbers = [line for _, _, line in code.co_lines() if line]
    return code.co_firstlineno, max([code.co_firstlineno, *numbers])


def _listings(file: str, spans: Iterable[tuple[int, int]], text: list[str]) -> Iterator[Listing]:
    """The functions, those that lie within or right behind one another as one; at most `_MOST` lines of a file."""
    room = _MOST
    first, last = 0, -9
    for begin, end in [*sorted(spans), (len(text) + 9, 0)]:
        if begin <= last + 3:  # a gap of one or two lines is not worth a cut
            last = max(last, end)
            continue
        kept = _kept(tuple(text[max(0, first - 1) : min(last, first - 1 + room)]))
        if first and kept:
            yield Listing(file, first, kept)
            room -= len(kept)
        first, last = begin, end


@functools.lru_cache(maxsize=64)  # a search asks after each of its schedules, and of the same few functions
def _kept(lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(line.rstrip("\r\n")[:_LONGEST] for line in lines)
