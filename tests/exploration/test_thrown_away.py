"""What a program does when its objects are thrown away: they live longer where they are watched, so nothing is said."""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest

import semalab as lab

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")


def twice(body: Callable[[], object]) -> None:
    threads = [threading.Thread(target=body) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def finalizes_what_a_variable_held() -> None:
    count, other = [0], [0]

    class Counted:
        def __del__(self) -> None:
            before = count[0]
            count[0] = before + 1

    def work() -> None:
        one: Any = Counted()
        other[0] = 1
        one = None  # noqa: F841
        other[0] = 2

    twice(work)
    assert count[0] == 2  # not always


def finalizes_what_a_list_held() -> None:
    count, other = [0], [0]

    class Counted:
        def __del__(self) -> None:
            count[0] += 1

    def work() -> None:
        kept: Any = [Counted()]
        kept.append(1)
        other[0] += 1
        kept = None
        other[0] = 2

    twice(work)
    assert count[0] > 0  # always


def is_called_back() -> None:
    count = [0]

    class Watched:
        pass

    def work() -> None:
        one: Any = Watched()
        reference = weakref.ref(one, lambda _: count.append(1))  # noqa: F841
        one = None

    twice(work)
    assert len(count) == 3  # always


def counts_references() -> None:
    found = []

    def work() -> None:
        one = [1]
        found.append(sys.getrefcount(one))

    twice(work)
    assert found[0] == found[1] == 2  # always


def closes_a_generator() -> None:
    count, other = [0], [0]

    def one_and_more() -> Any:
        try:
            yield 1
        finally:
            before = count[0]
            count[0] = before + 1

    def work() -> None:
        one: Any = one_and_more()
        next(one)
        other[0] = 1
        one = None
        other[0] = 2

    twice(work)
    assert count[0] == 2  # not always


@pytest.mark.parametrize("granularity", ["operations", "lines", "bytecode"])
@pytest.mark.parametrize(
    "program", [finalizes_what_a_variable_held, finalizes_what_a_list_held, is_called_back, counts_references]
)
def test_when_an_object_is_thrown_away_nobody_says_who_watches_it(program: Any, granularity: str) -> None:
    found = lab.explore(program, granularity=granularity)
    assert found.verdict == "cannot say" and "when an object is thrown away" in found.sentence


@pytest.mark.parametrize("granularity", ["operations", "lines", "bytecode"])
def test_when_a_generator_is_closed_nobody_says_who_watches_it(granularity: str) -> None:
    found = lab.explore(closes_a_generator, granularity=granularity, budget=100)
    assert found.verdict != "proved"


def test_what_is_thrown_away_between_two_runs_disturbs_neither() -> None:
    found = lab.explore(has_a_finalizer_that_no_text_tells, granularity="bytecode", budget=20)
    assert found.verdict in ("counterexample", "budget exhausted")


def has_a_finalizer_that_no_text_tells() -> None:
    lock, count = threading.Semaphore(1), [0]

    class Holds:
        def __init__(self) -> None:
            lock.acquire()

    made = type("Held", (Holds,), {"".join(("__de", "l__")): lambda self: lock.release()})

    def work() -> None:
        kept: Any = [made()]
        kept.append(1)
        count[0] += 1
        kept = None
        count[0] = 2

    twice(work)


def test_a_guard_that_is_a_generator_is_none_that_is_thrown_away() -> None:
    def guarded() -> None:
        lock, count = threading.Lock(), [0]

        @contextmanager
        def guard() -> Any:
            lock.acquire()
            try:
                yield
            finally:
                lock.release()

        def work() -> None:
            with guard():
                count[0] += 1

        twice(work)
        assert count[0] == 2

    assert lab.explore(guarded, granularity="bytecode").verdict == "proved"
