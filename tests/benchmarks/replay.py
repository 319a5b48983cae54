"""A step of the replay, from the key press to the frame that shows it, against text only; and what long runs cost."""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from nbformat.v4 import new_code_cell, new_notebook
from slider import FLOOR, PROGRAM, SIZES, _measure, _p95
from support.jupyterlab_in_browser import CHROMIUM_FLAGS, OpenNotebook, chromium, running_lab
from support.stored_notebook import normalised, text

import semalab as lab
from semalab.analysis.reading import read
from semalab.analysis.snapshots import snapshots_of
from semalab.replay import as_html

REPLAY = "lab.record(visit, threads={threads}, initial=1, clock='virtual').replay()"

# In the replay's frame: milliseconds from each key press to the frame after the new sentence and cursor are there.
MEASURE = """() => {
    let pressed = 0;
    window.measured = [];
    document.addEventListener('keydown', () => { pressed = performance.now(); }, true);
    new MutationObserver(() => {
        if (!pressed) return;
        const begun = pressed;
        pressed = 0;
        requestAnimationFrame(() => setTimeout(() => window.measured.push(performance.now() - begun)));
    }).observe(document.getElementById('said'), {childList: true, characterData: true, subtree: true});
    document.getElementById('scrubber').focus({preventScroll: true});
}"""
PRESSES = 60
PAUSE = 60  # milliseconds


def _steps(notebook: OpenNotebook, cell: int) -> list[float]:
    frame = notebook.outputs(cell).locator("iframe").element_handle().content_frame()
    assert frame is not None
    frame.evaluate(MEASURE)
    for press in range(PRESSES):
        notebook.page.keyboard.press("ArrowRight" if press // 20 % 2 == 0 else "ArrowLeft")
        frame.wait_for_function(f"() => window.measured.length > {press}", polling=5)
        notebook.page.wait_for_timeout(PAUSE)
    return frame.evaluate("window.measured")


def _in_the_browser() -> list[tuple[str, str, float, float]]:
    from playwright.sync_api import sync_playwright

    sources = (PROGRAM.strip(), FLOOR.format(SIZES[10]), REPLAY.format(threads=10), REPLAY.format(threads=200))
    with (
        tempfile.TemporaryDirectory() as home,
        running_lab(Path(home)) as server,
        sync_playwright() as started,
    ):
        browser = started.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        path = server.write("replay.ipynb", text(normalised(new_notebook(cells=list(map(new_code_cell, sources))))))
        notebook = OpenNotebook(page, server, path, Path(home))
        notebook.open()
        notebook.run_all()
        floor, _ = _measure(notebook, 2, False)
        steps = {threads: _steps(notebook, cell) for threads, cell in ((10, 3), (200, 4))}
        notebook.close()
        browser.close()
    rows = []
    for threads, times in steps.items():
        shown = ", text ".join(f"{statistics.median(t):.0f}/{_p95(t):.0f} ms" for t in (times, floor))
        what = f"replay step, {threads} threads, p95 ÷ text only (p50/p95 {shown})"
        rows.append((what, "≤ 1.5", _p95(times) / _p95(floor), 1.5))
    return rows


def _busy(threads: int) -> None:
    mutex = threading.Semaphore(1)

    def work() -> None:
        for _ in range(100):
            with mutex:
                time.sleep(0.001)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def _seconds(call: object) -> float:
    began = time.perf_counter()
    call()  # type: ignore[operator]
    return time.perf_counter() - began


def rows() -> list[tuple[str, str, float, float]]:
    run = lab.record(_busy, threads=200, clock="virtual")
    reading = min(_seconds(lambda: read(run.trace)) for _ in range(3))
    moments = min(_seconds(lambda: snapshots_of(run.reading, run.printed)) for _ in range(3))
    small = lab.record(_busy, threads=24, clock="virtual")
    return [
        (f"moments of {len(run.trace):,} events ÷ their reading ({moments:.2f} s)", "≤ 8", moments / reading, 8.0),
        (f"HTML replay of {len(small.trace):,} events, MB", "≤ 2", len(as_html(small)) / 1e6, 2.0),
        *_in_the_browser(),
    ]


if __name__ == "__main__":
    for what, bar, figure, _ in rows():
        print(f"{what}: {figure:.2f} (bar {bar})")
