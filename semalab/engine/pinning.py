"""Keeps the virtual processor's threads on one real core, where passing the baton is several times faster."""

from __future__ import annotations

import ctypes
import os
from typing import Any


class Pin:
    """Pins the calling thread, and so the threads it starts, to the core it runs on, and takes the pin out again.

    The present core, not the first one: thirty learners on one hub must not share core 0. SCHED_BATCH besides: the
    thread that passes the baton then sleeps before the next one wakes, instead of being thrown off the core by it and
    needing it once more. Does nothing where the platform has none of this (macOS, Windows) or forbids it.
    Invariant: what `undo` has to restore is known before it is changed.
    """

    def __init__(self) -> None:
        self._cores: set[int] | None = None
        self._policy: tuple[int, Any] | None = None

    def set(self) -> None:
        try:
            self._cores = os.sched_getaffinity(0)
            os.sched_setaffinity(0, {_present_core(self._cores)})
            if os.sched_getscheduler(0) == os.SCHED_OTHER:
                self._policy = (os.SCHED_OTHER, os.sched_getparam(0))
                os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        except (AttributeError, OSError):
            pass

    def undo(self) -> None:
        try:
            if self._policy is not None:
                os.sched_setscheduler(0, *self._policy)
            if self._cores is not None:
                os.sched_setaffinity(0, self._cores)
        except (AttributeError, OSError):
            pass


def _present_core(allowed: set[int]) -> int:
    try:
        core = ctypes.CDLL(None).sched_getcpu()
    except (AttributeError, OSError):
        core = -1
    return core if core in allowed else sorted(allowed)[os.getpid() % len(allowed)]
