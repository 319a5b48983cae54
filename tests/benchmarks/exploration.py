"""What it costs to try every schedule: processor seconds to the verdict, beside those that others take."""

from __future__ import annotations

import time
from math import exp, inf, log
from typing import Any

import peers
from bars import BARS, Bar, ordered
from programs.explored import counting, left_handed, passing, philosophers, unprotected

import semalab as lab
from semalab.exploration import Exploration
from semalab.exploration.sleepsets import DepthFirst
from semalab.exploration.stage import Stage
from semalab.stepping import Settings

Row = tuple[str, str, float, float]

ROUNDS = 3
FRONTRUNS = [("passing", 3), ("passing", 4), ("passing", 5), ("counting", 4), ("counting", 5), ("unprotected", 3)]
HARMONIES = [("counting", n) for n in (4, 8, 16, 32)] + [("passing", n) for n in (4, 8, 16)]
HARMONIES += [("ordered", n) for n in (4, 6, 8)]
OURS: dict[str, tuple[Any, dict[str, Any]]] = {
    "passing": (passing, {"initial": 2}),
    "counting": (counting, {"initial": 1, "granularity": "bytecode"}),
    "unprotected": (unprotected, {"granularity": "bytecode"}),
    "ordered": (ordered, {}),
}


def timed(program: Any, **how: Any) -> tuple[float, Exploration]:
    """The least of the processor seconds that exploring it takes, and what was found."""
    seconds: list[float] = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        found = lab.explore(program, **how)
        seconds.append(time.process_time() - begun)
        if seconds[-1] > 10:
            break
    return min(seconds), found


def within(what: str, limit: float, verdict: str, program: Any, **how: Any) -> Row:
    """The row of an exploration that must come to this verdict in so many processor seconds."""
    seconds, found = timed(program, **how)
    met = f"{found.states:,} states" if found.by_states else f"{found.covered:,} classes"
    said = f"{what}: {found.verdict}, {met}, {found.schedules:,} runs, CPU s"
    return said, f"≤ {limit:g}", seconds if found.verdict == verdict else inf, limit


def proved(bar: Bar) -> Row:
    return within(bar.what, bar.seconds, "proved", bar.program, **bar.how)


def beside(name: str, cases: list[tuple[str, int]], measure: Any, mean: float | None) -> list[Row]:
    """Ours ÷ theirs for each program, and the geometric mean if that has a bar of its own."""
    found: list[Row] = []
    ratios: list[float] = []
    for kind, threads in cases:
        theirs = measure(kind, threads)
        if theirs is None:
            found.append((f"{kind}, {threads} threads ÷ {name}: no figure from there", "none", 0.0, 0.0))
            continue
        program, how = OURS[kind]
        ours, _ = timed(program, threads=threads, **how)
        ratios.append(ours / theirs)
        found.append((f"{kind}, {threads} threads: CPU s to the verdict ÷ {name}'s {theirs:.2f}", "≤ 1", ratios[-1], 1))
    if mean is not None and ratios:
        middle = exp(sum(map(log, ratios)) / len(ratios))
        found.append((f"the geometric mean of those ÷ {name}'s", f"≤ {mean:g}", middle, mean))
    return found


def rate() -> float:
    """Schedules per second of the full enumeration of `with S(2): pass` by three threads, each run to its end."""
    rates = []
    with Stage(passing, {"threads": 3, "initial": 2}, Settings(watched=False)).open() as stage:
        for _ in range(ROUNDS):
            guide, schedules, begun, more = DepthFirst(sleeping=False), 0, time.process_time(), True
            while more:
                stage.play(guide)
                schedules += 1
                more = guide.advance(stage.processor.touched)
            rates.append(schedules / (time.process_time() - begun))
    return max(rates)  # whoever shares the machine only makes it slower


def rows() -> list[Row]:
    two = {"threads": 2, "initial": 2, "granularity": "bytecode"}
    own = rate()
    plain = "with S(2): pass, 3 threads: schedules per CPU second ÷ runs of the plain program per second"
    return [
        *map(proved, BARS),
        within("with S(2): x += 1, 2 threads", 0.02, "counterexample", counting, **two),
        within("4 philosophers", 0.05, "counterexample", philosophers, threads=4),
        within("4 philosophers, one left-handed", 1, "proved", left_handed, threads=4),
        within("x += 1, 3 threads", 0.5, "counterexample", unprotected, threads=3, granularity="bytecode"),
        *beside("frontrun", FRONTRUNS, peers.frontrun, 0.4),
        *beside("Harmony", HARMONIES, peers.harmony, None),
        (plain, "peer", own / peers.plain(), inf),
    ]
