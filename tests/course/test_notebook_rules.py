"""Each notebook rule accepts a right lesson and complains about the lesson that breaks it, and only that."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image
from support import notebook_rules as rules
from support.notebook_text import words
from support.stored_notebook import WIDGET_VIEW, normalised, text


def png(colour: str = "white") -> str:
    packed = io.BytesIO()
    Image.new("RGB", (4, 3), colour).save(packed, "png")
    return base64.b64encode(packed.getvalue()).decode()


DOCS = "https://docs.python.org/3/library/threading.html"


def picture(sentence: str = "Ten threads, one at a time.") -> NotebookNode:
    return new_output("display_data", {"image/png": png(), "text/plain": sentence})


def lesson() -> NotebookNode:
    """Eight code cells, of which cell 3 (counting all) shows a picture and cell 10 opens the sliders; eleven sections.

    Cells 11 to 20 are the sections Case 1 to Case 10, cell 21 is the last.
    """
    cells = [
        new_markdown_cell("# Limit how many run at once\nNext: [the lock](02_mutex.ipynb)", id="title"),
        new_code_cell("import semalab as lab", execution_count=1, id="code1"),
        new_code_cell("run", execution_count=2, outputs=[picture()], id="code2"),
        new_markdown_cell("![ten bars, none overlapping](bars.png)\n\nBack: [start](00_start_here.ipynb)", id="image"),
        *[new_code_cell(f"print({n})", execution_count=n, id=f"code{n}") for n in range(3, 8)],
        new_code_cell("lab.interact(program, threads=(1, 20))", execution_count=8, id="code8"),
        *[new_markdown_cell(f"## Case {n}\nIt holds.", id=f"case{n}") for n in range(1, 11)],
        new_markdown_cell(f"## Further reading\n[threading]({DOCS})", id="reading"),
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


def without_alt_text(notebook: NotebookNode) -> None:
    notebook.cells[2].outputs[0].metadata = NotebookNode()


def no_sections(notebook: NotebookNode) -> None:
    del notebook.cells[10:]


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
    (rules.has_short_code, lambda nb: nb.cells.pop(9), "a lesson must have 8 to 18 code cells, exercises apart, got 7"),
    (rules.has_short_code, add_code(11), "a lesson must have 8 to 18 code cells, exercises apart, got 19"),
    (rules.has_short_code, every_code_cell("pass\n" * 5), "the median code cell must have at most 4 lines, got 5"),
    (rules.has_short_code, source(5, "pass\n" * 10), "nine of ten code cells must have at most 9 lines, got 10"),
    (rules.has_short_code, add_code(2, LONG), "at most one code cell may have more than 16 lines, got cell 22 (17), c"),
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
    (rules.says_what_pictures_show, without_alt_text, "the picture of cell 3 must have alt text"),
    (
        rules.has_headings_in_order,
        source(11, "# Another title"),
        "a lesson must begin with its title, the one heading with a single #, got 2 of them",
    ),
    (
        rules.has_headings_in_order,
        source(1, "## Limit"),
        "a lesson must begin with its title, the one heading with a s",
    ),
    (
        rules.has_headings_in_order,
        source(12, "#### Deep"),
        "the heading 'Deep' in cell 12 must not leave out a level",
    ),
    (
        rules.has_headings_in_order,
        source(12, "## *Case* `1`"),
        "the heading 'Case 1' must stand once, and stands again in cell 12",
    ),
    (
        rules.has_headings_in_order,
        source(12, "So it holds.\n\n## Case 2"),
        "a heading must stand at the top of its cell, unlike one in cell 12",
    ),
    (
        rules.has_anchors_that_exist,
        source(4, "[later](#Case-11)"),
        "the link to #Case-11 in cell 4 must lead to a heading",
    ),
    (
        rules.has_anchors_that_exist,
        source(4, "[there](01_limiter.ipynb#case-1)"),
        "the link to 01_limiter.ipynb#case-1 in cell 4 must lead to a heading",
    ),
    (
        rules.is_read_in_ten_minutes,
        source(11, "## Case 1\n" + "word " * 2000),
        "a lesson must be read in 10 minutes, exercises apart, but takes 10.8: 2,053 words at 200 a minute, 8 lines",
    ),
    (
        rules.ends_with_further_reading,
        source(21, "## Summary"),
        "the last heading must be 'Further reading', got 'Summary'",
    ),
    (
        rules.ends_with_further_reading,
        source(21, "## Further reading\nA book."),
        "the section 'Further reading' must link to the pages of docs.python.org",
    ),
    (
        rules.makes_a_deck,
        cell(11, metadata=NotebookNode()),
        "cell 11 must have the slide type slide, got -: rerun the notebook",
    ),
    (rules.makes_a_deck, no_sections, "a lesson's deck must have 10 to 50 slides, got 3"),
    (
        rules.reaches_nothing_but_this_machine,
        source(5, 'urlopen("https://www.python.org/")'),
        "cell 5 must reach nothing but 127.0.0.1, got 'www.python.org'",
    ),
    (
        rules.reaches_nothing_but_this_machine,
        source(5, 'ThreadingHTTPServer(("", 0), Handler)'),
        "cell 5 must reach nothing but 127.0.0.1, got ''",
    ),
    (
        rules.reaches_nothing_but_this_machine,
        source(5, 'socket.getaddrinfo("example.org", 80)'),
        "cell 5 must reach nothing but 127.0.0.1, got 'example.org'",
    ),
    (rules.reaches_nothing_but_this_machine, source(5, "%pip install x"), "cell 5 must not start a shell, got %pip"),
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
    assert words(prose) == 3


def test_a_lesson_may_serve_and_ask_this_machine_and_link_inside(tmp_path: Path) -> None:
    for code in (
        'ThreadingHTTPServer(("127.0.0.1", 0), Handler)',
        'urlopen(f"http://127.0.0.1:{port}/")',
        "print('not a shell!')",
    ):
        assert complaints(rules.reaches_nothing_but_this_machine, tmp_path, source(5, code)) == []
    inside = source(4, "[a](#Case-3), [b](01_limiter.ipynb#Case-4), [c](https://docs.python.org/3/#no)")
    assert complaints(rules.has_anchors_that_exist, tmp_path, inside) == []


def test_exercises_are_not_counted_as_code_cells(tmp_path: Path) -> None:
    assert complaints(rules.has_short_code, tmp_path, add_code(20, 'lab.check("mutex-1", 3)')) == []


def test_exercises_and_the_list_at_the_end_have_their_own_time(tmp_path: Path) -> None:
    exercise = source(20, "## Exercises\n" + "word " * 2000)
    assert complaints(rules.is_read_in_ten_minutes, tmp_path, exercise) == []
