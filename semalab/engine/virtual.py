"""The virtual clock: one processor, one clock, and a seeded choice of who runs next.

The program's threads are real threads that pass a baton: exactly one runs, all others sleep at their gates. After
every operation on a primitive the running thread offers the baton; a seeded generator picks who gets it. Time moves
only when nobody can run: then it jumps to the next wake-up, so sleeping costs nothing.
"""

from __future__ import annotations

import _thread
import heapq
import random
import time
from collections.abc import Callable
from typing import Any

from semalab.engine.pinning import pinned
from semalab.engine.processor import GRACE, Processor, check_lock_arguments
from semalab.engine.stop import Stop
from semalab.engine.thread import ProgramThread

NO_PROGRESS = 2.0  # real seconds without any operation after which the program is taken to be stuck outside the lab


def nanoseconds(seconds: float) -> int:
    """Whole nanoseconds, at least one for any positive time: a loop that waits for what is left must get there."""
    return max(1, round(seconds * 1e9)) if seconds > 0 else 0


class VirtualLock:
    """A `_thread.lock` of the virtual processor.

    Invariant: whoever is in `queue` is not ready to run. A release makes one of them ready, chosen like everything
    else by the seed, and promises nothing: a running thread may take the lock first, as with real locks.
    """

    __slots__ = ("__weakref__", "_processor", "held", "queue", "topic")

    def __init__(self, processor: VirtualProcessor, topic: ProgramThread | None = None) -> None:
        self._processor = processor
        self.held = False
        self.queue: list[ProgramThread] = []
        self.topic = topic

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if timeout != -1 or not blocking:
            check_lock_arguments(blocking, timeout)
        if not self.held:
            self.held = True
            return True
        if not blocking or timeout == 0:
            return False
        processor = self._processor
        until = None if timeout < 0 else processor.time + nanoseconds(timeout)
        while self.held:
            if not processor.wait(self, until):
                return False
        self.held = True
        return True

    __enter__ = acquire

    def release(self) -> None:
        if not self.held:
            if self._processor.stopping:
                return  # a stopped thread unwinds through locks it never got
            raise RuntimeError("release unlocked lock")
        self.held = False
        if self.queue:
            self._processor.wake_one(self.queue)

    def __exit__(self, *exc: object) -> None:
        self.release()

    def locked(self) -> bool:
        return self.held

    def _at_fork_reinit(self) -> None:
        self.held = False
        self.queue = []


class VirtualProcessor(Processor):
    """Runs the program's threads one at a time, the same way for the same seed.

    Invariants: `running` is the one thread whose gate is open; `ready` holds the others that could run; all that wait
    are in a lock's queue or in `timers` (time, order, thread, token; stale once the thread's token is another).
    """

    clock = "virtual"
    tick = 0.02

    def __init__(self, seed: int = 0, timeout: float = 30.0) -> None:
        super().__init__()
        self.random = random.Random(f"schedule {seed}")  # its own: the program's draws must not change the schedule
        self.time = 0
        self.limit = round(timeout * 1e9)
        self.running: ProgramThread | None = None
        self.ready: list[ProgramThread] = []
        self.timers: list[tuple[int, int, ProgramThread, object]] = []
        self.order = 0
        self.operations = 0
        self.seen = (0, time.monotonic())

    def now(self) -> int:
        return self.time

    def get_ident(self) -> int:
        running = self.running
        return running.ident if running is not None else 0

    def allocate_lock(self, topic: ProgramThread | None = None) -> VirtualLock:
        return VirtualLock(self, topic)

    def current(self) -> ProgramThread | None:
        running = self.running
        if running is None or running.carrier is None or running.carrier.ident != _thread.get_ident():
            return None
        return running

    # the baton
    def point(self) -> None:
        """Offer the baton to everybody who could run; the seed decides, and may decide for the present owner."""
        self.operations += 1
        if self.ready or self.stopping:
            if self.current() is None:
                return
            me = self._me()
            self.ready.append(me)
            self._pass_on(me)

    def wait(self, lock: VirtualLock, until: int | None) -> bool:
        """Sleep in a lock's queue until woken (True) or until the clock says `until` (False)."""
        me = self._me()
        lock.queue.append(me)
        me.waits_in = lock
        me.timed = until is not None
        token = self._arm(me, until)
        self._pass_on(me)
        if me.token is token:  # nobody took it away by waking: the time was up
            me.token = None
            return False
        return True

    def wake_one(self, queue: list[ProgramThread]) -> None:
        thread = queue.pop(self._pick(len(queue)))
        thread.token = None
        thread.waits_in = None
        self.ready.append(thread)

    def sleep(self, seconds: float) -> None:
        if self.current() is None:
            time.sleep(seconds)
            return
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        me = self._me()
        self.operations += 1
        self._arm(me, self.time + nanoseconds(seconds))
        self._pass_on(me)
        me.token = None

    def _me(self) -> ProgramThread:
        me = self.current()
        if me is None:
            raise RuntimeError("this primitive belongs to a recorded run; only the threads of that run can wait for it")
        if self.stopping:
            raise Stop
        return me

    def _arm(self, me: ProgramThread, until: int | None) -> object:
        me.token = token = object()
        if until is not None:
            self.order += 1
            heapq.heappush(self.timers, (until, self.order, me, token))
        return token

    def _pick(self, n: int) -> int:
        return int(self.random.random() * n) if n > 1 else 0

    def _next(self) -> ProgramThread | None:
        """Take the next thread to run out of `ready`, moving time on if nobody is; None if nobody ever will."""
        ready = self.ready
        while not ready:
            while self.timers and self.timers[0][2].token is not self.timers[0][3]:
                heapq.heappop(self.timers)
            if not self.timers:
                self.stop("deadlock")
                return None
            instant = self.timers[0][0]
            if instant > self.limit:
                self.time = self.limit
                self.stop("timeout")
                return None
            self.time = max(self.time, instant)
            while self.timers and self.timers[0][0] == instant:
                _, _, thread, token = heapq.heappop(self.timers)
                if thread.token is token:
                    if thread.waits_in is not None:
                        thread.waits_in.queue.remove(thread)
                        thread.waits_in = None
                    ready.append(thread)
        index = self._pick(len(ready))
        chosen = ready[index]
        ready[index] = ready[-1]
        ready.pop()
        return chosen

    def _pass_on(self, me: ProgramThread) -> None:
        """Give the baton to the next thread and sleep until it comes back."""
        self.operations += 1
        chosen = self._next()
        if chosen is me:
            return
        self._hand_to(chosen)
        me.gate.acquire()
        if self.stopping:
            raise Stop

    def _hand_to(self, chosen: ProgramThread | None) -> None:
        if chosen is None:
            self.report()
        else:
            self.running = chosen
            chosen.gate.release()

    # threads
    def spawn(self, thread: ProgramThread, body: Callable[[], Any]) -> None:
        thread.ident = thread.number + 1  # the same in every run, unlike the operating system's
        self.live[thread.ident] = thread
        self.launch(thread, lambda me: self._carry(me, body))
        if self.running is None:
            self.running = thread
            thread.gate.release()
        else:
            self.ready.append(thread)

    def _carry(self, me: ProgramThread, body: Callable[[], Any]) -> None:
        me.gate.acquire()
        try:
            if not self.stopping:
                self.begin(me)
                body()
        finally:
            me.depart()
            if not self.stopping:
                self._leave(me)

    def _leave(self, me: ProgramThread) -> None:
        self.end(me)
        del self.live[me.ident]
        if me.farewell is not None:
            me.farewell.release()
        if not self.finish_if_last():
            self._hand_to(self._next())

    # stopping
    def deadlocked(self) -> bool:
        return False  # `_next` sees it at once, exactly

    def check_progress(self) -> None:
        operations, since = self.seen
        if self.operations != operations:
            self.seen = (self.operations, time.monotonic())
        elif time.monotonic() - since > NO_PROGRESS:
            self.stuck_at = self.place_of(self.running)
            self.stop("stuck")

    def supervise(self, main: Callable[[], Any], timeout: float, cancelled: Callable[[], bool]) -> None:
        with pinned():
            super().supervise(main, timeout, cancelled)

    def end_round(self, alive: list[ProgramThread]) -> None:
        """One at a time, in the order of their starts: a stopped thread unwinds alone, as it ran."""
        for thread in alive:
            self.running = thread
            if thread.gate.locked():
                thread.gate.release()
            else:
                thread.send_stop()
            if thread.carrier is not None:
                thread.carrier.join(GRACE)
