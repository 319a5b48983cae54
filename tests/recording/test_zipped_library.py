"""A standard library that is imported from a zip, as of Python for Windows that is embedded, is Python's own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

PROGRAMS = """
import asyncio, queue, threading, time
from concurrent.futures import ThreadPoolExecutor
import semalab as lab

def threads():
    door, done = threading.Semaphore(2), queue.Queue()
    def work(i):
        with door:  # line 9
            time.sleep(0.01)
        done.put(i)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(4)))
    return done.qsize()

async def tasks():
    door = asyncio.Semaphore(1)
    async def work():
        async with door:  # line 19
            await asyncio.sleep(0.01)
    await asyncio.gather(work(), work())

assert ".zip" in threading.__file__ and ".zip" in asyncio.__file__ and ".zip" in queue.__file__
for clock in ("wall", "virtual"):
    for program in (threads, tasks):
        run = lab.record(program, clock=clock)
        lines = {event.line for event in run.trace.of("door") if event.kind in ("acquire", "block")}
        print(clock, run.verdict, run.unseen, *lines)
"""
TOLD = """\
{0} Limit of 2 of `door` held: never more than 2 inside, as many as there are permits () 9
{0} Mutual exclusion held: never more than 1 inside () 19
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("embedded") / "python.zip"
    folder = Path(threading.__file__).parent
    with zipfile.ZipFile(path, "w") as packed:
        for name in ("threading.py", "queue.py", "sched.py", "selectors.py", "asyncio", "concurrent", "logging"):
            found = folder / name
            for file in sorted(found.rglob("*.py")) if found.is_dir() else [found]:
                packed.write(file, file.relative_to(folder).as_posix())
    return path


def test_runs_are_told_as_ever(library: Path, tmp_path: Path) -> None:
    script = tmp_path / "programs.py"
    script.write_text(PROGRAMS, "utf-8")
    root = Path(__file__).resolve().parents[2]
    path = os.pathsep.join([str(library), str(root)])
    ended = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.stderr == ""
    assert ended.stdout == TOLD.format("wall") + TOLD.format("virtual")
