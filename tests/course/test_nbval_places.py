"""A stored output that drifted is reported with its notebook, its In [number] and its cell, on one line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from rerun_notebooks import rerun
from support.stored_notebook import text

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_summary_names_notebook_and_cell_as_a_reader_counts_them(tmp_path: Path) -> None:
    path = tmp_path / "02_mutex.ipynb"
    cells = [new_markdown_cell("# Two cells"), new_code_cell("1 + 1"), new_markdown_cell("and"), new_code_cell("2 + 2")]
    path.write_text(text(new_notebook(cells=cells)), encoding="utf-8")
    notebook = rerun(path)
    notebook.cells[3].outputs[0].data["text/plain"] = "5"
    path.write_text(text(notebook), encoding="utf-8")

    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", str(path)]
    environment = {**os.environ, "COLUMNS": "1000"}  # in a narrow terminal pytest cuts its summary, or leaves it out
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    failed = re.findall(r"^FAILED .* - (.*)$", ended.stdout, re.MULTILINE)
    assert failed == ["02_mutex.ipynb, In [2], cell 4 of 4"], ended.stdout
