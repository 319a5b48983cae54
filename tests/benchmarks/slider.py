"""From a key press on a slider to the new picture on the screen, in a real browser; and what an open panel costs."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from nbformat.v4 import new_code_cell, new_notebook
from support.jupyterlab_in_browser import CHROMIUM_FLAGS, OpenNotebook, chromium, running_lab
from support.stored_notebook import normalised, text

Row = tuple[str, str, float, float]

PROGRAM = """
import random, threading, time
import semalab as lab
from semalab.notebook import Panel, texts
from semalab.notebook.controls import dials

def visit(threads=10, initial=1):
    mutex = threading.Semaphore(initial)
    def work():
        time.sleep(random.uniform(0, 0.05))
        with mutex:
            time.sleep(random.uniform(0.01, 0.03))
    workers = [threading.Thread(target=work, name=f"worker-{i}") for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

class TextOnly(Panel):
    "The same panel and the same runs, but only the sentence is shown."
    def _show(self, run):
        self.sentence.value = texts.verdict(run)

class NothingRun(Panel):
    "The same panel, but nothing is run: the dials' values as text."
    def refresh(self):
        self.sentence.value = texts.sentence(str(self.values))

def shown(kind, least, most):
    return kind(visit, dials(visit, {"threads": (least, most), "initial": (0, 3)}))
"""
SIZES = {10: (8, 12), 200: (198, 202)}  # threads, and the range of the slider whose middle they are
BARS = {10: 2.0, 200: 2.6}
KINDS = ("Panel", "TextOnly", "NothingRun")  # the first is ours, with a picture
IDLE = 5  # seconds
IDLE_BAR = 0.05  # seconds of CPU: the kernel itself looks after its connections now and then

# Milliseconds from the key press to the frame after the new sentence (and the new, decoded picture) is in the page.
INSTALL = """([cell, withPicture]) => {
    const output = document.querySelectorAll('.jp-Notebook .jp-Cell')[cell].querySelector('.jp-Cell-outputArea');
    const image = output.querySelector('.widget-image');
    const said = () => output.querySelector('[role=status]')?.textContent;
    const handle = output.querySelector('[role=slider]');
    let pressed = 0, sentence = '', source = '', busy = false;
    const seen = (window.panels ??= {})[cell] = {
        times: [], jump: 0, top: 0,
        begin: () => { seen.top = output.getBoundingClientRect().top; handle.focus({preventScroll: true}); },
    };
    handle.addEventListener('keydown', () => {
        pressed = performance.now(); sentence = said(); source = image?.src; busy = false;
    }, true);
    new MutationObserver(async () => {
        if (!pressed || busy || said() === sentence || (withPicture && image.src === source)) return;
        busy = true;
        if (withPicture) await image.decode();
        requestAnimationFrame(() => {
            seen.times.push(performance.now() - pressed);
            seen.jump = Math.max(seen.jump, Math.abs(output.getBoundingClientRect().top - seen.top));
            pressed = 0;
        });
    }).observe(output, {subtree: true, childList: true, characterData: true, attributes: true});
}"""
PRESSES = 20  # in one round
ROUNDS = 4  # each panel has its turn in each: what else the machine does meets all of them
PAUSE = 60  # milliseconds


def _round(notebook: OpenNotebook, cell: int) -> None:
    notebook.cell(cell + 1)
    state = f"window.panels[{cell}]"
    done = notebook.page.evaluate(f"() => {{ {state}.begin(); return {state}.times.length; }}")
    for press in range(PRESSES):
        # to and fro over five positions: every press changes the value
        notebook.page.keyboard.press("ArrowRight" if press // 2 % 2 == 0 else "ArrowLeft")
        notebook.page.wait_for_function(f"() => {state}.times.length > {done + press}", polling=5)
        notebook.page.wait_for_timeout(PAUSE)  # the kernel's echo of this value must not overtake the next press


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def _measured(notebook: OpenNotebook, size: int) -> Iterator[Row]:
    cells = [1 + kind for kind in range(len(KINDS))]
    for cell in cells:
        notebook.page.evaluate(INSTALL, [cell, cell == cells[0]])
    for _ in range(ROUNDS):
        for cell in cells:
            _round(notebook, cell)
    times = [notebook.page.evaluate(f"window.panels[{cell}].times") for cell in cells]
    jump = notebook.page.evaluate(f"window.panels[{cells[0]}].jump")
    ours, text_only, nothing_run = (f"{statistics.median(one):.0f}/{_p95(one):.0f} ms" for one in times)
    shown = f"p50/p95 {ours}, text {text_only}, text for which nothing is run {nothing_run}"
    what = f"slider key to picture, {size} threads, p95 ÷ text only ({shown})"
    yield what, f"≤ {BARS[size]}", _p95(times[0]) / _p95(times[1]), BARS[size]
    yield f"page jump in pixels, {size} threads", "≤ 0", jump, 0.0


def _idle(notebook: OpenNotebook) -> Row:
    """After a run on the wall clock, which has a thread of its own."""
    import psutil  # comes with ipykernel

    panel = notebook.outputs(2)
    panel.get_by_role("button", name="wall").click()
    panel.get_by_role("status").filter(has_text="wall clock").filter(has_not_text="Running").wait_for()
    kernel = psutil.Process(int(notebook.outputs(len(KINDS) + 2).inner_text().split(":")[-1]))

    def used() -> float:
        return kernel.cpu_times().user + kernel.cpu_times().system

    before = used()
    notebook.page.wait_for_timeout(IDLE * 1000)
    what = f"CPU seconds of the kernel in {IDLE} s, {len(KINDS)} panels open and idle"
    return what, f"≤ {IDLE_BAR}", used() - before, IDLE_BAR


def rows() -> list[Row]:
    from playwright.sync_api import sync_playwright

    out: list[Row] = []
    with (
        tempfile.TemporaryDirectory() as home,
        running_lab(Path(home)) as server,
        sync_playwright() as started,
    ):
        browser = started.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        for size, (least, most) in SIZES.items():
            panels = [f"shown({kind}, {least}, {most})" for kind in KINDS]
            cells = [new_code_cell(source) for source in (PROGRAM.strip(), *panels, "import os; os.getpid()")]
            page = browser.new_page(viewport={"width": 1280, "height": 3000})
            path = server.write(f"slider_{size}.ipynb", text(normalised(new_notebook(cells=cells))))
            notebook = OpenNotebook(page, server, path, Path(home))
            notebook.open()
            notebook.run_all()
            out += _measured(notebook, size)
            if size == max(SIZES):
                out.append(_idle(notebook))
            notebook.close()
            page.close()
        browser.close()
    return out


if __name__ == "__main__":
    for what, bar, figure, _ in rows():
        print(f"{what}: {figure:.2f} (bar {bar})")
