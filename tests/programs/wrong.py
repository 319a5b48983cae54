"""Every kind of program that goes wrong, and what its run says on each clock."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from programs.deadlocked import DEADLOCKS
from programs.endless import (
    clears_up_for_ever,
    despairs,
    despairs_busily,
    spins,
    spins_in_a_worker,
    swallows_everything,
)
from semalab.recording import run_program
from semalab.run import Run

CLOCKS = ("wall", "virtual")


@dataclass(frozen=True)
class Wrong:
    """A program, its arguments, and its run's verdict, the same on both clocks unless `virtual` tells of its clock."""

    program: Callable[..., Any]
    verdict: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    timeouts: tuple[float, ...] = (120,)  # seconds; more than one where a busy machine may not have begun in the first
    virtual: str = ""

    @property
    def name(self) -> str:
        return "-".join([self.program.__name__, *map(str, self.arguments.values())])

    def run(self, clock: str) -> tuple[Run, str]:
        """One run of the program, and the verdict it should have."""
        for timeout in self.timeouts:
            run = run_program(self.program, self.arguments, clock=clock, timeout=timeout)
            verdict = self.virtual if self.virtual and clock == "virtual" else self.verdict
            expected = verdict.replace("SECONDS", f"{timeout:g}")
            for line in re.findall(r"\bline (\d+)", run.verdict):  # any of those in a loop
                expected = expected.replace("LINE", line, 1)
            if run.verdict == expected:
                break
        return run, expected


def ends_holding_a_permit() -> None:
    mutex = threading.Semaphore(1)
    careless = threading.Thread(target=mutex.acquire, name="careless")
    careless.start()
    careless.join()


def ends_holding_a_lock() -> None:
    lock = threading.Lock()
    with lock:
        pass
    careless = threading.Thread(target=lock.acquire, name="careless")
    careless.start()
    careless.join()


def joins_itself() -> None:
    def work() -> None:
        threading.current_thread().join()

    worker = threading.Thread(target=work, name="worker")
    worker.start()
    worker.join()


def main_joins_itself() -> None:
    threading.current_thread().join()


def recurses() -> None:
    def deeper() -> None:
        deeper()

    worker = threading.Thread(target=deeper, name="worker")
    worker.start()
    worker.join()


def main_recurses() -> None:
    main_recurses()


def recurses_with_a_permit() -> None:
    """Whoever had room to enter a semaphore has room to leave it. The last one's permit is lost, as in plain Python."""
    permits = threading.Semaphore(1_000_000)

    def deeper() -> None:
        with permits:
            deeper()

    try:
        deeper()
    except RecursionError:  # its words differ
        away = 1_000_000 - permits._value  # type: ignore[attr-defined]
        raise LookupError(f"too deep, permits away: {away}") from None


def raises_in_a_worker() -> None:
    def work() -> None:
        raise LookupError("no such seat")

    worker = threading.Thread(target=work, name="worker")
    worker.start()
    worker.join()


def raises_while_others_wait() -> None:
    gate = threading.Semaphore(0)

    def work() -> None:
        raise LookupError("no such seat")

    for _ in range(3):
        threading.Thread(target=gate.acquire).start()
    threading.Thread(target=work, name="worker").start()


def exits_in_a_worker() -> None:
    mutex = threading.Semaphore(1)

    def work() -> None:
        mutex.acquire()
        sys.exit("the worker has enough")

    worker = threading.Thread(target=work, name="worker")
    worker.start()
    worker.join()


def exits_in_main() -> None:
    gate = threading.Semaphore(0)
    threading.Thread(target=gate.acquire).start()
    sys.exit("main has enough")


def returns_without_joining() -> None:
    mutex = threading.Semaphore(1)

    def work() -> None:
        with mutex:
            time.sleep(0.001)

    for _ in range(3):
        threading.Thread(target=work).start()


def opens_for_thousands(threads: int) -> None:
    gate = threading.Semaphore(0)
    visitors = [threading.Thread(target=gate.acquire) for _ in range(threads)]
    for visitor in visitors:
        visitor.start()
    gate.release(threads)
    for visitor in visitors:
        visitor.join()


def closed_to_thousands(threads: int) -> None:
    gate = threading.Semaphore(0)
    for _ in range(threads):
        threading.Thread(target=gate.acquire).start()


STOPPED = "Stopped: the program had not ended after SECONDS s; "

STOOD = STOPPED + "the virtual clock stood still at 0 s: the program goes on without sleeping "

ENDLESS = [
    Wrong(
        program,
        STOPPED + (there or f"main was still there, in {program.__name__}, line LINE"),
        timeouts=(0.25, 2.5, 25),
        virtual=STOOD + where if where else "",
    )
    for program, there, where in (
        (spins, "", "(main, line LINE)"),
        (
            spins_in_a_worker,
            "2 threads were still there: spinner in spins, line LINE; main in spins_in_a_worker, line LINE",
            "(spinner, line LINE)",
        ),
        (despairs, "", ""),
        (despairs_busily, "", "(main, line LINE)"),
        (swallows_everything, "", ""),
        (clears_up_for_ever, "", ""),
    )
]

WAIT = "wait for `gate` (value 0) and nobody can release it any more"
WAITS = WAIT.replace("wait", "waits", 1)

FAILING = [
    Wrong(ends_holding_a_permit, "Permit lost: careless ended without releasing `mutex`"),
    Wrong(ends_holding_a_lock, "Permit lost: careless ended without releasing `lock`"),
    Wrong(joins_itself, "worker raised RuntimeError: cannot join current thread"),
    Wrong(main_joins_itself, "main raised RuntimeError: cannot join current thread"),
    Wrong(recurses, "worker raised RecursionError: maximum recursion depth exceeded"),
    Wrong(main_recurses, "main raised RecursionError: maximum recursion depth exceeded"),
    Wrong(
        recurses_with_a_permit,
        "main raised LookupError: too deep, permits away: 1; permit lost: main ended without releasing `permits`",
    ),
    Wrong(raises_in_a_worker, "worker raised LookupError: no such seat"),
    Wrong(raises_while_others_wait, f"worker raised LookupError: no such seat; deadlock: 3 threads {WAIT}"),
    Wrong(exits_in_a_worker, "Permit lost: worker ended without releasing `mutex`"),
    Wrong(exits_in_main, f"main raised SystemExit: main has enough; deadlock: Thread-1 (acquire) {WAITS}"),
    Wrong(returns_without_joining, "Mutual exclusion held: never more than 1 inside"),
]

DEADLOCKED = [Wrong(program, f"Deadlock: {told}", arguments) for program, arguments, told in DEADLOCKS]

WRONG = DEADLOCKED + ENDLESS + FAILING

MANY = 2000 if sys.platform == "darwin" else 5000  # macOS itself refuses a process more than a few thousand threads
THOUSANDS = [
    Wrong(opens_for_thousands, f"The latch opened once: {MANY:,} threads passed, none before", {"threads": MANY}),
    Wrong(
        closed_to_thousands,
        f"Deadlock: {MANY:,} threads wait for `gate` (value 0) and nobody can release it any more",
        {"threads": MANY},
    ),
]
