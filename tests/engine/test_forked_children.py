"""A child that a recorded program has forked is none of the run's: it ends and speaks as in plain Python."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from programs import forking as programs

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


@cache
def ended(name: str, clock: str) -> tuple[str, list[str]]:
    """What the program said at its end, and the last lines of its children's tracebacks."""
    command = [sys.executable, "-W", "ignore", str(Path(programs.__file__)), name, clock]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("LookupError") or line == "a word"]
    return done.stdout, errors


@pytest.mark.parametrize("clock", ["wall", "virtual"])
@pytest.mark.parametrize("name", [program.__name__ for program in programs.PROGRAMS])
def test_children_end_and_speak_as_they_do_without_the_lab(name: str, clock: str) -> None:
    assert ended(name, clock) == ended(name, "plain")
