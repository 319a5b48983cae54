"""The benchmarks' table says ok or short, by the bar's own direction, and their command tells wrong names."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture(scope="module")
def command() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmarks_command", FOLDER / "__main__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_figure_keeps_its_bar_up_to_the_limit(command: ModuleType) -> None:
    assert command.reached(("draw", "≤ 3", 3.0, 3.0))
    assert not command.reached(("draw", "≤ 3", 3.01, 3.0))
    assert command.reached(("wall ÷ virtual", "≥ 30", 30.0, 30.0))
    assert not command.reached(("wall ÷ virtual", "≥ 30", 29.9, 30.0))


def test_the_table_stands_in_columns(command: ModuleType) -> None:
    assert list(
        command.table([("draw ÷ empty figure", "≤ 3", 2.345678, 3.0), ("wall ÷ virtual", "≥ 30", 7.0, 30.0)])
    ) == [
        "what                 bar   measured",
        "draw ÷ empty figure  ≤ 3       2.35  ok",
        "wall ÷ virtual       ≥ 30         7  short",
    ]


def test_every_benchmark_is_found_and_a_wrong_name_is_told(
    command: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "nbval_cost" in command.modules()
    assert command.main(["--list"]) == 0
    assert capsys.readouterr().out.split() == command.modules()
    with pytest.raises(SystemExit):
        command.main(["speed"])
    assert f"NAME must be one of {', '.join(command.modules())}, got speed" in capsys.readouterr().err
