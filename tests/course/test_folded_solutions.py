"""Every folded solution of a lesson runs, and its asserts hold, in the place where the lesson gives it."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from support.lesson_names import definitions, run
from support.notebook_text import FENCED, FOLD, IN_ITS_CELL, solutions
from support.stored_notebook import read
from support.stored_pictures import picture_name, reason_here

NOTEBOOKS = Path(__file__).resolve().parent.parent.parent / "notebooks"
PICTURE = re.compile(r"!\[[^\]]+\]\((images/[^)]+)\)")


def with_solutions() -> list[Path]:
    return [p for p in sorted(NOTEBOOKS.glob("*.ipynb")) if any(list(solutions(cell.source)) for cell in read(p).cells)]


def pixels(png: bytes) -> str:
    return picture_name(base64.b64encode(png).decode())


@pytest.mark.parametrize("path", with_solutions(), ids=lambda path: path.stem)
def test_folded_solutions_run(path: Path) -> None:
    names: dict[str, Any] = {"__name__": path.stem}
    for number, cell in enumerate(read(path).cells, start=1):
        if cell.cell_type == "code":
            run(definitions(cell.source), f"<{path.stem} {number}>", names)
        for place, solution in enumerate(solutions(cell.source) if cell.cell_type == "markdown" else ()):
            if not IN_ITS_CELL.search(solution):
                run(solution, f"<{path.stem} {number}.{place}>", names)


@pytest.mark.parametrize("path", with_solutions(), ids=lambda path: path.stem)
def test_a_picture_below_a_folded_solution_shows_what_it_draws(path: Path, tmp_path: Path) -> None:
    if (reason := reason_here()) is not None:
        pytest.skip(reason)
    names: dict[str, Any] = {"__name__": path.stem}
    for number, cell in enumerate(read(path).cells, start=1):
        if cell.cell_type == "code":
            run(definitions(cell.source), f"<{path.stem} {number}>", names)
            continue
        for fold in FOLD.findall(cell.source):
            for target in PICTURE.findall(fold):
                (solution,) = FENCED.findall(fold)
                drawn = run(solution, f"<{path.stem} {number}>", names).save(tmp_path / "drawn.png").read_bytes()
                assert pixels(drawn) == pixels((path.parent / target).read_bytes()), f"save this run as {target}"


def test_only_what_is_folded_and_python_is_a_solution() -> None:
    source = "```python\nopen()\n```\n<details><summary>x</summary>\n\n```python\na = 1\n```\n```\nb\n```\n</details>"
    assert list(solutions(source)) == ["a = 1\n"]
    assert "06_classic_problems" in [path.stem for path in with_solutions()]
