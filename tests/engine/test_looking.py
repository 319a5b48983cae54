"""On the virtual clock a thread that only looks at a primitive can be overtaken before it looks again, as anywhere."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import semalab as lab

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")


def twice(look: Callable[[], object], change: Callable[[], object]) -> tuple[object, object]:
    """Two looks at what another thread changes meanwhile, or before, or afterwards."""
    thread = threading.Thread(target=change)
    thread.start()
    seen = look(), look()
    thread.join()
    return seen


def event() -> object:
    ready = threading.Event()
    return twice(ready.is_set, ready.set)


def lock() -> object:
    mutex = threading.Lock()
    return twice(mutex.locked, mutex.acquire)


def broken_barrier() -> object:
    barrier = threading.Barrier(2)
    return twice(lambda: barrier.broken, barrier.abort)


def barrier_in_use() -> object:
    barrier = threading.Barrier(2)

    def arrive() -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(1)

    return twice(lambda: bool(barrier.n_waiting), arrive)


def release_in_vain() -> object:
    mutex = threading.Lock()

    def release() -> bool:
        try:
            mutex.release()
        except RuntimeError:
            return False
        return True

    return twice(release, mutex.acquire)


def join_in_vain() -> object:
    later = threading.Thread(target=int)

    def join() -> bool:
        try:
            later.join()
        except RuntimeError:
            return False
        return True

    return twice(join, later.start)


def life() -> object:
    brief = threading.Thread(target=int)
    brief.start()
    seen = not brief.is_alive(), not brief.is_alive()
    brief.join()
    return seen


@pytest.mark.parametrize(
    "program",
    [event, lock, broken_barrier, barrier_in_use, release_in_vain, join_in_vain, life],
    ids=lambda p: p.__name__,
)
def test_what_is_seen_may_change_between_two_looks(program: Callable[..., Any]) -> None:
    assert any(lab.record(program, clock="virtual", seed=seed).result == (False, True) for seed in range(500))


def spinning(threads: int) -> str:
    ready = threading.Event()
    waiters = [threading.Thread(target=lambda: [None for _ in iter(ready.is_set, True)]) for _ in range(threads)]
    for waiter in waiters:
        waiter.start()
    ready.set()
    while any(waiter.is_alive() for waiter in waiters):
        pass
    return "went on"


def test_who_waits_by_looking_again_and_again_lets_others_run() -> None:
    for seed in range(5):
        run = lab.record(spinning, threads=3, clock="virtual", seed=seed)
        assert (run.result, run.stopped) == ("went on", None)


def cancelled_too_late() -> list[str]:
    said: list[str] = []
    timer = threading.Timer(1, said.append, ["the timer acts"])
    timer.start()
    time.sleep(1)
    timer.cancel()
    said.append("cancelled")
    timer.join()
    return said


def test_a_timer_may_act_after_it_was_cancelled_if_it_had_looked_before() -> None:
    results = [lab.record(cancelled_too_late, clock="virtual", seed=seed).result for seed in range(200)]
    acts, cancelled = "the timer acts", "cancelled"
    assert {*map(tuple, results)} == {(acts, cancelled), (cancelled,), (cancelled, acts)}
