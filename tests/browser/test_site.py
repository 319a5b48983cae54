"""The course as pages: whole, offline, true to the lab at every position, and usable by pointer and keyboard."""

from __future__ import annotations

import json
import multiprocessing
import posixpath
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from matplotlib.patches import PathPatch

playwright = pytest.importorskip("playwright.sync_api", reason="tests/requirements.txt is not installed: no browser")

ROOT = Path(__file__).resolve().parent.parent.parent
NOTEBOOKS = ROOT / "notebooks"
LESSONS = sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
WIDE = (7.6, 5.0)
COMPARED = 200  # positions whose bars are compared with matplotlib's
ANY = re.compile(r"https?:|data:|mailto:")
DIALS = re.compile(r'class="panel" id="([^"]+)"')
SHOWN = re.compile(r'class="panel shown" id="([^"]+)"')
FOUND = re.compile(
    r'<div class="found"><p[^>]*><b>(.*?)\.</b></p><div[^>]* id="([^"]+)".*?<pre[^>]*>(.*?)</pre>', re.DOTALL
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages") / "Kurs über Semaphore"
    command = [sys.executable, "-m", "semalab", "site", str(folder), "--seeds", "2"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(f"{len(LESSONS)} lessons, ")
    return folder


def opened(browser: Any, file: Path, asked: str = "", **settings: Any) -> Any:
    """A page of its own, which keeps the requests that it makes and what its console says."""
    page = browser.browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings}).new_page()
    page.said, page.asked = [], []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(file.as_uri() + asked)
    return page


def test_a_page_for_each_lesson(site: Path) -> None:
    """The first test of these: what it waits for is the building."""
    assert {path.stem for path in LESSONS} <= {path.stem for path in site.glob("*.html")}


def test_building_waits_for_no_grammar_of_addresses() -> None:
    """To read it takes seconds in every process, and nothing of a notebook is checked by it."""
    code = (
        "import sys; from semalab.site.pages import nbformat; nbformat(); "
        "print({'lark', 'rfc3987_syntax'} & {*sys.modules})"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=600, check=True
    )
    assert ended.stdout == "set()\n"


def facts_of(site: Path, key: str) -> dict[str, Any]:
    text = (site / "data" / f"{key}.js").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text[text.index("{") : text.rindex("}") + 1])
    return found


def keys(site: Path) -> list[str]:
    """Of the panels with dials: what their files are called by."""
    return sorted(key for page in site.glob("*.html") for key in DIALS.findall(page.read_text(encoding="utf-8")))


# --- the same as the lab ---------------------------------------------------------------------------------------------


def told_by_the_lab(notebook: Path, places: list[int]) -> tuple[list[str], dict[int, list[list[float]]]]:
    """In a process of its own: the verdict at every position of a lesson's panel, and at some of them its bars."""
    import nbformat

    import semalab as lab
    from semalab.site.dial import Dial
    from semalab.site.lesson import made
    from semalab.site.pages import cells_of

    (dial,) = [one for _, one in made(cells_of(nbformat.read(notebook, as_version=4)), {}, notebook.parent)]
    assert isinstance(dial, Dial)
    verdicts, drawn = [], {}
    for place, values in enumerate(dial.positions):
        run = lab.record(dial.program, **values, clock="virtual", seed=dial.seed, claim=dial.claim)
        verdicts.append(run.verdict)
        if place in places:
            drawn[place] = bars_of(run.timeline(width=WIDE[0], height=WIDE[1]))
    return verdicts, drawn


def bars_of(figure: Any) -> list[list[float]]:
    """Left, right, top and bottom of what holds and waits, in tenths of a point from the upper left corner."""
    found = []
    for artist in figure.axes[0].get_children():
        if isinstance(artist, PathPatch) and artist.get_gid() in {"hold", "wait"}:
            corners = artist.get_transform().transform(np.asarray(artist.get_path().vertices)) * 720 / figure.dpi
            for box in corners.reshape(-1, 5, 2):
                (left, bottom), (right, top) = box[0], box[2]
                high = figure.get_figheight() * 720
                found.append([left, right, high - top, high - bottom])
    return sorted(found)


@pytest.fixture(scope="module")
def by_the_lab(site: Path) -> dict[str, tuple[list[str], dict[int, list[list[float]]]]]:
    counts = {key: len(facts_of(site, f"{key}-0-wide")["positions"]) for key in keys(site)}
    every = [(key, place) for key, count in counts.items() for place in range(count)]
    chosen = random.Random(3).sample(every, COMPARED)
    notebooks = {key: NOTEBOOKS / f"{key.rsplit('-', 1)[0]}.ipynb" for key in counts}
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        jobs = {
            key: pool.submit(told_by_the_lab, notebook, [place for its, place in chosen if its == key])
            for key, notebook in notebooks.items()
        }
        return {key: job.result() for key, job in jobs.items()}


def test_every_position_says_what_the_lab_says(site: Path, by_the_lab: dict[str, Any]) -> None:
    for key, (verdicts, _) in by_the_lab.items():
        for size in ("wide", "narrow"):
            facts = facts_of(site, f"{key}-0-{size}")
            assert [facts["words"][position[1]] for position in facts["positions"]] == verdicts


def test_bars_stand_where_matplotlib_puts_them(site: Path, browser: Any, by_the_lab: dict[str, Any]) -> None:
    compared = 0
    for key, (_, drawn) in by_the_lab.items():
        page = opened(browser, site / f"{key.rsplit('-', 1)[0]}.html")
        page.wait_for_selector(".panel.ready")
        for place, bars in drawn.items():
            painted = page.evaluate(PAINTED, [f"{key}-0-wide", place])
            assert len(painted) == len(bars), (key, place)
            assert not bars or np.allclose(np.array(sorted(painted)), np.array(bars), atol=1.6), (key, place)
            compared += 1
        page.close()
    assert compared == COMPARED


# Paints a position, and reads the boxes back from the paths that stand in the page.
PAINTED = r"""async ([key, place]) => {
    const svg = document.querySelector(".panel svg");
    semalab.ask(key, facts => semalab.paint(svg, facts, place));
    const boxes = [];
    for (const path of svg.querySelectorAll("path.hold, path.wait")) {
        for (const [, left, bottom, right, top] of path.getAttribute("d").matchAll(/M(\S+) (\S+)H(\S+)V(\S+)H/g)) {
            boxes.push([left, right, top, bottom].map(Number));
        }
    }
    return boxes;
}"""


def test_it_is_the_same_each_time(site: Path, tmp_path: Path) -> None:
    """Of one lesson, in a folder of its own."""
    lessons = tmp_path / "lessons"
    lessons.mkdir()
    (lessons / LESSONS[0].name).write_bytes(LESSONS[0].read_bytes())
    command = [
        sys.executable,
        "-m",
        "semalab",
        "site",
        str(tmp_path / "again"),
        "--notebooks",
        str(lessons),
        "--seeds",
        "2",
    ]
    subprocess.run(command, cwd=ROOT, capture_output=True, timeout=300, check=True)
    for path in sorted((site / "data").glob("00*")) + sorted((site / "img").glob("00*")):
        again = tmp_path / "again" / path.relative_to(site)
        assert again.read_bytes() == path.read_bytes(), path.name


# --- whole, and without a network ------------------------------------------------------------------------------------


class Parts(HTMLParser):
    """What a page refers to and what it is made of."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.undescribed: list[str] = []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.tags.append(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given[name] for name in ("href", "src") if name in given]
        if tag == "img" and not given.get("alt"):
            self.undescribed.append(given.get("src", ""))


def test_every_link_leads_somewhere_and_every_picture_is_described(site: Path) -> None:
    pages = {path.relative_to(site).as_posix(): Parts(path) for path in site.rglob("*.html")}
    assert len(pages) > len(LESSONS)
    for name, parts in pages.items():
        assert parts.undescribed == [], name
        assert (parts.tags.count("h1"), parts.tags.count("main")) == (1, 1), name
        assert len(set(parts.ids)) == len(parts.ids), name
        for link in parts.links:
            if ANY.match(link):
                continue
            file, _, anchor = link.partition("#")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(file))) if file else name
            assert (site / target).exists(), (name, link)
            if anchor and target in pages:
                assert anchor in pages[target].ids, (name, link)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
@pytest.mark.parametrize("width", [390, 1440])
def test_a_page_needs_nothing_but_its_own_files(site: Path, browser: Any, lesson: Path, width: int) -> None:
    page = opened(browser, site / f"{lesson.stem}.html", viewport={"width": width, "height": 900})
    if page.query_selector(".panel"):
        page.wait_for_selector(".panel.ready")
    assert page.said == []
    assert {url.split(":")[0] for url in page.asked} <= {"file", "data"}
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_without_scripts_four_settings_are_there(site: Path, browser: Any) -> None:
    """And below each cell that shows a run, its stored picture."""
    page = opened(browser, site / "02_mutex.html", java_script_enabled=False)
    assert page.locator(".settings img:visible").count() == page.locator(".panel").count() > 1
    assert page.locator(".panel:visible").count() == 0
    page.close()


# --- used ------------------------------------------------------------------------------------------------------------


def dials(site: Path, browser: Any, asked: str = "", **settings: Any) -> Any:
    """The mutex lesson's page with no other panel than the dials."""
    page = opened(browser, site / "02_mutex.html", asked, **settings)
    page.wait_for_selector(".panel:not(.shown).ready")
    page.evaluate("for (const panel of document.querySelectorAll('.panel.shown')) panel.remove()")
    return page


@pytest.fixture
def mutex(site: Path, browser: Any) -> Iterator[Any]:
    page = dials(site, browser)
    yield page
    assert page.said == []
    page.close()


def test_dials_turn_by_keyboard_and_the_address_keeps_the_position(site: Path, browser: Any, mutex: Any) -> None:
    said = mutex.locator(".panel .spoken")
    assert said.inner_text() == "Mutual exclusion held: never more than 1 inside"
    mutex.get_by_role("slider", name="initial").press("ArrowRight")
    assert said.inner_text() == "Mutual exclusion broken: 2 threads inside at once"
    mutex.get_by_role("slider", name="threads").press("Home")
    assert said.inner_text() == "Mutual exclusion held: never more than 1 inside"
    mutex.get_by_role("button", name="next seed").press("Enter")
    assert mutex.url.endswith("#threads=1&initial=2&seed=1")
    again = dials(site, browser, "#threads=3&initial=0&seed=1")
    assert again.locator(".panel .spoken").inner_text().startswith("Deadlock: 3 threads wait for mutex")
    assert again.locator(".seed").inner_text() == "seed 1"
    again.get_by_role("button", name="reset").click()
    assert again.url.endswith("#threads=10&initial=1&seed=0")
    again.close()


def test_a_bar_says_what_it_is(mutex: Any) -> None:
    pointed = mutex.locator(".pointed")
    picture = mutex.locator(".panel svg")
    picture.focus()
    told = []
    for _ in range(20):
        picture.press("ArrowRight")
        playwright.expect(pointed).not_to_have_text(told[-1] if told else "")
        told.append(pointed.inner_text())
    assert told[0] == "worker-3 holds mutex from 12.9 ms to 41.1 ms: 28.2 ms · line 6: with mutex:"
    assert any(words.startswith("worker-6 waits for mutex from ") and " to 41.1 ms: " in words for words in told)
    assert len(set(told)) == 19  # ten holds and nine waits, and the first again
    mutex.get_by_role("slider", name="initial").press("Home")
    picture.focus()
    picture.press("ArrowRight")
    still = "worker-3 waits for mutex from 12.9 ms on, and still does when the run ends · line 6: with mutex:"
    playwright.expect(pointed).to_have_text(still)
    mutex.get_by_role("button", name="reset").click()
    picture.focus()
    mutex.keyboard.press("Tab")
    assert pointed.inner_text() == ""
    box = mutex.locator("svg path.hold").first.bounding_box()
    mutex.mouse.move(box["x"] + box["width"] - 5, row_of(mutex, "worker-1"))
    assert pointed.inner_text().startswith("worker-1 holds mutex from ")


def row_of(page: Any, thread: str) -> float:
    """The middle of a thread's row on the screen."""
    box = page.locator("svg text.row", has_text=thread).bounding_box()
    return float(box["y"] + box["height"] / 2)


# Where on the screen a moment of the first panel's picture is.
PLACED = """time => {
    const svg = document.querySelector(".panel svg"), number = Number(svg.closest(".panel").dataset.position);
    let x = 0;
    semalab.ask("02_mutex-16-0-wide", facts => {
        const place = semalab.position(facts, number);
        x = place.x(time * place.grain);
    });
    return new DOMPoint(x, 0).matrixTransform(svg.getScreenCTM()).x;
}"""


def test_hand_overs_strips_and_names_say_what_they_are(mutex: Any) -> None:
    """41.1 ms: worker-3 lets worker-6 in, whose row is three below."""
    pointed, mouse = mutex.locator(".pointed"), mutex.mouse
    mutex.locator(".panel svg").scroll_into_view_if_needed()
    x = mutex.evaluate(PLACED, 41.1)
    between = (row_of(mutex, "worker-4") + row_of(mutex, "worker-5")) / 2
    mouse.move(x, between)
    told = "worker-3 releases mutex at 41.1 ms and lets worker-6 in · line 6: with mutex:"
    playwright.expect(pointed).to_have_text(told)
    heading = mutex.locator("svg text", has_text="value of mutex").bounding_box()
    mouse.move(mutex.evaluate(PLACED, 16), heading["y"] + heading["height"] + 20)
    playwright.expect(pointed).to_have_text(re.compile(r"mutex at 1\d(\.\d)? ms: 0, worker-6 waits"))
    mouse.move(mutex.evaluate(PLACED, 5), heading["y"] + heading["height"] + 20)
    playwright.expect(pointed).to_have_text(re.compile(r"mutex at .* ms: 1, nobody waits"))
    mutex.locator("svg text.row", has_text="worker-2").click()
    playwright.expect(pointed).to_have_text("worker-2 lets others in once and is let in once")
    assert mutex.locator("svg path.followed").count() == 2
    mutex.locator("svg text.row", has_text="worker-2").click()
    assert mutex.locator("svg path.followed").count() == 0


def test_a_part_of_time_is_drawn_larger(mutex: Any) -> None:
    picture, mouse, every = mutex.locator(".panel svg"), mutex.mouse, mutex.get_by_role("button", name="show all")
    picture.scroll_into_view_if_needed()
    y = row_of(mutex, "worker-5")
    held = mutex.locator("svg path.hold").first.get_attribute("d")
    mouse.move(mutex.evaluate(PLACED, 50), y)
    mouse.down()
    mouse.move(mutex.evaluate(PLACED, 100), y + 5, steps=3)
    mouse.up()
    first, *ticks = mutex.locator("svg [class='tick label']").all_text_contents()
    assert first in {"50 ms", "60 ms"}  # to a pixel
    assert {"70", "80", "90"} <= set(ticks) <= {"60", "70", "80", "90", "100"}
    assert mutex.locator("svg path.hold").first.get_attribute("d") != held
    playwright.expect(every).to_be_visible()
    mouse.dblclick(mutex.evaluate("document.querySelector('.panel svg').getBoundingClientRect().x") + 300, y)
    playwright.expect(every).to_be_hidden()
    assert mutex.locator("svg path.hold").first.get_attribute("d") == held
    picture.focus()
    picture.press("+")
    playwright.expect(every).to_be_visible()
    every.click()
    playwright.expect(every).to_be_hidden()
    picture.focus()
    picture.press("+")
    playwright.expect(every).to_be_visible()
    picture.press("Escape")
    playwright.expect(every).to_be_hidden()


def test_fingers_point_and_zoom(site: Path, browser: Any) -> None:
    page = dials(site, browser, has_touch=True, viewport={"width": 390, "height": 844})
    page.locator(".panel svg").scroll_into_view_if_needed()
    box = page.locator("svg path.hold").first.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] - 3, row_of(page, "worker-1"))
    playwright.expect(page.locator(".pointed")).to_have_text(re.compile("worker-1"))
    assert page.said == []
    page.close()


def test_a_run_below_a_cell_is_painted_for_the_width_and_answers(site: Path, browser: Any) -> None:
    page = opened(browser, site / "02_mutex.html", viewport={"width": 390, "height": 844})
    runs = page.locator(".panel.shown.ready")
    playwright.expect(runs).to_have_count(6)
    assert page.locator(".settings:visible").count() == 0
    first, replayed = runs.nth(0), runs.nth(1)
    _, _, wide, _ = first.locator("svg").get_attribute("viewBox").split()
    assert wide == "2880"  # four inches: no letter is made smaller
    first.locator("svg").focus()
    page.keyboard.press("ArrowRight")
    playwright.expect(first.locator(".pointed")).to_have_text(
        re.compile("^worker-6 holds mutex from .* line 6: with mutex:")
    )
    assert first.locator(".steps").get_attribute("open") is None
    where = replayed.locator(".steps output")
    playwright.expect(where).to_have_text("step 1 of 101 · 0 ms")  # a replay's steps are open
    replayed.get_by_role("slider", name="Step").press("ArrowRight")
    playwright.expect(where).to_have_text("step 2 of 101 · 0 ms")
    replayed.locator("svg").click()  # goes to that moment
    playwright.expect(where).not_to_have_text("step 2 of 101 · 0 ms")
    step = int(where.inner_text().split()[1])
    page.keyboard.press("ArrowRight")
    playwright.expect(where).to_have_text(re.compile(f"^step {step + 1} of 101 "))
    assert page.said == []
    page.close()


def test_a_replay_can_be_played_with_the_program_beside_it(site: Path, browser: Any) -> None:
    """As the lesson says of it: the steps below the picture have no such thing."""
    page = opened(browser, site / "00_start_here.html")
    link = page.get_by_role("link", name="Play it, with the program beside it")
    playwright.expect(link).to_have_count(1)
    link.click()
    playwright.expect(page.get_by_role("button", name="Play")).to_be_visible()
    playwright.expect(page.get_by_role("heading", name="The program")).to_be_visible()
    assert page.said == []
    page.close()


def test_runs_below_cells_say_what_is_stored(site: Path) -> None:
    """Those on the virtual clock are there, in all lessons, and those of files: the others keep their pictures."""
    import nbformat

    found, clocks = 0, set()
    for lesson in LESSONS:
        cells = nbformat.read(lesson, as_version=4).cells
        for key in SHOWN.findall((site / f"{lesson.stem}.html").read_text(encoding="utf-8")):
            facts = facts_of(site, f"{key}-0-wide")
            (words,) = [
                output.data["text/plain"]
                for output in cells[int(key.rsplit("-", 1)[1])].outputs
                if "image/png" in output.get("data", {})
            ]
            verdict = facts["words"][facts["positions"][0][1]]
            assert (
                words.endswith(verdict)
                or words.startswith(f"Counterexample: {verdict}")
                or (words.endswith("…") and verdict.startswith(words[:-1].partition(". ")[2]))
            )
            found += 1
            clocks.add(facts["words"][facts["positions"][0][3]].split(" · ")[-1].split(",")[0])
    assert found > 30
    assert "wall clock" in clocks


def test_a_counterexample_is_painted_and_its_words_are_those_that_are_stored(site: Path) -> None:
    """The sentence and the steps as text: a phone has no room for them in the stored picture."""
    import nbformat

    found = 0
    for lesson in LESSONS:
        cells = nbformat.read(lesson, as_version=4).cells
        for sentence, key, steps in FOUND.findall((site / f"{lesson.stem}.html").read_text(encoding="utf-8")):
            said = "\n".join(unescape(re.sub("</?code>", "`", text)) for text in (sentence, steps))
            (stored,) = cells[int(key.split("-")[-1])].outputs
            assert said == stored.data["text/plain"]
            found += 1
    assert found > 4


def test_every_schedule_is_tried_by_a_button(site: Path, browser: Any) -> None:
    page = opened(browser, site / "07_every_schedule.html")
    panel = page.locator(".panel:not(.shown).ready")
    found, button = panel.locator(".schedules"), panel.get_by_role("button", name="try every schedule")
    button.click()
    playwright.expect(found).to_have_text(re.compile("^Counterexample: .*threads=2, machines=2.* 4 of 14 "))
    panel.get_by_label("machines").press("ArrowLeft")
    playwright.expect(found).to_have_text("")  # it was of other values
    button.press("Enter")
    playwright.expect(found).to_have_text(re.compile("^Proved for .*threads=2, machines=1"))
    assert page.said == []
    page.close()


def until(page: Any, true: str) -> None:
    """Wait for it; Playwright's own way of waiting would need `eval`, which the page's policy refuses."""
    deadline = time.monotonic() + 60
    while not page.evaluate(true):
        assert time.monotonic() < deadline, true
        page.wait_for_timeout(20)


def test_a_picture_that_comes_late_is_not_painted(mutex: Any) -> None:
    """The window becomes narrow and wide again before the narrow pictures have come."""
    mutex.evaluate(
        """() => {
            const come = semalab.facts;
            window.late = [];
            semalab.facts = (key, facts) => {
                if (key.endsWith("narrow")) late.push(() => come(key, facts));
                else come(key, facts);
            };
        }"""
    )
    whole = mutex.locator(".panel svg").get_attribute("viewBox")
    mutex.set_viewport_size({"width": 390, "height": 844})
    until(mutex, "late.length > 0")
    mutex.set_viewport_size({"width": 1280, "height": 900})
    until(mutex, "matchMedia('(min-width: 620px)').matches")
    mutex.get_by_role("slider", name="threads").press("Home")  # after that the window's change is answered
    mutex.get_by_role("button", name="reset").click()
    mutex.evaluate("late[0]()")
    assert mutex.locator(".panel svg").get_attribute("viewBox") == whole == "0 0 5472 3600"


def test_where_the_steps_are_open_a_click_goes_there(mutex: Any) -> None:
    mutex.locator("summary", has_text="Step through this run").click()
    where = mutex.locator(".steps output")
    playwright.expect(where).to_have_text("step 1 of 95 · 0 ms")
    mutex.locator(".panel svg").scroll_into_view_if_needed()
    mutex.mouse.click(mutex.evaluate(PLACED, 60), row_of(mutex, "worker-5"))
    playwright.expect(where).to_have_text(re.compile(r"step \d+ of 95 · (4|5)\d(\.\d)? ms"))


def test_any_position_can_be_stepped_through(mutex: Any) -> None:
    mutex.get_by_role("slider", name="threads").press("Home")
    mutex.locator("summary", has_text="Step through this run").click()
    said, where = mutex.locator(".steps [role=status]"), mutex.locator(".steps output")
    playwright.expect(where).to_have_text("step 1 of 12 · 0 ms")
    assert said.inner_text() == "main begins"
    mutex.get_by_role("slider", name="Step").press("End")
    assert (where.inner_text()[:13], said.inner_text()) == ("step 12 of 12", "main ends")
    assert mutex.locator("svg .cursor").count() == 1
    mutex.get_by_role("button", name="reset").click()
    mutex.get_by_role("slider", name="Step").press("Home")
    playwright.expect(where).to_have_text("step 1 of 95 · 0 ms")
    mutex.get_by_role("button", name="next wait").click()
    assert said.inner_text().startswith("worker-6 ")
    assert "mutex" in said.inner_text()
    mutex.get_by_role("button", name="next hand-over").click()
    assert said.inner_text().startswith("worker-6 acquires mutex")
    mutex.get_by_role("button", name="next print").click()
    assert said.inner_text() == "There is none after this step."


def test_a_prediction_is_answered_with_the_labs_own_words(mutex: Any) -> None:
    import semalab as lab

    question = mutex.get_by_role("group", name="Answer mutex-1")
    for answer in (3, 1, 2, 917):
        question.get_by_role("textbox").fill(str(answer))
        question.get_by_role("button", name="check").click()
        said = question.locator("[role=status] span").last.inner_text()
        assert said == str(lab.check("mutex-1", answer)).replace("`", "")
    question.get_by_role("textbox").fill("many")
    question.get_by_role("textbox").press("Enter")
    assert question.locator("[role=status] span").last.inner_text() == str(lab.check("mutex-1", "many"))


BROKEN = """() => [...document.querySelectorAll("th, td")].flatMap(cell => {
    const found = [], walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), range = document.createRange();
    while (walker.nextNode()) {
        for (const word of walker.currentNode.textContent.matchAll(/[\\w.]+/g)) {
            range.setStart(walker.currentNode, word.index);
            range.setEnd(walker.currentNode, word.index + word[0].length);
            if (range.getClientRects().length > 1) found.push(word[0]);
        }
    }
    return found;
})"""


def test_no_word_of_a_table_is_broken_on_a_phone(site: Path, browser: Any) -> None:
    for lesson in LESSONS:
        page = opened(browser, site / f"{lesson.stem}.html", viewport={"width": 390, "height": 844})
        assert page.evaluate(BROKEN) == [], lesson.stem
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.close()


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_line_of_code_that_is_folded_hangs_below_its_own_beginning(site: Path, lesson: Path) -> None:
    """Each line is an element that knows its indentation; together they are the cell's text."""
    import nbformat

    page = (site / f"{lesson.stem}.html").read_text(encoding="utf-8")
    cells = nbformat.read(lesson, as_version=4).cells
    shown = re.findall(r'<div class="source">.*?<pre[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert len(shown) == sum(cell.cell_type == "code" for cell in cells)
    for block, cell in zip(shown, (cell for cell in cells if cell.cell_type == "code"), strict=True):
        lines = re.findall(r'<span class="line in(\d+)(?: tight)?">(.*?)\n</span>', block, re.DOTALL)
        texts = [unescape(re.sub("<[^>]*>", "", line)) for _, line in lines]
        assert "\n".join(texts).strip() == cell.source.strip()
        assert [int(depth) for depth, _ in lines] == [(len(one) - len(one.lstrip())) // 4 * 4 for one in texts]


# --- a run of one's own ----------------------------------------------------------------------------------------------


def waltz(threads: int) -> None:
    mutex = threading.Semaphore(1)

    def dance() -> None:
        with mutex:
            time.sleep(0.01)

    dancers = [threading.Thread(target=dance, name=f"dancer-{number}") for number in range(threads)]
    for dancer in dancers:
        dancer.start()
    for dancer in dancers:
        dancer.join()


def test_a_saved_run_is_drawn_and_stepped_through(site: Path, browser: Any, tmp_path: Path) -> None:
    import semalab as lab

    run = lab.record(waltz, threads=3, clock="virtual")
    page = opened(browser, site / "your_own_run.html")
    choose = page.get_by_label("A saved run")
    choose.set_input_files(run.save(tmp_path / "run.json"))
    status = page.locator("#own > p[role=status]")
    playwright.expect(status).to_have_text(f"run.json: {run.verdict}")
    assert page.locator("#own svg text.row").all_text_contents() == list(run.trace.threads)
    where, said = page.locator(".steps output"), page.locator(".steps [role=status]")
    playwright.expect(where).to_have_text(f"step 1 of {len(run.moments)} · 0 ms")
    assert said.inner_text() == run.moments[0].sentence
    page.locator("#own svg").focus()
    page.keyboard.press("ArrowRight")
    playwright.expect(page.locator(".pointed")).to_have_text(re.compile("dancer-.* mutex from 0 ms"))
    again = lab.load(tmp_path / "run.json").save(tmp_path / "again.json")
    assert again.read_bytes() == (tmp_path / "run.json").read_bytes()
    choose.set_input_files(again)
    playwright.expect(status).to_have_text(f"again.json: {run.verdict}")
    assert page.locator("#own svg").count() == 1
    assert page.said == []
    assert {url.split(":")[0] for url in page.asked} <= {"file", "data"}
    page.close()


def test_a_file_that_was_saved_anew_is_chosen_anew(site: Path, browser: Any, tmp_path: Path) -> None:
    import semalab as lab

    page = opened(browser, site / "your_own_run.html")
    for threads in (3, 4):
        path = lab.record(waltz, threads=threads, clock="virtual").save(tmp_path / "run.json")
        with page.expect_file_chooser() as chooser:
            page.get_by_label("A saved run").click()
        chooser.value.set_files(path)
        playwright.expect(page.locator("#own svg text.row")).to_have_count(threads + 1)
    assert page.said == []
    page.close()


DROPPED = """files => {
    const text = Blob.prototype.text, held = new Promise(release => { window.release = release; });
    File.prototype.text = function () {
        return this.name === "slow.json" ? window.slow = held.then(() => text.call(this)) : text.call(this);
    };
    for (const [name, content] of files) {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([content], name));
        document.dispatchEvent(new DragEvent("drop", { dataTransfer }));
    }
}"""


def test_of_two_files_the_last_one_is_shown_however_slow_the_first(site: Path, browser: Any, tmp_path: Path) -> None:
    import semalab as lab

    texts = [
        (name, lab.record(waltz, threads=threads, clock="virtual").save(tmp_path / name).read_text(encoding="utf-8"))
        for threads, name in ((4, "slow.json"), (3, "quick.json"))
    ]
    page = opened(browser, site / "your_own_run.html")
    page.evaluate(DROPPED, texts)
    status = page.locator("#own > p[role=status]")
    playwright.expect(status).to_contain_text("quick.json: ")
    page.evaluate("async () => { window.release(); await window.slow; }")
    playwright.expect(status).to_contain_text("quick.json: ")
    playwright.expect(page.locator("#own svg text.row")).to_have_count(4)
    assert page.said == []
    page.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "x.json cannot be shown. It must be a run that "),
        ("no json", "x.json cannot be shown: it is damaged. In Python, lab.load(path).save("),
        (
            '{"format": "semalab run"}',
            "x.json cannot be shown. Its picture is not in it: an earlier semalab saved it, or ",
        ),
        ('{"format": "semalab run", "page": {"wide": {}}}', "x.json cannot be shown: it is damaged."),
    ],
)
def test_what_is_no_saved_run_is_said(site: Path, browser: Any, tmp_path: Path, text: str, told: str) -> None:
    page = opened(browser, site / "your_own_run.html")
    (tmp_path / "x.json").write_text(text)
    page.get_by_label("A saved run").set_input_files(tmp_path / "x.json")
    playwright.expect(page.locator("#own > p[role=status]")).to_contain_text(told)
    assert page.locator("#own .panel").count() == 0
    assert page.said == []
    page.close()


# --- for everybody ---------------------------------------------------------------------------------------------------

PAGES = [*(path.stem for path in LESSONS), "index", "your_own_run", "glossary", "cheat_sheet"]
SERIOUS = """() => axe.run({resultTypes: ["violations"]}).then(found => found.violations
    .filter(one => ["serious", "critical"].includes(one.impact)).map(one => `${one.id}: ${one.nodes[0].html}`))"""


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_axe_finds_nothing_serious(site: Path, browser: Any, name: str, width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python", reason="tests/requirements.txt is not installed: no axe")
    page = opened(browser, site / f"{name}.html", color_scheme=scheme, viewport={"width": width, "height": 900})
    if page.query_selector(".panel"):
        page.wait_for_selector(".panel.ready")
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    assert page.evaluate(SERIOUS) == []
    page.close()


# --- refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{new} --seeds 0", "seeds must be at least 1, got 0"),
        ("{full}", "the folder for the site must be new, empty or a site, got '{full}'"),
        ("{new} --notebooks {full}", "the folder must hold lessons (00_….ipynb), got '{full}'; see --notebooks"),
    ],
)
def test_a_folder_that_is_somebody_elses_is_left_alone(tmp_path: Path, given: str, told: str) -> None:
    full = tmp_path / "mine"
    full.mkdir()
    (full / "letter.txt").write_text("dear")
    names = {"full": str(full), "new": str(tmp_path / "new")}
    command = [sys.executable, "-m", "semalab", "site", *(word.format(**names) for word in given.split())]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (64, f"python -m semalab site: {told.format(**names)}\n")
    assert [path.name for path in full.iterdir()] == ["letter.txt"]
    assert not (tmp_path / "new").exists()
