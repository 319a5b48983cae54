"""The whole suite runs in workers, a file in one of them, the longest first; what is named runs at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.in_workers import BROWSER, FIRST, OWN_BROWSER, WORKER, usable_cores

pytest.importorskip("xdist", reason="tests/requirements.txt is not installed: no workers")

NAMES = ("browser/test_one", "browser/test_two", "browser/test_site", "engine/test_three", "draw/test_three")
# No other plugin that is installed is loaded: in each of up to three processes they take longer than all the rest.
SETTINGS = "[pytest]\ntestpaths = tests\naddopts = -p xdist.plugin -p support.in_workers --import-mode=importlib\n"
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
TESTS = """
import os
import pytest

@pytest.mark.parametrize("number", range(3))
def test_notes_its_process(number, request):
    notes = os.path.join(os.environ["NOTES"], f"{request.path.parent.name} {request.path.stem}")
    with open(notes, "a", encoding="utf-8") as file:
        print(os.getpid(), file=file)
    with open(os.environ["NOTES"] + " in order", "a", encoding="utf-8") as file:
        print(request.path.stem, file=file)
"""


def processes(folder: Path, *arguments: str, cores: int = 2) -> tuple[int, dict[str, set[int]]]:
    """Runs pytest there; its own process, and those that ran each file's tests."""
    notes = folder / "notes"
    notes.mkdir()
    for name in NAMES:
        file = folder / "tests" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(TESTS, encoding="utf-8")
    (folder / "pytest.ini").write_text(SETTINGS, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != WORKER}
    path = os.pathsep.join([str(Path(__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    started = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**environment, **ALONE, "PYTHONPATH": path, "NOTES": str(notes)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=(lambda: os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])) if cores == 1 else None,
    )
    output, _ = started.communicate(timeout=200)
    assert started.returncode == 0, output
    return started.pid, {file.name: set(map(int, file.read_text(encoding="utf-8").split())) for file in notes.iterdir()}


@pytest.mark.skipif(usable_cores() < 2, reason="on one core there are no workers")
def test_the_whole_suite_runs_in_workers_by_files_and_the_browsers_in_one(tmp_path: Path) -> None:
    itself, of = processes(tmp_path)
    assert sorted(of) == [
        "browser test_one",
        "browser test_site",
        "browser test_two",
        "draw test_three",
        "engine test_three",
    ]
    assert all(len(ran) == 1 and itself not in ran for ran in of.values()), of
    assert of["browser test_one"] == of["browser test_two"]


@pytest.mark.parametrize("arguments", [("tests/draw/test_three.py",), ("-n", "0")], ids=" ".join)
def test_what_is_named_runs_in_this_process(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    itself, of = processes(tmp_path, *arguments)
    assert set().union(*of.values()) == {itself}


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="a process cannot be kept on one core here")
def test_on_one_core_there_are_no_workers(tmp_path: Path) -> None:
    itself, of = processes(tmp_path, cores=1)
    assert len(of) == len(NAMES) and set().union(*of.values()) == {itself}


def test_what_takes_longest_begins_first_in_whichever_worker(tmp_path: Path) -> None:
    processes(tmp_path, "-n", "1", "--dist", "loadfile")
    began = (tmp_path / "notes in order").read_text(encoding="utf-8").split()
    assert list(dict.fromkeys(began)) == ["test_one", "test_two", "test_site", "test_three"]


def test_what_begins_first_is_there() -> None:
    root = Path(__file__).resolve().parent.parent.parent
    assert [name for name in FIRST if not (root / name).exists()] == []
    assert {*OWN_BROWSER, BROWSER} <= {*FIRST}


def test_a_name_that_differs_from_worker_to_worker_is_refused(tmp_path: Path) -> None:
    (tmp_path / "test_four.py").write_text(
        "import pytest\n@pytest.mark.parametrize('one', [print], ids=lambda one: '<one at 0x7f>')\n"
        "def test_four(one):\n    pass\n",
        encoding="utf-8",
    )
    here = Path(__file__).parent.parent
    command = [sys.executable, "-m", "pytest", "-p", "xdist.plugin", "-p", "support.in_workers", "-c", os.devnull]
    environment = {**os.environ, **ALONE, "PYTHONPATH": str(here)}
    ended = subprocess.run(
        [*command, "-p", "no:cacheprovider", "test_four.py"], cwd=tmp_path, env=environment, capture_output=True
    )
    assert b"a test's name must be the same in every worker, got test_four.py::test_four[<one at 0x7f>]" in ended.stderr
