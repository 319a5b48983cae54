"""What cannot be decided says what to do about it; and whoever does that has it decided."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest
from programs import undecided

import semalab as lab
from semalab.analysis.verdict import FINE, RIGHT
from semalab.exploration import way_out

BY_OPERATIONS = "take granularity='operations', where all that a thread does between two operations is one step"

# A program that is not decided, at which granularity, what its sentence ends with, and what that leads to.
WAYS: list[tuple[Callable[[], None], str, str, Callable[[], None]]] = [
    (
        undecided.keeps_results,
        "bytecode",
        "call the function without `lru_cache`, or keep its results in a dict, under a lock",
        undecided.keeps_no_results,
    ),
    (
        functools.partial(undecided.asks, undecided.Late),
        "bytecode",
        "give the attribute its value in `__init__`, or write a `property` with `def`",
        functools.partial(undecided.asks, undecided.Early),
    ),
    (
        undecided.closes,
        "bytecode",
        "write `try:` and `finally: … .close()` instead of `closing`",
        undecided.closes_finally,
    ),
    (
        undecided.goes_on_with_what_a_call_returns,
        "bytecode",
        "give what a call returns a name (`x = …`), and go on with that",
        undecided.names_what_a_call_returns,
    ),
    (undecided.stacks, "bytecode", "write its `with` statements out, one inside the other", undecided.nests),
    (
        functools.partial(undecided.adds, True),
        "lines",
        "write `reduce` as a loop",
        functools.partial(undecided.adds, False),
    ),
]


NAMES = [getattr(program, "func", program).__name__ for program, *_ in WAYS]


@pytest.mark.parametrize(("program", "granularity", "way", "other"), WAYS, ids=NAMES)
def test_whoever_takes_the_way_out_has_it_decided(
    program: Callable[[], None], granularity: str, way: str, other: Callable[[], None]
) -> None:
    found = lab.explore(program, granularity=granularity, budget=500)  # to go on would not help
    assert found.verdict == "cannot say"
    assert found.sentence.endswith(f"; to have it decided, {way}, or {BY_OPERATIONS}")
    assert found.headline.endswith(found.way_out)
    assert lab.explore(program).verdict == "proved"
    assert lab.explore(other, granularity=granularity).verdict == "proved"


def test_what_is_used_up_says_what_would_help() -> None:
    found = lab.explore(undecided.many, threads=4, granularity="bytecode", check=lambda run: True, budget=9)
    assert found.sentence.endswith(
        "but not every schedule was run; to have it decided, try a smaller `threads`, or granularity='operations', or"
        " more than budget=9"
    )
    found = lab.explore(undecided.many, threads=4, check=lambda run: True, seconds=1e-9)
    assert found.sentence.endswith("; to have it decided, try a smaller `threads`, or more than seconds=1e-09")
    found = lab.explore(undecided.pool, budget=3)
    assert found.sentence.endswith(
        "decided, try to write its pool's tasks as threads of their own, with `start()` and `join()`, or more than"
        " budget=3"
    )
    for granularity in ("operations", "bytecode"):
        assert lab.explore(undecided.pool_as_threads, granularity=granularity).verdict == "proved"


@pytest.mark.parametrize(
    ("program", "way"),
    [
        (undecided.asks_the_clock, "ask `time.monotonic()`, which is the run's own clock"),
        (undecided.draws, "draw from the module `random`, whose seed is the same in each run"),
        (undecided.old_pool, "use concurrent.futures.ThreadPoolExecutor, or threading.Thread"),
        (undecided.never_ends, way_out.TURNS),
    ],
)
def test_the_way_out_is_that_of_the_reason(program: Callable[[], None], way: str) -> None:
    found = lab.explore(program, budget=20)
    assert found.verdict in ("cannot say", "budget exhausted")
    assert found.sentence.endswith(f"; to have it decided, {way}")


def test_what_the_check_cannot_say_needs_another_check() -> None:
    found = lab.explore(undecided.nests, check=lab.latch)
    assert found.verdict == "cannot say"
    assert found.sentence.endswith(f"; to have it decided, {way_out.CLAIMED}")


def test_where_all_is_decided_no_way_out_is_told() -> None:
    for found in (lab.explore(undecided.nests), lab.explore(undecided.many, threads=2, check=lambda run: False)):
        assert (found.way_out, "to have it decided" in found.sentence) == ("", False)


@pytest.mark.parametrize("granularity", ["operations", "bytecode"])
def test_a_lost_permit_is_told_beside_what_is_proved(granularity: str) -> None:
    found = lab.explore(undecided.loses_a_permit, granularity=granularity)
    assert found.verdict == "proved"  # there is no deadlock, and no exception
    assert found.sentence.endswith("; but in it a permit is lost: careless ended without releasing `door`")
    assert found.headline == (
        "Proved: no deadlock, no exception; but in a schedule a permit is lost: careless ended without releasing `door`"
    )
    assert found.standing == FINE  # neither green nor red: what was claimed holds, and a replay tells the loss in red
    assert lab.record(undecided.loses_a_permit, clock="virtual").standing == "wrong"


@pytest.mark.parametrize("program", [undecided.loses_a_permit_now_and_then, undecided.loses_a_permit_behind_another])
def test_a_permit_that_is_lost_in_some_schedules_is_told(program: Callable[[], None]) -> None:
    found = lab.explore(program)
    assert found.verdict == "proved"
    assert found.sentence.endswith("; but in some schedule a permit is lost: careless ended without releasing `door`")
    assert lab.explore(undecided.nests).standing == RIGHT


def test_what_is_meant_to_be_used_up_is_not_lost() -> None:
    found = lab.explore(undecided.sells_tickets)
    assert (found.verdict, found.lost, found.standing) == ("proved", "", RIGHT)
