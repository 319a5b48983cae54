"""The replay in a real browser: every step says what is true then, by keyboard alone, light and dark, on any width."""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from programs.deadlocked import crossed
from programs.virtual_runs import PROGRAMS
from support.jupyterlab_in_browser import Lab, OpenNotebook
from support.stored_notebook import normalised, text

import semalab as lab
from semalab.replay import as_html
from semalab.run import Run

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no browser tests").expect

NOTEBOOK = """
import threading, time
import semalab as lab

def visit(threads):
    mutex = threading.Semaphore(1)
    def work():
        with mutex:
            time.sleep(0.01)
    workers = [threading.Thread(target=work, name=f"worker-{i}") for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

run = lab.record(visit, threads=3, clock="virtual")
run.replay()
"""
# What the page says at its present step.
SHOWN = """() => {
    const texts = nodes => [...nodes].map(node => node.textContent);
    const cells = id => [...document.querySelectorAll(`#${id} tr`)].map(row => texts(row.children));
    const standing = [...document.querySelectorAll('#source .line')].filter(line => line.lastChild.textContent);
    return {said: document.getElementById('said').textContent, threads: cells('threads'),
            primitives: cells('primitives'), printed: document.getElementById('printed').textContent,
            lines: standing.map(line => [Number(line.firstChild.textContent), texts(line.lastChild.children)]),
            cursor: parseFloat(document.getElementById('cursor').style.left)};
}"""
# The same at each of so many steps, each after a key.
STEPS = """([key, count]) => [...Array(count)].map(() => {
    const shown = (SHOWN)();
    document.dispatchEvent(new KeyboardEvent('keydown', {key}));
    return shown;
})""".replace("SHOWN", SHOWN)


def plain(sentence: str) -> str:
    """A sentence as the page shows it: what stands between backticks is set as code."""
    return sentence.replace("`", "")


# Where everything is that a step must not move.
PLACES = """() => [...document.querySelectorAll('figure, #controls > *, section, .box, #said')].map(
    element => Object.values(element.getBoundingClientRect().toJSON()).map(Math.round).join())"""

# The frame is as high and as wide as the page in it.
WHOLE = """() => {
    const frame = document.querySelector('iframe[title^=Replay]'), root = frame.contentDocument.documentElement;
    return root.scrollHeight <= frame.clientHeight && root.scrollWidth <= frame.clientWidth;
}"""

# And it stays so: JupyterLab lays its panels out some time after the window has changed.
SETTLED = """() => {
    const box = JSON.stringify(document.querySelector('iframe[title^=Replay]').getBoundingClientRect());
    const same = window.boxBefore === box;
    window.boxBefore = box;
    return same && (WHOLE)();
}""".replace("WHOLE", WHOLE)


def visit(threads: int, who: str = "worker") -> None:
    mutex = threading.Semaphore(1)

    def work() -> None:
        with mutex:
            print("in the critical section")
            time.sleep(0.01)

    workers = [threading.Thread(target=work, name=f"{who}-{i}") for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def hostile() -> None:
    alarm = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    gate = threading.Semaphore(0)
    worker = threading.Thread(target=gate.acquire, name=alarm)
    worker.start()
    print(alarm)
    gate.release()
    worker.join()


class Opened:
    """A replay in a page of its own. problems: what the browser's console and the page's errors said."""

    def __init__(self, page: Page, run: Run, file: Path) -> None:
        self.page = page
        self.run = run
        self.problems: list[str] = []
        page.on("console", lambda message: self.problems.append(message.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("dialog", lambda dialog: self.problems.append(dialog.message))
        file.write_text(as_html(run), encoding="utf-8")
        page.goto(file.as_uri())

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def shown(self) -> dict[str, Any]:
        return self.page.evaluate(SHOWN)


Open = Callable[..., Opened]


@pytest.fixture
def open_replay(browser: BrowserContext, tmp_path: Path) -> Iterator[Open]:
    """Open a run's page in a fresh context with these options of Playwright's."""
    contexts: list[BrowserContext] = []
    opened: list[Opened] = []
    assert browser.browser is not None

    def open_(run: Run, **options: Any) -> Opened:
        size = options.pop("size", (1280, 720))
        viewport = {"width": size[0], "height": size[1]}
        contexts.append(browser.browser.new_context(viewport=viewport, **options))  # type: ignore[union-attr]
        opened.append(Opened(contexts[-1].new_page(), run, tmp_path / f"replay-{len(opened)}.html"))
        return opened[-1]

    yield open_
    problems = [problem for replay in opened for problem in replay.problems]
    for context in contexts:
        context.close()
    assert problems == []


def _expected(run: Run, number: int) -> dict[str, Any]:
    """What the page should say at a step, worked out from the run's moments."""
    moment = run.moments[number]
    standing: dict[int, list[str]] = {}
    for thread, line in moment.lines.items():
        if moment.states[thread].word in {"not begun", "ended"} or run.source.text(line) is None:
            continue
        standing.setdefault(line or 0, []).append(thread)
    lines = []
    for line, threads in sorted(standing.items()):
        first = [thread for thread in threads if thread == moment.thread]
        others = [thread for thread in threads if thread != moment.thread]
        lines.append([line, first + ([_names(others)] if others else [])])
    return {
        "said": plain(moment.sentence),
        "threads": [[t, plain(str(s)), str(moment.lines[t] or "")] for t, s in moment.states.items()],
        "printed": moment.printed or "nothing",
        "lines": lines,
    }


def _names(threads: Any, most: int = 2) -> str:
    threads = list(threads)
    short = threads if len(threads) <= most + 1 else threads[:most]
    more = f" and {len(threads) - most} more" if len(threads) > most + 1 else ""
    return (", ".join(short) + more) if threads else ""


def _agrees(replay: Opened, number: int, shown: dict[str, Any] | None = None) -> None:
    shown, expected = shown or replay.shown, _expected(replay.run, number)
    moment = replay.run.moments[number]
    assert {what: shown[what] for what in expected} == expected
    for label, value, held, waiting in shown["primitives"]:
        threads = moment.waiting[label]
        assert waiting == ((f"{len(threads)}: " if len(threads) > 3 else "") + _names(threads, 8) or "nobody")
        if replay.run.reading.uses[label].role == "guard":
            assert held == (_names(moment.holders[label]) or "nobody")
        if value.isdecimal():
            assert int(value) == moment.values[label]


@pytest.mark.parametrize("program", [*PROGRAMS, crossed], ids=lambda program: program.__name__)
def test_every_step_says_what_is_true(open_replay: Open, program: Callable[..., object]) -> None:
    arguments = {} if program is crossed else {"threads": 3}
    run = lab.record(program, clock="virtual", **arguments)
    replay = open_replay(run)
    count = len(run.moments)
    first = next(
        n for n, event in enumerate(run.trace) if event.kind not in {"start", "sleep", "wake", "join", "joined"}
    )
    _agrees(replay, first)  # that threads begin and go to sleep is nothing to look at
    replay.page.keyboard.press("Home")
    for number, shown in enumerate(replay.page.evaluate(STEPS, ["ArrowRight", count])):
        _agrees(replay, number, shown)
    for back, shown in enumerate(replay.page.evaluate(STEPS, ["ArrowLeft", count]), 1):
        _agrees(replay, count - back, shown)


def test_home_end_slider_and_buttons(open_replay: Open) -> None:
    run = lab.record(visit, threads=3, clock="virtual")
    replay, last = open_replay(run), len(run.moments) - 1
    page = replay.page
    replay.press("End")
    _agrees(replay, last)
    replay.press("ArrowRight")
    _agrees(replay, last)
    replay.press("Home", "ArrowLeft", "ArrowRight", "ArrowRight")
    _agrees(replay, 2)
    scrubber = page.get_by_role("slider", name="Step")
    expect(scrubber).to_have_value("2")
    scrubber.focus()
    replay.press("ArrowRight")  # once, not once by the page and once by the slider
    _agrees(replay, 3)
    scrubber.evaluate("slider => { slider.value = 7; slider.dispatchEvent(new Event('input')); }")
    _agrees(replay, 7)
    expect(scrubber).to_have_attribute("aria-valuetext", f"step 8: {plain(run.moments[7].sentence)}")
    for name, number in (("Step back", 6), ("Step forward", 7), ("Last step", last), ("First step", 0)):
        page.get_by_role("button", name=name).click()
        _agrees(replay, number)
    expect(page.get_by_role("button", name="Step back")).to_be_disabled()
    page.get_by_text("All steps").click()
    page.locator("#steps li").nth(5).click()
    _agrees(replay, 5)


def test_the_next_wait_hand_over_or_print_is_a_press_away(open_replay: Open) -> None:
    run = lab.record(visit, threads=3, clock="virtual")
    replay = open_replay(run)
    page, said = replay.page, replay.page.locator("#said")
    replay.press("Home")
    kinds = {"next wait": "block", "next hand-over": "acquire", "next print": "print"}
    for name, kind in kinds.items():
        page.get_by_role("button", name=name).click()
        step = int(page.get_by_role("slider", name="Step").input_value())
        assert run.moments.events[step].kind == kind
        _agrees(replay, step)
    replay.press("End")
    page.get_by_role("button", name="next wait").click()
    expect(said).to_have_text("There is none after this step.")
    page = open_replay(lab.record(crossed, clock="virtual")).page
    expect(page.get_by_role("button", name="next wait")).to_be_visible()
    expect(page.get_by_role("button", name="next print")).to_be_hidden()  # it prints nothing


def test_space_plays_and_pauses(open_replay: Open) -> None:
    run = lab.record(visit, threads=2, clock="virtual")
    replay, last = open_replay(run), len(run.moments) - 1
    page = replay.page
    said = page.locator("#said")
    replay.press(" ")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(said).to_have_attribute("aria-live", "off")
    expect(said).not_to_have_text(plain(run.moments[0].sentence))
    replay.press(" ")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(said).to_have_attribute("aria-live", "polite")
    page.get_by_role("combobox", name="Speed").select_option("fast")
    page.get_by_role("slider", name="Step").focus()
    replay.press(" ")
    expect(said).to_have_text(plain(run.moments[last].sentence), timeout=20_000)
    expect(page.get_by_role("button", name="Play")).to_be_visible()  # it has come to its end
    page.get_by_role("combobox", name="Speed").select_option("slow")
    page.get_by_role("slider", name="Step").focus()
    replay.press(" ")  # and begins anew
    expect(page.get_by_role("button", name="Step back")).to_be_disabled()
    replay.press("ArrowRight")  # whoever steps does not want it to run on
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_the_keyboard_alone_reaches_everything(open_replay: Open) -> None:
    replay = open_replay(lab.record(visit, threads=2, clock="virtual"))
    replay.press("Home")
    reached = []
    for _ in range(13):
        replay.press("Tab")
        reached.append(
            replay.page.evaluate(
                "(({id, className, innerText}) => id || className || innerText)(document.activeElement)"
            )
        )
    # Nothing is before the first step: its two buttons are out of reach.
    nexts = ["next wait", "next hand-over", "next print"]
    assert reached == ["drawn", "play", "forward", "last", "scrubber", "speed", *nexts, *["box"] * 4]


def test_a_click_on_the_picture_goes_there(open_replay: Open) -> None:
    run = lab.record(visit, threads=3, clock="virtual")
    replay = open_replay(run)
    replay.press("End")
    end = replay.shown["cursor"]
    replay.press("Home")
    box = replay.page.locator("#paper").bounding_box()
    assert box is not None
    replay.page.mouse.click(
        box["x"] + (replay.shown["cursor"] + end) / 200 * box["width"], box["y"] + box["height"] / 2
    )
    half = run.trace.duration / 2
    _agrees(replay, max(i for i, event in enumerate(run.trace) if event.time <= half))


def test_names_of_the_program_are_set_as_code(open_replay: Open) -> None:
    run = lab.record(visit, threads=2, clock="virtual")
    replay = open_replay(run)
    step = next(m.number for m in run.moments if " acquires `mutex`" in m.sentence)
    replay.page.evaluate("step => { location.hash = step + 1; location.reload(); }", step)
    expect(replay.page.locator("#said code").first).to_have_text("mutex")
    assert "`" not in replay.page.locator("#said").inner_text()


def test_a_crowd_is_told_in_numbers(open_replay: Open) -> None:
    run = lab.record(visit, threads=200, clock="virtual")
    replay = open_replay(run)
    step = next(m.number for m in run.moments if len(m.waiting["mutex"]) == 189)
    replay.page.evaluate("step => { location.hash = step + 1; location.reload(); }", step)
    expect(replay.page.locator("#said")).to_have_text(plain(run.moments[step].sentence))
    first = ", ".join(run.moments[step].waiting["mutex"][:8])
    assert replay.shown["primitives"][0][3] == f"189: {first} and 181 more"
    assert len(replay.shown["threads"]) < 8


@pytest.mark.parametrize("size", [(1280, 720), (1050, 900), (700, 900), (480, 900)])
@pytest.mark.parametrize("program", [visit, crossed])
def test_nothing_moves(open_replay: Open, size: tuple[int, int], program: Callable[..., object]) -> None:
    arguments = {} if program is crossed else {"threads": 4}
    run = lab.record(program, clock="virtual", **arguments)
    replay = open_replay(run, size=size)
    places = replay.page.evaluate(PLACES)
    for _ in run.moments:
        replay.press("ArrowRight")
        assert replay.page.evaluate(PLACES) == places
    width = replay.page.evaluate("document.documentElement.scrollWidth")
    assert width <= size[0]


def test_it_fits_a_slide(open_replay: Open) -> None:
    for run in (lab.record(visit, threads=n, clock="virtual") for n in (3, 10, 200)):
        bottom = open_replay(run).page.evaluate("document.querySelector('main').getBoundingClientRect().bottom")
        assert bottom <= 720


def test_dark_and_light(open_replay: Open) -> None:
    run = lab.record(visit, threads=2, clock="virtual")
    colours = [
        open_replay(run, color_scheme=scheme).page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
        )
        for scheme in ("light", "dark")
    ]
    assert colours == [["rgb(255, 255, 255)", "rgb(32, 36, 43)"], ["rgb(17, 17, 17)", "rgb(232, 230, 225)"]]


def test_nothing_glides_for_those_who_do_not_want_it(open_replay: Open) -> None:
    run = lab.record(visit, threads=2, clock="virtual")
    gliding = [
        open_replay(run, reduced_motion=wanted).page.evaluate(
            "getComputedStyle(document.getElementById('cursor')).transitionDuration"
        )
        for wanted in ("no-preference", "reduce")
    ]
    assert gliding == ["0.1s, 0.1s", "0s"]


def test_without_javascript_there_are_picture_sentence_and_steps(open_replay: Open) -> None:
    run = lab.record(visit, threads=2, clock="virtual")
    page = open_replay(run, java_script_enabled=False).page
    expect(page.get_by_role("heading", name=run.verdict)).to_be_visible()
    expect(page.get_by_role("img", name=f"Timeline. {run.verdict}")).to_be_visible()
    expect(page.locator("#controls")).to_be_hidden()
    expect(page.locator("#steps li").last).to_be_visible()
    assert page.locator("#steps li").count() == len(run.moments)


def test_a_hostile_program_is_only_shown(open_replay: Open) -> None:
    run = lab.record(hostile, clock="virtual")
    replay = open_replay(run)
    replay.press("Home")
    for number in range(len(run.moments)):
        _agrees(replay, number)
        replay.press("ArrowRight")
    assert replay.page.locator("img").count() == 0


def test_the_picture_answers_the_pointer(open_replay: Open) -> None:
    """By keys it goes from bar to bar, and Enter goes to where one begins; by mouse it says what lies there."""
    run = lab.record(visit, threads=3, clock="virtual")
    replay = open_replay(run)
    page, pointed = replay.page, replay.page.locator("#pointed")
    page.locator("#drawn").focus()
    told = []
    for _ in range(8):  # three holds, two waits, three prints
        replay.press("ArrowRight")
        if " prints at " not in pointed.inner_text():
            told.append(pointed.inner_text())
    assert len(told) == 5
    whole = re.compile(r"worker-\d (holds|waits for) mutex from \d+ ms to \d+ ms: [12]0 ms · line \d+: with mutex:")
    assert all(whole.fullmatch(one) for one in told), told
    assert sorted(one.split(" mutex ")[1].split(":")[0] for one in told if "holds" in one) == [
        "from 0 ms to 10 ms",
        "from 10 ms to 20 ms",
        "from 20 ms to 30 ms",
    ]
    while "holds mutex from 10 ms" not in pointed.inner_text():
        replay.press("ArrowRight")
    replay.press("Enter")
    _agrees(replay, max(i for i, event in enumerate(run.trace) if event.time <= 10_000_000))
    cursor = replay.shown["cursor"]
    replay.press("+")
    expect(page.get_by_role("button", name="show all")).to_be_visible()
    assert replay.shown["cursor"] < cursor  # it now is at the left of the bar that fills the picture
    replay.press("Escape")
    expect(page.get_by_role("button", name="show all")).to_be_hidden()
    assert replay.shown["cursor"] == cursor
    page.mouse.move(0, 0)
    expect(page.locator("#keys")).to_be_visible()


def ring() -> None:
    bell = threading.Semaphore(0)

    def wait() -> None:
        bell.acquire()
        print("heard")

    listener = threading.Thread(target=wait, name="listener")
    listener.start()
    time.sleep(0.01)
    bell.release()
    listener.join()


def test_a_mark_is_pointed_at_as_a_bar_is(open_replay: Open) -> None:
    replay = open_replay(lab.record(ring, clock="virtual"))
    page, pointed = replay.page, replay.page.locator("#pointed")
    page.locator("#drawn").focus()
    told = []
    for _ in range(4):  # a wait, a release, what it let in, a print
        replay.press("ArrowRight")
        told.append(re.sub(r" · line \d+: .*", "", pointed.inner_text()))
    assert sorted(told) == [
        "listener passes (bell) at 10 ms",
        "listener prints at 10 ms",
        "listener waits for bell from 0 ms to 10 ms: 10 ms",
        "main opens (bell) at 10 ms",
    ]
    mark = page.locator("#drawn .print").bounding_box()
    assert mark is not None
    page.mouse.move(mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2)
    expect(pointed).to_have_text(re.compile(r"listener (passes \(bell\)|prints) at 10 ms"))


def test_what_is_not_told_one_by_one_is_not_denied(open_replay: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """With too many bars nobody knows who waits: then nothing says that nobody does."""
    monkeypatch.setattr("semalab.draw.drawing.MOST", 10)
    page = open_replay(lab.record(visit, threads=3, clock="virtual")).page
    name = page.locator("#drawn text.row", has_text="worker-1").bounding_box()
    page.mouse.click(name["x"] + 5, name["y"] + name["height"] / 2)
    expect(page.locator("#pointed")).to_have_text("worker-1")
    value = page.locator("#drawn path.value").last.bounding_box()
    page.mouse.move(value["x"] + 20, value["y"] + value["height"] / 2)
    expect(page.locator("#pointed")).to_have_text(re.compile(r"mutex at \d+(\.\d+)? ms: \d"))


def serve() -> None:
    dishes: queue.Queue[str] = queue.Queue()
    guest = threading.Thread(target=dishes.get, name="guest")
    guest.start()
    time.sleep(0.01)
    dishes.put("soup")
    guest.join()


def test_an_item_is_put_and_not_released(open_replay: Open) -> None:
    page = open_replay(lab.record(serve, clock="virtual")).page
    arrow = page.locator('#drawn path[class="handover"]').bounding_box()
    page.mouse.move(arrow["x"] + arrow["width"] / 2, arrow["y"] + arrow["height"] * 0.45)
    said = re.compile(r'main puts an item into dishes at 10 ms and lets guest go on · line \d+: dishes\.put\("soup"\)')
    expect(page.locator("#pointed")).to_have_text(said)


def test_space_opens_the_list_of_all_steps(open_replay: Open) -> None:
    page = open_replay(lab.record(visit, threads=2, clock="virtual")).page
    page.locator("#all summary").press("Space")
    expect(page.locator("#steps li").first).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_visible()  # and it does not play


@pytest.mark.parametrize("width", [390, 768, 1024, 1440, 683])  # the last: 1024 at 150 %
def test_it_is_painted_for_the_width_there_is(open_replay: Open, width: int) -> None:
    """No letter below 7.5 pixels, nothing cut, no name broken, and room for those who wait."""
    run = lab.record(visit, threads=10, clock="virtual")
    replay = open_replay(run, size=(width, 900))
    page = replay.page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll('#drawn text')].map(
            text => Number(text.getAttribute('font-size')) * document.getElementById('drawn').getScreenCTM().a))"""
    )
    assert small >= 7.5
    outside = page.evaluate(
        """() => { const paper = document.getElementById('drawn').getBoundingClientRect();
            return [...document.querySelectorAll('#drawn text')].filter(text => {
                const box = text.getBoundingClientRect();
                return box.left < paper.left || box.right > paper.right;
            }).map(text => text.textContent); }"""
    )
    assert outside == []
    replay.press("Home")
    for _ in range(40):
        replay.press("ArrowRight")
    broken = page.evaluate(
        """() => [...document.querySelectorAll('td .whole-word')].filter(word => {
            const text = document.createRange();
            text.selectNodeContents(word);
            return text.getClientRects().length > 1;
        }).map(word => word.textContent)"""
    )
    assert broken == []
    cut = page.evaluate(
        """() => [...document.querySelectorAll('#primitives td')].filter(
            cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.textContent)"""
    )
    assert cut == []


@pytest.mark.parametrize("width", [830, 1024])
def test_names_wider_than_their_column_do_not_run_into_the_next(open_replay: Open, width: int) -> None:
    replay = open_replay(lab.record(visit, threads=3, who="philosopher", clock="virtual"), size=(width, 900))
    replay.press("Home")
    for _ in range(12):
        replay.press("ArrowRight")
    assert any(row[2].startswith("philosopher") for row in replay.shown["primitives"])
    cut = replay.page.evaluate(
        """() => [...document.querySelectorAll('#primitives td, #threads td')].filter(
            cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.textContent)"""
    )
    assert cut == []


def test_a_run_without_an_event_has_nothing_to_step_through(open_replay: Open) -> None:
    page = open_replay(Run(lab.record(visit, threads=1).trace.__class__([]), {}, "wall", 0, 0.0)).page
    expect(page.get_by_role("img")).to_be_visible()
    expect(page.locator("#controls")).to_be_hidden()


def test_a_long_run_is_stepped_through_from_both_ends(open_replay: Open) -> None:
    run = lab.record(visit, threads=1_500, clock="virtual")
    replay = open_replay(run)
    for key, numbers in (("End", [-1]), ("ArrowLeft", [-2, -3]), ("Home", [0]), ("ArrowRight", [1, 2])):
        for number in numbers:
            replay.press(key)
            assert replay.shown["said"] == plain(run.moments[number].sentence)
    for number in (511, 512, 513, 5_000, 1_023, 1_024):
        replay.page.locator("#scrubber").evaluate(
            "(slider, step) => { slider.value = step; slider.dispatchEvent(new Event('input')); }", number
        )
        shown, moment = replay.shown, run.moments[number]
        assert shown["said"] == plain(moment.sentence)
        assert shown["primitives"][0][1:3] == [str(moment.values["mutex"]), _names(moment.holders["mutex"]) or "nobody"]
        assert shown["printed"].endswith(moment.printed[-200:])


def test_in_a_notebook(lab: Lab, open_notebook: Callable[[str], OpenNotebook]) -> None:
    """Its keys are its own, its colours the notebook's, and nothing around it moves."""
    cells = [new_code_cell(NOTEBOOK.strip()), new_code_cell("len(run.moments)")]
    notebook = open_notebook(lab.write("replay.ipynb", text(normalised(new_notebook(cells=cells)))))
    notebook.run_all()
    page = notebook.page
    output = notebook.outputs(1)
    frame = page.frame_locator("iframe[title^=Replay]")
    said = frame.locator("#said")
    expect(said).to_contain_text("acquires")
    wide = page.viewport_size
    for width, high in ((1024, 700), (1280, 800), (1600, 900)):
        page.set_viewport_size({"width": width, "height": high})
        page.wait_for_function(WHOLE)
    page.set_viewport_size(wide)
    page.wait_for_function(SETTLED, polling=500)
    height = output.bounding_box()
    frame.get_by_role("slider", name="Step").focus()
    page.keyboard.press("Home")
    for sentence in ("worker-0 begins", "worker-1 begins"):
        page.keyboard.press("ArrowRight")
        expect(said).to_have_text(sentence)
    page.keyboard.press("ArrowLeft")
    expect(said).to_have_text("worker-0 begins")
    page.keyboard.press(" ")
    expect(frame.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("End")
    expect(said).to_have_text("main ends")
    expect(frame.get_by_role("button", name="Play")).to_be_visible()
    assert output.bounding_box() == height
    body = frame.locator("body")
    expect(body).to_have_css("background-color", "rgb(255, 255, 255)")
    notebook.change_theme("Dark")
    expect(body).to_have_css("background-color", "rgb(17, 17, 17)")
    notebook.change_theme("Light")
    expect(body).to_have_css("background-color", "rgb(255, 255, 255)")
    assert notebook.errors == []


FAILS = """
import semalab as lab

def attempt(connections, talk):
    connections.acquire()
    connections.acquire()
    answer = talk()
    connections.release()
    return answer

lab.check("limiter-2", attempt)
"""


def test_a_failed_attempt_is_stepped_through_below_its_picture(
    lab: Lab, open_notebook: Callable[[str], OpenNotebook]
) -> None:
    notebook = open_notebook(lab.write("fails.ipynb", text(normalised(new_notebook(cells=[new_code_cell(FAILS)])))))
    notebook.run_all()
    output = notebook.outputs(1)
    expect(output.get_by_role("img", name=re.compile("Not yet: a deadlock"))).to_be_visible()
    frame = output.frame_locator("iframe")
    expect(frame.get_by_role("slider", name="Step")).to_be_hidden()  # unfolded by whoever wants it
    output.get_by_text("Step through this run").click()
    frame.get_by_role("slider", name="Step").focus()
    notebook.page.keyboard.press("Home")
    expect(frame.locator("#said")).to_have_text("main begins")
    notebook.page.keyboard.press("End")
    expect(frame.locator("#said")).to_contain_text("Deadlock: 2 threads wait for connections")
    assert notebook.errors == []
