"""Runs one class of CPython's own tests inside a recorded program; what the commands `cpython_*_tests.py` share."""

from __future__ import annotations

import unittest
from collections.abc import Collection, Set
from typing import Any


def outcomes_of(case: type, left_out: Collection[str] = ()) -> dict[str, str]:
    """Each test's name: "passed" or what went wrong, which a skip is too."""
    outcomes = {}
    for test in unittest.defaultTestLoader.loadTestsFromTestCase(case):  # type: ignore[arg-type]
        if test._testMethodName in left_out:  # type: ignore[attr-defined]
            continue
        result = unittest.TestResult()
        test.run(result)
        wrong = result.errors + result.failures + result.skipped
        outcomes[test._testMethodName] = wrong[0][1] if wrong else "passed"  # type: ignore[attr-defined]
    return outcomes


def told(run: Any, expected: Set[str] = frozenset()) -> dict[str, str]:
    """What the program returned, or why it does not count: it was stopped, or used none of the expected classes."""
    if run.stopped is not None:
        return {"the whole suite": run.verdict}
    run.trace.certify()
    used = {primitive.kind for primitive in run.trace.primitives.values()}
    return run.result if expected <= used else {"the whole suite": f"it used {used}"}  # type: ignore[no-any-return]
