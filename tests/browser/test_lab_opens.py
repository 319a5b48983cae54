"""JupyterLab opens the first notebook; a slider moved by keyboard changes a picture in place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from support.jupyterlab_in_browser import NOTEBOOKS, Lab, OpenNotebook
from support.stored_notebook import normalised, text

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no browser tests").expect

SLIDER = """
import io
import ipywidgets
from PIL import Image

def picture(width):
    packed = io.BytesIO()
    Image.new("RGB", (width, 8), "teal").save(packed, "png")
    return packed.getvalue()

slider = ipywidgets.IntSlider(value=10, min=1, max=20)
image = ipywidgets.Image(value=picture(10), layout={"width": "200px", "height": "40px"})
slider.observe(lambda change: setattr(image, "value", picture(change["new"])), "value")
ipywidgets.VBox([slider, image])
"""


def test_the_first_notebook_opens_and_runs(open_notebook: Callable[[str], OpenNotebook]) -> None:
    assert (NOTEBOOKS / "00_start_here.ipynb").is_file()
    notebook = open_notebook("00_start_here.ipynb")
    notebook.run_all()
    assert notebook.errors == []


def test_an_arrow_key_on_a_slider_changes_the_picture(lab: Lab, open_notebook: Callable[[str], OpenNotebook]) -> None:
    path = lab.write("slider.ipynb", text(normalised(new_notebook(cells=[new_code_cell(SLIDER.strip())]))))
    notebook = open_notebook(path)
    notebook.run_all()
    outputs = notebook.outputs(1)
    handle = outputs.get_by_role("slider")
    expect(handle).to_have_attribute("aria-valuetext", "10")
    image = outputs.locator("img")
    expect(image).to_have_js_property("naturalWidth", 10)

    handle.focus()
    for expected in (11, 12, 13):
        notebook.page.keyboard.press("ArrowRight")
        expect(image).to_have_js_property("naturalWidth", expected)
    expect(handle).to_have_attribute("aria-valuetext", "13")
    assert notebook.errors == []


def test_a_failing_cell_is_told(lab: Lab, open_notebook: Callable[[str], OpenNotebook]) -> None:
    failing = new_code_cell("raise ValueError('threads must be at least 1, got 0')")
    planned = new_code_cell("raise KeyError('on purpose')", metadata={"tags": ["raises-exception"]})
    path = lab.write("failing.ipynb", text(normalised(new_notebook(cells=[planned, failing]))))
    notebook = open_notebook(path)
    with pytest.raises(AssertionError, match="ValueError: threads must be at least 1, got 0"):
        notebook.run_all()
    assert notebook.failures() == ["ValueError: threads must be at least 1, got 0"]
