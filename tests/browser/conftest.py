"""A real JupyterLab and a real Chromium for these tests; they are skipped, with the reason, where one is absent."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.jupyterlab_in_browser import CHROMIUM_FLAGS, Lab, LoadedLab, OpenNotebook, chromium, running_lab

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

PATIENCE = 60  # seconds until a page must show what is expected of it: on a busy machine 5 are too few


@pytest.fixture(scope="package")
def lab(browser: BrowserContext, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One JupyterLab for all browser tests, on a copy of the notebooks, with settings and data of its own.

    It asks for the browser first: without one, no server is started.
    """
    with running_lab(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="package")
def browser() -> Iterator[BrowserContext]:
    """One headless Chromium, with a fresh profile; its pages share a cache, so that JupyterLab loads quickly."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no browser tests")
    playwright.expect.set_options(timeout=PATIENCE * 1000)
    executable = chromium()
    if executable is None:
        pytest.skip("no Chromium or Chrome is installed (or set CHROMIUM to its path): no browser tests")
    with ExitStack() as until_the_end:
        with no_thread_that_watches():
            started = until_the_end.enter_context(playwright.sync_playwright())
        chrome = started.chromium.launch(executable_path=executable, headless=True, args=CHROMIUM_FLAGS)
        yield chrome.new_context(viewport={"width": 1280, "height": 900})
        chrome.close()


@contextmanager
def no_thread_that_watches() -> Iterator[None]:
    """What is started inside is watched by its own loop, as ever from Python 3.12 on.

    3.11 has a thread wait for the end of Playwright's driver, and that thread leads to all of Playwright: a run on the
    virtual clock would go through all of it at each jump, to see whether the thread has the run's locks in hand.
    """
    if sys.version_info >= (3, 12) or not hasattr(os, "pidfd_open"):
        yield
        return

    class OfTheRunningLoop(asyncio.PidfdChildWatcher):
        def is_active(self) -> bool:
            return True

        def add_child_handler(self, pid: int, callback: Callable[..., Any], *args: Any) -> None:
            self.attach_loop(asyncio.get_running_loop())
            super().add_child_handler(pid, callback, *args)

        def close(self) -> None:
            """Asked for when another is set: what is watched stays so."""

    asyncio.set_child_watcher(OfTheRunningLoop())
    try:
        yield
    finally:
        asyncio.set_child_watcher(None)  # whoever comes next has the usual one


@pytest.fixture(scope="module")
def loaded(browser: BrowserContext, lab: Lab) -> Iterator[LoadedLab]:
    """JupyterLab in one page for all tests of a file: to load it takes longer than most of them."""
    page = LoadedLab(browser, lab)
    yield page
    page.leave()


@pytest.fixture
def open_notebook(
    loaded: LoadedLab, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., OpenNotebook]]:
    """Open a notebook of the lab by its path, as a learner does; its tab is closed and its kernel ended after the test.

    anew: in a JupyterLab that knows nothing of what was open before. A notebook that is open when a test fails leaves
    a screenshot, in SEMALAB_SCREENSHOTS or the test's tmp_path.
    """
    pictures = Path(os.environ.get("SEMALAB_SCREENSHOTS") or tmp_path)
    pictures.mkdir(parents=True, exist_ok=True)

    def open_(path: str, anew: bool = False) -> OpenNotebook:
        if anew:
            loaded.leave()
        return loaded.open(path, pictures)

    yield open_
    report = request.node.stash.get(REPORT, None)
    passed = report is not None and report.passed
    try:
        if passed:
            loaded.close_notebook()
        elif loaded.notebook is not None:
            name = re.sub(r"\W+", "_", request.node.name)
            print(f"screenshot: {loaded.notebook.screenshot(f'failed_{name}')}")
    finally:
        if not passed or loaded.notebook is not None:
            loaded.leave()


REPORT: pytest.StashKey[pytest.TestReport] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[REPORT] = report
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("browser")
