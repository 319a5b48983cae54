"""However wrong a program is, its run ends, says what happened and to whom, leaves nothing; the next one is right."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from programs.pattern import mutex as right
from programs.wrong import CLOCKS, THOUSANDS, WRONG, Wrong, closed_to_thousands

import semalab as lab
from semalab.engine import carrier
from semalab.recording import run_program

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

ROOT = Path(__file__).resolve().parent.parent.parent
ON_BOTH_CLOCKS = pytest.mark.parametrize("clock", CLOCKS)


def next_run_is_right(clock: str) -> bool:
    run = lab.record(right, threads=4, clock=clock)
    run.trace.certify()
    return (run.result, run.verdict) == (4, "Mutual exclusion held: never more than 1 inside")


@ON_BOTH_CLOCKS
@pytest.mark.parametrize("wrong", WRONG + THOUSANDS, ids=lambda wrong: wrong.name)
def test_a_program_that_goes_wrong_costs_nothing_but_its_run(wrong: Wrong, clock: str) -> None:
    names = dict(wrong.program.__globals__)
    run, expected = wrong.run(clock)
    assert run.verdict == expected
    run.trace.certify()
    after = wrong.program.__globals__
    assert names.keys() == after.keys()
    assert [name for name, value in names.items() if after[name] is not value] == []
    assert next_run_is_right(clock)


@pytest.fixture
def few_threads(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """After it was called with n, the system starts n more threads and then none."""

    def allow(number: int) -> None:
        start = carrier._start
        started: list[object] = []

        def limited(new: carrier.Carrier) -> int:
            if len(started) >= number:
                raise RuntimeError("can't start new thread")
            started.append(new)
            return start(new)

        monkeypatch.setattr(carrier, "_start", limited)

    return allow


@ON_BOTH_CLOCKS
def test_a_system_without_more_threads_ends_the_run_in_a_sentence(
    clock: str, few_threads: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    few_threads(20)
    run = run_program(closed_to_thousands, {"threads": 5000}, clock=clock)
    assert run.verdict == (
        "main raised RuntimeError: can't start new thread: the system refused one beside the 20 of this run;"
        " deadlock: 19 threads wait for `gate` (value 0) and nobody can release it any more"
    )
    assert len(run.trace.threads) == 20
    monkeypatch.undo()
    assert next_run_is_right(clock)


def makes_do_with_less(threads: int) -> int:
    """Goes on without the threads that it was refused, as a careful program would."""
    gate = threading.Semaphore(0)
    started = 0
    for _ in range(threads):
        try:
            threading.Thread(target=gate.acquire).start()
        except RuntimeError:
            gate.release()
        else:
            started += 1
    return started


@ON_BOTH_CLOCKS
def test_a_program_may_live_with_the_refusal(clock: str, few_threads: Callable[[int], None]) -> None:
    few_threads(6)
    run = lab.record(makes_do_with_less, threads=10, clock=clock)
    assert (run.result, run.verdict) == (5, "The latch opened once: 5 threads passed, none before")


@ON_BOTH_CLOCKS
def test_a_system_without_a_single_thread_is_an_error(
    clock: str, few_threads: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    few_threads(0)
    with pytest.raises(RuntimeError) as refused:
        lab.record(right, threads=4, clock=clock)
    assert str(refused.value) == "can't start new thread: the system refused one beside the 0 of this run"
    monkeypatch.undo()
    assert next_run_is_right(clock)


WITH_LITTLE_MEMORY = """
import resource, sys, threading
from pathlib import Path
import semalab as lab
from support.leftovers import state
from semalab.recording import run_program

def crowd(threads):
    gate = threading.Semaphore(0)
    for _ in range(threads):
        threading.Thread(target=gate.acquire).start()

def right():
    with threading.Semaphore(1):
        return 42

lab.record(right, clock=sys.argv[1])
before = state()
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
limit = used + 50 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
run = run_program(crowd, {"threads": 5000}, clock=sys.argv[1])
told, _, _ = run.verdict.partition("; deadlock: ")  # how many wait differs
print(told.replace(str(len(run.trace.threads)), "n"), state() == before)
print(lab.record(right, clock=sys.argv[1]).result)
"""


@ON_BOTH_CLOCKS
@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on memory, and /proc to know what is used")
def test_a_real_refusal_by_the_system(clock: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    command = [sys.executable, "-c", WITH_LITTLE_MEMORY, clock]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert ended.stderr == ""
    assert ended.stdout == (
        "main raised RuntimeError: can't start new thread: the system refused one beside the n of this run True\n42\n"
    )
