"""What both clocks share: the threads of one run, the supervisor that ends it, and nobody left behind."""

from __future__ import annotations

import _thread
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from semalab.engine.stop import Stop
from semalab.engine.thread import Carrier, ProgramThread

MOST_EVENTS = 3_000_000  # a log beyond this would eat the memory of a free Binder session
GRACE = 0.002  # seconds a stopped thread gets to unwind before it is told again
LAST_RESORT = 5.0  # seconds after which a thread that cannot be stopped (a C call) is given up


class Stuck(NamedTuple):
    """A thread that was alive when the run was stopped, and what it waited for: a primitive's key, a thread, or None."""

    thread: ProgramThread
    subject: int | ProgramThread | None


def _subject(thread: ProgramThread) -> int | ProgramThread | None:
    if thread.waits_in is None:
        return None
    return thread.intent if thread.intent is not None else thread.waits_in.topic


def check_lock_arguments(blocking: bool, timeout: float) -> None:
    """Raise what `_thread.lock.acquire` raises for these arguments."""
    _thread.allocate_lock().acquire(blocking, timeout)


class Processor:
    """Runs one program once.

    Invariants: `every` lists the threads in the order of their starts; `live` maps identifiers to threads whose
    program code has not ended. `stopping` is set once and for ever; from then on nothing is logged (`cut`), and every
    twin operation that would wait raises Stop.
    """

    clock = ""
    tick = 0.01

    def __init__(self) -> None:
        self.every: list[ProgramThread] = []
        self.live: dict[int, ProgramThread] = {}
        self.starting = 0
        self.stopping = False
        self.cut: int | None = None
        self.stopped_at = 0
        self.verdict: str | None = None  # "deadlock", "timeout", "stuck", "full" or "cancelled"
        self.stuck: tuple[Stuck, ...] = ()
        self.stuck_at: tuple[str, int] | None = None
        self.left: tuple[ProgramThread, ...] = ()
        self.is_program: Callable[[Any], bool] = lambda frame: True  # whether a frame is the program's own code
        self.log: list[tuple[Any, ...]] = []
        self.finished = _thread.allocate_lock()
        self.finished.acquire()
        self._bookkeeping = _thread.allocate_lock()
        self.critical_locks: list[Any] = []  # the real locks inside the program's primitives

    # what the clocks differ in
    now: Callable[[], int]
    get_ident: Callable[[], int]
    point: Callable[[], None] | None

    def allocate_lock(self, topic: ProgramThread | None = None) -> Any:
        raise NotImplementedError

    def current(self) -> ProgramThread | None:
        """The thread of the run that called, or None for a thread from outside."""
        raise NotImplementedError

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError

    def spawn(self, thread: ProgramThread, body: Callable[[], Any]) -> None:
        raise NotImplementedError

    def deadlocked(self) -> bool:
        raise NotImplementedError

    def end_round(self, alive: list[ProgramThread]) -> None:
        """Make the threads that are left of a stopped run notice that they must end, and give them a moment."""
        raise NotImplementedError

    # starting and ending threads
    def start(
        self,
        body: Callable[[], Any],
        name: str,
        daemon: bool,
        prepare: Callable[[ProgramThread], None] = lambda thread: None,
    ) -> ProgramThread:
        """Start a thread of the program. Raises what the operating system raises when it has no more threads."""
        if self.stopping:
            raise Stop
        with self._bookkeeping:
            thread = ProgramThread(len(self.every), name, daemon)
            self.every.append(thread)
            self.starting += 1
        try:
            prepare(thread)
            self.spawn(thread, body)
        except BaseException:
            with self._bookkeeping:
                self.starting -= 1
            raise
        return thread

    def launch(self, thread: ProgramThread, carry: Callable[[ProgramThread], None]) -> None:
        thread.carrier = Carrier(thread, carry)
        thread.carrier.start()

    def begin(self, me: ProgramThread) -> None:
        with self._bookkeeping:
            self.starting -= 1
        self.log.append((self.now(), me.ident, None, me.number, None, "start", 0))

    def end(self, me: ProgramThread) -> None:
        self.log.append((self.now(), me.ident, None, None, None, "end", 0))

    def finish_if_last(self) -> bool:
        """Tell the supervisor when no thread is left that a process would wait for."""
        with self._bookkeeping:
            if self.starting or any(not t.daemon for t in list(self.live.values())):
                return False
        self.report()
        return True

    def report(self) -> None:
        """Wake the supervisor: the program has ended, or never will."""
        with self._bookkeeping:
            if self.finished.locked():
                self.finished.release()

    # the supervisor: runs in the thread that called record()
    def supervise(self, main: Callable[[], Any], timeout: float, cancelled: Callable[[], bool]) -> None:
        """Run `main` and everything it starts to the end, or stop it. When this returns or raises, nobody is left."""
        interrupt: BaseException | None = None
        try:
            self.start(main, "main", False)
            self._watch(timeout, cancelled)
        except BaseException as error:  # also KeyboardInterrupt: the threads go first, then it goes on
            interrupt = error
        while True:
            try:
                self._end_everything()
                break
            except KeyboardInterrupt as error:
                interrupt = error
        if interrupt is not None:
            raise interrupt

    def _watch(self, timeout: float, cancelled: Callable[[], bool]) -> None:
        deadline = time.monotonic() + timeout
        while not self.finished.acquire(True, self.tick):
            if self.deadlocked():
                self.stop("deadlock")
            elif cancelled():
                self.stop("cancelled")
            elif time.monotonic() >= deadline:
                self.stop("timeout")
            elif len(self.log) > MOST_EVENTS:
                self.stop("full")
            else:
                self.check_progress()
            if self.stopping:
                return

    def check_progress(self) -> None:
        """Called at every tick; a clock that can notice a program that does not move stops it here."""

    def stop(self, verdict: str | None) -> None:
        """Seal the log and make every further wait end. Only the first call counts."""
        with self._bookkeeping:
            if self.stopping:
                return
            self.cut = len(self.log)
            self.stopped_at = self.now()
            self.stuck = tuple(Stuck(t, _subject(t)) for t in self.every if self.live.get(t.ident) is t)
            self.verdict = verdict
            self.stopping = True

    def _end_everything(self) -> None:
        """Seal the log if the program has not come to its end, and let no thread survive."""
        self.stop(None)
        give_up = time.monotonic() + LAST_RESORT
        while alive := [t for t in self.every if t.alive]:
            if time.monotonic() > give_up:
                self.left = tuple(alive)
                return
            self.end_round(alive)
            self._open_critical_locks()

    def _open_critical_locks(self) -> None:
        """A Stop may rise just before a thread would have freed such a lock; nobody may stay blocked in it."""
        for lock in self.critical_locks:
            if lock.locked():
                try:
                    lock.release()
                except RuntimeError:  # freed in between
                    pass

    def place_of(self, thread: ProgramThread | None) -> tuple[str, int] | None:
        """Where a thread is in the program: name of the function, line."""
        ident = thread.carrier.ident if thread is not None and thread.carrier is not None else None
        frame = sys._current_frames().get(ident) if ident is not None else None
        while frame is not None and not self.is_program(frame):
            frame = frame.f_back
        return (frame.f_code.co_name, frame.f_lineno) if frame is not None else None
