"""The virtual clock: one processor, one clock, and a choice of who runs next.

The program's threads are real threads that pass a baton: exactly one runs, all others sleep at their gates. After
every operation on a primitive the running thread offers the baton; a scheduler says who gets it. Time moves
only when nobody can run: then it jumps to the next wake-up, so sleeping costs nothing.
"""

from __future__ import annotations

import _thread
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from semalab.engine.interpreter import Pin
from semalab.engine.processor import WAKE, Processor, check_lock_arguments
from semalab.engine.scheduler import Scheduler, Seeded
from semalab.engine.stopwatch import Idle
from semalab.engine.thread import ProgramThread, Stop, Topic

GONE = 0.5  # seconds within which the system has done with a thread that has come to its end
LOCALS = "the end of what is kept in a threading.local"
NO_PROGRESS = (
    2.0  # seconds of `Idle` without any operation after which the program is taken to be stuck outside the lab
)


def nanoseconds(seconds: float) -> int:
    """Whole nanoseconds, at least one for any positive time: a loop that waits for what is left must get there."""
    return max(1, round(seconds * 1e9)) if seconds > 0 else 0


class VirtualLock:
    """A `_thread.lock` of the virtual processor.

    Invariant: whoever is in `queue` is not ready to run. A release makes one of them ready, chosen like everything
    else by the scheduler, and promises nothing: a running thread may take the lock first, as with real locks.
    """

    __slots__ = ("__weakref__", "_processor", "held", "queue", "topic")

    def __init__(self, processor: VirtualProcessor, topic: Topic | None = None) -> None:
        self._processor = processor
        self.held = False
        self.queue: list[ProgramThread] = []
        self.topic = topic

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if timeout != -1 or not (blocking or blocking is False):
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

    # What a condition does with a lock that has none of these, without finding out that it has none.
    _is_owned = locked
    _release_save = release

    def _acquire_restore(self, saved: None) -> None:
        self.acquire()

    def _at_fork_reinit(self) -> None:
        self.held = False
        self.queue = []


class VirtualProcessor(Processor):
    """Runs the program's threads one at a time, the same way for the same choices.

    Invariants: `running` is the one thread whose gate is open; `ready` holds the others that could run; all that wait
    are in a lock's queue or in `timers` (time, token, thread; stale once the thread's token is another). Tokens count
    the waits of the run from 1, so that timers of one time are in the order in which they were set.
    """

    clock = "virtual"
    tick = 0.02

    def __init__(self, seed: int = 0, timeout: float = 30.0, scheduler: Scheduler | None = None) -> None:
        super().__init__()
        self.scheduler = scheduler or Seeded(seed)
        self.time = 0
        self.limit = round(timeout * 1e9)
        self.running: ProgramThread | None = None
        self.ready: list[ProgramThread] = []
        self.timers: list[tuple[int, int, ProgramThread]] = []
        self.waits = 0
        self.operations = 0
        self.woken_from_outside = False  # since the run was stopped
        self.seen = (0, 0)
        self.idle = Idle(self.tick)  # since operations and threads were seen to be `seen`

    @property
    def unfinished(self) -> bool:
        """The run is over, and was stopped: with other luck it would have gone on, or less far."""
        return self.verdict not in (None, "deadlock")

    @property
    def astray(self) -> str | None:
        """Where the program and the schedule that it was to follow part."""
        return self.scheduler.astray(self.unfinished)

    def now(self) -> int:
        return self.time

    def get_ident(self) -> int:
        ident = _thread.get_ident()
        me = self.live.get(ident)
        if me is None:
            self.meet(ident)
            return ident
        return me.ident

    def meet(self, ident: int) -> None:
        """A thread that is not of the run uses what is the run's: what comes of that is nothing of any seed's."""
        if not self.stopping:
            self.stop("strangers", (self.foreigners.of(ident).description,))
            self.report()

    def allocate_lock(self, topic: Topic | None = None) -> Any:
        """A thread from outside gets a real lock: it has no other way to wait, in an event of the run for example."""
        if topic is None and self.live.get(_thread.get_ident()) is None:
            return _thread.allocate_lock()
        return VirtualLock(self, topic)

    # the baton
    def point(self) -> None:
        """Offer the baton to everybody who could run; the scheduler decides, and may decide for the present owner."""
        self.operations += 1
        if self.ready or self.stopping:
            me = self.live.get(_thread.get_ident())
            if me is None:
                return
            if self.stopping:
                raise Stop
            self.ready.append(me)
            self._pass_on(me)

    def wait(self, lock: VirtualLock, until: int | None) -> bool:
        """Sleep in a lock's queue until woken (True) or until the clock says `until` (False)."""
        me = self.current()
        if me is None:
            self.meet(_thread.get_ident())
            raise Stop
        if self.stopping:
            raise Stop
        lock.queue.append(me)
        me.waits_in = lock
        me.timed = until is not None
        token = self._arm(me, until)
        self._pass_on(me)
        return me.token != token  # whoever wakes it takes the token away; otherwise the time was up

    def wake_one(self, queue: list[ProgramThread]) -> None:
        if self.stopping and self.current() is None:
            self.woken_from_outside = True
        self._make_ready(queue.pop(self._pick(len(queue))))

    def overslept(self) -> None:
        """The running thread has waited in real time, where nobody sees it, until its time was up; and while it did,
        nobody of the run could come and do what it waited for. That says nothing of the program.
        """
        if self.ready and not self.stopping:
            place = self.place_of(self.running)
            where = f" in {place[0]}, line {place[1]}" if place is not None else " of a library"
            self.stop("strangers", (f"the wait{where}",))
            self.report()  # no Stop: it would rise in the midst of a library

    def sleep(self, me: ProgramThread, seconds: float, place: tuple[Any, int]) -> None:
        if self.stopping:
            raise Stop
        span = nanoseconds(seconds)
        self.log.extend((self.time, me.ident, ("sleep", None, span), None, *place))
        self._arm(me, self.time + span)
        self._pass_on(me)
        self.log.extend((self.time, me.ident, WAKE, None, *place))

    def _arm(self, me: ProgramThread, until: int | None) -> int:
        me.token = self.waits = token = self.waits + 1
        if until is not None:
            heappush(self.timers, (until, token, me))
        return token

    def _make_ready(self, thread: ProgramThread) -> None:
        thread.token = 0
        thread.waits_in = None
        self.ready.append(thread)

    def _pick(self, n: int) -> int:
        return self.scheduler.choose(n) if n > 1 and not self.stopping else 0

    def _next(self) -> ProgramThread | None:
        """Take the next thread to run out of `ready`, moving time on if nobody is; None if nobody ever will."""
        ready = self.ready
        if not ready:
            self._move_time_on()
        if len(ready) < 2:
            return ready.pop() if ready else None
        index = self._pick(len(ready))
        chosen = ready[index]
        ready[index] = ready[-1]
        ready.pop()
        return chosen

    def _move_time_on(self) -> None:
        """To the next wake-up; everybody whose time it is becomes ready. Without one, the run is at its end."""
        timers, woken = self.timers, False
        while timers and (not woken or timers[0][0] == self.time):
            instant, token, thread = heappop(timers)
            if thread.token != token:
                continue
            if instant > self.time and self._others_need_time():
                self.stop("strangers")
                return
            if instant > self.limit:
                self.time = self.limit
                self.stop("timeout")
                return
            self.time, woken = instant, True
            self._time_is_up(thread)
        if not woken:
            self.stop("strangers" if self.signals.raised or self.look_for_others() else "deadlock")

    def _others_need_time(self) -> bool:
        """True if somebody is about to act whose time is real: to jump over it would be to say that it never came.

        That is who has been given something to wait for, or a primitive that this run has made.
        """
        others = (*self.bystanders.started(), *self.signals.due(self.program))
        others = others or self.bystanders.have_in_hand(self.live.keys(), self._in_use, self.caller)
        self._found(others)
        return bool(others)

    def _in_use(self) -> list[object]:
        """What the run's threads wait for, and the primitives that it has made."""
        return [*self.waited_for(), *self.made()]

    def _time_is_up(self, thread: ProgramThread) -> None:
        if thread.waits_in is not None:
            thread.waits_in.queue.remove(thread)
            thread.waits_in = None
        self.ready.append(thread)  # with its token: its time is up

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
        self.launch(thread, lambda: self._carry(thread, body))
        if self.running is None:
            self.running = thread
            thread.gate.release()
        else:
            self.ready.append(thread)

    def _carry(self, me: ProgramThread, body: Callable[[], Any]) -> None:
        me.gate.acquire()
        self.live_through(me, body)

    def live_through(self, me: ProgramThread, body: Callable[[], Any]) -> None:
        """What the calling thread, which has the baton for the first time, does until its end."""
        try:
            try:
                me.stoppable = True
                if not self.stopping:
                    self.begin(me)
                    self.perform(body, me)
            finally:
                me.depart()
        finally:  # a second Stop may rise before the first `depart` begins
            me.depart()
            self._leave(me)

    def _leave(self, me: ProgramThread) -> None:
        self.end(me)
        if self.stopping:
            return
        if not self.finish_if_last(me):
            self._hand_to(self._next())

    # stopping
    def hand_over(self) -> None:
        """When it rises is nothing of any seed's."""
        self.stop("strangers")

    def own_up(self) -> None:
        if self.signals.raised and self.verdict == "deadlock":  # it was to be called, and had not been yet
            self.verdict, self.others = "strangers", self.signals.told()
        elif self.verdict == "deadlock" and self._somebody_is_woken_after_all():
            self.verdict, self.others = "strangers", (LOCALS,)
        super().own_up()

    def _somebody_is_woken_after_all(self) -> bool:
        """By what a thread has in a `threading.local`: Python lets go of that when nothing else of the thread is left.
        Who came to its end last has said itself that nobody can go on.
        """
        if self.rehearses:  # its threads are lent, and go on to the next schedule
            return False
        live = set(map(id, self.live.values()))
        for thread in list(self.every):
            if thread.carrier is not None and id(thread) not in live:
                thread.carrier.join(GONE)
        return self.woken_from_outside

    def deadlocked(self) -> bool:
        return False  # `_next` sees it at once, exactly

    def check_progress(self) -> None:
        seen = self.operations, len(self.every)
        if seen != self.seen:
            self.seen = seen
            self.idle.restart()
        elif self.idle.look() > NO_PROGRESS:
            self._find_busy()
            self.stop("stuck")

    def _find_busy(self) -> None:
        self.stuck_thread, self.stuck_at = self.running, self.place_of(self.running)

    def stop(self, verdict: str | None, others: tuple[str, ...] = ()) -> None:
        if (
            verdict == "timeout" and self.time < self.limit and not self.stopping
        ):  # real time is up, and not the clock's
            self._find_busy()
        if verdict == "strangers" and self.signals.raised:
            others = self.signals.told()
        super().stop(verdict, others)

    def stopwatch(self) -> Idle:
        """Nothing of the program waits for real time, so only what is computed counts: a busy machine stops no run."""
        return Idle(self.tick)

    def supervise(self, main: Callable[[], Any], timeout: float, cancelled: Callable[[], bool]) -> None:
        pin = Pin()
        try:
            pin.set()
            super().supervise(main, timeout, cancelled)
        finally:
            pin.undo()

    def forget(self) -> None:
        super().forget()
        self.running = None
        self.ready.clear()
        self.timers.clear()

    def let_go(self, thread: ProgramThread) -> bool:
        """One at a time, in the order of their starts: a stopped thread unwinds alone, as it ran."""
        self.running = thread
        waits = thread.gate.locked()
        if waits:
            thread.gate.release()
        return not waits
