"""What only a front end can do: the package's door puts it here; whoever needs it does without where it is None."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

make_bar: Callable[[], Any] | None = None  # makes a `semalab.exploration.progress.Bar`

PIECES = (  # of what a first picture needs: each a fraction of the second that all of it takes
    *("numpy", "pyparsing", "PIL.Image", "matplotlib", "matplotlib.text", "matplotlib.axes", "matplotlib.figure"),
    *("semalab.draw", "semalab.notebook"),
)
_PAUSE = 0.1  # seconds between two pieces, in which the kernel can begin a cell
_LOCK = threading.Lock


def import_ahead() -> None:
    """In a kernel, import what draws while the learner reads; elsewhere do nothing.

    Piece by piece, in the kernel's own thread and between its cells: a thread of ours would be there when a program is
    recorded, would hold the import lock that it may need, and could keep what a run has put in the place of
    `threading.Lock` for good.
    """
    import asyncio  # a kernel has it; a script that only imports this package need not wait for it

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    loop.call_later(_PAUSE, _import, loop, 0)


def _import(loop: asyncio.AbstractEventLoop, number: int) -> None:
    if threading.Lock is _LOCK:  # otherwise a run goes on, in another thread
        try:
            import_module(PIECES[number])
        except Exception:  # whoever asks for a picture hears of it
            return
        number += 1
    if number < len(PIECES):
        loop.call_later(_PAUSE, _import, loop, number)
