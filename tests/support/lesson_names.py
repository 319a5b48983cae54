"""A stored lesson's own names, without running what it shows: its imports, functions and classes; and its sliders."""

from __future__ import annotations

import ast
import linecache
from pathlib import Path
from typing import Any

from support.notebook_text import parsed
from support.stored_notebook import read

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def definitions(source: str) -> str:
    """The definitions and imports of a code cell."""
    return "\n".join(ast.unparse(node) for node in parsed(source).body if isinstance(node, DEFINITIONS))


def run(source: str, name: str, names: dict[str, Any]) -> Any:
    """Run code as a cell is run: whoever asks finds its lines. Returns what its last line shows."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), names)
    return eval(compile(ast.Expression(last.value), name, "eval"), names) if isinstance(last, ast.Expr) else None


def names_of(path: Path) -> dict[str, Any]:
    """The names that the notebook at `path` defines."""
    names: dict[str, Any] = {"__name__": path.stem}
    for number, cell in enumerate(read(path).cells, start=1):
        if cell.cell_type == "code":
            run(definitions(cell.source), f"<{path.stem} {number}>", names)
    return names


def panel_of(path: Path, names: dict[str, Any]) -> Any:
    """The panel that the notebook opens, or None; `names` are those of its definitions."""
    for number, cell in enumerate(read(path).cells, start=1):
        if cell.cell_type == "code" and "lab.interact(" in cell.source:
            return run(cell.source, f"<{path.stem} {number}>", names)
    return None
