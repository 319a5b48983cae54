"""The glossary: each word in one sentence, with a picture that is there, and its lesson; the lessons lead to it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from support.notebook_outline import HEADING, MARKUP, anchors, headings
from support.notebook_text import LINK
from support.stored_notebook import read

NOTEBOOKS = Path(__file__).resolve().parent.parent.parent / "notebooks"
GLOSSARY = (NOTEBOOKS / "glossary.md").read_text(encoding="utf-8")
LESSONS = sorted(NOTEBOOKS.glob("*.ipynb"))
ENTRY = re.compile(
    r"^## (?P<word>.+)\n\n(?P<sentence>.+)\n\n\[(?P<see>.+)\]\((?P<file>\w+\.ipynb)#(?P<anchor>[^)]+)\)\. "
    r"Lesson: \[(?P<title>.+)\]\((?P<lesson>\w+\.ipynb)\)\.$",
    re.MULTILINE,
)


class Entry(NamedTuple):
    word: str
    sentence: str
    see: str
    file: str
    anchor: str
    title: str
    lesson: str


ENTRIES = [Entry(*match.groups()) for match in ENTRY.finditer(GLOSSARY)]


def pictures(path: Path, anchor: str) -> int:
    """How many pictures stand under this heading of a notebook, stored below a cell or in the text."""
    found, here = 0, False
    for cell in read(path).cells:
        if cell.cell_type == "markdown" and (heading := HEADING.match(cell.source)):
            here = MARKUP.sub("", heading[2]).replace(" ", "-") == anchor
        if here and cell.cell_type == "code":
            found += sum("image/png" in output.get("data", ()) for output in cell.outputs)
        elif here:
            found += sum(bool(bang) for bang, _, _ in LINK.findall(cell.source))
    return found


def test_every_word_has_its_entry_in_the_order_of_the_alphabet() -> None:
    words = re.findall(r"^## (.+)$", GLOSSARY, re.MULTILINE)
    assert [entry.word for entry in ENTRIES] == words == sorted(words)
    assert words == [word.lower() for word in words], "an anchor is written the same in JupyterLab and on GitHub"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.word)
def test_an_entry_is_one_sentence_with_a_picture_and_a_lesson(entry: Entry) -> None:
    assert entry.sentence.endswith(".")
    assert ". " not in entry.sentence
    assert pictures(NOTEBOOKS / entry.file, entry.anchor), f"there must be a picture under {entry.file}#{entry.anchor}"
    assert entry.title == headings(read(NOTEBOOKS / entry.lesson))[0].words


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_leads_to_the_glossary_and_to_words_that_are_in_it(path: Path) -> None:
    links = [target for cell in read(path).cells for _, _, target in LINK.findall(cell.source)]
    assert "glossary.md" in links, "the last cell must lead to the [Glossary](glossary.md)"
    assert "cheat_sheet.md" in links, "the last cell must lead to the [Cheat sheet](cheat_sheet.md)"
    assert [link for link in links if link.startswith("glossary.md#") and link[12:] not in anchors(GLOSSARY)] == []
