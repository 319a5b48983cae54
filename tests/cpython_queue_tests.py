"""Runs CPython's `test.test_queue` on the recorded queues; as a command, on a clock.

    python tests/cpython_queue_tests.py wall CQueueTest

In a process of its own: these tests collect garbage, and a test session has much to look through.
"""

from __future__ import annotations

import importlib
import json
import sys
import types
import unittest
from typing import Any

import semalab as lab

# Those that are meant for `queue` as it is: every twin of it, SimpleQueue too, is what a program finds there.
SUITES = ("CQueueTest", "CLifoQueueTest", "CPriorityQueueTest", "CFailingQueueTest", "CSimpleQueueTest")
NOT_RUN = {
    "test_reentrancy": "a put() from a finalizer in the midst of a put() is what the SimpleQueue in C is for; in a run "
    "it is the one written in Python, since that in C waits where nobody sees it",
}


def suite(name: str, left_out: list[str], **helpers: Any) -> dict[str, str]:
    """The program: each test's outcome. Its own namespace is that of test.test_queue, where the names are swapped.

    helpers: functions of the modules that those tests use, for their namespaces to be swapped as well.
    """
    import queue

    case = type(name, (globals()[name],), {"queue": queue})
    outcomes = {}
    for test in unittest.defaultTestLoader.loadTestsFromTestCase(case):
        if test._testMethodName in left_out:
            continue
        result = unittest.TestResult()
        test.run(result)
        wrong = result.errors + result.failures + result.skipped
        outcomes[test._testMethodName] = wrong[0][1] if wrong else "passed"
    return outcomes


def outcomes(name: str, clock: str) -> dict[str, str]:
    """Test's name: "passed" or what went wrong."""
    test_queue = importlib.import_module("test.test_queue")
    program = types.FunctionType(suite.__code__, vars(test_queue), "suite")
    helpers = {"join": test_queue.threading_helper.join_thread}
    run = lab.record(program, clock=clock, timeout=100, name=name, left_out=list(NOT_RUN), **helpers)
    if run.stopped is not None:
        return {"the whole suite": run.verdict}
    run.trace.certify()
    used = {primitive.kind for primitive in run.trace.primitives.values()}
    expected = name.removeprefix("C").removesuffix("Test").removeprefix("Failing")
    return run.result if expected in used else {"the whole suite": f"it used {used}"}


if __name__ == "__main__":
    json.dump({name: outcomes(name, sys.argv[1]) for name in sys.argv[2:]}, sys.stdout)
