"""A panel's runs: the newest request wins, at most one job runs at any time, nothing piles up."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

import pytest
from support.patience import wait_until

from semalab.notebook.latest import Latest
from semalab.recording import run_program

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

Call = Callable[[], None]


class Front:
    """The thread that draws: runs what is posted to it, one after the other, when it is told to."""

    def __init__(self) -> None:
        self.posted: queue.SimpleQueue[Call] = queue.SimpleQueue()
        self.shown: list[Any] = []
        self.latest = Latest(self.posted.put, self.shown.append)

    def draw_until(self, shown: Any) -> None:
        while not self.shown or self.shown[-1] != shown:
            self.posted.get(timeout=30)()

    def wait_until_idle(self) -> None:
        wait_until(lambda: not self.latest.busy, "no job is under way")
        while not self.posted.empty():
            self.posted.get()()
        wait_until(lambda: "semalab panel" not in {t.name for t in threading.enumerate()}, "its thread has ended")


class Jobs:
    """Jobs that run until they are cancelled, or until the gate is opened, and know how many run at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.running = 0
        self.most = 0
        self.begun: list[int] = []
        self.gate = threading.Event()

    def make(self, number: int) -> Callable[[Callable[[], bool]], int]:
        def job(cancelled: Callable[[], bool]) -> int:
            with self.lock:
                self.running += 1
                self.most = max(self.most, self.running)
                self.begun.append(number)
            while not cancelled() and not self.gate.wait(0.0005):
                pass
            with self.lock:
                self.running -= 1
            return number

        return job


def test_of_a_burst_the_last_one_wins() -> None:
    front, jobs = Front(), Jobs()
    for number in range(200):
        front.latest.submit(jobs.make(number))
    jobs.gate.set()
    front.draw_until(199)
    front.wait_until_idle()
    assert (front.shown, jobs.most, jobs.running) == ([199], 1, 0)
    assert jobs.begun[-1] == 199
    assert jobs.begun == sorted(set(jobs.begun))


def test_of_many_bursts_from_many_threads_only_the_last_is_shown() -> None:
    front, jobs = Front(), Jobs()
    jobs.gate.set()
    bursts = [
        threading.Thread(target=lambda base=base: [front.latest.submit(jobs.make(base + i)) for i in range(50)])  # type: ignore[misc]
        for base in (0, 1000, 2000)
    ]
    for burst in bursts:
        burst.start()
    for burst in bursts:
        burst.join()
    front.latest.submit(jobs.make(9999))
    front.draw_until(9999)
    front.wait_until_idle()
    assert (front.shown[-1], jobs.most, jobs.running) == (9999, 1, 0)


def test_results_that_come_too_late_are_not_shown() -> None:
    front, jobs = Front(), Jobs()
    jobs.gate.set()
    front.latest.submit(jobs.make(1))
    late = front.posted.get(timeout=30)  # the first is done, but nobody has drawn it yet
    front.latest.submit(jobs.make(2))
    late()
    assert front.shown == []
    front.draw_until(2)
    front.wait_until_idle()


def test_cancel_stops_what_runs_and_forgets_what_waits() -> None:
    front, jobs = Front(), Jobs()
    front.latest.submit(jobs.make(1))
    front.latest.submit(jobs.make(2))
    front.latest.cancel()
    front.wait_until_idle()
    assert (front.shown, jobs.running, front.latest.busy) == ([], 0, False)
    assert 2 not in jobs.begun[1:]
    jobs.gate.set()
    front.latest.submit(jobs.make(3))
    front.draw_until(3)
    front.wait_until_idle()


def endless(which: int) -> None:
    gate = threading.Semaphore(0)
    while not gate.acquire(timeout=0.01):
        pass


def brief(which: int) -> int:
    return which


def test_real_runs_make_way_for_each_other() -> None:
    front = Front()

    def job(which: int, program: Callable[[int], Any]) -> Callable[[Callable[[], bool]], Any]:
        return lambda cancelled: run_program(program, {"which": which}, cancelled=cancelled, timeout=1000).result

    for which in range(20):
        front.latest.submit(job(which, endless))
    front.latest.submit(job(77, brief))
    front.draw_until(77)
    front.wait_until_idle()
    assert front.shown == [77]


def test_a_job_that_fails_is_shown_as_its_exception_and_does_not_block_the_next() -> None:
    front, jobs = Front(), Jobs()
    jobs.gate.set()
    failure = ValueError("no such run")

    def bad(cancelled: Callable[[], bool]) -> int:
        raise failure

    front.latest.submit(bad)
    front.draw_until(failure)
    front.latest.submit(jobs.make(5))
    front.draw_until(5)
    front.wait_until_idle()
    assert front.shown == [failure, 5]
