"""Coroutines on the bench: what asyncio's semaphores do is in the log, on both clocks, however the run ends."""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import random
import signal
import sys
import threading
import types
import warnings
from asyncio import Semaphore, sleep
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import semalab as lab
from semalab.beyond import record_tasks
from semalab.beyond.tasks import _leads_to
from semalab.log.stops import Deadlock, Timeout
from semalab.run import Run

virtually = functools.partial(lab.record, clock="virtual")


@pytest.fixture(autouse=True)
def nothing_is_left() -> Any:
    names, threads = dict(globals()), set(threading.enumerate())
    yield
    assert {name: globals().get(name) for name in names} == names and "print" not in globals()
    assert set(threading.enumerate()) <= threads


async def visit_the_room(tasks: int = 5, initial: int = 1) -> str:
    mutex = asyncio.Semaphore(initial)

    async def visit() -> None:
        await asyncio.sleep(random.uniform(0, 0.005))
        async with mutex:
            print("inside")
            await asyncio.sleep(random.uniform(0.001, 0.003))

    await asyncio.gather(*(asyncio.create_task(visit(), name=f"visitor-{i}") for i in range(tasks)))
    return f"{tasks} were inside"


async def wait_for_it(waiting: int = 2) -> None:
    gate = asyncio.Semaphore(0)

    async def wait() -> None:
        await gate.acquire()

    tasks = [asyncio.create_task(wait()) for _ in range(waiting)]
    await asyncio.sleep(0.01)
    for _ in tasks:
        gate.release()
    await asyncio.gather(*tasks)


async def count_up(tasks: int = 10, times: int = 10) -> None:
    counter = asyncio.Semaphore(0)

    async def work() -> None:
        for _ in range(times):
            await sleep(random.random() / 1000)
            counter.release()

    await asyncio.gather(*(work() for _ in range(tasks)))


@pytest.mark.parametrize("clock", ["wall", "virtual"])
def test_the_four_usages_are_read_from_the_log(clock: str) -> None:
    mutex = lab.record(visit_the_room, clock=clock)
    assert mutex.verdict == "Mutual exclusion held: never more than 1 inside"
    limiter = lab.record(visit_the_room, clock=clock, initial=3, claim=lab.limit)
    assert lab.limit(limiter) and limiter.result == "5 were inside" and limiter.output == "inside\n" * 5
    latch = lab.record(wait_for_it, clock=clock)
    assert latch.verdict == "The latch opened once: 2 tasks passed, none before"
    counter = lab.record(count_up, clock=clock)
    assert lab.exact_count(100)(counter)
    for run in (mutex, limiter, latch, counter):
        run.trace.certify()
        assert run.clock == clock and run.stopped is None
    assert mutex.description.startswith("main and 5 tasks · mutex = asyncio.Semaphore(1) · ")
    assert mutex.trace.threads == ("main", *(f"visitor-{i}" for i in range(5)))


def test_a_seed_gives_the_same_log_and_another_one_other_durations() -> None:
    one, again, other = (virtually(visit_the_room, seed=seed) for seed in (1, 1, 2))
    assert one.trace == again.trace and one.trace != other.trace
    crowded = virtually(visit_the_room, initial=2, seed=1, claim=lab.mutual_exclusion)
    assert crowded.verdict == "Mutual exclusion broken: 2 tasks inside at once"


def test_a_task_without_a_name_keeps_asyncio_s_and_is_told_by_its_coroutine() -> None:
    async def start_one() -> str:
        async def work() -> None:
            await sleep(0)

        task = asyncio.create_task(work())
        await task
        return task.get_name()

    run = virtually(start_one)
    assert run.trace.threads == ("main", "work") and str(run.result).startswith("Task-")


def test_exact_times_on_the_virtual_clock() -> None:
    async def take_turns() -> None:
        door = Semaphore(1)

        async def work() -> None:
            async with door:
                await sleep(0.5)

        await asyncio.gather(work(), work())

    events = [(e.time, e.thread, e.kind, e.value) for e in virtually(take_turns).trace if e.primitive]
    half = 500_000_000
    assert events == [
        (0, "work", "acquire", 0),
        (0, "work (2)", "block", 0),
        (half, "work", "release", 1),
        (half, "work (2)", "acquire", 0),
        (2 * half, "work (2)", "release", 1),
    ]


def test_who_waits_for_ever_is_a_deadlock_on_both_clocks() -> None:
    for clock in ("wall", "virtual"):
        run = lab.record(visit_the_room, clock=clock, tasks=2, initial=0)
        assert isinstance(run.stopped, Deadlock) and run.stopped.threads == ("visitor-0", "visitor-1")
        assert run.verdict == (
            "Deadlock: 2 tasks wait for `mutex` (value 0) and nobody can release it any more;"
            " main waits for visitor-0 to end"
        )
        run.trace.certify()


def test_a_semaphore_of_threading_stops_the_loop_and_the_run_says_so() -> None:
    async def block_the_loop() -> None:
        door = threading.Semaphore(1)

        async def visit() -> None:
            with door:
                await asyncio.sleep(0.01)

        await asyncio.gather(visit(), visit())

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", ResourceWarning)
        assert lab.record(block_the_loop).verdict == (
            "Deadlock: main waits for `door` (value 0) and nobody can release it any more"
        )
        gc.collect()
    assert not [one for one in warned if "event loop" in str(one.message)]


@pytest.mark.parametrize("pause", [0, 0.01, None], ids=["awaits", "sleeps", "computes"])
def test_what_does_not_end_is_stopped(pause: float | None) -> None:
    async def go_on_for_ever() -> None:
        while True:
            if pause is not None:
                await asyncio.sleep(pause)

    run = virtually(go_on_for_ever, timeout=0.3)
    assert isinstance(run.stopped, Timeout) and run.verdict.startswith("Stopped: the program had not ended after 0.3 s")


def test_an_exception_is_raised_and_kept() -> None:
    async def fail() -> None:
        door = asyncio.Semaphore(1)
        async with door:
            raise LookupError("nobody there")

    with pytest.raises(LookupError, match="nobody there"):
        virtually(fail)
    run = virtually(fail, raises=False)
    assert run.verdict == "main raised LookupError: nobody there" and run.reading.uses["door"].final == 1


def test_giving_up_and_being_cancelled_end_a_wait_and_lose_nothing() -> None:
    async def lose_patience() -> bool:
        door = asyncio.Semaphore(1)

        async def stay() -> None:
            async with door:
                await asyncio.sleep(1)

        async def impatient() -> bool:
            try:
                await asyncio.wait_for(door.acquire(), 0.1)
            except TimeoutError:
                return False
            return True

        answers = await asyncio.gather(stay(), impatient())
        return bool(answers[1])

    run = virtually(lose_patience)
    run.trace.certify()
    assert run.result is False
    assert [e.time for e in run.trace if e.kind == "refuse"] == [100_000_000]
    assert run.reading.uses["door"].final == 1


def test_a_time_limit_around_a_wait_is_a_refusal_at_that_moment() -> None:
    async def wait_a_little() -> None:
        async with asyncio.timeout(0.25):
            await asyncio.Semaphore(0).acquire()

    run = virtually(wait_a_little, raises=False)
    run.trace.certify()
    assert isinstance(run.exception, TimeoutError) and run.stopped is None
    assert [(e.time, e.kind) for e in run.trace if e.primitive] == [(0, "block"), (250_000_000, "refuse")]


def test_a_permit_given_to_a_task_that_is_cancelled_before_it_goes_on_goes_to_the_next() -> None:
    async def cancel_too_late() -> int:
        door = asyncio.Semaphore(0)
        first, second = (asyncio.create_task(door.acquire(), name=name) for name in ("first", "second"))
        await asyncio.sleep(0.01)
        door.release()
        first.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        return door._value

    run = virtually(cancel_too_late)
    run.trace.certify()
    took = [(e.thread, e.kind) for e in run.trace if e.kind in {"acquire", "refuse"}]
    assert took == [("first", "refuse"), ("second", "acquire")] and run.result == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot send itself Ctrl-C there")
@pytest.mark.parametrize("clock", ["wall", "virtual"])
@pytest.mark.parametrize("awaits", [True, False], ids=["awaits", "computes"])
@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_the_run_and_comes_back(clock: str, awaits: bool) -> None:
    async def go_on_for_ever() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            if awaits:
                await asyncio.sleep(0)

    with pytest.raises(KeyboardInterrupt):
        lab.record(go_on_for_ever, clock=clock)
    assert lab.record(visit_the_room, clock=clock).stopped is None


def test_tasks_that_main_leaves_behind_are_cancelled_and_end_in_the_log() -> None:
    async def leave() -> None:
        door = asyncio.Semaphore(0)
        asyncio.get_running_loop().leaves = asyncio.create_task(door.acquire(), name="left")  # type: ignore[attr-defined]
        await asyncio.sleep(0.01)

    run = virtually(leave)
    run.trace.certify()
    assert run.stopped is None
    assert [e.kind for e in run.trace if e.thread == "left"] == ["start", "block", "refuse", "end"]


def test_a_release_too_many_is_bounded_asyncios_own_way() -> None:
    async def release_too_often() -> None:
        asyncio.BoundedSemaphore(1).release()

    run = virtually(release_too_often, raises=False)
    assert run.verdict == "main raised ValueError: BoundedSemaphore released too many times"
    run.trace.certify()


def test_a_loop_that_runs_already_is_not_in_the_way() -> None:
    async def outside() -> str:
        return virtually(visit_the_room).verdict

    assert asyncio.run(outside()) == "Mutual exclusion held: never more than 1 inside"


def test_a_run_is_saved_and_loaded(tmp_path: Path) -> None:
    run = virtually(visit_the_room, seed=1)
    again = lab.load(run.save(tmp_path / "run.json"))
    assert isinstance(again, Run) and again.trace == run.trace and again.verdict == run.verdict


def test_tasks_without_a_semaphore_are_called_tasks_too(tmp_path: Path) -> None:
    async def sleep_together() -> None:
        await asyncio.gather(asyncio.sleep(0.01), asyncio.sleep(0.02))

    run = virtually(sleep_together)
    for one in (run, lab.load(run.save(tmp_path / "run.json"))):
        assert one.verdict == "main and 2 tasks ran to the end; none of them used a semaphore of asyncio"
        assert one.description == "main and 2 tasks · virtual clock, seed 0"


def test_bad_input_is_refused() -> None:
    with pytest.raises(TypeError, match=r"program must be a coroutine function \(async def\)"):
        record_tasks(lambda: None)
    with pytest.raises(TypeError, match="has no argument 'visitors'"):
        lab.record(visit_the_room, visitors=3)
    with pytest.raises(TypeError, match="explore needs a program with threads"):
        lab.explore(visit_the_room)


@settings(max_examples=60, deadline=None)
@given(
    plans=st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), min_size=1, max_size=5),
    initial=st.integers(0, 2),
)
def test_any_program_s_log_certifies_and_counts_as_the_semaphore_does(plans: list[list[int]], initial: int) -> None:
    async def run_the_plans() -> int:
        door = asyncio.Semaphore(initial)

        async def follow(plan: list[int]) -> None:
            for step in plan:
                if step == 0:
                    door.release()
                elif step == 1:
                    await asyncio.sleep(0.001 * len(plan))
                elif step == 2:
                    async with door:
                        await asyncio.sleep(0)
                else:
                    await asyncio.wait([asyncio.create_task(door.acquire())], timeout=0.002)

        await asyncio.gather(*map(follow, plans))
        return door._value

    run = virtually(run_the_plans)
    run.trace.certify()
    use = run.reading.uses["door"]
    assert use.final == initial + use.released - use.acquires
    assert virtually(run_the_plans).trace == run.trace
    if run.stopped is None and not any(e.kind == "refuse" for e in run.trace):
        assert run.result == use.final


def test_whom_a_task_wakes_is_found_by_what_its_callback_closes_over_alone() -> None:
    """Through a function's globals everything leads to everything; to follow them once took all memory there was."""
    sought = object()

    def closes_over_it() -> object:
        return sought

    names_it = types.FunctionType((lambda: sought_by_name).__code__, {"sought_by_name": sought})  # type: ignore[name-defined]  # noqa: F821
    itself: list[Any] = []
    itself.extend([itself] * 10_000)  # once each: a million million ways in three steps
    assert _leads_to([closes_over_it], sought)
    assert not _leads_to([names_it, itself], sought)


async def awaits_a_ticker(how: str) -> None:
    async def tick() -> None:
        while True:
            await asyncio.sleep(1)

    ticker = asyncio.create_task(tick(), name="ticker")
    if how == "task":
        await ticker
    elif how == "gather":
        await asyncio.gather(ticker)
    elif how == "wait":
        await asyncio.wait([ticker])
    else:
        await asyncio.wait_for(ticker, 1000)


@pytest.mark.parametrize("how", ["task", "gather", "wait", "wait_for"])
def test_whom_main_waits_for_is_told_when_the_time_is_up(how: str) -> None:
    run = lab.record(awaits_a_ticker, how=how, clock="virtual", timeout=9)
    first, at = awaits_a_ticker.__code__.co_firstlineno, {"task": 7, "gather": 9, "wait": 11, "wait_for": 13}[how]
    assert run.verdict == (
        f"Stopped: the program had not ended after 9 s; 2 tasks were still there: ticker in tick, line {first + 3}; "
        f"main in awaits_a_ticker, line {first + at}; main waits for ticker to end"
    )


async def sleeps_too_long() -> None:
    await asyncio.sleep(1000)


def test_one_that_waits_for_nobody_waits_for_nobody() -> None:
    run = lab.record(sleeps_too_long, clock="virtual", timeout=9)
    line = sleeps_too_long.__code__.co_firstlineno + 1
    there = f"main was still there, in sleeps_too_long, line {line}"
    assert run.verdict == f"Stopped: the program had not ended after 9 s; {there}"


async def tells_its_names() -> list[str]:
    async def name() -> str:
        task = asyncio.current_task()
        assert task is not None
        return task.get_name()

    return [await name(), *await asyncio.gather(name(), name()), await asyncio.create_task(name(), name="mine")]


@pytest.mark.parametrize("clock", ["wall", "virtual"])
def test_tasks_are_numbered_anew_in_every_run(clock: str) -> None:
    for _ in range(2):
        assert lab.record(tells_its_names, clock=clock).result == ["Task-1", "Task-2", "Task-3", "mine"]


async def sleeps_until_the_alarm() -> str:
    rung = asyncio.Event()
    signal.signal(signal.SIGALRM, lambda *_: asyncio.get_running_loop().call_soon_threadsafe(rung.set))
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        await asyncio.wait_for(rung.wait(), 10)
    except TimeoutError:
        return "late"
    return "rung"


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="signals of POSIX")
def test_the_virtual_clock_does_not_jump_over_an_alarm() -> None:
    run = virtually(sleeps_until_the_alarm)
    assert run.verdict.startswith(
        "Stopped: the virtual clock does not rule the handler of SIGALRM, which takes part; use clock='wall'"
    )


async def leaves_an_exception_alone() -> None:
    async def fails() -> None:
        raise ValueError("b")

    task = asyncio.create_task(fails())
    await asyncio.sleep(0.01)
    assert task.done()


async def asks_for_it() -> None:
    async def fails() -> None:
        raise ValueError("b")

    assert await asyncio.gather(fails(), return_exceptions=True)
    task = asyncio.create_task(fails())
    await asyncio.sleep(0.01)
    assert task.exception()


@pytest.mark.parametrize("clock", ["virtual", "wall"])
def test_an_exception_that_nobody_retrieves_is_told(clock: str) -> None:
    run = lab.record(leaves_an_exception_alone, clock=clock)
    assert run.verdict == (
        "main ran to the end; none of them used a semaphore of asyncio;"
        " fails ended with ValueError, which nobody retrieved"
    )
    assert lab.record(asks_for_it, clock=clock).verdict.startswith("main and 2 tasks ran to the end")


async def waits_for_a_condition() -> None:
    class Kept:
        changed = asyncio.Condition()
        ready = False

    async def wait() -> None:
        async with Kept.changed:
            await Kept.changed.wait_for(lambda: Kept.ready)

    waiter = asyncio.create_task(wait())
    await asyncio.sleep(0.01)
    async with Kept.changed:
        Kept.ready = True
        Kept.changed.notify_all()
    await waiter


@pytest.mark.parametrize("clock", ["virtual", "wall"])
def test_a_condition_is_named_however_it_is_waited_for(clock: str) -> None:
    assert lab.record(waits_for_a_condition, clock=clock).unseen == ("`changed` (asyncio.Condition)",)
