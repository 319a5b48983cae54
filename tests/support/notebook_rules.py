"""What every lesson keeps to: each rule reads one stored notebook and yields its complaints, in sentences.

A rule's complaint names the cell by its number from 1, counting all cells, as a reader counts them.
"""

from __future__ import annotations

import ast
import copy
import math
import re
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbval.plugin import comment_markers

from support.notebook_network import reaches_nothing_but_this_machine
from support.notebook_outline import (
    ends_with_further_reading,
    has_anchors_that_exist,
    has_headings_in_order,
    is_read_in_ten_minutes,
    makes_a_deck,
)
from support.notebook_text import FENCE, LINK, code_cells, code_lines, markdown_cells, parsed, tags, words
from support.stored_notebook import IGNORED, WIDGET_VIEW, normalised, text

Rule = Callable[[NotebookNode, Path], Iterator[str]]

NAME = re.compile(r"\d\d_[a-z][a-z0-9_]*\.ipynb")
CODE_CELLS = (8, 18)  # those of exercises are not counted: they have their own time
EXERCISE = re.compile(r"^lab\.check\(", re.MULTILINE)
MEDIAN_LINES, P90_LINES, LONGEST = 4, 9, 16
MARKDOWN_WORDS = 90
WALL_CLOCK = "wall-clock"  # the tag that says why an output is ignored: the cell measures real time
TAGS = frozenset({IGNORED, WALL_CLOCK, "nbval-check-output", "raises-exception"})

HTML_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
ALT = re.compile(r"""\balt\s*=\s*(["'])\s*\S.*?\1""", re.IGNORECASE | re.DOTALL)
SOMEBODYS_DISK = re.compile(r"/home/|/root/|/Users/|/tmp/|site-packages|[A-Z]:\\+Users|0x[0-9a-f]{8,}")


def is_valid(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """The file is a notebook by Jupyter's own schema."""
    try:
        nbformat.validate(copy.deepcopy(notebook))
    except nbformat.ValidationError as error:
        yield f"the notebook must follow the schema of nbformat 4.5: {error.message}"


def is_named_by_number(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """The name sorts: 01_limiter.ipynb."""
    if not NAME.fullmatch(path.name):
        yield f"a notebook must be named NN_name.ipynb (lower case, digits, underscores), got {path.name}"


def is_executed(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """Every code cell was run, once, from top to bottom."""
    for expected, (number, cell) in enumerate(code_cells(notebook), start=1):
        if cell.execution_count != expected:
            yield f"cell {number} must have execution count {expected}, got {cell.execution_count}: rerun the notebook"


def has_no_unplanned_error(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """An error is stored exactly where the lesson raises one on purpose."""
    for number, cell in code_cells(notebook):
        errors = [output.ename for output in cell.outputs if output.output_type == "error"]
        if errors and "raises-exception" not in tags(cell):
            yield f"cell {number} stores a {errors[0]} and must be tagged raises-exception, or not fail"
        if not errors and "raises-exception" in tags(cell):
            yield f"cell {number} is tagged raises-exception and must store an error, got none"


def is_in_normal_form(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """The stored file is what rerun_notebooks.py would write for it."""
    if "widgets" in notebook.metadata:
        yield "the notebook must not store widget state (metadata.widgets)"
    for number, cell in code_cells(notebook):
        if any(WIDGET_VIEW in output.get("data", ()) for output in cell.outputs):
            yield f"cell {number} must not store a widget view: its widget died with the kernel"
    stored = path.read_text(encoding="utf-8") if path.is_file() else text(notebook)
    if stored != text(normalised(notebook)):
        yield f"the file must be in normal form: run `python tests/rerun_notebooks.py {path.stem}`"


def has_short_code(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """A reader takes the code in at a glance; one whole program may be longer."""
    lengths = [(code_lines(cell.source), number) for number, cell in code_cells(notebook)]
    counted = sum(not EXERCISE.search(cell.source) for _, cell in code_cells(notebook))
    lines = sorted(length for length, _ in lengths)
    low, high = CODE_CELLS
    if not low <= counted <= high:
        yield f"a lesson must have {low} to {high} code cells, exercises apart, got {counted}"
    if not lines:
        return
    median, p90 = statistics.median(lines), lines[math.ceil(0.9 * len(lines)) - 1]
    if median > MEDIAN_LINES:
        yield f"the median code cell must have at most {MEDIAN_LINES} lines, got {median:g}"
    if p90 > P90_LINES:
        yield f"nine of ten code cells must have at most {P90_LINES} lines, got {p90}"
    long = [f"cell {number} ({length})" for length, number in lengths if length > LONGEST]
    if len(long) > 1:
        yield f"at most one code cell may have more than {LONGEST} lines, got {', '.join(long)}"
    for length, number in lengths:
        if length == 0:
            yield f"code cell {number} must have code in it"


def has_short_prose(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """Prose comes in paragraphs that fit between two cells."""
    for number, cell in markdown_cells(notebook):
        if (length := words(cell.source)) > MARKDOWN_WORDS:
            yield f"markdown cell {number} must have at most {MARKDOWN_WORDS} words, got {length}"


def describes_its_images(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """Whoever cannot see an image can read it."""
    for number, cell in markdown_cells(notebook):
        source = FENCE.sub("", cell.source)
        for bang, alt, target in LINK.findall(source):
            if bang and not alt.strip():
                yield f"the image {target} in cell {number} must have alt text"
        for tag in HTML_IMAGE.findall(source):
            if not ALT.search(tag):
                yield f"the image {tag} in cell {number} must have alt text"


def says_what_pictures_show(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """Every stored picture has its sentence beside it, for screen readers and for nbval."""
    for number, cell in code_cells(notebook):
        for output in cell.outputs:
            kinds = output.get("data", {})
            sentence = kinds.get("text/plain", "")
            if "image/png" in kinds and (not sentence or sentence.startswith("<")):
                yield f"the picture of cell {number} must have a sentence as text/plain, got {sentence!r}"
            if "image/png" in kinds and not output.get("metadata", {}).get("image/png", {}).get("alt"):
                yield f"the picture of cell {number} must have alt text: rerun the notebook"


def is_compared(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """nbval compares every output; only a cell that measures real time may be excused, and asserts its claim then."""
    for number, cell in code_cells(notebook):
        for line in cell.source.splitlines():
            comment = line.strip().lstrip("#").strip()
            if line.strip().startswith("#") and comment in comment_markers:
                yield f"cell {number} must say {comment} with a tag, not with a comment"
        tagged = tags(cell)
        for tag in sorted(tagged - TAGS):
            if tag.startswith("nbval") or "skip" in tag:
                yield f"cell {number} must be compared, but is tagged {tag}"
        if IGNORED in tagged and WALL_CLOCK not in tagged:
            yield f"cell {number} is tagged {IGNORED} and must be tagged {WALL_CLOCK} too: no other reason counts"
        if IGNORED in tagged and not _asserts(cell.source):
            yield f"cell {number} is tagged {IGNORED} and must assert what its output shows"
        if "nbval-check-output" in tagged and not cell.outputs:
            yield f"cell {number} is tagged nbval-check-output and must store an output"


def shows_a_picture_above_each_panel(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """Where sliders cannot be drawn (GitHub, an untrusted first open), a stored picture stands in for them."""
    picture = False
    for number, cell in code_cells(notebook):
        if _opens_panel(cell.source):
            if not picture:
                yield f"a stored picture must stand above the sliders of cell {number} (and below those before)"
            picture = False
        picture = picture or any("image/png" in output.get("data", ()) for output in cell.outputs)


def has_links_that_lead_somewhere(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """Relative links and images exist, and each lesson leads to the one before and the one after."""
    lessons = sorted(p.name for p in path.parent.glob("*.ipynb"))
    linked: set[str] = set()
    for number, cell in markdown_cells(notebook):
        for _, _, target in LINK.findall(FENCE.sub("", cell.source)):
            file = target.partition("#")[0]
            if not file or re.match(r"[a-z]+:", target):
                continue
            linked.add(file.removeprefix("./"))
            if not (path.parent / file).exists():
                yield f"the link to {target} in cell {number} must lead to a file beside the notebook"
    if path.name in lessons:
        here = lessons.index(path.name)
        for neighbour in lessons[max(here - 1, 0) : here] + lessons[here + 1 : here + 2]:
            if neighbour not in linked:
                yield f"the notebook must link to its neighbour {neighbour}"


def names_nobodys_disk(notebook: NotebookNode, path: Path) -> Iterator[str]:
    """Outputs hold no path of the machine that ran them, and no memory address."""
    for number, cell in code_cells(notebook):
        for output in cell.outputs:
            shown = [output.get("text", ""), *output.get("traceback", ())]
            shown += [value for kind, value in output.get("data", {}).items() if kind.startswith("text/")]
            for found in sorted({m.group() for m in SOMEBODYS_DISK.finditer("\n".join(shown))}):
                yield f"the output of cell {number} must read the same on every machine, but holds {found}"


RULES: tuple[Rule, ...] = (
    is_valid,
    is_named_by_number,
    is_executed,
    has_no_unplanned_error,
    is_in_normal_form,
    has_short_code,
    has_short_prose,
    describes_its_images,
    says_what_pictures_show,
    is_compared,
    shows_a_picture_above_each_panel,
    has_links_that_lead_somewhere,
    names_nobodys_disk,
    has_headings_in_order,
    has_anchors_that_exist,
    is_read_in_ten_minutes,
    ends_with_further_reading,
    makes_a_deck,
    reaches_nothing_but_this_machine,
)


def _asserts(source: str) -> bool:
    return any(isinstance(node, ast.Assert) for node in ast.walk(parsed(source)))


def _opens_panel(source: str) -> bool:
    calls = (node.func for node in ast.walk(parsed(source)) if isinstance(node, ast.Call))
    return "interact" in {getattr(f, "attr", None) or getattr(f, "id", None) for f in calls}
