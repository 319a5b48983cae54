"""Programs that may go on for ever; in a file of their own, for pytest writes the asserts of its own files anew."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any


def together(*bodies: Callable[[], object]) -> None:
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def spins() -> None:
    flag = False

    def wait() -> None:
        while not flag:
            pass

    def tell() -> None:
        nonlocal flag
        flag = True

    together(wait, tell)


def peterson(sets_first: bool = True, yields: bool = True, rounds: int = 1) -> None:
    want, turn, inside = [False, False], 0, 0

    def enter(me: int) -> None:
        nonlocal turn, inside
        other = 1 - me
        for _ in range(rounds):
            if sets_first:
                want[me] = True
            if yields:
                turn = other
            while want[other] and (not yields or turn == other):
                pass
            want[me] = True
            inside += 1
            assert inside == 1
            inside -= 1
            want[me] = False

    threads = [threading.Thread(target=enter, args=(me,)) for me in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def dekker() -> None:
    want, turn, inside = [False, False], 0, 0

    def enter(me: int) -> None:
        nonlocal turn, inside
        other = 1 - me
        want[me] = True
        while want[other]:
            if turn != me:
                want[me] = False
                while turn != me:
                    pass
                want[me] = True
        inside += 1
        assert inside == 1
        inside -= 1
        turn = other
        want[me] = False

    threads = [threading.Thread(target=enter, args=(me,)) for me in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Flag:
    up = False


def spins_on_an_attribute() -> None:
    flag = Flag()

    def wait() -> None:
        while not flag.up:
            pass

    def tell() -> None:
        flag.up = True

    together(wait, tell)


def tries_a_lock() -> None:
    lock = threading.Lock()

    def work() -> None:
        while not lock.acquire(blocking=False):
            pass
        lock.release()

    together(work, work)


def gives_way(pause: float | None = None) -> None:
    """Two locks crosswise, and whoever does not get the second gives the first back."""
    a, b = threading.Lock(), threading.Lock()

    def work(first: Any, second: Any) -> None:
        while True:
            with first:
                if second.acquire(blocking=False) if pause is None else second.acquire(timeout=pause):
                    second.release()
                    return

    threads = [threading.Thread(target=work, args=pair) for pair in ((a, b), (b, a))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def looks_under_the_lock() -> None:
    lock, ready = threading.Lock(), False

    def wait() -> None:
        while True:
            with lock:
                if ready:
                    break

    def tell() -> None:
        nonlocal ready
        with lock:
            ready = True

    together(wait, tell)


def looks_inside(room: int = 2) -> None:
    """Goes into a room again and again until told."""
    inside, ready = threading.Semaphore(room), False

    def wait() -> None:
        while True:
            with inside:
                if ready:
                    break

    def tell() -> None:
        nonlocal ready
        with inside:
            ready = True

    together(wait, tell)


def polls_a_queue() -> None:
    items: queue.Queue[int] = queue.Queue()

    def get() -> None:
        while True:
            try:
                items.get_nowait()
                return
            except queue.Empty:
                pass

    together(get, lambda: items.put(1))


def goes_through_a_lock() -> None:
    """In loops with a `with` in them, before it waits."""
    lock, flag = threading.Lock(), False

    def wait() -> None:
        for _ in range(2):
            with lock:
                pass
        while not flag:
            pass

    def tell() -> None:
        nonlocal flag
        for _ in range(2):
            with lock:
                pass
        flag = True

    together(wait, tell)


def sleeps_until(told: bool) -> None:
    flag = threading.Event()

    def wait() -> None:
        while not flag.wait(timeout=0.5):
            time.sleep(0.25)

    together(wait, flag.set) if told else together(wait)


def asks_for_the_time() -> None:
    begin = time.monotonic()

    def wait() -> None:
        while time.monotonic() < begin + 100_000:
            time.sleep(1)

    together(wait)


def counts_in_itself() -> None:
    """Ends after many turns, and where it is stands in the thread."""
    gate = threading.Semaphore(1)

    def work() -> None:
        me: Any = threading.current_thread()
        me.turns = 0
        while me.turns < 3_000:
            me.turns += 1
            with gate:
                pass

    together(work)


def counts_in_a_primitive() -> None:
    gate: Any = threading.Semaphore(1)
    gate.turns = 0

    def work() -> None:
        while gate.turns < 3_000:
            gate.turns += 1
            with gate:
                pass

    together(work)
