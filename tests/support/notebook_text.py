"""The cells of a notebook by kind, and what of their text is prose, code, link or fold."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)
FOLD = re.compile(r"<details>.*?</details>", re.DOTALL)
IN_ITS_CELL = re.compile(r"^lab\.check\(.*, strict=True\)", re.MULTILINE)  # an exercise's: test_exercise_cells runs it
FENCED = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
HTML_TAG = re.compile(r"<[^>]+>")
LINK = re.compile(r"(!?)\[([^\]]*)\]\(\s*<?([^)\s>]+)[^)]*\)")


def code_cells(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """The code cells, with their numbers from 1 among all cells."""
    return ((i, cell) for i, cell in enumerate(notebook.cells, start=1) if cell.cell_type == "code")


def markdown_cells(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """The cells of prose, with their numbers from 1 among all cells."""
    return ((i, cell) for i, cell in enumerate(notebook.cells, start=1) if cell.cell_type == "markdown")


def tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", ()))


def code_lines(source: str) -> int:
    """The lines that say something to Python."""
    return sum(1 for line in source.splitlines() if line.strip() and not line.strip().startswith("#"))


def words(source: str) -> int:
    """The words of prose: those of links count, those of code fences and tags do not."""
    prose = LINK.sub(r"\2", HTML_TAG.sub(" ", FENCE.sub("", source)))
    return sum(1 for word in prose.split() if any(c.isalnum() for c in word))


def parsed(source: str) -> ast.Module:
    """The cell as Python: magics are calls of get_ipython()."""
    return ast.parse(TransformerManager().transform_cell(source))


def solutions(source: str) -> Iterator[str]:
    """The Python in the folds of a markdown cell."""
    for fold in FOLD.findall(source):
        yield from FENCED.findall(fold)
