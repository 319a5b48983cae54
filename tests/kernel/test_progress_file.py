"""What was done survives the kernel, in a file that is whole at every moment and that nobody needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.live_kernel import live_kernel

import semalab as lab
from semalab.exercises import done
from semalab.exercises.done import NAME, NOTES, PLACE, Note, Notes, ProgressFile, file_of_this_process

ROOT = Path(__file__).resolve().parent.parent.parent
DONE = {"mutex-1": Note(2, True), "latch-1": Note(1, False)}
STRANGE = {"tries": 1, "solved": True}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / NAME


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No file, unless the test says so, and nothing of earlier checks."""
    monkeypatch.setenv(PLACE, "")
    NOTES.forget()
    yield
    NOTES.forget()


@pytest.fixture
def kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> ProgressFile:
    """The file that `lab.check` writes in this test."""
    file = ProgressFile(path)
    monkeypatch.setattr(NOTES, "_file", file)
    return file


# a kernel and the next one
def test_a_new_kernel_knows_what_was_done_in_the_last(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PLACE)
    with live_kernel(path.parent) as kernel:
        kernel.run("import semalab as lab; lab.check('mutex-1', 5); lab.check('mutex-1', 3); lab.check('latch-1', ...)")
    assert [file.name for file in path.parent.iterdir()] == [NAME]
    with live_kernel(path.parent) as kernel:
        before = kernel.run("import semalab as lab; print(lab.progress())").output
        after = kernel.run("lab.check('latch-1', ...); print(lab.progress())").output
        path.unlink()
        anew = kernel.run("lab.check('mutex-1', ...); print(lab.progress())").output
    assert before.splitlines()[:2] == ["1 of 5 exercises solved", "mutex-1  predict  solved, tried 2 times"]
    assert after.splitlines()[0] == "0 of 4 exercises solved"
    assert anew.splitlines()[0] == "0 of 9 exercises solved"


def test_two_kernels_that_write_at_the_same_time_both_count(path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from semalab.exercises.done import Note, ProgressFile\n"
        "file = ProgressFile(Path(sys.argv[1])); print('ready', flush=True); sys.stdin.readline()\n"
        "print(sum(file.add({'mutex-1': Note(1, False), sys.argv[2]: Note(1, True)}) for _ in range(100)))"
    )
    pipe, command = subprocess.PIPE, [sys.executable, "-c", script, str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    kernels = [
        subprocess.Popen([*command, name], env=environment, stdin=pipe, stdout=pipe, text=True)
        for name in ("latch-1", "fair-1")
    ]
    for kernel in kernels:
        assert kernel.stdout is not None and kernel.stdout.readline() == "ready\n"
    for kernel in kernels:
        assert kernel.stdin is not None
        kernel.stdin.write("go\n")
        kernel.stdin.flush()
    while any(kernel.poll() is None for kernel in kernels):
        if path.exists():
            json.loads(path.read_text(encoding="utf-8"))  # whole, whenever it is read
    written = [int(kernel.communicate()[0]) for kernel in kernels]
    assert all(written) and (written == [100, 100] or os.name != "nt")
    if sys.platform != "win32":
        known = ProgressFile(path).read()
        assert known == {"mutex-1": Note(200), "latch-1": Note(100, True), "fair-1": Note(100, True)}
    assert [file.name for file in path.parent.iterdir()] == [NAME]


# what is in it
def test_the_file_is_plain_json(kept: ProgressFile, path: Path) -> None:
    lab.check("mutex-1", 4)
    lab.check("mutex-1", 3)
    lab.check("latch-1", "NOW")
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "format": 1,
        "exercises": {"latch-1": {"tries": 1, "solved": False}, "mutex-1": {"tries": 2, "solved": True}},
    }
    NOTES.forget()
    assert kept.read() == DONE
    assert lab.progress().sentence == "1 of 9 exercises solved"


def test_what_a_newer_lab_has_is_kept_and_not_shown(kept: ProgressFile) -> None:
    kept.add({"quantum-1": Note(3, True)})
    assert not lab.progress().rows
    lab.check("mutex-1", 3)
    assert set(kept.read()) == {"quantum-1", "mutex-1"}


def test_solved_is_solved(kept: ProgressFile) -> None:
    kept.add({"mutex-1": Note(1, True)})
    lab.check("mutex-1", 5)
    assert kept.read() == {"mutex-1": Note(2, True)}


# no file, no matter
def test_an_untouched_exercise_writes_nothing(kept: ProgressFile, path: Path) -> None:
    lab.check("mutex-1", ...)
    assert lab.progress().sentence == "0 of 5 exercises solved" and not path.exists()


def test_outside_of_a_kernel_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PLACE)
    monkeypatch.chdir(tmp_path)
    assert file_of_this_process() is None


def test_the_environment_names_another_file_or_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(done, "_in_kernel", lambda: True)
    assert file_of_this_process() is None  # PLACE is empty
    monkeypatch.setenv(PLACE, str(path))
    file = file_of_this_process()
    assert file is not None and file.add(DONE) and ProgressFile(path).read() == DONE


def test_deleting_the_file_starts_anew(kept: ProgressFile, path: Path) -> None:
    lab.check("mutex-1", 3)
    path.unlink()
    assert lab.progress().sentence == "0 of 5 exercises solved"
    lab.check("mutex-1", 4)
    assert kept.read() == {"mutex-1": Note(1, False)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        '{"format": 2, "exercises": {"mutex-1": {"tries": 1, "solved": true}}}',
        '{"format": 1, "exercises": [1]}',
        '{"format": 1, "exercises": {"mutex-1": 3, "mutex-2": {"tries": -1, "solved": true}}}',
        '{"format": 1, "exercises": {"mutex-1": {"tries": true, "solved": true}, "mutex-3": {"tries": 1}}}',
        '{"format": 1, "exercises": {"mutex-1": {"tries": ' + "9" * 5000 + ', "solved": true}}}',
        " " * 2_000_000,
        b"\xff\xfe\x00",
    ],
    ids=lambda text: repr(text[:30]),
)
def test_a_broken_file_counts_as_none_and_is_replaced(text: str | bytes, kept: ProgressFile, path: Path) -> None:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert kept.read() == {} and not lab.progress().rows
    lab.check("mutex-1", 3)
    assert kept.read() == {"mutex-1": Note(1, True)}


def test_what_is_right_in_a_file_is_kept_beside_what_is_not(kept: ProgressFile, path: Path) -> None:
    path.write_text(json.dumps({"format": 1, "exercises": {"mutex-1": STRANGE, "mutex-2": None}}), encoding="utf-8")
    assert kept.read() == {"mutex-1": Note(1, True)}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_pipe_in_the_place_of_the_file_is_not_waited_for(kept: ProgressFile, path: Path) -> None:
    os.mkfifo(path)
    assert kept.read() == {}


def in_a_folder_that_refuses(path: Path, monkeypatch: pytest.MonkeyPatch) -> ProgressFile:
    def refuse(*arguments: Any, **named: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("semalab.files.whole._nameless", refuse)
    return ProgressFile(path)


def in_a_folder_that_is_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> ProgressFile:
    path.write_text("a file", encoding="utf-8")
    return ProgressFile(path / NAME)


def in_a_folder_that_is_gone(path: Path, monkeypatch: pytest.MonkeyPatch) -> ProgressFile:
    return ProgressFile(path.parent / "gone" / NAME)


def with_a_folder_in_its_place(path: Path, monkeypatch: pytest.MonkeyPatch) -> ProgressFile:
    path.mkdir()
    return ProgressFile(path)


@pytest.mark.parametrize(
    "place",
    [in_a_folder_that_refuses, in_a_folder_that_is_none, in_a_folder_that_is_gone, with_a_folder_in_its_place],
    ids=lambda place: place.__name__,
)
def test_where_nothing_can_be_written_the_kernel_remembers(
    place: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = Notes(place(path, monkeypatch))
    notes.note(lab.check("mutex-1", 4))
    notes.note(lab.check("mutex-1", 3))
    assert notes.all() == {"mutex-1": Note(2, True)}
    assert not [file for file in path.parent.iterdir() if file.suffix == ".part"]


def test_what_could_not_be_written_is_written_later(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = Notes(ProgressFile(path))
    with monkeypatch.context() as refused:
        in_a_folder_that_refuses(path, refused)
        notes.note(lab.check("mutex-1", 3))
    assert not path.exists()
    notes.note(lab.check("latch-1", "OWN"))
    assert ProgressFile(path).read() == {"mutex-1": Note(1, True), "latch-1": Note(1, True)} == notes.all()


@pytest.mark.skipif(sys.platform == "win32", reason="no fcntl")
def test_a_kernel_that_stands_still_with_the_lock_stops_no_other(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(done, "_LOOKS", 3)
    file = ProgressFile(path)
    with file._alone():
        assert not file.add(DONE) and not path.exists()
    assert file.add(DONE)


def test_an_interrupt_leaves_the_file_whole_and_nothing_beside_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = ProgressFile(path)
    file.add(DONE)

    def interrupted(*arguments: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            file.add(DONE)
    assert file.read() == DONE and [each.name for each in path.parent.iterdir()] == [NAME]


def test_a_check_inside_an_attempt_is_not_counted(kept: ProgressFile) -> None:
    def attempt(guests: Any, visit: Any) -> None:
        lab.check("mutex-1", 3)
        other = threading.Thread(target=lab.check, args=["mutex-1", 3])
        other.start()
        other.join()

    lab.check("mutex-3", attempt)
    assert kept.read() == {"mutex-3": Note(1, False)}
