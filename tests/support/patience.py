"""Waiting for what a test cannot be told of: with a limit, and a sentence when it is reached."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

LIMIT = 120.0  # seconds: far more than a busy machine needs


def wait_until(condition: Callable[[], Any], what: str) -> None:
    """Come back when the condition holds; AssertionError where it does not within the limit."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"{LIMIT:g} s have gone by without this: {what}"
        time.sleep(0.001)
