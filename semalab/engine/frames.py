"""What every thread of the interpreter is executing at this moment."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FrameType

from semalab.engine.garbage import no_collections

gil_enabled: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)  # from CPython 3.13 on
_one_at_a_time = threading.Lock()  # two at once would take each other's "was enabled" for the program's


def current_frames() -> dict[int, FrameType]:
    """The innermost frame of each thread, by its identifier.

    Up to CPython 3.11.8 a garbage collection inside `sys._current_frames` may hand the GIL to a thread that is just
    starting another one, and then both wait for ever: https://github.com/python/cpython/issues/106883. So nothing is
    collected meanwhile. From 3.12 on collections wait until the call is over.
    """
    if sys.version_info >= (3, 12):
        return sys._current_frames()
    with _one_at_a_time, no_collections():
        return sys._current_frames()
