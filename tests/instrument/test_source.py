"""The program's text is kept as it was when it ran; a line that may be of several files is nobody's."""

from __future__ import annotations

import linecache
import threading
from collections.abc import Callable
from typing import Any

import pytest

import semalab as lab
from semalab.analysis.listings import Listing, Source

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

PROGRAM = """import threading


def program():
    gate = threading.Semaphore(0)

    def open_it():
        gate.release()

    worker = threading.Thread(target=open_it)
    worker.start()
    gate.acquire()
    worker.join()


def elsewhere():
    pass
"""
OTHER = """import threading


def step(mutex):
    with mutex:
        pass
"""


@pytest.fixture
def cell() -> Any:
    """Runs text as a notebook runs a cell: its lines are found under a name that is no file."""
    names: list[str] = []

    def run(text: str, name: str, namespace: dict[str, Any] | None = None) -> dict[str, Any]:
        names.append(name)
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        namespace = {} if namespace is None else namespace
        exec(compile(text, name, "exec"), namespace)
        return namespace

    yield run
    for name in names:
        linecache.cache.pop(name, None)


def test_the_function_and_no_more_is_kept(cell: Callable[..., dict[str, Any]]) -> None:
    run = lab.record(cell(PROGRAM, "<cell 1>")["program"], clock="virtual")
    lines = tuple(PROGRAM.splitlines()[3:13])
    assert run.source.listings == (Listing("<cell 1>", 4, lines),)
    said = {event.kind: run.source.text(event.line) for event in run.trace if event.line}
    assert said["release"] == "        gate.release()"
    assert said["acquire"] == "    gate.acquire()"
    assert run.source.text(None) is None


def test_a_function_none_of_whose_own_lines_is_in_the_log_comes_first(cell: Callable[..., dict[str, Any]]) -> None:
    text = PROGRAM.replace("    worker.start()\n    gate.acquire()\n    worker.join()\n", "    go(worker, gate)\n")
    text += "\n\ndef go(worker, gate):\n    worker.start()\n    gate.acquire()\n"
    run = lab.record(cell(text, "<cell 7>")["program"], clock="virtual")
    assert [listing.lines[0] for listing in run.source.listings] == ["def program():", "def go(worker, gate):"]


def test_it_is_the_text_that_ran(cell: Callable[..., dict[str, Any]]) -> None:
    program = cell(PROGRAM, "<cell 2>")["program"]
    run = lab.record(program, clock="virtual")
    cell("# changed since\n" * 20, "<cell 2>")
    assert run.source.text(8) == "        gate.release()"


def test_what_two_files_have_is_shown_of_both_and_a_line_of_either_is_nobodys(
    cell: Callable[..., dict[str, Any]],
) -> None:
    names = cell(OTHER, "<cell 3>")
    main = "import threading\ndef program():\n    mutex = threading.Lock()\n    step(mutex)\n    mutex.acquire()\n"
    more = "    mutex.release()\n"
    run = lab.record(cell(main + more, "<cell 4>", names)["program"], clock="virtual")
    assert [(one.file, one.first, one.last) for one in run.source.listings] == [("<cell 4>", 2, 6), ("<cell 3>", 4, 6)]
    assert run.source.homes == {5: None, 6: "<cell 4>"}
    assert run.source.text(5) is None  # `with mutex` in one, `mutex.acquire()` in the other
    assert run.source.text(6) == "    mutex.release()"


def test_a_program_without_text_has_none() -> None:
    names: dict[str, Any] = {"threading": threading}
    exec("def program():\n    with threading.Lock():\n        pass", names)
    run = lab.record(names["program"], clock="virtual")
    assert run.source.listings == ()
    assert run.source.text(2) is None
    assert lab.record(threading.active_count, clock="virtual").source == Source()


def test_a_shortest_counterexample_has_its_source(cell: Callable[..., dict[str, Any]]) -> None:
    text = PROGRAM.replace("gate.release()", "pass")
    found = lab.explore(cell(text, "<cell 5>")["program"])
    assert found.shortest is not None
    assert found.shortest.source.text(12) == "    gate.acquire()"


def test_a_long_program_is_cut(cell: Callable[..., dict[str, Any]]) -> None:
    text = "def program():\n" + "    x = 1\n" * 5_000
    run = lab.record(cell(text, "<cell 6>")["program"], clock="virtual")
    assert [(one.first, one.last) for one in run.source.listings] == [(1, 1_500)]
