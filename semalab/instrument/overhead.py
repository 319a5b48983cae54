"""What watching costs on this machine: nanoseconds an event, measured on the recorder itself."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from semalab.engine import WallProcessor
from semalab.instrument.copies import load_threading
from semalab.instrument.primitives import recorded_classes
from semalab.instrument.recorder import Recorder, watched_condition

_PAIRS, _ROUNDS = 100, 9


class Cost(NamedTuple):
    """Nanoseconds that one event takes from the program.

    pair: an acquire or a release of a semaphore that nobody waits for. note: any other event.
    """

    pair: float
    note: float


@functools.cache
def cost_of_an_event() -> Cost:
    """Measured once a process, in a few milliseconds, on primitives that are no run's.

    The quickest of several rounds counts: whatever else the machine does makes a round longer, never shorter.
    """
    processor = WallProcessor()
    processor.program = {id(globals())}
    recorder = Recorder(processor)
    source = load_threading(processor)
    kind = recorded_classes(source, recorder, watched_condition(source, recorder))["Semaphore"]
    watched = object.__new__(kind)  # the class itself would give a thread that is not of a run the real thing
    watched.__init__(1)
    bare = threading.Semaphore(1)
    rounds = [(_taken(_pairs, bare), _taken(_pairs, watched), _taken(_notes, recorder)) for _ in range(_ROUNDS)]
    without, within, noted = map(min, zip(*rounds, strict=True))
    return Cost(max(0.0, (within - without) / (2 * _PAIRS)), noted / _PAIRS)


def _taken(work: Callable[[Any], None], on: Any) -> int:
    begun = time.perf_counter_ns()
    work(on)
    return time.perf_counter_ns() - begun


def _pairs(semaphore: Any) -> None:
    for _ in range(_PAIRS):
        with semaphore:
            pass


def _notes(recorder: Recorder) -> None:
    for _ in range(_PAIRS):
        recorder.note("print")
