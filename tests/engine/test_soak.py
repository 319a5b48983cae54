"""The soak in its short form; and that it tells what was left."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from soak import Footprint, missed

ROOT = Path(__file__).resolve().parent.parent.parent


def test_two_hundred_runs_leave_the_process_as_it_was() -> None:
    command = [sys.executable, "-W", "error", str(ROOT / "tests" / "soak.py"), "--runs", "200"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert (ended.stderr, ended.returncode) == ("", 0)
    assert re.fullmatch(
        r"200 runs after \d+ to warm up\n"
        r"threads: (\d+) before, \1 after\n"
        r"open files: (\d+) before, \2 after\n"
        r"memory: [\d.]+ MB before, [+-][\d.]+ MB after\n",
        ended.stdout,
    )


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (Footprint(2, 6, 43.9), []),
        (Footprint(3, 6, 24.0), ["threads must be as before, 2, got 3"]),
        (Footprint(2, 5, 24.0), ["open files must be as before, 6, got 5"]),
        (Footprint(2, 6, 44.0), ["memory must grow by less than 20 MB, grew by 20.0"]),
    ],
)
def test_what_is_left_is_told(after: Footprint, told: list[str]) -> None:
    assert missed(Footprint(2, 6, 24.0), after) == told
