"""Builds the site: every lesson in a process of its own, then what all pages share.

That is the index, styles, scripts, and the letters of the pictures as a font with no others: DejaVu Sans, which
matplotlib brings along and draws with.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import posixpath
import re
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import matplotlib

from semalab.draw.encoding import PAINTERS, inks
from semalab.exploration import Exploration, explore
from semalab.exploration.descriptions import as_lanes
from semalab.replay.facts import SIZES, facts_of, pointed_of, position_of, steps_of
from semalab.replay.page import as_html
from semalab.report import lanes_picture
from semalab.run import Run
from semalab.site.dial import Dial
from semalab.site.lesson import Shown, made, questions_of
from semalab.site.pages import (
    Files,
    PagePlace,
    cells_of,
    explored,
    nbformat,
    notebook_page,
    panel,
    shown,
    stored_of,
    summary_of,
    text_page,
    title_of,
)


def subset(characters: str, bold: bool) -> bytes:
    """The font as WOFF with these characters alone; the same bytes for the same characters."""
    from fontTools import subset as tool
    from fontTools.ttLib import TTFont

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    font = TTFont(f"{matplotlib.get_data_path()}/fonts/ttf/{name}", recalcTimestamp=False)
    named = [0, 1, 2, 13]  # its name, and its licence
    options = tool.Options(layout_features=[], hinting=False, name_IDs=named, drop_tables=["FFTM", "GPOS", "GSUB"])
    worker = tool.Subsetter(options)
    worker.populate(text=characters)
    worker.subset(font)
    font.flavor = "woff"
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()


SEEDS = 5  # runs of each position
_ALONE = 400  # runs of a panel that one process works out; of more it leaves the seeds after the first to others
_ASSETS = Path(__file__).resolve().parent / "assets"
_MARK = ".semalab-site"  # a folder that has it was made by this, and may be replaced
_ALWAYS = "".join(map(chr, range(32, 127))) + "·…‘’“”–—→←≠×✗✓?µ"

_OWN = (  # without an empty line: to Markdown it is one block of HTML
    "<h1>A saved run of your own</h1>\n"
    '<p>In Python, <code>run.save("run.json")</code> saves a run. Drop that file on this page, or choose it: '
    "here are its timeline and its steps. The file stays on your computer.</p>\n"
    '<div id="own"><p><label>A saved run (.json) <input type="file" accept=".json,application/json"></label></p>'
    '<p role="status"></p></div>\n'
    "<noscript><p>For this the page needs JavaScript.</p></noscript>"
)
_ID = re.compile(r' id="([^"]*)"')
_TO_HEADING = re.compile(r'href="([^"#:]*)#([^"]+)"')

Told = Callable[[int, int, str], None]  # how many of how many are done, and what was done last


@dataclass(frozen=True)
class Part:
    """What a process has made of a lesson. runs: of its panels. characters: that its pictures have.

    left: seeds that other processes are to work out, a group for each of them.
    """

    name: str
    files: dict[str, bytes]
    runs: int
    characters: frozenset[str]
    left: tuple[range, ...] = ()
    title: str = ""
    summary: str = ""


@dataclass(frozen=True)
class Lesson:
    """A notebook's page. positions: of its panels, with all their seeds. characters: that its pictures have."""

    name: str
    title: str
    summary: str
    files: dict[str, bytes]
    positions: int
    characters: frozenset[str]


def build(
    notebooks: Path, target: Path, told: Told = lambda done, all, what: None, repository: str = "", seeds: int = SEEDS
) -> list[Lesson]:
    """Make the pages of all notebooks in a folder, and of the texts beside them.

    Args:
        notebooks: the folder with the lessons.
        target: where the site goes; made anew if it is a site, and refused if it holds anything else.
        told: called whenever something is done.
        seeds: runs of each position, at least 1; the page turns to the next.
        repository: on GitHub, as "owner/name": then the first page links to Binder, and to what can be downloaded.

    Returns: the lessons, in order.
    Raises: ValueError for no seeds, FileNotFoundError if there are no notebooks, FileExistsError if the target holds
    something else.
    """
    if seeds < 1:
        raise ValueError(f"seeds must be at least 1, got {seeds}")
    sources = sorted(notebooks.glob("[0-9]*.ipynb"))
    if not sources:
        raise FileNotFoundError(f"the folder must hold lessons (00_….ipynb), got {str(notebooks)!r}; see --notebooks")
    if target.exists() and any(target.iterdir()) and not (target / _MARK).exists():
        raise FileExistsError(f"the folder for the site must be new, empty or a site, got {str(target)!r}")
    found = _worked_out(sources, seeds, told)
    files = Files()
    for lesson in found:
        files.made.update(lesson.files)
    _texts(notebooks, files)
    _shared(found, repository, files)
    _anchor(files)
    _write(files, target)
    told(len(sources) + 1, len(sources) + 1, "what all pages share")
    return found


def _worked_out(sources: Sequence[Path], seeds: int, told: Told) -> list[Lesson]:
    """Every lesson, the long ones by several processes."""
    names = [source.stem for source in sources]
    parts: dict[str, list[Part]] = {name: [] for name in names}
    missing = dict.fromkeys(names, 1)
    done = 0
    neighbours = zip(["", *names[:-1]], [*names[1:], ""], strict=True)
    waiting: deque[tuple[Callable[..., Part], Any]] = deque(
        (_lesson, (source, seeds, *near)) for source, near in zip(sources, neighbours, strict=True)
    )
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn")) as pool:
        jobs: set[Future[Part]] = set()
        while jobs or waiting:
            # No more than can run: what a long lesson leaves goes before the next one, and none of it is alone at last.
            while waiting and len(jobs) < cores:
                work, given = waiting.popleft()
                jobs.add(pool.submit(work, *given))
            ended, jobs = wait(jobs, return_when=FIRST_COMPLETED)
            for job in ended:
                part = job.result()
                parts[part.name].append(part)
                missing[part.name] += len(part.left) - 1
                source = sources[names.index(part.name)]
                waiting.extendleft((_seeds, (source, group, seeds)) for group in part.left)
                if not missing[part.name]:
                    done += 1
                    told(done, len(names) + 1, next(one.title for one in parts[part.name] if one.title))
    return [_joined(parts[name]) for name in names]


def _joined(parts: Sequence[Part]) -> Lesson:
    first = next(part for part in parts if part.title)
    files = {name: content for part in parts for name, content in part.files.items()}
    characters = frozenset[str]().union(*(part.characters for part in parts))
    return Lesson(first.name, first.title, first.summary, files, sum(part.runs for part in parts), characters)


def _lesson(source: Path, seeds: int, before: str, after: str) -> Part:
    """A lesson's page, with the first seed of its panels at least. Its cells may change the process as they like."""
    notebook = nbformat().read(source, as_version=4)
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    name, files, panels, runs, left = source.stem, Files(), {}, 0, range(0)
    characters: set[str] = set()
    for number, one in made(cells_of(notebook), stored_of(notebook), source.parent):
        key = f"{name}-{number}"
        if isinstance(one, Shown):
            _add_runs(f"{key}-0", [one.run], files, characters, own_height=True)
            replay = files.add(f"replay/{key}.html", as_html(one.run)) if one.stepped else ""
            panels[number] = shown(key, one.run, replay)
            if one.found is not None:
                panels[number] = explored(
                    one.found, panels[number], _lanes(one.found, f"img/{key}-schedules.png", files)
                )
            continue
        shared = _is_shared(one, seeds)
        left = range(1, seeds) if shared else left
        runs += _add_seeds(key, one, range(1 if shared else seeds), files, characters)
        panels[number] = panel(key, one, seeds, _explored(one))
    link: dict[str, Any] = {"before": f"{before}.html" if before else "", "after": f"{after}.html" if after else ""}
    questions = questions_of(cells_of(notebook))
    place = PagePlace(title_of(text), summary_of(text), lesson=True, panels=panels, questions=questions, **link)
    notebook_page(notebook, name, place, files)
    half = len(left) // 2
    groups = tuple(group for group in (left[:half], left[half:]) if group)
    return Part(name, files.made, runs, frozenset(characters), groups, place.title, place.summary)


def _seeds(source: Path, group: range, seeds: int) -> Part:
    """Some seeds of a lesson's panels that have many positions."""
    notebook = nbformat().read(source, as_version=4)
    files, runs = Files(), 0
    characters: set[str] = set()
    for number, one in made(cells_of(notebook), {}, source.parent):
        if not isinstance(one, Shown) and _is_shared(one, seeds):
            runs += _add_seeds(f"{source.stem}-{number}", one, group, files, characters)
    return Part(source.stem, files.made, runs, frozenset(characters))


def _is_shared(dial: Dial, seeds: int) -> bool:
    return len(dial.positions) * seeds > _ALONE


def _add_seeds(key: str, dial: Dial, seeds: Iterable[int], files: Files, characters: set[str]) -> int:
    """Run all positions of a panel with each of these seeds; returns how many runs that were."""
    count = 0
    for seed in seeds:
        runs = [_run(dial, values, seed) for values in dial.positions]
        _add_runs(f"{key}-{seed}", runs, files, characters)
        count += len(runs)
    return count


def _add_runs(
    key: str, runs: Sequence[Run | Exception], files: Files, characters: set[str], own_height: bool = False
) -> None:
    """Add the files of runs: their pictures, their steps, and what is told of them.

    own_height: no picture takes the place of another, and each is as high as its run asks for.
    """
    for size, (wide, high) in SIZES.items():
        drawn = [position_of(run, wide, None if own_height else high) for run in runs]
        facts = facts_of(drawn)
        characters.update(facts)
        _add_facts(f"{key}-{size}", facts, files)
    _add_facts(f"{key}-steps", steps_of(runs), files)
    _add_facts(f"{key}-pointed", pointed_of(drawn), files)


def _add_facts(key: str, facts: str, files: Files) -> None:
    files.add(f"data/{key}.js", f'semalab.facts("{key}",{facts});\n')


def _run(dial: Dial, values: dict[str, Any], seed: int) -> Run | Exception:
    try:
        return dial.run(values, seed)
    except (TypeError, ValueError) as error:  # a position that the program refuses: said in its place
        return error


def _explored(dial: Dial) -> list[str]:
    """Where the panel has a button for it: per position what trying every schedule finds."""
    if not dial.explore:
        return []
    return [
        explore(dial.program, check=dial.claim, granularity="bytecode", **values).sentence for values in dial.positions
    ]


def _lanes(found: Exploration, name: str, files: Files) -> str:
    """Add the picture of all schedules; returns its name, or "" where they are too many for one."""
    return files.add(name, lanes_picture(as_lanes(found.lanes), found.complete)) if found.lanes else ""


def _texts(notebooks: Path, files: Files) -> None:
    """The pages of the texts beside the lessons, and their pictures."""
    for source in sorted(notebooks.rglob("*.md")):
        inside = source.relative_to(notebooks)
        text = source.read_text(encoding="utf-8")
        root = "../" * (len(inside.parts) - 1)
        place = PagePlace(title_of(text) or inside.stem, summary_of(text), root)
        text_page(text, inside.with_suffix("").as_posix(), place, files)
    for source in sorted(path for path in notebooks.rglob("*") if path.suffix in {".pdf", ".png", ".json"}):
        if not any(part.startswith(".") for part in source.relative_to(notebooks).parts):
            files.add(source.relative_to(notebooks).as_posix(), source.read_bytes())


def _shared(lessons: Iterable[Lesson], repository: str, files: Files) -> None:
    """The index, styles, scripts and letters."""
    characters = set(_ALWAYS)
    entries = []
    for lesson in lessons:
        characters |= lesson.characters
        entries.append(f'<li><a href="{lesson.name}.html">{escape(lesson.title)}</a><br>{escape(lesson.summary)}</li>')
    body = (  # without an empty line: to Markdown it is one block of HTML
        "<h1>The semaphore, on a lab bench</h1>\n"
        "<p>A semaphore lets so many threads in at once. It is also a mutex, a latch and a counter. In each lesson you "
        "run a small program, turn its dials, and see in a picture what its threads did.</p>\n"
        '<p><img src="images/timeline.png" width="800" alt="Timeline of ten threads that share a semaphore of initial '
        'value 2: two hold it at a time, the others wait"></p>\n'
        f"{_to_run(repository)}\n"
        f'<h2 id="lessons">The lessons</h2>\n<ol class="lessons" start="0">{"".join(entries)}</ol>\n'
        '<h2 id="beside">Beside the lessons</h2>\n<ul><li><a href="glossary.html">Glossary</a></li>'
        '<li><a href="cheat_sheet.html">Cheat sheet</a> (<a href="cheat_sheet.pdf">to print</a>)</li>'
        '<li><a href="your_own_program.html">Your own program on the bench</a></li>'
        '<li><a href="your_own_run.html">A saved run of your own</a>, step by step</li>'
        '<li><a href="for_teachers/running_a_class.html">For teachers</a></li></ul>'
    )
    place = PagePlace("The semaphore, on a lab bench", "Lessons on threading.Semaphore, with dials to turn.")
    text_page(body, "index", place, files)
    own = PagePlace(
        "A saved run of your own", "Drop a saved run on this page to see its timeline and step through it.", own=True
    )
    text_page(_OWN, "your_own_run", own, files)
    for asset in sorted([*_ASSETS.iterdir(), *PAINTERS]):
        files.add(f"assets/{asset.name}", asset.read_bytes())
    files.add("assets/colours.css", _colours())
    for name, bold in (("lab-sans", False), ("lab-sans-bold", True)):
        files.add(f"assets/{name}.woff", subset("".join(sorted(characters)), bold))


def _to_run(repository: str) -> str:
    """How the notebooks themselves are opened."""
    if not repository:
        return '<p id="open">The lessons are notebooks. The README beside them says how to open them in JupyterLab.</p>'
    named = escape(repository)
    first = "HEAD?urlpath=lab/tree/notebooks/00_start_here.ipynb"
    return (
        '<ul class="actions" id="open">'
        f'<li><a href="https://mybinder.org/v2/gh/{named}/{first}">Open in Binder</a></li>'
        f'<li><a href="https://github.com/{named}/archive/HEAD.zip">Download</a></li></ul>'
    )


def _anchor(files: Files) -> None:
    """Lead links to the names that headings have: Jupyter reads them less strictly than browsers do."""
    pages = {name: content.decode("utf-8") for name, content in files.made.items() if name.endswith(".html")}
    headings = {name: {_read(found): found for found in _ID.findall(page)} for name, page in pages.items()}

    for name, page in pages.items():

        def to_heading(link: re.Match[str], name: str = name) -> str:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), link[1])) if link[1] else name
            return f'href="{link[1]}#{headings.get(target, {}).get(_read(link[2]), link[2])}"'

        files.add(name, _TO_HEADING.sub(to_heading, page))


def _read(name: str) -> str:
    return unquote(unescape(name)).casefold()


def _colours() -> str:
    """The colours of code and of pictures, on light and dark paper."""
    from pygments.formatters.html import HtmlFormatter

    # Of those that pygments has, the two whose every colour keeps 4.5:1 to the ground.
    light = HtmlFormatter(style="xcode").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    ground = ".highlight, .highlight pre { background: var(--code); color: inherit; }\n"
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n{ground}{inks()}\n"


def _write(files: Files, target: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
    for name, content in files.made.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (target / _MARK).write_text("Made by python -m semalab site; it may be made anew.\n", encoding="utf-8")
