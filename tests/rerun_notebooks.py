"""Run the notebooks and store what they print: `python tests/rerun_notebooks.py [--check | --form] [NAME ...]`.

Every notebook runs in a fresh kernel of this Python, in its own folder, and may talk to this machine alone. The files
are rewritten in their one stored form (see stored_notebook.py). With --check nothing is written, and a difference ends
the command with 1; with --form nothing is run, and what is stored is only brought into that form.
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from support.stored_notebook import (
    README_LESSON,
    README_PICTURE,
    keep_equal_pictures,
    keep_what_may_differ,
    normalised,
    read,
    readme_picture,
    text,
)
from support.stored_pictures import reason_here

TESTS = Path(__file__).resolve().parent
NOTEBOOKS = TESTS.parent / "notebooks"
TEMPLATE = TESTS / "template_lesson.ipynb"  # its name as NAME re-runs the template for new lessons
CELL_TIMEOUT = 60  # seconds, as for nbval
DIFFERENCE_LINES = 40
LINE_WIDTH = 160


def chosen(names: Sequence[str], folder: Path) -> list[Path]:
    """The notebooks with these names ("01_limiter", "01_limiter.ipynb" or a path); all of them for no names."""
    if not names:
        paths = sorted(folder.glob("*.ipynb"))
        if not paths:
            raise FileNotFoundError(f"there must be notebooks in {folder}, found none")
        return paths
    if list(names) == [TEMPLATE.stem]:
        return [TEMPLATE]
    paths = [folder / f"{Path(name).name.removesuffix('.ipynb')}.ipynb" for name in names]
    for path in paths:
        if not path.is_file():
            known = ", ".join(p.stem for p in sorted(folder.glob("*.ipynb")))
            raise FileNotFoundError(f"NAME must be one of {known or '(no notebooks)'}, got {path.stem}")
    return paths


def rerun(path: Path) -> NotebookNode:
    """The notebook at `path`, executed in a new kernel and normalised. The file is not touched."""
    notebook = read(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    os.environ["SEMALAB_PROGRESS"] = ""  # nothing of what was done here before may show in what is stored
    # nbclient fails on ipywidgets.interact unless it stores the widgets' state; normalised() drops it again.
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        extra_arguments=[f"--IPKernelApp.exec_files={TESTS / 'support' / 'loopback_only.py'}"],
        store_widget_state=True,
    )
    client.execute()
    return normalised(notebook)


def difference(stored: str, new: str, name: str) -> list[str]:
    """What --check prints where two notebook files differ: a short diff (empty where they are equal)."""
    lines = difflib.unified_diff(
        stored.splitlines(), new.splitlines(), f"{name} (stored)", f"{name} (run now)", lineterm="", n=2
    )
    shown = [line if len(line) <= LINE_WIDTH else f"{line[:LINE_WIDTH]}…" for line in lines]
    more = len(shown) - DIFFERENCE_LINES
    return shown if more <= 0 else [*shown[:DIFFERENCE_LINES], f"… and {more} more lines"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 where every notebook ran (and, with --check, is what it prints)."""
    parser = argparse.ArgumentParser(description="Run the notebooks and store what they print.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="for example 01_limiter (default: all)")
    parser.add_argument("--check", action="store_true", help="write nothing, fail where a stored notebook differs")
    parser.add_argument("--form", action="store_true", help="run nothing, only bring what is stored into its form")
    options = parser.parse_args(arguments)
    if options.check and options.form:
        parser.error("choose one of --check and --form, got both")
    # A python3 kernel in the user's folder may belong to another Python.
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    try:
        paths = chosen(options.names, NOTEBOOKS)
    except FileNotFoundError as error:
        parser.error(str(error))
    if options.form:
        for path in paths:
            _store(path, normalised(read(path)))
        return 0
    failures = [path for path in paths if _one(path, check=options.check)]
    return 1 if failures else 0


def _one(path: Path, *, check: bool) -> bool:
    """Run one notebook and store it, or compare it; True where that failed."""
    try:
        new = rerun(path)
    except CellExecutionError as error:
        print(f"{path.stem}: a cell failed\n{error}")
        return True
    stored = read(path)
    if check:
        keep_what_may_differ(new, stored, pictures=reason_here() is not None)
        changes = difference(path.read_text(encoding="utf-8"), text(new), path.name)
        print(f"{path.stem}: {'differs' if changes else 'as stored'}", *changes, sep="\n")
        return bool(changes)
    keep_equal_pictures(new, stored)
    _store(path, new)
    if path.stem == README_LESSON:
        (path.parent / README_PICTURE).write_bytes(readme_picture(new))
    return False


def _store(path: Path, new: NotebookNode) -> None:
    """Write the file, and say whether that changed it."""
    changed = path.read_text(encoding="utf-8") != text(new)
    path.write_text(text(new), encoding="utf-8", newline="\n")
    print(f"{path.stem}: {'stored anew' if changed else 'unchanged'}")


if __name__ == "__main__":
    sys.exit(main())
