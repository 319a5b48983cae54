"""Runs a lesson's cells as a kernel would, and notes its panels and runs instead of showing them; its exercises that
ask for an answer are answered in the page by the sentences that the lab has for it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from semalab.exercises.done import exercise
from semalab.exercises.exercise import Answer, Prediction
from semalab.exploration import Exploration
from semalab.exploration.descriptions import charted
from semalab.loading import load as load_run
from semalab.log.excerpt import written
from semalab.replay.facts import CARRIED
from semalab.replay.page import embedded
from semalab.replay.widget import Replay
from semalab.run import Run
from semalab.site.dial import Dial, dial_of

_ASKED = re.compile(r"""lab\.check\(\s*"([a-z]+-[0-9]+)\"""")
_ELSEWHERE = (
    "This one is a program. It can be tried in JupyterLab or on Binder: "
    '<a href="index.html#open">how to open the lessons</a>.'
)


def questions_of(cells: Mapping[int, str]) -> dict[int, str]:
    """Per number of a cell that checks an attempt, what stands below it, as HTML."""
    found = {}
    for number, source in cells.items():
        asked = _ASKED.search(source)
        if asked is not None:
            task = exercise(asked[1])
            elsewhere = f'<p class="elsewhere">{_ELSEWHERE}</p>'
            found[number] = _question(task) if isinstance(task, Prediction) else elsewhere
    return found


def _question(task: Prediction) -> str:
    right = task.read(task.run())
    known = [right, *task.because()]
    other = _other(right, known)
    nonsense = task.judge(None)
    plan = {
        "name": task.name,
        "kind": "word" if isinstance(right, str) else "number" if isinstance(right, int) else "numbers",
        "told": {json.dumps(answer): _told(task, answer) for answer in known},
        "other": _told(task, other).replace(written(other, 60), "{}"),
        "nonsense": nonsense.sentences[0].replace(written(None, 60), "{}"),
    }
    asked = escape(task.asked)
    return (
        f'<div class="question" role="group" aria-label="Answer {task.name}">'
        f'<script type="application/json">{embedded(plan)}</script>'
        f'<p class="elsewhere">Your answer must be {asked}. <noscript>{_ELSEWHERE}</noscript></p></div>'
    )


def _told(task: Prediction, answer: Answer) -> str:
    return str(task.judge(answer))


def _other(right: Answer, known: Iterable[Answer]) -> Answer:
    """An answer for which the lab has no sentence of its own."""
    taken = set(known)
    if isinstance(right, str):
        return next(word for word in ("SOMETHINGELSE", "SOMETHINGOTHER") if word not in taken)
    if isinstance(right, int):
        return next(number for number in range(918_273, 2_000_000) if number not in taken)
    return next(numbers for first in range(918_273, 2_000_000) if (numbers := (first, *right[1:])) not in taken)


PANEL, CHECK = "lab.interact(", "lab.check("
_LOOKS = re.compile(r"\blab\.(record|explore|compare)\(")
_DEFINES = re.compile(r"^\s*(async def|def|class|import|from|@)", re.MULTILINE)
_CUT = "…"  # where ipywidgets ends what it writes of a widget that has more to say


@dataclass(frozen=True)
class Shown:
    """A run whose picture stands below a cell. stepped: the cell asked for its replay. found: it asked for every
    schedule, and the run is the counterexample.
    """

    run: Run
    stepped: bool = False
    found: Exploration | None = None


def made(cells: Mapping[int, str], stored: Mapping[int, str], folder: Path) -> Iterator[tuple[int, Dial | Shown]]:
    """The panels that a lesson's cells make, and the runs that they show, by their numbers, each before the next cell
    runs: a later one may give a name that the program uses another meaning.

    A run is given only where it is the one whose picture is stored: on the virtual clock, or loaded from a file, and
    with the same sentence; of an exploration its counterexample, unless that has a chart of steps for a picture. What
    was recorded on the wall clock happened once: no run of today is the one that is stored, and its picture stays.

    cells: sources by number, in order; what checks an attempt is passed over, and so is all after the last panel or
    stored picture. stored: per number of a cell with a picture, the words that are stored beside it; where there are
    none, for the panels alone: then no cell is run that only looks at a program. (What a panel would miss, it says.)
    folder: where the notebook stands.

    Raises: RuntimeError if a cell with a panel fails, with what it raised.
    """
    from IPython.core.interactiveshell import InteractiveShell

    package = sys.modules["semalab"]  # where the cells look for `lab.interact`
    panels: list[Dial] = []
    loaded: list[Run] = []

    def load(path: Any) -> Run:
        loaded.append(load_run(path))
        return loaded[-1]

    def interact(program: Any, /, **given: Any) -> None:
        settings = {name: given.pop(name) for name in ("claim", "timeout", "seed", "explore") if name in given}
        panels.append(dial_of(program, given, **settings))

    last = max((number for number, source in cells.items() if PANEL in source or number in stored), default=-1)
    before, kept = Path.cwd(), (package.interact, package.load)
    shell = InteractiveShell.instance()
    # Nobody looks, and pictures take long to draw.
    shell.display_formatter.format = lambda shown, **how: ({}, {})  # type: ignore[method-assign, union-attr]
    package.interact, package.load = interact, load  # type: ignore[attr-defined]
    try:
        os.chdir(folder)
        for number, source in cells.items():
            if number > last or CHECK in source or (not stored and _only_looks(source)):
                continue
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                result = shell.run_cell(source, store_history=True)
            error = result.error_before_exec or result.error_in_exec
            if error is not None and PANEL in source:
                raise RuntimeError(f"cell {number} makes no panel: {type(error).__name__}: {error}")
            shown = _shown(result.result, stored.get(number), loaded)
            if panels:
                yield number, panels.pop()
            elif shown is not None:
                yield number, shown
    finally:
        package.interact, package.load = kept  # type: ignore[attr-defined]
        os.chdir(before)


def _only_looks(source: str) -> bool:
    """It records or explores what other cells have defined. A run of a thousand threads takes seconds."""
    return PANEL not in source and _LOOKS.search(source) is not None and _DEFINES.search(source) is None


def _shown(result: Any, words: str | None, loaded: Sequence[Run]) -> Shown | None:
    """What a cell shows, if it is the run that these words are stored of, and no longer than a page carries."""
    if words is None:
        return None
    if isinstance(result, Exploration):
        description = result.description
        if description is None or charted(description) or repr(result) != words:
            return None
        return Shown(description.run, found=result)
    run = result.run if isinstance(result, Replay) else result
    if not isinstance(run, Run) or not 0 < len(run.trace) <= CARRIED:
        return None
    if run.clock != "virtual" and not any(run is one for one in loaded):
        return None
    told = repr(result) if isinstance(result, Replay) else run.verdict
    same = told.startswith(words[:-1]) if words.endswith(_CUT) else told == words
    return Shown(run, isinstance(result, Replay)) if same else None
