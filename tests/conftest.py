"""What tests of several files need from the process they run in."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C does what Python does by default, also where the tests were begun with it ignored.

    In a shell's background, under nohup and on many runners it is. A child process inherits what holds here: the
    default, or to ignore it. Only for the tests that ask, so that Ctrl-C in that shell leaves the others alone.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
