"""A stored notebook depends on its cells alone: not on who ran it, where, when, or how often."""

from __future__ import annotations

import base64
import io
from typing import Any

from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from PIL import Image
from support.stored_notebook import WIDGET_VIEW, keep_equal_pictures, keep_what_may_differ, normalised, text


def notebook_of(cells: list[NotebookNode], metadata: dict[str, Any] | None = None) -> NotebookNode:
    """A notebook with these cells, good or bad: nbformat's own function would mend it at random."""
    return from_dict({"cells": cells, "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 5})


def saved_by_jupyterlab() -> NotebookNode:
    view = {WIDGET_VIEW: {"model_id": "63ab"}, "text/plain": "IntSlider(value=1)"}
    hello = [new_output("stream", name="stdout", text=part) for part in ("hel", "lo\n")]
    hello.insert(1, new_output("display_data", {}))  # a bar that is gone
    cells = [
        new_markdown_cell("# Title", id="same"),
        new_code_cell("1 + 1", execution_count=7, id="same", metadata={"scrolled": True, "tags": []}),
        new_code_cell("hello()", execution_count=12, outputs=hello, metadata={"tags": ["wall-clock"]}, id="hello"),
        new_code_cell("slider", execution_count=13, outputs=[new_output("execute_result", view, execution_count=13)]),
    ]
    metadata = {"kernelspec": {"name": "mine"}, "language_info": {"version": "3.13.0"}, "widgets": {"state": {}}}
    return notebook_of(cells, metadata)


def test_normalising_drops_what_changes_from_save_to_save() -> None:
    notebook = normalised(saved_by_jupyterlab())
    title, sum_, hello, slider = notebook.cells
    assert (title.id, sum_.id) == ("same", "same-2")
    assert [cell.execution_count for cell in (sum_, hello, slider)] == [1, 2, 3]
    assert sum_.metadata == {"slideshow": {"slide_type": "fragment"}}
    assert hello.metadata == {"slideshow": {"slide_type": "fragment"}, "tags": ["wall-clock"]}
    assert [output.text for output in hello.outputs] == ["hello\n"]
    assert slider.outputs[0].data == {"text/plain": "IntSlider(value=1)"}
    assert slider.outputs[0].execution_count == 3
    assert notebook.metadata.kernelspec.name == "python3"
    assert "version" not in notebook.metadata.language_info
    assert "widgets" not in notebook.metadata


def test_normalising_keeps_the_picture_of_what_jupyterlab_shows_otherwise() -> None:
    """A replay is a page there, and a panel has its last picture beside it."""
    picture = {"image/png": "iVBORw0KGgo=", "text/plain": "Replay in 3 steps."}
    replay = {**picture, "text/html": '<div class="semalab-replay"><iframe></iframe></div>'}
    still = {**picture, "text/html": '<img class="semalab-still">'}
    outputs = [new_output("display_data", data) for data in (replay, still, {WIDGET_VIEW: {"model_id": "63ab"}})]
    (cell,) = normalised(notebook_of([new_code_cell("run.replay()", execution_count=1, outputs=outputs)])).cells
    assert [output.data for output in cell.outputs] == [picture, picture]


def test_normalising_twice_changes_nothing() -> None:
    once = normalised(saved_by_jupyterlab())
    assert text(normalised(once)) == text(once)
    assert text(once).endswith("}\n")


def test_normalising_leaves_its_argument_alone() -> None:
    notebook = saved_by_jupyterlab()
    before = text(notebook)
    normalised(notebook)
    assert text(notebook) == before


def test_a_cell_that_was_not_run_stays_not_run() -> None:
    assert normalised(notebook_of([new_code_cell("run")])).cells[0].execution_count is None


def test_a_traceback_keeps_the_notebooks_own_frames_only() -> None:
    frames = ["ValueError  Traceback", "Cell In[1], line 1", "File \x1b[32m~/threading.py:446\x1b[0m", "ValueError: no"]
    error = new_output("error", ename="ValueError", evalue="no", traceback=frames)
    (output,) = normalised(notebook_of([new_code_cell("x", outputs=[error])])).cells[0].outputs
    assert output.traceback == ["ValueError  Traceback", "Cell In[1], line 1", "ValueError: no"]


def shown(colour: str, level: int, *tags: str) -> NotebookNode:
    """A notebook with one picture of this colour, packed at this level of compression."""
    packed = io.BytesIO()
    Image.new("RGB", (90, 90), colour).save(packed, "png", compress_level=level)
    picture = new_output("display_data", {"image/png": base64.b64encode(packed.getvalue()).decode()})
    cell = new_code_cell("run", outputs=[picture], id="run", execution_count=1, metadata={"tags": list(tags)})
    return normalised(notebook_of([cell]))


def test_a_picture_without_alt_text_takes_its_sentence() -> None:
    shows = {"image/png": "", "text/plain": "One inside."}
    described = new_output("display_data", shows, metadata={"image/png": {"alt": "Timeline. One inside."}})
    cell = new_code_cell("run", outputs=[new_output("display_data", shows), described], execution_count=1)
    outputs = normalised(notebook_of([cell])).cells[0].outputs
    assert [output.metadata["image/png"].alt for output in outputs] == ["One inside.", "Timeline. One inside."]


def test_a_picture_that_looks_the_same_keeps_its_stored_bytes() -> None:
    stored, new = shown("red", 9), shown("red", 1)
    assert text(new) != text(stored)
    keep_equal_pictures(new, stored)
    assert text(new) == text(stored)


def test_a_picture_that_looks_different_is_stored_anew() -> None:
    stored, new = shown("red", 9), shown("blue", 9)
    before = text(new)
    keep_equal_pictures(new, stored)
    assert text(new) == before


def test_check_sees_another_picture_unless_this_matplotlib_draws_otherwise() -> None:
    for pictures, same in [(False, False), (True, True)]:
        stored, new = shown("red", 9), shown("blue", 9)
        keep_what_may_differ(new, stored, pictures=pictures)
        assert (text(new) == text(stored)) is same


def test_check_leaves_ignored_outputs_out() -> None:
    stored, new = (shown(colour, 9, "nbval-ignore-output", "wall-clock") for colour in ("red", "blue"))
    keep_what_may_differ(new, stored, pictures=False)
    assert text(new) == text(stored)
