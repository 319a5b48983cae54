"""Pytest plugin: a failing cell says first where it stands, as a reader of the notebook finds it.

nbval counts code cells from 0; a notebook shows In [1] for the first of them, and the rules count all cells from 1.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbCell


def place(name: str, cells: Sequence[NotebookNode], code_cell: int) -> str:
    """Where the code cell with this number, from 0, stands."""
    number = [i for i, cell in enumerate(cells, start=1) if cell.cell_type == "code"][code_cell]
    return f"{name}, In [{code_cell + 1}], cell {number} of {len(cells)}"


def pytest_itemcollected(item: pytest.Item) -> None:
    if isinstance(item, IPyNbCell):
        plain = item.repr_failure
        item.repr_failure = lambda excinfo: (
            f"{place(Path(item.path).name, item.parent.nb.cells, item.cell_num)}\n{plain(excinfo)}"
        )


def pytest_configure() -> None:
    """No kernel that is tested keeps what it did, or knows what was done before: `lab.progress()` is compared, too."""
    os.environ.setdefault("SEMALAB_PROGRESS", "")
