"""What both clocks share: the threads of one run, the supervisor that ends it, and nobody left behind."""

from __future__ import annotations

import _thread
import sys
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from types import FrameType
from typing import Any

from semalab.engine.bystanders import Bystanders
from semalab.engine.carrier import Carrier
from semalab.engine.ending import end_all
from semalab.engine.foreign import Foreign, Foreigners
from semalab.engine.interpreter import current_frames, gil_enabled, program_frame
from semalab.engine.reachability import can_reach, frames_of
from semalab.engine.signals import Request, Signals
from semalab.engine.stopwatch import Idle, Stopwatch
from semalab.engine.thread import Place, ProgramThread, Stop, Stuck, Topic, subject_of
from semalab.log.columns import count, pack

MOST_EVENTS = 1_000_000  # to read one event takes up to 450 bytes, and a free Binder session has 1 GB
START, END, WAKE = ("start", None, 0), ("end", None, 0), ("wake", None, 0)

Failed = Callable[[ProgramThread | None, BaseException], None]


def check_lock_arguments(blocking: bool, timeout: float) -> None:
    """Raise what `_thread.lock.acquire` raises for these arguments."""
    _thread.allocate_lock().acquire(blocking, timeout)


def _over() -> bool:
    """Nobody looks at the run any more."""
    return True


class Processor:
    """Runs one program once.

    Invariants: `every` lists the threads in the order of their starts; `live` maps the operating system's identifiers
    to threads whose program code has begun and not ended. `starting` counts those that have not begun, `awaited`
    those that a process would wait for: neither daemons nor ended. `stopping` is set once and for ever; from then on
    nothing is logged (`cut`), and every twin operation that would wait raises Stop.
    """

    clock = ""
    tick = 0.01  # seconds between two looks of the supervisor
    flock = 1  # threads let go at once when the run is over
    packs = True  # whether the supervisor may exchange rows of the log for a shorter form
    rehearses = False  # whether the program runs again and again, and must find everything as it was at first

    def __init__(self) -> None:
        self.every: list[ProgramThread] = []
        self.live: dict[int, ProgramThread] = {}
        self.starting = 0
        self.awaited = 0
        self.stopping = False
        self.cut: int | None = None
        self.preparing = False  # main is putting the twins in their places, or is about to begin with that
        self.ended = False  # the program came to its end before anybody stopped it
        self.stopped_at = 0
        self.verdict: str | None = None  # a key of the reasons in `Decoder.stopped`, or "deadlock"
        self.stuck: tuple[Stuck, ...] = ()
        self.stuck_thread: ProgramThread | None = None  # with which nothing happened
        self.stuck_at: Place | None = None  # where it was in the program, if it was there
        self.left: tuple[ProgramThread, ...] = ()
        self.failed: Failed = lambda thread, error: None  # is told what a thread raised
        self.hooked: list[tuple[ProgramThread | None, str]] = []  # who raised what, for a hook of the program's own
        self.made: Callable[[], Iterable[object]] = tuple  # the primitives that the program has made in this run
        self.unwatched: Callable[[], Iterable[object]] = tuple  # what the program uses and the lab does not watch
        self.program: AbstractSet[int] = frozenset()  # identities of the namespaces that are the program's own
        self.log: list[Any] = []  # packed rows, then rows, end to end; only ever extended by a whole row at once
        self.finished = _thread.allocate_lock()
        self.finished.acquire()
        self._bookkeeping = _thread.allocate_lock()
        self.critical_locks: list[Any] = []  # the real locks inside the program's primitives
        self.foreigners = Foreigners(self.now, lambda: self.current() is not None)
        self.signals = Signals(self.foreigners.handling)
        self.bystanders = Bystanders(self.foreigners, self.signals)
        self.others: tuple[str, ...] = ()  # who, not of the run, could still act when all its threads waited; in words
        self.outlived: tuple[str, ...] = ()  # the names of threads that the run has started by other means, and left
        self.look: Callable[[], bool] = _over  # what the supervisor does at each tick
        self._asked: list[Request] = []  # calls that the supervisor is to make
        self._asked_is_heard = True
        self.caller = 0  # identifier of the thread that called record()

    # what the clocks differ in
    now: Callable[[], int]
    get_ident: Callable[[], int]
    point: Callable[[], None] | None

    def allocate_lock(self, topic: Topic | None = None) -> Any:
        raise NotImplementedError

    def bare(self, lock: Any, held: list[Any]) -> tuple[Callable[[bool], bool], Callable[[], None]]:
        """How to try such a lock and how to free it, for one who has something in `held` while it is held."""
        return lock.acquire, lock.release

    def sleep(self, me: ProgramThread, seconds: float, place: tuple[Any, int]) -> None:
        """Log that the calling thread sleeps, let it sleep, and log that it woke."""
        raise NotImplementedError

    def spawn(self, thread: ProgramThread, body: Callable[[], Any]) -> None:
        raise NotImplementedError

    def deadlocked(self) -> bool:
        raise NotImplementedError

    def let_go(self, thread: ProgramThread) -> bool:
        """Wake a thread of the stopped run wherever it waits; returns whether it runs instead. Never waits itself."""
        raise NotImplementedError

    @property
    def owner_ident(self) -> Callable[[], int]:
        """By what an RLock knows who calls: a handler of a signal calls as the main thread, as in plain Python."""
        return self.get_ident

    # starting and ending threads
    def current(self) -> ProgramThread | None:
        """The thread of the run that called, or None for a thread from outside."""
        return self.live.get(_thread.get_ident())

    def waiting(self) -> ProgramThread | Foreign:
        """What is known of the waits of the calling thread, whether or not it is of the run."""
        ident = _thread.get_ident()
        return self.live.get(ident) or self.foreigners.of(ident)

    def own_idents(self) -> AbstractSet[int]:
        """The identifiers that the run's threads have in the system."""
        return {thread.carrier.ident for thread in list(self.every) if thread.carrier is not None and thread.alive}

    def look_for_others(self) -> bool:
        """While all threads of the run wait: see whether `others` could still act."""
        handler = self.foreigners.handler  # for whose end main waits
        return self.others_reach(self.waited_for(handler) if handler is not None else self.waited_for())

    def waited_for(self, *besides: Foreign) -> list[object]:
        """What the run's threads wait for, and those besides."""
        waiting: list[ProgramThread | Foreign] = [*self.live.values(), *besides]
        return [one.waits_in for one in waiting if one.waits_in is not None]

    def others_reach(self, awaited: Iterable[object]) -> bool:
        """See whether `others` could still act on what is waited for; or on what is not watched, by which they may have
        been given something to do: a pool's thread that has just been handed a task shows nothing of it.
        """
        wanted = [*awaited, *self.unwatched()]
        others = self.bystanders.able(self.own_idents(), self.program, wanted, self.caller)
        self._found(others)
        return bool(others)

    def _found(self, others: tuple[str, ...]) -> None:
        """Whoever looks while another thread stops the run does not change what is said of it."""
        with self._bookkeeping:
            if not self.stopping:
                self.others = others

    def used_by_others(self, program: AbstractSet[int], primitives: Iterable[object]) -> bool:
        """True if a thread that is not of the run, nor the one that waits for its end, may be about to use one of them.

        It is in the program's code then, and that leads to a primitive: what an earlier cell has left running counts
        only if it does. program: identities of the program's namespaces.
        """
        own = {thread.carrier.ident for thread in list(self.every) if thread.carrier is not None}
        frames = {i: f for i, f in current_frames().items() if i not in own and i != self.caller}
        wanted = frozenset(map(id, primitives))
        inside = (frame for frame in frames.values() if program_frame(frame, program) is not None)
        return any(can_reach(frames_of(frame), wanted) for frame in inside)

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
            thread.origin = self._place(sys._getframe(1))
            self.every.append(thread)
            self.starting += 1
            self.awaited += not daemon
        try:
            prepare(thread)
            self.spawn(thread, body)
        except BaseException:
            with self._bookkeeping:
                self.starting -= 1
                self.awaited -= not daemon
            raise
        return thread

    def launch(self, thread: ProgramThread, carry: Callable[[], None]) -> int:
        """Let an operating-system thread carry this one; returns the system's identifier."""
        thread.carrier = Carrier(carry)
        try:
            return thread.carrier.start()
        except RuntimeError as error:  # a program that catches it meets the same class as without the lab
            alive = sum(other.alive for other in self.every)
            raise RuntimeError(f"{error}: the system refused one beside the {alive:,} of this run") from None

    def begin(self, me: ProgramThread) -> None:
        self.live[_thread.get_ident()] = me
        with self._bookkeeping:
            self.starting -= 1
        self.log.extend((self.now(), me.ident, START, me.number, None, 0))

    def perform(self, body: Callable[[], Any], me: ProgramThread) -> None:
        """Run a thread's program code. What comes out of it after a stop is a consequence of the stop."""
        try:
            body()
        except BaseException as error:
            if not self.stopping and not isinstance(error, SystemExit):
                self.failed(me, error)

    def end(self, me: ProgramThread) -> None:
        self.log.extend((self.now(), me.ident, END, None, None, 0))
        # CPython before 3.13 gives it back when a join is interrupted, though the thread lives (bpo-45274).
        if me.farewell is not None and not self.stopping and me.farewell.locked():
            me.farewell.release()
        self.live.pop(_thread.get_ident(), None)

    def finish_if_last(self, me: ProgramThread) -> bool:
        """Tell the supervisor when no thread is left that a process would wait for."""
        with self._bookkeeping:
            self.awaited -= not me.daemon
            if self.awaited:
                return False
            if self.cut is None:
                self.cut = len(self.log)
                self.ended = True
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
        self.caller = _thread.get_ident()
        try:
            if not self.rehearses:
                self.signals.guard()
            with self.foreigners.noted():
                self.preparing = True
                self.start(main, "main", False)
                self._watch(timeout, cancelled)
            self.own_up()
        except BaseException as error:  # also KeyboardInterrupt: the threads go first, then it goes on
            interrupt = error
        while True:
            try:
                self._end_everything()
                break
            except KeyboardInterrupt as error:
                interrupt = error
            except Stop:  # out of a signal handler, too
                pass
        self.outlived = tuple(one.name for one in self.foreigners.descendants())
        if interrupt is not None:
            raise interrupt

    def _watch(self, timeout: float, cancelled: Callable[[], bool]) -> None:
        run_time = self.stopwatch()

        def look() -> bool:
            """At the run as a whole; returns whether it has been stopped."""
            self._answer()
            if self.signals.raised or self.every[0].raised is not None:
                self.hand_over()
            seconds = run_time.look()
            if self.deadlocked():
                self.stop("deadlock")
            elif cancelled():
                self.stop("cancelled")
            elif seconds >= timeout:
                self.stop("timeout")
            elif count(self.log) > MOST_EVENTS:
                self.stop("full")
            else:
                self.check_progress()
                self._pack()
            return self.stopping

        self.look = look
        try:
            with suppress(Stop):  # out of a signal handler that would have had to wait in a run that was stopped
                while not self.finished.acquire(True, self.tick) and not look():
                    pass
        finally:
            self.look = _over
            self._stop_answering()

    def stopwatch(self) -> Stopwatch | Idle:
        """What the seconds are counted with after which a run is stopped."""
        return Stopwatch()

    def hand_over(self) -> None:
        """Called at each look from when a signal's handler has raised something until that rises in the main thread."""
        raise NotImplementedError

    def own_up(self) -> None:
        """What a handler has raised and nobody has met is main's all the same: it would have risen there.

        But an interrupt that did not rise, so that the run had to be stopped, was nobody's.
        """
        main, raised = self.every[0], [error for _, error in self.signals.raised]
        self.signals.raised.clear()
        for error in filter(None, (main.owed, *raised)):
            if self.verdict != "cancelled" or not isinstance(error, KeyboardInterrupt):
                self.failed(main, error)

    def ask(self, call: Callable[[], Any]) -> Any:
        """Let the thread that called record() make a call, at its next look; returns or raises what that does."""
        request = Request(call)
        with self._bookkeeping:
            if not self._asked_is_heard or self.stopping:
                raise Stop
            self._asked.append(request)
        return request.wait()

    def _answer(self) -> None:
        while self._asked:
            self._asked.pop(0).make()

    def _stop_answering(self) -> None:
        with self._bookkeeping:
            self._asked_is_heard = False
        while self._asked:
            self._asked.pop(0).refuse()

    def _pack(self) -> None:
        """`cut` is a place in the log as it is: once it is known, nothing may be packed any more."""
        with self._bookkeeping:
            if self.packs and self.cut is None:
                pack(self.log)

    def check_progress(self) -> None:
        """Called at every tick; a clock that can notice a program that does not move stops it here."""

    def stop(self, verdict: str | None, others: tuple[str, ...] = ()) -> None:
        """Seal the log and make every further wait end. Only the first call counts. others: who is the reason, if not
        those who were found by the last look for others.
        """
        with self._bookkeeping:
            if self.stopping:
                return
            self.others = others or self.others
            if self.cut is None:
                self.cut = len(self.log)
            self.stopped_at = self.now()
            live = {id(thread) for thread in list(self.live.values())}
            threads: list[ProgramThread | Foreign] = [
                *(t for t in self.every if id(t) in live),
                *self.foreigners.blocked(),
            ]
            at = {} if verdict in {None, "deadlock"} else self._places()
            self.stuck = tuple(Stuck(thread, subject_of(thread), at.get(id(thread))) for thread in threads)
            self.verdict = verdict
            self.stopping = True

    def _end_everything(self) -> None:
        """Seal the log if the program has not come to its end, and let no thread survive."""
        self.stop(None)
        self.left = end_all(self)

    def forget(self) -> None:
        """Drop what only the run needed: a primitive that outlives its run keeps its processor alive."""
        for thread in self.every:
            thread.farewell = thread.waits_in = thread.carrier = None
        for kept in (self.log, self.every, self.critical_locks):
            kept.clear()
        self.foreigners.renew()
        self.stuck = self.left = self.others = self.outlived = ()
        self.hooked = []

    def forked(self) -> None:
        """Called in a child process: nobody there is of the run, and every twin is the real thing."""
        self.live.clear()
        self.signals.on = False  # its main thread raises for itself

    def close(self) -> None:
        """Called once, when nothing more will run: give back what one run leaves for the next."""
        self.foreigners.close()
        self.signals.restore()
        self.made = self.unwatched = tuple

    def place_of(self, thread: ProgramThread | None) -> Place | None:
        """Where a thread is in the program."""
        return self._place(thread.frame) if thread is not None else None

    def _places(self) -> dict[int, Place]:
        """Where the threads of the run are in the program, by their identities. Of one in a library's code the place
        that called it. Without the GIL they run meanwhile, and their frames must not be looked into.
        """
        if not gil_enabled():
            return {}
        here = {thread.carrier.ident: thread for thread in list(self.live.values()) if thread.carrier is not None}
        places = ((here[ident], self._place(frame)) for ident, frame in current_frames().items() if ident in here)
        return {id(thread): place for thread, place in places if place is not None}

    def _place(self, frame: FrameType | None) -> Place | None:
        found = program_frame(frame, self.program)
        return (found.f_code.co_name, found.f_lineno) if found is not None else None
