"""A row of buttons, each of which opens a page below and closes the one that was open."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets as widgets
import traitlets

_SHUT, _OPEN = "caret-right", "caret-down"


class Folds(widgets.VBox):
    """What ipywidgets' Accordion does, with headers that the keyboard reaches and that are dark enough to be read.

    `head` is the row of buttons, to be put above.

    Invariant: the button at `selected_index` is pressed and its page displayed; of all others neither. A button whose
    page is empty is not displayed, unless its page is open.
    """

    selected_index = traitlets.Int(None, allow_none=True)

    def __init__(self, pages: Mapping[str, widgets.Widget]) -> None:
        self.buttons = [
            widgets.ToggleButton(description=title, icon=_SHUT, layout={"width": "auto"}) for title in pages
        ]
        self._pages = [widgets.VBox([page], layout={"display": "none"}) for page in pages.values()]
        self._empty: set[int] = set()
        self.head = widgets.HBox(self.buttons, layout={"flex_flow": "row wrap"})
        super().__init__(self._pages)
        for place, button in enumerate(self.buttons):
            button.observe(lambda change, place=place: self._pressed(place, change["new"]), names="value")
        self.observe(lambda change: self._turn(), names="selected_index")

    def empty(self, place: int, is_empty: bool) -> None:
        """There is nothing on this page, or there is something again."""
        self._empty = self._empty | {place} if is_empty else self._empty - {place}
        self._turn()

    def _pressed(self, place: int, down: bool) -> None:
        if down:
            self.selected_index = place
        elif self.selected_index == place:
            self.selected_index = None

    def _turn(self) -> None:
        for place, (button, page) in enumerate(zip(self.buttons, self._pages, strict=True)):
            is_open = place == self.selected_index
            button.value, button.icon = is_open, _OPEN if is_open else _SHUT
            page.layout.display = None if is_open else "none"
            button.layout.display = "none" if place in self._empty and not is_open else None
