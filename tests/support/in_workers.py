"""Pytest plugin: the whole suite runs in workers; files that are named run in this very process.

There is one worker more than there are cores, since some tests wait for a browser, a kernel or a clock: with two, a
third of two cores was idle.

A worker gets whole files, since many tests share what is made once for their file: a notebook's cells their kernel. The
browser's files are given away as one, since they share a JupyterLab and a Chromium; but two of them take so long that
they have their own. What takes longest begins first, so that no worker is left with it at the end.
"""

from __future__ import annotations

import compileall
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

try:
    from xdist.scheduler import LoadFileScheduling
except ImportError:  # requirements.txt without the tests' own: one test after the other
    LoadFileScheduling = None

PACKAGE = Path(__file__).resolve().parent.parent.parent / "semalab"
BROWSER = "tests/browser/"
OWN_BROWSER = (f"{BROWSER}test_panel_in_browser.py", f"{BROWSER}test_site.py")
FIRST = (  # by what they take, the longest first
    *("tests/exercises/test_exercises.py", OWN_BROWSER[1], BROWSER),
    *("tests/exploration/test_state_model.py", OWN_BROWSER[0]),
    *("tests/stepping/test_forms_of_access.py", "tests/exploration/test_states.py"),
    *("tests/exploration/test_endless.py", "tests/beyond/test_start_methods.py"),
    *("tests/exploration/test_searches.py", "tests/exploration/test_classes.py"),
    *("tests/stepping/test_tables_of_effects.py", "tests/stepping/test_lost_updates.py"),
    *("tests/files/test_loading.py", "tests/course/test_exercise_cells.py", "tests/engine/test_unbreakable.py"),
    *("tests/draw/test_timeline.py", "tests/notebook/test_panel.py", "tests/kernel/test_exploration_in_kernel.py"),
    *("tests/instrument/test_cpython_queues_and_pools.py", "tests/engine/test_differential.py"),
    *("tests/engine/test_stopping.py", "tests/engine/test_foreign_threads.py", "tests/terminal/test_terminal_run.py"),
    *("tests/beyond/test_processes.py", "tests/house/test_quality.py"),
)
WORKER = "PYTEST_XDIST_WORKER"  # what xdist says to a worker, which must not have workers of its own
MOST = 4  # each has kernels of its own, and more would wait for the browser's files

_ADDRESS = re.compile(r" at 0x[0-9a-f]")  # of an object, in what stands for it where it has no name

if LoadFileScheduling is not None:

    class ByUnit(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit(nodeid)

    @pytest.hookimpl(wrapper=True)  # around xdist's own, which makes workers of the options
    def pytest_cmdline_main(config: pytest.Config) -> Iterator[None]:
        option, cores = config.option, usable_cores()
        whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and WORKER not in os.environ
        if whole and option.numprocesses is None and cores > 1 and not (option.usepdb or option.collectonly):
            option.numprocesses, option.dist, option.loadscopereorder = min(cores + 1, MOST), "loadfile", False
        if whole and sys.dont_write_bytecode:  # some hundred processes import it, and each would compile all of it anew
            compileall.compile_dir(PACKAGE, quiet=2)
        return (yield)

    def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
        return ByUnit(config, log) if config.option.dist == "loadfile" else None

    def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
        """In every worker alike: xdist gives tests away by their number."""
        if strange := [item.nodeid for item in items if _ADDRESS.search(item.nodeid)]:
            raise pytest.UsageError(f"a test's name must be the same in every worker, got {strange[0]}; give it an id")
        if WORKER in os.environ:
            places = {name: place for place, name in enumerate(FIRST)}
            items.sort(key=lambda item: places.get(unit(item.nodeid), len(places)))


def unit(nodeid: str) -> str:
    """What goes to one worker as a whole: the file of a test, or those of the browser."""
    file = nodeid.partition("::")[0]
    return BROWSER if file.startswith(BROWSER) and file not in OWN_BROWSER else file


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
