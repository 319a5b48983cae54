"""What every schedule costs: complete schedules per second, and how long proofs and counterexamples take."""

from __future__ import annotations

import time
from math import inf
from typing import Any

import peers
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


def against_peers(own: float) -> list[Row]:
    """The lab's schedules per second against those of others, and against the program without any lab."""
    what = "with S(2): pass, 3 threads: schedules per second ÷"
    found: list[Row] = []
    frontrun, interleave, plain = peers.frontrun(), peers.interleave_test(), peers.plain()
    if frontrun is None:
        found.append((f"{what} frontrun's: not here (pip install -e '.[peers]')", "none", 0.0, 0.0))
    else:
        found.append((f"{what} frontrun's {frontrun:,.0f}", f"≥ {PEER_LIMIT:g}", own / frontrun, PEER_LIMIT))
        found.append((f"plain runs per second, {plain:,.0f} ÷ frontrun's", "peer", plain / frontrun, inf))
    if interleave is None:
        found.append((f"{what} interleave-test's: not here (Python 3.12 or later)", "none", 0.0, 0.0))
    else:
        rate, version = interleave
        found.append((f"{what} interleave-test's {rate:,.0f} (Python {version})", "peer", own / rate, inf))
    found.append((f"{what} runs of the plain program", "peer", own / plain, inf))
    return found


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
    what = "with S(2): pass, 3 threads: schedules per second"
    out: list[Row] = [(what, f"≥ {RATE_LIMIT:g}", own, RATE_LIMIT), *against_peers(own)]
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
