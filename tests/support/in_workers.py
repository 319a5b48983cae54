"""Pytest plugin: the whole suite runs in workers, one for each core; files that are named run in this very process.

A worker gets whole files, since many tests share what is made once for their file: a notebook's cells their kernel. The
browser's files are given away as one, and first: they share a JupyterLab and a Chromium, and mostly wait.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

try:
    from xdist.scheduler import LoadFileScheduling
except ImportError:  # requirements.txt without the tests' own: one test after the other
    LoadFileScheduling = None

BROWSER = "tests/browser/"
WORKER = "PYTEST_XDIST_WORKER"  # what xdist says to a worker, which must not have workers of its own
MOST = 4  # each has kernels of its own, and more would wait for the browser's files

if LoadFileScheduling is not None:

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)

    @pytest.hookimpl(wrapper=True)  # around xdist's own, which makes workers of the options
    def pytest_cmdline_main(config: pytest.Config) -> Iterator[None]:
        option, workers = config.option, min(usable_cores(), MOST)
        whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and WORKER not in os.environ
        if whole and option.numprocesses is None and workers > 1 and not (option.usepdb or option.collectonly):
            option.numprocesses, option.dist, option.loadscopereorder = workers, "loadfile", False
        return (yield)

    def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
        return ByFile(config, log) if config.option.dist == "loadfile" else None


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
