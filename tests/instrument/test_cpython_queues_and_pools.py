"""CPython's own tests of its queues and its pools of threads pass on those of a run, on both clocks."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import cpython_futures_tests, cpython_queue_tests

ROOT = Path(__file__).resolve().parent.parent.parent
LEAST = {  # tests of each class, in the Python that has fewest
    "CQueueTest": 6,
    "CLifoQueueTest": 6,
    "CPriorityQueueTest": 6,
    "CFailingQueueTest": 1,
    "CSimpleQueueTest": 8,
    "ThreadPoolExecutorTest": 11,
    "ThreadPoolAsCompletedTest": 5,
    "ThreadPoolWaitTests": 9,
    "FutureTests": 20,
    "ThreadPoolInitializerTest": 1,
    "ThreadPoolFailingInitializerTest": 1,
    "ThreadPoolShutdownTest": 8,
}
OF_FUTURES = list(cpython_futures_tests.SUITES)
PARTS = [  # (command, clock, its classes): on the wall these tests sleep, side by side if they can
    ("cpython_queue_tests", "wall", cpython_queue_tests.SUITES),
    ("cpython_queue_tests", "virtual", cpython_queue_tests.SUITES),
    ("cpython_futures_tests", "virtual", OF_FUTURES),
    ("cpython_futures_tests", "wall", ["ThreadPoolWaitTests"]),
    ("cpython_futures_tests", "wall", [name for name in OF_FUTURES if name != "ThreadPoolWaitTests"]),
]
TESTED = {"cpython_queue_tests": "test.test_queue", "cpython_futures_tests": cpython_futures_tests.PACKAGE}

Outcomes = dict[tuple[str, str], dict[str, str]]  # (class, clock): the outcome of each test


def is_here(module: str) -> bool:
    """Some distributions, and some releases of pyenv's, come without a part of Python's own tests."""
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return False
    return spec is not None and (module != cpython_futures_tests.PACKAGE or spec.submodule_search_locations is not None)


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    parts = [part for part in PARTS if is_here(TESTED[part[0]])]
    started = [
        subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "support" / f"{command}.py"), clock, *names],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command, clock, names in parts
    ]
    found: Outcomes = {}
    for (command, clock, _), process in zip(parts, started, strict=True):
        output, errors = process.communicate(timeout=200)
        assert errors == "", f"{command} on the {clock} clock"
        found.update({(name, clock): tests for name, tests in json.loads(output).items()})
    return found


@pytest.mark.parametrize(
    ("command", "clock", "name"), [(command, clock, name) for command, clock, names in PARTS for name in names]
)
def test_cpythons_own_tests_pass(command: str, clock: str, name: str, outcomes: Outcomes) -> None:
    if not is_here(TESTED[command]):
        pytest.skip(f"this Python comes without {TESTED[command]}")
    tests = outcomes[name, clock]
    assert {test: outcome for test, outcome in tests.items() if outcome != "passed"} == {}
    assert len(tests) >= LEAST[name]
