"""Every schedule as a learner tries them: the panel's button, the chooser by keyboard, Stop, the bar, what is left."""

from __future__ import annotations

import re
from collections.abc import Callable

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output
from support.jupyterlab_in_browser import Lab, OpenNotebook
from support.stored_notebook import normalised, text

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no browser tests").expect

# Which thread came when is remembered, so hardly two schedules come to the same state: six threads are never done.
PROGRAM = """
import threading
import semalab as lab

def visit(threads=2, initial=1):
    mutex = threading.Semaphore(initial)
    visits = []

    def work(number):
        with mutex:
            visits.append(number)
        with mutex:
            visits.append(number)

    workers = [threading.Thread(target=work, args=[i], name=f"worker-{i}") for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
"""
PANEL = "lab.interact(visit, threads=(2, 6), initial=(1, 6), claim=lab.mutual_exclusion, explore=600)"
CHOOSER = """
def enter(initial):
    mutex = threading.Semaphore(initial)
    visits = []

    def work(number):
        with mutex:
            visits.append(number)

    workers = [threading.Thread(target=work, args=[i], name=f"worker-{i}") for i in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

lab.interact(lab.explore(enter, initial=2, check=lab.mutual_exclusion))
"""
SEARCHERS = "sum(t.name.startswith('semalab') for t in threading.enumerate())"
WRONG = "✗"
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

# Where the pictures are, seen from the first of all controls: wherever JupyterLab has scrolled the page to.
PLACES = """panel => {
    const top = panel.getBoundingClientRect().top;
    return [...panel.querySelectorAll('.widget-image')].map(e => e.getBoundingClientRect())
        .map(place => [place.width, place.height, place.top - top].map(Math.round));
}"""


def notebook_of(*cells: str) -> NotebookNode:
    return new_notebook(cells=[new_code_cell(cell.strip()) for cell in cells])


def answer_of(notebook: OpenNotebook, cell: int) -> str:
    """What the last expression of a cell comes to when it is run now."""
    notebook.cell(cell).click()
    notebook.page.keyboard.press("Control+Enter")
    notebook.wait_until_idle()
    return notebook.outputs(cell).inner_text()


def test_the_button_tries_every_schedule_by_keyboard_alone(
    lab: Lab, open_notebook: Callable[[str], OpenNotebook]
) -> None:
    notebook = open_notebook(lab.write("try.ipynb", text(normalised(notebook_of(PROGRAM, PANEL)))))
    notebook.run_all()
    panel, keyboard = notebook.outputs(2), notebook.page.keyboard
    expect(panel.get_by_role("status").first).to_contain_text("Mutual exclusion held")
    place = panel.evaluate(PLACES)[0]
    button = panel.get_by_role("button", name="try every schedule")
    button.focus()
    keyboard.press("Enter")
    expect(panel.get_by_text("Proved: mutual exclusion")).to_be_visible()
    expect(panel.get_by_text(re.compile(r"^0 of \d+ different schedules break it"))).to_be_visible()
    assert panel.evaluate(PLACES)[0] == place  # what was there has not moved

    panel.get_by_role("slider").nth(1).focus()
    keyboard.press("ArrowRight")
    expect(panel.get_by_text("The dials have moved since")).to_be_visible()
    expect(panel.get_by_text("Proved: mutual exclusion")).to_be_hidden()
    assert panel.evaluate(PLACES)[0] == place
    button.focus()
    keyboard.press("Space")
    expect(panel.get_by_text("Counterexample: Mutual exclusion broken: 2 threads inside at once")).to_be_visible()
    assert panel.evaluate(PLACES)[0] == place
    assert notebook.errors == []


def test_a_schedule_is_chosen_by_keyboard_or_by_a_click(lab: Lab, open_notebook: Callable[[str], OpenNotebook]) -> None:
    notebook = open_notebook(lab.write("choose.ipynb", text(normalised(notebook_of(PROGRAM, CHOOSER)))))
    notebook.run_all()
    chooser = notebook.outputs(2)
    menu, steps, pictures = chooser.get_by_role("listbox"), chooser.locator("ol li"), chooser.locator(".widget-image")
    expect(pictures).to_have_count(2)
    timeline, lanes = pictures.all()
    chosen = menu.locator("option:checked")
    expect(chosen).to_contain_text(WRONG)
    expect(chosen).to_contain_text("the shortest")
    seen, drawn = {tuple(steps.all_inner_texts())}, {timeline.get_attribute("src")}
    places = chooser.evaluate(PLACES)

    def changed(act: Callable[[], object]) -> None:
        before = str(lanes.get_attribute("src"))
        act()
        expect(lanes).not_to_have_attribute("src", before)  # the last that is drawn
        drawn.add(timeline.get_attribute("src"))  # schedules that differ in their last steps may look alike
        signs = chosen.inner_text().split("·")[1].split()  # who makes the steps
        assert [line.split()[0] for line in steps.all_inner_texts()] == signs
        seen.add(tuple(steps.all_inner_texts()))
        assert chooser.evaluate(PLACES) == places

    for name, key in (("next ▶", "Enter"), ("next ▶", "Space"), ("next ✗", "Enter")):
        button = chooser.get_by_role("button", name=name)
        button.focus()
        changed(lambda key=key: notebook.page.keyboard.press(key))  # type: ignore[misc]
        expect(button).to_be_focused()
    expect(chosen).to_contain_text(WRONG)
    changed(lambda: menu.select_option(index=0))
    assert len(seen) == 5 and len(drawn) > 2
    assert notebook.errors == []


def test_stop_keeps_what_was_found_and_a_slider_cancels(lab: Lab, open_notebook: Callable[[str], OpenNotebook]) -> None:
    path = lab.write("stop.ipynb", text(normalised(notebook_of(PROGRAM, PANEL, SEARCHERS))))
    notebook = open_notebook(path)
    notebook.run_all()
    panel, keyboard = notebook.outputs(2), notebook.page.keyboard
    for number, key in ((0, "End"), (1, "End")):
        panel.get_by_role("slider").nth(number).focus()
        keyboard.press(key)
    expect(panel.get_by_role("status").first).to_contain_text("6 threads")
    panel.get_by_role("button", name="try every schedule").click()
    expect(panel.get_by_text(re.compile(r"[\d,]+ of at most 100,000 schedules run"))).to_be_visible()
    stop = panel.get_by_role("button", name="stop search")
    stop.focus()
    keyboard.press("Enter")
    expect(panel.get_by_text(re.compile(r"^\d+ of [\d,]+ different schedules so far break it"))).to_be_visible()
    expect(stop).to_be_disabled()

    panel.get_by_role("button", name="try every schedule").click()
    expect(panel.get_by_text(re.compile(r"[\d,]+ of at most 100,000 schedules run"))).to_be_visible()
    panel.get_by_role("slider").nth(0).focus()
    keyboard.press("Home")
    expect(panel.get_by_text("Stopped, because the dials have moved.")).to_be_visible()
    expect(panel.get_by_role("status").first).to_contain_text("2 threads")
    assert answer_of(notebook, 3).split()[-1] == "0"  # nobody searches any more
    assert notebook.errors == []


def test_a_long_search_in_a_cell_shows_a_bar_that_goes_away(
    lab: Lab, open_notebook: Callable[[str], OpenNotebook]
) -> None:
    search = "found = lab.explore(visit, threads=6, initial=6, seconds=600)\nprint(found.verdict, found.interrupted)"
    notebook = open_notebook(lab.write("bar.ipynb", text(normalised(notebook_of(PROGRAM, search)))))
    notebook.cell(1).click()
    notebook.page.keyboard.press("Shift+Enter")
    notebook.page.keyboard.press("Shift+Enter")
    bar = notebook.outputs(2).locator("progress")
    expect(bar).to_be_visible()
    expect(notebook.outputs(2)).to_contain_text("Kernel ▸ Interrupt stops it and keeps what was found.")
    notebook.interrupt()
    expect(notebook.outputs(2)).to_contain_text("budget exhausted True")
    expect(bar).to_have_count(0)
    assert notebook.failures() == []
    assert notebook.errors == []


def test_a_chooser_whose_kernel_has_ended_is_a_picture(lab: Lab, open_notebook: Callable[[str], OpenNotebook]) -> None:
    """As a learner's notebook is saved, with a view of widgets that are gone; opened elsewhere, and so not trusted."""
    notebook = normalised(notebook_of(CHOOSER))
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "gone", "version_major": 2, "version_minor": 0}}
    data = {**view, "image/png": DOT, "text/plain": "Counterexample"}
    notebook.cells[0].execution_count = 1
    notebook.cells[0].outputs = [new_output("execute_result", data=data, execution_count=1)]
    opened = open_notebook(lab.write("stored.ipynb", nbformat.writes(notebook)))
    expect(opened.outputs(1).locator("img")).to_be_visible()
    assert opened.errors == []
