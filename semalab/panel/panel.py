"""The panel: dials above, one picture of fixed size, the verdict in words, the output in a fold."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import Any, overload

import ipywidgets as widgets

from semalab.claims import Check
from semalab.excerpt import written
from semalab.exploration import Exploration
from semalab.panel import texts
from semalab.panel.closer import Closer
from semalab.panel.controls import dials
from semalab.panel.growing import Growing
from semalab.panel.latest import Latest, Post
from semalab.panel.schedules import Schedules
from semalab.panel.steps import Steps
from semalab.panel.trying import SECONDS, Trying
from semalab.recording import Program, check_arguments, run_program
from semalab.run import Run

INCHES = (10.0, 4.8)
DPI = 100


@overload
def interact(program: Exploration, /) -> Schedules: ...


@overload
def interact(
    program: Program,
    /,
    *,
    claim: Check | None = ...,
    timeout: float = ...,
    seed: int = ...,
    explore: bool | float = ...,
    **sliders: Any,
) -> Panel: ...


def interact(
    program: Program | Exploration,
    /,
    *,
    claim: Check | None = None,
    timeout: float = 10.0,
    seed: int = 0,
    explore: bool | float = False,
    **sliders: Any,
) -> Panel | Schedules:
    """A panel that runs `program` for the dials' values and shows the run, in the manner of `ipywidgets.interact`.

    Args:
        program: as for `record`; or what `explore` has found, alone: then its schedules can be chosen and drawn.
        claim: what every run is measured by, as for `record`.
        timeout: seconds after which a run is stopped.
        seed: the first seed of the virtual clock.
        explore: True for a button that tries every schedule for the dials' present values, with `claim` as the check;
            or the most seconds that it may take (10).
        sliders: for each argument of the program (least, most), (least, most, step), a list, True or False, a widget.

    Raises:
        TypeError, ValueError: for bad arguments or a range upside down.

    >>> lab.interact(program, threads=(1, 20), initial=(0, 3))
    """
    if isinstance(program, Exploration):
        if sliders or claim is not None or explore is not False:
            raise TypeError("an exploration has its schedules to choose from and takes no dials; call interact(found)")
        return Schedules(program)
    if not isinstance(explore, int | float):
        raise TypeError(f"explore must be True, False or the most seconds to search, got {written(explore)}")
    return Panel(program, dials(program, sliders), claim=claim, timeout=timeout, seed=seed, explore=explore)


class Panel(widgets.VBox):
    """Invariant: `run` is the run that the picture, the sentence and the output show, or, while another is under way,
    the one before.
    """

    def __init__(
        self,
        program: Program,
        controls: dict[str, Any],
        *,
        claim: Check | None = None,
        timeout: float = 10.0,
        seed: int = 0,
        explore: bool | float = False,
    ) -> None:
        self._program = program
        self._claim = claim
        self._timeout = timeout
        self.run: Run | None = None
        self.controls = controls
        check_arguments(program, self.values, "virtual", seed, timeout, claim)
        self.clock = widgets.ToggleButtons(
            options=["virtual", "wall"],
            value="virtual",
            tooltips=["one processor, the same run for the same seed", "real threads, real seconds"],
            style={"button_width": "5.5em"},
        )
        self.seed = widgets.BoundedIntText(
            value=seed,
            min=0,
            max=2**31,
            description="seed",
            layout={"width": "11em"},
            style={"description_width": "3em"},
        )
        self.next_seed = widgets.Button(description="next seed", tooltip="another schedule", layout={"width": "7em"})
        self.again = widgets.Button(
            description="run", tooltip="run again on the wall clock", layout={"width": "7em"}, disabled=True
        )
        self.stop = widgets.Button(
            description="stop run", tooltip="stop the run and keep what it did", layout={"width": "7em"}, disabled=True
        )
        self._stopping = threading.Event()
        width, height = (int(inches * DPI) for inches in INCHES)
        self.picture = widgets.Image(
            format="png", width=width, height=height, layout={"max_width": "100%", "height": "auto", "margin": "0"}
        )
        self.sentence = widgets.HTML()
        self.printed = widgets.HTML()
        self.steps = Steps()
        self.closer = Closer(self._draw)
        titles = ["What the program printed", "Step through this run", "Look closer"]
        self.fold = widgets.Accordion([self.printed, self.steps, self.closer], titles=titles, selected_index=None)
        self.fold.observe(lambda change: self._unfold(change["new"]), names="selected_index")
        loop = _running_loop()
        self._post = _post_to(loop)
        self._latest = Latest(self._post, self._show)
        self.trying: Trying | None = None
        if explore is not False:
            self.trying = Trying(
                program,
                lambda: self.values,
                self._post,
                alone=loop is None,
                check=claim,
                seconds=SECONDS if explore is True else explore,
            )
        super().__init__(
            [
                widgets.HBox(list(controls.values()), layout={"flex_flow": "row wrap"}),
                widgets.HBox(
                    [widgets.Label("clock"), self.clock, self.seed, self.next_seed, self.again, self.stop],
                    layout={"flex_flow": "row wrap", "padding": "0 0 0 3em"},
                ),
                self.picture,
                self.sentence,
                self.fold,
                *([self.trying] if self.trying is not None else []),
            ]
        )
        for control in controls.values():
            control.observe(lambda change: self._moved(), names="value")  # before anything runs anew
        for control in [*controls.values(), self.clock, self.seed]:
            control.observe(lambda change: self.refresh(), names="value")
        self.next_seed.on_click(lambda button: self._advance())
        self.again.on_click(lambda button: self.refresh())
        self.stop.on_click(lambda button: self._stopping.set())
        self.refresh()

    def __repr__(self) -> str:
        return f"Sliders for {', '.join(self.controls) or 'no arguments'}: run the notebook to turn them"

    @property
    def values(self) -> dict[str, Any]:
        """The arguments the dials stand at."""
        return {name: control.value for name, control in self.controls.items()}

    def refresh(self) -> None:
        """Run the program for the present values. On the wall clock this returns at once; the newest request wins."""
        on_wall = self.clock.value == "wall"
        self.again.disabled = not on_wall
        self.seed.disabled = self.next_seed.disabled = on_wall
        self.stop.disabled = True
        self._stopping = threading.Event()
        meanwhile = on_wall and _running_loop() is not None
        job = self._job(self.values, self.clock.value, self.seed.value, self._stopping, meanwhile)
        if meanwhile:
            self.sentence.value = texts.sentence("Running on the wall clock…")
            self._latest.submit(job)
        else:
            self._latest.cancel()
            self._show(job(lambda: False))

    def _job(
        self, values: dict[str, Any], clock: str, seed: int, stopping: threading.Event, meanwhile: bool
    ) -> Callable[[Callable[[], bool]], Run | Exception]:
        def job(cancelled: Callable[[], bool]) -> Run | Exception:
            def over() -> bool:
                return stopping.is_set() or cancelled()

            try:
                return run_program(
                    self._program,
                    values,
                    clock=clock,
                    seed=seed,
                    timeout=self._timeout,
                    claim=self._claim,
                    cancelled=over,
                    watched=Growing(self._post, self._grow, over).look if meanwhile else None,
                )
            except Exception as error:  # a bad value of a dial: said in the panel, the dials stay alive
                return error

        return job

    def _moved(self) -> None:
        if self.trying is not None:
            self.trying.forget()

    def _advance(self) -> None:
        self.seed.value += 1

    def _grow(self, run: Run | None, seconds: float) -> None:
        """Show a run that goes on: no verdict before its end."""
        from semalab.timeline import NOW, png

        self.stop.disabled = False
        words = f"Running on the wall clock: {seconds:.1f} s so far"
        if run is not None:
            shown = run.timeline(title=words, alarm=None, stopped=NOW, width=INCHES[0], height=INCHES[1], dpi=DPI)
            self.picture.value = png(shown)
            gc.collect(1)
        else:
            words += "; it does too much to be drawn meanwhile"
        self.sentence.value = texts.under_way(words)

    def _show(self, run: Run | Exception) -> None:
        """Draw in the thread that called: only the picture's bytes and the texts change, never the layout."""
        self.stop.disabled = True
        if isinstance(run, Exception):
            self.sentence.value = texts.message(run)
            return
        self.run = run
        self.closer.show(run)
        self._draw()
        self.sentence.value = texts.verdict(run)
        self.printed.value = texts.output(run)
        self.steps.show(run)

    def _draw(self) -> None:
        """The present run, or the part of it that was chosen."""
        from semalab.timeline import png

        if self.run is None:
            return
        self.picture.value = png(self.run.timeline(width=INCHES[0], height=INCHES[1], dpi=DPI, **self.closer.part))
        # Figures are knots of references. Freed while they are young they cost little; left to the collector's full
        # pass, every twentieth picture would be late by a tenth of a second.
        gc.collect(1)

    def _unfold(self, page: int | None) -> None:
        self.steps.opened(page == 1)
        self.closer.opened(page == 2)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """The kernel's event loop, or None outside a kernel (a script, a test): runs are then waited for."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _post_to(loop: asyncio.AbstractEventLoop | None) -> Post:
    """How a worker hands something to the thread that draws."""
    if loop is None:
        return lambda call: call()

    def post(call: Callable[[], None]) -> None:
        loop.call_soon_threadsafe(call)

    return post
