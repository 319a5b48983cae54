"""The reference model says what `threading` is known to do, and more may happen in any time than in exact time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from programs.classic import CLASSICS
from programs.small import Op, Program, Task, Thing, programs
from support.reference_model import ANY, EXACT, Outcome, TooLarge, outcomes

BROKEN = "BrokenBarrierError"

KNOWN: list[tuple[str, str, set[Any]]] = [  # what the workers get, one after the other, and True for a deadlock
    ("the releaser takes the permit back", ANY, {((True,), (None, False), False), ((), (None, True), True)}),
    ("notified too early", ANY, {((True,), (None,), False), ((), (None,), True)}),
    ("a permit for one of two", ANY, {((t,), (f,), False) for t, f in [(True, False), (False, True), (False, False)]}),
    ("a permit for one of two", EXACT, {((True,), (False,), False), ((False,), (True,), False)}),
    ("one release too many", ANY, {((True, None), ("ValueError",), False), ((True, "ValueError"), (None,), False)}),
    (
        "a notice for one whose time is up",
        EXACT,  # the one whose time is up comes first to be notified: its notice is lost, or not needed
        {((False,), (False,), False), ((False,), (True,), False)},
    ),
    (
        "a barrier broken by impatience",
        ANY,
        {((BROKEN,), (None, BROKEN, None), False), ((0,), (None, 1, None), False), ((1,), (None, 0, None), False)},
    ),
    ("a barrier broken by impatience", EXACT, {((BROKEN,), (None, BROKEN, None), False)}),
    (
        "joined before its start",
        ANY,
        {(got, (None,), False) for got in [("RuntimeError", False), ("RuntimeError", True), (None, False)]},
    ),
]


@pytest.mark.parametrize(("name", "time", "known"), KNOWN, ids=[f"{name}, {time} time" for name, time, _ in KNOWN])
def test_the_model_knows_what_is_known(name: str, time: str, known: set[Any]) -> None:
    found = outcomes(CLASSICS[name], time)
    assert {(*outcome.results[1:], outcome.waits is not None) for outcome in found} == known


def test_a_thread_may_inherit_an_rlock_with_the_identifier_of_one_that_has_ended() -> None:
    main = (Op("start", 1), Op("join", 1), Op("start", 2))
    program = Program((Thing("RLock"),), (Task(main), Task((Op("acquire"),)), Task((Op("try"),))))
    got = {time: {outcome.results[2] for outcome in outcomes(program, time)} for time in (ANY, EXACT)}
    assert got == {ANY: {(True,), (False,)}, EXACT: {(False,)}}


def test_a_deadlock_tells_who_waits_for_what() -> None:
    stuck = {outcome.waits for outcome in outcomes(CLASSICS["crossed locks"], ANY)} - {None}
    assert frozenset({(0, "thread", 1), (1, "thing", 1), (2, "thing", 0)}) in stuck


def test_a_search_has_its_limit() -> None:
    with pytest.raises(TooLarge, match="more than 10 states"):
        outcomes(CLASSICS["crossed locks"], ANY, 10)


@settings(max_examples=60, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(programs())
def test_exact_time_allows_nothing_that_any_time_does_not(program: Program) -> None:
    exact, any_time = (_outcomes(program, time) for time in (EXACT, ANY))
    assert exact <= any_time
    assert exact


def _outcomes(program: Program, time: str) -> frozenset[Outcome]:
    try:
        return outcomes(program, time)
    except TooLarge:
        reject()
