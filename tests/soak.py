"""Thousands of runs in one process leave it as it was: `python tests/soak.py [--runs 2000]`.

Both clocks, all patterns, and every program that goes wrong: deadlocks, timeouts, exceptions. Prints threads and open
files before and after and by how much memory grew; the exit code is 1 where a bar is missed or a run said another
thing than it should.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import psutil
from programs.endless import ENDLESS
from programs.pattern import PATTERNS
from programs.wrong import CLOCKS, DEADLOCKED, FAILING, Wrong

from semalab.recording import run_program

MOST_GROWTH = 20.0  # megabytes
MOST_SECONDS = 0.02  # that a program which never ends is given


@dataclass(frozen=True)
class Footprint:
    """What the process holds of the system: threads, open files (0 where nobody tells), megabytes of memory."""

    threads: int
    files: int
    megabytes: float


def footprint() -> Footprint:
    gc.collect()
    process = psutil.Process()
    files = process.num_fds() if hasattr(process, "num_fds") else 0
    return Footprint(process.num_threads(), files, process.memory_info().rss / 2**20)


def turns() -> Iterator[Callable[[], str | None]]:
    """One run after the other, for ever: every program on both clocks. Each tells what it said wrongly, if anything."""
    for seed in itertools.count():
        for clock in CLOCKS:
            yield from (partial(_pattern, pattern, clock, seed) for pattern in PATTERNS)
            yield from (partial(_wrong, wrong, clock) for wrong in (*DEADLOCKED, *FAILING))
            yield from (partial(_endless, program, clock) for program in ENDLESS)


def _pattern(program: Callable[..., Any], clock: str, seed: int) -> str | None:
    run = run_program(program, {"threads": 4}, clock=clock, seed=seed)
    run.trace.certify()
    return None if run.exception is None and run.stopped is None else f"{program.__name__}, {clock}: {run.verdict}"


def _wrong(wrong: Wrong, clock: str) -> str | None:
    run, expected = wrong.run(clock)
    return None if run.verdict == expected else f"{wrong.name}, {clock}: {run.verdict}"


def _endless(program: Callable[..., Any], clock: str) -> str | None:
    verdict = run_program(program, {}, clock=clock, timeout=MOST_SECONDS).verdict
    return None if verdict.startswith("Stopped: ") else f"{program.__name__}, {clock}: {verdict}"


def missed(before: Footprint, after: Footprint) -> list[str]:
    """The bars that were not kept, each in a sentence."""
    growth = after.megabytes - before.megabytes
    return [
        sentence
        for sentence, kept in (
            (f"threads must be as before, {before.threads}, got {after.threads}", after.threads == before.threads),
            (f"open files must be as before, {before.files}, got {after.files}", after.files == before.files),
            (f"memory must grow by less than {MOST_GROWTH:g} MB, grew by {growth:.1f}", growth < MOST_GROWTH),
        )
        if not kept
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Many runs in one process: nothing may be left.")
    parser.add_argument("--runs", type=int, default=2000, help="how many runs (default: %(default)s)")
    options = parser.parse_args(arguments)
    once = 2 * (len(PATTERNS) + len(DEADLOCKED) + len(FAILING) + len(ENDLESS))
    running = turns()
    wrongly = [said for turn in itertools.islice(running, once) if (said := turn())]  # imports and caches
    before = footprint()
    wrongly += [said for turn in itertools.islice(running, options.runs) if (said := turn())]
    after = footprint()
    print(f"{options.runs:,} runs after {once} to warm up")
    print(f"threads: {before.threads} before, {after.threads} after")
    print(f"open files: {before.files} before, {after.files} after")
    print(f"memory: {before.megabytes:.1f} MB before, {after.megabytes - before.megabytes:+.1f} MB after")
    problems = [f"a run said wrongly: {said}" for said in wrongly] + missed(before, after)
    print(*problems, sep="\n", file=sys.stderr, end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
