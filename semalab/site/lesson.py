"""Runs a lesson's cells as a kernel would, and notes its panels instead of showing them."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from semalab.site.dial import Dial, dial_of

PANEL, CHECK = "lab.interact(", "lab.check("


def dials_of(cells: Mapping[int, str], folder: Path) -> dict[int, Dial]:
    """Per number of a cell the panel that it makes.

    cells: sources by number, in order; what checks an attempt is passed over, and so is all after the last panel.
    folder: where the notebook stands.

    Raises: RuntimeError if a cell fails before the last panel, with what it raised.
    """
    from IPython.core.interactiveshell import InteractiveShell

    package = sys.modules["semalab"]  # where the cells look for `lab.interact`
    found: dict[int, Dial] = {}
    present = -1

    def interact(program: Any, /, **given: Any) -> None:
        settings = {name: given.pop(name) for name in ("claim", "timeout", "seed", "explore") if name in given}
        found[present] = dial_of(program, given, **settings)

    last = max((number for number, source in cells.items() if PANEL in source), default=-1)
    before, kept = Path.cwd(), package.interact
    shell = InteractiveShell.instance()
    package.interact = interact  # type: ignore[attr-defined]
    try:
        os.chdir(folder)
        for number, source in cells.items():
            if number > last or CHECK in source:
                continue
            present = number
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                result = shell.run_cell(source, store_history=True)
            error = result.error_before_exec or result.error_in_exec
            if error is not None and PANEL in source:
                raise RuntimeError(f"cell {number} makes no panel: {type(error).__name__}: {error}")
    finally:
        package.interact = kept  # type: ignore[attr-defined]
        os.chdir(before)
    return found
