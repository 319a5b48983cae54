"""Programs in which something may happen right after an operation, before the thread that did it goes on.

Each returns what it saw: what a seed of the virtual clock makes of it, an exploration meets.
"""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable
from typing import Any


def together(*bodies: Callable[[], Any]) -> None:
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def after_release() -> Any:
    """Taken with a mutex, read without."""
    mutex, last, mine = threading.Semaphore(1), 0, []

    def take() -> None:
        nonlocal last
        with mutex:
            last += 1
        mine.append(last)

    together(take, take)
    return mine


def after_lock() -> Any:
    mutex, last, mine = threading.Lock(), 0, []

    def take() -> None:
        nonlocal last
        with mutex:
            last += 1
        mine.append(last)

    together(take, take)
    return mine


def after_rlock() -> Any:
    mutex, last, mine = threading.RLock(), 0, []

    def take() -> None:
        nonlocal last
        with mutex, mutex:
            last += 1
        mine.append(last)

    together(take, take)
    return mine


def signal_then_look(signal: Callable[[], Any], wait: Callable[[], Any]) -> Any:
    opened, seen = 0, []

    def give() -> None:
        signal()
        seen.append(opened)

    def take() -> None:
        nonlocal opened
        wait()
        opened = 1

    together(give, take)
    return seen


def after_signal() -> Any:
    gate = threading.Semaphore(0)
    return signal_then_look(gate.release, gate.acquire)


def after_set() -> Any:
    gate = threading.Event()
    return signal_then_look(gate.set, gate.wait)


def after_clear() -> Any:
    gate = threading.Event()
    gate.set()
    seen = []

    def close() -> None:
        gate.clear()
        seen.append("closed")

    def look() -> None:
        seen.append(gate.is_set())

    together(close, look)
    return seen


def after_put() -> Any:
    line: Any = queue.Queue()
    return signal_then_look(lambda: line.put(1), line.get)


def after_simple_put() -> Any:
    line: Any = queue.SimpleQueue()
    return signal_then_look(lambda: line.put(1), line.get)


def after_task_done() -> Any:
    line: Any = queue.Queue()
    line.put(1)
    return signal_then_look(line.task_done, line.join)


def after_notify() -> Any:
    """Between a notify and the end of its `with`, who needs no lock may run."""
    changed, other, count = threading.Condition(), threading.Semaphore(1), 0

    def tell() -> None:
        nonlocal count
        with changed:
            before = count
            changed.notify()
            count = before + 1

    def add() -> None:
        nonlocal count
        with other:
            count += 10

    together(tell, add)
    return count


def after_notify_all() -> Any:
    changed, other, count = threading.Condition(), threading.Semaphore(1), 0

    def tell() -> None:
        nonlocal count
        with changed:
            before = count
            changed.notify_all()
            count = before + 1

    def add() -> None:
        nonlocal count
        with other:
            count += 10

    together(tell, add)
    return count


def after_waiting() -> Any:
    changed, ready, seen = threading.Condition(), False, []

    def tell() -> None:
        nonlocal ready
        with changed:
            ready = True
            changed.notify()
        seen.append("told")

    def wait() -> None:
        with changed:
            while not ready:
                changed.wait()
        seen.append("woke")

    together(tell, wait)
    return seen


def after_barrier() -> Any:
    meeting, count, seen = threading.Barrier(2), 0, []

    def come() -> None:
        nonlocal count
        count += 1
        meeting.wait()
        count += 1
        seen.append(count)

    together(come, come)
    return seen


def after_start() -> Any:
    seen = []

    def child() -> None:
        seen.append("child")

    def parent() -> None:
        thread = threading.Thread(target=child)
        thread.start()
        seen.append("parent")
        thread.join()

    together(parent)
    return seen


def after_acquire() -> Any:
    """Who finds the lock taken, and nothing done yet."""
    lock, begun, seen = threading.Lock(), False, []

    def work() -> None:
        nonlocal begun
        lock.acquire()
        begun = True
        lock.release()

    def look() -> None:
        if lock.acquire(blocking=False):
            lock.release()
        else:
            seen.append(begun)

    together(work, look)
    return seen


def after_refusal() -> Any:
    gate, seen = threading.Semaphore(0), []

    def ask() -> None:
        if not gate.acquire(blocking=False):
            seen.append("refused")

    def give() -> None:
        gate.release()
        seen.append("given")

    together(ask, give)
    return seen


def after_look() -> Any:
    gate, done, seen = threading.Event(), False, []

    def ask() -> None:
        if not gate.is_set():
            seen.append(done)

    def work() -> None:
        nonlocal done
        done = True
        gate.set()

    together(ask, work)
    return seen


def after_locked() -> Any:
    lock, done, seen = threading.Lock(), False, []

    def ask() -> None:
        if not lock.locked():
            seen.append(done)

    def work() -> None:
        nonlocal done
        done = True
        lock.acquire()

    together(ask, work)
    return seen


def after_print() -> Any:
    seen = []

    def say(word: str) -> None:
        print(word)
        seen.append(word)

    together(lambda: say("a"), lambda: say("b"))
    return seen


def after_sleep() -> Any:
    seen = []

    def nap(word: str) -> None:
        time.sleep(1)
        seen.append(word)

    together(lambda: nap("a"), lambda: nap("b"))
    return seen


def after_time_is_up() -> Any:
    gate, seen = threading.Semaphore(0), []

    def wait() -> None:
        seen.append(gate.acquire(timeout=1))

    def give() -> None:
        time.sleep(1)
        gate.release()
        seen.append("given")

    together(wait, give)
    return seen


def drawn_after_release() -> Any:
    gate, drawn = threading.Semaphore(0), {}

    def give() -> None:
        gate.release()
        drawn["give"] = random.random()

    def take() -> None:
        gate.acquire()
        drawn["take"] = random.random()

    together(give, take)
    return drawn["give"] < drawn["take"]


def named_after_release() -> Any:
    gate, names = threading.Semaphore(0), {}

    def give() -> None:
        gate.release()
        names["give"] = threading.Thread().name

    def take() -> None:
        gate.acquire()
        names["take"] = threading.Thread().name

    together(give, take)
    return sorted(names.items())


def all_in_one_line() -> Any:
    gate, opened, seen = threading.Semaphore(0), 0, []

    def give() -> None:
        before = opened; gate.release(); seen.append(before + opened)  # fmt: skip # noqa: E702

    def take() -> None:
        nonlocal opened
        gate.acquire()
        opened = 1

    together(give, take)
    return seen


def held_and_handed_on() -> Any:
    """Three operations in a row, and something between each two."""
    first, second, seen = threading.Semaphore(1), threading.Semaphore(0), []

    def one() -> None:
        first.acquire()
        seen.append(1)
        second.release()
        seen.append(2)
        first.release()
        seen.append(3)

    def two() -> None:
        second.acquire()
        seen.append("a")
        first.acquire()
        seen.append("b")

    together(one, two)
    return seen


PROGRAMS = (
    after_release,
    after_lock,
    after_rlock,
    after_signal,
    after_set,
    after_clear,
    after_put,
    after_simple_put,
    after_task_done,
    after_notify,
    after_notify_all,
    after_waiting,
    after_barrier,
    after_start,
    after_acquire,
    after_refusal,
    after_look,
    after_locked,
    after_print,
    after_sleep,
    after_time_is_up,
    drawn_after_release,
    named_after_release,
    all_in_one_line,
    held_and_handed_on,
)
