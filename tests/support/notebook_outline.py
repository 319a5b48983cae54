"""A lesson's outline, and what a reader needs for it: the rules about headings, anchors, reading time and slides.

They read as those of notebook_rules.py do, which lists them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode

from support.notebook_text import FENCE, FOLD, LINK, code_lines, markdown_cells, words
from support.slides import slide_types
from support.stored_notebook import read

LAST = "Further reading"
EXERCISES = "Exercises"
WORDS_A_MINUTE = 200
SECONDS_A_CODE_LINE = 4
MINUTES = 10  # "Ten minutes, and ten more for the exercises": theirs are spent with thinking
SLIDES = (10, 50)

HEADING = re.compile(r"^(#{1,6}) +(.+?)[ #]*$", re.MULTILINE)
FENCE_BODY = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
MARKUP = re.compile(r"[*`]|\]\([^)]*\)|\[")


class Heading(NamedTuple):
    """A heading: the number of its cell, its level, and its words without markup."""

    cell: int
    level: int
    words: str

    @property
    def anchor(self) -> str:
        """What a link calls it, in JupyterLab and in a page made by nbconvert."""
        return self.words.replace(" ", "-")


def headings(notebook: NotebookNode) -> list[Heading]:
    """The headings of a notebook, in order."""
    return [
        Heading(number, len(match[1]), MARKUP.sub("", match[2]))
        for number, cell in markdown_cells(notebook)
        for match in HEADING.finditer(FENCE.sub("", cell.source))
    ]


def has_headings_in_order(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """One title, then sections: no level is left out, no heading stands twice, and each stands at the top of a cell."""
    found = headings(notebook)
    titles = sum(heading.level == 1 for heading in found)
    if titles != 1 or found[0].level != 1:
        yield f"a lesson must begin with its title, the one heading with a single #, got {titles} of them"
    seen: set[str] = set()
    level = 1
    for heading in found:
        if heading.level > level + 1:
            yield f"the heading {heading.words!r} in cell {heading.cell} must not leave out a level"
        if heading.words in seen:
            yield f"the heading {heading.words!r} must stand once, and stands again in cell {heading.cell}"
        seen.add(heading.words)
        level = heading.level
    for number, cell in markdown_cells(notebook):
        if HEADING.search(FENCE.sub("", cell.source).lstrip().partition("\n")[2]):
            yield f"a heading must stand at the top of its cell, unlike one in cell {number}"


def has_anchors_that_exist(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """A link to a #heading, here or in another lesson, finds it."""
    for number, cell in markdown_cells(notebook):
        for _, _, target in LINK.findall(FENCE.sub("", cell.source)):
            file, sign, anchor = target.partition("#")
            if not sign or re.match(r"[a-z]+:", target) or (file and not file.endswith(".ipynb")):
                continue
            other = path.parent / file
            if file and not other.is_file():
                continue  # has_links_that_lead_somewhere says so
            there = read(other) if file else notebook
            if anchor not in {heading.anchor for heading in headings(there)}:
                yield f"the link to {target} in cell {number} must lead to a heading, written as Words-of-the-heading"


def is_read_in_ten_minutes(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """At an unhurried pace, and without the exercises and the list at the end."""
    prose, lines = reading(notebook)
    minutes = prose / WORDS_A_MINUTE + lines * SECONDS_A_CODE_LINE / 60
    shown = math.ceil(minutes * 10) / 10
    if minutes > MINUTES:
        yield (
            f"a lesson must be read in {MINUTES} minutes, exercises apart, but takes {shown}: {prose:,} words at "
            f"{WORDS_A_MINUTE} a minute, {lines} lines of code at {SECONDS_A_CODE_LINE} seconds"
        )


def reading(notebook: NotebookNode) -> tuple[int, int]:
    """The words of prose and the lines of code of a lesson, outside of its exercises and its further reading."""
    prose = lines = 0
    section = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (found := HEADING.match(cell.source)):
            section = found[2]
        if section in (EXERCISES, LAST):
            continue
        if cell.cell_type == "markdown":
            prose += words(cell.source)
            lines += sum(code_lines(fence) for fence in FENCE_BODY.findall(FOLD.sub("", cell.source)))
        elif cell.cell_type == "code":
            lines += code_lines(cell.source)
    return prose, lines


def ends_with_further_reading(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """The last section says where it is all written, and has a link in it."""
    found = headings(notebook)
    if not found or found[-1].words != LAST:
        yield f"the last heading must be {LAST!r}, got {found[-1].words if found else None!r}"
        return
    closing = "\n".join(cell.source for number, cell in markdown_cells(notebook) if number >= found[-1].cell)
    if not any(target.startswith("https://docs.python.org/") for _, _, target in LINK.findall(closing)):
        yield f"the section {LAST!r} must link to the pages of docs.python.org that the lesson rests on"


def makes_a_deck(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """Each cell has the place in the deck that slides.py gives it, and the deck has a lecture's length."""
    kinds = list(slide_types(notebook))
    for number, (cell, kind) in enumerate(zip(notebook.cells, kinds, strict=True), start=1):
        stored = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        if stored != kind:
            yield f"cell {number} must have the slide type {kind}, got {stored}: rerun the notebook"
    slides = sum(kind in ("slide", "subslide") for kind in kinds)
    if not SLIDES[0] <= slides <= SLIDES[1]:
        yield f"a lesson's deck must have {SLIDES[0]} to {SLIDES[1]} slides, got {slides}"


def anchors(text: str) -> set[str]:
    """What a link may name after its # in a page with this text, as GitHub writes it."""
    words = (MARKUP.sub("", match[2]) for match in HEADING.finditer(FENCE.sub("", text)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in words}
