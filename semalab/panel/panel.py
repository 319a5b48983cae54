"""The panel: dials above, one picture of fixed size, the verdict in words, the output in a fold."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from semalab.claims import Check
from semalab.panel import texts
from semalab.panel.controls import dials
from semalab.panel.latest import Latest
from semalab.panel.steps import Steps
from semalab.recording import Program, check_arguments, run_program
from semalab.run import Run

INCHES = (10.0, 4.8)
DPI = 100


def interact(
    program: Program, /, *, claim: Check | None = None, timeout: float = 10.0, seed: int = 0, **sliders: Any
) -> Panel:
    """A panel that runs `program` for the dials' values and shows the run, in the manner of `ipywidgets.interact`.

    Args:
        program: as for `record`.
        claim: what every run is measured by, as for `record`.
        timeout: seconds after which a run is stopped.
        seed: the first seed of the virtual clock.
        sliders: for each argument of the program (least, most), (least, most, step), a list, True or False, a widget.

    Raises:
        TypeError, ValueError: for bad arguments or a range upside down.

    >>> lab.interact(program, threads=(1, 20), initial=(0, 3))
    """
    return Panel(program, dials(program, sliders), claim=claim, timeout=timeout, seed=seed)


class Panel(widgets.VBox):
    """Invariant: `run` is the run that the picture, the sentence and the output show."""

    def __init__(
        self,
        program: Program,
        controls: dict[str, Any],
        *,
        claim: Check | None = None,
        timeout: float = 10.0,
        seed: int = 0,
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
        width, height = (int(inches * DPI) for inches in INCHES)
        self.picture = widgets.Image(
            format="png", width=width, height=height, layout={"max_width": "100%", "height": "auto", "margin": "0"}
        )
        self.sentence = widgets.HTML()
        self.printed = widgets.HTML()
        self.steps = Steps()
        titles = ["What the program printed", "Step through this run"]
        self.fold = widgets.Accordion([self.printed, self.steps], titles=titles, selected_index=None)
        self.fold.observe(lambda change: self.steps.opened(change["new"] == 1), names="selected_index")
        self._latest = Latest(_post_to(_running_loop()), self._show)
        super().__init__(
            [
                widgets.HBox(list(controls.values()), layout={"flex_flow": "row wrap"}),
                widgets.HBox(
                    [widgets.Label("clock"), self.clock, self.seed, self.next_seed, self.again],
                    layout={"flex_flow": "row wrap", "padding": "0 0 0 3em"},
                ),
                self.picture,
                self.sentence,
                self.fold,
            ]
        )
        for control in [*controls.values(), self.clock, self.seed]:
            control.observe(lambda change: self.refresh(), names="value")
        self.next_seed.on_click(lambda button: self._advance())
        self.again.on_click(lambda button: self.refresh())
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
        job = self._job(self.values, self.clock.value, self.seed.value)
        if on_wall and _running_loop() is not None:
            self.sentence.value = texts.sentence("Running on the wall clock…")
            self._latest.submit(job)
        else:
            self._latest.cancel()
            self._show(job(lambda: False))

    def _job(self, values: dict[str, Any], clock: str, seed: int) -> Callable[[Callable[[], bool]], Run | Exception]:
        def job(cancelled: Callable[[], bool]) -> Run | Exception:
            try:
                return run_program(
                    self._program,
                    values,
                    clock=clock,
                    seed=seed,
                    timeout=self._timeout,
                    claim=self._claim,
                    cancelled=cancelled,
                )
            except Exception as error:  # a bad value of a dial: said in the panel, the dials stay alive
                return error

        return job

    def _advance(self) -> None:
        self.seed.value += 1

    def _show(self, run: Run | Exception) -> None:
        """Draw in the thread that called: only the picture's bytes and the texts change, never the layout."""
        from semalab.timeline import png

        if isinstance(run, Exception):
            self.sentence.value = texts.message(run)
            return
        self.run = run
        self.picture.value = png(run.timeline(width=INCHES[0], height=INCHES[1], dpi=DPI))
        self.sentence.value = texts.verdict(run)
        self.printed.value = texts.output(run)
        self.steps.show(run)
        # Figures are knots of references. Freed while they are young they cost little; left to the collector's full
        # pass, every twentieth picture would be late by a tenth of a second.
        gc.collect(1)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """The kernel's event loop, or None outside a kernel (a script, a test): runs are then waited for."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _post_to(loop: asyncio.AbstractEventLoop | None) -> Callable[[Callable[[], None]], None]:
    """How a worker hands something to the thread that draws."""
    if loop is None:
        return lambda call: call()

    def post(call: Callable[[], None]) -> None:
        loop.call_soon_threadsafe(call)

    return post
