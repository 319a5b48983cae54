"""Where the threads of a run begin and end, and when that is a step of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from semalab.engine import ProgramThread, Stop
from semalab.stepping.footprint import DAEMONS, EVERYTHING, MADE, READ, WRITE, Operation, thread_location
from semalab.stepping.known import runs_known_code

if TYPE_CHECKING:
    from semalab.stepping.processor import SteppingProcessor


class Body(NamedTuple):
    """What a thread was told to do when it was started."""

    of: type
    target: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Lives:
    """The lives of one run's threads, by their numbers.

    Invariants: `waiting` holds those inside Thread.start or Thread.join, which go on as soon as they can; `joined`
    those that the main thread has joined; `ended` those that have come to their end. `starters` says who has
    started whom, and `bodies` what each that was started is to do; `blind` are those that do something else than run
    the program's code, which nobody watches. `others_join` is set once a thread that is not the main one has waited for
    another's end.
    """

    def __init__(self, processor: SteppingProcessor) -> None:
        self.waiting: set[int] = set()
        self.joined: set[int] = set()
        self.ended: set[int] = set()
        self.starters: dict[int, int] = {}
        self.bodies: dict[int, Body] = {}
        self.others_join = False
        self._blind: set[int] = set()
        self._processor = processor
        self._are_steps = processor.settings.lives

    def start(self, start: Callable[[Any], None], thread: Any) -> None:
        """The calling thread calls `start` to start this one."""
        processor = self._processor
        if not runs_known_code(thread, processor.program):
            processor.lives_matter = True  # what it does is a step of its own
            self._blind.add(len(processor.every))
        if self._are_steps:
            processor.arrive(Operation("start", MADE, WRITE))
            processor.touched.append((thread_location(len(processor.every)), WRITE))
        else:
            processor.come_upon(MADE, WRITE)  # threads are numbered in the order of their starts
        me = processor.current()
        number = len(processor.every)
        self.starters[number] = me.number if me is not None else -1
        own = vars(thread)
        self.bodies[number] = Body(type(thread), own.get("_target"), own.get("_args", ()), own.get("_kwargs", {}))
        self._wait(me, start, thread)

    def join(self, join: Callable[[Any], None], thread: Any, other: ProgramThread | None) -> None:
        """The calling thread calls `join` to wait for the end of this one, which is the run's `other`."""
        if other is None:  # it was not started yet: join tells so
            join(thread)
            return
        number = other.number
        if self._are_steps:
            ended = self.ended
            self._processor.arrive(Operation("join", thread_location(number), READ, lambda: number in ended))
        me = self._processor.current()
        self._wait(me, join, thread)
        if me is not None and me.number == 0:
            self.joined.add(number)
        else:
            self.others_join = True

    def look_for(self, other: ProgramThread | None) -> None:
        """The calling thread learns whether another, None if not, has been started."""
        me = self._processor.current()
        if me is not None and (other is None or self.starters.get(other.number) != me.number):
            self._processor.touch(MADE, READ)

    def _wait(self, me: ProgramThread | None, action: Callable[[Any], None], thread: Any) -> None:
        if me is None:
            action(thread)
            return
        watch = self._processor.watch
        self.waiting.add(me.number)
        try:
            if watch is not None:
                watch.rest()
            action(thread)
        finally:
            self.waiting.discard(me.number)
            if watch is not None:
                watch.go_on()

    def is_waiting(self) -> bool:
        """Whether the calling thread is inside start() or join()."""
        me = self._processor.current()
        return me is not None and me.number in self.waiting

    def has_joined(self, other: ProgramThread | None) -> bool:
        """True if the calling thread is the main one and knows that this one has ended."""
        me = self._processor.current()
        return me is not None and me.number == 0 and other is not None and other.number in self.joined

    def alone(self, me: ProgramThread) -> bool:
        """True if no other thread can be there: none was started yet, or the main thread has joined them all."""
        others = len(self._processor.every) - 1
        return not others or (me.number == 0 and len(self.joined) == others)

    def has_starter(self, me: ProgramThread) -> bool:
        """True for a thread that another one has started by `Thread.start`."""
        return me.number in self.starters

    def begun(self) -> None:
        """The calling thread has begun, and whoever started it knows."""
        me = self._processor.current()
        if self._processor.watch is not None:
            self._processor.watch.enter()
        if self._are_steps and me is not None and me.number and me.number not in self._processor.last:
            self._processor.arrive(Operation("begin", thread_location(me.number), READ))
        if me is not None and me.number in self._blind:
            self._processor.touch(EVERYTHING, WRITE)
            if self._processor.watch is not None:
                self._processor.watch.touch_anything(me.number)
            else:
                self._processor.doubt(
                    "one of its threads runs what the lab cannot look into",
                    "give it a function with `def` as its target",
                )

    def end(self, me: ProgramThread) -> None:
        """This thread is at its end."""
        processor = self._processor
        if self._are_steps and not processor.stopping:
            # With the last of the others daemons end, too; also those that in another order were there already.
            processor.daemons |= any(thread.daemon for thread in processor.every)
            daemons = processor.daemons or DAEMONS in processor.settings.shared
            location = EVERYTHING if daemons else thread_location(me.number)
            with suppress(Stop):  # the run has ended without it
                processor.arrive(Operation("end", location, WRITE))
        if not processor.stopping:
            self.ended.add(me.number)
