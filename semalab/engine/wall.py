"""The wall clock: the program's threads are real threads and its seconds are real seconds.

Locks decide exactly as `_thread.lock` does; they only remember who is blocked, so that a deadlock is seen and a
blocked thread can be let go when the run must end.
"""

from __future__ import annotations

import _thread
import contextlib
import math
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from semalab.engine.foreign import HANDLER, Foreign
from semalab.engine.processor import WAKE, Processor, check_lock_arguments
from semalab.engine.thread import ProgramThread, Stop, Topic

_LAB = __name__.partition(".")[0]
MOST_PATIENT = 40  # ticks between two looks for threads that are not of the run


class WallLock:
    """A `_thread.lock` that knows whether somebody is about to get it.

    Invariant: `freed` is counted just before a release, `taken` when an owner has noticed that it owns the lock. So
    `taken == freed + 1` means: the lock is held, its owner knows, and no waiter has been woken that is yet to run.
    A lock with `held` is taken and freed without us; there `held` is empty from before a release until its next owner
    has noticed.
    """

    __slots__ = ("__weakref__", "_processor", "freed", "held", "real", "taken", "topic")

    def __init__(self, processor: WallProcessor, topic: Topic | None = None) -> None:
        self._processor = processor
        self.real = _thread.allocate_lock()
        self.taken = 0
        self.freed = 0
        self.held: list[Any] | None = None
        self.topic = topic

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if timeout != -1 or not blocking:
            check_lock_arguments(blocking, timeout)
        if self.real.acquire(False):
            self.taken += 1
            return True
        if not blocking:
            return False
        return self._processor.block(self, timeout)

    __enter__ = acquire

    def release(self) -> None:
        self.freed += 1
        try:
            self.real.release()
        except RuntimeError:  # it was not locked
            self.freed -= 1
            raise

    def __exit__(self, *exc: object) -> None:
        self.release()

    def locked(self) -> bool:
        return self.real.locked()

    def settled(self) -> bool:
        """Held, its owner knows, and nobody has been woken."""
        return self.taken == self.freed + 1 if self.held is None else bool(self.held)

    def _at_fork_reinit(self) -> None:
        self.real = _thread.allocate_lock()
        self.taken = self.freed = 0


Blocked = tuple[ProgramThread | Foreign, int, WallLock]  # how often it has begun or ended a wait


class WallProcessor(Processor):
    """Runs the program's threads side by side as the operating system likes."""

    clock = "wall"
    tick = 0.005
    flock = 32  # thousands that wake at once keep each other from running: every one of them asks for the interpreter
    now = staticmethod(time.perf_counter_ns)
    get_ident = staticmethod(_thread.get_ident)
    point = None

    def __init__(self) -> None:
        super().__init__()
        self._looks = 0  # for others that could act, with success
        self._patience = 0  # ticks until the next one
        self.signals.turn.lock = self._turn = WallLock(self, HANDLER)

    def allocate_lock(self, topic: Topic | None = None) -> WallLock:
        return WallLock(self, topic)

    @property
    def owner_ident(self) -> Callable[[], int]:
        real, turn = _thread.get_ident, self.signals.turn

        def owner_ident() -> int:
            ident = real()
            return self.every[0].ident if turn.depth and ident == self.caller and self.every else ident

        return owner_ident

    def bare(self, lock: Any, held: list[Any]) -> tuple[Callable[[bool], bool], Callable[[], None]]:
        lock.held = held
        return lock.real.acquire, lock.real.release

    def block(self, lock: WallLock, timeout: float) -> bool:
        """Wait in the real lock, visibly: `waits_in` is set exactly while this thread cannot run on by itself."""
        me = self.live.get(_thread.get_ident())
        if me is None:
            return self._block_foreign(lock, timeout)
        if self.stopping:
            raise Stop
        me.timed = timeout >= 0
        me.blocks += 1
        me.waits_in = lock
        got = False
        try:
            if self._may_be_interrupted(me):
                got = self._wait_as_main(me, lock, timeout)
            else:
                got = lock.real.acquire(True, timeout)
        finally:
            me.waits_in = None
            me.blocks += 1
        lock.taken += got  # after `blocks` has changed: see `deadlocked`
        if self.stopping:
            if got:
                lock.real.release()  # the next waiter is let go in its turn
            raise Stop
        return got

    def _may_be_interrupted(self, me: ProgramThread) -> bool:
        """True if the handler of a signal may raise something that is to rise in this thread's wait: in main's."""
        return not me.number and self.signals.any()

    def _wait_as_main(self, me: ProgramThread, lock: WallLock, timeout: float) -> bool:
        """As `_wait`, for the thread that does not go on, nor take anything, while a handler is at work."""
        until = time.monotonic() + timeout if timeout >= 0 else math.inf

        def gives_up() -> bool:
            if not self.stopping:
                self._give_way(me)
            return self.stopping

        while self._wait(lock, timeout, gives_up):
            if not self.signals.turn.depth or lock is self._turn:
                return True
            lock.real.release()
            timeout = max(0.0, until - time.monotonic()) if timeout >= 0 else timeout
        return False

    def _give_way(self, me: ProgramThread) -> None:
        """Called where a thread may wait: main waits for the end of the handlers, and meets what they have raised."""
        if self.signals.turn.depth and not me.number and me.waits_in is not self._turn:
            before = me.waits_in, me.timed, me.intent
            me.intent = None
            try:
                with self._turn:
                    pass
            finally:
                me.waits_in, me.timed, me.intent = before
        me.surrender()

    def _wait(self, lock: WallLock, timeout: float, look: Callable[[], bool]) -> bool:
        """Wait in slices. To wake a thread in the midst of its wait one would have to free a lock that others hold.

        look: what is done before each slice; true if the run has been stopped.
        """
        until = time.monotonic() + timeout if timeout >= 0 else math.inf
        while not look():
            left = until - time.monotonic()
            if lock.real.acquire(True, max(0.0, min(self.tick, left))):
                return True
            if left <= 0:
                return False
        raise Stop

    def hand_over(self) -> None:
        main, raised = self.every[0], self.signals.raised
        if not main.alive:
            if self.signals.interrupted():  # as the end of a process, which waits for its threads then
                self.stop("cancelled")
            return
        if main.owed is None and raised:
            main.interrupt(raised.pop(0)[1])
        main.raise_here(self._may_rise_in)

    def _may_rise_in(self, frame: FrameType) -> bool:
        """In library code, or in the midst of the lab's, it could leave a lock locked.

        A script's user takes the first as from Python itself. Nobody knows it of the lab, nor of its copies of modules.
        """
        space = frame.f_globals
        if id(space) in self.program:
            return True
        name = str(space.get("__name__"))
        genuine = vars(sys.modules[name]) is space if name in sys.modules else False
        return self.signals.interrupts_main and genuine and name.partition(".")[0] != _LAB

    def _block_foreign(self, lock: WallLock, timeout: float) -> bool:
        """As `block`, for a thread that is not of this run: the run's end is nothing to it, and nobody lets it go."""
        ident = _thread.get_ident()
        me = self.foreigners.of(ident)
        me.timed = timeout >= 0
        me.blocks += 1
        me.waits_in = lock
        got = False
        try:
            # A signal's handler waits in the thread that is to end the run, which goes on to watch it.
            got = self._wait(lock, timeout, self.look) if ident == self.caller else lock.real.acquire(True, timeout)
        finally:
            me.waits_in = None
            me.blocks += 1
        lock.taken += got
        return got

    def sleep(self, me: ProgramThread, seconds: float, place: tuple[Any, int]) -> None:
        if self.stopping:
            raise Stop
        self.log.extend((self.now(), me.ident, ("sleep", None, round(seconds * 1e9)), None, *place))
        self._give_way(me)
        try:
            if seconds:
                me.gate.acquire(True, min(seconds, _thread.TIMEOUT_MAX))  # 49 days on Windows: longer than any run
            else:
                time.sleep(0)  # lets another thread run; a lock's acquire would not
        except BaseException:  # somebody has let an exception rise here, as with PyThreadState_SetAsyncExc
            if not self.stopping:
                self.log.extend((self.now(), me.ident, WAKE, None, *place))
            raise
        if self.stopping:
            raise Stop
        self.log.extend((self.now(), me.ident, WAKE, None, *place))
        self._give_way(me)

    def spawn(self, thread: ProgramThread, body: Callable[[], Any]) -> None:
        thread.ident = self.launch(thread, lambda: self._carry(thread, body))

    def _carry(self, me: ProgramThread, body: Callable[[], Any]) -> None:
        me.ident = _thread.get_ident()
        try:
            try:
                me.stoppable = True
                if not self.stopping:
                    self.begin(me)
                    self.perform(body if me.number else lambda: self._main(body, me), me)
            finally:
                me.depart()
        finally:  # a second Stop may rise before the first `depart` begins
            me.depart()
            self.end(me)
            self.finish_if_last(me)

    def _main(self, body: Callable[[], Any], me: ProgramThread) -> None:
        try:
            body()
        finally:
            self._give_way(me)

    def deadlocked(self) -> bool:
        """True if nobody can ever run on.

        Every thread is looked at three times. If none began or ended a wait from the first look to the last, then all
        were blocked throughout, none was starting in between, and nobody could change the locks they are blocked in.
        And the locks must still be as they were: a signal's handler may have acted while others were sought.
        """
        first = self._blocked()
        if not first or not self.awaited or self.starting or self._raising() or self._blocked() != first:
            self.others = ()
            return False
        if not _settled(first):
            return False
        if self.others and self._patience:  # they could at the last look; to look takes time
            self._patience -= 1
            return False
        if self.look_for_others():
            self._looks += 1
            self._patience = min(self._looks, MOST_PATIENT)
            return False
        return self._blocked() == first and _settled(first) and not self._raising()

    def _raising(self) -> bool:
        """A signal's handler has raised something that main has not met yet."""
        return bool(self.signals.raised) or self.every[0].owed is not None

    def _blocked(self) -> list[Blocked] | None:
        """Each thread, how often it has begun or ended a wait, and its lock; None if one may run on by itself."""
        found: list[Blocked] = []
        for thread in list(self.live.values()):
            blocks, lock = thread.blocks, thread.waits_in
            if lock is None or thread.timed:
                return None
            found.append((thread, blocks, lock))
        for other in self.foreigners.blocked():
            blocks, lock = other.blocks, other.waits_in
            if lock is not None:
                found.append((other, blocks, lock))
        return found

    def let_go(self, thread: ProgramThread) -> bool:
        lock = thread.waits_in
        if lock is not None and lock.real.locked():
            with contextlib.suppress(RuntimeError):  # its owner was quicker
                lock.real.release()
        if thread.gate.locked():
            thread.gate.release()
        return lock is None


def _settled(blocked: list[Blocked]) -> bool:
    return all(lock.settled() for _, _, lock in blocked)
