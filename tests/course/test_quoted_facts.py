"""What the pages say of the lab and of this folder is so; `python tests/quoted_facts.py` writes it anew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import quoted_facts
from quoted_facts import LESSON_BY_LESSON, PAGES, ROOT, SECTION, counted, exercises_of, lesson_by_lesson, lessons

from semalab.exercises import done

PARTS = ["**Ask:**", "**Where learners go wrong:**", "**Show then:**", "**Turn:**"]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_page_says_what_is_so(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == PAGES[page](page.read_text(encoding="utf-8")), (
        "run `python tests/quoted_facts.py`, and read what it changed"
    )


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    """The teachers' page, lesson by lesson: its text by the lesson's number."""
    pieces = SECTION.split(LESSON_BY_LESSON.read_text(encoding="utf-8"))
    return dict(zip(pieces[1::2], [piece.partition("\n## ")[0] for piece in pieces[2::2]], strict=True))


@pytest.mark.parametrize("number", [path.name[:2] for path in lessons()])
def test_a_lesson_has_its_four_parts_for_the_teacher(sections: dict[str, str], number: str) -> None:
    said = sections[number]
    assert [part for part in re.findall(r"^\*\*[^*]+:\*\*", said, re.MULTILINE) if part in PARTS] == PARTS
    assert "```python\n" in said, "something must be shown"
    wrong = said.partition(PARTS[1])[2].partition(PARTS[2])[0]
    assert "](#" in wrong or "o study" in wrong, "what learners get wrong must have a source, or say that it has none"


def test_every_exercise_is_asked_for_in_one_lesson() -> None:
    asked = [name for path in lessons() for name in exercises_of(path)]
    assert sorted(asked) == [*done.names()]


TINY = """\
# For teachers

## 00 Another title

[00_start_here](x) · 99 minutes

**Turn:**

| turn | the sentence | the run lasts |
|---|---|---|
| `permits` 0 | All is well | 7 ms |

```python
1 + 1
```
> 3

## Sources
"""


def test_what_is_not_so_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quoted_facts, "lessons", lambda: lessons()[:1])
    written = lesson_by_lesson(TINY)
    assert "## 00 Meet the semaphore\n\n[00_start_here](../00_start_here.ipynb) · " in written
    assert "| `permits` 0 | Deadlock: 2 threads wait for `bicycle`" in written
    assert "main waits for Ada to end | 0 ms |" in written
    assert "```\n> 2\n" in written
    assert written.endswith("\n\n## Sources\n")
    assert lesson_by_lesson(written) == written


def test_a_dial_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quoted_facts, "lessons", lambda: lessons()[:1])
    with pytest.raises(KeyError, match="bicycles"):
        lesson_by_lesson(TINY.replace("`permits`", "`bicycles`"))


def test_a_lesson_without_a_section_is_told() -> None:
    with pytest.raises(LookupError, match="the page must have a section for each of 00, 01, "):
        lesson_by_lesson(TINY)


def test_lessons_and_exercises_are_counted() -> None:
    text = "99 lessons, 7 exercises, chapter 3 of 1 lesson"
    assert counted(text) == f"{len(lessons())} lessons, {len(done.names())} exercises, chapter 3 of 1 lesson"
