"""The wall clock: the program's threads are real threads and its seconds are real seconds.

Locks decide exactly as `_thread.lock` does; they only remember who is blocked, so that a deadlock is seen and a
blocked thread can be let go when the run must end.
"""

from __future__ import annotations

import _thread
import time
from collections.abc import Callable
from typing import Any

from semalab.engine.processor import GRACE, Processor, check_lock_arguments
from semalab.engine.stop import Stop
from semalab.engine.thread import ProgramThread


class WallLock:
    """A `_thread.lock` that knows who is blocked in it.

    Invariant: `passing` is True from just before a release until the next owner has noticed that it owns the lock.
    So `locked and not passing` means: the owner has it and knows, nobody is about to get it.
    """

    __slots__ = ("__weakref__", "_processor", "passing", "real", "topic")

    def __init__(self, processor: WallProcessor, topic: ProgramThread | None = None) -> None:
        self._processor = processor
        self.real = _thread.allocate_lock()
        self.passing = False
        self.topic = topic

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if timeout != -1 or not blocking:
            check_lock_arguments(blocking, timeout)
        if self.real.acquire(False):
            self.passing = False
            return True
        if not blocking:
            return False
        return self._processor.block(self, timeout)

    __enter__ = acquire

    def release(self) -> None:
        self.passing = True
        self.real.release()

    def __exit__(self, *exc: object) -> None:
        self.release()

    def locked(self) -> bool:
        return self.real.locked()

    def _at_fork_reinit(self) -> None:
        self.real = _thread.allocate_lock()


class WallProcessor(Processor):
    """Runs the program's threads side by side as the operating system likes."""

    clock = "wall"
    tick = 0.005
    now = staticmethod(time.perf_counter_ns)
    get_ident = staticmethod(_thread.get_ident)
    point = None

    def allocate_lock(self, topic: ProgramThread | None = None) -> WallLock:
        return WallLock(self, topic)

    def current(self) -> ProgramThread | None:
        return self.live.get(_thread.get_ident())

    def block(self, lock: WallLock, timeout: float) -> bool:
        """Wait in the real lock, visibly: `waits_in` is set exactly while this thread cannot run on by itself."""
        me = self.live.get(_thread.get_ident())
        if me is None:  # a thread that is not of this run
            got = lock.real.acquire(True, timeout)
            lock.passing = lock.passing and not got
            return got
        if self.stopping:
            raise Stop
        me.timed = timeout >= 0
        me.blocks += 1
        me.waits_in = lock
        got = False
        try:
            got = lock.real.acquire(True, timeout)
        finally:
            me.waits_in = None
            me.blocks += 1
        if got:
            lock.passing = False  # after `blocks` changed: see `deadlocked`
        if self.stopping:
            if got:
                lock.real.release()  # the next waiter is let go in its turn
            raise Stop
        return got

    def sleep(self, seconds: float) -> None:
        me = self.current()
        if me is None or seconds <= 0:
            time.sleep(seconds)  # also raises CPython's own errors
            return
        if self.stopping:
            raise Stop
        me.gate.acquire(True, seconds)
        if self.stopping:
            raise Stop

    def spawn(self, thread: ProgramThread, body: Callable[[], Any]) -> None:
        self.launch(thread, lambda me: self._carry(me, body))

    def _carry(self, me: ProgramThread, body: Callable[[], Any]) -> None:
        me.ident = _thread.get_ident()
        self.live[me.ident] = me
        self.begin(me)
        try:
            body()
        finally:
            me.depart()
            self.end(me)
            if me.farewell is not None and not self.stopping:
                me.farewell.release()
            del self.live[me.ident]
            self.finish_if_last()

    def deadlocked(self) -> bool:
        """True if no thread of the run can ever run on.

        Two looks at every thread, and between them one at the locks: if no thread's `blocks` changed from the first
        look to the second, all were blocked at once when the locks were looked at, so nobody could change a lock.
        """
        first = [(t, t.blocks, t.waits_in) for t in list(self.live.values())]
        if not first or not any(not t.daemon for t, _, _ in first):
            return False
        for thread, _, lock in first:
            if lock is None or thread.timed or lock.passing or not lock.real.locked():
                return False
        second = [(t, t.blocks, t.waits_in) for t in list(self.live.values())]
        return first == second and not self.starting

    def end_round(self, alive: list[ProgramThread]) -> None:
        for thread in alive:
            lock = thread.waits_in
            if lock is None:
                thread.send_stop()
            elif lock.real.locked():
                try:
                    lock.real.release()
                except RuntimeError:  # its owner was quicker
                    pass
            if thread.gate.locked():
                thread.gate.release()
        until = time.monotonic() + GRACE
        for thread in alive:
            if thread.carrier is not None:
                thread.carrier.join(max(0.0, until - time.monotonic()))
