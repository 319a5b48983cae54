"""What a class costs: each notebook run in a fresh kernel, its seconds, CPU seconds and memory; the teachers' table.

`python tests/benchmarks classroom` prints the table in the form of notebooks/for_teachers/running_a_class.md.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from support.jupyterlab_in_browser import running_lab
from support.stored_notebook import read

Row = tuple[str, str, float, float]

NOTEBOOKS = Path(__file__).resolve().parent.parent.parent / "notebooks"
SECONDS, MEGABYTES = 15.0, 400.0  # of one notebook, Run All
LEARNERS = 30
LOOK = 0.05  # seconds between two looks at the memory
IDLE, IDLE_BAR = 5.0, 0.05  # seconds; seconds of CPU: a kernel looks after its connections now and then
PANEL = """
import threading, semalab as lab
def visit(threads=5, initial=1):
    mutex = threading.Semaphore(initial)
    workers = [threading.Thread(target=lambda: mutex.acquire() and mutex.release()) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
lab.interact(visit, threads=(1, 9), initial=(0, 3))
"""


@dataclass(frozen=True)
class Cost:
    """What one notebook took: seconds, CPU seconds, and megabytes, at most and after the last cell."""

    name: str
    seconds: float
    cpu: float
    peak: float
    after: float


def megabytes(processes: list[psutil.Process]) -> float:
    """Resident memory of these processes together; those that have ended count nothing."""
    total = 0
    for process in processes:
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total / 2**20


def family(process: psutil.Process) -> list[psutil.Process]:
    """The process and all that it has started."""
    return [process, *process.children(recursive=True)]


def cpu_seconds(process: psutil.Process) -> float:
    """Of the process, of its children that have ended, and of those that have not."""
    times = process.cpu_times()
    ended = times.children_user + times.children_system
    return times.user + times.system + ended + sum(sum(child.cpu_times()[:2]) for child in family(process)[1:])


class Watch:
    """The highest memory of a kernel and its children, looked at from outside of it."""

    def __init__(self, process: psutil.Process) -> None:
        self.process, self.peak = process, 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(LOOK):
            self.peak = max(self.peak, megabytes(family(self.process)))

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


def measured(path: Path) -> Cost:
    """One notebook, Run All in a fresh kernel; its start counts too."""
    client = NotebookClient(
        read(path), timeout=120, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    began = time.perf_counter()
    with client.setup_kernel():
        kernel = psutil.Process(client.km.provisioner.pid)
        watch = Watch(kernel)
        for index, cell in enumerate(client.nb.cells):
            client.execute_cell(cell, index)
        seconds = time.perf_counter() - began
        watch.end()
        after = megabytes(family(kernel))
        return Cost(path.stem, seconds, cpu_seconds(kernel), max(watch.peak, after), after)


def idle_panel() -> float:
    """CPU seconds of a kernel in IDLE seconds with a panel that was run and is left alone."""
    client = NotebookClient(new_notebook(cells=[new_code_cell(PANEL)]), kernel_name="python3")
    with client.setup_kernel():
        client.execute_cell(client.nb.cells[0], 0)
        kernel = psutil.Process(client.km.provisioner.pid)
        before = cpu_seconds(kernel)
        time.sleep(IDLE)
        return cpu_seconds(kernel) - before


def server() -> float:
    """Megabytes of a learner's own JupyterLab server without any kernel."""
    with TemporaryDirectory() as home, running_lab(Path(home)) as lab:
        (own,) = [p for p in psutil.Process().children() if lab.url.rstrip("/").split(":")[-1] in ports(p)]
        return megabytes(family(own))


def ports(process: psutil.Process) -> set[str]:
    """The ports at which a process answers."""
    listening = [c for c in process.net_connections() if c.status == psutil.CONN_LISTEN]
    return {str(connection.laddr.port) for connection in listening}


def markdown(costs: list[Cost], server: float) -> Iterator[str]:
    """The teachers' table, and what follows from it for a class."""
    yield "| notebook, Run All | seconds | CPU seconds | MB, peak | MB, after |"
    yield "|---|---|---|---|---|"
    for c in costs:
        yield f"| {c.name} | {c.seconds:.1f} | {c.cpu:.1f} | {c.peak:.0f} | {c.after:.0f} |"
    largest, busiest = max(costs, key=lambda c: c.peak), max(costs, key=lambda c: c.cpu)
    gigabytes, cpu = LEARNERS * (server + largest.peak) / 1024, LEARNERS * busiest.cpu
    yield ""
    yield (
        f"One learner's JupyterLab server takes {server:.0f} MB more. {LEARNERS} learners with one notebook open "
        f"each need at most {LEARNERS} × ({server:.0f} + {largest.peak:.0f}) MB = {gigabytes:.1f} GB. If all of them "
        f"press Run All on {busiest.name} in the same second, that is {cpu:.0f} CPU seconds: at least {cpu / 4:.0f} s "
        f"until the last one is done on 4 cores, {cpu / 8:.0f} s on 8."
    )


def rows() -> list[Row]:
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    costs = [measured(path) for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
    print(*markdown(costs, server()), "", sep="\n")
    out: list[Row] = []
    for cost in costs:
        out.append((f"{cost.name}, Run All in a fresh kernel, seconds", f"≤ {SECONDS:g}", cost.seconds, SECONDS))
        out.append((f"{cost.name}, resident memory at most, MB", f"≤ {MEGABYTES:g}", cost.peak, MEGABYTES))
    out.append(
        (f"CPU seconds of a kernel in {IDLE:g} s, a panel open and idle", f"≤ {IDLE_BAR}", idle_panel(), IDLE_BAR)
    )
    return out
