"""The panel's button: try every schedule of the program for the dials' present values; and a progress bar below a cell
that leaves nothing behind.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from html import escape
from typing import Any
from uuid import uuid4

import ipywidgets as widgets
from IPython.display import display, update_display

from semalab.analysis.claims import Check
from semalab.exploration import Exploration
from semalab.exploration.explore import BUDGET, check_limits, search
from semalab.exploration.progress import BETWEEN, PATIENCE, SearchProgress
from semalab.log.schedule import POINTS
from semalab.notebook import texts
from semalab.notebook.latest import Latest, Post, outcome
from semalab.notebook.schedules import Schedules
from semalab.settings import Program

_STOP = "Kernel ▸ Interrupt stops it and keeps what was found."


def html(progress: SearchProgress, then: str = "") -> str:
    """The bar and the count in words; a screen reader is told when it comes, not at every count."""
    part = f"value='{progress.part:.3f}' style='width:16em;max-width:100%;vertical-align:middle'"
    return f"<div><progress {part}>{progress.part:.0%}</progress> {escape(progress.words)}. {escape(then)}</div>"


class CellBar:
    """A bar below the cell that runs. Invariant: it is shown by the main thread only, or not at all."""

    def __init__(self) -> None:
        self._id = f"semalab-{uuid4().hex}"
        self._shown = False

    def show(self, progress: SearchProgress) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        if not self._shown:
            display({}, raw=True, display_id=self._id)
            self._shown = True
        update_display({"text/html": html(progress, _STOP)}, raw=True, display_id=self._id)

    def close(self) -> None:
        if self._shown:
            update_display({}, raw=True, display_id=self._id)


SECONDS = 10.0  # what a click may cost: other cells that run programs wait meanwhile
_STALE = "The dials have moved since. Try every schedule for their present values?"


class Trying(widgets.VBox):
    """A button, a menu for what counts as a step, a stop, the progress, and what was found.

    The search runs in a thread of its own, which touches no widget: what it has to say it posts. Invariants: at most
    one search runs; `searching` is the event that stops it, None while none runs.
    """

    def __init__(
        self,
        program: Program,
        values: Callable[[], Mapping[str, Any]],
        post: Post,
        *,
        alone: bool,
        check: Check | None = None,
        seconds: float = SECONDS,
    ) -> None:
        check_limits(BUDGET, seconds)
        self._program, self._values, self._check, self._seconds = program, values, check, seconds
        self._post = post
        self._alone = alone  # with no event loop a search is waited for
        self._latest = Latest(post, self._show)
        self.searching: threading.Event | None = None
        self.start = widgets.Button(
            description="try every schedule", tooltip="for the dials' present values", layout={"width": "12em"}
        )
        self.granularity = widgets.Dropdown(
            options=list(POINTS[1:]),
            value="bytecode",  # anything coarser would call a program with an unprotected variable proved
            description="steps at",
            tooltip="where one thread may be replaced by another",
            layout={"width": "14em"},
            style={"description_width": "5em"},
        )
        self.stop = widgets.Button(
            description="stop search", tooltip="stop and keep what was found", layout={"width": "8em"}, disabled=True
        )
        self.progress = widgets.HTML(layout={"min_height": "2em"})
        self.answer = Schedules()
        self.answer.layout.display = "none"
        super().__init__(
            [
                widgets.HBox([self.start, self.granularity, self.stop], layout={"flex_flow": "row wrap"}),
                self.progress,
                self.answer,
            ]
        )
        self.start.on_click(lambda button: self.begin())
        self.stop.on_click(lambda button: self._end())
        self.granularity.observe(lambda change: self.forget(), names="value")

    def begin(self) -> None:
        """Search anew. In a kernel this returns at once."""
        self.forget()
        self.searching = stop = threading.Event()
        self.stop.disabled, self.start.disabled = False, True
        self.progress.value = texts.sentence("Trying every schedule…")
        job = self._job(dict(self._values()), self.granularity.value, stop)
        if self._alone:
            self._show(outcome(job, lambda: False))
        else:
            self._latest.submit(job)

    def forget(self) -> None:
        """The values are others now: stop the search, and cover what was found for those before."""
        if self.searching is not None:
            self._latest.cancel()
            self._rest()
            self.progress.value = texts.sentence("Stopped, because the dials have moved.")
        elif self.answer.found is not None:
            self.progress.value = texts.sentence(_STALE)
        self.answer.layout.visibility = "hidden"  # and its room stays: the page must not jump

    def _end(self) -> None:
        if self.searching is not None:
            self.searching.set()

    def _rest(self) -> None:
        self.searching = None
        self.stop.disabled, self.start.disabled = True, False

    def _job(
        self, values: dict[str, Any], granularity: str, stop: threading.Event
    ) -> Callable[[Callable[[], bool]], Exploration]:
        begun = time.monotonic()
        due = begun + PATIENCE

        def job(cancelled: Callable[[], bool]) -> Exploration:
            def told(schedules: int) -> bool:
                nonlocal due
                if time.monotonic() >= due:
                    due = time.monotonic() + BETWEEN
                    progress = SearchProgress(schedules, BUDGET, time.monotonic() - begun, self._seconds)
                    self._post(lambda: self._count(progress, stop))
                return not (cancelled() or stop.is_set())

            return search(self._program, values, self._check, granularity, "clock", BUDGET, self._seconds, told)

        return job

    def _count(self, progress: SearchProgress, search: threading.Event) -> None:
        if self.searching is search:
            self.progress.value = html(progress)

    def _show(self, found: Exploration | Exception) -> None:
        self._rest()
        if isinstance(found, Exception):  # a program that cannot be explored: why, in its own words
            self.progress.value = texts.message(found)
            return
        self.progress.value = ""
        try:
            self.answer.show(found)
        except Exception as error:
            self.progress.value = texts.message(error)
            return
        self.answer.layout.display = None
        self.answer.layout.visibility = "visible"
