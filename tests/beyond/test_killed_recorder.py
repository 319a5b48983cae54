"""Whoever records processes may be killed in the midst of it: then all that it has begun is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.patience import wait_until

RECORDS = """
import multiprocessing, os
from pathlib import Path
from semalab.beyond import record_processes

def note():
    Path(os.environ["THERE"], str(os.getpid())).touch()

def compute():
    note()
    while True:
        pass

def program():
    note()
    multiprocessing.Process(target=compute).start()
    compute()

if __name__ == "__main__":
    record_processes(program, timeout=3600)
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no process groups here")
def test_who_is_killed_while_it_records_leaves_no_process_behind(tmp_path: Path) -> None:
    """As a kernel is that is restarted."""
    there = tmp_path / "there"
    there.mkdir()
    script = tmp_path / "script.py"
    script.write_text(RECORDS)
    with subprocess.Popen([sys.executable, script], env={**os.environ, "THERE": str(there)}) as recorder:
        wait_until(lambda: len(list(there.iterdir())) == 2, "both of the program's processes are there")
        recorder.kill()
    for path in there.iterdir():
        wait_until(lambda number=int(path.name): not is_running(number), "it has been killed, too")


def is_running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{number}/stat")  # nobody may have waited for it yet
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
