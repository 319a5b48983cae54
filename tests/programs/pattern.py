"""The patterns of the course as small programs that end by themselves and at once, on either clock."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any


def limiter(threads: int) -> None:
    seats = threading.BoundedSemaphore(2)

    def work() -> None:
        with seats:
            time.sleep(0.0001)

    for _ in range(threads):
        threading.Thread(target=work).start()


def mutex(threads: int) -> int:
    semaphore = threading.Semaphore(1)
    total = 0

    def work() -> None:
        nonlocal total
        with semaphore:
            total += 1

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return total


def latch(threads: int) -> None:
    gate = threading.Semaphore(0)
    for _ in range(threads):
        threading.Thread(target=gate.acquire).start()
    gate.release(threads)


def counter(threads: int) -> None:
    count = threading.Semaphore(0)
    workers = [threading.Thread(target=count.release, args=(3,)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print("counted", threads * 3)


def rendezvous(threads: int) -> None:
    arrived = [threading.Semaphore(0) for _ in range(2)]

    def work(own: int) -> None:
        arrived[own].release()
        arrived[1 - own].acquire()

    for own in range(2):
        threading.Thread(target=work, args=(own,)).start()


def turnstile(threads: int) -> None:
    gate = threading.Semaphore(0)

    def work() -> None:
        gate.acquire()
        gate.release()

    for _ in range(threads):
        threading.Thread(target=work).start()
    gate.release()


def producer_and_consumer(threads: int) -> int:
    items, space, lock = threading.Semaphore(0), threading.Semaphore(2), threading.Lock()
    buffer: deque[int] = deque()
    eaten = 0

    def produce() -> None:
        for number in range(threads):
            space.acquire()
            with lock:
                buffer.append(number)
            items.release()

    producer = threading.Thread(target=produce)
    producer.start()
    for _ in range(threads):
        items.acquire()
        with lock:
            eaten += buffer.popleft()
        space.release()
    producer.join()
    return eaten


def readers_and_writers(threads: int) -> int:
    room, lock = threading.Semaphore(1), threading.Lock()
    inside = written = 0

    def read() -> None:
        nonlocal inside
        with lock:
            inside += 1
            if inside == 1:
                room.acquire()
        with lock:
            inside -= 1
            if inside == 0:
                room.release()

    def write() -> None:
        nonlocal written
        with room:
            written += 1

    workers = [threading.Thread(target=work) for _ in range(threads) for work in (read, write)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return written


def philosophers(threads: int) -> None:
    forks = [threading.Lock() for _ in range(threads)]
    seats = threading.Semaphore(threads - 1)

    def dine(place: int) -> None:
        with seats, forks[place], forks[(place + 1) % threads]:
            time.sleep(0)

    for place in range(threads):
        threading.Thread(target=dine, args=(place,)).start()


def together_at_a_barrier(threads: int) -> None:
    start = threading.Barrier(threads)
    for _ in range(threads):
        threading.Thread(target=start.wait).start()


def told_by_a_condition(threads: int) -> None:
    turn, ready = threading.Condition(), threading.Event()
    begun = 0

    def wait() -> None:
        nonlocal begun
        ready.wait()
        with turn:
            begun += 1
            turn.notify_all()

    for _ in range(threads):
        threading.Thread(target=wait).start()
    ready.set()
    with turn:
        turn.wait_for(lambda: begun == threads)


PATTERNS: tuple[Callable[..., Any], ...] = (
    limiter,
    mutex,
    latch,
    counter,
    rendezvous,
    turnstile,
    producer_and_consumer,
    readers_and_writers,
    philosophers,
    together_at_a_barrier,
    told_by_a_condition,
)
