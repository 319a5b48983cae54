"""What tests of several files need from the process they run in."""

from __future__ import annotations

import gc
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


def pytest_collection_finish() -> None:
    """What collecting has made stays to the end: the garbage collector need not go through all of it time and again.

    Of the exploration's tests that is a tenth. Only the whole collections become rarer: what the lab does about the
    collector during a run meets those of the youngest objects, which come as often as ever.
    """
    keep_what_is_there()
    youngest, middle, _ = gc.get_threshold()
    gc.set_threshold(youngest, middle, 100)


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Nor what one file keeps in its caches while the next one's tests run."""
    if nextitem is not None and nextitem.path != item.path:
        keep_what_is_there()


def keep_what_is_there() -> None:
    gc.collect()
    gc.freeze()
