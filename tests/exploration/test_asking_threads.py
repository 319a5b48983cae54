"""Who asks a thread again and again whether it lives writes nothing: a loop that does comes to where it was."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from programs import asking

import semalab as lab
from semalab.exploration.search import LIVELOCK

BOTH = pytest.mark.parametrize("granularity", ["operations", "bytecode"])


@BOTH
@pytest.mark.parametrize("program", asking.RIGHT)
def test_what_is_right_is_proved(program: Callable[[], None], granularity: str) -> None:
    assert lab.explore(program, granularity=granularity).verdict == "proved"


@BOTH
@pytest.mark.parametrize("program", asking.WRONG)
def test_what_is_wrong_is_broken(program: Callable[[], None], granularity: str) -> None:
    assert lab.explore(program, granularity=granularity).verdict == "counterexample"


@BOTH
def test_whoever_asks_one_that_waits_for_ever_asks_for_ever(granularity: str) -> None:
    found = lab.explore(asking.asks_one_that_waits_for_ever, granularity=granularity)
    assert found.problem == LIVELOCK


def test_the_one_who_asks_is_named() -> None:
    found = lab.explore(asking.asks_a_daemon)
    assert found.endless == (
        "every run can end; main can go on for ever only if a thread that could go on is passed over for ever"
    )
