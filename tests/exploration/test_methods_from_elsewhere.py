"""Python calls special methods without naming them: one that is no function of the program is seen before it runs."""

from __future__ import annotations

from typing import Any

import pytest
from programs import methods_from_elsewhere as elsewhere

import semalab as lab
from semalab.exploration.stage import unwatched_method


@pytest.mark.parametrize("granularity", ["operations", "lines", "bytecode"])
@pytest.mark.parametrize("program", elsewhere.FROM_ELSEWHERE, ids=lambda program: program.__name__)
def test_a_special_method_from_elsewhere_is_named_and_nothing_is_proved(program: Any, granularity: str) -> None:
    found = lab.explore(program, granularity=granularity)
    assert (found.verdict, found.schedules) == ("cannot say", 0)
    assert f"a class of it has its `{elsewhere.FROM_ELSEWHERE[program]}` from elsewhere" in str(found.undecided)


@pytest.mark.parametrize("granularity", ["operations", "bytecode"])
def test_what_is_known_to_be_the_programs_own_passes(granularity: str) -> None:
    found = lab.explore(elsewhere.decorated, granularity=granularity, budget=300)
    assert "from elsewhere" not in str(found.undecided)
    assert unwatched_method(elsewhere.decorated, {}) is None


def test_methods_of_the_program_are_explored() -> None:
    assert lab.explore(elsewhere.plain, granularity="operations").verdict == "proved"
    assert lab.explore(elsewhere.plain, granularity="bytecode", budget=300).verdict == "counterexample"
