"""`progress`: what is done of the exercises of this notebook, in words."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

from semalab.exercises.catalogue import beside, exercise, names
from semalab.exercises.notes import NOTES
from semalab.exercises.progress_file import Note


class Row(NamedTuple):
    """One exercise: its name, its kind, and what was done about it, in words."""

    name: str
    kind: str
    state: str


@dataclass(frozen=True)
class Progress:
    """The exercises of some lessons, with what was done. A picture of one moment."""

    rows: tuple[Row, ...]
    solved: int

    @property
    def sentence(self) -> str:
        if not self.rows:
            return "No exercise was checked in this notebook yet: run the cell of one."
        return f"{self.solved} of {len(self.rows)} exercises solved"

    def __repr__(self) -> str:
        wide = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, wide)).rstrip() for row in self.rows]
        return "\n".join([self.sentence, *lines])

    def _repr_html_(self) -> str:
        cells = ["".join(f"<td>{escape(text)}</td>" for text in row) for row in self.rows]
        body = "".join(f"<tr>{row}</tr>" for row in cells)
        heads = "".join(f'<th scope="col">{word}</th>' for word in ("exercise", "kind", "done"))
        if not self.rows:
            return f"<p>{escape(self.sentence)}</p>"
        return f"<table><caption>{escape(self.sentence)}</caption><tr>{heads}</tr>{body}</table>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}


def progress() -> Progress:
    """What is done in this notebook: each exercise of its lesson, and whether it was attempted and solved.

    The lesson is the one whose exercises were checked in this kernel; before the first check, all lessons of which
    something was done in kernels before it. A notebook keeps that in the file `.semalab_progress.json` beside it.

    >>> progress().sentence
    '1 of 4 exercises solved'
    """
    known, there = NOTES.all(), frozenset(names())
    begun = NOTES.checked or tuple(name for name in known if name in there)  # a newer lab's file may have others
    listed = sorted({name for one in begun for name in beside(one)})
    rows = tuple(Row(name, exercise(name).kind, _words(known.get(name, Note()))) for name in listed)
    return Progress(rows, sum(known.get(name, Note()).solved for name in listed))


def _words(note: Note) -> str:
    if not note.tries:
        return "not attempted yet"
    times = "once" if note.tries == 1 else f"{note.tries:,} times"
    return f"solved, tried {times}" if note.solved else f"tried {times}"
