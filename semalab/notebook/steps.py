"""The fold in which the panel's present run is gone through step by step."""

from __future__ import annotations

import ipywidgets as widgets

from semalab.replay.widget import framed
from semalab.run import Run


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
