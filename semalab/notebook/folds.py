"""The folds below a panel's picture: a part of the run to choose, and the run step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ipywidgets as widgets

from semalab.replay.widget import framed
from semalab.run import Run

STEPS = 200  # positions of the slider at most, each half a hundredth of the picture's width


class Closer(widgets.VBox):
    """Invariants: `part` is what the picture shows of the present run, {} for all of it. The widgets are set for a run
    only while the fold is open or a part was dragged out; `_setting` while that goes on, and nothing is drawn.

    A new run of the same threads is shown as the one before, as far as it goes: who looks at what happens at 0.2 s
    wants to see what happens there under the next seed. A run of other threads is shown whole.

    Who drags over the picture chooses a part, too, and need not open the fold for it: then `_dragged`.
    """

    def __init__(self, draw: Callable[[], None]) -> None:
        self._draw = draw
        self._run: Run | None = None
        self._lasting = 0
        self._open = self._setting = self._dragged = False
        self._unit, self._end = "seconds", 1.0  # of what can be asked for; where the run ends in it
        self._shown, self._scale = "seconds", 1.0  # the axis' own unit, and how many there are in one of the other
        self._least = 1e-9  # the shortest window there is
        self._names: tuple[str, ...] = ()  # of the run that the widgets are set for
        self._window: tuple[float, float | None] = 0.0, None  # None: to the end, wherever that is
        self.window = widgets.IntRangeSlider(
            value=(0, STEPS), min=0, max=STEPS, description="from, to", readout=False, layout={"width": "60%"}
        )
        self.words = widgets.Label(layout={"width": "14em"})
        self.threads = widgets.SelectMultiple(
            description="threads", rows=5, tooltip="Shift or Ctrl chooses several; none chosen: all"
        )
        self.find = widgets.Text(
            placeholder="names, or parts of names",
            description="find",
            tooltip="lists these threads, a comma between two",
        )
        # JupyterLab keeps the arrow keys of a list for its cells, so this is the keyboard's way to choose; and of a
        # thousand threads it is the quicker one for the mouse, too.
        self.only = widgets.Button(
            description="only these", tooltip="the threads that are listed", layout={"width": "7em"}
        )
        self.whole = widgets.Button(description="show all", tooltip="the whole run", layout={"width": "7em"})
        wrap = {"flex_flow": "row wrap"}
        super().__init__(
            [
                widgets.HBox([self.window, self.words]),
                widgets.HBox([self.find, self.only, self.whole], layout=wrap),
                self.threads,
            ]
        )
        self.window.observe(lambda change: self._moved(), names="value")
        self.threads.observe(lambda change: self._changed(), names="value")
        self.find.observe(lambda change: self._list(), names="value")
        self.only.on_click(lambda button: self._choose())
        self.whole.on_click(lambda button: self._reset())

    @property
    def part(self) -> dict[str, Any]:
        """Arguments for `Run.timeline`."""
        if self._run is None or not (self._open or self._dragged):
            return {}
        part: dict[str, Any] = {}
        if self._window != (0.0, None):
            part["between"] = self._between()
        if self.threads.value:
            part["threads"] = [name for name in self._names if name in self.threads.value]
        return part

    def _between(self) -> tuple[float, float]:
        begin, end = self._window
        return begin, self._end if end is None else end

    def wait(self, waiting: bool) -> None:
        """While a run goes on there is none to look at: the part is chosen when it has ended."""
        for control in (self.window, self.find, self.only, self.whole, self.threads):
            control.disabled = waiting

    def show(self, run: Run, lasting: int = 0) -> None:
        """The panel has a new run. lasting: how far its axis goes at least."""
        self._run, self._lasting = run, lasting
        if self._open or self._dragged:
            self._set(run)

    def drag(self, window: tuple[float, float] | None) -> None:
        """Show what lies between two places on the picture's axis, in its own unit; None for all of it."""
        if self._run is None or self.window.disabled:
            return
        if window is None:
            self._reset()
            return
        if not self._open:
            self._set(self._run)
        self._dragged = True
        begin, end = between(self._run, window, self._lasting)
        self._window = begin, None if end == self._end else end
        self._set(self._run)
        self._draw()

    def opened(self, is_open: bool) -> None:
        """The fold was opened or closed; while it is closed, all is shown."""
        if is_open == self._open:
            return
        partial, dragged = bool(self.part), self._dragged
        self._open, self._dragged = is_open, False
        if is_open and self._run is not None:
            if not dragged:
                self.forget()
            self._set(self._run)
        elif partial:
            self._draw()

    def _set(self, run: Run) -> None:
        """For a run, of which the part that was chosen before is kept if it has one like it."""
        unit, self._end, self._least = _axis(run)
        if run.trace.threads != self._names or unit != self._unit or not self._fits():
            self.forget()
        self._unit, self._names = unit, run.trace.threads
        self._shown, self._scale = _shown(run, self._lasting)
        with self._silently():
            self.window.max = min(STEPS, max(1, round(self._end / self._least)))
            self.window.value = tuple(round(place / self._end * self.window.max) for place in self._between())
        self._say()
        self._list()

    def _fits(self) -> bool:
        begin, end = self._window
        return begin + self._least <= self._end and (end is None or end <= self._end)

    def _list(self) -> None:
        """The names that are looked for, and those that are chosen, whatever they are."""
        chosen, found = self.threads.value, self._found()
        listed = tuple(name for name in self._names if name in found or name in chosen)
        if listed != self.threads.options:
            with self._silently():
                self.threads.options = listed  # which chooses none
                self.threads.value = chosen

    def _found(self) -> set[str]:
        """A whole name stands for its thread alone, a part for every thread that has it in its name."""
        words = [word.strip() for word in self.find.value.split(",")]
        words = [word for word in words if word] or [""]
        return {name for word in words for name in ([word] if word in self._names else _with(word, self._names))}

    def _choose(self) -> None:
        found = self._found()
        self.threads.value = [name for name in self._names if name in found] if len(found) < len(self._names) else ()
        self._list()

    def forget(self) -> None:
        """All of the run, and all of its threads."""
        self._dragged = False
        with self._silently():
            self._window = 0.0, None
            self.threads.value = ()
            self.find.value = ""

    def _reset(self) -> None:
        if self._run is not None:
            partial = bool(self.part)
            self.forget()
            self._set(self._run)
            if partial:
                self._draw()

    def _moved(self) -> None:
        """Never nothing: two thumbs in one place stand for what lies between this place and the next."""
        if self._setting:
            return
        begin, end = self.window.value
        most = self.window.max
        if begin == end:
            begin, end = (begin, end + 1) if end < most else (begin - 1, end)
        self._window = begin / most * self._end, None if end == most else end / most * self._end
        self._say()
        self._draw()

    def _changed(self) -> None:
        if not self._setting:
            self._draw()

    @contextmanager
    def _silently(self) -> Iterator[None]:
        before, self._setting = self._setting, True
        try:
            yield
        finally:
            self._setting = before

    def _say(self) -> None:
        begin, end = self._between()
        self.words.value = f"{begin * self._scale:.4g} to {end * self._scale:.4g} {self._shown}"


def between(run: Run, window: tuple[float, float], lasting: int = 0) -> tuple[float, float]:
    """What part of a run lies between two places on its picture's axis, in the axis' own unit: in seconds, or events.

    lasting: how far the axis goes at least.
    """
    _, whole, least = _axis(run)
    _, scale = _shown(run, lasting)
    begin, end = (min(max(0.0, place / scale), whole) for place in window)
    begin = min(begin, whole - least)
    return begin, max(end, begin + least)


def _with(part: str, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if part.casefold() in name.casefold()]


def _shown(run: Run, lasting: int) -> tuple[str, float]:
    """The unit under the picture's axis, and how many there are in a second."""
    from semalab.draw.viewport import clock_of

    clock = clock_of(run.trace, run.reading.times, lasting=lasting)
    return clock.word, 1.0 if clock.stands else 1e9 / clock.scale


def _axis(run: Run) -> tuple[str, float, float]:
    """Unit, length, and the shortest window that can be asked for; where the clock stood still, events are counted."""
    if run.trace.duration:
        return "seconds", run.trace.duration / 1e9, 1e-9
    return "events", float(max(1, len(run.trace) - 1 + (run.stopped is not None))), 1.0


class Steps(widgets.HTML):
    """Invariant: while the fold is open it holds the replay of `run`, and while it is closed nothing.

    To make a replay takes several times as long as a picture: nobody should wait for it who does not look.
    """

    def __init__(self) -> None:
        self.run: Run | None = None
        self._open = False
        super().__init__()

    def show(self, run: Run) -> None:
        """The panel has a new run."""
        self.run = run
        self._refresh()

    def opened(self, is_open: bool) -> None:
        """The fold was opened or closed."""
        self._open = is_open
        self._refresh()

    def _refresh(self) -> None:
        self.value = framed(self.run) if self._open and self.run is not None else ""
