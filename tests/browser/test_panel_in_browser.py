"""The mutex lesson's panel as a learner uses it: keyboard, both clocks, no page jump."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from support.jupyterlab_in_browser import NOTEBOOKS, Lab, OpenNotebook
from support.stored_notebook import normalised, text

if TYPE_CHECKING:
    from playwright.sync_api import Locator

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
    const [slider, picture] = ['[role=slider]', '.widget-image'].map(
        e => panel.querySelector(e).getBoundingClientRect());
    return [picture.width, picture.height, picture.left - panel.getBoundingClientRect().left,
            picture.top - slider.top].map(Math.round);
}"""

# Where what is below the sentence begins, seen from the picture.
FOLD = """panel => {
    const [picture, fold] = ['.widget-image', '.widget-toggle-button .fa-caret-right'].map(
        e => panel.querySelector(e).getBoundingClientRect());
    return Math.round(fold.top - picture.top);
}"""
SHOWN = "image => image.src"
CHANGED = "([image, before]) => image.src !== before"
BEGINS = "([words, seconds]) => Math.abs(parseFloat(words.textContent) / seconds - 1) < 0.02"  # one step is 0.05

# Every text in sight with the contrast of its ink, as it is mixed with what lies below it, to its ground.
INKS = """panel => {
    const parse = colour => {
        const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
        return colour.startsWith('color(') ? [255 * r, 255 * g, 255 * b, a] : [r, g, b, a];
    };
    const over = (top, ground, part) => [0, 1, 2].map(i => top[i] * top[3] * part + ground[i] * (1 - top[3] * part));
    const light = colour => {
        const [r, g, b] = colour.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = element => {
        if (!element) return [255, 255, 255];
        const own = parse(getComputedStyle(element).backgroundColor);
        return own[3] === 1 ? own.slice(0, 3) : over(own, ground(element.parentElement), 1);
    };
    const opacity = element => element ? getComputedStyle(element).opacity * opacity(element.parentElement) : 1;
    const found = [];
    const walker = document.createTreeWalker(panel, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement, word = walker.currentNode.textContent.trim();
        if (!word || !element.checkVisibility({visibilityProperty: true}) || element.closest(':disabled')) continue;
        const below = ground(element), ink = over(parse(getComputedStyle(element).color), below, opacity(element));
        const [dark, bright] = [light(ink), light(below)].sort((a, b) => a - b);
        found.push([word, (bright + 0.05) / (dark + 0.05)]);
    }
    return found;
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
    picture = panel.locator(".widget-image")
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
    expect(panel.get_by_text("What the program printed")).to_be_hidden()  # it printed nothing
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
    expect(frame.locator("#said")).to_contain_text("acquires")  # where something happens, not where threads begin
    frame.get_by_role("slider", name="Step").focus()
    notebook.page.keyboard.press("Home")
    expect(frame.locator("#said")).to_have_text("main begins")
    notebook.page.keyboard.press("End")
    expect(frame.locator("#said")).to_have_text("main ends")
    initial = panel.get_by_role("slider").nth(1)
    initial.focus()
    notebook.page.keyboard.press("ArrowLeft")
    expect(frame.locator("#said")).to_contain_text("worker-")  # of the new run
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
    picture, stop = panel.locator(".widget-image"), panel.get_by_role("button", name="stop run")
    expect(stop).to_be_hidden()  # nobody needs it on the virtual clock
    place, fold = panel.evaluate(PLACE), panel.evaluate(FOLD)
    panel.get_by_role("button", name="wall").click()
    expect(panel.get_by_text(re.compile(r"Running on the wall clock: [0-9.]+ s so far"))).to_be_visible()
    assert panel.evaluate(FOLD) == fold
    before = picture.get_attribute("src")
    expect(picture).not_to_have_attribute("src", str(before))  # it grows
    assert panel.evaluate(PLACE) == place
    expect(stop).to_be_enabled()
    notebook.screenshot("growing")
    stop.focus()
    notebook.page.keyboard.press("Enter")
    expect(panel.get_by_role("status")).to_contain_text("Stopped: the stop button was pressed")
    expect(stop).to_be_hidden()
    assert panel.evaluate(PLACE) == place

    panel.get_by_role("button", name="run", exact=True).click()
    expect(stop).to_be_enabled()
    panel.get_by_role("slider").focus()
    notebook.page.keyboard.press("Home")  # seconds: 0
    expect(panel.get_by_role("status")).to_contain_text("wall clock")
    expect(panel.get_by_role("status")).not_to_contain_text("Running")
    expect(stop).to_be_hidden()
    assert notebook.errors == []


RAISING = """
import threading
import semalab as lab

def raises(threads=1):
    def work():
        if threads > 1:
            raise LookupError("no such seat " * 40)

    threading.Thread(target=work, name="worker").start()

panel = lab.interact(raises, threads=(1, 2))
panel
"""


def test_a_traceback_moves_nothing(lab: Lab, open_notebook: Callable[[str], OpenNotebook]) -> None:
    notebook = open_notebook(lab.write("raising.ipynb", text(normalised(new_notebook(cells=[new_code_cell(RAISING)])))))
    notebook.run_all()
    panel = notebook.outputs(1)
    place, fold = panel.evaluate(PLACE), panel.evaluate(FOLD)
    panel.get_by_role("slider").focus()
    notebook.page.keyboard.press("ArrowRight")
    expect(panel.get_by_text("in work: raise LookupError")).to_be_visible()
    notebook.screenshot("raising")
    assert (panel.evaluate(PLACE), panel.evaluate(FOLD)) == (place, fold)
    notebook.page.keyboard.press("ArrowLeft")
    expect(panel.get_by_text("in work: raise LookupError")).to_be_hidden()
    assert (panel.evaluate(PLACE), panel.evaluate(FOLD)) == (place, fold)
    assert notebook.errors == []


def test_a_slider_moved_while_a_run_grows_is_answered_at_once(
    lab: Lab, open_notebook: Callable[[str], OpenNotebook]
) -> None:
    """The run would take a minute and a half; the kernel goes on answering, and only the last value is shown."""
    cells = [new_code_cell(GROWING), new_code_cell("sum(t.name.startswith('semalab') for t in threading.enumerate())")]
    notebook = open_notebook(lab.write("moved.ipynb", text(normalised(new_notebook(cells=cells)))))
    notebook.run_all()
    panel = notebook.outputs(1)
    panel.get_by_role("button", name="wall").click()
    expect(panel.get_by_text(re.compile("s so far"))).to_be_visible()
    panel.get_by_role("slider").first.focus()
    for key in ("End", "ArrowLeft", "ArrowLeft"):
        notebook.page.keyboard.press(key)
        expect(panel.get_by_text(re.compile("s so far"))).to_be_visible()
    place = panel.evaluate(PLACE)
    notebook.page.keyboard.press("Home")
    notebook.page.keyboard.press("ArrowRight")  # seconds: 1, of which each of the two threads sleeps one
    expect(panel.get_by_role("status")).to_contain_text("Mutual exclusion held", timeout=20_000)
    assert panel.evaluate(PLACE) == place
    notebook.cell(2).click()
    notebook.page.keyboard.press("Control+Enter")
    expect(notebook.outputs(2)).to_have_text(re.compile(r":\s*0$"))
    assert notebook.errors == []


def focus_by_tab(notebook: OpenNotebook, target: Locator, presses: int = 60) -> None:
    """Press Tab until the target has the focus."""
    for _ in range(presses):
        if target.evaluate("e => e === document.activeElement || e.contains(document.activeElement)"):
            return
        notebook.page.keyboard.press("Tab")
    raise AssertionError(f"{target} does not get the focus by Tab")


def test_a_part_of_the_run_is_chosen_by_keyboard_alone(open_notebook: Callable[[str], OpenNotebook]) -> None:
    notebook = open_notebook(LESSON)
    notebook.run_all()
    panel = notebook.outputs(panel_cell(LESSON))
    picture, place = panel.locator(".widget-image"), panel.evaluate(PLACE)
    keys = notebook.page.keyboard
    whole = picture.evaluate(SHOWN)
    panel.get_by_role("slider").first.focus()
    focus_by_tab(notebook, panel.get_by_role("button", name="Look closer"))
    keys.press("Enter")
    window = panel.get_by_text(re.compile("to .* milliseconds$"))
    expect(window).to_have_text(re.compile("^0 to"))
    end = float(window.inner_text().split()[2])

    handle = panel.get_by_role("slider").nth(2)  # after the two dials: where the window begins
    focus_by_tab(notebook, handle)
    for _ in range(20):
        keys.press("ArrowRight")
    moved = end * 20 / float(handle.get_attribute("aria-valuemax") or 0)
    notebook.page.wait_for_function(BEGINS, arg=[window.element_handle(), moved])  # after the last of the twenty
    notebook.page.wait_for_function(CHANGED, arg=[picture.element_handle(), whole])
    notebook.screenshot("closer")
    assert panel.evaluate(PLACE) == place

    begins = window.inner_text().split()[0]
    part = picture.evaluate(SHOWN)
    focus_by_tab(notebook, panel.get_by_label("find"))
    keys.type("worker-2, worker-6")
    expect(panel.get_by_role("option")).to_have_text(["worker-2", "worker-6"])
    focus_by_tab(notebook, panel.get_by_role("button", name="only these"))
    keys.press("Enter")
    notebook.page.wait_for_function(CHANGED, arg=[picture.element_handle(), part])
    notebook.screenshot("closer_threads")

    panel.get_by_role("slider").first.focus()
    focus_by_tab(notebook, panel.get_by_role("button", name="next seed"))
    keys.press("Enter")
    expect(panel.get_by_role("status")).to_contain_text("seed 1")
    expect(window).to_have_text(re.compile(f"^{begins} to"))  # there, too

    focus_by_tab(notebook, panel.get_by_role("button", name="show all").last)  # the fold's; the picture has one, too
    keys.press("Enter")
    expect(window).to_have_text(re.compile("^0 to"))
    assert panel.evaluate(PLACE) == place
    assert notebook.errors == []


def test_the_picture_is_saved_and_copied_by_the_browser(open_notebook: Callable[[str], OpenNotebook]) -> None:
    notebook = open_notebook(LESSON)
    notebook.run_all()
    panel = notebook.outputs(panel_cell(LESSON))
    notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    with notebook.page.expect_download() as saved:
        panel.get_by_role("button", name="save picture").click()
    assert saved.value.suggested_filename == "visit_the_room.png"
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")
    panel.get_by_role("button", name="copy picture").click()
    expect(panel.get_by_role("button", name="copied")).to_be_visible()
    kinds = "async () => (await navigator.clipboard.read()).flatMap(item => item.types)"
    assert notebook.page.evaluate(kinds) == ["image/png"]
    assert notebook.errors == []


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_the_words_are_readable_in_either_theme(
    theme: str, lab: Lab, open_notebook: Callable[[str], OpenNotebook]
) -> None:
    """WCAG's 4.5 to 1 for all that stands in the panel, while a run grows, when it was stopped, and in each fold."""
    notebook = open_notebook(lab.write("themes.ipynb", text(normalised(new_notebook(cells=[new_code_cell(GROWING)])))))
    try:
        notebook.change_theme(theme)
        notebook.run_all()
        panel = notebook.outputs(1)
        panel.get_by_role("button", name="wall").click()
        expect(panel.get_by_text(re.compile("s so far"))).to_be_visible()
        expect(panel.get_by_role("button", name="stop run")).to_be_enabled()
        notebook.screenshot(f"growing_{theme}")
        assert faint(panel) == []
        panel.get_by_role("button", name="stop run").click()
        expect(panel.get_by_role("status")).to_contain_text("Stopped")
        panel.get_by_role("button", name="Look closer").click()
        expect(panel.get_by_role("listbox")).to_be_visible()
        notebook.screenshot(f"closer_{theme}")
        assert faint(panel) == []
    finally:
        notebook.change_theme("Light")


def faint(panel: Locator) -> list[str]:
    """What is written too faintly, with its contrast; buttons that cannot be pressed may be."""
    words = panel.locator(".jupyter-widgets").first.evaluate(INKS)
    assert len(words) > 8, words
    return [f"{word}: {ratio:.2f}" for word, ratio in words if ratio < 4.5]
