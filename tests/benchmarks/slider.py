"""From a key press on a slider to the new picture on the screen, in a real browser: ours against text only."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from jupyterlab_in_browser import CHROMIUM_FLAGS, OpenNotebook, chromium, running_lab
from nbformat.v4 import new_code_cell, new_notebook
from stored_notebook import normalised, text

PROGRAM = """
import random, threading, time
import semalab as lab
from semalab.panel import Panel, texts
from semalab.panel.controls import dials

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
"""
OURS = "lab.interact(visit, threads={}, initial=(0, 3))"
FLOOR = "TextOnly(visit, dials(visit, {{'threads': {}, 'initial': (0, 3)}}))"
SIZES = {10: (8, 12), 200: (198, 202)}  # threads, and the range of the slider whose middle they are
BARS = {10: 2.0, 200: 2.6}

# Milliseconds from the key press to the frame after the new sentence (and the new, decoded picture) is in the page.
MEASURE = """([cell, withPicture]) => {
    const output = document.querySelectorAll('.jp-Notebook .jp-Cell')[cell].querySelector('.jp-Cell-outputArea');
    const image = output.querySelector('img');
    const said = () => output.querySelector('[role=status]')?.textContent;
    const handle = output.querySelector('[role=slider]');
    let pressed = 0, sentence = '', source = '', busy = false;
    window.measured = [];
    window.top0 = output.getBoundingClientRect().top;
    window.jump = 0;
    handle.addEventListener('keydown', () => {
        pressed = performance.now(); sentence = said(); source = image?.src; busy = false;
    }, true);
    new MutationObserver(async () => {
        if (!pressed || busy || said() === sentence || (withPicture && image.src === source)) return;
        busy = true;
        if (withPicture) await image.decode();
        requestAnimationFrame(() => {
            window.measured.push(performance.now() - pressed);
            window.jump = Math.max(window.jump, Math.abs(output.getBoundingClientRect().top - window.top0));
            pressed = 0;
        });
    }).observe(output, {subtree: true, childList: true, characterData: true, attributes: true});
    handle.focus({preventScroll: true});
}"""
PRESSES = 60
PAUSE = 60  # milliseconds


def _measure(notebook: OpenNotebook, cell: int, with_picture: bool) -> tuple[list[float], float]:
    notebook.cell(cell)
    notebook.page.evaluate(MEASURE, [cell - 1, with_picture])
    for press in range(PRESSES):
        # to and fro over five positions: every press changes the value
        notebook.page.keyboard.press("ArrowRight" if press // 2 % 2 == 0 else "ArrowLeft")
        notebook.page.wait_for_function(f"() => window.measured.length > {press}", polling=5)
        notebook.page.wait_for_timeout(PAUSE)  # the kernel's echo of this value must not overtake the next press
    return notebook.page.evaluate("[window.measured, window.jump]")


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def rows() -> list[tuple[str, str, float, float]]:
    from playwright.sync_api import sync_playwright

    panels = [form.format(SIZES[size]) for size in SIZES for form in (OURS, FLOOR)]
    cells = [new_code_cell(source) for source in (PROGRAM.strip(), *panels)]
    out: list[tuple[str, str, float, float]] = []
    with (
        tempfile.TemporaryDirectory() as home,
        running_lab(Path(home)) as server,
        sync_playwright() as started,
    ):
        browser = started.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 3000})
        path = server.write("slider.ipynb", text(normalised(new_notebook(cells=cells))))
        notebook = OpenNotebook(page, server, path, Path(home))
        notebook.open()
        notebook.run_all()
        for place, size in enumerate(SIZES):
            floor, _ = _measure(notebook, 2 * place + 3, False)
            ours, jump = _measure(notebook, 2 * place + 2, True)
            shown = ", text ".join(f"{statistics.median(times):.0f}/{_p95(times):.0f} ms" for times in (ours, floor))
            what = f"slider key to picture, {size} threads, p95 ÷ text only (p50/p95 {shown})"
            out.append((what, f"≤ {BARS[size]}", _p95(ours) / _p95(floor), BARS[size]))
            out.append((f"page jump in pixels, {size} threads", "≤ 0", jump, 0.0))
        notebook.close()
        browser.close()
    return out


if __name__ == "__main__":
    for what, bar, figure, _ in rows():
        print(f"{what}: {figure:.2f} (bar {bar})")
