"""The private names of CPython's `threading` whose meaning a version has changed: one table, for whoever needs one."""

from __future__ import annotations

import sys
from typing import Any

from semalab.engine import system

# Where a `Thread` keeps the system's handle on it. Up to 3.12 there is none, but a lock that the system releases.
_HANDLES: dict[tuple[int, int], str | None] = {(3, 11): None, (3, 12): None, (3, 13): "_handle"}
HANDLE = _HANDLES.get(sys.version_info[:2], "_os_thread_handle")  # from 3.14 on


def set_handle(thread: Any, handle: Any) -> None:
    """Give a thread that has not begun another handle, if this Python's threads have one."""
    if HANDLE is not None:
        setattr(thread, HANDLE, handle)


def end_or_begin_anew(thread: Any, ended: bool) -> None:
    """Make a thread that nobody carries any more one that has ended, or one that was never started."""
    if HANDLE is None:
        thread._is_stopped, thread._tstate_lock = ended, None
    elif ended:
        getattr(thread, HANDLE)._set_done()
    else:
        setattr(thread, HANDLE, system._ThreadHandle())
