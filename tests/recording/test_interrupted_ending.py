"""An interrupt in the midst of a run's ending ends the run and not the ending: everything is what it was."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import itertools
import logging
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

import pytest

import semalab as lab

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])
STRIDE = 89  # lines of the ending from one that is interrupted to the next: of about four thousand
ENDING = {"settle", "restore", "close"}

door = threading.Semaphore(2)
lock = threading.Lock()
kept = [time.sleep, door, lock]


def threads() -> None:
    global left
    left = threading.Semaphore(1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ThreadPoolExecutor(1)
    with door, lock:
        kept[0](0.001)  # type: ignore[operator]


async def tasks() -> None:
    global left
    left = asyncio.Semaphore(1)
    async with left:
        await asyncio.sleep(0.001)


left: Any = None
_PLACES: list[Any] = [threading, time, logging, signal, builtins, asyncio.BaseEventLoop]
_PLACES += [threading.Semaphore, threading.Thread, threading.Event, threading.Condition, threading.Barrier]
_PLACES += [asyncio.Semaphore, asyncio.Lock, asyncio.Event, asyncio.Condition, asyncio.Queue, asyncio.Barrier]


def names() -> dict[tuple[Any, str], Any]:
    own = {(module, name): value for module in _PLACES for name, value in vars(module).items()}
    own |= {("here", name): globals()[name] for name in ("door", "lock", "kept", "time", "threading", "asyncio")}
    own |= {("kept", str(i)): value for i, value in enumerate(kept)}
    own |= {(sys, "stdout"): sys.stdout, (sys, "stderr"): sys.stderr}
    return {place: value for place, value in own.items() if place != (threading, "_counter")}


@contextlib.contextmanager
def interrupt_at(number: int) -> Iterator[list[int]]:
    """An interrupt at this line of the ending, all that it calls included; yields how many lines there were."""
    lines = [0]

    def of_the_ending(frame: FrameType | None) -> bool:
        while frame is not None:
            if frame.f_code.co_name in ENDING and str(frame.f_globals["__name__"]).startswith("semalab"):
                return True
            frame = frame.f_back
        return False

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        lines[0] += event == "line"
        if event == "line" and lines[0] == number:
            raise KeyboardInterrupt
        return line

    before = sys.gettrace()
    sys.settrace(lambda frame, event, argument: line if of_the_ending(frame) else None)
    try:
        yield lines
    finally:
        sys.settrace(before)


@CLOCKS
@pytest.mark.parametrize("program", [threads, tasks])
def test_everything_is_what_it_was(program: Any, clock: str) -> None:
    lab.record(program, clock=clock)
    before = names()
    for number in itertools.count(1, STRIDE):
        with interrupt_at(number) as lines, contextlib.suppress(KeyboardInterrupt):
            lab.record(program, clock=clock)
        assert names() == before, number
        assert type(left) in (threading.Semaphore, asyncio.Semaphore), number
        run = lab.record(program, clock=clock)
        assert (run.stopped, run.exception) == (None, None), number
        if lines[0] < number:
            assert number > STRIDE, "the ending was not found"
            return


def test_whoever_interrupts_is_told() -> None:
    with pytest.raises(KeyboardInterrupt), interrupt_at(1):
        lab.record(threads)
