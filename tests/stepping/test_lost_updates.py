"""Every entry of the tables of effects has a program that an explorer who has it wrong would prove."""

from __future__ import annotations

from typing import Any

import pytest
from programs.lost_updates import FORMS, Form, program_of

from semalab.exploration.exploration import Exploration
from semalab.exploration.explore import search


def met(form: Form) -> tuple[Exploration, set[Any]]:
    """What is found between bytecodes, and the results that were met until both were."""
    seen: set[Any] = set()

    def check(run: Any) -> None:
        seen.add(run.result)

    program = program_of(form)
    return search(program, {}, check, "bytecode", "clock", 300, 20.0, lambda schedules: not {1, 2} <= seen), seen


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.kept}: {form.read} | {form.write}")
def test_an_update_may_be_lost_or_nothing_is_proved(form: Form) -> None:
    found, seen = met(form)
    assert {1, 2} <= seen or found.verdict != "proved", (seen, found.schedules)
    assert 2 in seen, found  # the form does what it is to do
