"""What recording costs a program, and what the virtual clock saves it."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import semalab as lab

Row = tuple[str, str, float, float]

ROUNDS = 41
PAIRS = 1000
RUNS = 9
PAIR_LIMIT = 1.35
LOCK_LIMIT = 1.0  # who times both on the bench must see the order that they have without it
VIRTUAL_LIMIT = 30.0


def seconds(primitive: Any) -> float:
    """CPU seconds for PAIRS times acquire and release, or set and clear, nobody else wanting the primitive."""
    if hasattr(primitive, "set"):
        begun = time.thread_time()
        for _ in range(PAIRS):
            primitive.set()
            primitive.clear()
        return time.thread_time() - begun
    begun = time.thread_time()
    for _ in range(PAIRS):
        with primitive:
            pass
    return time.thread_time() - begun


def at(address: int) -> Any:
    return ctypes.cast(address, ctypes.py_object).value


def against(recorded: Any, bare: Any) -> list[float]:
    return [seconds(recorded) / seconds(bare) for _ in range(ROUNDS)]


def semaphore(bare: int) -> list[float]:
    """A program for the bench: its own semaphore ÷ the bare one that was made outside, turn by turn.

    bare: where that one is in memory. In any other place the lab would find it before the run.
    """
    return against(threading.Semaphore(1), at(bare))


def lock(bare: int) -> list[float]:
    """As `semaphore`, for a Lock."""
    return against(threading.Lock(), at(bare))


def lock_beside_semaphore() -> list[float]:
    """A program for the bench: a lock of the run ÷ a semaphore of the run, turn by turn."""
    return against(threading.Lock(), threading.Semaphore(1))


def event(bare: int) -> list[float]:
    """As `semaphore`, for an Event."""
    return against(threading.Event(), at(bare))


def viztracer_against(bare: Any) -> float | None:
    """The same pairs under VizTracer ÷ without it; None where it is not installed."""
    try:
        from viztracer import VizTracer  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        return None
    ratios = []
    for _ in range(ROUNDS):
        tracer = VizTracer(verbose=0)
        tracer.start()
        traced = seconds(bare)
        tracer.stop()
        ratios.append(traced / seconds(bare))
        tracer.clear()
    return median(ratios)


def count(threads: int) -> int:
    """Ten releases by each of many threads, at random moments: the counter of the course."""
    counter = threading.Semaphore(0)

    def work() -> None:
        for _ in range(10):
            time.sleep(random.random())
            counter.release()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return counter._value  # type: ignore[attr-defined, no-any-return]


def take_turns(threads: int) -> None:
    """A mutex for many threads."""
    mutex = threading.Semaphore(1)

    def work() -> None:
        with mutex:
            time.sleep(0.01)

    for worker in [threading.Thread(target=work) for _ in range(threads)]:
        worker.start()


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """This thread and those it starts on one core, where the platform can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def pair_row(program: Callable[..., Any], bare: Any, pair: str, limit: float | None) -> Row:
    with one_core():
        ratios: list[float] = lab.record(program, bare=id(bare)).result
        peer = viztracer_against(bare)
    beside = "VizTracer is not installed" if peer is None else f"VizTracer: {peer:.2f}"
    bar = "no bar" if limit is None else f"≤ {limit:g}"
    return f"recorded `{pair}` ÷ bare ({beside})", bar, median(ratios), math.inf if limit is None else limit


def lock_row() -> Row:
    with one_core():
        ratios: list[float] = lab.record(lock_beside_semaphore).result
    what = "recorded `with lock: pass` ÷ recorded `with semaphore: pass`"
    return what, f"≤ {LOCK_LIMIT:g}", median(ratios), LOCK_LIMIT


def pair_rows() -> list[Row]:
    return [
        pair_row(semaphore, threading.Semaphore(1), "with semaphore: pass", PAIR_LIMIT),
        pair_row(lock, threading.Lock(), "with lock: pass", None),
        lock_row(),
        pair_row(event, threading.Event(), "event.set(); event.clear()", None),
    ]


def timed(clock: str, threads: int) -> float:
    begun = time.perf_counter()
    run = lab.record(count, threads=threads, clock=clock, timeout=60)
    taken = time.perf_counter() - begun
    if run.result != threads * 10:
        raise RuntimeError(f"the {clock} run must count to {threads * 10}, got {run.result} ({run.verdict})")
    return taken


def counter_row() -> Row:
    timed("virtual", 10)  # imports, caches
    virtual = median(timed("virtual", 1000) for _ in range(RUNS))
    wall = timed("wall", 1000)
    what = f"counter, 1,000 threads × 10: wall ÷ virtual ({wall:.1f} s ÷ {virtual * 1000:.0f} ms)"
    return what, f"≥ {VIRTUAL_LIMIT:g}", wall / virtual, VIRTUAL_LIMIT


def small_run_row() -> Row:
    taken = []
    for _ in range(RUNS * 3):
        begun = time.perf_counter()
        lab.record(take_turns, threads=10, clock="virtual")
        taken.append((time.perf_counter() - begun) * 1000)
    return "a whole virtual run, 10 threads through a mutex, ms", "≤ 5", median(taken), 5.0


def rows() -> list[Row]:
    """Ratios first; the last row is in milliseconds, has no peer and depends on the machine."""
    return [*pair_rows(), counter_row(), small_run_row()]


if __name__ == "__main__":
    for what, bar, figure, _ in rows():
        print(f"{figure:8.3g}  {bar:<7} {what}")
