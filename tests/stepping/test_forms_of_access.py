"""Every form of access is known, or taken for anything: both values of a race are met, or nothing is proved."""

from __future__ import annotations

from types import FunctionType

import pytest
from support.alone import alone

import semalab as lab

forms_of_access, forms_of_change = alone("forms_of_access"), alone("forms_of_change")
FORMS = (*forms_of_access.FORMS, *forms_of_change.FORMS)


@pytest.mark.parametrize("granularity", ["operations", "lines", "bytecode"])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_both_values_are_met_or_nothing_is_proved(form: FunctionType, granularity: str) -> None:
    seen = set()
    found = lab.explore(form, granularity=granularity, check=lambda run: seen.add(run.result), budget=100)
    assert seen == {False, True} or found.verdict != "proved", (seen, found.verdict, found.schedules)
    assert found.verdict != "counterexample", found.sentence


def test_there_are_enough() -> None:
    assert len(FORMS) >= 170
