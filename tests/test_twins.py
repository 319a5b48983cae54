"""`time`, `random` and `print` as a recorded program sees them, and the real ones beside them."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Iterator
from random import choice, randint
from typing import Any

import pytest

import semalab as lab

pytest_plugins = ("leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])


def reads_clocks() -> list[Any]:
    time.sleep(1.5)
    seconds = [time.time(), time.monotonic(), time.perf_counter()]
    nanoseconds = [time.time_ns(), time.monotonic_ns(), time.perf_counter_ns()]
    return [*seconds, *nanoseconds]


def test_every_clock_is_the_virtual_one() -> None:
    assert lab.record(reads_clocks, clock="virtual").result == [1.5] * 3 + [1_500_000_000] * 3


def one_tick() -> list[float]:
    before = time.time()
    time.sleep(0)
    return [before, time.time()]


def test_on_the_wall_the_clocks_are_the_real_ones() -> None:
    before = time.time()
    first, second = lab.record(one_tick).result
    assert before <= first <= second <= time.time()


def nap(length: Any) -> None:
    time.sleep(length)


def test_sleeping_costs_virtual_time_only() -> None:
    run = lab.record(nap, length=86_400, clock="virtual", timeout=90_000)
    assert run.duration == 86_400.0
    assert [(e.time, e.kind, e.amount) for e in run.trace][1:3] == [
        (0, "sleep", 86_400_000_000_000),
        (86_400_000_000_000, "wake", 0),
    ]
    assert run.trace[1].line == nap.__code__.co_firstlineno + 1


@pytest.mark.parametrize("length", [-1, float("nan"), "x", None])
@CLOCKS
def test_a_wrong_length_is_refused_as_the_real_sleep_refuses_it(length: Any, clock: str) -> None:
    with pytest.raises((ValueError, TypeError)) as real:
        time.sleep(length)
    run = lab.record(nap, length=length, clock=clock, raises=False)
    assert type(run.exception) is real.type
    assert [e.kind for e in run.trace] == ["start", "end"]


def naps(threads: int) -> list[int]:
    woken: list[int] = []

    def work(i: int) -> None:
        time.sleep(threads - i)
        woken.append(i)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return woken


def test_who_sleeps_less_wakes_first() -> None:
    run = lab.record(naps, threads=5, clock="virtual")
    assert (run.result, run.duration) == ([4, 3, 2, 1, 0], 5.0)


def tells(pause: float) -> None:
    told = threading.Event()

    def work() -> None:
        told.wait()
        time.sleep(pause)
        print("from", "a worker", sep=" – ", end="!\n")

    worker = threading.Thread(target=work, name="Ada")
    worker.start()
    print("from main", flush=True)
    told.set()
    worker.join()
    print("to stdout", file=sys.stdout)
    print("to stderr", file=sys.stderr)
    print()


@CLOCKS
def test_print_is_collected_with_its_thread_and_time(clock: str, capsys: Any) -> None:
    run = lab.record(tells, pause=0.002, clock=clock)
    assert run.output == "from main\nfrom – a worker!\nto stdout\n\n"
    assert capsys.readouterr() == ("", "to stderr\n")
    assert [p.thread for p in run.printed] == ["main", "Ada", "main", "main"]
    assert [(e.thread, e.kind) for e in run.trace if e.kind == "print"][1] == ("Ada", "print")
    if clock == "virtual":
        assert [p.time for p in run.printed] == [0, 2_000_000, 2_000_000, 2_000_000]


def prints_much() -> None:
    print("x" * 10_000_000)
    print("\x00\ud800$<b>")


def test_long_and_odd_output_is_kept_as_it_is() -> None:
    assert lab.record(prints_much, clock="virtual").output == "x" * 10_000_000 + "\n\x00\ud800$<b>\n"


@pytest.fixture
def real_random() -> Iterator[random.Random]:
    """Puts the real generator into a known state for the test, and takes it out again."""
    before = random.getstate()
    random.seed(5)
    yield random.Random(5)
    random.setstate(before)


def draws() -> list[Any]:
    drawn: list[Any] = [random.random(), randint(1, 6), choice("abc"), random.gauss(0, 1)]
    random.shuffle(drawn)
    other = random.Random(1)
    return [*drawn, other.random()]


def test_random_numbers_belong_to_the_seed(real_random: random.Random) -> None:
    first = lab.record(draws, clock="virtual", seed=7)
    assert lab.record(draws, clock="virtual", seed=7).result == first.result
    assert lab.record(draws, clock="virtual", seed=8).result != first.result
    assert first.result[-1] == random.Random(1).random()
    assert random.Random(7).random() in first.result
    assert random.random() == real_random.random()


def seeds_itself() -> list[float]:
    random.seed(99)
    state = random.getstate()
    first = random.random()
    random.setstate(state)
    return [first, random.random()]


def test_a_program_may_seed_its_random_and_only_its_own() -> None:
    outside = random.getstate()
    result = lab.record(seeds_itself, clock="virtual").result
    assert result == [random.Random(99).random()] * 2
    assert random.getstate() == outside


def one_draw() -> float:
    return random.random()


def test_on_the_wall_random_is_the_real_one(real_random: random.Random) -> None:
    assert lab.record(one_draw).result == real_random.random()


def asks_threading() -> list[Any]:
    names: list[Any] = []

    def work() -> None:
        local.value = threading.current_thread().name
        names.extend([local.value, threading.active_count(), threading.main_thread().name])
        names.append(threading.get_ident() == threading.current_thread().ident)

    local = threading.local()
    worker = threading.Thread(target=work, name="Ada")
    names.append(worker.is_alive())
    worker.start()
    worker.join()
    names.append([t.name for t in threading.enumerate()])
    names.append((worker.is_alive(), hasattr(local, "value"), threading.current_thread() is threading.main_thread()))
    return names


@CLOCKS
def test_threading_knows_the_runs_threads_and_no_others(clock: str) -> None:
    assert lab.record(asks_threading, clock=clock).result == [
        False,
        "Ada",
        2,
        "MainThread",
        True,
        ["MainThread"],
        (False, False, True),
    ]
