"""Programs that never come to an end by themselves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def spins() -> None:
    while True:
        pass


def spins_in_a_worker() -> None:
    worker = threading.Thread(target=spins, name="spinner")
    worker.start()
    worker.join()


def despairs() -> None:
    gate = threading.Semaphore(0)
    while True:
        try:
            gate.acquire(timeout=0.001)
            raise ValueError
        except Exception:
            continue


def despairs_busily() -> None:
    while True:
        try:
            raise ValueError
        except Exception:
            continue


def swallows_everything() -> None:
    while True:
        try:
            time.sleep(0.001)
        except BaseException:
            continue


def clears_up_for_ever() -> None:
    try:
        time.sleep(1000)
    finally:
        while True:
            time.sleep(0.001)


def holds_while_it_spins() -> None:
    lock, semaphore = threading.Lock(), threading.Semaphore(1)

    def work() -> None:
        with lock, semaphore:
            spins()

    def other() -> None:
        with semaphore:
            pass

    threads = [threading.Thread(target=work), threading.Thread(target=other), threading.Thread(target=other)]
    for thread in threads:
        thread.start()


def starts_threads_for_ever() -> None:
    while True:
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()


def spins_in_a_destructor() -> None:
    """What rises in there goes no further; the program comes to its next line."""

    class Dying:
        def __del__(self) -> None:
            spins()

    Dying()
    spins()


ENDLESS: list[Callable[[], None]] = [
    spins,
    spins_in_a_worker,
    despairs,
    despairs_busily,
    swallows_everything,
    clears_up_for_ever,
    holds_while_it_spins,
    starts_threads_for_ever,
    spins_in_a_destructor,
]
