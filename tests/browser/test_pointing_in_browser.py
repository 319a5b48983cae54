"""The panel's own picture in JupyterLab, pointed at: by mouse and by keys it says what is there, follows and zooms."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from support.jupyterlab_in_browser import Lab, OpenNotebook
from support.stored_notebook import normalised, text

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no browser tests").expect

PROGRAM = """
import threading, time
import semalab as lab

def visit(threads=3, initial=1):
    mutex = threading.Semaphore(initial)
    def work(number):
        time.sleep(0.01 * number)
        with mutex:
            time.sleep(0.1)
    workers = [threading.Thread(target=work, args=(i,), name=f"worker-{i}") for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
"""
PANEL = "lab.interact(visit, threads=(1, 4), initial=(0, 2))"
CHOOSER = "lab.interact(lab.explore(visit, threads=2, initial=2, check=lab.mutual_exclusion))"
UNKNOWN = """
import traitlets
import semalab.notebook.layer as layer

class Unknown(layer.Layer):
    "As where the front end has no anywidget."
    _model_module = traitlets.Unicode("nowhere").tag(sync=True)

layer.Layer = Unknown
"""


def opened(lab: Lab, open_notebook: Callable[[str], OpenNotebook], name: str, *cells: str) -> OpenNotebook:
    made = [new_code_cell(cell.strip()) for cell in (PROGRAM, *cells)]
    notebook = open_notebook(lab.write(name, text(normalised(new_notebook(cells=made)))))
    notebook.run_all()
    return notebook


def shown_with_layer(panel: Locator) -> tuple[Locator, Locator, Locator]:
    """The layer over a panel's picture, ready and in view; what it says; and the picture."""
    svg = panel.locator(".semalab-layer svg")
    expect(svg).to_have_attribute("aria-busy", "false")
    svg.evaluate("svg => svg.scrollIntoView({block: 'center'})")
    return svg, panel.locator(".told span").first, panel.locator(".widget-image")


def test_a_bar_is_pointed_at_followed_and_shown_larger(lab: Lab, open_notebook: Callable[[str], OpenNotebook]) -> None:
    asked: list[str] = []
    notebook = opened(lab, open_notebook, "pointed.ipynb", PANEL)
    page, panel = notebook.page, notebook.outputs(2)
    page.on("request", lambda request: asked.append(request.url))
    svg, told, picture = shown_with_layer(panel)
    boxes = [
        one.evaluate("e => { const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; }")
        for one in (svg, picture)
    ]
    assert boxes[0] == pytest.approx(boxes[1], abs=1)  # it lies on the picture

    svg.focus()
    page.keyboard.press("ArrowRight")
    expect(told).to_have_text("worker-0 holds mutex from 0 ms to 100 ms: 100 ms · line 8: with mutex:")
    ring = svg.locator(".ring").bounding_box()
    assert ring is not None
    page.mouse.move(ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2)
    expect(told).to_have_text(re.compile("worker-0 holds mutex"))
    page.mouse.move(ring["x"] + ring["width"] * 2, ring["y"] + ring["height"] / 2)
    expect(told).to_have_text("worker-0")
    page.mouse.click(ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2)
    expect(told).to_have_text("worker-0 lets others in once")
    expect(svg.locator(".followed")).to_have_count(2)  # its row, and the one hand-over
    notebook.screenshot("pointed_followed")

    whole = picture.get_attribute("src")
    page.mouse.move(ring["x"] + 0.2 * ring["width"], ring["y"] + 4)
    page.mouse.down()
    page.mouse.move(ring["x"] + 0.7 * ring["width"], ring["y"] + 4, steps=5)
    expect(svg.locator(".range")).to_have_count(1)
    page.mouse.up()
    expect(picture).not_to_have_attribute("src", str(whole))
    expect(panel.get_by_role("button", name="show all")).to_be_visible()
    expect(svg).to_have_attribute("aria-busy", "false")
    svg.focus()
    page.keyboard.press("ArrowRight")
    expect(told).to_have_text(re.compile("worker-0 holds mutex from 0 ms to 100 ms"))  # told whole, shown in part
    notebook.screenshot("pointed_part")
    part = picture.get_attribute("src")
    page.mouse.dblclick(ring["x"] + ring["width"], ring["y"] + 4)
    expect(picture).not_to_have_attribute("src", str(part))
    expect(panel.locator(".whole")).to_be_hidden()
    assert [url for url in asked if not url.startswith((lab.url, "blob:", "data:"))] == []  # nothing from elsewhere
    assert notebook.errors == []


def test_a_dial_changes_what_is_told_and_the_keys_are_the_pictures_own(
    lab: Lab, open_notebook: Callable[[str], OpenNotebook]
) -> None:
    notebook = opened(lab, open_notebook, "dialled.ipynb", PANEL)
    page, panel = notebook.page, notebook.outputs(2)
    svg, told = panel.locator(".semalab-layer svg"), panel.locator(".told span").first
    panel.get_by_role("slider").nth(1).focus()
    page.keyboard.press("ArrowRight")  # initial: 2
    expect(panel.get_by_role("status")).to_contain_text("Limit of 2 held")
    expect(svg).to_have_attribute("aria-busy", "false")
    svg.focus()
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    for key in ("ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(told).to_have_text(re.compile("worker-1 holds mutex from 10 ms to 110 ms"))
    page.keyboard.press("Enter")
    expect(told).to_have_text(re.compile("^worker-1 "))
    page.keyboard.press("+")
    expect(panel.locator(".whole")).to_be_visible()
    expect(svg).to_have_attribute("aria-busy", "false")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    for key in "abx":  # commands of JupyterLab's for cells
        page.keyboard.press(key)
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
    expect(panel.locator(".whole")).to_be_hidden()
    assert svg.evaluate("svg => svg === document.activeElement")
    assert notebook.errors == []


def test_with_the_steps_open_a_click_goes_there(lab: Lab, open_notebook: Callable[[str], OpenNotebook]) -> None:
    notebook = opened(lab, open_notebook, "stepped.ipynb", PANEL)
    page, panel = notebook.page, notebook.outputs(2)
    svg = panel.locator(".semalab-layer svg")
    panel.get_by_text("Step through this run").click()
    said = panel.frame_locator("iframe").locator("#said")
    expect(said).to_contain_text("acquires")
    expect(svg).to_have_attribute("aria-busy", "false")
    svg.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)  # past who holds first, and the two who wait
    expect(panel.locator(".told span").first).to_have_text(re.compile(r"holds mutex from 100 ms to 200 ms"))
    expect(panel.frame_locator("iframe").locator("#where")).to_contain_text("100 ms")
    assert notebook.errors == []


def test_where_the_front_end_does_not_know_the_layer_the_picture_is_there(
    lab: Lab, open_notebook: Callable[[str], OpenNotebook]
) -> None:
    notebook = opened(lab, open_notebook, "unknown.ipynb", UNKNOWN, PANEL)
    panel = notebook.outputs(3)
    picture = panel.locator(".widget-image")
    expect(picture).to_be_visible()
    before = picture.get_attribute("src")
    panel.get_by_role("slider").first.focus()
    notebook.page.keyboard.press("ArrowRight")
    expect(picture).not_to_have_attribute("src", str(before))
    notebook.screenshot("unknown_layer")
    assert panel.get_by_text(re.compile("error|failed", re.IGNORECASE)).filter(visible=True).count() == 0


def test_a_schedule_that_is_chosen_is_pointed_at(lab: Lab, open_notebook: Callable[[str], OpenNotebook]) -> None:
    notebook = opened(lab, open_notebook, "schedules.ipynb", CHOOSER)
    page, panel = notebook.page, notebook.outputs(2)
    svg, told = panel.locator(".semalab-layer svg"), panel.locator(".told span").first
    picture = panel.locator(".semalab-pointed .widget-image")
    expect(svg).to_have_attribute("aria-busy", "false")
    svg.evaluate("svg => svg.scrollIntoView({block: 'center'})")
    boxes = [
        one.evaluate("e => { const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; }")
        for one in (svg, picture)
    ]
    assert boxes[0] == pytest.approx(boxes[1], abs=1)  # it lies on this picture, which is less high than a panel's
    svg.focus()
    page.keyboard.press("ArrowRight")
    expect(told).to_have_text(re.compile("^worker-[01] holds mutex from "))
    whole = picture.get_attribute("src")
    page.keyboard.press("+")
    expect(picture).not_to_have_attribute("src", str(whole))
    expect(svg).to_have_attribute("aria-busy", "false")
    notebook.screenshot("schedule_part")
    panel.get_by_role("button", name="show all").click()
    expect(panel.locator(".whole")).to_be_hidden()
    assert notebook.errors == []


def test_fingers_point_follow_and_show_a_part(
    browser: BrowserContext, lab: Lab, open_notebook: Callable[[str], OpenNotebook]
) -> None:
    """A tap follows the thread of what is there; a finger drawn across shows that part larger."""
    notebook = opened(lab, open_notebook, "touched.ipynb", PANEL)
    page, panel = notebook.page, notebook.outputs(2)
    svg, told, picture = shown_with_layer(panel)
    svg.focus()
    page.keyboard.press("ArrowRight")
    ring = svg.locator(".ring").bounding_box()
    assert ring is not None
    page.keyboard.press("Escape")
    expect(told).to_have_text("")
    session = browser.new_cdp_session(page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 1})

    def touch(kind: str, *place: float) -> None:
        points = [{"x": place[0], "y": place[1]}] if place else []
        session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

    x, y = ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2
    touch("Start", x, y)
    touch("End")
    expect(told).to_have_text("worker-0 lets others in once")
    expect(svg.locator(".followed")).to_have_count(2)
    whole = picture.get_attribute("src")
    touch("Start", x, y)
    for step in range(1, 9):
        touch("Move", x + 0.1 * step * ring["width"], y)
    touch("End")
    expect(picture).not_to_have_attribute("src", str(whole))
    expect(panel.locator(".whole")).to_be_visible()
    notebook.screenshot("touched_part")
    expect(svg).to_have_attribute("aria-busy", "false")
    part = picture.get_attribute("src")
    panel.get_by_role("button", name="show all").click()
    expect(picture).not_to_have_attribute("src", str(part))
    expect(panel.locator(".whole")).to_be_hidden()
    assert notebook.errors == []
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    session.detach()
