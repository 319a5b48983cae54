"""Every form of access is known, or taken for anything: both values of a race are met, or nothing is proved."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

import semalab as lab


def alone(name: str) -> ModuleType:
    """A module of programs, under a name without a dot, by which some of them import their own module.

    In a package every word of a program could be the name of a module beside its own: whatever another test has
    imported there, a program that runs what a string says could use, and would not be explored for that.
    """
    spec = spec_from_file_location(name, Path(__file__).parents[1] / "programs" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    sys.modules[name] = module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
