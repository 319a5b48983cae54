"""How soon a run that must end has ended: deadlocks, deadlines, Kernel ▸ Interrupt, and a run that does nothing."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from programs.endless import ENDLESS
from programs.in_kernel import PROGRAMS
from support.live_kernel import LiveKernel, live_kernel

import semalab as lab

Row = tuple[str, str, float, float]

RUNS = 51
INTERRUPTS = 5  # of each kind
DEADLINE = 0.1  # seconds
PLAIN = "flag.mkdir()\nwhile True: pass"
RECORDED = "lab.record(under_way, flag=flag, work={work}, clock={clock!r}, timeout=900_000)"


def block(threads: int, stamps: list[float]) -> None:
    """A deadlock; the last stamp is from just before the last thread blocks."""
    semaphore = threading.Semaphore(0)

    def work() -> None:
        stamps.append(time.perf_counter())
        semaphore.acquire()

    for worker in [threading.Thread(target=work) for _ in range(threads)]:
        worker.start()


def nothing() -> None:
    """Costs what a run costs by itself."""


def wall_rows() -> list[Row]:
    late = []
    for _ in range(RUNS):
        stamps: list[float] = []
        run = lab.record(block, threads=10, stamps=stamps)
        late.append((time.perf_counter() - stamps[-1]) * 1000)
        if not run.verdict.startswith("Deadlock"):
            raise RuntimeError(f"the run must end in a deadlock, got {run.verdict}")
    what = f"deadlock, wall clock: last thread blocks → run returned, ms, {{}} of {RUNS}"
    return [(what.format("median"), "≤ 10", median(late), 10.0), (what.format("most"), "≤ 50", max(late), 50.0)]


def deadline_row() -> Row:
    late = []
    for program in ENDLESS:
        for clock in ["wall", "virtual"] * 3:
            begun = time.perf_counter()
            lab.record(program, clock=clock, timeout=DEADLINE)
            late.append((time.perf_counter() - begun - DEADLINE) * 1000)
    what = f"deadline → run of a program that never ends returned, ms, most of {len(late)} (median {median(late):.0f})"
    return what, "≤ 100", max(late), 100.0


def virtual_row() -> Row:
    taken = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        run = lab.record(block, threads=10, stamps=[], clock="virtual")
        taken.append((time.perf_counter() - begun) * 1000)
        if not run.verdict.startswith("Deadlock"):
            raise RuntimeError(f"the run must end in a deadlock, got {run.verdict}")
    return "deadlock, virtual clock, 10 threads: the whole run, ms", "≤ 5", median(taken), 5.0


def nothing_row() -> Row:
    taken = []
    for clock in ["wall", "virtual"] * RUNS:
        begun = time.perf_counter()
        lab.record(nothing, clock=clock)
        taken.append((time.perf_counter() - begun) * 1000)
    return "a run of nothing, with names swapped in and out, ms", "≤ 1", median(taken), 1.0


def interrupted(kernel: LiveKernel, cell: str, flag: Path) -> float:
    """Milliseconds from Kernel ▸ Interrupt until the kernel is idle again and has said KeyboardInterrupt."""
    kernel.start(f"flag = Path({str(flag)!r})\n{cell}")
    while not flag.exists():
        time.sleep(0.001)
    begun = time.perf_counter()
    kernel.interrupt()
    reply = kernel.finish()
    taken = time.perf_counter() - begun
    flag.rmdir()
    if reply.error != "KeyboardInterrupt":
        raise RuntimeError(f"the cell must end in KeyboardInterrupt, got {reply}")
    return taken * 1000


def interrupt_row() -> Row:
    with tempfile.TemporaryDirectory() as folder, live_kernel() as kernel:
        kernel.run(PROGRAMS)
        flag = Path(folder) / "under way"
        first = interrupted(kernel, PLAIN, flag)  # the kernel imports what it shows exceptions with
        plain = median(interrupted(kernel, PLAIN, flag) for _ in range(INTERRUPTS))
        taken = [
            interrupted(kernel, RECORDED.format(work=work, clock=clock), flag)
            for work in ("waits", "computes", "swallows")
            for clock in ("wall", "virtual")
            for _ in range(INTERRUPTS)
        ]
    cells = f"without a run {plain:.0f}, the kernel's first {first:.0f}"
    what = f"Kernel ▸ Interrupt, ms, most of {len(taken)} (median {median(taken):.0f}; {cells})"
    return what, "≤ 200", max(taken), 200.0


def rows() -> list[Row]:
    """Milliseconds: they have no peer and depend on the machine."""
    lab.record(nothing)  # imports, caches
    return [*wall_rows(), virtual_row(), deadline_row(), interrupt_row(), nothing_row()]


if __name__ == "__main__":
    for what, bar, figure, _ in rows():
        print(f"{figure:8.3g}  {bar:<7} {what}")
