"""Small programs that use more than primitives: queues, pools, timers, logs; each must be searched in full."""

from __future__ import annotations

import logging
import queue
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from programs.explored import Case, together


def handing_over() -> list[int]:
    """One place only: whoever puts waits for whoever takes, and the other way round."""
    items: queue.Queue[int] = queue.Queue(1)
    taken: list[int] = []
    together(lambda: [items.put(1), items.put(2)], lambda: taken.extend([items.get(), items.get()]))
    assert taken == [1, 2]
    return taken


def in_line() -> list[int]:
    """Two put and nobody waits: who was first is seen afterwards."""
    items: queue.Queue[int] = queue.Queue()
    together(lambda: items.put(1), lambda: items.put(2))
    return [items.get(), items.get()]


def in_a_simple_line() -> list[int]:
    items: queue.SimpleQueue[int] = queue.SimpleQueue()
    together(lambda: items.put(1), lambda: items.put(2))
    return [items.get(), items.get()]


def simply_seen() -> tuple[bool, int]:
    items: queue.SimpleQueue[int] = queue.SimpleQueue()
    seen: list[int] = []
    together(lambda: items.put(1), lambda: seen.append(items.qsize()))
    return items.empty(), seen[0]


def look_first() -> None:
    """Both may find the queue full, and one of them then waits for ever."""
    items: queue.Queue[int] = queue.Queue()
    items.put(1)

    def take() -> None:
        if not items.empty():
            items.get()

    together(take, take)


def refused() -> list[str]:
    items: queue.Queue[int] = queue.Queue(1)
    items.put(0)
    said: list[str] = []

    def put() -> None:
        try:
            items.put_nowait(1)
        except queue.Full:
            said.append("full")

    def take() -> None:
        try:
            items.get(timeout=1)
            items.get(block=False)
        except queue.Empty:
            said.append("empty")

    together(put, take)
    return said


def done() -> None:
    tasks: queue.PriorityQueue[int] = queue.PriorityQueue()
    for number in (2, 1):
        tasks.put(number)

    def work() -> None:
        tasks.get()
        tasks.task_done()

    together(work, work, tasks.join)


def mutex_of_a_queue() -> int:
    items: queue.Queue[int] = queue.Queue()
    other = threading.Semaphore(1)

    def look() -> None:
        with items.mutex, other:
            pass

    together(look, lambda: items.put(1))
    return items.qsize()


def asked_mutex() -> list[bool]:
    items: queue.Queue[int] = queue.Queue()
    mutex: Any = items.mutex
    said: list[bool] = []

    def hold() -> None:
        with mutex:
            print("inside")

    together(hold, lambda: said.append(items.mutex.locked()))
    return said


def counted_by_the_program() -> int:
    """A queue whose size is told by the program's own code, and that has a lock for it."""
    lock = threading.Lock()

    class Counted(queue.Queue[int]):
        def _qsize(self) -> int:
            with lock:
                return super()._qsize()

    items = Counted()
    together(lambda: items.put(1), items.get)
    return items.qsize()


def one_after_the_other() -> list[int]:
    order: list[int] = []
    gate = threading.Lock()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(order.append, 1)
        with gate:
            order.append(2)
    return order


def first_of_two() -> bool:
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(int)
        seen = future.done()
        wait([future])
    return seen


def waits_for_itself() -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: pool.submit(int).result())


def cancelled() -> bool:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(int).cancel()


def asked_timer() -> list[bool]:
    late = threading.Timer(1, int)
    late.start()
    time.sleep(1)
    seen = [late.finished.is_set()]
    late.join()
    return seen


def yielding() -> int:
    """sleep(0) lets others run, and takes no time."""
    count = 0

    def work() -> None:
        nonlocal count
        seen = count
        time.sleep(0)
        count = seen + 1

    together(work, work)
    return count


def writing() -> None:
    together(lambda: sys.stdout.write("a"), lambda: sys.stdout.write("b"))


def logging_it() -> list[str]:
    """A handler's lock is one that nobody names."""
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger = logging.Logger("mine")
    logger.addHandler(Lines())
    together(lambda: logger.error("a"), lambda: logger.error("b"))
    return lines


def unheld() -> list[str]:
    """notify() without the lock is an error, unless the lock is one that anybody may hold."""
    turn = threading.Condition(threading.Lock())
    said: list[str] = []

    def careless() -> None:
        try:
            turn.notify()
        except RuntimeError:
            said.append("not held")

    def careful() -> None:
        with turn:
            print("held")

    together(careless, careful)
    return said


def early_join() -> list[str]:
    late = threading.Thread(target=int)
    said: list[str] = []

    def join() -> None:
        try:
            late.join()
        except RuntimeError:
            said.append("not started")

    together(join, late.start)
    return said


CASES = (
    Case(handing_over),
    Case(in_line),
    Case(in_a_simple_line),
    Case(simply_seen),
    Case(look_first),
    Case(refused),
    Case(done),
    Case(mutex_of_a_queue),
    Case(asked_mutex),
    Case(counted_by_the_program),
    Case(one_after_the_other),
    Case(first_of_two),
    Case(waits_for_itself),
    Case(cancelled),
    Case(asked_timer),
    Case(yielding),
    Case(writing),
    Case(logging_it),
    Case(unheld),
    Case(early_join),
)
