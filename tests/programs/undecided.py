"""Programs that the lab cannot decide at the finer granularities, and the same ones written so that it can."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

from programs.right import together


def keeps_results() -> None:
    @functools.lru_cache
    def one_more(x: int) -> int:
        return x + 1

    got = []
    together(*[lambda: got.append(one_more(1))] * 2)
    assert got == [2, 2]


def keeps_no_results() -> None:
    def one_more(x: int) -> int:
        return x + 1

    got: list[int] = []
    together(*[lambda: got.append(one_more(1))] * 2)
    assert got == [2, 2]


class Late:
    @functools.cached_property
    def price(self) -> int:
        return 3


class Early:
    def __init__(self) -> None:
        self.price = 3


def asks(of: type) -> None:
    one, got = of(), []
    together(*[lambda: got.append(one.price)] * 2)
    assert got == [3, 3]


class Door:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.closed = 0

    def close(self) -> None:
        with self.lock:
            self.closed += 1


def closes() -> None:
    door = Door()

    def work() -> None:
        with contextlib.closing(door):
            pass

    together(work, work)
    assert door.closed == 2


def closes_finally() -> None:
    door = Door()

    def work() -> None:
        try:
            pass
        finally:
            door.close()

    together(work, work)
    assert door.closed == 2


def stacks() -> None:
    lock = threading.Lock()

    def work() -> None:
        with contextlib.ExitStack() as stack:
            stack.enter_context(lock)

    together(work)


def nests() -> None:
    lock = threading.Lock()

    def work() -> None:
        with lock:
            pass

    together(work)


def adds(reduces: bool) -> None:
    numbers, got = [1, 2], []

    def plus(one: int, other: int) -> int:
        return one + other

    def work() -> None:
        if reduces:
            got.append(functools.reduce(plus, numbers))
        else:
            total = 0
            for number in numbers:
                total = plus(total, number)
            got.append(total)

    together(work, lambda: numbers.append(0))
    assert got == [3]


def goes_on_with_what_a_call_returns() -> None:
    groups: dict[str, list[int]] = {}
    together(lambda: groups.setdefault("all", []).append(1), lambda: groups.setdefault("all", []).append(2))
    assert sorted(groups["all"]) == [1, 2]


def names_what_a_call_returns() -> None:
    groups: dict[str, list[int]] = {}

    def work(number: int) -> None:
        group = groups.setdefault("all", [])
        group.append(number)

    together(lambda: work(1), lambda: work(2))
    assert sorted(groups["all"]) == [1, 2]


def many(threads: int) -> None:
    door = threading.Semaphore(2)

    def work() -> None:
        with door:
            pass

    together(*[work] * threads)


def pool() -> None:
    with ThreadPoolExecutor(2) as workers:
        assert list(workers.map(abs, [-1, -2])) == [1, 2]


def pool_as_threads() -> None:
    got: dict[int, int] = {}

    def work(number: int) -> None:
        got[number] = abs(number)

    together(*[functools.partial(work, number) for number in (-1, -2)])
    assert got == {-1: 1, -2: 2}


def asks_the_clock() -> None:
    time.process_time()


def draws() -> None:
    os.urandom(1)


def old_pool() -> None:
    with ThreadPool(1) as workers:
        workers.map(abs, [-1])


def never_ends() -> None:
    door, turns = threading.Semaphore(1), 0
    while True:
        turns += 1
        with door:
            pass


def loses_a_permit() -> None:
    door = threading.Semaphore(1)
    careless = threading.Thread(target=door.acquire, name="careless")
    careless.start()
    careless.join()


def loses_a_permit_now_and_then() -> None:
    door, late = threading.Semaphore(2), threading.Semaphore(1)

    def work() -> None:
        with door:
            pass

    def leave() -> None:
        door.acquire()
        if late.acquire(blocking=False):
            return
        door.release()

    def be_first() -> None:
        if late.acquire(blocking=False):
            late.release()

    threads = [threading.Thread(target=work), threading.Thread(target=leave, name="careless")]
    for thread in [*threads, threading.Thread(target=be_first)]:
        thread.start()


def sells_tickets() -> None:
    tickets = threading.Semaphore(2)

    def buy() -> bool:
        return tickets.acquire(blocking=False)

    together(buy, buy, buy)


def loses_a_permit_behind_another() -> None:
    """Where both stand before `later`, whether the other was refused no longer tells: only the way there does."""
    door, later = threading.Semaphore(1), threading.Semaphore(1)

    def keep() -> None:
        door.acquire()
        with later:
            pass

    def attempt() -> None:
        if door.acquire(blocking=False):
            door.release()
        with later:
            pass

    threads = [threading.Thread(target=keep, name="careless"), threading.Thread(target=attempt)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
