"""Names, messages and output of a program are data: they change no page, file, terminal or spreadsheet around them."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
import warnings
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from programs.telling import run_of

import semalab as lab
from semalab.analysis.claims import Claim
from semalab.files import as_csv
from semalab.log.excerpt import cut, cut_name
from semalab.log.trace import Event, Primitive, Trace
from semalab.notebook import texts
from semalab.run import Run

ROOT = Path(__file__).resolve().parent.parent.parent

FRAGMENTS = [
    "<img src=x onerror=alert(1)>",
    "</pre></div><script>alert(1)</script>",
    "<!--",
    "-->",
    "]]>",
    "&lt;",
    "\" onload='alert(1)'",
    "`code`",
    "$\\LaTeX$",
    "$x_1",
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@SUM(1)",
    "'=1",
    "\t=1",
    "\r\n",
    "\x00",
    "\x1b[31m",
    "\x9b31m",
    "\u2028",
    "\u202e",
    "\u2066",
    "\ud800",
    "\udcff",
    "\udfff\ud83d",
    "\ufffe",
    "\U0001f468\u200d\U0001f469",
    "工人",
    "שלום",
    "",
    " ",
]
TEXTS = st.one_of(
    st.sampled_from(FRAGMENTS),
    st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(st.characters(), max_size=30)), max_size=5).map("".join),
)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FEWER = settings(FEW, max_examples=12)  # each draws pictures


def harmless(text: str) -> bool:
    """One line that a terminal, a file and a message to a browser take as it is."""
    hidden = [c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and c not in "\u200c\u200d"]
    return not hidden and text.encode("utf-8").decode("utf-8") == text


# --- text/plain, alt text --------------------------------------------------------------------------------------------


@FEW
@given(TEXTS, TEXTS)
def test_a_verdict_is_one_harmless_line(name: str, message: str) -> None:
    run = run_of(name, message)
    assert harmless(run.verdict)
    assert harmless(run.description)
    assert run.verdict.startswith(f"{run.trace.threads[1]} raised Told")
    assert all(map(harmless, run.trace.threads))


@FEWER
@given(TEXTS, TEXTS)
def test_a_cells_output_can_be_sent_to_the_browser(name: str, message: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        content, metadata = run_of(name, message)._repr_mimebundle_()
    assert content["image/png"].startswith(b"\x89PNG")
    assert harmless(content["text/plain"])
    assert harmless(metadata["image/png"]["alt"])


def test_alt_text_makes_no_markup_on_a_converted_page() -> None:
    pytest.importorskip("nbconvert")
    from nbconvert import HTMLExporter
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    name = "\"'><img src=x onerror=alert(1)>"
    bundle, metadata = run_of(name)._repr_mimebundle_()
    shown = {"image/png": base64.b64encode(bundle["image/png"]).decode(), "text/plain": bundle["text/plain"]}
    output = new_output("display_data", shown, metadata=metadata)
    page, _ = HTMLExporter(template_name="classic").from_notebook_node(
        new_notebook(cells=[new_code_cell("run", outputs=[output])])
    )
    found = parsed(page)
    assert [attributes["alt"] for tag, attributes in found.tags if tag == "img"] == [metadata["image/png"]["alt"]]
    assert name in metadata["image/png"]["alt"]


# --- HTML ------------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Collects tags with their attributes, and the words inside each kind of tag."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: dict[str, str] = {}
        self.around: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        self.around.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.around:
            while self.around.pop() != tag:
                pass

    def handle_data(self, words: str) -> None:
        if self.around:
            self.words[self.around[-1]] = self.words.get(self.around[-1], "") + words

    def handle_comment(self, words: str) -> None:
        self.tags.append(("comment", {}))

    def handle_decl(self, words: str) -> None:
        self.tags.append(("declaration", {}))

    def handle_pi(self, words: str) -> None:
        self.tags.append(("instruction", {}))

    def unknown_decl(self, words: str) -> None:
        self.tags.append(("unknown declaration", {}))


def parsed(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    return page


PLAIN = run_of("worker", "message", "output")


@FEW
@given(TEXTS, TEXTS, TEXTS)
def test_html_has_the_tags_of_a_plain_run_and_the_words_of_this_one(name: str, message: str, printed: str) -> None:
    run = run_of(name, message, printed)
    verdict, output = parsed(texts.verdict(run)), parsed(texts.output(run))
    assert verdict.tags == parsed(texts.verdict(PLAIN)).tags
    assert output.tags == parsed(texts.output(PLAIN)).tags
    assert verdict.words["b"] == run.verdict
    assert verdict.words["em"] == run.description
    assert output.words["pre"] == cut(run.output, texts.LONGEST, lines=True)
    assert all(map(harmless, output.words["pre"].replace("\t", "\n").split("\n")))


@FEW
@given(TEXTS)
def test_a_panels_message_is_data(message: str) -> None:
    page = parsed(texts.message(ValueError(message)))
    assert page.tags == parsed(texts.message(ValueError("plain"))).tags
    assert page.words.get("b", "") == cut(message, 600)


# --- CSV, JSON, Chrome's trace ---------------------------------------------------------------------------------------


def named(thread: str, primitive: str = "gate") -> Trace:
    """A log made by hand, with names that have not gone through the recorder."""
    events = [
        Event(0, thread, "start"),
        Event(1, thread, "acquire", primitive, 0, 1, 3),
        Event(2, thread, "release", primitive, 1, 1, 4),
        Event(3, thread, "end"),
    ]
    return Trace(events, [thread], [Primitive(primitive, "Semaphore", 1)])


def as_table(trace: Trace) -> str:
    return b"".join(as_csv(trace)).decode("utf-8")


@FEW
@given(TEXTS, TEXTS)
def test_csv_has_the_names_and_no_formula(thread: str, primitive: str) -> None:
    rows = list(csv.reader(io.StringIO(as_table(named(thread, primitive)), newline="")))
    assert [len(row) for row in rows] == [7] * 5
    names = [(row[1], row[3]) for row in rows[1:]]
    assert not [name for pair in names for name in pair if name[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"}]
    assert [tuple(map(unmarked, pair)) for pair in names] == [
        (without_surrogates(event.thread), without_surrogates(event.primitive)) for event in named(thread, primitive)
    ]


def unmarked(cell: str) -> str:
    return cell[1:] if cell.startswith("'") else cell


def without_surrogates(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@A1", "'@A1"),
        ("'x", "''x"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),
        ("a=b", "a=b"),
    ],
)
def test_csv_marks_what_a_spreadsheet_would_reckon(name: str, cell: str) -> None:
    _, first, *_ = csv.reader(io.StringIO(as_table(named(name)), newline=""))
    assert first[1] == cell


@FEW
@given(TEXTS, TEXTS)
def test_saved_logs_read_back(name: str, message: str) -> None:
    run = run_of(name, message)
    with tempfile.TemporaryDirectory() as folder:
        log = json.loads(run.save(Path(folder, "run.json")).read_text(encoding="utf-8"))
        chrome = json.loads(run.save(Path(folder, "run.trace.json")).read_text(encoding="utf-8"))["traceEvents"]
        with run.save(Path(folder, "run.csv")).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    assert [Event(*event) for event in log["events"]] == list(run.trace)
    assert tuple(log["threads"]) == run.trace.threads
    assert tuple(e["args"]["name"] for e in chrome if e["name"] == "thread_name") == run.trace.threads
    assert len(rows) == len(run.trace)
    for row, event in zip(rows, run.trace, strict=True):
        assert (unmarked(row["thread"]), row["kind"]) == (event.thread, event.kind)


def test_files_are_utf_8_in_every_locale(tmp_path: Path) -> None:
    folder = tmp_path / "Übungen"
    folder.mkdir()
    # From 3.12 on, and in that locale, Python imports no compiled module from a folder with other letters than ASCII's:
    # no hypothesis here, and of an environment in such a folder no pictures, which need NumPy.
    pictures = ("svg", "png", "pdf") if sys.prefix.isascii() or sys.version_info < (3, 12) else ()
    suffixes = ("csv", "json", "trace.json", *pictures)
    # As bytes: in that locale such a name is no text.
    program = f"""
import os, sys
sys.path[:0] = map(os.fsdecode, [{os.fsencode(ROOT / "tests")!r}, {os.fsencode(ROOT)!r}])
from programs.telling import run_of
run = run_of({"工人 "!a} + "\\ud800", {"שלום "!a} + "\\udcff")
for suffix in {suffixes!r}:
    run.save(os.fsdecode({os.fsencode(folder)!r}) + "/run." + suffix)
"""
    environment = {**os.environ, "LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(list(folder.iterdir())) == len(suffixes)
    for suffix in [one for one in suffixes if one not in ("png", "pdf")]:
        assert (folder / f"run.{suffix}").read_bytes().decode("utf-8")
    assert "工人 \ufffd" in (folder / "run.csv").read_text(encoding="utf-8")


# --- pictures --------------------------------------------------------------------------------------------------------


def elements(svg: str) -> set[tuple[str, tuple[str, ...]]]:
    """Every kind of element with the names of its attributes."""
    return {(element.tag, tuple(sorted(element.attrib))) for element in ElementTree.fromstring(svg).iter()}


@FEWER
@given(TEXTS, TEXTS)
@example("$\\LaTeX$", "--> $\\LaTeX$ <script/>")
def test_pictures_are_drawn_and_svg_has_no_element_of_the_programs(name: str, message: str) -> None:
    run = run_of(name, message)
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("error")  # a glyph that is missing
        svg = run.save(Path(folder, "run.svg")).read_text(encoding="utf-8")
        assert run.save(Path(folder, "run.pdf")).read_bytes().startswith(b"%PDF")
    strange = {tag for tag, _ in elements(svg)} - {tag for tag, _ in elements(_svg(PLAIN))}
    assert strange == set()
    assert not {name for _, names in elements(svg) for name in names if name.lower().startswith("on")}


def _svg(run: Run) -> str:
    from semalab.draw import svg

    return svg(run.timeline())


# --- how long, and of whom -------------------------------------------------------------------------------------------


def test_long_text_is_cut_and_says_how_much() -> None:
    assert cut("x" * 10_000, 100) == "x" * 100 + "… (9,900 more characters)"
    assert cut("x" * 100, 100) == "x" * 100
    assert cut("a\nb\tc\x00", 9) == "a b c\ufffd"
    assert cut("a\nb\tc\x00", 9, lines=True) == "a\nb\tc\ufffd"
    assert cut_name("w" * 100 + "-17", 12) == "w" * 8 + "… (91 more characters) …w-17"


@pytest.fixture(scope="module")
def enormous() -> Run:
    return run_of("w" * 100_000, "m" * 10_000_000, "p" * 10_000_000)


def test_a_name_of_100000_characters_is_cut_wherever_it_is_told(enormous: Run) -> None:
    name = "w" * 54 + "… (99,920 more characters) …" + "w" * 26
    assert enormous.trace.threads == ("main", name)
    assert name in enormous.verdict
    assert max(len(as_table(enormous.trace)), len(_svg(enormous))) < 200_000


def test_a_message_and_a_print_of_10_million_characters_are_cut(enormous: Run) -> None:
    assert "m" * 300 + "… (9,999,700 more characters)" in enormous.verdict
    assert len(enormous.verdict) < 700
    assert len(enormous.output) == 10_000_001  # data: nothing is lost
    output = parsed(texts.output(enormous)).words["pre"]
    assert output == "p" * texts.LONGEST + "… (9,996,001 more characters)"
    assert len(texts.verdict(enormous)) < 6_000


def test_a_claims_own_sentence_is_cut_to_one_line() -> None:
    claim = Claim("mine", "", True, "<b>\n" + "x" * 10_000)
    run = lab.record(raises, clock="virtual", kind=None, claim=lambda _: claim)
    assert run.verdict == "<b> " + "x" * 596 + "… (9,404 more characters)"


def test_a_picture_of_long_words_keeps_them_on_the_page(enormous: Run) -> None:
    figure = enormous.timeline(width=10, height=4.8)
    renderer, page = figure.canvas.get_renderer(), figure.bbox
    for text in figure.texts:
        box = text.get_window_extent(renderer)
        assert page.x0 <= box.x0 <= box.x1 <= page.x1, text
        assert page.y0 <= box.y0 <= box.y1 <= page.y1, text


class Wordless(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Wilful(str):
    """Text only by descent: whatever is asked of it, it refuses."""

    def refuse(self, *args: object, **kwargs: object) -> Any:
        raise RuntimeError("no text")

    __format__ = __iter__ = __getitem__ = __eq__ = __hash__ = __add__ = __contains__ = refuse  # type: ignore[assignment]
    isascii = isprintable = strip = isspace = refuse  # type: ignore[assignment]

    def __str__(self) -> str:
        return self


class Wilfully(Exception):
    def __str__(self) -> str:
        return Wilful("so there")


class Leaves(Exception):
    def __str__(self) -> str:
        raise SystemExit


def raises(kind: Callable[[], Exception] | None) -> None:
    if kind is not None:
        raise kind()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Wordless, "main raised Wordless: <exception str() failed>"),
        (Leaves, "main raised Leaves: <exception str() failed>"),
        (Wilfully, "main raised Wilfully: so there"),
        (type("<b>\n" + "x" * 200, (Exception,), {}), "main raised <b> " + "x" * 76 + "… (124 more characters)"),
    ],
    ids=["wordless", "leaves", "wilful", "class"],
)
def test_exceptions_that_cannot_be_told(kind: Any, words: str) -> None:
    run = lab.record(raises, clock="virtual", raises=False, kind=kind)
    assert run.verdict == words
    assert parsed(texts.verdict(run)).words["b"] == words
    run.timeline()


# --- who is who ------------------------------------------------------------------------------------------------------


def named_threads(names: list[str]) -> None:
    threads = [threading.Thread(target=int, name=name) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    "names", [["a", "a (2)", "a"], ["a", "a", "a (2)", "a"], ["", "", "unnamed", " ", "\n"]], ids=str
)
def test_labels_differ_whatever_the_names(names: list[str]) -> None:
    labels = lab.record(named_threads, clock="virtual", names=names).trace.threads
    assert len(set(labels)) == len(names) + 1
    assert all(label.strip() for label in labels)


@FEW
@given(st.lists(TEXTS, max_size=8))
def test_labels_differ_for_any_names(names: list[str]) -> None:
    run = lab.record(named_threads, clock="virtual", names=names)
    run.trace.certify()
    assert len(set(run.trace.threads)) == len(names) + 1


def test_names_that_differ_only_in_what_is_cut_stay_apart() -> None:
    names = ["w" * 500 + middle + "w" * 500 for middle in "ab"] + ["w" * 1_000 + end for end in "ab"]
    labels = lab.record(named_threads, clock="virtual", names=names).trace.threads[1:]
    assert len(set(labels)) == 4
    assert labels[1] == f"{labels[0]} (2)"
    assert [label[-1] for label in labels[2:]] == ["a", "b"]


def test_a_name_that_is_text_only_by_descent_is_a_name() -> None:
    run = lab.record(named_threads, clock="virtual", names=[Wilful("worker")])
    assert run.trace.threads == ("main", "worker")
    assert type(run.trace.threads[1]) is str


def shares_a_name() -> None:
    gate = threading.Semaphore(0)

    def work() -> None:
        gate.acquire()

    waiting = threading.Thread(target=work, name="gate")
    waiting.start()
    gate.release()
    waiting.join()


@pytest.mark.parametrize("clock", ["wall", "virtual"])
def test_a_thread_may_be_called_as_a_primitive_is(clock: str) -> None:
    run = lab.record(shares_a_name, clock=clock)
    run.trace.certify()
    assert {e.kind for e in run.trace.of("gate")} == {"acquire", "release"} | {
        e.kind for e in run.trace if e.value == 0 and e.kind == "block"
    }
    joins = [e for e in run.trace if e.kind == "join"]
    assert len([s for s in run.reading.spans if s.kind == "join"]) == len(joins)


def touched_from_outside(given: list[Any]) -> None:
    gate = threading.Semaphore(0)
    given.append(gate)
    insider = threading.Thread(target=gate.acquire, name="outside")
    insider.start()
    insider.join()


def test_a_thread_from_outside_is_not_taken_for_one_of_the_run_with_its_name() -> None:
    given: list[Any] = []

    def touch() -> None:
        while not given:
            time.sleep(0.001)
        given[0].release()

    stranger = threading.Thread(target=touch, name="outside")
    stranger.start()
    run = lab.record(touched_from_outside, given=given)
    stranger.join()
    assert run.trace.threads == ("main", "outside", "outside (2)")
    assert [event.thread for event in run.trace if event.kind == "release"] == ["outside (2)"]
    run.trace.certify()
