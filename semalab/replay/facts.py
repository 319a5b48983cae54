"""Runs as data for a page that has no Python: what is said of each and its picture; and, asked for later, its steps.

A panel of the course's pages has files of many runs; a saved run carries its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from semalab.draw.drawing import Drawing, blank
from semalab.draw.encoding import Numbered, encoded, pointed
from semalab.draw.picture import drawing_of
from semalab.draw.viewport import clock_of, table
from semalab.log.excerpt import said_by

if TYPE_CHECKING:
    from semalab.analysis.record import Record
    from semalab.analysis.snapshots import Snapshots

SIZES = {"wide": (7.6, 5.0), "narrow": (4.0, 5.0)}  # inches of a picture in a page
CARRIED = 5_000  # events of a run that a file carries with its picture and steps: more than anybody steps through
Position = tuple[Sequence[str], Drawing]  # what is said of a run, and its picture


def position_of(run: Record | Exception, width: float, height: float | None) -> Position:
    """Standing, sentence, what was printed, description and note; inches of the picture, which without a height is as
    high as the run asks for.

    Of a position that the program does not take: empty paper, and why as the note.
    """
    if isinstance(run, Exception):
        return ("", said_by(run), "", "", said_by(run)), blank(width, height or width)
    said = (run.standing, run.verdict, run.output, run.description, run.note)
    return said, drawing_of(run, width=width, height=height)


def facts_of(positions: Iterable[Position]) -> str:
    """JSON of what `encoded` makes of them."""
    return _json(encoded(positions))


def steps_of(runs: Iterable[Record | Exception]) -> str:
    """JSON of {"words", "positions"}: every step of each run.

    A step: when, in the clock's unit; the number of its sentence; and what it is, as in `marked`.
    """
    return _json(_in_steps(runs))


def pointed_of(positions: Iterable[Position]) -> str:
    """JSON of what can be told of each picture."""
    return _json([pointed(drawing) for _, drawing in positions])


def carried(run: Record) -> dict[str, Any] | None:
    """What a page needs to show this run alone, by the names of its files; None for more than a file should carry."""
    if not 0 < len(run.trace) <= CARRIED:
        return None
    drawn = {size: [position_of(run, wide, high)] for size, (wide, high) in SIZES.items()}
    found: dict[str, Any] = {size: encoded(positions) for size, positions in drawn.items()}
    return {**found, "steps": _in_steps([run]), "pointed": [pointed(drawing) for _, drawing in drawn["wide"]]}


def _in_steps(runs: Iterable[Record | Exception]) -> dict[str, Any]:
    words = Numbered()
    steps = [[] if isinstance(run, Exception) else _run_in_steps(run, words) for run in runs]
    return {"words": list(words.all), "positions": steps}


def _json(found: Any) -> str:
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False)


def _run_in_steps(run: Record, words: Numbered) -> list[float]:
    clock, moments = clock_of(run.trace, run.reading.times, run.stopped is not None), run.moments
    times = [*clock.at.astype(float).tolist(), clock.end]  # the last of these if it was stopped
    found: list[float] = []
    for number, (at, mark) in enumerate(zip(times, marked(moments), strict=False)):
        found += [round(at, 4), words(moments.sentence(number)), mark]
    return found


def marked(moments: Snapshots) -> list[int]:
    """What each step is: 1 where somebody begins to wait, 2 where a permit is handed over, 3 where something is
    printed, otherwise 0.
    """
    given = {index for use in moments.reading.uses.values() for index in table(use.counts.handovers, 2)[:, 1].tolist()}
    kinds = {"block": 1, "print": 3}
    of_events = [kinds.get(event.kind, 2 if number in given else 0) for number, event in enumerate(moments.events)]
    return of_events + [0] * (len(moments) - len(of_events))
