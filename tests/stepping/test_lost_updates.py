"""An update is lost in whatever form it is made: between bytecodes that is found, or nothing is proved."""

from __future__ import annotations

import pytest
from programs.lost_updates import FORMS, Form, met


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.kept}: {form.read} | {form.write}")
def test_an_update_may_be_lost_or_nothing_is_proved(form: Form) -> None:
    found, seen = met(form)
    assert len(seen) > 1 or found.verdict != "proved", (seen, found.schedules)
    assert 2 in seen, found  # the form does what it is to do
