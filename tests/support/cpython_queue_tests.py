"""Runs CPython's `test.test_queue` on the recorded queues; as a command, on a clock.

    python tests/support/cpython_queue_tests.py wall CQueueTest

In a process of its own: these tests collect garbage, and a test session has much to look through.
"""

from __future__ import annotations

import importlib
import json
import sys
import types
from collections.abc import Callable
from typing import Any

import semalab as lab
from support.cpython_cases import outcomes_of, told

# Those that are meant for `queue` as it is: every twin of it, SimpleQueue too, is what a program finds there.
SUITES = ("CQueueTest", "CLifoQueueTest", "CPriorityQueueTest", "CFailingQueueTest", "CSimpleQueueTest")
NOT_RUN = {
    "test_reentrancy": "a put() from a finalizer in the midst of a put() is what the SimpleQueue in C is for; in a run "
    "it is the one written in Python, since that in C waits where nobody sees it",
}


def suite(name: str, left_out: list[str], outcomes_of: Callable[..., dict[str, str]], **helpers: Any) -> dict[str, str]:
    """The program: each test's outcome. Its own namespace is that of test.test_queue, where the names are swapped.

    helpers: functions of the modules that those tests use, for their namespaces to be swapped as well.
    """
    import queue

    case = type(name, (globals()[name],), {"queue": queue})
    return outcomes_of(case, left_out)


def outcomes(name: str, clock: str) -> dict[str, str]:
    """Test's name: "passed" or what went wrong."""
    test_queue = importlib.import_module("test.test_queue")
    program = types.FunctionType(suite.__code__, vars(test_queue), "suite")
    helpers = {"join": test_queue.threading_helper.join_thread}
    arguments = {"name": name, "left_out": list(NOT_RUN), "outcomes_of": outcomes_of, **helpers}
    run = lab.record(program, clock=clock, timeout=100, **arguments)
    return told(run, {name.removeprefix("C").removesuffix("Test").removeprefix("Failing")})


if __name__ == "__main__":
    json.dump({name: outcomes(name, sys.argv[1]) for name in sys.argv[2:]}, sys.stdout)
