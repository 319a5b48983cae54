"""Processes on the bench: the program runs in a fresh Python, so that it can neither hang nor harm this one."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from semalab.beyond.inside import NOTES, PROGRAM
from semalab.beyond.log import Log
from semalab.beyond.module_text import module_text
from semalab.beyond.notes import log_of
from semalab.claims import Check
from semalab.run import Run
from semalab.settings import RunSettings
from semalab.stops import Deadlock, Timeout

_STILL = 0.5  # seconds without a note before it is believed that nobody moves any more
_LOOK = 0.02  # seconds between two looks at the notes
_DYING = 0.5  # seconds that are waited at most until those who were killed are gone


def record_processes(
    program: Callable[..., Any],
    /,
    *,
    timeout: float = 30.0,
    raises: bool = True,
    claim: Check | None = None,
    **arguments: Any,
) -> Run:
    """Run a program that starts processes, in a fresh Python, and return the log of what they did at semaphores.

    The program is plain `multiprocessing`. Seen are `multiprocessing.Semaphore`, `BoundedSemaphore`, `Process`,
    `time.sleep` and `print`, under the names by which its module or cell knows them. Its functions must stand at the
    top of a cell or module: the cell's imports, functions and classes become a module of their own, which the
    processes can import however the system starts them. Afterwards none of them is alive.

    Args:
        timeout: seconds after which all of them are ended.
        raises, claim, arguments: as in `semalab.record`; arguments and result must be picklable.

    Raises:
        TypeError, ValueError: for bad arguments, or a program whose text is not to be had, before anything has started.

    >>> record_processes(program, processes=3, initial=1).verdict
    'Mutual exclusion held: never more than 1 inside'
    """
    settings = RunSettings(timeout=timeout, claim=claim)
    settings.check(program, arguments)
    text = module_text(program)
    with tempfile.TemporaryDirectory(prefix="semalab-", ignore_cleanup_errors=True) as folder:
        bench = _Bench(Path(folder), timeout)
        (bench.folder / f"{PROGRAM}.py").write_text(text, encoding="utf-8")
        (bench.folder / "arguments").write_bytes(pickle.dumps(arguments))
        bench.go(program.__name__)
        run = bench.run(program, arguments, settings)
    if raises and run.exception is not None:
        raise run.exception
    return run


class _Bench:
    """One run. Invariant: after `go` no process that it began is alive."""

    def __init__(self, folder: Path, timeout: float) -> None:
        self.folder, self.timeout = folder, timeout
        self.notes = folder / "notes"
        self.notes.touch()
        self.up: str | None = None  # why it was ended: "deadlock", "timeout"
        self.killed: set[int] = set()  # processes that had died before that
        self.errors = ""

    def go(self, function: str) -> None:
        code = "import sys; from semalab.beyond.inside import main; main(*sys.argv[1:])"
        paths = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]))
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(self.folder), function],
            env={**os.environ, NOTES: str(self.notes), "PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "errors").open("w"),
            start_new_session=True,
        )
        try:
            self._wait(process)
        finally:
            _end(process)
            self.errors = (self.folder / "errors").read_text(errors="replace")

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        begun = changed = time.monotonic()
        size = 0
        while process.poll() is None:
            now = time.monotonic()
            if now - begun > self.timeout:
                self.up = "timeout"
                return
            if (grown := self.notes.stat().st_size) != size:
                size, changed = grown, now
            elif now - changed > _STILL and _stuck(rows := self.read()):
                self.up = "deadlock"
                self.killed = {row[1] for row in rows if row[2] == "start" and _dead(row[1])}
                return
            time.sleep(_LOOK)

    def read(self) -> list[list[Any]]:
        """The notes, in the order of their times. A line that was cut off when its process was ended is none."""
        lines = self.notes.read_text(encoding="utf-8").split("\n")[:-1]
        return sorted(map(json.loads, lines), key=lambda row: int(row[0]))

    def run(self, program: Callable[..., Any], arguments: dict[str, Any], settings: RunSettings) -> Run:
        rows = self.read()
        log, failed = log_of(rows, self.killed if self.up else {row[1] for row in rows})
        outcome = self.folder / "outcome"
        how, what = pickle.loads(outcome.read_bytes()) if outcome.exists() else ("", None)
        exception, thread = None, "main"
        if how == "raised":
            exception = what if isinstance(what, BaseException) else RuntimeError(what)
        elif failed is not None:
            thread, exception = failed[0], RuntimeError(failed[1])
        elif not how and self.up is None:
            exception = RuntimeError(f"the program's Python ended early: {self.errors.strip()[-500:] or 'no word'}")
        duration = rows[-1][0] - rows[0][0] if rows else 0
        trace = log.trace(duration)
        return settings.run_of(
            program,
            arguments,
            trace,
            result=what if how == "result" else None,
            printed=tuple(log.printed),
            exception=exception,
            stopped=self._stopped(log),
            failed_thread=thread,
            module="multiprocessing",
            source=log.source(program.__code__),
        )

    def _stopped(self, log: Log) -> Deadlock | Timeout | None:
        if self.up == "deadlock" and (deadlock := log.deadlock()) is not None:
            return deadlock
        alive = [actor for actor in log.actors if not any(r.actor == actor and r.kind == "end" for r in log.rows)]
        return Timeout(self.timeout, "wall", tuple(alive)) if self.up else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program's main process and all that it has started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its session: it is the leader
        process.wait()
        _until_gone(process.pid)
        return
    if process.poll() is None:  # Windows
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
    process.wait()


def _until_gone(group: int) -> None:
    """The system ends whom it was told to kill a moment later: until then they still run."""
    late = time.monotonic() + _DYING
    with suppress(ProcessLookupError, PermissionError):
        while time.monotonic() < late:
            os.killpg(group, 0)
            time.sleep(0.001)


def _stuck(rows: list[list[Any]]) -> bool:
    """True if every process that has begun and not ended waits without a time limit, and not only for others' ends."""
    last: dict[int, list[Any]] = {}
    for row in rows:
        if row[2] not in {"made", "void"}:
            last[row[1]] = row
    alive = [row for pid, row in last.items() if row[2] not in {"end", "raised"} and not _dead(pid)]
    waiting = [row for row in alive if row[2] in {"block", "join"} and row[4] == 0]
    return len(waiting) == len(alive) and any(row[2] == "block" for row in alive)


def _dead(pid: int) -> bool:
    """True of a process that was killed. Where the system does not say so of one that nobody has joined yet: False."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
    except OSError:
        return Path("/proc/self/stat").exists()
