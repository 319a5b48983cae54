"""The fold in which a part of the panel's run is chosen: a window of time, and some of its threads.

By mouse, too, the way is a slider: ipywidgets' pictures do not say where they were clicked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from semalab.run import Run

STEPS = 200  # positions of the slider, each half a hundredth of the picture's width


class Closer(widgets.VBox):
    """Invariants: `part` is what the picture shows of the present run, {} for all of it, as it is when a run is new.

    The widgets are set for a run only while the fold is open; `_setting` while that goes on, and nothing is drawn.
    """

    def __init__(self, draw: Callable[[], None]) -> None:
        self._draw = draw
        self._run: Run | None = None
        self._open = self._setting = False
        self._end = 1.0  # of the run, in seconds or events
        self.window = widgets.IntRangeSlider(
            value=(0, STEPS), min=0, max=STEPS, description="from, to", readout=False, layout={"width": "60%"}
        )
        self.threads = widgets.SelectMultiple(
            description="threads", rows=5, tooltip="Shift or Ctrl chooses several; none chosen: all"
        )
        self.whole = widgets.Button(description="show all", tooltip="the whole run", layout={"width": "7em"})
        self.words = widgets.Label()
        super().__init__([widgets.HBox([self.window, self.words, self.whole]), self.threads])
        for chosen in (self.window, self.threads):
            chosen.observe(lambda change: self._changed(), names="value")
        self.whole.on_click(lambda button: self._reset())

    @property
    def part(self) -> dict[str, Any]:
        """Arguments for `Run.timeline`."""
        if self._run is None or not self._open:
            return {}
        part: dict[str, Any] = {}
        if self.window.value != (0, STEPS):
            part["between"] = self._between()
        if self.threads.value:
            part["threads"] = [name for name in self._run.trace.threads if name in self.threads.value]
        return part

    def _between(self) -> tuple[float, float]:
        """Never nothing: two thumbs in one place stand for what lies between this place and the next."""
        begin, end = self.window.value
        if begin == end:
            begin, end = (begin, end + 1) if end < STEPS else (begin - 1, end)
        return begin / STEPS * self._end, end / STEPS * self._end

    def show(self, run: Run) -> None:
        """The panel has a new run, and shows all of it."""
        self._run = run
        if self._open:
            self._set(run)

    def opened(self, is_open: bool) -> None:
        """The fold was opened or closed; while it is closed, all is shown."""
        if is_open == self._open:
            return
        partial = bool(self.part)
        self._open = is_open
        if is_open and self._run is not None:
            self._set(self._run)
        elif partial:
            self._draw()

    def _set(self, run: Run) -> None:
        self._setting = True
        try:
            self._end = run.trace.duration / 1e9 if run.trace.duration else float(max(1, len(run.trace) - 1))
            self.window.value = (0, STEPS)
            self._say()
            self.threads.options = run.trace.threads
            self.threads.value = ()
        finally:
            self._setting = False

    def _reset(self) -> None:
        if self._run is not None:
            partial = bool(self.part)
            self._set(self._run)
            if partial:
                self._draw()

    def _changed(self) -> None:
        if not self._setting:
            self._say()
            self._draw()

    def _say(self) -> None:
        begin, end = self._between()
        unit = "seconds" if self._run is not None and self._run.trace.duration else "events"
        self.words.value = f"{begin:.3g} to {end:.3g} {unit}"
