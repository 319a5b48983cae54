"""Each notebook rule accepts a right lesson and complains about the lesson that breaks it, and only that."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path

import notebook_rules as rules
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image
from stored_notebook import WIDGET_VIEW, normalised, text


def png(colour: str = "white") -> str:
    packed = io.BytesIO()
    Image.new("RGB", (4, 3), colour).save(packed, "png")
    return base64.b64encode(packed.getvalue()).decode()


def picture(sentence: str = "Ten threads, one at a time.") -> NotebookNode:
    return new_output("display_data", {"image/png": png(), "text/plain": sentence})


def lesson() -> NotebookNode:
    """Eight code cells, of which cell 3 (counting all) shows a picture and cell 10 opens the sliders."""
    cells = [
        new_markdown_cell("# Limit how many run at once\nNext: [the lock](02_mutex.ipynb)", id="title"),
        new_code_cell("import semalab as lab", execution_count=1, id="code1"),
        new_code_cell("run", execution_count=2, outputs=[picture()], id="code2"),
        new_markdown_cell("![ten bars, none overlapping](bars.png)\n\nBack: [start](00_start_here.ipynb)", id="image"),
        *[new_code_cell(f"print({n})", execution_count=n, id=f"code{n}") for n in range(3, 8)],
        new_code_cell("lab.interact(program, threads=(1, 20))", execution_count=8, id="code8"),
    ]
    return normalised(new_notebook(cells=cells))


def complaints(rule: rules.Rule, folder: Path, change: Callable[[NotebookNode], object] | None = None) -> list[str]:
    """What the rule says about 01_limiter.ipynb, a right lesson between two others, after this change to it."""
    for neighbour in ("00_start_here.ipynb", "02_mutex.ipynb", "bars.png"):
        (folder / neighbour).touch()
    notebook, path = lesson(), folder / "01_limiter.ipynb"
    if change:
        change(notebook)
    path.write_text(text(notebook), encoding="utf-8")
    return list(rule(notebook, path))


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_a_right_lesson_keeps_the_rule(rule: rules.Rule, tmp_path: Path) -> None:
    assert complaints(rule, tmp_path) == []


def source(number: int, code: str) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        notebook.cells[number - 1].source = code

    return change


def cell(number: int, **parts: object) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        notebook.cells[number - 1].update(parts)

    return change


def tagged(number: int, *tags: str, code: str = "print(4)") -> Callable[[NotebookNode], None]:
    return cell(number, metadata=NotebookNode(tags=list(tags)), source=code)


def every_code_cell(code: str) -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        for each in notebook.cells:
            if each.cell_type == "code":
                each.source = code

    return change


def add_code(times: int, code: str = "pass") -> Callable[[NotebookNode], None]:
    def change(notebook: NotebookNode) -> None:
        notebook.cells += [new_code_cell(code, execution_count=9 + n, id=f"more{n}") for n in range(times)]

    return change


LONG = "\n".join(["pass"] * 17)
ERROR = new_output("error", ename="ValueError", evalue="n must be at least 1", traceback=[])
WIDGET = new_output("display_data", {WIDGET_VIEW: {"model_id": "1"}, "text/plain": "VBox()"})

BROKEN: list[tuple[rules.Rule, Callable[[NotebookNode], object], str]] = [
    (
        rules.is_valid,
        cell(2, colour="red"),
        "the notebook must follow the schema of nbformat 4.5",
    ),
    (rules.is_executed, cell(5, execution_count=None), "cell 5 must have execution count 3, got None"),
    (rules.is_executed, cell(5, execution_count=7), "cell 5 must have execution count 3, got 7"),
    (rules.has_no_unplanned_error, cell(5, outputs=[ERROR]), "cell 5 stores a ValueError and must be tagged"),
    (rules.has_no_unplanned_error, tagged(5, "raises-exception"), "cell 5 is tagged raises-exception and must store"),
    (rules.is_in_normal_form, lambda nb: nb.metadata.update(widgets={}), "the notebook must not store widget state"),
    (rules.is_in_normal_form, cell(5, outputs=[WIDGET]), "cell 5 must not store a widget view"),
    (rules.is_in_normal_form, cell(5, metadata={"scrolled": True}), "the file must be in normal form: run"),
    (rules.has_short_code, lambda nb: nb.cells.pop(), "a lesson must have 8 to 18 code cells, got 7"),
    (rules.has_short_code, add_code(11), "a lesson must have 8 to 18 code cells, got 19"),
    (rules.has_short_code, every_code_cell("pass\n" * 5), "the median code cell must have at most 4 lines, got 5"),
    (rules.has_short_code, source(5, "pass\n" * 10), "nine of ten code cells must have at most 9 lines, got 10"),
    (rules.has_short_code, add_code(2, LONG), "at most one code cell may have more than 16 lines, got cell 11 (17), c"),
    (rules.has_short_code, source(5, "# nothing"), "code cell 5 must have code in it"),
    (rules.has_short_prose, source(1, "word " * 91), "markdown cell 1 must have at most 90 words, got 91"),
    (rules.describes_its_images, source(4, "![](bars.png)"), "the image bars.png in cell 4 must have alt text"),
    (rules.describes_its_images, source(4, '<img src="bars.png" alt="">'), "the image <img src="),
    (
        rules.says_what_pictures_show,
        cell(3, outputs=[picture("<Figure>")]),
        "the picture of cell 3 must have a sentence",
    ),
    (rules.is_compared, source(5, "# NBVAL_IGNORE_OUTPUT\nrun"), "cell 5 must say NBVAL_IGNORE_OUTPUT with a tag"),
    (rules.is_compared, source(5, "#NBVAL_SKIP"), "cell 5 must say NBVAL_SKIP with a tag"),
    (rules.is_compared, tagged(5, "nbval-skip"), "cell 5 must be compared, but is tagged nbval-skip"),
    (rules.is_compared, tagged(5, "skip-execution"), "cell 5 must be compared, but is tagged skip-execution"),
    (
        rules.is_compared,
        tagged(5, "nbval-ignore-output", code="assert run.duration < 1"),
        "cell 5 is tagged nbval-ignore-output and must be tagged wall-clock too",
    ),
    (
        rules.is_compared,
        tagged(5, "nbval-ignore-output", "wall-clock", code="%time run  # assert"),
        "cell 5 is tagged nbval-ignore-output and must assert what its output shows",
    ),
    (rules.is_compared, tagged(5, "nbval-check-output"), "cell 5 is tagged nbval-check-output and must store an out"),
    (
        rules.shows_a_picture_above_each_panel,
        cell(3, outputs=[]),
        "a stored picture must stand above the sliders of ce",
    ),
    (
        rules.shows_a_picture_above_each_panel,
        source(8, "panel = interact(program, threads=(1, 5))"),
        "a stored picture must stand above the sliders of cell 10 (and below those before)",
    ),
    (rules.has_links_that_lead_somewhere, source(4, "[start](00_start.ipynb)"), "the link to 00_start.ipynb in cell 4"),
    (
        rules.has_links_that_lead_somewhere,
        source(1, "# Limit"),
        "the notebook must link to its neighbour 02_mutex.ipynb",
    ),
    (
        rules.names_nobodys_disk,
        cell(5, outputs=[new_output("stream", text="/home/ada/lab.py")]),
        "the output of cell 5 must read the same on every machine, but holds /home/",
    ),
    (
        rules.names_nobodys_disk,
        cell(5, outputs=[new_output("display_data", {"text/plain": "<lock at 0x7f32a1b2c3d0>"})]),
        "the output of cell 5 must read the same on every machine, but holds 0x7f32a1b2c3d0",
    ),
]


@pytest.mark.parametrize(("rule", "change", "complaint"), BROKEN, ids=[f"{b[0].__name__}-{b[2][:40]}" for b in BROKEN])
def test_a_broken_lesson_is_told(
    rule: rules.Rule, change: Callable[[NotebookNode], object], complaint: str, tmp_path: Path
) -> None:
    told = complaints(rule, tmp_path, change)
    assert [line for line in told if line.startswith(complaint)], told


def test_a_badly_named_lesson_is_told(tmp_path: Path) -> None:
    told = list(rules.is_named_by_number(lesson(), tmp_path / "limiter.ipynb"))
    assert told == ["a notebook must be named NN_name.ipynb (lower case, digits, underscores), got limiter.ipynb"]


def test_every_rule_is_broken_here_once() -> None:
    assert {rule for rule, _, _ in BROKEN} | {rules.is_named_by_number} == set(rules.RULES)


def test_a_wall_clock_cell_that_asserts_may_be_ignored(tmp_path: Path) -> None:
    excused = tagged(5, "nbval-ignore-output", "wall-clock", code="run\nassert run.verdict")
    assert complaints(rules.is_compared, tmp_path, excused) == []


def test_words_in_code_fences_links_and_tags_are_not_prose() -> None:
    prose = "Two words\n```python\nimport many, more, words\n```\n<b title='no word'>[three](a/b.html)</b> | - |"
    assert rules._words(prose) == 3
