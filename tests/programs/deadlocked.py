"""Programs in which nobody can go on, and what is said of each."""

from __future__ import annotations

import threading
from collections.abc import Callable


def together(*bodies: Callable[[], object]) -> None:
    threads = [threading.Thread(target=body, name=body.__name__) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def nobody_opens(threads: int) -> None:
    gate = threading.Semaphore(0)
    waiters = [threading.Thread(target=gate.acquire) for _ in range(threads)]
    for waiter in waiters:
        waiter.start()
    for waiter in waiters:
        waiter.join()


def main_alone() -> None:
    gate = threading.Semaphore(0)
    gate.acquire()


def crossed() -> None:
    a, b = threading.Lock(), threading.Lock()
    barrier = threading.Barrier(2)

    def left() -> None:
        with a:
            barrier.wait()
            with b:
                pass

    def right() -> None:
        with b:
            barrier.wait()
            with a:
                pass

    together(left, right)


def crossed_semaphores() -> None:
    a, b = threading.Semaphore(1), threading.Semaphore(1)
    barrier = threading.Barrier(2)

    def left() -> None:
        with a:
            barrier.wait()
            b.acquire()

    def right() -> None:
        with b:
            barrier.wait()
            a.acquire()

    together(left, right)


def lost_release() -> None:
    mutex = threading.Semaphore(1)

    def careless() -> None:
        mutex.acquire()

    def patient() -> None:
        thread.join()
        with mutex:
            pass

    thread = threading.Thread(target=careless, name="careless")
    thread.start()
    together(patient)


def lock_twice() -> None:
    lock = threading.Lock()
    with lock, lock:
        pass


def one_short() -> None:
    start = threading.Barrier(3)

    def runner() -> None:
        start.wait()

    together(runner, runner)


def never_notified() -> None:
    turn = threading.Condition()

    def sleeper() -> None:
        with turn:
            turn.wait()

    together(sleeper)


def never_set() -> None:
    ready = threading.Event()

    def waiter() -> None:
        ready.wait()

    together(waiter, waiter, waiter)


def main_joined() -> None:
    main = threading.main_thread()

    def child() -> None:
        main.join()

    together(child)


def held_by_another() -> None:
    again = threading.RLock()
    gate = threading.Semaphore(0)
    taken = threading.Event()

    def owner() -> None:
        with again:
            taken.set()
            gate.acquire()

    def other() -> None:
        taken.wait()
        with again:
            pass

    together(owner, other)


NO_RELEASE = "and nobody can release it any more"

DEADLOCKS: list[tuple[Callable[..., None], dict[str, int], str]] = [
    (
        nobody_opens,
        {"threads": 10},
        f"10 threads wait for `gate` (value 0) {NO_RELEASE}; main waits for Thread-1 (acquire) to end",
    ),
    (main_alone, {}, f"main waits for `gate` (value 0) {NO_RELEASE}"),
    (
        crossed,
        {},
        "left waits for `b`, held by right; right waits for `a`, held by left (a circle: left → right → left); "
        "main waits for left to end",
    ),
    (
        crossed_semaphores,
        {},
        "left waits for `b`, held by right; right waits for `a`, held by left (a circle: left → right → left); "
        "main waits for left to end",
    ),
    (lost_release, {}, f"patient waits for `mutex` (value 0) {NO_RELEASE}; main waits for patient to end"),
    (lock_twice, {}, "main waits for `lock`, which it holds itself"),
    (
        one_short,
        {},
        "2 threads wait at `start` and nobody can arrive any more; main waits for runner to end",
    ),
    (
        never_notified,
        {},
        "sleeper waits on `turn` and nobody can notify it any more; main waits for sleeper to end",
    ),
    (
        never_set,
        {},
        "3 threads wait for `ready` (not set) and nobody can set it any more; main waits for waiter to end",
    ),
    (main_joined, {}, "main waits for child to end; child waits for main to end"),
    (
        held_by_another,
        {},
        f"owner waits for `gate` (value 0) {NO_RELEASE}; other waits for `again`, held by owner; "
        "main waits for owner to end",
    ),
]
