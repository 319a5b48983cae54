"""`explore` and `record` against a model that shares no line with them: equal outcomes, on hundreds of random programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from sharing_programs import Program, function, random_program, source
from state_model import Outcome, TooLarge, outcomes

import semalab as lab
from semalab.exploration import search as searching
from semalab.recording import run_program
from semalab.run import Run
from semalab.stops import Deadlock

pytest_plugins = ("leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

BATCHES, IN_BATCH = 10, 52  # more than 500 programs
MOST_STATES = 400
MOST_SCHEDULES = 100  # of a program with more, it is only asked whether all that is met is known to the model


def programs(batch: int) -> Iterator[tuple[int, Program]]:
    """Programs that may end in more than one way, with their numbers."""
    found, number = 0, 1_000 * batch
    while found < IN_BATCH:
        program = random_program(number)
        try:
            ways = outcomes(program, "bytecode", MOST_STATES)
        except TooLarge:
            ways = frozenset()
        if len(ways) > 1:
            yield number, program
            found += 1
        number += 1


def outcome_of(run: Run) -> Outcome:
    assert run.stopped is None or isinstance(run.stopped, Deadlock), run.stopped
    waits = frozenset((wait.thread, wait.kind) for wait in run.stopped.waits) if run.stopped is not None else frozenset()
    raised = frozenset({type(run.exception).__name__} if run.exception is not None else ())
    return Outcome(None if waits else run.result, raised, waits)


def fits(met: Outcome, known: Outcome) -> bool:
    """Of several exceptions a run tells one."""
    raised = met.raised <= known.raised and bool(met.raised) == bool(known.raised)
    return raised and met._replace(raised=known.raised) == known


def beyond(met: Iterable[Outcome], known: Iterable[Outcome]) -> list[Outcome]:
    return [one for one in met if not any(fits(one, other) for other in known)]


def lacking(met: Iterable[Outcome], known: Iterable[Outcome]) -> list[Outcome]:
    return [one for one in known if not any(fits(other, one) for other in met)]


def explored(program: Program, granularity: str, monkeypatch: pytest.MonkeyPatch) -> tuple[set[Outcome], Any]:
    """Every outcome that the exploration meets, and what it finds."""
    met: set[Outcome] = set()
    wrong = searching.wrong

    def noting(run: Run, check: Any) -> str | None:
        met.add(outcome_of(run))
        return wrong(run, check)

    with monkeypatch.context() as patch:
        patch.setattr(searching, "wrong", noting)
        found = lab.explore(
            function(program), check=lambda run: True, granularity=granularity, budget=MOST_SCHEDULES, seconds=600
        )
    return met, found


def recorded(program: Program, seeds: Iterable[int]) -> set[Outcome]:
    plain = function(program)
    return {outcome_of(run_program(plain, {}, clock="virtual", seed=seed)) for seed in seeds}


def disagreements(number: int, program: Program, granularity: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the exploration of one program finds that cannot be, or does not find that can; in words."""
    known = outcomes(program, granularity)
    met, found = explored(program, granularity, monkeypatch)
    told = []
    if more := beyond(met, known):
        told.append(f"met, and cannot be: {more}")
    if found.complete and (less := lacking(met, known)):
        told.append(f"can be, and was not met: {less}")
    right = found.verdict == "proved"
    if found.complete and right == any(one.wrong for one in known):
        told.append(f"{found.verdict}, of {sorted(known, key=repr)}")
    if granularity == "operations":
        seen = recorded(program, (number, number + 1))
        if more := beyond(seen, known):
            told.append(f"recorded, and cannot be: {more}")
        if found.complete and (more := beyond(seen, met)):
            told.append(f"recorded, and not explored: {more}")
    return [f"program {number} at {granularity}: {one}\n{source(program)}" for one in told]


@pytest.mark.parametrize("batch", range(BATCHES))
@pytest.mark.parametrize("granularity", ["operations", "lines", "bytecode"])
def test_what_can_happen_is_explored_and_nothing_else(
    granularity: str, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, program in programs(batch):
        assert disagreements(number, program, granularity, monkeypatch) == []
