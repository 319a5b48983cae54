"""CPython's own tests of its locks pass on the recorded classes, on both clocks: they behave as the real ones do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.cpython_lock_tests import SUITES

ROOT = Path(__file__).resolve().parent.parent.parent
LEAST = {"Semaphore": 12, "BoundedSemaphore": 12, "Lock": 17, "RLock": 19, "Event": 6, "Condition": 7, "Barrier": 11}

pytest.importorskip("test.lock_tests", reason="this Python comes without its own tests")


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Any]:
    """Clock, class, test: the outcome."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    started = {
        clock: subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "support" / "cpython_lock_tests.py"), clock],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for clock in ("wall", "virtual")
    }
    said = {clock: process.communicate(timeout=120) for clock, process in started.items()}
    assert {clock: errors for clock, (_, errors) in said.items()} == {"wall": "", "virtual": ""}
    return {clock: json.loads(output) for clock, (output, _) in said.items()}


@pytest.mark.parametrize("clock", ["wall", "virtual"])
@pytest.mark.parametrize("name", SUITES)
def test_cpythons_own_tests_pass(name: str, clock: str, outcomes: dict[str, Any]) -> None:
    tests = outcomes[clock][name]
    assert {test: outcome for test, outcome in tests.items() if outcome != "passed"} == {}
    assert len(tests) >= LEAST[name]
