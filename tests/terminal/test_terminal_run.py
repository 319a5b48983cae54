"""`python -m semalab run`: a script writes and ends as under Python itself; what the lab has to say comes besides."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from programs.scripts import NEIGHBOUR, SCRIPTS, Script
from support.patience import wait_until

import semalab as lab

LAB = ("-m", "semalab", "run")
DEADLOCK = """
import threading
a, b, both = threading.Lock(), threading.Lock(), threading.Barrier(2)
def work(first, second):
    with first:
        both.wait()
        with second:
            pass
threads = [threading.Thread(target=work, args=pair, name=name) for pair, name in (((a, b), "x"), ((b, a), "y"))]
for thread in threads: thread.start()
print("begun")
try:
    for thread in threads: thread.join()
finally:
    print("on the way out")
"""
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process, and has no sh")
CIRCLE = "x waits for `b`, held by y; y waits for `a`, held by x (a circle: x → y → x); main waits for x to end"


def python(*words: str, folder: Path, stdin: str = "") -> tuple[str, str, int]:
    """What a Python with these words writes to its two streams, and its exit status."""
    command = [sys.executable, *words]
    ended = subprocess.run(
        command, cwd=folder, input=stdin, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False
    )
    return ended.stdout, ended.stderr, ended.returncode


def parted(err: str) -> tuple[str, list[str]]:
    """What the script has written to stderr, and the lab's sentences."""
    lines = err.splitlines(keepends=True)
    told = [line.removeprefix("semalab: ").rstrip("\n") for line in lines if line.startswith("semalab: ")]
    return "".join(line for line in lines if not line.startswith("semalab: ")), told


def run(folder: Path, text: str, *options: str, arguments: Sequence[str] = ()) -> tuple[str, str, list[str], int]:
    (folder / "script.py").write_text(text)
    out, err, status = python(*LAB, *options, "script.py", *arguments, folder=folder)
    own, told = parted(err)
    return out, own, told, status


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_writes_and_ends_as_under_python(tmp_path: Path, name: str) -> None:
    script: Script = SCRIPTS[name]
    (tmp_path / "script.py").write_text(script.text, encoding="utf-8")
    (tmp_path / "neighbour.py").write_text(NEIGHBOUR)
    words = ("script.py", *script.arguments)
    out, err, status = python(*words, folder=tmp_path, stdin=script.stdin)
    lab_out, lab_err, lab_status = python(*LAB, *words, folder=tmp_path, stdin=script.stdin)
    assert (lab_out, parted(lab_err)[0], lab_status) == (out, err, status)


def test_a_module_runs_as_under_python(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("import sys\nprint('init', sys.argv)\n")
    (package / "other.py").write_text("x = 1\n")
    text = (
        "import sys\nfrom . import other\nprint(sys.argv, sys.path[0], __spec__.name, __package__, __name__)\n1 / 0\n"
    )
    for name in ("__main__", "inner"):
        (package / f"{name}.py").write_text(text)
    for module in ("package", "package.inner"):
        out, err, status = python("-m", module, "a", "--b", folder=tmp_path)
        lab_out, lab_err, lab_status = python(*LAB, "-m", module, "a", "--b", folder=tmp_path)
        frames = [line for line in err.splitlines(keepends=True) if "runpy" not in line]
        assert (lab_out, parted(lab_err)[0], lab_status) == (out, "".join(frames), status)


def test_the_sentence_comes_last_and_the_run_is_saved(tmp_path: Path) -> None:
    text = """
import os, threading, time
door = threading.Semaphore(2)
def work():
    with door:
        time.sleep(1)
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(round(time.monotonic()))
os.chdir("/")
"""
    saved = [f"run{suffix}" for suffix in (".json", ".html", ".trace.json")]
    options = [word for name in saved for word in ("--save", name)]
    first = run(tmp_path, text, "--clock", "virtual", "--seed", "3", *options)
    held = "Limit of 2 held: never more than 2 inside, as many as there are permits"
    told = [held, *(f"saved {tmp_path / name}" for name in saved)]
    assert first == ("2\n", "", told, 0)
    loaded = lab.load(tmp_path / "run.json")
    assert (loaded.seed, loaded.clock, loaded.name, loaded.verdict) == (3, "virtual", "script.py", told[0])
    assert "<title>script.py: Limit of 2 held" in (tmp_path / "run.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "run.trace.json").read_text())["traceEvents"]


def test_what_was_not_watched_is_named(tmp_path: Path) -> None:
    text = "import multiprocessing\nwith multiprocessing.Lock(): print('inside')\n"
    assert run(tmp_path, text) == (
        "inside\n",
        "",
        [
            "main ran to the end; 1 lock of multiprocessing was not watched",
            "Not watched: 1 lock of multiprocessing."
            " What processes share, and what they do, semalab.beyond.record_processes watches.",
        ],
        0,
    )


@POSIX
def test_a_script_without_stdout_prints_to_nobody(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import sys\nprint('x')\nprint('y', file=sys.stderr)\n")
    command = ["sh", "-c", 'exec "$0" "$@" >&-', sys.executable, *LAB, "script.py"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.stderr, ended.returncode) == (
        "y\nsemalab: main ran to the end; it used no semaphore of threading\n",
        0,
    )


@pytest.mark.parametrize("clock", ["wall", "virtual"])
def test_a_deadlock_ends_with_a_status_of_its_own(tmp_path: Path, clock: str) -> None:
    assert run(tmp_path, DEADLOCK, "--clock", clock) == ("begun\n", "", [f"Deadlock: {CIRCLE}"], 123)


def test_a_run_whose_time_is_up_ends_with_a_status_of_its_own(tmp_path: Path) -> None:
    text = "import time\nprint('begun')\nwhile True: time.sleep(1)\n"
    told = ["Stopped: the program had not ended after 30 s; main was still there, in line 3"]
    assert run(tmp_path, text, "--clock", "virtual", "--timeout", "30") == ("begun\n", "", told, 124)


def test_an_exception_beside_a_deadlock_is_shown_as_by_python(tmp_path: Path) -> None:
    text = """
import threading
gate = threading.Semaphore(0)
threading.Thread(target=gate.acquire, name="x").start()
raise ValueError("main")
"""
    out, err, told, status = run(tmp_path, text)
    assert (out, err.splitlines()[-1], status) == ("", "ValueError: main", 123)
    assert told == [
        "main raised ValueError: main; deadlock: x waits for `gate` (value 0) and nobody can release it any more"
    ]


@contextmanager
def begun(folder: Path, text: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The script under way, from when it has printed its first line."""
    (folder / "script.py").write_text(text)
    command = [sys.executable, *LAB, *options, "script.py"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[str, str, list[str], int]:
    out, err = process.communicate(timeout=120)
    return out, *parted(err), process.returncode


@POSIX
@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_is_the_scripts(tmp_path: Path) -> None:
    text = """
import threading
gate, over = threading.Semaphore(0), threading.Event()
thread = threading.Thread(target=lambda: over.wait(100))
thread.start()
print("begun", flush=True)
try:
    gate.acquire(timeout=100)
except KeyboardInterrupt:
    print("caught")
    over.set()
"""
    with begun(tmp_path, text) as process:
        process.send_signal(signal.SIGINT)
        out, err, told, status = ended(process)
    assert (out, err, status) == ("caught\n", "", 0)
    assert told == ["main and 1 thread ran to the end; `gate`: 0 released, 0 acquired, value 0 at the end"]


@POSIX
@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_rises_in_a_script_that_is_in_library_code(tmp_path: Path) -> None:
    text = """
import asyncio
async def main():
    print("begun", flush=True)
    while True: await asyncio.sleep(0.001)
try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("caught")
"""
    with begun(tmp_path, text) as process:
        process.send_signal(signal.SIGINT)
        assert ended(process) == ("caught\n", "", ["main ran to the end; it used no semaphore of threading"], 0)


@POSIX
@pytest.mark.usefixtures("interruptible")
def test_a_second_interrupt_stops_the_run_and_tells_of_it(tmp_path: Path) -> None:
    text = """
import threading, time
def work():
    while True: time.sleep(0.01)
threading.Thread(target=work).start()
print("begun", flush=True)
try:
    while True: time.sleep(0.01)
except KeyboardInterrupt:
    print("caught", flush=True)
    while True: time.sleep(0.01)
"""
    with begun(tmp_path, text, "--save", "run.json") as process:
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.readline() == "caught\n"
        process.send_signal(signal.SIGINT)
        told = ["Stopped: the run was interrupted", f"saved {tmp_path / 'run.json'}"]
        assert ended(process) == ("", "", told, 130)
    assert lab.load(tmp_path / "run.json").verdict == told[0]


@POSIX
@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_a_process_that_only_waits_for_its_threads(tmp_path: Path) -> None:
    text = """
import threading, time
def work():
    threading.main_thread().join()
    print("begun", flush=True)
    while True: time.sleep(0.01)
threading.Thread(target=work).start()
"""
    with begun(tmp_path, text) as process:
        process.send_signal(signal.SIGINT)
        assert ended(process) == ("", "", ["Stopped: the run was interrupted"], 130)


@POSIX
@pytest.mark.usefixtures("interruptible")
def test_interrupts_end_a_run_that_reads(tmp_path: Path) -> None:
    with begun(tmp_path, "import sys\nprint('begun', flush=True)\nsys.stdin.read()\n") as process:

        def pressed() -> bool:
            process.send_signal(signal.SIGINT)
            return process.poll() is not None

        wait_until(pressed, "the end of a script that is interrupted again and again")
        assert process.returncode in (130, -signal.SIGINT)  # pressed once more when Python had put its handler away


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "there must be something to run; give a script, or -m and a module"),
        (
            ("--seed", "3", "script.py"),
            "--seed must go with a clock that it rules, got 3; add --clock virtual",
        ),
        (("nosuch.py",), "No such file or directory: 'nosuch.py'"),
        (("-m", "nosuch.x"), "there is no module 'nosuch.x' to run; of a script give the file, without -m"),
        (("folder",), "the script must be a file, got the folder 'folder'; of a package run a module, with -m"),
        (
            ("-",),
            "the script must be a file, got '-': what is read from the terminal has no lines to point at",
        ),
        (
            ("--save", "run.txt", "script.py"),
            "the suffix must be one of .png .svg .pdf .html .csv .json .trace.json, got 'run.txt'",
        ),
        (
            ("--timeout", "0", "script.py"),
            "timeout must be more than 0 and less than 1,000,000 seconds, got 0.0",
        ),
    ],
)
def test_wrong_use_is_refused_before_anything_runs(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "script.py").write_text("print('ran')\n")
    assert python(*LAB, *words, folder=tmp_path) == ("", f"python -m semalab run: {told}\n", 64)


def test_a_script_finds_no_module_that_is_only_the_labs(tmp_path: Path) -> None:
    text = "import sys\nprint([n for n in ('matplotlib', 'ipywidgets', 'IPython', 'numpy') if n in sys.modules])\n"
    assert run(tmp_path, text)[0] == "[]\n"
