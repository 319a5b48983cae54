"""A notebook that was run, saved and closed: opened again, it shows what it showed, with a kernel and without."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from support.jupyterlab_in_browser import Lab, OpenNotebook
from support.stored_notebook import normalised, text

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no browser tests").expect

PROGRAM = """
import threading, time
import semalab as lab

def visit(threads=2, initial=1):
    mutex = threading.Semaphore(initial)
    def work():
        with mutex:
            time.sleep(0.01)
    workers = [threading.Thread(target=work, name=f"worker-{i}") for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
"""
CELLS = [
    PROGRAM.strip(),
    'lab.record(visit, clock="virtual").replay()',
    "lab.interact(visit, threads=(1, 4), initial=(0, 2))",
    "lab.interact(lab.explore(visit, threads=2))",
]
REPLAY, PANEL, SCHEDULES = 2, 3, 4  # numbers of their cells
WIDE = "image => image.checkVisibility() && image.naturalWidth > 500"
UNSEEN = ("Error displaying widget", "Loading widget")


def saved(lab: Lab, open_notebook: Callable[..., OpenNotebook], name: str) -> None:
    """Run all, turn a dial, save; opening another one anew closes it, and ends its kernel."""
    notebook = open_notebook(lab.write(name, text(normalised(new_notebook(cells=[*map(new_code_cell, CELLS)])))))
    notebook.run_all()
    panel = notebook.outputs(PANEL)
    expect(panel.locator(".semalab-still")).to_be_hidden()
    expect(panel.locator(".widget-image")).to_be_visible()
    before = panel.locator(".semalab-still").get_attribute("src")
    panel.get_by_role("slider").first.focus()
    notebook.page.keyboard.press("ArrowRight")
    expect(panel.get_by_role("status")).to_contain_text("3 threads")
    expect(panel.locator(".semalab-still")).not_to_have_attribute("src", str(before))
    notebook.save()


def shows_everything(notebook: OpenNotebook) -> None:
    for number, words in ((PANEL, "3 threads"), (SCHEDULES, "Proved")):
        still = notebook.outputs(number).locator(".semalab-still")
        expect(still).to_be_visible()
        assert still.evaluate(WIDE)
        assert words in str(still.get_attribute("alt"))
        notebook.screenshot(f"reopened_{number}")
    frame = notebook.outputs(REPLAY).frame_locator("iframe")
    frame.get_by_role("slider", name="Step").focus()
    notebook.page.keyboard.press("Home")
    expect(frame.locator("#said")).to_have_text("main begins")
    notebook.page.keyboard.press("End")
    expect(frame.locator("#said")).to_have_text("main ends")
    expect(notebook.outputs(REPLAY).locator("img")).to_be_hidden()
    for words in UNSEEN:
        assert notebook.page.get_by_text(words).filter(visible=True).count() == 0


def test_with_a_new_kernel_everything_is_still_there(lab: Lab, open_notebook: Callable[..., OpenNotebook]) -> None:
    saved(lab, open_notebook, "reopened.ipynb")
    notebook = open_notebook("reopened.ipynb", anew=True)
    shows_everything(notebook)
    assert notebook.errors == []
    notebook.run_all()  # and comes to life again
    panel = notebook.outputs(PANEL)
    expect(panel.locator(".widget-image")).to_be_visible()
    expect(panel.locator(".semalab-still")).to_be_hidden()


def test_without_a_kernel_everything_is_still_there(lab: Lab, open_notebook: Callable[..., OpenNotebook]) -> None:
    saved(lab, open_notebook, "kernelless.ipynb")
    empty = lab.write("empty.ipynb", text(normalised(new_notebook(cells=[new_code_cell("1")]))))
    notebook = open_notebook(empty, anew=True)
    notebook.open_without_kernel("kernelless.ipynb")
    shows_everything(notebook)


def test_whoever_does_not_trust_it_sees_the_pictures(lab: Lab, open_notebook: Callable[..., OpenNotebook]) -> None:
    """As a teacher does who opens what was handed in."""
    saved(lab, open_notebook, "handed.ipynb")
    foreign = (lab.folder / "handed.ipynb").read_text(encoding="utf-8").replace("time.sleep(0.01)", "time.sleep(0.010)")
    notebook = open_notebook(lab.write("foreign.ipynb", foreign), anew=True)
    for number in (REPLAY, PANEL, SCHEDULES):
        image = notebook.outputs(number).locator("img")
        expect(image).to_be_visible()
        assert image.evaluate(WIDE)
    assert notebook.page.locator(".jp-Notebook iframe").count() == 0
