"""`explore` and `record` against a model that shares no line with them: equal outcomes on hundreds of programs."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import pytest
from programs.sharing import BY_TWO_NAMES, KEPT, Program, Statement, Thing, Variable, function, random_program, source
from support.state_model import Outcome, TooLarge, outcomes

import semalab as lab
from semalab.exploration import search as searching
from semalab.exploration.stage import Stage, known_to_share, shares
from semalab.exploration.state_search import ByStates
from semalab.log.stops import Deadlock
from semalab.recording import run_program
from semalab.run import Run
from semalab.stepping import Footprint, Settings

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

BATCHES, IN_BATCH = 10, 51  # more than 500 programs
MOST_STATES = 40
MOST_SCHEDULES = 25  # of a program with more, it is only asked whether all that is met is known to the model


@functools.cache
def programs(batch: int, kept: tuple[str, ...] = KEPT) -> list[tuple[int, Program]]:
    """Programs that may end in more than one way, with their numbers."""
    found: list[tuple[int, Program]] = []
    number = 1_000 * batch
    while len(found) < IN_BATCH:
        program = random_program(number, kept)
        with suppress(TooLarge):
            if len(outcomes(program, "bytecode", MOST_STATES)) > 1:
                found.append((number, program))
        number += 1
    return found


def outcome_of(run: Run) -> Outcome:
    assert run.stopped is None or isinstance(run.stopped, Deadlock), run.stopped
    waits = (
        frozenset((wait.thread, wait.kind) for wait in run.stopped.waits) if run.stopped is not None else frozenset()
    )
    raised = frozenset({type(run.exception).__name__} if run.exception is not None else ())
    return Outcome(None if waits else run.result, raised, waits)


def fits(met: Outcome, known: Outcome) -> bool:
    """Of several exceptions a run tells one."""
    raised = met.raised <= known.raised and bool(met.raised) == bool(known.raised)
    return raised and met._replace(raised=known.raised) == known


def beyond(met: Iterable[Outcome], known: Iterable[Outcome]) -> list[Outcome]:
    return [one for one in met if not any(fits(one, other) for other in known)]


def is_met(seen: Outcome, met: Iterable[Outcome], known: Iterable[Outcome]) -> bool:
    """Of two exceptions that know nothing of each other the same schedules tell now the one, now the other."""
    return any(fits(seen, one) and any(fits(other, one) for other in met) for one in known)


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
        if found.complete and (more := [one for one in seen if not is_met(one, met, known)]):
            told.append(f"recorded, and not explored: {more}")
    return [f"program {number} at {granularity}: {one}\n{source(program)}" for one in told]


LINES = BATCHES // 5  # of the batches: what is new at "lines" is only which accesses go together


@pytest.mark.parametrize(
    ("granularity", "batch"),
    [
        (one, batch)
        for one in ("operations", "lines", "bytecode")
        for batch in range(LINES if one == "lines" else BATCHES)
    ],
)
def test_what_can_happen_is_explored_and_nothing_else(
    granularity: str, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, program in programs(batch):
        assert disagreements(number, program, granularity, monkeypatch) == []


@pytest.mark.parametrize("granularity", ["operations"])
def test_a_variable_that_is_reached_by_two_ways_is_one(granularity: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An alias of a list, a class's attribute, getattr, vars and globals."""
    for number, program in programs(BATCHES + 2, BY_TWO_NAMES):
        assert disagreements(number, program, granularity, monkeypatch) == []


def claimed(program: Program, claim: str, granularity: str) -> Any:
    """What is found without any check, when the program itself asserts what it claims."""
    return lab.explore(function(program, claim), granularity=granularity, budget=10 * MOST_SCHEDULES, seconds=600)


@pytest.mark.parametrize("enough", [None, 10_000], ids=["by classes", "by states"])
@pytest.mark.parametrize("batch", range(BATCHES, BATCHES + 2))
def test_a_verdict_without_a_check_is_the_models(
    batch: int, enough: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That a result can be is a counterexample to its denial; that there is no other is proved."""
    monkeypatch.setattr(importlib.import_module("semalab.exploration.explore"), "ENOUGH", enough)
    for number, program in programs(batch):
        granularity = ("operations", "bytecode")[number % 2]
        known = sorted(outcomes(program, granularity), key=repr)
        results = [one.result for one in known if one.result is not None and not one.wrong]
        if results:
            denied = claimed(program, f"result != {results[number % len(results)]}", granularity)
            assert denied.verdict == "counterexample" or not denied.complete, (number, granularity)
        found = claimed(program, f"result in {results}" if results else "", granularity)
        right = not any(one.wrong for one in known)
        assert (found.verdict == "proved") == right or not found.complete, (number, granularity)


def by_states(program: Program, granularity: str) -> set[Outcome] | None:
    """Every outcome that a search by states meets; None if it can prove nothing, or not soon."""
    plain = function(program)
    watched = granularity != "operations" or shares(plain, {})
    shared = known_to_share(plain, {}) if watched else frozenset()
    with Stage(plain, {}, Settings(granularity, shared=shared, watched=watched)).open() as stage:
        settings, guide, met = None, ByStates(stage, False, False), set[Outcome]()
        for _ in range(10 * MOST_SCHEDULES):
            if stage.grown != settings:
                settings = stage.grown
                stage.grow(settings)
                guide = ByStates(stage, False, False)
                met.clear()
            stage.play(guide)
            if guide.lost or stage.processor.beyond or stage.processor.doubtful:
                return None
            touched, same = stage.processor.touched, stage.grown == settings
            if same and not (guide.redundant and stage.clean):
                met.add(outcome_of(stage.run_played()))
            if same and not guide.advance(touched):
                return met
    return None


@pytest.mark.parametrize("granularity", ["operations", "bytecode"])
@pytest.mark.parametrize("batch", range(BATCHES // 2))
def test_what_can_happen_is_found_by_states(batch: int, granularity: str) -> None:
    compared = 0
    for number, program in programs(batch):
        met, known = by_states(program, granularity), outcomes(program, granularity)
        if met is not None:
            compared += 1
            wrong = beyond(met, known), lacking(met, known)
            assert wrong == ([], []), f"program {number} at {granularity}\n{source(program)}"
    assert compared > IN_BATCH // 2


def without_variables(one: Footprint, other: Footprint) -> bool:
    parts = [frozenset(x for x in part if isinstance(x, int)) for part in (*one, *other)]
    return parts[1].isdisjoint(parts[2] | parts[3]) and parts[0].isdisjoint(parts[3])


def without_reads(one: Footprint, other: Footprint) -> bool:
    return one.writes.isdisjoint(other.writes)


def without_primitives(one: Footprint, other: Footprint) -> bool:
    parts = [frozenset(x for x in part if isinstance(x, str)) for part in (*one, *other)]
    return parts[1].isdisjoint(parts[2] | parts[3]) and parts[0].isdisjoint(parts[3])


@pytest.mark.parametrize("granularity", ["operations", "bytecode"])
@pytest.mark.parametrize("relation", [without_variables, without_reads, without_primitives])
def test_a_wrong_independence_relation_is_seen(
    relation: Any, granularity: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semalab.exploration.sleepsets.independent", relation)
    assert any(disagreements(number, program, granularity, monkeypatch) for number, program in programs(0))


COUNTER = (Statement("add", 0, 1),)
GUARDED = (Statement("with", 0, body=COUNTER),)
TICKET = (*GUARDED, Statement("append variable", 1, 0))
NUMBER, LIST = Variable("nonlocal"), Variable("list")


def results(granularity: str, variables: tuple[Variable, ...], *threads: tuple[Statement, ...]) -> set[Any]:
    things = (Thing("Semaphore", 1), Thing("Lock"), Thing("Condition"), Thing("Event"))
    return {one.result or one.waits or one.raised for one in outcomes(Program(things, variables, threads), granularity)}


def test_the_model_knows_what_is_known() -> None:
    """Said by hand, of CPython: else the model and the lab could be wrong in the same way."""
    assert results("operations", (NUMBER,), (), COUNTER, COUNTER) == {(2,)}
    assert results("lines", (NUMBER,), (), COUNTER, COUNTER) == {(2,)}
    assert results("bytecode", (NUMBER,), (), COUNTER, COUNTER) == {(1,), (2,)}
    assert results("bytecode", (NUMBER,), (), GUARDED, GUARDED) == {(2,)}
    assert results("operations", (NUMBER, LIST), (), TICKET, TICKET) == {(2, (1, 2)), (2, (2, 2))}
    crossed = [(Statement("acquire", one), Statement("acquire", 1 - one)) for one in (0, 1)]
    stuck = frozenset({("main", "Thread"), ("one", "Lock"), ("two", "Semaphore")})
    half = frozenset({("main", "Thread"), ("one", "Semaphore")})
    other = frozenset({("main", "Thread"), ("two", "Lock")})
    assert results("operations", (NUMBER,), (), *crossed) == {stuck, half, other}
    told_too_early = (Statement("with", 2, body=(Statement("notify", 2),)),)
    waits = (Statement("with", 2, body=(Statement("wait", 2), *COUNTER)),)
    asleep = frozenset({("main", "Thread"), ("one", "Condition")})
    assert results("operations", (NUMBER,), (), waits, told_too_early) == {(1,), asleep}
    cleared = (Statement("set", 3), Statement("clear", 3))
    lost = frozenset({("main", "Thread"), ("one", "Event")})
    assert results("operations", (NUMBER,), (), (Statement("wait", 3),), cleared) == {(0,), lost}
    assert results("operations", (NUMBER,), (Statement("release", 1),), COUNTER) == {frozenset({"RuntimeError"})}


def test_an_rlock_in_a_traceback_outlives_its_exploration() -> None:
    """The traceback keeps it, and nobody is left whose it could be."""
    broken = (Statement("release", 0), Statement("with", 0, body=COUNTER))
    found = lab.explore(function(Program((Thing("RLock"),), (NUMBER,), ((), COUNTER, broken))))
    assert found.verdict == "counterexample"
