"""Every folded solution of a lesson runs, and its asserts hold, in the place where the lesson gives it."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stored_notebook import read

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
FOLDED = re.compile(r"<details>.*?</details>", re.DOTALL)
FENCED = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def solutions(source: str) -> Iterator[str]:
    """The Python in the folds of a markdown cell."""
    for fold in FOLDED.findall(source):
        yield from FENCED.findall(fold)


def with_solutions() -> list[Path]:
    return [p for p in sorted(NOTEBOOKS.glob("*.ipynb")) if any(list(solutions(cell.source)) for cell in read(p).cells)]


def defines(source: str) -> str:
    """The definitions and imports of a code cell: what it shows besides is not needed here."""
    kinds = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    return "\n".join(ast.unparse(node) for node in ast.parse(source).body if isinstance(node, kinds))


def run(source: str, name: str, names: dict[str, Any]) -> None:
    """Run code as a cell is run: whoever asks finds its lines."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), names)


@pytest.mark.parametrize("path", with_solutions(), ids=lambda path: path.stem)
def test_folded_solutions_run(path: Path) -> None:
    names: dict[str, Any] = {"__name__": path.stem}
    for number, cell in enumerate(read(path).cells, start=1):
        if cell.cell_type == "code":
            run(defines(cell.source), f"<{path.stem} {number}>", names)
        for place, solution in enumerate(solutions(cell.source) if cell.cell_type == "markdown" else ()):
            run(solution, f"<{path.stem} {number}.{place}>", names)


def test_only_what_is_folded_and_python_is_a_solution() -> None:
    source = "```python\nopen()\n```\n<details><summary>x</summary>\n\n```python\na = 1\n```\n```\nb\n```\n</details>"
    assert list(solutions(source)) == ["a = 1\n"]
    assert "06_classic_problems" in [path.stem for path in with_solutions()]
