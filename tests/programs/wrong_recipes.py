"""Everyday programs that are wrong under every schedule, and what their runs must say at least."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from queue import Queue
from typing import Any

from programs.right import LightSwitch, together
from programs.right_recipes import Weighted


def goes_before_it_gives_back() -> None:
    pool = threading.Semaphore(2)

    def work(n: int) -> None:
        pool.acquire()
        if n == 1:
            return
        pool.release()

    together(*(lambda n=n: work(n) for n in range(3)))  # type: ignore[misc]


def raises_with_a_permit() -> None:
    pool = threading.BoundedSemaphore(3)

    def work(n: int) -> None:
        pool.acquire()
        print(1 / n)
        pool.release()

    together(*(lambda n=n: work(n) for n in range(3)))  # type: ignore[misc]


def one_borrower_forgets() -> None:
    class Pool:
        def __init__(self, n: int) -> None:
            self.available = threading.Semaphore(n)

        def borrow(self) -> None:
            self.available.acquire()

        def give_back(self) -> None:
            self.available.release()

    pool = Pool(3)

    def work(careful: bool) -> None:
        pool.borrow()
        time.sleep(0.01)
        if careful:
            pool.give_back()

    together(lambda: work(True), lambda: work(False), lambda: work(True))


def mutex_kept_by_one() -> None:
    mutex, total = threading.Semaphore(1), [0]

    def work() -> None:
        mutex.acquire()
        total[0] += 1

    together(work)


def takes_two_and_gives_one() -> None:
    memory = threading.Semaphore(4)

    def work() -> None:
        memory.acquire()
        memory.acquire()
        memory.release()

    together(work, work)


def takes_three_and_gives_two() -> None:
    memory = Weighted(3)

    def work() -> None:
        memory.take(3)
        memory.give(2)

    together(work)


def two_large_ones_wait_for_one_permit() -> None:
    memory = Weighted(3)
    together(lambda: memory.take(2))
    memory.take(2)


def last_reader_leaves_the_light_on() -> None:
    room, switch = threading.Semaphore(1), LightSwitch()

    def read(politely: bool) -> None:
        switch.lock(room)
        if politely:
            switch.unlock(room)

    together(lambda: read(True))
    together(lambda: read(False))


def bounded_too_often() -> None:
    door = threading.BoundedSemaphore(1)

    def work() -> None:
        with door:
            pass
        door.release()

    together(work)


def two_in_each_other_s_way() -> None:
    left, right = threading.Semaphore(1), threading.Semaphore(1)
    has_left, has_right = threading.Semaphore(0), threading.Semaphore(0)

    def one() -> None:
        with left:
            has_left.release()
            has_right.acquire()
            with right:
                pass

    def two() -> None:
        with right:
            has_right.release()
            has_left.acquire()
            with left:
                pass

    together(one, two)


def enters_twice() -> None:
    mutex = threading.Semaphore(1)
    with mutex, mutex:
        pass


def one_too_few_for_the_barrier() -> None:
    mutex, gate, count = threading.Semaphore(1), threading.Semaphore(0), 0

    def work() -> None:
        nonlocal count
        with mutex:
            count += 1
            if count == 4:
                gate.release(4)
        gate.acquire()

    together(*[work] * 3)


def waits_for_more_than_comes() -> None:
    items = threading.Semaphore(0)

    def produce() -> None:
        for _ in range(3):
            items.release()

    def consume() -> None:
        for _ in range(4):
            items.acquire()

    together(produce, consume)


def worker_dies_before_it_is_done() -> None:
    work = Queue[int]()
    work.put(0)

    def consume() -> None:
        print(1 / work.get())
        work.task_done()

    threading.Thread(target=consume).start()
    work.join()


async def task_forgets() -> None:
    pool = asyncio.Semaphore(2)

    async def work(careful: bool) -> None:
        await pool.acquire()
        await asyncio.sleep(0.01)
        if careful:
            pool.release()

    await asyncio.gather(work(True), work(False))


async def tasks_wait_for_each_other() -> None:
    one, two = asyncio.Semaphore(0), asyncio.Semaphore(0)

    async def wait(mine: Any, other: Any) -> None:
        await mine.acquire()
        other.release()

    await asyncio.gather(wait(one, two), wait(two, one))


async def bounded_task() -> None:
    door = asyncio.BoundedSemaphore(1)
    door.release()


LOST = "ermit lost: "
WRONG: tuple[tuple[Callable[..., Any], str], ...] = (
    (goes_before_it_gives_back, LOST),
    (raises_with_a_permit, "ZeroDivisionError: division by zero; permit lost: "),
    (one_borrower_forgets, LOST),
    (mutex_kept_by_one, LOST),
    (takes_two_and_gives_one, LOST),
    (takes_three_and_gives_two, LOST),
    (two_large_ones_wait_for_one_permit, "Deadlock: main waits for `memory` (value 1) and nobody can release it"),
    (last_reader_leaves_the_light_on, LOST),
    (bounded_too_often, "raised ValueError: Semaphore released too many times"),
    (two_in_each_other_s_way, "Deadlock: "),
    (enters_twice, "Deadlock: main waits for `mutex` (value 0)"),
    (one_too_few_for_the_barrier, "Deadlock: "),
    (waits_for_more_than_comes, "Deadlock: "),
    (worker_dies_before_it_is_done, "ZeroDivisionError: division by zero; deadlock: main waits in `work`.join()"),
    (task_forgets, LOST),
    (tasks_wait_for_each_other, "Deadlock: "),
    (bounded_task, "main raised ValueError: BoundedSemaphore released too many times"),
)
