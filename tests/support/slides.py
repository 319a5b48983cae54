"""Which cell of a lesson begins a slide: one rule for `jupyter nbconvert --to slides`, so that nobody sets it by hand.

A heading begins a slide. Below it (reached with ↓) begins another where the next cell has no room left, and where an
exercise or a folded answer begins, so that the answer is not in sight while people think. On a slide each code cell
appears at a key press, together with the prose that speaks about it. What is only for reading is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nbformat import NotebookNode

WIDTH, ROOM = 1280, 720  # pixels of a slide, see nbconvert_config.py
TOP, GAP, SPARE = 10, 16, 40
CHARACTERS, PROSE, CODE, OUTPUT = 115, 32, 25, 25  # in a line of prose; pixels of a line
HEADING = {1: 90, 2: 70, 3: 50}
PICTURE = (300, 440)  # pixels that a picture may be high, however long the code above it
CHANGING = 4 * OUTPUT  # an output that differs from run to run must not move the slides
FOR_READING = ("How to use this page", "Further reading")

HEAD = re.compile(r"(#{1,6}) +(.+?)[ #]*(?:\n|$)")
FOLD = re.compile(r"<details>.*?</details>", re.DOTALL)


def slide_types(notebook: NotebookNode) -> Iterator[str]:
    """For each cell: slide, subslide, fragment, skip, or - for what goes on where the cell before it stands."""
    used, skipping = 0, False
    for number, cell in enumerate(notebook.cells):
        heading = HEAD.match(cell.source) if cell.cell_type == "markdown" else None
        needed = height(cell) + GAP
        if heading:
            skipping = heading[2] in FOR_READING
        if skipping:
            yield "skip"
        elif heading or number == 0:
            yield "slide"
            used = TOP + needed
        elif used + needed > ROOM - SPARE or begins_anew(cell):
            yield "subslide"
            used = TOP + needed
        else:
            yield "fragment" if cell.cell_type == "code" else "-"
            used += needed


def begins_anew(cell: NotebookNode) -> bool:
    """Whether the cell is a folded answer or the task of an exercise."""
    return cell.cell_type == "markdown" and cell.source.startswith(("<details>", "**Exercise"))


def height(cell: NotebookNode) -> int:
    """About how many pixels a cell takes on a slide, its folds closed."""
    if cell.cell_type != "code":
        return sum(map(_line, FOLD.sub("Answer", cell.source).splitlines()))
    lines = CODE * len(cell.source.splitlines()) + 2 * GAP
    if "nbval-ignore-output" in cell.metadata.get("tags", ()):
        return lines + CHANGING
    return lines + sum(_output(output, cell) for output in cell.get("outputs", ()))


def picture_height(cell: NotebookNode) -> int:
    """How many pixels high the pictures of a code cell may be: what its code leaves, within bounds."""
    least, most = PICTURE
    return max(least, min(most, ROOM - TOP - 4 * GAP - CODE * len(cell.source.splitlines())))


def _line(line: str) -> int:
    if not line.strip() or line.startswith("```") or set(line) <= set("|-: "):
        return 0
    if heading := HEAD.match(line):
        return HEADING.get(len(heading[1]), HEADING[3])
    return PROSE * -(-len(line) // CHARACTERS) + (8 if not line.startswith(("    ", "- ")) else 0)


def _output(output: NotebookNode, cell: NotebookNode) -> int:
    shown = output.get("data", {})
    if "image/png" in shown:
        return picture_height(cell) + GAP
    if output.output_type == "error":
        return OUTPUT * sum(len(frame.splitlines()) for frame in output.traceback)
    told = output.get("text") or shown.get("text/plain", "")
    rows = shown.get("text/html", "").count("<tr>")
    return max(OUTPUT * len(told.splitlines()), 34 * rows)
