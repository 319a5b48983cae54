"""The project's pages of prose: their links and anchors lead somewhere, and every image has its words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.notebook_outline import anchors, headings
from support.notebook_text import FENCE, LINK
from support.stored_notebook import read

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = (".", ".github", "notebooks", "notebooks/for_teachers", "semalab")
CODE = re.compile(r"`[^`\n]*`")
MODULES_NAMED = sorted(set(re.findall(r"`([a-z_/0-9]+\.py)`", (ROOT / "semalab" / "README.md").read_text("utf-8"))))


def pages() -> list[Path]:
    """Every page of this folder, as paths in it. Those in environments and caches are other people's."""
    return [path.relative_to(ROOT) for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.md"))]


def anchors_at(path: Path) -> set[str]:
    """The same for a file: in a notebook, as JupyterLab writes it."""
    if path.suffix == ".ipynb":
        return {heading.anchor for heading in headings(read(path))}
    return anchors(path.read_text(encoding="utf-8"))


def broken(text: str, path: Path) -> list[str]:
    """What is wrong with the links of a page at `path` with this text. Those to the net are not tried."""
    wrong = []
    for bang, alt, target in LINK.findall(CODE.sub("", FENCE.sub("", text))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        if not there.exists():
            wrong.append(f"the link to {target} must lead to a file")
        elif anchor and anchor not in (anchors_at(there) if file else anchors(text)):
            wrong.append(f"the link to {target} must lead to a heading")
        if bang and not alt.strip():
            wrong.append(f"the image {target} must have alt text")
    return wrong


@pytest.mark.parametrize("page", pages(), ids=str)
def test_links_of_the_page_lead_somewhere(page: Path) -> None:
    assert broken((ROOT / page).read_text(encoding="utf-8"), ROOT / page) == []


@pytest.mark.parametrize("named", MODULES_NAMED)
def test_a_file_that_how_it_works_names_is_there(named: str) -> None:
    cpython, folders = ("threading.py", "queue.py"), (".", "semalab", "tests", "tests/*")
    assert named in cpython or any(path.is_file() for folder in folders for path in ROOT.glob(f"{folder}/{named}"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[a](README.md), [b](https://nowhere.example), [c](#one-way-out)\n\n## One `way` out", []),
        ("[a](README.rst)", ["the link to README.rst must lead to a file"]),
        ("[a](README.md#no)", ["the link to README.md#no must lead to a heading"]),
        ("[a](#no)\n\n```\n## no\n```", ["the link to #no must lead to a heading"]),
        ("[a](notebooks/02_mutex.ipynb#The-rule)", []),
        (
            "[a](notebooks/02_mutex.ipynb#the-rule)",
            ["the link to notebooks/02_mutex.ipynb#the-rule must lead to a heading"],
        ),
        ("![](notebooks/images/timeline.png)", ["the image notebooks/images/timeline.png must have alt text"]),
        ("code is no link: `[a](b.md)`\n```\n[a](b.md)\n```", []),
        ("but may stand in one: [`a`](b.md)", ["the link to b.md must lead to a file"]),
    ],
)
def test_a_broken_link_is_told(text: str, told: list[str]) -> None:
    assert broken(text, ROOT / "README.md") == told
