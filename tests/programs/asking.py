"""Programs that ask a thread again and again whether it lives, and what is right of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def asks_one_that_waits_for_ever() -> None:
    s = threading.Semaphore(0)
    t = threading.Thread(target=s.acquire)
    t.start()
    while t.is_alive():
        pass


def asks_one_of_two() -> None:
    n = 0

    def w() -> None:
        nonlocal n
        n += 1

    ts = [threading.Thread(target=w) for _ in range(2)]
    for t in ts:
        t.start()
    while ts[0].is_alive():
        pass
    assert n == 2
    ts[1].join()


def asks_for_either() -> None:
    n = []

    def w() -> None:
        n.append(1)

    ts = [threading.Thread(target=w) for _ in range(2)]
    for t in ts:
        t.start()
    while ts[0].is_alive() and ts[1].is_alive():
        pass
    assert len(n) == 2


def joins_in_a_loop() -> None:
    s = threading.Semaphore(0)
    got = []

    def w() -> None:
        s.acquire()
        got.append(1)

    t = threading.Thread(target=w)
    t.start()
    s.release()
    while t.is_alive():
        t.join(0.1)
    assert got == [1]


def joins_for_a_while() -> None:
    s = threading.Semaphore(0)
    got = []

    def w() -> None:
        s.acquire()
        time.sleep(1)
        got.append(1)

    t = threading.Thread(target=w)
    t.start()
    s.release()
    t.join(0.1)
    assert got == [1]


def asks_from_another_thread(in_order: bool = True) -> None:
    e = []

    def first() -> None:
        e.append(1)

    def second() -> None:
        while t.is_alive():
            pass
        assert e == [1]

    t = threading.Thread(target=first)
    u = threading.Thread(target=second)
    if in_order:
        t.start()
        u.start()
    else:
        u.start()
        t.start()
    t.join()
    u.join()


def asks_before_it_is_started() -> None:
    asks_from_another_thread(in_order=False)


def asks_a_daemon() -> None:
    d = threading.Thread(target=lambda: None, daemon=True)
    d.start()
    while d.is_alive():
        pass


def asks_one_that_raises() -> None:
    def w() -> None:
        raise ValueError("x")

    t = threading.Thread(target=w)
    t.start()
    while t.is_alive():
        pass


def asks_now_and_then() -> None:
    done = []

    def w() -> None:
        done.append(1)

    t = threading.Thread(target=w)
    t.start()
    while t.is_alive():
        time.sleep(0.01)
    assert done


def asks_at_most_twice() -> None:
    def w() -> None:
        pass

    n = 0
    t = threading.Thread(target=w)
    t.start()
    while t.is_alive():
        n += 1
        assert n < 3


def asks_whether_it_is_started_already() -> None:
    said = []
    s = threading.Semaphore(1)

    def first() -> None:
        said.append("first")

    def second() -> None:
        s.acquire(timeout=1)
        said.append(f"first lives: {t.is_alive()}")

    t = threading.Thread(target=first)
    u = threading.Thread(target=second)
    u.start()
    t.start()
    u.join(1)
    said.append(f"second lives: {u.is_alive()}")
    u.join()
    assert said != ["first lives: True", "second lives: False"]


RIGHT: list[Callable[[], None]] = [joins_in_a_loop, asks_from_another_thread, asks_a_daemon, asks_now_and_then]
WRONG: list[Callable[[], None]] = [
    asks_one_that_waits_for_ever,
    asks_one_of_two,
    asks_for_either,
    joins_for_a_while,
    asks_before_it_is_started,
    asks_one_that_raises,
    asks_at_most_twice,
    asks_whether_it_is_started_already,
]
