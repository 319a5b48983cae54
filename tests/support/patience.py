"""Waiting for what a test cannot be told of: with a limit, and a sentence when it is reached."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

LIMITS = (1.5, 12, 100)  # seconds of a run that is to be stopped: the first is enough for a machine with nothing to do
LIMIT = 120.0  # seconds: far more than a busy machine needs


def stopped_late_enough(record: Callable[[float], Any], far_enough: Callable[[Any], Any]) -> tuple[Any, float]:
    """A run that its time limit has stopped, and the limit: the first with which the program had come far enough.

    Within any limit at all a busy machine may not even have begun a thread; what is said of that is right, too.
    """
    for limit in LIMITS:
        run = record(limit)
        if far_enough(run):
            return run, limit
    raise AssertionError(f"not within {limit:g} s: {run.verdict}")


def wait_until(condition: Callable[[], Any], what: str) -> None:
    """Come back when the condition holds; AssertionError where it does not within the limit."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"{LIMIT:g} s have gone by without this: {what}"
        time.sleep(0.001)
