"""Every stored notebook keeps every rule of notebook_rules.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.notebook_rules import RULES, Rule
from support.stored_notebook import README_LESSON, README_PICTURE, read, readme_picture

ROOT = Path(__file__).resolve().parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_keeps_rule(path: Path, rule: Rule) -> None:
    complaints = list(rule(read(path), path))
    assert not complaints, "\n".join([path.name, *complaints])


def test_there_are_notebooks_and_they_are_numbered_without_a_gap() -> None:
    assert NOTEBOOKS, "notebooks/ must hold notebooks, found none"
    assert NOTEBOOKS[0].name == "00_start_here.ipynb"
    assert [path.name[:2] for path in NOTEBOOKS] == [f"{n:02d}" for n in range(len(NOTEBOOKS))]


def test_readme_names_exactly_the_notebooks() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\(notebooks/(\w+\.ipynb)\)", readme))
    assert linked == {path.name for path in NOTEBOOKS}


def test_readme_shows_pictures_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[([^\]]+)\]\((?!https:)([^)]+)\)", readme)
    assert pictures, "the README must show a timeline"
    assert [target for _, target in pictures if not (ROOT / target).is_file()] == []


def test_readme_shows_a_run_of_the_lesson() -> None:
    lesson = read(ROOT / "notebooks" / f"{README_LESSON}.ipynb")
    assert (ROOT / "notebooks" / README_PICTURE).read_bytes() == readme_picture(lesson)


def test_no_notebook_hides_in_a_subfolder() -> None:
    hidden = [
        p for p in (ROOT / "notebooks").rglob("*.ipynb") if p not in NOTEBOOKS and ".ipynb_checkpoints" not in p.parts
    ]
    assert hidden == []
