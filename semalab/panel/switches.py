"""The row below the dials: which clock, which seed, run again, stop."""

from __future__ import annotations

import ipywidgets as widgets


class Switches(widgets.HBox):
    """Invariant: the seed and its button can be used on the virtual clock; those to run again and to stop are seen on
    the wall clock only.

    `stop` can be pressed while a run goes on that has lasted half a second. Buttons keep their places: one that comes
    and goes with every key press would only flicker.
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
        for button in (self.again, self.stop):  # which keep their places
            button.layout.visibility = "visible" if self.on_wall else "hidden"
        self.seed.disabled = self.next_seed.disabled = self.on_wall
