"""Where the threads of a run begin, wait for one another and end, and when that is a step of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from semalab.engine import ProgramThread
from semalab.stepping.footprint import EVERYTHING, MADE, READ, WRITE, Operation, thread_location
from semalab.stepping.known import runs_known_code
from semalab.stepping.processor import Body, SteppingProcessor


def start(processor: SteppingProcessor, real: Callable[[Any], None], thread: Any) -> None:
    """The calling thread starts this one, by the `real` start."""
    lives, known = processor.threads, runs_known_code(thread, processor.program)
    if not known:
        processor.lives_matter = True  # what it does is a step of its own
    if processor.settings.lives:
        processor.arrive(Operation("start", MADE, WRITE))
        processor.touched.append((thread_location(len(processor.every)), WRITE))
    else:
        processor.come_upon(MADE, WRITE)  # threads are numbered in the order of their starts
    me, number = processor.current(), len(processor.every)  # only now: others may have started some meanwhile
    if not known:
        lives.blind.add(number)
    lives.starters[number] = me.number if me is not None else -1
    own = vars(thread)
    lives.bodies[number] = Body(type(thread), own.get("_target"), own.get("_args", ()), own.get("_kwargs", {}))
    _wait(processor, me, real, thread)


def join(processor: SteppingProcessor, real: Callable[[Any], None], thread: Any, other: ProgramThread | None) -> None:
    """The calling thread waits, by the `real` join, for the end of this one, which is the run's `other`."""
    if other is None:  # it was not started yet: join tells so
        real(thread)
        return
    number, ended = other.number, processor.threads.ended
    if processor.settings.lives:
        processor.arrive(Operation("join", thread_location(number), READ, lambda: number in ended))
    me = processor.current()
    _wait(processor, me, real, thread)
    if me is not None and me.number == 0:
        processor.threads.joined.add(number)
    else:
        processor.threads.others_join = True


def look_for(processor: SteppingProcessor, other: ProgramThread | None) -> None:
    """The calling thread learns whether another, None if not, has been started."""
    me = processor.current()
    if me is not None and (other is None or processor.threads.starters.get(other.number) != me.number):
        processor.touch(MADE, READ)


def knows_ended(processor: SteppingProcessor, other: ProgramThread | None) -> bool:
    """True if the calling thread is the main one and has waited for the end of this one."""
    me = processor.current()
    return me is not None and me.number == 0 and other is not None and other.number in processor.threads.joined


def begun(processor: SteppingProcessor) -> None:
    """The calling thread has begun, and whoever started it knows."""
    me, watch = processor.current(), processor.watch
    if watch is not None:
        watch.enter()
    if processor.settings.lives and me is not None and me.number and me.number not in processor.last:
        processor.arrive(Operation("begin", thread_location(me.number), READ))
    if me is not None and me.number in processor.threads.blind:
        processor.touch(EVERYTHING, WRITE)
        if watch is not None:
            watch.touch_anything(me.number)
        else:
            processor.doubt(
                "one of its threads runs what the lab cannot look into", "give it a function with `def` as its target"
            )


def _wait(processor: SteppingProcessor, me: ProgramThread | None, action: Callable[[Any], None], thread: Any) -> None:
    if me is None:
        action(thread)
        return
    watch = processor.watch
    processor.threads.waiting.add(me.number)
    try:
        if watch is not None:
            watch.rest()
        action(thread)
    finally:
        processor.threads.waiting.discard(me.number)
        if watch is not None:
            watch.go_on()
