"""The interpreter around a run: its collector, its frames, its cores, and private names that differ by version."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from types import FrameType
from typing import Any

from semalab.engine.carrier import system

gil_enabled: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)  # from CPython 3.13 on
# The private names of `threading` whose meaning a version has changed are all here.
# Where a `Thread` keeps the system's handle on it. Up to 3.12 there is none, but a lock that the system releases.
_HANDLES: dict[tuple[int, int], str | None] = {(3, 11): None, (3, 12): None, (3, 13): "_handle"}
HANDLE = _HANDLES.get(sys.version_info[:2], "_os_thread_handle")  # from 3.14 on
_frames = sys._current_frames  # a program's own threads get another one on the virtual clock
_one_at_a_time = threading.Lock()  # two at once would take each other's "was enabled" for the program's


@contextmanager
def no_collections() -> Iterator[None]:
    """Nothing is collected inside; afterwards collections are as they were.

    >>> with no_collections():
    ...     gc.isenabled()
    False
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def current_frames() -> dict[int, FrameType]:
    """The innermost frame of each thread, by its identifier.

    Up to CPython 3.11.8 a garbage collection inside `sys._current_frames` may hand the GIL to a thread that is just
    starting another one, and then both wait for ever: https://github.com/python/cpython/issues/106883. So nothing is
    collected meanwhile. From 3.12 on collections wait until the call is over.
    """
    if sys.version_info >= (3, 12):
        return _frames()
    with _one_at_a_time, no_collections():
        return _frames()


def outwards(frame: FrameType | None) -> Iterator[FrameType]:
    """This frame, the one that called it, and so on to the thread's first: the one way up the frames."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def program_frame(frame: FrameType | None, program: AbstractSet[int]) -> FrameType | None:
    """The innermost frame of the program from this one outwards; None if there is none.

    program: the identities of its namespaces.
    """
    while frame is not None and id(frame.f_globals) not in program:  # no generator: asked for each row of the log
        frame = frame.f_back
    return frame


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
