"""What every schedule costs: complete schedules per second, and how long proofs and counterexamples take."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from exploration_programs import counting, left_handed, passing, philosophers, unprotected

import semalab as lab
from semalab.exploration import Exploration
from semalab.exploration.sleepsets import DepthFirst
from semalab.exploration.stage import Stage
from semalab.stepping import Settings

Row = tuple[str, str, float, float]

ROUNDS = 15
RATE_LIMIT = 5000.0
PEER_LIMIT = 8.0

PEER = """
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
print(json.dumps(max(explore() for _ in range(9))))
"""


def rate() -> float:
    """Schedules per second of the full enumeration of `with S(2): pass` by three threads, each run to its end."""
    rates = []
    with Stage(passing, {"threads": 3, "initial": 2}, Settings(watched=False)).open() as stage:
        for _ in range(ROUNDS):
            guide, schedules, begun, more = DepthFirst(sleeping=False), 0, time.perf_counter(), True
            while more:
                stage.play(guide)
                schedules += 1
                more = guide.advance(stage.processor.touched)
            rates.append(schedules / (time.perf_counter() - begun))
    return max(rates)  # whoever shares the machine only makes it slower


def peers_rate() -> float | None:
    """frontrun's schedules per second on the same program, pinned too; None where it is not installed."""
    command = shutil.which("frontrun") or str(Path(sys.executable).with_name("frontrun"))
    if not Path(command).exists():
        return None
    pinned = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    ended = subprocess.run(
        [*pinned, command, sys.executable, "-c", PEER], capture_output=True, text=True, timeout=120, check=True
    )
    return float(json.loads(ended.stdout.splitlines()[-1]))


def timed(program: Any, **how: Any) -> tuple[float, Exploration]:
    """The least of the seconds that exploring it takes, and what was found."""
    seconds = []
    for _ in range(5):
        begun = time.perf_counter()
        found = lab.explore(program, **how)
        seconds.append(time.perf_counter() - begun)
    return min(seconds), found


def within(what: str, limit: float, verdict: str, program: Any, **how: Any) -> Row:
    """The row of an exploration that must come to this verdict in so many milliseconds."""
    seconds, found = timed(program, **how)
    complete = "complete" if found.complete else "not complete"
    said = f"{what}: {found.verdict}, {complete}, {found.covered:,} classes, ms"
    return said, f"≤ {limit:g}", seconds * 1000 if found.verdict == verdict else float("inf"), limit


def rows() -> list[Row]:
    own = rate()
    peer = peers_rate()
    against = "with S(2): pass, 3 threads: schedules per second"
    out: list[Row] = [(against, f"≥ {RATE_LIMIT:g}", own, RATE_LIMIT)]
    if peer is None:
        out.append((f"{against} ÷ frontrun's, which is not installed", "none", 0.0, 0.0))
    else:
        out.append((f"{against} ÷ frontrun's {peer:,.0f}", f"≥ {PEER_LIMIT:g}", own / peer, PEER_LIMIT))
    two = {"threads": 2, "initial": 2, "granularity": "bytecode"}
    out += [
        within("Semaphore(2) limits 4 threads", 1000, "proved", passing, threads=4, initial=2, check=lab.at_most(2)),
        within(
            "with S(1): x += 1, 4 threads, bytecode",
            100,
            "proved",
            counting,
            threads=4,
            initial=1,
            granularity="bytecode",
        ),
        within("with S(2): x += 1, 2 threads, bytecode", 20, "counterexample", counting, **two),
        within("4 philosophers", 50, "counterexample", philosophers, threads=4),
        within("4 philosophers, repaired", 1000, "proved", left_handed, threads=4),
        within("x += 1, 3 threads, bytecode", 500, "counterexample", unprotected, threads=3, granularity="bytecode"),
        within(
            "with S(2): pass, 4 threads, 100 schedules",
            1000,
            "budget exhausted",
            passing,
            threads=4,
            initial=2,
            budget=100,
        ),
    ]
    return out
