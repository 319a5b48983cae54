"""`python -m semalab`: exploring, opening, help and refusals, as a shell and a continuous integration meet them."""

from __future__ import annotations

import os
import platform
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import semalab as lab
from semalab.terminal import main

PROGRAMS = '''
"""Programs of threads."""
import threading
print("imported", __name__ != "__main__")
def started(work, threads):
    threads = [threading.Thread(target=work, name=f"t{i}") for i in range(threads)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
def room(threads=2, initial=1):
    door = threading.Semaphore(initial)
    def work():
        with door:
            pass
    started(work, threads)
def counts(threads, times=1):
    counted = threading.Semaphore(0)
    def work():
        for _ in range(times):
            counted.release()
    started(work, threads)
def crossing():
    a, b = threading.Lock(), threading.Lock()
    def work(first, second):
        with first, second:
            pass
    threads = [threading.Thread(target=work, args=pair) for pair in ((a, b), (b, a))]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
def many(threads=6):
    seen = []
    def work():
        for _ in range(9):
            seen.append(len(seen))
    started(work, threads)
    print(seen)
def said(word, number=0):
    assert (word, number) == ("yes", [1, None]), (word, number)
def t0_is_first(run):
    return next(event.thread for event in run.trace if event.kind == "acquire") == "t0"
made_before = threading.Semaphore(1)
def unfit():
    made_before.acquire()
if __name__ == "__main__":
    print("run")
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "dining.py").write_text(PROGRAMS)
    (folder / "raising.py").write_text("import threading\nthreading.nosuch\n")
    (folder / "package").mkdir()
    (folder / "package" / "__init__.py").touch()
    (folder / "package" / "inner.py").write_text(PROGRAMS)
    return folder


def semalab(*words: str, folder: Path) -> tuple[str, str, int]:
    """What the lab says on its two streams, and its exit status."""
    command = [sys.executable, "-m", "semalab", *words]
    environment = {**os.environ, "COLUMNS": "80"}
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False
    )
    return ended.stdout, ended.stderr, ended.returncode


def asked(*words: str) -> int:
    """The exit status of this command line, asked for in this process: what is refused has done nothing to it."""
    try:
        return main(words)
    except SystemExit as ended:  # how argparse refuses
        return int(ended.code or 0)


@pytest.fixture
def at_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In the folder of the scripts; afterwards nothing is left of what was imported from there."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in [name for name in set(sys.modules) - before if name.endswith(("dining", "raising"))]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("words", "verdict", "status"),
    [
        ("dining.py:room --check mutual_exclusion threads=3", "Proved for room(threads=3)", 0),
        ("package.inner:room --check limit(door)", "Proved for room()", 0),
        ("dining.py:counts threads=2 times=3 --check exact_count(6)", "Proved for counts(threads=2, times=3)", 0),
        ("dining.py:room --check t0_is_first", "Counterexample: ", 1),
        ("dining.py:crossing", "Counterexample: Deadlock: ", 1),
        ("dining.py:room --check limit(gate)", "Cannot say for room()", 2),
        ("dining.py:many --granularity bytecode --budget 3 --time free", "Budget exhausted for many()", 2),
        ("dining.py:said word=yes number=[1,None]", "Proved for said(word='yes', number=[1, None])", 0),
    ],
)
def test_the_exit_status_is_the_verdict(folder: Path, words: str, verdict: str, status: int) -> None:
    out, err, ended = semalab("explore", *words.split(), folder=folder)
    imported, said = out.split("\n", 1)
    assert (imported, said[: len(verdict)], err, ended) == ("imported True", verdict, "", status)


def test_the_shortest_counterexample_is_told_and_saved(folder: Path) -> None:
    words = ("dining.py:room", "threads=2", "initial=2", "--check", "at_most(1, door)", "--save", "shortest.json")
    out, err, status = semalab("explore", *words, folder=folder)
    assert out.split(".\n", 1)[1].splitlines() == [
        "1. t0 acquires `door` (2 → 1)",
        "2. t1 acquires `door` (1 → 0)",
        "3. t1 releases `door` (0 → 1)",
        "4. t0 releases `door` (1 → 2)",
    ]
    assert (err, status) == (f"semalab: saved {folder / 'shortest.json'}\n", 1)
    assert lab.load(folder / "shortest.json").verdict == "Limit of 1 broken: 2 threads inside at once"
    assert semalab("explore", "dining.py:room", "--save", "none.json", folder=folder)[1:] == (
        "semalab: nothing was saved: there is no counterexample\n",
        0,
    )
    assert not (folder / "none.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
@pytest.mark.usefixtures("interruptible")
def test_a_terminal_sees_how_far_it_is_and_an_interrupt_keeps_what_was_found(folder: Path) -> None:
    import pty

    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "semalab", "explore", "dining.py:many", "--granularity", "bytecode"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=end, text=True)
    os.close(end)
    try:
        seen = ""
        while "schedules run" not in seen:
            seen += os.read(terminal, 10_000).decode()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=120)
        while not seen.endswith("\r\x1b[K"):  # the bar is taken away again
            seen += os.read(terminal, 10_000).decode()
    finally:
        process.kill()
        os.close(terminal)
    assert seen.startswith("\r\x1b[K[")
    assert " of at most 100,000 schedules run" in seen  # a narrow terminal sees no more of it
    assert process.returncode == 130
    assert "it was interrupted before every schedule was run" in " ".join(out.split())


EXPLORE = "python -m semalab explore: "


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("dining.py:rom", "dining.py has no function 'rom'; did you mean 'room'?"),
        (
            "dining.py:xyz",
            "dining.py has no function 'xyz'; it has started, room, counts, crossing, many, said, t0_is_first, unfit",
        ),
        ("dining.py", "the program must be given as script.py:function, got 'dining.py'"),
        ("nosuch.py:room", "No such file or directory: 'nosuch.py'"),
        ("nosuch:room", "there is no module 'nosuch'; give a script as script.py:function"),
        ("dining.py:room threads", "an argument must be given as name=value, as in threads=3, got 'threads'"),
        (
            "dining.py:room threads=[1",
            "the value of threads must be a number, a word, or another Python literal, got '[1'",
        ),
        ("dining.py:room threads=0", "threads must be at least 1, got 0"),
        ("dining.py:room thread=1", "room() has no argument 'thread'; did you mean 'threads'?"),
        ("dining.py:counts", "counts() needs a value for threads; pass threads=…"),
        ("dining.py:room budget=1", "budget must be given as --budget, got it as an argument of the program"),
        ("dining.py:room --budget 0", "budget must be at least 1 schedule, got 0"),
        (
            "dining.py:__doc__",
            "program must be callable, got 'Programs of threads.'; pass the function",
        ),
        (
            "dining.py:room --check mutex",
            "--check must be one of mutual_exclusion, limit, latch, at_most, exact_count, at_most_per,"
            " or a function of the script; got 'mutex'",
        ),
        ("dining.py:room --check at_most", "at_most needs a whole number, as in at_most(2), got 'at_most'"),
        (
            "dining.py:room --check at_most_per",
            "at_most_per needs a whole number, as in at_most_per(2, 0.1), got 'at_most_per'",
        ),
        ("dining.py:room --check at_most(0)", "--check at_most(0): n must be at least 1, got 0"),
        ("dining.py:room --check limit(door", "--check must end with the bracket that it opens, got 'limit(door'"),
        (
            "dining.py:room --check latch(1,2)",
            "--check cannot be 'latch(1,2)'; see python -m semalab explore --help",
        ),
        ("dining.py:room --save x.txt", "the suffix must be one of .png .svg .pdf .html .csv .json .trace.json, got"),
        ("dining.py:unfit", "an explored program must begin with nothing but its arguments, and uses primitives or"),
        ("", "the following arguments are required: script.py:function; see python -m semalab explore --help"),
        ("dining.py:room --bugdet 3", "unrecognized arguments: --bugdet"),
    ],
)
@pytest.mark.usefixtures("at_home")
def test_wrong_use_is_told_with_a_status_that_is_no_verdict(
    words: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = asked("explore", *words.split())
    err = capsys.readouterr().err
    said = err.replace("python -m semalab: ", EXPLORE)
    assert (said[: len(EXPLORE + told)], said.count("\n"), status) == (EXPLORE + told, 1, 64)


def test_a_script_that_cannot_be_imported_is_shown_where(folder: Path) -> None:
    out, err, status = semalab("explore", "raising.py:room", folder=folder)
    lines = err.splitlines()
    place = f'  File "{folder / "raising.py"}", line 2, in <module>'
    assert (out, lines[:2], status) == ("", ["Traceback (most recent call last):", place], 64)
    assert lines[-1] == (
        f"{EXPLORE}raising.py must be fit to be imported, and raises;"
        " put what runs its program under if __name__ == '__main__'"
    )


def test_open_writes_a_page_and_says_where(folder: Path, tmp_path: Path) -> None:
    run = lab.record(lambda: None, clock="virtual")
    run.save(tmp_path / "saved.json")
    out, err, status = semalab("open", "--no-browser", str(tmp_path / "saved.json"), folder=folder)
    page = Path(out.rstrip("\n"))
    try:
        assert (page.name, err, status) == ("saved.html", "", 0)
        assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    finally:
        page.unlink()
        page.parent.rmdir()


def test_open_shows_the_page_in_the_browser_that_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.record(lambda: None, clock="virtual").save(tmp_path / "saved.json")
    browser = f"{shlex.quote(sys.executable)} -c \"import sys; print('shown', sys.argv[1])\" %s"
    monkeypatch.setenv("BROWSER", browser)
    page = tmp_path / "page.html"
    out, err, status = semalab("open", "--page", page.name, "saved.json", folder=tmp_path)
    assert page.is_file()
    assert (out.splitlines(), err, status) == ([str(page), f"shown {page.as_uri()}"], "", 0)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nosuch.json",), "No such file or directory: 'nosuch.json'"),
        (("dining.py",), "load reads a run that run.save wrote as .json, and 'dining.py' is none: it is not JSON"),
        (("run.html",), "'run.html' is a page already, which a browser opens; save the run as .json for this"),
        (("--page", "x.png", "dining.py"), "--page must end in .html, got 'x.png'"),
    ],
)
@pytest.mark.usefixtures("at_home")
def test_open_refuses_what_is_no_run(words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = asked("open", *words)
    out, err = capsys.readouterr()
    begin = f"python -m semalab open: {told}"
    assert (out, err[: len(begin)], status) == ("", begin, 64)


@pytest.mark.parametrize("command", ["", "run", "explore", "open", "site"])
def test_help_fits_one_screen(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    status = asked(*command.split(), "--help")
    out, err = capsys.readouterr()
    assert (err, status) == ("", 0)
    assert len(out.splitlines()) <= 24
    assert max(map(len, out.splitlines())) <= 80
    assert out.startswith(f"usage: {' '.join(['python -m semalab', *command.split()])} ")


def test_no_command_and_a_misspelt_one_are_told(folder: Path) -> None:
    see = "see python -m semalab --help\n"
    assert semalab(folder=folder) == (
        "",
        f"python -m semalab: the following arguments are required: COMMAND; {see}",
        64,
    )
    out, err, status = semalab("rum", folder=folder)
    assert (out, status, err.endswith(see), "invalid choice: 'rum'" in err) == ("", 64, True, True)


def test_the_version_is_told_with_pythons(folder: Path) -> None:
    assert semalab("--version", folder=folder) == (
        f"semalab {lab.__version__} on Python {platform.python_version()}\n",
        "",
        0,
    )


def test_a_command_line_is_light(folder: Path) -> None:
    look = "import sys, semalab.terminal; print([n for n in ('matplotlib', 'numpy', 'json') if n in sys.modules])"
    ended = subprocess.run(
        [sys.executable, "-c", look], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.stdout, ended.stderr) == ("[]\n", "")
