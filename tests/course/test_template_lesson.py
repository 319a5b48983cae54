"""The template for new lessons is itself a right lesson: copied under a lesson's name, it keeps every rule and runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import rerun_notebooks
from support.notebook_rules import RULES, Rule
from support.stored_notebook import read

START = "00_start_here.ipynb"


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The template as 01_x.ipynb, behind the lesson that it links to."""
    (tmp_path / START).write_bytes((rerun_notebooks.NOTEBOOKS / START).read_bytes())
    monkeypatch.setattr(rerun_notebooks, "NOTEBOOKS", tmp_path)
    return Path(shutil.copy(rerun_notebooks.TEMPLATE, tmp_path / "01_x.ipynb"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_template_keeps_rule(rule: Rule, copied: Path) -> None:
    assert list(rule(read(copied), copied)) == []


def test_a_copy_runs_and_is_what_is_stored(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rerun_notebooks.main(["--check", "01_x"]) == 0
    assert capsys.readouterr().out == "01_x: as stored\n"


def test_the_template_is_re_run_by_its_name() -> None:
    assert rerun_notebooks.chosen(["template_lesson"], rerun_notebooks.NOTEBOOKS) == [rerun_notebooks.TEMPLATE]
