"""Law 3: same program, same arguments, same seed, virtual clock: the same log, text and picture on every machine."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from programs.virtual_runs import OF_EXECUTORS, PROGRAMS, digest, digests, mutex
from pythons import HERE, other_pythons

import semalab as lab

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

ROOT = Path(__file__).resolve().parent.parent.parent


def run_by(python: str | Path, hash_seed: str = "0") -> list[str]:
    """The version and the digests that a Python finds."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hash_seed}
    command = [str(python), "-X", "utf8", str(ROOT / "tests" / "programs" / "virtual_runs.py")]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_the_same_seed_gives_the_same_run_and_picture(program: object) -> None:
    first, second = (lab.record(program, threads=4, clock="virtual", seed=3) for _ in range(2))  # type: ignore[arg-type]
    assert first.trace == second.trace
    assert digest(first) == digest(second)
    assert first._repr_mimebundle_() == second._repr_mimebundle_()
    first.trace.certify()


def test_seeds_give_different_schedules() -> None:
    runs = [lab.record(mutex, threads=4, clock="virtual", seed=seed) for seed in range(8)]
    assert len({run.output for run in runs}) > 4
    assert {run.verdict for run in runs} == {"Mutual exclusion held: never more than 1 inside"}


def test_load_does_not_change_a_virtual_run() -> None:
    quiet = [lab.record(mutex, threads=4, clock="virtual", seed=seed).trace for seed in range(3)]
    over = threading.Event()
    busy = [threading.Thread(target=lambda: [None for _ in iter(over.is_set, True)]) for _ in range(2)]
    for thread in busy:
        thread.start()
    try:
        assert [lab.record(mutex, threads=4, clock="virtual", seed=seed).trace for seed in range(3)] == quiet
    finally:
        over.set()
        for thread in busy:
            thread.join()


def test_hash_seeds_do_not_matter() -> None:
    here = digests()
    assert [run_by(sys.executable, hash_seed)[1:] for hash_seed in ("1", "2")] == [here, here]


def test_every_python_gives_the_same_runs() -> None:
    """CPython 3.11 has another ThreadPoolExecutor than 3.12: its workers call themselves idle after every task."""
    others = other_pythons()
    if not others:
        pytest.skip("no other CPython from 3.11 on is installed here")
    of_executors = tuple(program.__name__ for program in OF_EXECUTORS)
    first: dict[str, str] = {}
    for version, found in {HERE: digests(), **{v: run_by(python)[1:] for v, python in others.items()}}.items():
        for line in found:
            run, _, said = line.rpartition(" ")
            group = f"{run} of 3.11" if version == "3.11" and run.startswith(of_executors) else run
            assert first.setdefault(group, f"{said} on {version}").split()[0] == said, f"{version}: {line}"
    assert len(first) >= len(PROGRAMS)
