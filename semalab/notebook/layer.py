"""What a notebook does with a panel's picture besides showing it: over it lies a layer that answers who points at it,
in the page and without asking the kernel; and the last picture is kept for when the kernel is gone.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from html import escape
from importlib.resources import files
from typing import Any, NamedTuple
from uuid import uuid4

import anywidget
import ipywidgets as widgets
import traitlets
from IPython.display import display, update_display

from semalab.draw.drawing import Drawing
from semalab.draw.encoding import PAINTERS, encoded, pointed
from semalab.notebook.latest import running_loop
from semalab.replay.jupyterlab import runs_this_cell

# The two outputs are neighbours. A widget that is there has elements inside; one that is not there has at most a line
# of text, "Loading widget..." or the error.
_STYLE = """<style>
.jp-OutputArea-child:has(.semalab-still):has(+ .jp-OutputArea-child > .jp-OutputArea-output > *),
.jp-OutputArea-child:has(.semalab-still) + .jp-OutputArea-child:not(:has(> .jp-OutputArea-output > *)) {
  display: none;
}
</style>"""
_HINT = "The panel as it was last. Run the notebook to turn it."
_REST = 0.3  # seconds without a new picture until it is kept: who drags a slider sends no picture twice
VIEW = "application/vnd.jupyter.widget-view+json"


class Last(NamedTuple):
    """A picture as PNG, what it shows, and the panel itself in a line of words."""

    picture: bytes
    alt: str
    words: str


class Kept(widgets.VBox):
    """A panel that leaves its last picture behind.

    Invariant: every output that shows this panel in JupyterLab has, `_REST` seconds after the last change, the picture
    that `last` gives beside it (`_shown` are their names).
    """

    def __init__(self, children: list[widgets.Widget]) -> None:
        self._shown: list[str] = []
        self._due: Any = None  # the timer that runs while pictures come quickly
        super().__init__(children)

    def last(self) -> Last | None:
        """What is to be kept; None while there is nothing."""
        raise NotImplementedError

    def changed(self) -> None:
        """`last` gives another picture now."""
        if not self._shown:
            return
        loop = running_loop()
        if loop is None:
            self._keep()
            return
        if self._due is not None:
            self._due.cancel()
        self._due = loop.call_later(_REST, self._keep)

    def _keep(self) -> None:
        self._due = None
        last = self.last()
        if last is not None:
            for name in self._shown:
                update_display(_bundle(last), raw=True, display_id=name)

    def _ipython_display_(self) -> None:
        """Below a cell of JupyterLab's: the picture, then the panel. Elsewhere one output is both (IPython goes on)."""
        last = self.last()
        if last is None or not runs_this_cell():
            raise NotImplementedError
        self._shown.append(f"semalab-{uuid4().hex}")
        display(_bundle(last), raw=True, display_id=self._shown[-1])
        display({VIEW: super()._repr_mimebundle_()[VIEW]}, raw=True)


def _bundle(last: Last) -> dict[str, Any]:
    packed = base64.b64encode(last.picture).decode("ascii")
    image = f'<img class="semalab-still" alt="{escape(last.alt)}" src="data:image/png;base64,{packed}">'
    return {"text/html": f"{_STYLE}{image}<div>{_HINT}</div>", "image/png": packed, "text/plain": last.words}


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
        window, before = content.get("window"), self.told
        self._zoom(None if window is None else (float(window[0]), float(window[1])))
        if self.told is before:  # nothing was painted: who asked waits for an answer all the same
            self.told = None
            self.told = before
