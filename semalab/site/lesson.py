"""Runs a lesson's cells as a kernel would, and notes its panels and runs instead of showing them."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semalab.exploration import Exploration
from semalab.exploration.picture import charted
from semalab.loading import load as load_run
from semalab.replay.facts import CARRIED
from semalab.replay.widget import Replay
from semalab.run import Run
from semalab.site.dial import Dial, dial_of

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
        telling = result.telling
        if telling is None or charted(telling) or repr(result) != words:
            return None
        return Shown(telling.run, found=result)
    run = result.run if isinstance(result, Replay) else result
    if not isinstance(run, Run) or not 0 < len(run.trace) <= CARRIED:
        return None
    if run.clock != "virtual" and not any(run is one for one in loaded):
        return None
    told = repr(result) if isinstance(result, Replay) else run.verdict
    same = told.startswith(words[:-1]) if words.endswith(_CUT) else told == words
    return Shown(run, isinstance(result, Replay)) if same else None
