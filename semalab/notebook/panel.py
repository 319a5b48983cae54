"""The panel: dials above, one picture of fixed size, the verdict in words, the output in a fold."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

import ipywidgets as widgets

from semalab.analysis.changes import duration
from semalab.analysis.claims import Check
from semalab.exploration import Exploration
from semalab.log.excerpt import written
from semalab.notebook import texts
from semalab.notebook.controls import PANEL, Export, Folds, Switches, dials
from semalab.notebook.folds import Closer, Steps
from semalab.notebook.latest import Growing, Latest, post_to, running_loop
from semalab.notebook.layer import Kept, Last, Pointed
from semalab.notebook.preview import Measure, preview, settings_of
from semalab.notebook.schedules import Schedules
from semalab.notebook.trying import SECONDS, Trying
from semalab.recording import run_program
from semalab.run import Run
from semalab.settings import Program, check_arguments

if TYPE_CHECKING:
    from semalab.draw import Easel

INCHES = (10.0, 4.8)
DPI = 100
_WRAP = {"flex_flow": "row wrap"}
STEPS, CLOSER, PRINTED = range(3)  # the folds; the one that is not always there is last, so that none moves


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

    Returns:
        The panel, a widget, which the last line of a cell shows.

    Raises:
        TypeError, ValueError: for bad arguments or a range upside down.

    >>> panel = lab.interact(program, threads=(1, 20), initial=(0, 3))
    """
    if isinstance(program, Exploration):
        if sliders or claim is not None or explore is not False:
            raise TypeError("an exploration has its schedules to choose from and takes no dials; call interact(found)")
        return Schedules(program)
    if not isinstance(explore, int | float):
        raise TypeError(f"explore must be True, False or the most seconds to search, got {written(explore)}")
    return Panel(program, dials(program, sliders), claim=claim, timeout=timeout, seed=seed, explore=explore)


def _collect_the_young() -> None:
    gc.collect(1)


_panels: weakref.WeakSet[Panel] = weakref.WeakSet()  # all that are there


class Panel(Kept):
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
        self.switches = Switches(seed)
        self.clock, self.seed, self.next_seed = self.switches.clock, self.switches.seed, self.switches.next_seed
        self.again, self.stop = self.switches.again, self.switches.stop
        self.reset = widgets.Button(
            description="reset", tooltip="the dials as they were at first", layout={"width": "7em"}
        )
        self._first = (dict(self.values), seed)  # where the dials stood at first
        self._measure = Measure()
        self._easel: Easel | None = None  # made with the first picture, for matplotlib takes its time to come
        self._turning = False  # several dials are being set, and one run will do for all
        self._stopping = threading.Event()  # set by the button: the run under way is to stop
        self._stopped_by = ""  # then: who did it
        self._under_way = False  # a run goes on, and the picture is its own
        width, height = (int(inches * DPI) for inches in INCHES)
        self.picture = widgets.Image(
            format="png", width=width, height=height, layout={"max_width": "100%", "height": "auto", "margin": "0"}
        )
        self.sentence = widgets.HTML()
        self.printed = widgets.HTML()
        self.besides = widgets.HTML()
        self.steps = Steps()
        self.closer = Closer(self._draw)
        self.pointed = Pointed(self.picture, lambda: self._easel.places if self._easel else None, self.closer.drag)
        self.fold = Folds(
            {
                "Step through this run": self.steps,
                "Look closer": self.closer,
                "What the program printed": self.printed,
            }
        )
        self.fold.observe(lambda change: self._unfold(change["new"]), names="selected_index")
        loop = running_loop()
        self._post = post_to(loop)
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
                widgets.HBox(list(controls.values()), layout=_WRAP),
                self.switches,
                self.pointed,
                self.sentence,
                widgets.HBox([self.fold.head, self.reset, Export(getattr(program, "__name__", "run"))], layout=_WRAP),
                self.fold,
                *([self.trying] if self.trying is not None else []),
                self.besides,
            ]
        )
        self.add_class(PANEL)
        for control in controls.values():
            control.observe(lambda change: self._moved(), names="value")  # before anything runs anew
        for control in [*controls.values(), self.clock, self.seed]:
            control.observe(lambda change: self.refresh(), names="value")
        self.next_seed.on_click(lambda button: self._advance())
        self.again.on_click(lambda button: self.refresh())
        self.reset.on_click(lambda button: self._begin_again())
        self.stop.on_click(lambda button: self._stop("the stop button was pressed"))
        _panels.add(self)
        self.refresh()

    def __repr__(self) -> str:
        return f"Sliders for {', '.join(self.controls) or 'no arguments'}: run the notebook to turn them"

    def last(self) -> Last | None:
        if self.run is None:
            return None
        return Last(self.picture.value, f"Timeline. {self.run.verdict} ({self.run.description})", repr(self))

    @property
    def values(self) -> dict[str, Any]:
        """The arguments the dials stand at."""
        return {name: control.value for name, control in self.controls.items()}

    def refresh(self) -> None:
        """Run the program for the present values. On the wall clock this returns at once; the newest request wins."""
        if self._turning:
            return
        self.switches.follow()
        self._stopping = threading.Event()
        self._under_way = self.switches.on_wall and running_loop() is not None
        for other in [*_panels]:
            if other is not self:  # one program runs at a time, and the newest is wanted: the kernel must not wait
                other._stop("another panel began to run")
        job = self._job(self.values, self.clock.value, self.seed.value, self._stopping, self._under_way)
        if self._under_way:
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
                    stopped_by=lambda: self._stopped_by,
                    watched=Growing(self._post, self._grow, over).look if meanwhile else None,
                )
            except Exception as error:  # a bad value of a dial: said in the panel, the dials stay alive
                return error

        return job

    def _alone(self, values: dict[str, Any]) -> Run | Exception:
        """A run for other values than the dials', which changes nothing in the panel."""
        return self._job(values, "virtual", self._first[1], threading.Event(), False)(lambda: False)

    def _moved(self) -> None:
        if self.trying is not None:
            self.trying.forget()

    def _advance(self) -> None:
        self.seed.value += 1

    def _begin_again(self) -> None:
        """Everything as it was when the panel came: dials, clock, seed, axis, and the whole run."""
        values, seed = self._first
        self._turning = True
        try:
            for name, value in values.items():
                self.controls[name].value = value
            self.clock.value, self.seed.value = "virtual", seed
        finally:
            self._turning = False
        self._measure = Measure()
        self.closer.forget()
        self.refresh()

    def _stop(self, by: str) -> None:
        """End the run with what it has done. It may take a second: threads inside calls of the system hear late."""
        if not self._under_way or self._stopping.is_set():
            return
        self._stopped_by = by
        self._stopping.set()
        self.switches.stoppable(False)
        self.sentence.value = texts.sentence("Stopping…")

    def _grow(self, run: Run | None, seconds: float) -> None:
        """Show a run that goes on: no verdict before its end."""
        from semalab.draw import NOW

        self.switches.stoppable(True)
        self.closer.wait(True)
        words = f"Running on the wall clock: {seconds:.1f} s so far"
        if run is not None:
            lasting, before = self._measure.meanwhile
            self._paint(run, title=words, alarm=None, stopped=NOW, lasting=lasting, before=before)
        else:
            words += "; it does too much to be drawn meanwhile"
        self.sentence.value = texts.under_way(words)

    def _show(self, run: Run | Exception) -> None:
        """Draw in the thread that called: only the picture's bytes and the texts change, never the layout."""
        self._under_way = False
        self.switches.stoppable(False)
        self.closer.wait(False)
        if isinstance(run, Exception):
            self.sentence.value, self.besides.value = texts.message(run), ""
            return
        self.run = run
        self._measure.take(run)
        self.closer.show(run, self._measure.lasting)
        self._draw()
        before = self._measure.before if run.trace.duration else None
        self.sentence.value = texts.verdict(run, f"The run before: {duration(before)}" if before is not None else "")
        self.besides.value = texts.besides(run)
        self.printed.value = texts.output(run)
        self.fold.empty(PRINTED, not run.printed)
        self.steps.show(run)

    def _draw(self) -> None:
        """The present run, or the part of it that was chosen."""
        if self.run is not None and not self._under_way:
            self._paint(self.run, lasting=self._measure.lasting, before=self._measure.before, **self.closer.part)

    def _paint(self, run: Run, **how: Any) -> None:
        from semalab.draw import Easel
        from semalab.draw.picture import pixels_of

        self._easel = self._easel or Easel()
        self.picture.value = pixels_of(run, self._easel, width=INCHES[0], height=INCHES[1], dpi=DPI, **how)
        # What is drawn is a knot of references. Freed while it is young it costs little; left to the collector's full
        # pass, every twentieth picture would be late by a tenth of a second. Nobody waits for it here.
        self._post(_collect_the_young)
        self.changed()
        self.pointed.layer.changed(bool(how.get("between")))

    def _unfold(self, page: int | None) -> None:
        self.steps.opened(page == STEPS)
        self.closer.opened(page == CLOSER)

    def _repr_mimebundle_(self, **how: Any) -> Any:
        """Beside the view stands a picture of four settings: that is what a reader without widgets sees."""
        bundle = super()._repr_mimebundle_(**how)
        view = bundle if isinstance(bundle, dict) else bundle[0]
        settings = settings_of(self.controls)
        picture = preview(settings, self._alone)
        if picture is None:
            return bundle
        return {**view, "image/png": picture}, {"image/png": {"alt": f"{len(settings)} timelines. {self!r}"}}
