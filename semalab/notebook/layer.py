"""What lies over a panel's picture: it answers who points at it, in the page and without asking the kernel.

The picture stays matplotlib's, in a widget of its own: where no front end knows this one, it is there all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets

from semalab.draw.drawing import Drawing
from semalab.draw.encoding import PAINTERS, encoded, pointed
from semalab.notebook.latest import running_loop

REST = 0.3  # seconds without a new picture until its places are told: who drags a slider points at nothing
_BOX = "semalab-pointed"
# Where no front end knows the layer there would be an error's words in its place: the picture alone is better.
_PLAIN = (
    f"<style>.{_BOX} {{ position: relative; }} .{_BOX} > :not(img, :has(> .semalab-layer)) {{ display: none; }}</style>"
)

Window = tuple[float, float] | None  # in units of the picture's clock; None: all


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


class Pointed(widgets.VBox):
    """A picture with its layer."""

    def __init__(
        self, picture: widgets.Image, places: Callable[[], Drawing | None], zoom: Callable[[Window], None]
    ) -> None:
        self.layer = Layer(places, zoom)
        super().__init__([picture, self.layer, widgets.HTML(_PLAIN)], layout={"overflow": "visible"})
        self.add_class(_BOX)


class Layer(anywidget.AnyWidget):
    """Invariant: `told` is of the picture that is shown, or empty: while another one is on its way, and of none.

    Args:
        places: gives where things stand in the present picture; None if there is none.
        zoom: called with the part of the time axis that somebody wants to see larger.
    """

    _esm = "\n".join([*(path.read_text(encoding="utf-8") for path in PAINTERS), _text("layer.js")])
    _css = _text("layer.css")
    told: Any = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)

    def __init__(self, places: Callable[[], Drawing | None], zoom: Callable[[Window], None]) -> None:
        self._places, self._zoom = places, zoom
        self._due: Any = None  # the timer that runs while pictures come quickly
        super().__init__(layout={"margin": "0"})
        self.on_msg(lambda widget, content, buffers: self._asked(content))

    def changed(self, partial: bool) -> None:
        """The picture is another one. partial: it shows a part of the run."""
        self.told = None
        if self._due is not None:
            self._due.cancel()
        loop = running_loop()
        if loop is not None:
            self._due = loop.call_later(REST, self.tell, partial)

    def tell(self, partial: bool) -> None:
        """What can be pointed at in the present picture."""
        self._due = None
        drawing = self._places()
        if drawing is not None:
            facts = encoded([(("",) * 5, drawing)])
            self.told = {"facts": facts, "pointed": pointed(drawing), "part": partial}

    def _asked(self, content: Any) -> None:
        window = content.get("window")
        self._zoom(None if window is None else (float(window[0]), float(window[1])))
