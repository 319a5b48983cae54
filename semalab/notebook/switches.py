"""The row below the dials: which clock, which seed, run again, stop."""

from __future__ import annotations

import ipywidgets as widgets


class Switches(widgets.HBox):
    """Invariant: the seed and its button can be used on the virtual clock; on the wall clock the one to run again is
    in that button's place, and the one to stop is seen while there is something to stop: a run that has lasted half a
    second. None moves another.
    """

    def __init__(self, seed: int) -> None:
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
        super().__init__(
            [widgets.Label("clock"), self.clock, self.seed, self.next_seed, self.again, self.stop],
            layout={"flex_flow": "row wrap", "padding": "0 0 0 3em"},
        )

    @property
    def on_wall(self) -> bool:
        return str(self.clock.value) == "wall"

    def follow(self) -> None:
        """The clock's switch has moved."""
        self.again.disabled = not self.on_wall
        for button, shown in ((self.again, self.on_wall), (self.next_seed, not self.on_wall)):
            button.layout.display = None if shown else "none"
        self.seed.disabled = self.next_seed.disabled = self.on_wall
        self.stoppable(False)

    def stoppable(self, there_is: bool) -> None:
        """Whether there is a run to stop."""
        self.stop.disabled = not there_is
        self.stop.layout.visibility = "visible" if there_is else "hidden"
