"""Keeps the virtual processor's threads on one real core, where passing the baton is several times faster."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def pinned() -> Iterator[None]:
    """Pin the calling thread, and so the threads it starts, to the core it runs on; undone afterwards.

    The present core, not the first one: thirty learners on one hub must not share core 0. Does nothing where the
    platform has no thread affinity (macOS, Windows) or forbids it.
    """
    try:
        allowed = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {_present_core(allowed)})
    except (AttributeError, OSError):
        yield
        return
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _present_core(allowed: set[int]) -> int:
    try:
        core = ctypes.CDLL(None).sched_getcpu()
    except (AttributeError, OSError):
        core = -1
    return core if core in allowed else sorted(allowed)[os.getpid() % len(allowed)]
