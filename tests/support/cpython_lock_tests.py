"""Runs the classes of CPython's `test.lock_tests` as a recorded program; as a command for the clock it is given.

In a process of its own: these tests collect garbage again and again, and a test session has much to look through.
"""

from __future__ import annotations

import importlib
import json
import sys
import types
import unittest
from collections.abc import Callable
from typing import Any

import semalab as lab
from support.cpython_cases import outcomes_of, told

# class of tests: the attribute that holds the class under test
SUITES = {
    "Semaphore": "semtype",
    "BoundedSemaphore": "semtype",
    "Lock": "locktype",
    "RLock": "locktype",
    "Event": "eventtype",
    "Condition": "condtype",
    "Barrier": "barriertype",
}


def suite(name: str, attribute: str, outcomes_of: Callable[..., dict[str, str]], **helpers: Any) -> dict[str, str]:
    """The program: each test's outcome. Its own namespace is that of test.lock_tests, where the names are swapped.

    helpers: functions of the modules that those tests use, for their namespaces to be swapped as well.
    """
    tested = getattr(threading, name)  # type: ignore[name-defined]  # noqa: F821
    case = type(name, (globals()[f"{name}Tests"],), {attribute: staticmethod(tested)})
    return outcomes_of(case)


def outcomes(name: str, clock: str) -> dict[str, str]:
    """Test's name: "passed" or what went wrong, for the recorded class of this name."""
    lock_tests = importlib.import_module("test.lock_tests")
    vars(lock_tests).setdefault("unittest", unittest)
    program = types.FunctionType(suite.__code__, vars(lock_tests), "suite")
    helpers = {
        "wait": lock_tests.threading_helper.wait_threads_exit,
        "join": lock_tests.threading_helper.join_thread,
        "retry": getattr(lock_tests.support, "sleeping_retry", None),
    }
    helpers = {key: helper for key, helper in helpers.items() if helper is not None}
    arguments = {"name": name, "attribute": SUITES[name], "outcomes_of": outcomes_of, **helpers}
    return told(lab.record(program, clock=clock, timeout=60, **arguments))


if __name__ == "__main__":
    json.dump({name: outcomes(name, sys.argv[1]) for name in SUITES}, sys.stdout)
