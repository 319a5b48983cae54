"""Explorations in a real notebook kernel: the progress bar, an interrupt, the chooser under strict nbval."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from support.live_kernel import LiveKernel, live_kernel
from support.stored_notebook import normalised, text

TESTS = Path(__file__).resolve().parent.parent

SEARCH = """
import semalab as lab
from programs import explored as programs
import semalab.exploration.progress as progress
progress.PATIENCE = progress.BETWEEN = 0
"""
FIND = "print(lab.explore(programs.passing, threads=2, initial=1).sentence)"
FOUND = (
    "Proved for passing(threads=2, initial=1) at the granularity of operations: no deadlock, no exception, under each"
    " of its 2 different schedules\n"
)
ENDLESS = """
def slow():
    programs.passing(4, 4)
    programs.passing(4, 4)

def look(run):
    open({flag!r}, "w").close()

found = lab.explore(slow, check=look, seconds=600, budget=10**9)
print(found.verdict, found.interrupted, found.complete)
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[LiveKernel]:
    with live_kernel() as running:
        assert running.run(SEARCH).error is None
        yield running


def test_a_bar_in_a_notebook_leaves_an_empty_output(kernel: LiveKernel) -> None:
    reply = kernel.run(FIND)
    assert (reply.error, reply.output, reply.displayed) == (None, FOUND, ({},))


FLUSHES = """
import sys, threading

def speaks():
    door = threading.Semaphore(1)

    def work():
        with door:
            print("in", flush=True)
            sys.stdout.flush()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

print(lab.explore(speaks).verdict, lab.record(speaks).unseen)
"""


def test_who_flushes_the_kernels_stream_waits_for_nobody_and_is_proved(kernel: LiveKernel) -> None:
    assert kernel.run(FLUSHES).output == "proved ()\n"


def test_an_interrupted_search_keeps_what_it_found(kernel: LiveKernel, tmp_path: Path) -> None:
    flag = tmp_path / "under way"
    kernel.start(ENDLESS.format(flag=str(flag)))
    deadline = time.monotonic() + 60
    while not flag.exists():
        assert time.monotonic() < deadline, "the search has not begun"
        time.sleep(0.01)
    kernel.interrupt()
    reply = kernel.finish()
    assert (reply.error, reply.output) == (None, "budget exhausted True False\n")
    assert kernel.run(FIND).output == FOUND


CHOOSE = """
found = lab.explore(programs.unprotected, threads=2, granularity="bytecode")
lab.interact(found)
"""
PANEL = "lab.interact(programs.passing, threads=(2, 3), initial=(1, 2), explore=True)"


def test_strict_nbval_sees_the_chooser_and_no_bar(tmp_path: Path) -> None:
    """A bar comes at once in every run, as on a very slow machine; nothing of it is stored, and nothing is missed."""
    path = tmp_path / "every.ipynb"
    cells = [new_code_cell(cell.strip()) for cell in (SEARCH, FIND, CHOOSE, PANEL)]
    path.write_text(text(normalised(new_notebook(cells=cells))), encoding="utf-8")
    pythonpath = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    environment = {**os.environ, "PYTHONPATH": pythonpath, "JUPYTER_PREFER_ENV_PATH": "1"}
    store = f"from pathlib import Path; import rerun_notebooks as r; p = Path({str(path)!r}); n = r.rerun(p)"
    write = "p.write_text(r.text(n), encoding='utf-8')"
    plugins = ["-p", "no:cacheprovider", "-p", "support.nbval_pictures"]
    nbval = ["-m", "pytest", "--nbval", "-q", *plugins, "-c", os.devnull]
    for command in (["-c", f"{store}; {write}"], [*nbval, str(path)]):
        ended = subprocess.run(
            [sys.executable, *command],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    assert "4 passed" in ended.stdout
    outputs = [cell["outputs"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    assert outputs[:2] == [[], [{"name": "stdout", "output_type": "stream", "text": [FOUND]}]]
    (chooser,) = outputs[2]
    assert sorted(chooser["data"]) == ["image/png", "text/plain"]
    assert "".join(chooser["data"]["text/plain"]).startswith("Counterexample: main raised AssertionError. For ")
    (panel,) = outputs[3]
    assert sorted(panel["data"]) == ["image/png", "text/plain"]
    assert panel["data"]["text/plain"] == ["Sliders for threads, initial: run the notebook to turn them"]
