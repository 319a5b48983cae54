"""A lock that is held before a run is held in it, and afterwards, unless the program itself gave it back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import semalab as lab

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])

lock = threading.Lock()
again = threading.RLock()
free = threading.Lock()


def depth(one: Any) -> int:
    """How many times the calling thread has taken this RLock."""
    return (
        int(one._recursion_count())
        if hasattr(one, "_recursion_count")
        else int(repr(one).split("count=")[1].split()[0])
    )


@pytest.fixture
def held() -> Iterator[None]:
    lock.acquire()
    again.acquire()
    again.acquire()
    yield
    if lock.locked():
        lock.release()
    while again._is_owned():  # type: ignore[attr-defined]
        again.release()


def in_a_thread(target: Callable[[], object]) -> None:
    thread = threading.Thread(target=target, name="other")
    thread.start()
    thread.join()


def waits() -> None:
    lock.acquire()


def waits_with() -> None:
    with lock:
        pass


def waits_and_gives_back_what_it_never_got() -> None:
    try:
        lock.acquire()
    finally:
        lock.release()


def gives_back() -> None:
    lock.release()


def waits_again() -> None:
    with again:
        pass


@CLOCKS
@pytest.mark.parametrize(
    ("wait", "name"),
    [
        (waits, "lock"),
        (waits_with, "lock"),
        (waits_and_gives_back_what_it_never_got, "lock"),
        (waits_again, "again"),
    ],
)
@pytest.mark.usefixtures("held")
def test_who_waits_for_it_waits_in_vain_in_every_run_and_leaves_it_held(
    clock: str, wait: Callable[[], object], name: str
) -> None:
    def program() -> None:
        thread = threading.Thread(target=wait, name="other")
        thread.start()
        thread.join()

    for _ in range(2):
        run = lab.record(program, clock=clock, timeout=20)
        run.trace.certify()
        assert (run.verdict or "").startswith(f"Deadlock: other waits for `{name}` (value 0)")
        assert (lock.locked(), depth(again)) == (True, 2)


@CLOCKS
@pytest.mark.usefixtures("held")
def test_what_the_program_gives_back_is_given_back(clock: str) -> None:
    def program() -> None:
        in_a_thread(gives_back)
        again.release()

    assert lab.record(program, clock=clock).stopped is None
    assert (lock.locked(), depth(again)) == (False, 1)


@CLOCKS
@pytest.mark.usefixtures("held")
def test_an_rlock_that_the_caller_holds_is_the_main_threads_and_nobody_elses(clock: str) -> None:
    def program() -> list[bool]:
        got = []
        with again:
            in_a_thread(lambda: got.append(again.acquire(blocking=False)))
        return [*got, again.acquire(blocking=False)]

    run = lab.record(program, clock=clock)
    run.trace.certify()
    assert (run.result, depth(again)) == ([False, True], 3)


@CLOCKS
def test_an_rlock_that_another_thread_holds_is_nobodys_in_the_run(clock: str) -> None:
    begun, over = threading.Event(), threading.Event()
    one = threading.RLock()

    def hold() -> None:
        with one:
            begun.set()
            over.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    begun.wait(60)
    run = lab.record(lambda: one.acquire(timeout=0.001), clock=clock)
    assert (run.result, "locked" in repr(one).split()[0]) == (False, True)
    over.set()
    holder.join()
    assert one.acquire(blocking=False)
    one.release()


@CLOCKS
@pytest.mark.parametrize("stopped", [True, False])
def test_a_lock_taken_by_a_thread_that_was_stopped_is_free_again(clock: str, stopped: bool) -> None:
    """Nobody is left who could give it back; a program that comes to its end decides for itself."""

    def program() -> None:
        free.acquire()
        if stopped:
            threading.Semaphore(0).acquire()

    lab.record(program, clock=clock, timeout=20)
    assert free.locked() is not stopped
    if not stopped:
        free.release()


@CLOCKS
def test_a_lock_given_back_and_taken_again_in_a_run_that_was_stopped_is_free(clock: str) -> None:
    one = threading.Lock()
    one.acquire()

    def program() -> None:
        one.release()
        one.acquire()
        one.acquire()

    assert (lab.record(program, clock=clock, timeout=20).verdict or "").startswith("Deadlock: main waits for `one`")
    assert not one.locked()
