"""Every form of access is known, or taken for anything: both values of a race are met, or nothing is proved."""

from __future__ import annotations

import sys
from types import FunctionType

import pytest
from programs import forms_of_access, forms_of_change

import semalab as lab

sys.modules["forms_of_access"] = forms_of_access  # some forms import their own module, by a name without a dot
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
