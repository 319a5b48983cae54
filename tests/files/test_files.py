"""A saved run says what the run says, in the same bytes every time, and is saved as a whole or not at all."""

from __future__ import annotations

import csv
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import semalab as lab
from semalab import run as saving
from semalab.files import write_whole
from semalab.log.trace import Event
from semalab.run import Run

ROOT = Path(__file__).resolve().parent.parent.parent
SUFFIXES = (".png", ".svg", ".pdf", ".html", ".csv", ".json", ".trace.json")


def pair() -> None:
    mutex = threading.Semaphore(1)

    def work() -> None:
        with mutex:
            print(threading.current_thread().name)
            time.sleep(0.01)

    workers = [threading.Thread(target=work, name=f"worker, {i}") for i in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


RUN = lab.record(pair, clock="virtual", seed=1)


# --- what is in it ---------------------------------------------------------------------------------------------------


def test_csv_has_one_line_an_event(tmp_path: Path) -> None:
    with RUN.save(tmp_path / "run.csv").open(newline="", encoding="utf-8") as file:
        names, *rows = csv.reader(file)
    assert tuple(names) == Event._fields
    assert [(int(row[0]), row[1], row[2]) for row in rows] == [(e.time, e.thread, e.kind) for e in RUN.trace]


def test_save_returns_the_path_and_the_longest_suffix_counts(tmp_path: Path) -> None:
    assert RUN.save(str(tmp_path / "RUN.Trace.JSON")) == tmp_path / "RUN.Trace.JSON"
    assert b'"traceEvents"' in (tmp_path / "RUN.Trace.JSON").read_bytes()
    assert b'"traceEvents"' not in RUN.save(tmp_path / "trace.json").read_bytes()


@pytest.mark.parametrize("name", ["run.doc", "run", ".json", "run.trace.jso"])
def test_an_unknown_suffix_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError) as refused:
        RUN.save(tmp_path / name)
    assert str(refused.value) == f"the suffix must be one of .png .svg .pdf .html .csv .json .trace.json, got {name!r}"
    assert list(tmp_path.iterdir()) == []


# --- the same bytes --------------------------------------------------------------------------------------------------

SAVED_ELSEWHERE = """
import sys
sys.path.insert(0, sys.argv[1])
from test_files import RUN, SUFFIXES
for suffix in SUFFIXES:
    RUN.save(sys.argv[2] + "/run" + suffix)
"""


def test_every_process_saves_the_same_bytes(tmp_path: Path) -> None:
    here = {suffix: RUN.save(tmp_path / f"run{suffix}").read_bytes() for suffix in SUFFIXES}
    for hash_seed, epoch in (("1", "0"), ("2", "999999999")):
        folder = tmp_path / hash_seed
        folder.mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "SOURCE_DATE_EPOCH": epoch, "TZ": "Asia/Tokyo"}
        ended = subprocess.run(
            [sys.executable, "-c", SAVED_ELSEWHERE, str(Path(__file__).parent), str(folder)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        assert {suffix: (folder / f"run{suffix}").read_bytes() for suffix in SUFFIXES} == here


@pytest.mark.parametrize("suffix", [".svg", ".pdf"])
def test_a_picture_tells_neither_date_nor_who_drew_it(suffix: str, tmp_path: Path) -> None:
    written = RUN.save(tmp_path / f"run{suffix}").read_bytes()
    for word in (b"CreationDate", b"ModDate", b"/Producer", b"/Creator", b"dc:date", b"dc:creator"):
        assert word not in written


def test_the_callers_styles_do_not_reach_a_file(tmp_path: Path) -> None:
    import matplotlib

    before = [RUN.save(tmp_path / f"run{suffix}").read_bytes() for suffix in SUFFIXES[:3]]
    with matplotlib.rc_context({"svg.hashsalt": "x", "pdf.compression": 0, "font.size": 30, "savefig.dpi": 7}):
        assert [RUN.save(tmp_path / f"run{suffix}").read_bytes() for suffix in SUFFIXES[:3]] == before


# --- as a whole or not at all ----------------------------------------------------------------------------------------


@pytest.fixture(params=["without a name", "with a name"])
def everywhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unfinished files as Linux has them, and as every other system does."""
    if request.param == "with a name":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)


def folder_of(tmp_path: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in tmp_path.iterdir()}


@pytest.mark.usefixtures("everywhere")
def test_a_save_replaces_the_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_bytes(b"x" * 100_000)
    RUN.save(path)
    assert folder_of(tmp_path) == {"run.csv": path.read_bytes()}
    assert path.read_bytes().startswith(b"time,thread")


class Failing(Exception):
    pass


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1_000_000):  # until Python looks at its signals
        pass


def fail() -> None:
    raise Failing


@pytest.mark.usefixtures("everywhere", "interruptible")
@pytest.mark.parametrize(("disturb", "error"), [(fail, Failing), (interrupt, KeyboardInterrupt)])
@pytest.mark.parametrize("before", [b"the old one", None])
def test_a_save_that_is_interrupted_leaves_the_old_file(
    disturb: Any, error: type[BaseException], before: bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / "run.csv"
    if before is not None:
        path.write_bytes(before)

    def chunks() -> Iterator[bytes]:
        yield b"new" * 1_000
        disturb()

    with pytest.raises(error):
        write_whole(path, chunks())
    assert folder_of(tmp_path) == ({"run.csv": before} if before is not None else {})


IN_THE_MIDST = """
import sys, time
sys.path.insert(0, sys.argv[1])
from test_files import RUN
from semalab import run as saving
whole = saving.WRITERS[".json"]

def half(run, suffix):
    for piece in [*whole(run, suffix)][:-1]:
        yield piece
        yield b" " * 50_000_000
    print("in the midst", flush=True)
    time.sleep(60)

saving.WRITERS[".json"] = half
RUN.save(sys.argv[2])
"""


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="only Linux has files without a name")
def test_a_process_killed_in_the_midst_of_a_save_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = RUN.save(tmp_path / "run.json")
    before = folder_of(tmp_path)
    command = [sys.executable, "-c", IN_THE_MIDST, str(Path(__file__).parent), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in the midst\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert folder_of(tmp_path) == before
    assert lab.load(path).trace == RUN.trace


NO_ROOM = """
import resource, signal, sys
sys.path.insert(0, sys.argv[1])
from test_files import RUN, SUFFIXES
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
for suffix in SUFFIXES:
    try:
        RUN.save(sys.argv[2] + "/run" + suffix)
    except OSError as error:
        print(error)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="this system does not limit the size of files")
def test_a_save_without_room_says_so_and_leaves_the_old_files(tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        (tmp_path / f"run{suffix}").write_bytes(b"the old one")
    before = folder_of(tmp_path)
    command = [sys.executable, "-c", NO_ROOM, str(Path(__file__).parent), str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == [
        f"[Errno 27] the run must go to a file that can be written, got {str(tmp_path / f'run{suffix}')!r}: "
        "File too large; the file that was there is unchanged"
        for suffix in SUFFIXES
    ]
    assert folder_of(tmp_path) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_device_says_so(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.symlink_to("/dev/full")
    with pytest.raises(OSError) as refused:
        RUN.save(path)
    told = f"the run must go to a file that can be written, got {str(path)!r}: No space left on device"
    assert str(refused.value) == f"[Errno 28] {told}"
    assert path.is_symlink() and Path("/dev/full").is_char_device()


@pytest.mark.parametrize(
    ("name", "kind", "why"),
    [
        ("nowhere/run.json", FileNotFoundError, "No such file or directory"),
        ("file/run.json", NotADirectoryError, "Not a directory"),
        ("folder.json", IsADirectoryError, "it is a folder"),
        ("x" * 300 + ".json", OSError, "File name too long"),
    ],
)
def test_a_place_that_cannot_be_written_says_why(name: str, kind: type[OSError], why: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(kind) as refused:
        RUN.save(tmp_path / name)
    assert refused.value.strerror == (
        f"the run must go to a file that can be written, got {str(tmp_path / name)!r}: {why}"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.json"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder here is closed to everybody, also to root")
def test_a_folder_that_nobody_may_write_to_says_so() -> None:
    with pytest.raises(OSError, match=r"^\[Errno \d+\] the run must go to a file that can be written, got"):
        RUN.save("/proc/run.csv")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_write_protected_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_bytes(b"mine")
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="it is write-protected; the file that was there is unchanged"):
        RUN.save(path)
    assert folder_of(tmp_path) == {"run.csv": b"mine"}


@pytest.mark.skipif(os.name == "nt", reason="modes are a matter of POSIX")
@pytest.mark.usefixtures("everywhere")
def test_a_file_keeps_its_mode_and_a_new_one_has_the_usual_one(tmp_path: Path) -> None:
    path = RUN.save(tmp_path / "run.csv")
    ordinary = tmp_path / "ordinary"
    ordinary.write_bytes(b"")
    assert path.stat().st_mode == ordinary.stat().st_mode
    for mode in (0o600, 0o666, 0o751):
        path.chmod(mode)
        RUN.save(path)
        assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_followed(there: bool, tmp_path: Path) -> None:
    target, link, chain = tmp_path / "folder" / "real.csv", tmp_path / "run.csv", tmp_path / "chain.csv"
    target.parent.mkdir()
    if there:
        target.write_bytes(b"the old one")
    link.symlink_to(Path("folder") / "real.csv")
    chain.symlink_to(link)
    RUN.save(chain)
    assert link.is_symlink() and chain.is_symlink()
    assert target.read_bytes() == RUN.save(tmp_path / "direct.csv").read_bytes()
    assert [path.name for path in target.parent.iterdir()] == ["real.csv"]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    path = tmp_path / "run.csv"
    os.mkfifo(path)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    RUN.save(path)
    reader.join()
    assert got == [RUN.save(tmp_path / "direct.csv").read_bytes()]
    assert path.is_fifo()


def test_a_form_is_added_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def words(run: Run, suffix: str) -> Iterator[bytes]:
        yield run.verdict.encode()

    monkeypatch.setitem(saving.WRITERS, ".txt", words)
    assert RUN.save(tmp_path / "run.txt").read_text() == RUN.verdict


def test_the_module_has_few_names() -> None:
    claims = {"mutual_exclusion", "limit", "at_most", "at_most_per", "latch", "exact_count"}
    assert claims <= set(lab.__all__)
    assert len(set(lab.__all__) - claims) <= 8  # what one does, and the module of other worlds
    assert all(hasattr(lab, name) for name in lab.__all__)
    assert lab.Run is Run
    assert all(
        isinstance(getattr(lab, name), type) for name in "Claim Comparison Event Exploration Schedule Trace".split()
    )
    with pytest.raises(AttributeError, match=r"^module 'semalab' has no attribute 'recrod'$"):
        lab.recrod  # noqa: B018
