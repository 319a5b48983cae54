"""The end of a run: every thread that is left is told to go, again and again, until none is there."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any, Protocol

from semalab.engine.interpreter import current_frames, gil_enabled
from semalab.engine.stopwatch import Idle
from semalab.engine.thread import ProgramThread, Stop

GRACE = 0.002  # seconds that stopped threads get to unwind before they are told again
LAST_RESORT = 1.0  # idle seconds without the end of a thread after which those that are left (in C calls) are given up
PREPARING = 30.0  # the same while the twins are being put in place: who went on with that later would leave them there
POLITE_ROUNDS = 15  # as long as this a Stop rises in the program's own lines only
SWITCH_INTERVAL = 0.0005  # seconds: a thread that swallows what it is told must have its turn to be told again
_WAIT = threading.Condition.wait.__code__  # has its lock in `waiter`, from CPython 3.11 to 3.14


class Stopped(Protocol):
    """A processor whose run is over."""

    flock: int
    every: list[ProgramThread]
    critical_locks: list[Any]
    program: AbstractSet[int]
    preparing: bool

    def let_go(self, thread: ProgramThread) -> bool:
        """Wake a thread wherever it waits; returns whether it runs instead and must be told. Never waits itself."""


def end_all(processor: Stopped) -> tuple[ProgramThread, ...]:
    """End the threads of a stopped run; returns those that had to be given up.

    What counts is that one ends from time to time: thousands get the time they need, and one that hangs costs a second.
    On a busy machine a thread may for seconds not be given a processor, and does not hang.
    """
    still = Idle(GRACE)  # since a thread ended last
    rounds = 0
    interval, unraisable = sys.getswitchinterval(), sys.unraisablehook
    try:
        sys.setswitchinterval(min(interval, SWITCH_INTERVAL))
        sys.unraisablehook = partial(_say_unless_stop, unraisable)
        while alive := [thread for thread in processor.every if thread.alive]:
            for first in range(0, len(alive), processor.flock):
                if _end(processor, alive[first : first + processor.flock], rounds, still.seconds):
                    still.restart()
                elif still.look() > (PREPARING if processor.preparing else LAST_RESORT):
                    return _give_up(processor)
            rounds += 1
            _open(processor.critical_locks)
    finally:
        sys.unraisablehook = unraisable  # first: an interrupt may come out of the call below, at its end
        sys.setswitchinterval(interval)
    return ()


def _give_up(processor: Stopped) -> tuple[ProgramThread, ...]:
    """Wait for nobody any more; returns who has not ended. Those whose turn to be told had not come are told all the
    same, or they would sleep where only the lab wakes them for as long as the process lives.
    """
    for thread in processor.every:
        if thread.alive and processor.let_go(thread):
            thread.send_stop()
    return tuple(thread for thread in processor.every if thread.alive)


def _say_unless_stop(say: Callable[[Any], object], unraisable: Any) -> None:
    """A Stop that rises in a destructor or a weak reference's callback goes no further; nobody needs to hear of it."""
    if not issubclass(unraisable.exc_type, Stop):
        say(unraisable)


def _end(processor: Stopped, flock: Sequence[ProgramThread], rounds: int, still: float) -> bool:
    """Let these threads go and give them a moment; returns whether one of them has ended."""
    running = [thread for thread in flock if processor.let_go(thread)]
    if rounds < POLITE_ROUNDS and still < LAST_RESORT / 2 and gil_enabled():
        for thread in _in_program(running, processor.program):
            thread.send_stop(within=processor.program)
    else:
        for thread in running:
            thread.send_stop()
        _wake(running)
    until = time.monotonic() + GRACE
    for thread in flock:
        if thread.carrier is not None:
            thread.carrier.join(max(0.0, until - time.monotonic()))
    return not all(thread.alive for thread in flock)


def _wake(threads: Sequence[ProgramThread]) -> None:
    """Let threads out of a wait for something that the lab does not watch: a semaphore, event or queue of a library.

    They sleep in a lock of their own. Once it is released, the Stop that they have been sent rises, and on the way out
    they give back what they hold: a library's lock would stay locked for ever, and for everybody in the process.
    Without the GIL a frame must not be looked into.
    """
    idents = {thread.carrier.ident for thread in threads if thread.carrier is not None}
    for waiter in [
        frame.f_locals.get("waiter")
        for ident, frame in (current_frames().items() if gil_enabled() else ())
        if ident in idents and frame.f_code is _WAIT
    ]:
        if waiter is not None and waiter.locked():
            with contextlib.suppress(RuntimeError):  # notified in between
                waiter.release()


def _in_program(threads: list[ProgramThread], program: AbstractSet[int]) -> list[ProgramThread]:
    """Those that are in the program's own code at this moment, where a Stop rises at once.

    In the midst of library code (an import, a log handler, a file just opened) it could leave a lock locked, for ever
    and for everybody in the process. What counts is the look that `send_stop` takes; this one spares it most of them.
    Without the GIL nobody can tell, and a frame that runs must not be looked into.
    """
    here = {thread.carrier.ident: thread for thread in threads if thread.carrier is not None}
    # Not kept in a variable: this function's own frame is among them, and what it holds would hold itself.
    return [here[i] for i, f in current_frames().items() if i in here and id(f.f_globals) in program]


def _open(critical_locks: Sequence[Any]) -> None:
    """A Stop may rise just before a thread would have freed such a lock; nobody may stay blocked in it."""
    for lock in critical_locks:
        if lock.locked():
            with contextlib.suppress(RuntimeError):  # freed in between
                lock.release()
