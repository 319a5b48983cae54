"""Programs whose processes fork; one is run with or without the lab: `python forking.py NAME CLOCK`."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any


def leave(code: Any) -> None:
    sys.exit(code)


def fail() -> None:
    raise LookupError("nobody there")


def use_threads() -> None:
    door, done = threading.Semaphore(1), []

    def work() -> None:
        with door:
            time.sleep(0.001)
            done.append(1)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.exit(10 + len(done))


ENDS: tuple[tuple[Callable[..., Any], Any], ...] = (
    *((abs, 1), (leave, 3), (leave, None), (leave, "a word"), (os._exit, 4)),
    *((fail, ...), (use_threads, ...), (print, "told by the child")),
)


def children() -> list[int | None]:
    context: Any = multiprocessing.get_context("fork")
    ended = []
    for target, argument in ENDS:
        process = context.Process(target=target, args=() if argument is ... else (argument,))
        process.start()
        process.join()
        ended.append(process.exitcode)
    return ended


def children_after_a_pool() -> list[Any]:
    context: Any = multiprocessing.get_context("fork")
    with context.Pool(2) as pool:
        answers = pool.map(abs, [-1, 2])
    return [answers, children()]


def children_after_an_executor() -> list[Any]:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as executor:
        answers = list(executor.map(abs, [-1, 2]))
    return [answers, children()]


def children_of_a_thread() -> list[Any]:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.extend(children_after_a_pool()))
    thread.start()
    thread.join()
    return found


def forked() -> list[int]:
    ended = []
    for target, argument in ENDS:
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            target(*(() if argument is ... else (argument,)))
            sys.exit(0)
        ended.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    return ended


def forked_inside_a_lock() -> list[int]:
    lock = threading.Lock()
    with lock:
        pid = os.fork()
        if pid == 0:
            sys.exit(20 + lock.locked())
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])]


def forked_with_a_handler() -> list[int]:
    """In the child it rises in the child's own main thread, where it is."""

    def refuse(*args: Any) -> None:
        raise LookupError

    signal.signal(signal.SIGUSR1, refuse)
    pid = os.fork()
    if pid == 0:
        try:
            signal.raise_signal(signal.SIGUSR1)
        except LookupError:
            sys.exit(7)
        sys.exit(1)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])]


PROGRAMS = (
    *(children, children_after_a_pool, children_after_an_executor, children_of_a_thread),
    *(forked, forked_inside_a_lock, forked_with_a_handler),
)


def main(name: str, clock: str) -> None:
    program = globals()[name]
    if clock == "plain":
        told = program()
    else:
        import semalab as lab

        run = lab.record(program, clock=clock, timeout=60.0)
        told = run.result
        assert run.stopped is None, run.verdict
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
