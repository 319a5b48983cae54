"""What a notebook keeps of a panel when its kernel is gone: the last picture.

JupyterLab saves a widget as a name that means something to its kernel alone. Reopened, the output reads "Error
displaying widget: model not found", whatever stands beside the widget in the same output. So the picture is an output
of its own, which hides while the widget is there.
"""

from __future__ import annotations

import base64
from html import escape
from typing import Any, NamedTuple
from uuid import uuid4

import ipywidgets as widgets
from IPython.display import display, update_display

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
