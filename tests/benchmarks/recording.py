"""What recording costs a program, and what the virtual clock saves it."""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections.abc import Iterator
from statistics import median

import semalab as lab

ROUNDS = 41
PAIRS = 1000
RUNS = 9
PAIR_LIMIT = 1.35
VIRTUAL_LIMIT = 30.0


def seconds(semaphore: threading.Semaphore) -> float:
    """Real seconds for PAIRS times acquire and release, nobody else wanting the semaphore."""
    begun = time.perf_counter()
    for _ in range(PAIRS):
        with semaphore:
            pass
    return time.perf_counter() - begun


def against(bare: list[threading.Semaphore]) -> list[float]:
    """The program for the bench: its own semaphore ÷ the bare one that was made outside, turn by turn."""
    recorded = threading.Semaphore(1)
    return [seconds(recorded) / seconds(bare[0]) for _ in range(ROUNDS)]


def viztracer_against() -> float | None:
    """The same pairs under VizTracer ÷ without it; None where it is not installed."""
    try:
        from viztracer import VizTracer  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        return None
    semaphore = threading.Semaphore(1)
    ratios = []
    for _ in range(ROUNDS):
        tracer = VizTracer(verbose=0)
        tracer.start()
        traced = seconds(semaphore)
        tracer.stop()
        ratios.append(traced / seconds(semaphore))
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


def block(threads: int, stamps: list[float]) -> None:
    """A deadlock; the last stamp is from just before the last thread blocks."""
    semaphore = threading.Semaphore(0)

    def work() -> None:
        stamps.append(time.perf_counter())
        semaphore.acquire()

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


def pair_row() -> tuple[str, str, float, float]:
    with one_core():
        ratios: list[float] = lab.record(against, bare=[threading.Semaphore(1)]).result
        peer = viztracer_against()
    beside = "VizTracer is not installed" if peer is None else f"VizTracer: {peer:.2f}"
    return f"recorded `with semaphore: pass` ÷ bare ({beside})", f"≤ {PAIR_LIMIT:g}", median(ratios), PAIR_LIMIT


def timed(clock: str, threads: int) -> float:
    begun = time.perf_counter()
    run = lab.record(count, threads=threads, clock=clock, timeout=60)
    taken = time.perf_counter() - begun
    if run.result != threads * 10:
        raise RuntimeError(f"the {clock} run must count to {threads * 10}, got {run.result} ({run.verdict})")
    return taken


def counter_row() -> tuple[str, str, float, float]:
    timed("virtual", 10)  # imports, caches
    virtual = median(timed("virtual", 1000) for _ in range(RUNS))
    wall = timed("wall", 1000)
    what = f"counter, 1,000 threads × 10: wall ÷ virtual ({wall:.1f} s ÷ {virtual * 1000:.0f} ms)"
    return what, f"≥ {VIRTUAL_LIMIT:g}", wall / virtual, VIRTUAL_LIMIT


def deadlock_row() -> tuple[str, str, float, float]:
    late = []
    for _ in range(RUNS):
        stamps: list[float] = []
        run = lab.record(block, threads=10, stamps=stamps)
        late.append((time.perf_counter() - stamps[-1]) * 1000)
        if run.stopped is None:
            raise RuntimeError(f"the run must end in a deadlock, got {run.verdict}")
    return "deadlock, wall clock: last thread blocked → run returned, ms", "≤ 50", median(late), 50.0


def small_run_row() -> tuple[str, str, float, float]:
    taken = []
    for _ in range(RUNS * 3):
        begun = time.perf_counter()
        lab.record(take_turns, threads=10, clock="virtual")
        taken.append((time.perf_counter() - begun) * 1000)
    return "a whole virtual run, 10 threads through a mutex, ms", "≤ 5", median(taken), 5.0


def rows() -> list[tuple[str, str, float, float]]:
    """Ratios first; the two rows in milliseconds have no peer and depend on the machine."""
    return [pair_row(), counter_row(), deadlock_row(), small_run_row()]


if __name__ == "__main__":
    for what, bar, figure, _ in rows():
        print(f"{figure:8.3g}  {bar:<7} {what}")
