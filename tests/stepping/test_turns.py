"""Where threads may take turns: whatever a seed of the virtual clock brings about, an exploration has tried."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import pytest
from programs.turning import PROGRAMS

import semalab as lab

SEEDS = 60


def outcomes_of(run: Any) -> str:
    return f"{run.result!r} {run.output!r} {run.verdict if run.exception or run.stopped else ''}"


def met(program: Any, granularity: str = "operations") -> set[str]:
    seen = set()
    found = lab.explore(program, granularity=granularity, check=lambda run: seen.add(outcomes_of(run)))
    assert found.complete
    return seen


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_what_a_seed_does_is_met_at_operations(program: FunctionType) -> None:
    seeds = {outcomes_of(lab.record(program, clock="virtual", seed=seed, raises=False)) for seed in range(SEEDS)}
    assert seeds - met(program) == set()


@pytest.mark.parametrize("granularity", ["lines", "bytecode"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_finer_steps_meet_whatever_coarser_ones_do(program: FunctionType, granularity: str) -> None:
    assert met(program) - met(program, granularity) == set()
