"""Runs what CPython's `test.test_concurrent_futures` has for threads on the run's pools; as a command, on a clock.

    python tests/support/cpython_futures_tests.py wall FutureTests

In a process of its own: these tests look at all of its threads, and collect garbage.
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

PACKAGE = "test.test_concurrent_futures"
SUITES = {  # class of tests: its module
    "ThreadPoolExecutorTest": "test_thread_pool",
    "ThreadPoolAsCompletedTest": "test_as_completed",
    "ThreadPoolWaitTests": "test_wait",
    "FutureTests": "test_future",
    "ThreadPoolInitializerTest": "test_init",
    "ThreadPoolFailingInitializerTest": "test_init",
    "ThreadPoolShutdownTest": "test_shutdown",
}
_ANOTHER_PROCESS = "it starts a process, in which there is no run"
NOT_RUN = {
    "test_interpreter_shutdown": _ANOTHER_PROCESS,
    "test_submit_after_interpreter_shutdown": _ANOTHER_PROCESS,
    "test_hang_global_shutdown_lock": _ANOTHER_PROCESS,
    "test_executor_map_current_future_cancel": _ANOTHER_PROCESS,
    "test_cancel_futures_wait_false": _ANOTHER_PROCESS,
    "test_hang_gh94440": "it sets a signal's handler, which only the process's main thread may",
    "test_default_workers": "on the virtual clock a pool of default size is the same on every machine",
}
NOT_RUN_BY_SEED = {
    "test_idle_thread_reuse": "it submits right after a result, before the worker has called itself idle or after: "
    "real workers are nearly always quicker, but on the virtual clock the seed decides",
}


def suite(name: str, left_out: list[str], outcomes_of: Callable[..., dict[str, str]], **helpers: Any) -> dict[str, str]:
    """The program: each test's outcome. Its own namespace is that of the tests' module, where the names are swapped.

    helpers: functions of the modules that those tests use, for their namespaces to be swapped as well.
    """
    import concurrent.futures

    case = type(name, (globals()[name],), {"executor_type": concurrent.futures.ThreadPoolExecutor})
    return outcomes_of(case, left_out)


def outcomes(name: str, clock: str) -> dict[str, str]:
    """Test's name: "passed" or what went wrong."""
    module = importlib.import_module(f"{PACKAGE}.{SUITES[name]}")
    shared = {name: importlib.import_module(f"{PACKAGE}.{name}") for name in ("executor", "util")}
    program = types.FunctionType(suite.__code__, vars(module), "suite")
    cleanup = importlib.import_module("test.support.threading_helper").threading_cleanup
    helpers = {"cleanup": cleanup, "mul": shared["executor"].mul, "create": shared["util"].create_future}
    left_out = [*NOT_RUN, *(NOT_RUN_BY_SEED if clock == "virtual" else ())]
    arguments = {"name": name, "left_out": left_out, "outcomes_of": outcomes_of, **helpers}
    run = lab.record(program, clock=clock, timeout=100, **arguments)
    return told(run, {"Future"})


if __name__ == "__main__":
    json.dump({name: outcomes(name, sys.argv[1]) for name in sys.argv[2:]}, sys.stdout)
