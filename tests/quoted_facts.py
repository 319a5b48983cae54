"""What the pages quote of the lab and of this folder, written anew: `python tests/quoted_facts.py [--check]`.

The lab's answers in `for_teachers/lesson_by_lesson.md` come from the runs named beside them; the numbers of lessons and
exercises, the version and the project's public place, wherever they stand, from what is there. With --check nothing is
written, and a page that says something else ends the command with 1.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from support.lesson_names import names_of, panel_of, run
from support.notebook_outline import SECONDS_A_CODE_LINE, WORDS_A_MINUTE, headings, reading
from support.public_place import cited, placed, public_place
from support.stored_notebook import read

from semalab.exercises import done

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
LESSON_BY_LESSON = NOTEBOOKS / "for_teachers" / "lesson_by_lesson.md"
MINUTES_AN_EXERCISE = 4

SECTION = re.compile(r"^## (\d\d) [^\n]*\n", re.MULTILINE)
TURNS = "| turn | the sentence | the run lasts |\n|---|---|---|\n"
TABLE = re.compile(re.escape(TURNS) + r"((?:\|[^\n]*\n)+)")
DIAL = re.compile(r"`(\w+)` (\w+)")
SHOWN = re.compile(r"^```python\n(.*?)^```\n> [^\n]*$", re.MULTILINE | re.DOTALL)
SEARCHED = re.compile(r" \(found in [^)]*\)")  # how the search went is no fact of the program


def lessons() -> list[Path]:
    return sorted(NOTEBOOKS.glob("*.ipynb"))


def title(path: Path) -> str:
    return headings(read(path))[0].words


def exercises_of(path: Path) -> list[str]:
    """The exercises that a lesson asks for, by name."""
    asked = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "code")
    return re.findall(r'^lab\.check\("([\w-]+)"', asked, re.MULTILINE)


def minutes(path: Path) -> int:
    """To read the lesson, exercises apart; begun minutes count."""
    prose, lines = reading(read(path))
    return math.ceil(prose / WORDS_A_MINUTE + lines * SECONDS_A_CODE_LINE / 60)


def at_a_glance(path: Path) -> str:
    """The line below a lesson's heading: where it is, and the minutes it takes."""
    exercises = len(exercises_of(path))
    to_read = minutes(path)
    in_class = 5 * math.ceil((2 * to_read + MINUTES_AN_EXERCISE * exercises) / 5)
    asked = f"{exercises} exercises" if exercises else "no exercises"
    return f"[{path.stem}](../{path.name}) · {to_read} minutes to read · {asked} · about {in_class} minutes in class"


def told(shown: Any) -> str:
    """What the lab says of a run or an exploration, in a line; anything else as Python writes it."""
    sentence = getattr(shown, "sentence", None) or getattr(shown, "verdict", None)
    return SEARCHED.sub("", " ".join(sentence.split())) if sentence else str(shown)


def answered(section: str, path: Path) -> str:
    """A lesson's section, with what the lab answers in it."""
    names = names_of(path)

    def show(fence: re.Match[str]) -> str:
        shown = run(fence[1], f"<{path.stem}, for teachers {fence.start()}>", names)
        return f"```python\n{fence[1]}```\n> {told(shown)}"

    def turn(table: re.Match[str]) -> str:
        panel = panel_of(path, names)
        begun = dict(panel.values)
        rows = []
        for row in table[1].splitlines():
            dials = row.split("|")[1].strip()
            for name, value in {**begun, **dict(DIAL.findall(dials))}.items():
                panel.controls[name].value = type(begun[name])(value)
            rows.append(f"| {dials} | {told(panel.run)} | {panel.run.duration * 1000:,.0f} ms |\n")
        return TURNS + "".join(rows)

    return TABLE.sub(turn, SHOWN.sub(show, section))


def lesson_by_lesson(text: str) -> str:
    """The teachers' page as it must read: each lesson's title, its minutes, and the lab's answers."""
    found = list(SECTION.finditer(text))
    there = {path.name[:2]: path for path in lessons()}
    if [match[1] for match in found] != [*there]:
        raise LookupError(f"the page must have a section for each of {', '.join(there)}, in order")
    parts = [text[: found[0].start()]]
    ends = [match.start() for match in found[1:]] + [text.index("\n## ", found[-1].end()) + 1]
    for match, end in zip(found, ends, strict=True):
        path = there[match[1]]
        body = text[match.end() : end].lstrip("\n")
        if body.startswith(f"[{path.stem}]"):
            body = body.partition("\n")[2].lstrip("\n")
        parts.append(f"## {match[1]} {title(path)}\n\n{at_a_glance(path)}\n\n{answered(body, path)}")
    return "".join([*parts, text[ends[-1] :]])


def version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def counted(text: str) -> str:
    """A page that says how much there is of the course, with the numbers that are true now."""
    text = re.sub(r"\b\d+ lessons\b", f"{len(lessons())} lessons", text)
    text = re.sub(r"\b\d+ exercises\b", f"{len(done.names())} exercises", text)
    text = re.sub(r"^version: .*$", f"version: {version()}", text, flags=re.MULTILINE)
    return placed(text, public_place())


PAGES: dict[Path, Callable[[str], str]] = {
    LESSON_BY_LESSON: lesson_by_lesson,
    ROOT / "README.md": counted,
    ROOT / "CITATION.cff": lambda text: cited(counted(text), public_place()),
    NOTEBOOKS / "for_teachers" / "running_a_class.md": counted,
    ROOT / ".github" / "paper" / "paper.md": counted,
}


def outdated(path: Path) -> str | None:
    """The page at `path` as it must read, or None where it does."""
    stored = path.read_text(encoding="utf-8")
    must = PAGES[path](stored)
    return must if must != stored else None


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write anew what pages quote of the lab and of this folder.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail where a page says something else")
    options = parser.parse_args(arguments)
    changed = False
    for path in PAGES:
        must = outdated(path)
        said = "as it is" if must is None else "differs" if options.check else "written anew"
        print(f"{path.relative_to(ROOT)}: {said}")
        if must is not None and not options.check:
            path.write_text(must, encoding="utf-8", newline="\n")
        changed |= must is not None
    return int(changed and options.check)


if __name__ == "__main__":
    sys.exit(main())
