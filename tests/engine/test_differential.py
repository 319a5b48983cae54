"""Small programs end on plain threads, on the wall clock and on the virtual clock as `threading` lets them end.

`reference_model` knows every outcome that a program may have: what each operation returns or raises, how the
primitives are left, or who waits for what for ever. A run must have one of them, and its log must be certified. The
virtual clock must have every one of them: an outcome that no seed reaches is a moment at which it lets nobody
overtake, though plain threads may be overtaken there. What the model promises, and what it means by time on each
clock, is said there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from programs.classic import CLASSICS
from programs.small import Program, perform, programs
from support.reference_model import ANY, EXACT, Outcome, TooLarge, outcomes

import semalab as lab
from semalab.log.stops import Deadlock

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

FEW = 6  # outcomes: as many can be waited for, whatever the seeds
SEEDS = 4000  # for the rarest of them; nearly always a few dozen are enough


def examples(n: int) -> Callable[[Any], Any]:
    """n programs, the same ones in every run of the tests."""
    return settings(
        max_examples=n, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )


def possible(program: Program, time: str) -> frozenset[Outcome]:
    try:
        return outcomes(program, time, most_states=6000)
    except TooLarge:
        reject()


def on_plain_threads(program: Program) -> Outcome:
    """Runs in a daemon, so that a deadlock the model did not foresee fails one test and does not stop the rest."""
    results: list[list[Any]] = [[] for _ in program.tasks]
    left: list[Any] = []
    main = threading.Thread(target=lambda: left.extend(perform(program, results)), daemon=True)
    main.start()
    main.join(30)
    assert not main.is_alive(), "a deadlock"
    return Outcome(tuple(map(tuple, results)), tuple(left))


def on_the_bench(program: Program, clock: str, seed: int = 0) -> Outcome:
    results: list[list[Any]] = [[] for _ in program.tasks]
    run = lab.record(perform, program=program, results=results, clock=clock, seed=seed)
    run.trace.certify()
    got = tuple(map(tuple, results))
    if run.stopped is None:
        return Outcome(got, tuple(run.result))
    assert isinstance(run.stopped, Deadlock), str(run.stopped)
    waits = {
        (_number(wait.thread), "thread", _number(wait.primitive))
        if wait.kind == "Thread"
        else (_number(wait.thread), "thing", _numbers(run.trace.primitives)[wait.primitive])
        for wait in run.stopped.waits
    }
    return Outcome(got, None, frozenset(waits))


def _number(thread: str) -> int:
    return 0 if thread == "main" else int(thread)


def _numbers(primitives: Any) -> dict[str, int]:
    """For every primitive of a run, by its label: which of the program's things it is, or is part of."""
    numbers: dict[str, int] = {}
    for label in primitives:
        whole = label.removesuffix("'s RLock")
        numbers[label] = numbers[whole] if whole in numbers else len(set(numbers.values()))
    return numbers


def on_real_threads(program: Program, allowed: frozenset[Outcome]) -> None:
    """On plain threads only if they cannot get stuck."""
    assert on_the_bench(program, "wall") in allowed
    if all(outcome.waits is None for outcome in allowed):
        assert on_plain_threads(program) in allowed


def reached(program: Program, allowed: frozenset[Outcome], seeds: int) -> set[Outcome]:
    """The outcomes that so many seeds have, all of which must be allowed; enough if they have them all."""
    found: set[Outcome] = set()
    for seed in range(seeds):
        outcome = on_the_bench(program, "virtual", seed)
        assert outcome in allowed, f"seed {seed}"
        found.add(outcome)
        if len(allowed) <= FEW and found == allowed:
            break
    return found


@examples(100)
@given(programs(most_workers=3))
def test_plain_threads_and_the_wall_clock_end_as_the_model_says(program: Program) -> None:
    on_real_threads(program, possible(program, ANY))


@examples(120)
@given(programs(most_workers=3, most_ops=4))
def test_the_virtual_clock_ends_as_the_model_says(program: Program) -> None:
    reached(program, possible(program, EXACT), seeds=8)


@examples(120)
@given(programs())
def test_the_virtual_clock_ends_in_every_way_the_model_knows(program: Program) -> None:
    allowed = possible(program, EXACT)
    if len(allowed) <= FEW:
        assert reached(program, allowed, SEEDS) == allowed


@pytest.mark.parametrize("name", CLASSICS)
def test_a_classic_ends_in_every_way_the_model_knows(name: str) -> None:
    program = CLASSICS[name]
    for _ in range(3):
        on_real_threads(program, outcomes(program, ANY))
    exact = outcomes(program, EXACT)
    few = len(exact) <= FEW
    found = reached(program, exact, SEEDS if few else 20)
    assert found == exact or not few
