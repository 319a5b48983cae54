"""The end of a run: every thread that is left is told to go, again and again, until none is there."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from semalab.engine.stop import Stop
from semalab.engine.thread import ProgramThread

GRACE = 0.002  # seconds that stopped threads get to unwind before they are told again
LAST_RESORT = 1.0  # seconds without the end of any thread after which those that are left (in C calls) are given up
SWITCH_INTERVAL = 0.0005  # seconds: a thread that swallows what it is told must have its turn to be told again


class Stopped(Protocol):
    """A processor whose run is over."""

    flock: int
    every: list[ProgramThread]
    critical_locks: list[Any]

    def let_go(self, thread: ProgramThread) -> None: ...


def end_all(processor: Stopped) -> tuple[ProgramThread, ...]:
    """End the threads of a stopped run; returns those that had to be given up.

    What counts is that one ends from time to time: thousands get the time they need, and one that hangs costs a second.
    """
    moved = time.monotonic()  # when a thread ended last
    interval, unraisable = sys.getswitchinterval(), sys.unraisablehook
    try:
        sys.setswitchinterval(min(interval, SWITCH_INTERVAL))
        sys.unraisablehook = partial(_say_unless_stop, unraisable)
        while alive := [thread for thread in processor.every if thread.alive]:
            for first in range(0, len(alive), processor.flock):
                if _end(processor, alive[first : first + processor.flock]):
                    moved = time.monotonic()
                elif time.monotonic() - moved > LAST_RESORT:
                    return tuple(thread for thread in processor.every if thread.alive)
            _open(processor.critical_locks)
    finally:
        sys.unraisablehook = unraisable  # first: an interrupt may come out of the call below, at its end
        sys.setswitchinterval(interval)
    return ()


def _say_unless_stop(say: Callable[[Any], object], unraisable: Any) -> None:
    """A Stop that rises in a destructor or a weak reference's callback goes no further; nobody needs to hear of it."""
    if not issubclass(unraisable.exc_type, Stop):
        say(unraisable)


def _end(processor: Stopped, flock: Sequence[ProgramThread]) -> bool:
    """Let these threads go and give them a moment; returns whether one of them has ended."""
    for thread in flock:
        processor.let_go(thread)
    until = time.monotonic() + GRACE
    for thread in flock:
        if thread.carrier is not None:
            thread.carrier.join(max(0.0, until - time.monotonic()))
    return not all(thread.alive for thread in flock)


def _open(critical_locks: Sequence[Any]) -> None:
    """A Stop may rise just before a thread would have freed such a lock; nobody may stay blocked in it."""
    for lock in critical_locks:
        if lock.locked():
            with contextlib.suppress(RuntimeError):  # freed in between
                lock.release()
