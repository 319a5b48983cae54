"""A notebook as a page: nbconvert with a template of ours, pictures as files, panels with their dials."""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path
from typing import Any

from semalab.analysis.record import Record
from semalab.exploration import Exploration
from semalab.replay.page import embedded, with_code
from semalab.site.dial import Dial

TEMPLATES = Path(__file__).resolve().parent / "template"
_LINK = re.compile(r'(?<=href=")([^"#:]+)\.(ipynb|md)(?=["#])')
_STYLE = re.compile(r' style="[^"]*"')
_TAG = re.compile(r"<[^>]*>")
_CODE = re.compile(r'(<div class="highlight[^>]*><pre>)(.*?)(?=</pre>)', re.DOTALL)
_TABLE, _ROW, _CELL = (re.compile(f"<{tag}>(.*?)</{tag}>", re.DOTALL) for tag in ("table", "tr", "t[dh]"))
_ABREAST = 26  # characters of the longest words of all columns: more are wider than a phone
_PHONE = 36  # characters of code that fit on a line there
_DEEPEST = 24  # columns of indentation that lines are told apart by
_HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
_MARKDOWN = re.compile(r"[`*]|\[([^]]*)\]\([^)]*\)")


@dataclass
class Files:
    """What a page is made of, by its path inside the site."""

    made: dict[str, bytes] = field(default_factory=dict)

    def add(self, name: str, content: bytes | str) -> str:
        self.made[name] = content.encode("utf-8") if isinstance(content, str) else content
        return name


@dataclass(frozen=True)
class PagePlace:
    """A page among the others. root: the way to the site's folder; before, after: the lessons next to it, or "".

    lesson: it is one; own: it shows saved runs. panels, questions: per number of a cell what takes the place of its
    output, as HTML.
    """

    title: str
    summary: str
    root: str = ""
    before: str = ""
    after: str = ""
    lesson: bool = False
    own: bool = False
    panels: Mapping[int, str] = field(default_factory=dict)
    questions: Mapping[int, str] = field(default_factory=dict)


def nbformat() -> Any:
    """The package, without what it does not need here: its validator would read a grammar of addresses at first, which
    takes three seconds of CPU in each process, and no schema of a notebook asks for it.
    """
    grammar = "rfc3987_syntax"
    unread = grammar not in sys.modules
    if unread:
        sys.modules[grammar] = None  # type: ignore[assignment]  # jsonschema takes it for not installed
    try:
        import nbformat
    finally:
        if unread:
            del sys.modules[grammar]
    return nbformat


def cells_of(notebook: Any) -> dict[int, str]:
    """Sources of code cells by their numbers."""
    return {number: cell.source for number, cell in enumerate(notebook.cells) if cell.cell_type == "code"}


def stored_of(notebook: Any) -> dict[int, str]:
    """Per number of a cell with a stored picture, the words beside it."""
    found = {}
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                found[number] = "".join(output.data.get("text/plain", ""))
    return found


def title_of(text: str) -> str:
    found = _HEADING.search(text)
    return plain(found[1]) if found else ""


def summary_of(text: str) -> str:
    """The first paragraph after the title, as plain text."""
    paragraphs = [part.strip() for part in text.split("\n\n")]
    return plain(next((part for part in paragraphs if part and not part.startswith(("#", "<", "-", "|", "!"))), ""))


def plain(markdown: str) -> str:
    return _MARKDOWN.sub(lambda found: found[1] or "", markdown).replace("\n", " ")


def notebook_page(notebook: Any, name: str, place: PagePlace, files: Files) -> None:
    """Add the page of a notebook, and its stored pictures."""
    from nbconvert.exporters.html import HTMLExporter

    for number, cell in enumerate(notebook.cells):
        cell.metadata["number"] = number
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                output.metadata.update(_stored(output, f"img/{name}-{number}.png", files))
    exporter = HTMLExporter(extra_template_basedirs=[str(TEMPLATES)], template_name="semalab")
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    text, _ = exporter.from_notebook_node(notebook, {"place": place})
    files.add(f"{name}.html", _linked(text))


def text_page(text: str, name: str, place: PagePlace, files: Files) -> None:
    """Add the page of a text in Markdown."""
    v4 = nbformat().v4
    notebook_page(v4.new_notebook(cells=[v4.new_markdown_cell(text)]), name, place, files)


def _stored(output: Any, file: str, files: Files) -> dict[str, Any]:
    picture = base64.b64decode(output.data["image/png"])
    files.add(file, picture)
    wide, high = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))  # of the PNG's first chunk
    about = output.metadata.get("image/png", {})
    shown = about.get("width", wide)
    described = about.get("alt") or output.data.get("text/plain", "")
    return {"file": file, "width": shown, "height": round(high * shown / wide), "described": described}


def _linked(page: str) -> str:
    """Links to notebooks and texts lead to their pages; what a strict policy would refuse is taken out."""
    page = _CODE.sub(_in_lines, _LINK.sub(r"\1.html", page))
    page = _TABLE.sub(_scrolled, page)
    return re.sub(r"<(t[dh]|div|span)([^>]*)>", lambda tag: f"<{tag[1]}{_STYLE.sub('', tag[2])}>", page)


def _in_lines(block: re.Match[str]) -> str:
    """Code in lines of its own, by their indentation: where one is folded, its rest must not look like another line."""
    lines = []
    for line in block[2].rstrip("\n").split("\n"):
        text = unescape(_TAG.sub("", line))
        first = len(text) - len(text.lstrip()) + len((text.split() or [""])[0])
        tight = " tight" if first > _PHONE else ""  # it would begin a line of its own, below nothing but spaces
        depth = min(_DEEPEST, len(text) - len(text.lstrip())) // 4 * 4
        lines.append(f'<span class="line in{depth}{tight}">{line}\n</span>')
    return block[1] + "".join(lines)


def _scrolled(table: re.Match[str]) -> str:
    """A table that a phone has no room for scrolls, and keys must reach it."""
    rows = [[unescape(_TAG.sub("", cell)) for cell in _CELL.findall(row)] for row in _ROW.findall(table[1])]
    longest = [
        max(len(word) for cell in column for word in cell.split() or [""]) for column in zip(*rows, strict=False)
    ]
    return f'<table tabindex="0">{table[1]}</table>' if sum(longest) > _ABREAST else table[0]


def panel(name: str, dial: Dial, seeds: int, explored: Sequence[str]) -> str:
    """A panel as HTML: its plan, for the script that makes its dials."""
    plan = {
        "id": name,
        "controls": [
            {
                "name": control.name,
                "label": control.name.replace("_", " "),
                "kind": control.kind,
                "stops": control.stops,
                "place": control.place,
            }
            for control in dial.controls
        ],
        "positions": len(dial.positions),
        "leftOut": dial.left_out,
        "seed": dial.seed,
        "seeds": seeds,
    }
    if explored:
        plan["explored"] = explored
    return _group(name, "panel", f"Dials for {dial.program.__name__}", plan)


def shown(name: str, run: Record, replay: str) -> str:
    """A run that a cell shows as HTML: a panel without dials. replay: the file with its replay, whose steps are then
    open here, too; or "".
    """
    plan = {"id": name, "controls": [], "positions": 1, "leftOut": 0, "seed": 0, "seeds": 1, "replay": replay}
    return _group(name, "panel shown", f"Run of {run.name}", plan)


def explored(found: Exploration, panel: str, lanes: str) -> str:
    """What every schedule shows as HTML: the sentence, the counterexample (as `shown`), its steps as text, and the
    file with the picture of all schedules, or "".
    """
    said = f"The schedules side by side: {escape(found.tally)}"
    picture = f'<p><a href="{lanes}"><img src="{lanes}" loading="lazy" alt="{said}"></a></p>' if lanes else ""
    sentence, steps = with_code(found.sentence), with_code("\n".join(found.steps))
    return (
        f'<div class="found"><p class="text" data-standing="{found.standing}"><b>{sentence}.</b></p>{panel}'
        f'<div class="answer"><pre>{steps}</pre></div>{picture}</div>'
    )


def _group(name: str, kind: str, label: str, plan: Mapping[str, Any]) -> str:
    return (
        f'<div class="{kind}" id="{name}" role="group" aria-label="{escape(label)}">'
        f'<script type="application/json">{embedded(plan)}</script><div class="turned"></div></div>'
    )
