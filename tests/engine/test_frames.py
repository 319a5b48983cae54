"""What every thread executes is looked up without a garbage collection in its midst, which can stop CPython 3.11."""

from __future__ import annotations

import gc
import linecache
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from semalab.engine import current_frames


@pytest.fixture
def eager_collector() -> Iterator[None]:
    before = gc.get_threshold()
    gc.collect()
    gc.set_threshold(1, 1, 1)
    yield
    gc.set_threshold(*before)


@contextmanager
def threads_that_wait(n: int) -> Iterator[None]:
    go, there = threading.Event(), threading.Semaphore(0)

    def wait() -> None:
        there.release()
        go.wait()

    threads = [threading.Thread(target=wait) for _ in range(n)]
    for thread in threads:
        thread.start()
    for _ in threads:
        there.acquire()
    yield
    go.set()
    for thread in threads:
        thread.join()


def collections_in(look: Callable[[], Any]) -> int:
    begun = 0

    def note(phase: str, info: dict[str, int]) -> None:
        nonlocal begun
        frame = sys._getframe(1)
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        begun += phase == "start" and "sys._current_frames()" in line

    gc.callbacks.append(note)
    try:
        for _ in range(10):
            with threads_that_wait(5):  # nobody has looked at their frames yet: those are made in the call
                look()
    finally:
        gc.callbacks.remove(note)
    return begun


def test_every_thread_is_there() -> None:
    here = current_frames()
    assert here[threading.get_ident()].f_code.co_name in {"test_every_thread_is_there", "current_frames"}
    assert set(here) == set(sys._current_frames()) and gc.isenabled()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="from 3.12 on no collection begins inside a call")
def test_nothing_is_collected_meanwhile(eager_collector: None) -> None:
    def look() -> Any:
        return sys._current_frames()

    assert collections_in(look) > 0  # the danger is there
    assert collections_in(current_frames) == 0


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        current_frames()
        assert not gc.isenabled()
    finally:
        gc.enable()
