"""The mutex lesson's panel as a learner uses it: keyboard, both clocks, no page jump."""

from __future__ import annotations

import re
from collections.abc import Callable

import nbformat
import pytest
from jupyterlab_in_browser import NOTEBOOKS, Lab, OpenNotebook
from nbformat.v4 import new_code_cell, new_notebook
from stored_notebook import normalised, text

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no browser tests").expect

LESSON = "02_mutex.ipynb"
SLOW = """
import threading, time
import semalab as lab

def slow(threads=1):
    worker = threading.Thread(target=time.sleep, args=(20 if threads < 12 else 0.01,), name="worker")
    worker.start()
    worker.join()
    print("threads", threads)

panel = lab.interact(slow, threads=(1, 12))
panel
"""

# Where the picture is, seen from the slider, and how large: wherever JupyterLab has scrolled the page to.
PLACE = """panel => {
    const [slider, picture] = ['[role=slider]', 'img'].map(e => panel.querySelector(e).getBoundingClientRect());
    return [picture.width, picture.height, picture.left - panel.getBoundingClientRect().left,
            picture.top - slider.top].map(Math.round);
}"""


def panel_cell(name: str) -> int:
    cells = nbformat.read(NOTEBOOKS / name, as_version=4).cells
    return next(n for n, cell in enumerate(cells, 1) if cell.cell_type == "code" and "lab.interact(" in cell.source)


def test_the_keyboard_breaks_mutual_exclusion_and_mends_it(open_notebook: Callable[[str], OpenNotebook]) -> None:
    notebook = open_notebook(LESSON)
    notebook.run_all()
    panel = notebook.outputs(panel_cell(LESSON))
    said = panel.get_by_role("status")
    expect(said).to_contain_text("Mutual exclusion held: never more than 1 inside")
    picture = panel.locator("img")
    before, place = picture.get_attribute("src"), panel.evaluate(PLACE)

    initial = panel.get_by_role("slider").nth(1)
    initial.focus()
    notebook.page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("Mutual exclusion broken: 2 threads inside at once")
    expect(picture).not_to_have_attribute("src", str(before))
    assert panel.evaluate(PLACE) == place  # nothing jumped

    notebook.page.keyboard.press("ArrowLeft")
    notebook.page.keyboard.press("ArrowLeft")
    expect(said).to_contain_text("Deadlock: 10 threads wait for `mutex` (value 0)")
    assert panel.evaluate(PLACE) == place
    assert notebook.errors == []


def test_seed_clock_and_fold_answer(open_notebook: Callable[[str], OpenNotebook]) -> None:
    notebook = open_notebook(LESSON)
    notebook.run_all()
    panel = notebook.outputs(panel_cell(LESSON))
    said = panel.get_by_role("status")
    panel.get_by_role("button", name="next seed").click()
    expect(said).to_contain_text("virtual clock, seed 1")
    panel.get_by_role("button", name="wall").click()
    expect(said).to_contain_text(re.compile("Mutual exclusion held.*wall clock", re.DOTALL))
    panel.get_by_text("What the program printed").click()
    expect(panel.get_by_text("The program printed nothing.")).to_be_visible()
    assert notebook.errors == []


def test_the_last_value_wins_on_the_wall_clock(lab: Lab, open_notebook: Callable[[str], OpenNotebook]) -> None:
    """Each value but the last would run for 20 s; the last is shown long before that, and no run is left."""
    cells = [
        new_code_cell(SLOW.strip()),
        new_code_cell("sum(t.name.startswith('semalab') for t in threading.enumerate())"),
    ]
    notebook = open_notebook(lab.write("slow.ipynb", text(normalised(new_notebook(cells=cells)))))
    notebook.run_all()
    panel = notebook.outputs(1)
    panel.get_by_role("button", name="wall").click()
    panel.get_by_role("slider").focus()
    for _ in range(11):
        notebook.page.keyboard.press("ArrowRight")
    panel.get_by_text("What the program printed").click()
    expect(panel.get_by_text("threads 12")).to_be_visible()
    notebook.cell(2).click()
    notebook.page.keyboard.press("Control+Enter")
    expect(notebook.outputs(2)).to_have_text(re.compile(r":\s*0$"))
    assert notebook.errors == []


def test_the_present_run_is_stepped_through_in_its_fold(open_notebook: Callable[[str], OpenNotebook]) -> None:
    notebook = open_notebook(LESSON)
    notebook.run_all()
    panel = notebook.outputs(panel_cell(LESSON))
    panel.get_by_text("Step through this run").click()
    frame = panel.frame_locator("iframe")
    expect(frame.locator("#said")).to_have_text("main begins")
    frame.get_by_role("slider", name="Step").focus()
    notebook.page.keyboard.press("End")
    expect(frame.locator("#said")).to_have_text("main ends")
    initial = panel.get_by_role("slider").nth(1)
    initial.focus()
    notebook.page.keyboard.press("ArrowLeft")
    expect(frame.locator("#said")).to_have_text("main begins")  # of the new run
    frame.get_by_role("slider", name="Step").focus()
    notebook.page.keyboard.press("End")
    expect(frame.locator("#said")).to_contain_text("The run is stopped: Deadlock")
    assert notebook.errors == []


GROWING = """
import threading, time
import semalab as lab

def come_and_go(seconds=60):
    door = threading.Semaphore(1)

    def work():
        for _ in range(20 * seconds):
            with door:
                time.sleep(0.05)

    threads = [threading.Thread(target=work, name=f"worker-{i}") for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

panel = lab.interact(come_and_go, seconds=(0, 90), timeout=200)
panel
"""


def test_a_long_wall_run_grows_and_can_be_stopped_by_keyboard(
    lab: Lab, open_notebook: Callable[[str], OpenNotebook]
) -> None:
    notebook = open_notebook(lab.write("growing.ipynb", text(normalised(new_notebook(cells=[new_code_cell(GROWING)])))))
    notebook.run_all()
    panel = notebook.outputs(1)
    picture, stop = panel.locator("img"), panel.get_by_role("button", name="stop run")
    expect(stop).to_be_disabled()
    place = panel.evaluate(PLACE)
    panel.get_by_role("button", name="wall").click()
    expect(panel.get_by_text(re.compile(r"Running on the wall clock: [0-9.]+ s so far"))).to_be_visible()
    before = picture.get_attribute("src")
    expect(picture).not_to_have_attribute("src", str(before))  # it grows
    assert panel.evaluate(PLACE) == place
    expect(stop).to_be_enabled()
    notebook.screenshot("growing")
    stop.focus()
    notebook.page.keyboard.press("Enter")
    expect(panel.get_by_role("status")).to_contain_text("Stopped: the stop button was pressed")
    expect(stop).to_be_disabled()
    assert panel.evaluate(PLACE) == place

    panel.get_by_role("button", name="run", exact=True).click()
    expect(stop).to_be_enabled()
    panel.get_by_role("slider").focus()
    notebook.page.keyboard.press("Home")  # seconds: 0
    expect(panel.get_by_role("status")).to_contain_text("wall clock")
    expect(panel.get_by_role("status")).not_to_contain_text("Running")
    expect(stop).to_be_disabled()
    assert notebook.errors == []


def test_a_part_of_the_run_is_chosen_by_keyboard(open_notebook: Callable[[str], OpenNotebook]) -> None:
    notebook = open_notebook(LESSON)
    notebook.run_all()
    panel = notebook.outputs(panel_cell(LESSON))
    picture, place = panel.locator("img"), panel.evaluate(PLACE)
    panel.get_by_text("Look closer").click()
    whole = str(picture.get_attribute("src"))
    begin = panel.get_by_role("slider").nth(2)  # after the two dials
    begin.focus()
    for _ in range(20):
        notebook.page.keyboard.press("ArrowRight")
    expect(picture).not_to_have_attribute("src", whole)
    notebook.screenshot("closer")
    assert panel.evaluate(PLACE) == place
    panel.get_by_role("button", name="show all").focus()
    notebook.page.keyboard.press("Enter")
    expect(picture).to_have_attribute("src", re.compile("^blob:|^data:"))
    panel.get_by_role("listbox").focus()
    shown = str(picture.get_attribute("src"))
    notebook.page.keyboard.press("End")
    expect(picture).not_to_have_attribute("src", shown)
    assert notebook.errors == []
