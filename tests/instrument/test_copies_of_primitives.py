"""A copy of a primitive is one of its own: what it does is told of it, and not of the one it was copied from."""

from __future__ import annotations

import copy
import threading

import pytest

import semalab as lab

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])


class Tagged(threading.Semaphore):
    __slots__ = ("limit",)

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit
        self.tag = "first"


@CLOCKS
@pytest.mark.parametrize("make", [threading.Semaphore, threading.BoundedSemaphore, Tagged])
def test_each_of_two_semaphores_has_its_own_events(make: type[threading.Semaphore], clock: str) -> None:
    def program() -> tuple[bool, bool]:
        door = make(1)
        other = copy.copy(door)
        door.acquire()
        came = other.acquire(timeout=0.1)
        other.release()
        door.release()
        return came, type(other) is type(door)

    assert program() == (True, True)
    run = lab.record(program, clock=clock)
    assert run.result == (True, True)
    kinds = {name: [event.kind for event in run.trace.of(name)] for name in run.trace.primitives}
    assert len(kinds) == 2
    assert all(one == ["acquire", "release"] for one in kinds.values()), kinds
    assert [claim.held for claim in run.claims] == [True] * 4


@CLOCKS
def test_what_else_it_has_is_copied_as_in_plain_python(clock: str) -> None:
    def program() -> tuple[int, str, int]:
        first = Tagged(3)
        first.tag = "second"
        other = copy.copy(first)
        first.acquire()
        return other.limit, other.tag, other._value  # type: ignore[attr-defined]

    assert lab.record(program, clock=clock).result == program() == (3, "second", 3)


@CLOCKS
def test_who_waits_for_the_copy_is_let_through_by_it(clock: str) -> None:
    def program() -> tuple[bool, bool]:
        first = threading.Event()
        other = copy.copy(first)
        waiter = threading.Thread(target=other.wait)
        waiter.start()
        other.set()
        waiter.join()
        return first.is_set(), other.is_set()

    run = lab.record(program, clock=clock)
    assert run.result == (False, True)
    kinds = [[event.kind for event in run.trace.of(name) if event.kind != "block"] for name in run.trace.primitives]
    assert list(filter(None, kinds)) == [["set", "pass"]]  # the first is used by nobody


@CLOCKS
def test_a_barrier_is_passed_beside_its_copy(clock: str) -> None:
    def program() -> int:
        first = threading.Barrier(2)
        other = copy.copy(first)
        waiter = threading.Thread(target=other.wait)
        waiter.start()
        other.wait()
        waiter.join()
        return first.n_waiting + other.n_waiting

    assert lab.record(program, clock=clock).result == 0


def test_it_is_not_known_whom_a_copy_wakes() -> None:
    def program() -> None:
        first = threading.Semaphore(1)
        with copy.copy(first):
            pass

    found = lab.explore(program)
    assert found.verdict == "cannot say"
    assert "it copies a primitive (Semaphore)" in found.sentence and "make another Semaphore" in found.sentence
