"""How long others take to a verdict about the same programs: frontrun (Python's threads), Harmony (its own language).

Both run where they are installed (`pip install -e '.[peers]'`; Harmony needs a C compiler, too).
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from programs.explored import passing

from semalab.engine.interpreter import Pin

TIMEOUT = 120  # seconds
ROUNDS = 9

FRONTRUN = """
import json, sys, threading, time
import frontrun

kind, count = sys.argv[1], int(sys.argv[2])

class State:
    def __init__(self):
        self.semaphore = threading.Semaphore(2 if kind == "passing" else 1)
        self.total = 0

def passing(state):
    with state.semaphore:
        pass

def counting(state):
    with state.semaphore:
        state.total += 1

def unprotected(state):
    state.total += 1

def explore():
    begun = time.process_time()
    frontrun.explore(
        setup=State, workers=globals()[kind], count=count, preemption_bound=None, detect_io=False, total_timeout=60,
        invariant=lambda state: kind == "passing" or state.total == count,
    )
    return time.process_time() - begun

explore()
print(json.dumps(min(explore() for _ in range(2))))
"""

HARMONY = {
    "counting": """
import synch
const N = 4
door = synch.Semaphore(1)
total = 0
def worker():
    synch.P(?door)
    total += 1
    synch.V(?door)
for i in { 1 .. N }:
    spawn worker()
""",
    "passing": """
import synch
const N = 4
door = synch.Semaphore(2)
inside = 0
def worker():
    synch.P(?door)
    atomically inside += 1
    assert inside <= 2
    atomically inside -= 1
    synch.V(?door)
for i in { 1 .. N }:
    spawn worker()
""",
    "ordered": """
import synch
const N = 4
forks = [synch.Lock(),] * N
def diner(which):
    let left, right = (which, (which + 1) % N):
        let first, second = (min({left, right}), max({left, right})):
            synch.acquire(?forks[first])
            synch.acquire(?forks[second])
            synch.release(?forks[second])
            synch.release(?forks[first])
for i in { 0 .. N - 1 }:
    spawn diner(i)
""",
}


def frontrun(kind: str, threads: int) -> float | None:
    """Processor seconds to its verdict; None where it is not installed, or does not come to one."""
    command = shutil.which("frontrun") or str(Path(sys.executable).with_name("frontrun"))
    if not Path(command).exists():
        return None
    script = [command, sys.executable, "-c", FRONTRUN, kind, str(threads)]
    try:
        ended = subprocess.run(script, capture_output=True, text=True, timeout=TIMEOUT, check=True)
    except subprocess.SubprocessError:
        return None
    return float(json.loads(ended.stdout.splitlines()[-1]))


def harmony(name: str, threads: int) -> float | None:
    """Processor seconds of its whole command; None where it is not installed, or finds fault with the program."""
    command = shutil.which("harmony") or str(Path(sys.executable).with_name("harmony"))
    if not Path(command).exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "it.hny").write_text(HARMONY[name], encoding="utf-8")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            ended = subprocess.run(
                [command, "-c", f"N={threads}", "it.hny"],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if "No issues found" not in ended.stdout:
        return None
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


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
