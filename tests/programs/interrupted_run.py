"""Interrupts itself in the midst of a run, as Kernel ▸ Interrupt does, and prints what is left afterwards.

A command: its first argument is the clock, the second names what the program does at that moment.
"""

from __future__ import annotations

import _thread
import contextlib
import json
import os
import signal
import sys
import threading
import time

import semalab as lab


def waits() -> None:
    threading.Semaphore(0).acquire(timeout=10)


def computes() -> None:
    while True:
        pass


def swallows() -> None:
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.001)


def sleeps() -> None:
    time.sleep(10)


def joins() -> None:
    thread = threading.Thread(target=sleeps)
    thread.start()
    thread.join()


def interrupted(what: str, twice: bool) -> None:
    interruption = threading.Event()

    def work() -> None:
        interruption.wait()
        globals()[what]()

    for daemon in (True, False):
        threading.Thread(target=work, daemon=daemon).start()
    interrupt()
    if twice:
        interrupt()
    interruption.set()
    globals()[what]()


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def small() -> int:
    with threading.Semaphore(1):
        return 42


if __name__ == "__main__":
    real = (threading.Semaphore, time.sleep, print)
    clock, what = sys.argv[1], sys.argv[2]
    outcome = "no interrupt"
    try:
        with contextlib.suppress(ValueError):
            lab.record(interrupted, what=what, twice="twice" in sys.argv, clock=clock, timeout=20)
    except KeyboardInterrupt as error:
        outcome = f"{type(error).__name__} out of record"
    left = (_thread._count(), [thread.name for thread in threading.enumerate()], len(sys._current_frames()))
    same = real == (threading.Semaphore, time.sleep, print)
    json.dump([outcome, *left, same, "print" in globals(), lab.record(small, clock=clock).result], sys.stdout)
