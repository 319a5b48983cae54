"""The replay as a page: whole, the same every time, closed to the outside; nothing in it acts but its own script."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import threading
import time
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from programs.deadlocked import crossed
from programs.virtual_runs import latch, mutex

import semalab as lab
from semalab.log.trace import Event, Primitive, Trace
from semalab.replay import as_html
from semalab.run import Run

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

HOSTILE = [
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "<!--",
    "\"' onload='alert(1)'",
    "{{script}}",
    "{{verdict}}",
    "&lt;b&gt;",
    "\u202eright to left\u2066",
    "half \ud800 a pair",
    "\x00\x1b[31m",
    "\u2028",
    "naïve ⋯ 語",
]


class Parsed(HTMLParser):
    """A page's elements with their attributes, and the text of its scripts, its style, its steps."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = tag
        self.texts.setdefault(tag, []).append("")

    def handle_data(self, text: str) -> None:
        if self._open:
            self.texts[self._open][-1] += text

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


def steps_of(page: str) -> list[str]:
    listed = page[page.index('<ol id="steps">') : page.index("</ol>")]
    steps = re.findall(r"<li><i>.*?</i> <span>(.*?)</span></li>", listed)
    assert "`" not in "".join(steps)  # code is shown as code
    return [unescape(re.sub("</?code>", "`", step)) for step in steps]


def hostile(names: list[str]) -> None:
    gate = threading.Semaphore(0)

    def work() -> None:
        gate.acquire()
        print(*HOSTILE, sep="\n")

    workers = [threading.Thread(target=work, name=name) for name in names]
    for worker in workers:
        worker.start()
    gate.release(len(names))
    for worker in workers:
        worker.join()
    raise ValueError(HOSTILE[0])


def visit(threads: int, initial: int) -> None:
    semaphore = threading.Semaphore(initial)

    def work(number: int) -> None:
        time.sleep(0.001 * number)
        with semaphore:
            print("worker", number)
            time.sleep(0.01)

    workers = [threading.Thread(target=work, args=(i,), name=f"worker-{i}") for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def turns(threads: int) -> None:
    """Nobody waits, and nobody prints."""
    semaphore = threading.Semaphore(1)

    def work(number: int) -> None:
        time.sleep(0.002 * number)
        with semaphore:
            time.sleep(0.001)

    workers = [threading.Thread(target=work, args=(i,), name=f"worker-{i}") for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def handmade(*events: Event, threads: tuple[str, ...] = ("main",), duration: int = 0) -> Run:
    trace = Trace(events, threads, [Primitive("s", "Semaphore", 1)], duration)
    return Run(trace, {}, "virtual", 0, duration / 1e9)


def test_every_moment_is_a_step() -> None:
    run = lab.record(mutex, threads=4, clock="virtual")
    assert steps_of(as_html(run)) == [moment.sentence for moment in run.moments]


def test_a_stop_is_the_last_step() -> None:
    run = lab.record(crossed, clock="virtual")
    assert steps_of(as_html(run))[-1] == f"The run is stopped: {run.verdict}"


def test_the_same_run_gives_the_same_page() -> None:
    pages = {as_html(lab.record(latch, threads=3, clock="virtual", seed=5)) for _ in range(2)}
    assert len(pages) == 1


def test_nothing_comes_from_outside() -> None:
    page = as_html(lab.record(mutex, threads=2, clock="virtual"))
    for tag, attributes in Parsed(page).elements:
        assert tag not in {"link", "iframe", "object", "embed", "base", "a"}
        assert all(not name.startswith("on") and name != "style" for name in attributes), (tag, attributes)
        assert (attributes.get("src") or "data:image/png;base64,").startswith("data:image/png;base64,")
    assert re.findall(r"url\((?!#)", page) == []  # but a hatch of the page's own
    assert "@import" not in page
    assert re.findall(r"https?:[^\s\"']*", page) == ["http://www.w3.org/2000/svg"]  # a name, not an address


def test_the_page_forbids_all_but_its_own_script_and_style() -> None:
    parsed = Parsed(as_html(lab.record(mutex, threads=2, clock="virtual")))
    policy = next(a["content"] for t, a in parsed.elements if t == "meta" and "content" in a and "http-equiv" in a)
    assert policy is not None
    early, log, script = parsed.texts["script"]
    assert log.startswith("{")
    style, first, second = (
        "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
        for text in (parsed.texts["style"][0], early, script)
    )
    assert policy == f"default-src 'none'; img-src data:; style-src '{style}'; script-src '{first}' '{second}'"


def test_text_of_programs_is_data() -> None:
    run = lab.record(hostile, names=HOSTILE, clock="virtual", raises=False)
    plain = lab.record(hostile, names=["worker"] * len(HOSTILE), clock="virtual", raises=False)
    page = as_html(run)
    assert page.encode("utf-8")
    assert not set(page) & set("\x00\x1b\u202e\u2066\u2028")
    kinds = [tag for tag, _ in Parsed(page).elements]
    assert set(kinds) == set(Parsed(as_html(plain)).texts)
    assert kinds.count("script") == 3
    assert kinds.count("style") == 1
    assert kinds.count("img") == 1
    assert "</script><script>alert" not in page
    assert steps_of(page) == [moment.sentence for moment in run.moments]


def test_a_program_that_looks_like_the_template_stays_as_it_is() -> None:
    run = lab.record(hostile, names=["{{log}}"], clock="virtual", raises=False)
    assert "{{log}} begins" in steps_of(as_html(run))
    assert len(re.findall(r"\{\{log\}\}", as_html(run))) > 1


def test_the_program_stands_in_it_with_its_line_numbers() -> None:
    page = as_html(lab.record(mutex, threads=2, clock="virtual"))
    first = mutex.__code__.co_firstlineno
    assert f"<b>{first}</b><code>def mutex(threads: int) -&gt; None:</code>" in page


def test_a_run_without_source_or_text_is_shown_all_the_same() -> None:
    recorded = lab.record(mutex, threads=2, clock="virtual")
    bare = Run(recorded.trace, {}, "virtual", 0, recorded.duration)  # as one that was read from a file
    page = as_html(bare)
    assert "The source is not known." in page
    assert len(steps_of(page)) == len(recorded.trace)
    assert any(step.endswith("prints something") for step in steps_of(page))


@pytest.mark.parametrize(
    "run",
    [
        handmade(),
        handmade(Event(0, "main", "start")),
        handmade(Event(0, "main", "start"), Event(0, "main", "end"), duration=5),
    ],
    ids=["no event", "one event", "no time"],
)
def test_small_runs(run: Run) -> None:
    assert len(steps_of(as_html(run))) == len(run.trace)


def test_an_explored_run_is_replayed() -> None:
    found = lab.explore(visit, threads=2, initial=2, check=lab.at_most(1))
    assert found.shortest is not None
    assert steps_of(as_html(found.shortest)) == [moment.sentence for moment in found.shortest.moments]


def test_ten_thousand_events_are_a_small_file() -> None:
    run = lab.record(visit, threads=1_000, initial=1, clock="virtual")
    assert len(run.trace) > 9_000
    assert len(as_html(run)) < 2_000_000


def test_much_output_is_cut() -> None:
    def chatter() -> None:
        for _ in range(100):
            print("x" * 50_000)

    page = as_html(lab.record(chatter, clock="virtual"))
    assert len(page) < 1_000_000
    assert "more characters)" in page


def test_the_widget_is_the_page_in_a_frame() -> None:
    run = lab.record(mutex, threads=2, clock="virtual")
    replay = run.replay()
    frame = next(attributes for tag, attributes in Parsed(replay.value).elements if tag == "iframe")
    assert frame["srcdoc"] == as_html(run)
    assert frame["title"] == f"Replay. {run.verdict}"
    assert repr(replay) == f"Replay in {len(run.moments)} steps. {run.verdict}"


def test_where_there_are_no_widgets_the_picture_is_shown() -> None:
    run = lab.record(mutex, threads=2, clock="virtual")
    bundle = run.replay()._repr_mimebundle_()
    assert sorted(bundle) == ["application/vnd.jupyter.widget-view+json", "image/png", "text/plain"]
    assert bundle["image/png"] == run._repr_mimebundle_()[0]["image/png"]


def test_a_replay_of_a_hostile_run_is_one_frame() -> None:
    run = lab.record(hostile, names=HOSTILE, clock="virtual", raises=False)
    elements = [tag for tag, _ in Parsed(run.replay().value).elements]
    assert elements == ["style", "div", "iframe"]


def test_the_page_is_part_of_the_package() -> None:
    folder = Path(sys.modules["semalab.replay"].__file__ or "").parent
    written = (folder.parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert '"semalab.replay" = ["*.html", "*.css", "*.js"]' in written
    assert sorted(path.name for path in folder.iterdir() if path.suffix in {".html", ".css", ".js"}) == [
        "page.css",
        "page.html",
        "page.js",
    ]
