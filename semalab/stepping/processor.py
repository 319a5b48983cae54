"""One virtual processor on which every step is chosen: a thread stops before each operation and says what comes.

Unlike the seed's processor, which offers the baton after an operation, this one knows what each thread is about to do.
So a thread that would only have to wait is not let into the operation before it can succeed: it arrives later, which is
a run like any other. Only when nobody can go on do those that wait run into their waits, and the deadlock is real.
"""

from __future__ import annotations

import _thread
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace
from heapq import heapify
from typing import Any, NamedTuple

from semalab.engine import Processor, ProgramThread, Stop, VirtualProcessor
from semalab.engine.processor import WAKE
from semalab.log.schedule import Schedule
from semalab.stepping.footprint import (
    CLOCK,
    DAEMONS,
    EVERYTHING,
    MADE,
    NOBODY,
    READ,
    WRITE,
    First,
    Follow,
    Guide,
    Location,
    Operation,
    StepMark,
    thread_location,
)
from semalab.stepping.granularity import Settings, Watching
from semalab.stepping.pool import Pool

_new = tuple.__new__  # a named tuple's own way is three times as long
LONGEST = 2_000  # steps of one run: a program that takes more is taken to be endless


WOKEN = Operation("wake", CLOCK, READ)
RESUMED = Operation("wake", EVERYTHING, WRITE)
# After these, whatever other threads do before this one goes on they might have done before it as well: nobody writes
# what the operation has read. (A timed wait's end, where time is free, moves the clock on.)
_SILENT = frozenset(("begin", "join", "read", "write", "go on"))


class Body(NamedTuple):
    """What a thread was told to do when it was started."""

    of: type
    target: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Lives:
    """What is known of one run's threads, by their numbers.

    Invariants: `waiting` holds those inside Thread.start or Thread.join, which go on as soon as they can; `joined`
    those that the main thread has joined; `ended` those that have come to their end. `starters` says who has
    started whom, and `bodies` what each that was started is to do; `blind` are those that do something else than run
    the program's code, which nobody watches. `others_join` is set once a thread that is not the main one has waited for
    another's end.
    """

    def __init__(self) -> None:
        self.waiting: set[int] = set()
        self.joined: set[int] = set()
        self.ended: set[int] = set()
        self.starters: dict[int, int] = {}
        self.bodies: dict[int, Body] = {}
        self.blind: set[int] = set()
        self.others_join = False


class SteppingProcessor(VirtualProcessor):
    """Runs one program again and again, each step as the guide says.

    Invariants: a thread that could run is in `pending` with the operation it stands before, or in `ready`: then it
    goes on without being chosen, because it only begins, or returns from start() or join(), which nobody can tell
    from having happened earlier or later. With `settings.lives` the program can tell: then those are operations, too.
    `touched` is what the step under way has touched so far; `beyond` says why the run's steps do not tell all that
    they touch, if so. `eager` is set while a step goes on in `ready`'s threads. `acted` is set when the step under way
    has done an operation, after which the virtual clock offers the baton: what the program touches next is a point.
    `names_matter` is set once the program has asked a thread who it is, in any run, `time_matters` once it has asked
    for the time.
    """

    point = None  # type: ignore[assignment] # the twins offer nothing after an operation
    packs = False  # marks are places in the log
    rehearses = True

    def __init__(self, settings: Settings, pool: Pool, timeout: float = 30.0) -> None:
        super().__init__(timeout=timeout)
        self.settings = settings
        self.pool = pool
        self.free = settings.free
        self.guide: Guide = First()
        self.watch: Watching | None = None
        self.pending: dict[int, Operation] = {}  # by threads' numbers
        self.last: dict[int, Operation] = {}
        self.threads = Lives()
        self.touched: list[tuple[Location, bool]] = []
        self.marks: list[StepMark] = []
        self.eager = False
        self.acted = False
        self.lives_matter = False
        self.names_matter = False
        self.time_matters = False
        self.beyond: str | None = None
        self.drew = False  # random numbers, in any run
        self.daemons = False  # there were some at the end of a thread, in any run
        self.doubtful: str | None = None  # why a run may have left out something, in any run
        self.instead = ""  # what to write in place of that, or of what is `beyond`, in any run

    def renew(self, guide: Guide) -> None:
        """Begin anew. What the twins hold on to, the log and the list of critical locks, stays the same object."""
        if self.watch is not None:
            self.watch.renew()  # first: what is thrown away here may have a finalizer, and that belongs to the last run
        self.forget()
        self.live.clear()
        self.starting = self.awaited = 0
        self.stopping = False
        self.cut = self.verdict = self.stuck_at = self.stuck_thread = None
        self.stopped_at = self.time = self.waits = self.operations = 0
        self.seen = (0, 0)
        self.idle.restart()
        self.finished.acquire(False)
        self.guide = guide
        self.pending.clear()
        self.last.clear()
        self.threads = Lives()
        self.touched = []
        self.marks = []
        self.eager = self.acted = False
        self.beyond = None

    def schedule(self, seed: int) -> Schedule:
        """With which the run can be repeated."""
        schedule = self.settings.schedule(tuple(mark.thread for mark in self.marks), seed)
        return replace(schedule, unfinished=True) if self.verdict == "livelock" else schedule

    @property
    def endless(self) -> bool:
        """The run was stopped because it took so many steps."""
        return self.verdict == "full" and len(self.marks) >= LONGEST

    @property
    def astray(self) -> str | None:
        return self.guide.astray if isinstance(self.guide, Follow) else None

    def close(self) -> None:
        super().close()
        self.pool.close()
        self.threads = Lives()  # a twin that outlives the run keeps this, and need not keep the program's functions
        if self.watch is not None:
            self.watch.renew()
            self.watch.close()

    # points
    def arrive(self, operation: Operation) -> None:
        """A thread stands before an operation: somebody makes a step, and this thread goes on when it is its turn."""
        if self.watch is None:
            self.stand_before(operation)
            return
        self.watch.rest()
        try:
            self.stand_before(operation)
        finally:
            self.watch.go_on()

    def stand_before(self, operation: Operation) -> bool:
        """As `arrive`, for a thread that is not being watched. Returns whether others have run meanwhile."""
        me = self.live.get(_thread.get_ident())
        if me is None:
            return False
        if self.stopping:
            raise Stop
        self.operations += 1
        self.pending[me.number] = self.last[me.number] = operation
        chosen = self._next()
        if chosen is me:
            return False
        self._hand_to(chosen)
        me.gate.acquire()
        if self.stopping:
            raise Stop
        return True

    def touch_instead(self, touched: Iterable[tuple[Location, bool]]) -> None:
        """What the step under way stood before is not what it touches: others have changed what that depends on."""
        self.touched[:1] = touched

    def touch(self, location: Location, mode: bool) -> None:
        """Note that the step under way touches something in passing."""
        me = self.current()
        if me is not None and self.alone(me):  # whatever step is under way has nothing to do with it
            return
        if self.eager:
            self.lives_matter = True
        self.touched.append((location, mode))

    def come_upon(self, location: Location, mode: bool) -> None:
        """The program touches this by a call of its own; right after an operation that is where others may come."""
        me = self.current()
        if self.acted and me is not None and not self.alone(me):
            self.arrive(Operation("go on", location, mode))
        elif location is MADE:  # before a thread's first point, too: there threads go on in the order of their starts
            self.touched.append((location, mode))
        else:
            self.touch(location, mode)

    def touch_if_inside(self, location: Location, mode: bool) -> None:
        if self.current() is not None:
            self.touch(location, mode)

    def tell_time(self) -> None:
        """The program asks what time it is."""
        self.time_matters = True
        self.touch_if_inside(CLOCK, READ)

    def arrive_inside(self, operation: Operation) -> None:
        """As `arrive`, in a library: what it does while no other thread can be there is of no interest."""
        me = self.current()
        if me is not None and self.alone(me):
            self.touch(operation.location, operation.mode)
        else:
            self.arrive(operation)

    def go_inside(self) -> None:
        """The calling thread does something inside a library that nobody can tell the footprint of."""
        me = self.current()
        if me is not None:
            self.touch(EVERYTHING, WRITE)
            self.acted = True
            self.last[me.number] = RESUMED  # if it has to wait there, nobody can tell for what

    def go_beyond(self, why: str, instead: str) -> None:
        """The calling thread uses something whose points are not known: this run proves nothing.

        instead: what to write in its place.
        """
        if self.current() is not None:
            self.beyond, self.instead = self.beyond or why, self.instead or instead
            self.touch(EVERYTHING, WRITE)

    def doubt(self, why: str, instead: str, unknown: str = "where others may come in between") -> None:
        """The program does what the lab cannot follow: this search proves nothing. unknown: what cannot be told of it.

        Mostly it may be more than one step. instead: what could be written in its place.
        """
        if self.doubtful is None:
            self.doubtful, self.instead = f"{why}, and {unknown} the lab does not know", instead

    def look_at_lives(self, operation: Operation) -> None:
        """The program asks whether threads have begun or ended."""
        self.lives_matter = True
        self.arrive(operation)

    # lives
    def alone(self, me: ProgramThread) -> bool:
        """True if no other thread can be there: none was started yet, or the main thread has joined them all."""
        others = len(self.every) - 1
        return not others or (me.number == 0 and len(self.threads.joined) == others)

    def is_waiting(self) -> bool:
        """Whether the calling thread is inside start() or join()."""
        me = self.current()
        return me is not None and me.number in self.threads.waiting

    def end(self, me: ProgramThread) -> None:
        if self.settings.lives and not self.stopping:
            # With the last of the others daemons end, too; also those that in another order were there already.
            self.daemons |= any(thread.daemon for thread in self.every)
            location = EVERYTHING if self.daemons or DAEMONS in self.settings.shared else thread_location(me.number)
            with suppress(Stop):  # the run has ended without it
                self.arrive(Operation("end", location, WRITE))
        if not self.stopping:
            self.threads.ended.add(me.number)
        super().end(me)

    # who is next
    def _next(self) -> ProgramThread | None:
        pending = self.pending
        while not self.stopping:
            if self.ready:
                self.eager = True
                return self.ready.pop(0)
            able = [number for number, operation in pending.items() if operation[3] is None or operation[3]()]
            if self.free:
                able.extend(thread.number for _, token, thread in self.timers if thread.token == token)
            if able:
                return self._step(able)
            if pending and all(thread.token != token for _, token, thread in self.timers):
                self.ready.extend(self.every[number] for number in sorted(pending))
                pending.clear()
            else:
                self._move_time_on()
        return None

    def _step(self, able: list[int]) -> ProgramThread | None:
        marks = self.marks
        if len(marks) >= LONGEST:
            self.stop("full")
            return None
        able.sort()
        number = self.guide.choose(able, self.touched)
        if number == NOBODY:
            self.stop("livelock")
            return None
        self.eager = False
        self.touched = touched = []
        if number not in self.pending:
            self._end_wait(self.every[number])
        operation = self.pending.pop(number)
        touched.append(operation[1:3])
        kind = operation[0]
        self.acted = kind not in _SILENT and (kind != "wake" or self.free or operation[1] is not CLOCK)
        if self.beyond is not None:
            touched.append((EVERYTHING, WRITE))
        marks.append(_new(StepMark, (number, operation, len(self.log))))
        return self.every[number]

    def _end_wait(self, chosen: ProgramThread) -> None:
        """End a timed wait now: its time has come, or all the others are late."""
        timer = next(timer for timer in self.timers if timer[2] is chosen and timer[1] == chosen.token)
        self.timers.remove(timer)
        heapify(self.timers)
        self.time = max(self.time, timer[0])
        self.touched.append((CLOCK, WRITE))
        self._time_is_up(chosen)

    # waiting
    def _make_ready(self, thread: ProgramThread) -> None:
        thread.token = 0
        thread.waits_in = None
        self._resume(thread)

    def _resume(self, thread: ProgramThread) -> None:
        number = thread.number
        if number in self.threads.waiting:
            self.ready.append(thread)
        else:  # it goes on with what it waited for, and may have to wait again
            self.pending[number] = self.last.get(number, RESUMED)._replace(may=None)

    def _time_is_up(self, thread: ProgramThread) -> None:
        if thread.waits_in is None:
            self.pending[thread.number] = WOKEN
        else:
            thread.waits_in.queue.remove(thread)
            thread.waits_in = None
            self._resume(thread)

    def _arm(self, me: ProgramThread, until: int | None) -> int:
        if until is not None:
            self.touched.append((CLOCK, READ))
        return super()._arm(me, until)

    def wake_one(self, queue: list[ProgramThread]) -> None:
        """Wakes them all: each looks again, and the guide decides who is first."""
        while queue:
            self._make_ready(queue.pop(0))

    def sleep(self, me: ProgramThread, seconds: float, place: tuple[Any, int]) -> None:
        if seconds > 0:
            super().sleep(me, seconds, place)
            return
        self.log.extend((self.time, me.ident, ("sleep", None, 0), None, *place))
        self.arrive(WOKEN)  # its time has come at once: it need not wait until nobody else can run
        self.log.extend((self.time, me.ident, WAKE, None, *place))

    # threads
    def supervise(self, main: Callable[[], Any], timeout: float, cancelled: Callable[[], bool]) -> None:
        Processor.supervise(self, main, timeout, cancelled)  # whoever starts many runs pins once for all of them

    def spawn(self, thread: ProgramThread, body: Callable[[], Any]) -> None:
        if thread.number == 1 and self.watch is not None:
            self.watch.join_in()
        carrier = self.pool.take()
        thread.ident = thread.number + 1
        thread.gate = carrier.gate
        thread.carrier = carrier  # type: ignore[assignment]
        carrier.start(self.live_through, thread, body)
        if self.running is None:
            self.running = thread
            thread.gate.release()
        else:
            self.ready.append(thread)

    def _end_everything(self) -> None:
        if self.awaited or any(thread.alive for thread in self.every):
            super()._end_everything()
        else:  # as nearly always: the program has come to its end, and its last thread has sealed the log
            self.stopping = True

    def let_go(self, thread: ProgramThread) -> bool:
        self.running = thread
        carrier: Any = thread.carrier
        return not carrier.let_go()

    def perform(self, body: Callable[[], Any], me: ProgramThread) -> None:
        if self.watch is None:
            return super().perform(body, me)
        if me.number not in self.threads.starters:  # else it is watched as soon as it has begun
            self.watch.enter()
        try:
            super().perform(body, me)
        finally:
            self.watch.leave()

    def own_idents(self) -> AbstractSet[int]:
        return self.pool.idents
