"""Programs whose virtual runs must be the same everywhere; as a command it prints a digest of every run's log and text.

Uses the standard library and `semalab` alone, so that any Python can run it.
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import multiprocessing.pool
import queue
import random
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import semalab as lab


def mutex(threads: int) -> None:
    semaphore = threading.Semaphore(1)

    def work() -> None:
        time.sleep(random.random())
        with semaphore:
            print(threading.current_thread().name, "inside")
            time.sleep(random.random())

    start_all([threading.Thread(target=work) for _ in range(threads)])


def latch(threads: int) -> None:
    gate = threading.Semaphore(0)

    def wait() -> None:
        gate.acquire()
        gate.release()

    start_all([threading.Thread(target=wait, name=f"waiter {i}") for i in range(threads)], gate.release)


def producer_consumer(threads: int) -> list[int]:
    items, space = threading.Semaphore(0), threading.BoundedSemaphore(2)
    lock = threading.Lock()
    buffer: list[int] = []
    eaten: list[int] = []

    def produce(i: int) -> None:
        space.acquire()
        with lock:
            buffer.append(i)
        items.release()

    def consume() -> None:
        items.acquire()
        with lock:
            eaten.append(buffer.pop(0))
        space.release()

    producers = [threading.Thread(target=produce, args=(i,)) for i in range(threads)]
    start_all(producers + [threading.Thread(target=consume) for _ in range(threads)])
    return eaten


def everything(threads: int) -> list[str]:
    """All the other classes, with timeouts that run out."""
    ready, barrier, turn = threading.Event(), threading.Barrier(threads), threading.Condition()
    again = threading.RLock()
    log: list[str] = []

    def work(i: int) -> None:
        ready.wait()
        barrier.wait(timeout=5)
        with turn:
            turn.wait(timeout=i + 0.5)
        with again, again:
            log.append(f"{i} at {time.monotonic()}")
        if not threading.Semaphore(0).acquire(timeout=0.25):
            log.append(f"{i} gave up")

    workers = [threading.Thread(target=work, args=(i,)) for i in range(threads)]
    timer = threading.Timer(1, ready.set)
    timer.start()
    start_all(workers)
    return log


def queues(threads: int) -> list[int]:
    """A bounded queue, one by rank, one whose taker gives up, and a join."""
    tasks, ranked, unused = queue.Queue(2), queue.PriorityQueue(), queue.SimpleQueue()  # type: ignore[var-annotated]

    def work() -> None:
        while (item := tasks.get()) is not None:
            time.sleep(random.random())
            ranked.put(item)
            tasks.task_done()

    def give_up() -> None:
        try:
            unused.get(timeout=0.5)
        except queue.Empty:
            print("nothing came until", time.monotonic())

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in [*workers, threading.Thread(target=give_up)]:
        worker.start()
    for item in range(3 * threads):
        tasks.put(item)
    tasks.join()
    start_all([], lambda: [tasks.put(None) for _ in workers])
    return [ranked.get() for _ in range(ranked.qsize())]


def executor(threads: int) -> list[int]:
    """Two wait for the same results, one of which is an exception; what is not begun is cancelled."""

    def cook(dish: int) -> int:
        time.sleep(random.random())
        return 12 // dish

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        dishes = [pool.submit(cook, i) for i in range(2 * threads)]
        waiter = threading.Thread(target=concurrent.futures.wait, args=(dishes[1:],))
        waiter.start()
        done = [dishes.index(dish) for dish in concurrent.futures.as_completed(dishes)]
        list(pool.map(print, done))
        waiter.join()
        pool.shutdown(cancel_futures=True)
    return done


def default_executor(threads: int) -> list[str]:
    """Of default size, and nobody shuts it down."""
    pool = concurrent.futures.ThreadPoolExecutor()
    return list(pool.map(str, range(3 * threads)))


def thread_pool(threads: int) -> list[float]:
    def nap(i: int) -> float:
        time.sleep(random.random())
        return time.monotonic()

    with multiprocessing.pool.ThreadPool(threads) as pool:
        done = pool.map(nap, range(threads), chunksize=1)
        return done + list(pool.imap_unordered(nap, range(threads)))


def pool_deadlock(threads: int) -> None:
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        tasks = [pool.submit(lambda: (time.sleep(1), pool.submit(int).result())) for _ in range(threads)]
        concurrent.futures.wait(tasks)


def deadlock(threads: int) -> None:
    forks = [threading.Lock() for _ in range(threads)]

    def dine(i: int) -> None:
        with forks[i]:
            time.sleep(0.1)
            with forks[(i + 1) % threads]:
                pass

    start_all([threading.Thread(target=dine, args=(i,)) for i in range(threads)])


def start_all(threads: list[threading.Thread], meanwhile: Callable[[], object] = int) -> None:
    for thread in threads:
        thread.start()
    meanwhile()
    for thread in threads:
        thread.join()


PROGRAMS: tuple[Callable[..., Any], ...] = (
    *(mutex, latch, producer_consumer, everything, deadlock),
    *(queues, thread_pool, executor, default_executor, pool_deadlock),
)
# CPython's ThreadPoolExecutor is another one from 3.12 on: its workers ask for a task before they call themselves idle.
OF_EXECUTORS = (executor, default_executor, pool_deadlock)


def digest(run: Any) -> str:
    """Short for everything a virtual run says: events with their lines, names, output, result, verdict."""
    said = (
        [tuple(event) for event in run.trace],
        run.trace.threads,
        [tuple(p) for p in run.trace.primitives.values()],
        (run.trace.duration, run.output, run.result, run.verdict, str(run.stopped)),
        [(c.name, c.held, c.sentence) for c in run.claims],
    )
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def digests() -> list[str]:
    return [
        f"{program.__name__} {seed} {digest(lab.record(program, threads=4, clock='virtual', seed=seed))}"
        for program in PROGRAMS
        for seed in range(6)
    ]


if __name__ == "__main__":
    print(sys.version.split()[0], *digests(), sep="\n")
