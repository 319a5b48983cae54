"""The one command that runs the notebooks: it stores what they print, and with --check tells what would change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import rerun_notebooks
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from support.stored_notebook import read, text

WORK = """import pathlib
(pathlib.Path.cwd() / "beside.txt").read_text()"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the notebook 00_scratch, unrun, in place of notebooks/."""
    cells = [
        new_markdown_cell("# Scratch"),
        new_code_cell("import ipywidgets\nipywidgets.IntSlider(value=3)"),
        new_code_cell(WORK),
        new_code_cell("raise ValueError('on purpose')", metadata={"tags": ["raises-exception"]}),
    ]
    (tmp_path / "00_scratch.ipynb").write_text(text(new_notebook(cells=cells)), encoding="utf-8")
    (tmp_path / "beside.txt").write_text("read from the notebook's own folder")
    monkeypatch.setattr(rerun_notebooks, "NOTEBOOKS", tmp_path)
    return tmp_path


def test_rerun_stores_and_check_compares(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "00_scratch.ipynb"

    assert rerun_notebooks.main([]) == 0
    assert capsys.readouterr().out == "00_scratch: stored anew\n"
    _, slider, work, error = read(path).cells
    assert list(slider.outputs[0].data) == ["text/plain"]
    assert work.outputs[0].data == {"text/plain": '"read from the notebook\'s own folder"'}
    assert [output.ename for output in error.outputs] == ["ValueError"]
    assert [cell.execution_count for cell in (slider, work, error)] == [1, 2, 3]

    stored = path.read_text(encoding="utf-8")
    assert rerun_notebooks.main(["--check", "00_scratch"]) == 0
    assert capsys.readouterr().out == "00_scratch: as stored\n"

    path.write_text(stored.replace("'s own folder", "'s other folder"), encoding="utf-8")
    assert rerun_notebooks.main(["--check"]) == 1
    told = capsys.readouterr().out
    assert told.startswith("00_scratch: differs\n")
    assert any(line.startswith("-") and "other folder" in line for line in told.splitlines())
    assert "'s other folder" in path.read_text(encoding="utf-8"), "--check must write nothing"


def test_a_cell_that_fails_leaves_the_file_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "00_scratch.ipynb"
    (folder / "beside.txt").unlink()
    before = path.read_text(encoding="utf-8")
    assert rerun_notebooks.main([]) == 1
    assert capsys.readouterr().out.startswith("00_scratch: a cell failed\n")
    assert path.read_text(encoding="utf-8") == before


def test_form_runs_nothing_and_sets_the_slides(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "00_scratch.ipynb"
    assert rerun_notebooks.main(["--form"]) == 0
    assert rerun_notebooks.main(["--form"]) == 0
    assert capsys.readouterr().out == "00_scratch: stored anew\n00_scratch: unchanged\n"
    title, slider, _, _ = read(path).cells
    assert title.metadata.slideshow.slide_type == "slide"
    assert slider.execution_count is None
    with pytest.raises(SystemExit):
        rerun_notebooks.main(["--form", "--check"])
    assert "choose one of --check and --form, got both" in capsys.readouterr().err


# Every address of this machine: nothing leaves it, whatever comes of the test.
LISTEN = """import socket
with socket.create_server(("{}", 0)) as server:
    socket.create_connection(("127.0.0.1", server.getsockname()[1])).close()"""


@pytest.mark.parametrize(("address", "failed"), [("127.0.0.1", 0), ("0.0.0.0", 1)])
def test_a_lesson_reaches_nothing_but_this_machine(
    address: str, failed: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = [
        new_code_cell(LISTEN.format(address)),
        new_code_cell("sorted(name for name in dir() if 'machine' in name)"),
    ]
    (folder / "00_scratch.ipynb").write_text(text(new_notebook(cells=cells)), encoding="utf-8")
    assert rerun_notebooks.main([]) == failed
    told = capsys.readouterr().out
    assert ("a lesson must reach nothing but 127.0.0.1, got '0.0.0.0' (socket.bind)" in told) == failed
    if not failed:
        assert read(folder / "00_scratch.ipynb").cells[1].outputs[0].data == {"text/plain": "[]"}


# How a library asks which address is its own. A datagram's socket sends nothing when it connects.
ASK = """import socket, contextlib
with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
    asking.connect(("192.0.2.1", 9))"""


def test_a_lesson_may_ask_for_its_own_address(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "00_scratch.ipynb").write_text(text(new_notebook(cells=[new_code_cell(ASK)])), encoding="utf-8")
    assert rerun_notebooks.main([]) == 0
    assert capsys.readouterr().out == "00_scratch: stored anew\n"


def test_unknown_names_and_empty_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"^there must be notebooks in .*, found none$"):
        rerun_notebooks.chosen([], tmp_path)
    (tmp_path / "01_limiter.ipynb").touch()
    assert rerun_notebooks.chosen(["01_limiter"], tmp_path) == [tmp_path / "01_limiter.ipynb"]
    assert rerun_notebooks.chosen(["notebooks/01_limiter.ipynb"], tmp_path) == [tmp_path / "01_limiter.ipynb"]
    with pytest.raises(FileNotFoundError, match=r"^NAME must be one of 01_limiter, got 02_mutex$"):
        rerun_notebooks.chosen(["02_mutex"], tmp_path)


def test_a_long_difference_is_cut() -> None:
    old, new = ("\n".join(f"{word} {n}" for n in range(90)) for word in ("old", "new"))
    lines = rerun_notebooks.difference(old, new, "00_scratch.ipynb")
    assert lines[:2] == ["--- 00_scratch.ipynb (stored)", "+++ 00_scratch.ipynb (run now)"]
    assert len(lines) == 41
    assert lines[-1] == "… and 143 more lines"
    assert rerun_notebooks.difference(old, old, "00_scratch.ipynb") == []


def test_notebooks_are_judged_where_nbval_and_pytest_cannot_be_imported() -> None:
    """The way out for the day on which a new pytest breaks nbval, which nobody mends any more."""
    without = "import sys; sys.modules.update(dict.fromkeys(('nbval', 'nbval.plugin', 'pytest', '_pytest')))"
    tests = str(Path(__file__).parent.parent)
    code = f"{without}; sys.path.insert(0, {tests!r}); import rerun_notebooks; print('imported')"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=False)
    assert (ended.stdout, ended.returncode) == ("imported\n", 0), ended.stderr
