"""The runs of a panel as files for a page: what is said of each and its picture; and, asked for later, its steps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from semalab.draw.clock import clock_of
from semalab.draw.drawing import Drawing, blank
from semalab.draw.encoding import Numbered, encoded, pointed
from semalab.draw.table import table
from semalab.log.excerpt import said_by
from semalab.run import Run

Position = tuple[Sequence[str], Drawing]  # what is said of a run, and its picture


def position_of(run: Run | Exception, width: float, height: float) -> Position:
    """Standing, sentence, what was printed, description and note; inches of the picture.

    Of a position that the program does not take: empty paper, and why as the note.
    """
    if isinstance(run, Exception):
        return ("", said_by(run), "", "", said_by(run)), blank(width, height)
    said = (run.standing, run.verdict, run.output, run.description, run.note)
    return said, run.drawing(width=width, height=height)


def facts_of(positions: Iterable[Position]) -> str:
    """JSON of what `encoded` makes of them."""
    return _json(encoded(positions))


def steps_of(runs: Iterable[Run | Exception], positions: Iterable[Position]) -> str:
    """JSON of {"words", "positions", "pointed"}: every step of each run, and what can be told of its picture.

    A step: when, in the clock's unit; the number of its sentence; and what it is: 1 where somebody begins to wait, 2
    where a permit is handed over, 3 where something is printed, otherwise 0.
    """
    words = Numbered()
    steps = [[] if isinstance(run, Exception) else _run_in_steps(run, words) for run in runs]
    told = [pointed(drawing) for _, drawing in positions]
    return _json({"words": list(words.all), "positions": steps, "pointed": told})


def _json(found: Any) -> str:
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False)


def _run_in_steps(run: Run, words: Numbered) -> list[float]:
    clock = clock_of(run.trace, run.reading.times, run.stopped is not None)
    given = {index for use in run.reading.uses.values() for index in table(use.counts.handovers, 2)[:, 1].tolist()}
    found: list[float] = []
    for number in range(len(run.moments)):
        event = run.trace.events[number] if number < len(run.trace.events) else None
        at = float(clock.at[number]) if event is not None else clock.end
        marked = 0 if event is None else {"block": 1, "print": 3}.get(event.kind, 2 if number in given else 0)
        found += [round(at, 4), words(run.moments.sentence(number)), marked]
    return found
