"""What others cite, report and build on is there and agrees with itself: version, licences, paper, ways to get help."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.public_place import cited, placed, public_place

import semalab

ROOT = Path(__file__).resolve().parent.parent.parent
GITHUB = ROOT / ".github"
PAPER = (GITHUB / "paper" / "paper.md").read_text(encoding="utf-8")
CC_BY_4_0 = "9ba9550ad48438d0836ddab3da480b3b69ffa0aac7b7878b5a0039e7ab429411"  # legalcode.txt of Creative Commons
JOSE = ("Summary", "Statement of need", "Learning objectives", "Content and instructional design", "Use in teaching")


def citation() -> dict[str, Any]:
    said: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    return said


def project() -> dict[str, Any]:
    said: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return said


def test_the_version_is_the_same_everywhere() -> None:
    newest = re.search(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert {project()["version"], semalab.__version__, citation()["version"], newest[1]} == {project()["version"]}


def test_the_citation_has_what_the_format_asks_for_and_names_the_same_authors() -> None:
    assert citation()["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(citation())
    assert citation()["authors"] == project()["authors"]
    assert citation()["license"] == project()["license"]


def test_the_code_is_bsd_and_the_text_is_cc_by() -> None:
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("BSD 3-Clause License\n")
    text = (ROOT / "LICENSE-CC-BY-4.0").read_bytes().replace(b"\r\n", b"\n")
    assert hashlib.sha256(text).hexdigest() == CC_BY_4_0
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "(LICENSE)" in readme
    assert "(LICENSE-CC-BY-4.0)" in readme


def test_the_paper_has_the_journals_sections_and_length() -> None:
    _, header, text = PAPER.split("---\n", 2)
    about = yaml.safe_load(header)
    assert {"title", "tags", "authors", "affiliations", "date", "bibliography"} <= set(about)
    sections = re.findall(r"^# (.+)$", text, re.MULTILINE)
    assert [section for section in sections if section in JOSE] == [*JOSE]
    assert sections[-1] == "References"
    assert 250 <= len(text.split()) <= 1000


def test_the_paper_cites_its_whole_bibliography_and_nothing_else() -> None:
    bibliography = (GITHUB / "paper" / "paper.bib").read_text(encoding="utf-8")
    entries = re.findall(r"^@\w+\{(\w+),$", bibliography, re.MULTILINE)
    cited = set(re.findall(r"@(\w+)", PAPER.split("---\n", 2)[2]))
    assert sorted(cited) == sorted(entries)


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SUPPORT.md", "CODE_OF_CONDUCT.md"])
def test_how_to_take_part_is_told_and_found(page: str) -> None:
    assert (GITHUB / page).is_file()
    assert f"(.github/{page})" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.md")), ids=lambda path: path.stem)
def test_a_form_for_reports_says_what_it_is_for(form: Path) -> None:
    about = yaml.safe_load(form.read_text(encoding="utf-8").split("---\n", 2)[1])
    assert {"name", "about"} <= set(about)


PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "notebooks").rglob("*.md")),
    *sorted(GITHUB.glob("*.md")),
    ROOT / "CITATION.cff",
]
# Links; an address to be filled in is a line of code.
LAUNCHED = re.compile(r"\]\(https://(?:mybinder\.org/v2/gh/([\w.-]+/[\w.-]+)|([\w-]+)\.github\.io/([\w.-]+))")


def launched(texts: Iterable[str]) -> set[str]:
    """The places on GitHub to which the pages' links lead, to open the course there."""
    found = (match for text in texts for match in LAUNCHED.finditer(text))
    return {match[1] or f"{match[2]}/{match[3]}" for match in found}


def test_no_page_leads_to_a_public_place_that_is_not_there() -> None:
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    assert launched(texts) == ({public_place()} if public_place() else set())


def test_once_there_is_one_every_page_that_needs_it_names_it() -> None:
    texts = {page: page.read_text(encoding="utf-8") for page in PAGES}
    there = {page: cited(placed(text, "ada/bench"), "ada/bench") for page, text in texts.items()}
    readme, teachers = there[ROOT / "README.md"], there[ROOT / "notebooks" / "for_teachers" / "running_a_class.md"]
    assert launched(there.values()) == {"ada/bench"}
    assert "](https://mybinder.org/v2/gh/ada/bench/HEAD?urlpath=lab/tree/notebooks/00_start_here.ipynb)" in readme
    assert "](https://ada.github.io/bench/)" in readme
    assert "github.com%2Fada%2Fbench&branch=main&urlpath=lab%2Ftree%2Fbench%2F" in teachers
    assert "git+https://github.com/ada/bench\n" in teachers
    assert "OWNER" not in readme + teachers
    assert yaml.safe_load(there[ROOT / "CITATION.cff"])["repository-code"] == "https://github.com/ada/bench"
    assert {page: cited(placed(text, public_place()), public_place()) for page, text in there.items()} == texts
