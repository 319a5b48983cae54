"""An exercise as homework: nbgrader's own commands release, collect and grade it, and the scores are right."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

pytestmark = pytest.mark.skipif(
    find_spec("nbgrader") is None, reason="nbgrader is not installed: pip install -e '.[grading]'"
)

POINTS = 3
TEST = 'lab.check("mutex-2", attempt, strict=True)'
SOLUTION = """\
def attempt(mutex, read, write):
    ### BEGIN SOLUTION
    with mutex:
        left = read()
        if left == 0:
            return False
        write(left - 1)
        return True
    ### END SOLUTION
"""
RIGHT = SOLUTION.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", "")
# the lesson's own stub, unchanged
STUB = """\
def attempt(mutex, read, write):
    if read() == 0:
        return False
    with mutex:
        write(read() - 1)
    return True
"""
WRONG = """\
def attempt(mutex, read, write):
    left = read()
    if left == 0:
        return False
    with mutex:
        write(left - 1)
    return True
"""
HANGING = "def attempt(mutex, read, write):\n    while True:\n        pass\n"
DEADLOCKED = "def attempt(mutex, read, write):\n    with mutex, mutex:\n        return False\n"
SUBMISSIONS = {"ada": RIGHT, "bob": None, "cem": STUB, "dora": WRONG, "emil": HANGING, "fay": DEADLOCKED}
SCORES = {"ada": POINTS, "bob": 0, "cem": 0, "dora": 0, "emil": 0, "fay": 0, "gil": 0}
SAID = {
    "bob": "NotImplementedError",
    "cem": "mutex-2 is not attempted yet",
    "dora": "buyers were told that they have a ticket",
    "emil": "the program does not come to an end",
    "fay": "a deadlock: 2 threads wait for `mutex`",
    "gil": "buyers were told that they have a ticket",
}


def graded(name: str, **role: object) -> dict[str, object]:
    """The metadata that nbgrader's own toolbar writes."""
    plain = {"grade": False, "solution": False, "locked": False, "task": False}
    return {"nbgrader": {**plain, "grade_id": name, "schema_version": 3, "cell_type": "code", **role}}


def assignment() -> NotebookNode:
    cells = [
        new_markdown_cell("# Sell no ticket twice"),
        new_code_cell("import semalab as lab", metadata=graded("setup", locked=True)),
        new_code_cell(SOLUTION, metadata=graded("attempt", solution=True)),
        new_code_cell(TEST, metadata=graded("test", grade=True, locked=True, points=POINTS)),
    ]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def cell(notebook: NotebookNode, name: str) -> NotebookNode:
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course whose one assignment was released, handed in by seven students, and graded."""
    folder = tmp_path_factory.mktemp("course")
    source = folder / "source" / "homework" / "tickets.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(assignment(), source)
    nbgrader(folder, "generate_assignment", "homework")
    released = folder / "release" / "homework" / "tickets.ipynb"
    for student, attempt in SUBMISSIONS.items():
        hand_in(folder, student, released, attempt)
    hand_in(folder, "gil", released, WRONG, test="assert True")
    nbgrader(folder, "autograde", "homework")
    nbgrader(folder, "export")
    return folder


def hand_in(folder: Path, student: str, released: Path, attempt: str | None, test: str | None = None) -> None:
    """The released notebook as this student returns it; None leaves a cell as it was released."""
    notebook = nbformat.read(released, as_version=4)
    for name, changed in (("attempt", attempt), ("test", test)):
        if changed is not None:
            cell(notebook, name).source = changed
    target = folder / "submitted" / student / "homework" / released.name
    target.parent.mkdir(parents=True)
    nbformat.write(notebook, target)


def nbgrader(folder: Path, *command: str) -> None:
    own = {name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    environment = {**os.environ, **own, "JUPYTER_PREFER_ENV_PATH": "1"}
    # nbgrader starts its database's own command, alembic, by name
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    ended = subprocess.run(
        [sys.executable, "-m", "nbgrader", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, f"nbgrader {' '.join(command)}\n{ended.stdout}{ended.stderr}"


def test_the_released_assignment_has_no_solution_in_it_and_asks_for_code(course: Path) -> None:
    released = nbformat.read(course / "release" / "homework" / "tickets.ipynb", as_version=4)
    assert cell(released, "attempt").source.splitlines() == [
        "def attempt(mutex, read, write):",
        "    # YOUR CODE HERE",
        "    raise NotImplementedError()",
    ]
    assert cell(released, "test").source == TEST


def test_who_solved_it_gets_the_points_and_nobody_else(course: Path) -> None:
    with (course / "grades.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["student_id"]: float(row["score"]) for row in rows} == SCORES
    assert {float(row["max_score"]) for row in rows} == {POINTS}


@pytest.mark.parametrize(("student", "said"), SAID.items())
def test_the_graded_notebook_says_why_there_are_no_points(course: Path, student: str, said: str) -> None:
    graded_notebook = course / "autograded" / student / "homework" / "tickets.ipynb"
    (error,) = [
        output
        for output in cell(nbformat.read(graded_notebook, as_version=4), "test").outputs
        if output.output_type == "error"
    ]
    assert error.ename == "AssertionError"
    assert said in error.evalue


def test_a_test_cell_that_was_tampered_with_is_restored(course: Path) -> None:
    graded_notebook = course / "autograded" / "gil" / "homework" / "tickets.ipynb"
    assert cell(nbformat.read(graded_notebook, as_version=4), "test").source == TEST
