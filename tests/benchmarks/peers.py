"""How many schedules per second other explorers run of the program that the lab's are counted of.

frontrun runs where it is installed (`pip install -e '.[peers]'`), interleave-test on a Python from 3.12 on: this one,
or another of this machine's, in an environment that is thrown away afterwards.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from exploration_programs import passing
from pythons import other_pythons

from semalab.engine.pinning import Pin

ROUNDS = 9
TIMEOUT = 180  # seconds

FRONTRUN = """
import json, threading, time
import frontrun

class State:
    def __init__(self):
        self.semaphore = threading.Semaphore(2)

def work(state):
    with state.semaphore:
        pass

def explore():
    begun = time.perf_counter()
    found = frontrun.explore(
        setup=State, workers=work, invariant=lambda state: True, count=3, preemption_bound=None,
        stop_on_first=False, detect_io=False, total_timeout=20,
    )
    return found.num_explored / (time.perf_counter() - begun)

explore()
print(json.dumps(max(explore() for _ in range(ROUNDS))))
"""

# Its default makes a point of each instruction of the program. With none of the program's files included only the
# operations are, as in the lab.
INTERLEAVE = """
import json, threading, time
import interleave_test

def passing():
    semaphore = threading.Semaphore(2)

    def work():
        with semaphore:
            pass

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

def explore():
    begun = time.perf_counter()
    found = interleave_test.explore(
        passing, strategy="dfs", max_preemptions=99, iterations=300, include=["/nowhere"]
    )
    return found.schedules_run / (time.perf_counter() - begun)

explore()
print(json.dumps(max(explore() for _ in range(ROUNDS))))
"""


def frontrun() -> float | None:
    """None where it is not installed."""
    command = shutil.which("frontrun") or str(Path(sys.executable).with_name("frontrun"))
    return _measured([command, sys.executable], FRONTRUN) if Path(command).exists() else None


def interleave_test() -> tuple[float, str] | None:
    """Also the version of Python it ran on; None where there is none for it, or no registry to get it from."""
    if find_spec("interleave_test") is not None:
        return _measured([sys.executable], INTERLEAVE), f"{sys.version_info.major}.{sys.version_info.minor}"
    for version, python in other_pythons().items():
        if version in ("3.12", "3.13", "3.14"):
            with tempfile.TemporaryDirectory() as folder:
                own = Path(folder, "bin", "python")
                made = _succeeds([str(python), "-m", "venv", folder])
                if made and _succeeds([str(own), "-m", "pip", "install", "--quiet", "interleave-test<0.2"]):
                    return _measured([str(own)], INTERLEAVE), version
    return None


def plain() -> float:
    """Runs per second of the program as it is, on real threads that nobody watches, pinned as the lab's are."""
    pin, rates = Pin(), []
    try:
        pin.set()
        for _ in range(ROUNDS * 10):
            begun = time.perf_counter()
            for _ in range(50):
                passing(3, 2)
            rates.append(50 / (time.perf_counter() - begun))
    finally:
        pin.undo()
    return max(rates)


def _succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, timeout=TIMEOUT, check=False).returncode == 0


def _measured(command: Sequence[str], script: str) -> float:
    pinned = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    ended = subprocess.run(
        [*pinned, *command, "-c", script.replace("ROUNDS", str(ROUNDS))],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    return float(json.loads(ended.stdout.splitlines()[-1]))
