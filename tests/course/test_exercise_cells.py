"""Every exercise stands in one lesson: its stub, not attempted, and under it a folded solution that is right."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.lesson_names import definitions, run
from support.notebook_text import IN_ITS_CELL, solutions
from support.stored_notebook import read

from semalab.exercises import Feedback
from semalab.exercises.done import exercise, names
from semalab.exercises.exercise import KINDS

CHECKED = re.compile(r'^lab\.check\("([^"]*)", ', re.MULTILINE)
NOTEBOOKS = Path(__file__).resolve().parent.parent.parent / "notebooks"
LESSONS = [path for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")) if not path.stem.startswith("00")]


def checked_in(path: Path) -> list[str]:
    """The exercises that a lesson's code cells check, in the order of the page."""
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    return [name for cell in cells for name in CHECKED.findall(cell.source)]


def is_strict_check(solution: str, name: str) -> bool:
    """True if the last line is `lab.check(name, …, strict=True)`."""
    last = ast.unparse(ast.parse(solution).body[-1])
    return last.startswith(f"lab.check('{name}', ") and last.endswith(", strict=True)")


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_has_an_exercise_of_each_kind(path: Path) -> None:
    assert {exercise(name).kind for name in checked_in(path)} == set(KINDS)


def test_every_exercise_stands_in_exactly_one_lesson() -> None:
    pages = sorted(NOTEBOOKS.glob("*.ipynb"))
    assert Counter(name for path in pages for name in checked_in(path)) == Counter(names())


def test_no_other_folded_solution_ends_in_a_check() -> None:
    """Those that do are run by the next test, and by no other."""
    folded = [one for path in LESSONS for cell in read(path).cells for one in solutions(cell.source)]
    assert sum(map(bool, map(IN_ITS_CELL.search, folded))) == len(names())


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_exercise_cells_hold_the_stub_and_a_solution_that_is_right(path: Path) -> None:
    known: dict[str, Any] = {"__name__": path.stem}
    cells = read(path).cells
    for number, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        if not (checked := CHECKED.findall(cell.source)):
            run(definitions(cell.source), f"<{path.stem} {number}>", known)
            continue
        (name,) = checked
        task = exercise(name)
        assert cell.source.strip() == task.stub.strip(), f"{name}: the cell is not the exercise's stub"
        untouched = f"{name} is not attempted yet.\n{KINDS[task.kind]}"
        assert [output.data["text/plain"] for output in cell.outputs] == [untouched]
        assert repr(run(cell.source, f"<{path.stem} {number}>", known)) == untouched
        *_, solution = solutions(cells[number + 1].source)
        assert is_strict_check(solution, name), f"{name}: the folded solution must end in its strict check"
        feedback = run(solution, f"<{path.stem} {number}.solution>", known)
        assert isinstance(feedback, Feedback) and feedback.solved and feedback.exercise == name
