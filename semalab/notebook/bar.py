"""A progress bar below a cell that leaves nothing behind.

Plain HTML under a display id, and neither tqdm nor a widget: while a search runs in the main thread no widget can be
clicked anyway, and a widget's output stays in the notebook for ever, where it would differ from the stored one
whenever the machine is slow enough for a bar. This output is empty when it comes and empty when the search has ended.
"""

from __future__ import annotations

import threading
from html import escape
from uuid import uuid4

from IPython.display import display, update_display

from semalab.exploration.progress import Progress

_STOP = "Kernel ▸ Interrupt stops it and keeps what was found."


def html(progress: Progress, then: str = "") -> str:
    """The bar and the count in words; a screen reader is told when it comes, not at every count."""
    part = f"value='{progress.part:.3f}' style='width:16em;max-width:100%;vertical-align:middle'"
    return f"<div><progress {part}>{progress.part:.0%}</progress> {escape(progress.words)}. {escape(then)}</div>"


class CellBar:
    """A bar below the cell that runs. Invariant: it is shown by the main thread only, or not at all."""

    def __init__(self) -> None:
        self._id = f"semalab-{uuid4().hex}"
        self._shown = False

    def show(self, progress: Progress) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        if not self._shown:
            display({}, raw=True, display_id=self._id)
            self._shown = True
        update_display({"text/html": html(progress, _STOP)}, raw=True, display_id=self._id)

    def close(self) -> None:
        if self._shown:
            update_display({}, raw=True, display_id=self._id)
