"""Every lesson as a page and as a deck: each picture has alt text, and no slide holds more than it can show."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from support.jupyterlab_in_browser import CHROMIUM_FLAGS, chromium
from support.slides import ROOM, WIDTH, slide_types
from support.stored_notebook import normalised, read, text

ROOT = Path(__file__).resolve().parent.parent.parent
CONFIG = ROOT / "tests" / "nbconvert_config.py"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SLIDES = (10, 50)  # in a lesson's deck
NOTHING = "No description has been provided for this image"  # nbconvert's own words

# The height of each slide with all of its fragments, without reveal.js, which comes from the network.
HEIGHTS = """() => [...document.querySelectorAll('.slides > section > section')].map(slide => [
    [...slide.children].reduce((sum, child) => sum + child.offsetHeight, 0), slide.textContent.trim().slice(0, 60)])"""


class Images(HTMLParser):
    """The alt text of each image of a page, and the number of its slides."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.alts: list[str | None] = []
        self.sections = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.sections += tag == "section"
        if tag == "img":
            self.alts.append(dict(attributes).get("alt"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with each lesson as NAME.html and NAME.slides.html, converted from copies in normal form."""
    folder = tmp_path_factory.mktemp("pages")
    for path in NOTEBOOKS:
        (folder / path.name).write_text(text(normalised(read(path))), encoding="utf-8")
    for form in ("html", "slides"):
        command = ["nbconvert", f"--config={CONFIG}", "--to", form, *sorted(p.name for p in folder.glob("*.ipynb"))]
        ended = subprocess.run(
            [sys.executable, "-m", "jupyter", *command],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        assert "Alternative text is missing" not in ended.stderr
    return folder


@pytest.mark.parametrize("suffix", [".html", ".slides.html"])
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_image_says_what_it_shows(pages: Path, path: Path, suffix: str) -> None:
    stored = sum("image/png" in o.get("data", ()) for cell in read(path).cells for o in cell.get("outputs", ()))
    alts = Images((pages / f"{path.stem}{suffix}").read_text(encoding="utf-8")).alts
    assert len(alts) >= stored > 0
    assert [alt for alt in alts if not alt or alt == NOTHING or alt.startswith("<")] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_deck_has_a_slide_for_each_heading(pages: Path, path: Path) -> None:
    notebook = normalised(read(path))
    deck = Images((pages / f"{path.stem}.slides.html").read_text(encoding="utf-8"))
    kinds = list(slide_types(notebook))
    slides, below = kinds.count("slide"), kinds.count("subslide")
    assert deck.sections == 2 * slides + below  # each stack of slides is a section, too
    assert SLIDES[0] <= slides + below <= SLIDES[1]
    headings = [cell for cell in notebook.cells if cell.cell_type == "markdown" and cell.source.startswith("#")]
    assert slides == sum(cell.metadata.slideshow.slide_type != "skip" for cell in headings)


@pytest.fixture(scope="module")
def heights(pages: Path) -> Iterator[dict[str, list[tuple[int, str]]]]:
    """For each deck, the height and first words of each slide, laid out by a real browser."""
    if chromium() is None:
        pytest.skip("no Chromium or Chrome is installed: the slides were not laid out")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        found = {}
        for path in NOTEBOOKS:
            page = browser.new_page(viewport={"width": WIDTH, "height": ROOM})
            page.route(re.compile(r"^https?:"), lambda route: route.abort())
            page.goto((pages / f"{path.stem}.slides.html").as_uri(), wait_until="domcontentloaded")
            page.wait_for_function("() => [...document.images].every(image => image.complete)")
            found[path.stem] = page.evaluate(HEIGHTS)
            page.close()
        browser.close()
        yield found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_slide_is_overfull(heights: dict[str, list[tuple[int, str]]], path: Path) -> None:
    assert len(heights[path.stem]) >= SLIDES[0]
    overfull = [f"{high} px of {ROOM}: {words}" for high, words in heights[path.stem] if high > ROOM]
    assert not overfull, f"{path.stem}: what follows must begin a new slide, or the cell be shorter: {overfull}"


def types(*cells: object) -> list[str]:
    return list(slide_types(new_notebook(cells=list(cells))))


def test_headings_begin_slides_and_code_appears_with_its_prose() -> None:
    cells = ["# Title\nWhy.", "## The program\nPlain.", "It prints:", "## Next"]
    title, program, prose, following = map(new_markdown_cell, cells)
    assert types(title, program, new_code_cell("run()"), prose, following) == [
        "slide",
        "slide",
        "fragment",
        "-",
        "slide",
    ]


def test_answers_and_exercises_stand_below_and_further_reading_is_left_out() -> None:
    fold = new_markdown_cell("<details><summary><b>Answer</b></summary>\n\nNobody can tell.\n\n</details>")
    task = new_markdown_cell("**Exercise mutex-1: predict.** How many?")
    books = [new_markdown_cell("## Further reading\n- a book"), new_markdown_cell("more")]
    assert types(new_markdown_cell("# Title"), fold, task, *books) == ["slide", "subslide", "subslide", "skip", "skip"]


def test_what_has_no_room_left_begins_a_slide_below() -> None:
    long = new_code_cell("\n".join(["pass"] * 14))
    picture = new_code_cell("run", outputs=[new_output("display_data", {"image/png": "", "text/plain": "One inside."})])
    assert types(new_markdown_cell("# Title"), long, picture) == ["slide", "fragment", "subslide"]


def test_an_output_that_changes_from_run_to_run_moves_no_slide() -> None:
    tags = {"tags": ["nbval-ignore-output", "wall-clock"]}
    decks = {
        tuple(types(new_markdown_cell("# T"), new_code_cell("t", metadata=tags, outputs=outputs), new_code_cell("n")))
        for outputs in ([], [new_output("stream", text="slow\n" * 90)])
    }
    assert len(decks) == 1
