"""The virtual clock names what it does not rule, if it was asked for; and follows another sleep in its place."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import os
import random
import secrets
import select
import selectors
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable
from os import urandom
from pathlib import Path
from unittest import mock

import numpy
import pytest
from numpy.random import rand as numpy_rand
from numpy.random import shuffle as numpy_shuffle

import semalab as lab

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

POLLS = pytest.mark.skipif(not hasattr(select, "poll"), reason="poll of POSIX")
EPOLLS = pytest.mark.skipif(not hasattr(select, "epoll"), reason="epoll of Linux")
UNIX = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="signals of POSIX")


def waits_in_a_selector() -> None:
    with selectors.DefaultSelector() as selector:
        selector.select(timeout=0.001)


def waits_for_nothing() -> None:
    """Without a limit, or with one of 0 s, no time is asked for."""
    with selectors.DefaultSelector() as selector:
        selector.select(0)
    select.select([], [], [], 0)
    if hasattr(select, "poll"):
        select.poll().poll(0)
    if hasattr(select, "epoll"):
        with select.epoll() as waits:
            waits.poll(0)
            assert not waits.closed and waits.fileno() > 0


def waits_in_an_epoll() -> None:
    with select.epoll() as waits:
        waits.poll(timeout=0.001)


class Kqueue:
    """What `select.kqueue` of macOS and the BSDs is like."""

    closed = False

    def control(self, changes: object, most: int, timeout: float | None = None) -> list[object]:
        return []

    @classmethod
    def fromfd(cls, fd: int) -> Kqueue:
        return cls()


def waits_in_a_kqueue() -> None:
    with contextlib.suppress(AttributeError):
        assert not select.kqueue().closed  # type: ignore[attr-defined]
        select.kqueue().control(None, 0, 0)  # type: ignore[attr-defined]
        select.kqueue().control(None, 1)  # type: ignore[attr-defined]
        select.kqueue().control([], 1, 0.001)  # type: ignore[attr-defined]


def draws_from_numpy() -> float:
    return float(numpy.random.rand())


def shuffles_in_numpy() -> None:
    numpy_shuffle([3, 4])


def seeds_numpy_with_nothing() -> None:
    numpy.random.seed()
    numpy.random.seed(None)


def makes_generators_of_numpy() -> None:
    numpy.random.default_rng()
    numpy.random.RandomState()


ASKED: list[tuple[Callable[[], object], str]] = [
    (lambda: time.process_time(), "time.process_time"),
    (lambda: time.process_time_ns(), "time.process_time_ns"),
    (lambda: time.thread_time(), "time.thread_time"),
    (lambda: os.urandom(2), "os.urandom"),
    (lambda: uuid.uuid4(), "os.urandom"),
    (lambda: random.SystemRandom().random(), "random.SystemRandom"),
    (lambda: secrets.choice("ab"), "random.SystemRandom"),
    (lambda: secrets.token_hex(2), "random.SystemRandom"),
    pytest.param(lambda: select.select([], [], [], 0.001), "select.select", marks=UNIX),  # type: ignore[list-item]
    pytest.param(lambda: select.poll().poll(1), "select.poll", marks=POLLS),  # type: ignore[list-item]
    pytest.param(waits_in_an_epoll, "select.epoll", marks=EPOLLS),  # type: ignore[list-item]
    (lambda: random.Random().random(), "random.Random()"),
    (lambda: random.Random(None), "random.Random()"),
    (lambda: urandom(2), "os.urandom"),
    (lambda ask=urandom: ask(2), "os.urandom"),
    (lambda: {"ask": urandom}["ask"](2), "os.urandom"),
    pytest.param(waits_in_a_selector, "selectors", marks=UNIX),  # type: ignore[list-item]
    pytest.param(lambda: signal.setitimer(signal.ITIMER_REAL, 0), "signal.setitimer", marks=UNIX),  # type: ignore[list-item]
    pytest.param(lambda: signal.alarm(0), "signal.alarm", marks=UNIX),  # type: ignore[list-item]
    (draws_from_numpy, "numpy.random"),
    (makes_generators_of_numpy, "random.SystemRandom"),
    (waits_in_a_kqueue, "select.kqueue"),
]


def asks(what: Callable[[], object]) -> None:
    worker = threading.Thread(target=what)
    worker.start()
    worker.join()


@pytest.mark.parametrize(("what", "name"), ASKED)
def test_what_it_does_not_rule_is_named(
    what: Callable[[], object], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(select, "kqueue"):
        monkeypatch.setattr(select, "kqueue", Kqueue, raising=False)
    run = lab.record(asks, what=what, clock="virtual")
    assert run.unruled == (name,) and run.standing == ""
    assert run.note == f"Not ruled by the virtual clock, and perhaps different in every run: `{name}`."
    assert lab.load(run.save(tmp_path / "run.json")).note == run.note
    assert lab.record(asks, what=what).note == ""  # there is no other clock


RULED: list[Callable[[], object]] = [
    lambda: (time.time(), time.monotonic(), time.perf_counter_ns(), time.localtime()),
    lambda: (datetime.datetime.now(), datetime.date.today()),
    lambda: (random.random(), random.choice("ab")),
    lambda: (random.Random(3).random(), random.seed(4), random.Random("x").random()),
    lambda: time.sleep(3),
    pytest.param(waits_for_nothing, marks=UNIX),  # type: ignore[list-item]
    lambda: (numpy.random.seed(3), numpy.random.rand(2), numpy_shuffle([1, 2])),
    lambda: (numpy.random.default_rng(3).random(), numpy.random.get_state()),
]


@pytest.mark.parametrize("what", RULED)
def test_what_it_rules_is_not(what: Callable[[], object]) -> None:
    assert lab.record(asks, what=what, clock="virtual").note == ""


@pytest.mark.parametrize("what", [shuffles_in_numpy, lambda draw=numpy.random.normal: draw()])
def test_what_the_program_has_in_its_own_hands_is_named_too(what: Callable[[], object]) -> None:
    assert lab.record(asks, what=what, clock="virtual").unruled == ("numpy.random",)
    assert numpy.random.shuffle is numpy_shuffle


@pytest.mark.parametrize("clock", ["wall", "virtual"])
@pytest.mark.parametrize(
    "generator", [numpy.random.default_rng(3), numpy.random.RandomState(3), numpy.random.MT19937(3)], ids=type
)
def test_the_lock_inside_a_generator_of_numpys_is_numpys(generator: object, clock: str) -> None:
    """It is no primitive of the program's, whatever the program calls the generator."""
    run = lab.record(asks, what=lambda: repr(generator), clock=clock)
    assert run.unseen in {("1 lock of numpy",), ("2 locks of numpy",)}


def test_a_seed_of_numpys_counts_for_its_own_run() -> None:
    for _ in range(2):
        run = lab.record(lambda: (numpy.random.seed(5), float(numpy.random.rand()))[1], clock="virtual")
        assert (run.result, run.note) == (0.22199317108973948, "")
        assert lab.record(draws_from_numpy, clock="virtual").unruled == ("numpy.random",)
    assert numpy.random.rand is numpy_rand


def test_who_asks_outside_of_the_run_is_not_named() -> None:
    lab.record(asks, what=lambda: None, clock="virtual")
    ask, real = os.urandom, time.process_time
    assert ask is urandom and "seed" in vars(random.Random) and len(ask(3)) == 3 and real() >= 0
    assert lab.record(asks, what=lambda: None, clock="virtual").unruled == ()


async def asks_in_a_coroutine() -> float:
    await asyncio.sleep(0.01)
    os.urandom(1)
    return time.process_time()


def test_in_a_coroutine_as_well() -> None:
    assert lab.record(asks_in_a_coroutine, clock="virtual").unruled == ("os.urandom", "time.process_time")
    assert lab.record(asks_in_a_coroutine).unruled == ()


async def looks_at_every_clock() -> list[float]:
    loop = asyncio.get_running_loop()

    def look() -> list[float]:
        now = datetime.datetime.now().timestamp()
        return [loop.time(), time.monotonic(), time.time(), time.perf_counter(), time.monotonic_ns() / 1e9, now]

    before = look()
    await asyncio.sleep(5)
    return [round(later - earlier, 9) for earlier, later in zip(before, look(), strict=True)] + [
        loop.time() - time.monotonic()
    ]


def test_the_clocks_of_a_coroutine_agree() -> None:
    assert lab.record(looks_at_every_clock, clock="virtual").result == [5.0] * 6 + [0.0]


async def polls_until(seconds: float) -> int:
    """As many recipes do: the loop's sleep must move the clock that it looks at."""
    rounds, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        await asyncio.sleep(1)
        rounds += 1
    return rounds


def test_a_coroutine_that_polls_a_clock_comes_to_its_end() -> None:
    assert lab.record(polls_until, seconds=20, clock="virtual").result == 20


def puts_another_sleep_there(how: str) -> list[float]:
    asked: list[float] = []
    gate = threading.Semaphore(1)

    def work() -> None:
        with gate:
            time.sleep(5)

    real = sys.modules["time"].sleep
    if how == "module":
        sys.modules["time"].sleep = asked.append  # type: ignore[attr-defined]
        try:
            work()
        finally:
            sys.modules["time"].sleep = real  # type: ignore[attr-defined]
    elif how == "monkeypatch":
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("time.sleep", asked.append)
            work()
    else:
        with mock.patch("time.sleep", asked.append):
            work()
    return asked


@pytest.mark.parametrize("how", ["module", "monkeypatch", "mock"])
@pytest.mark.parametrize("clock", ["wall", "virtual"])
def test_another_sleep_in_its_place_is_the_one_that_is_meant(clock: str, how: str) -> None:
    real = time.sleep
    run = lab.record(puts_another_sleep_there, how=how, clock=clock)
    assert run.result == [5]
    assert not [event for event in run.trace if event.kind == "sleep"]
    assert time.sleep is real


def puts_another_clock_there(name: str) -> object:
    module = sys.modules["time"]
    real = getattr(module, name)
    setattr(module, name, lambda *args: 1234)
    try:
        return getattr(time, name)()
    finally:
        setattr(module, name, real)


@pytest.mark.parametrize("name", ["time", "monotonic", "perf_counter_ns", "localtime", "process_time"])
def test_another_clock_in_its_place_is_the_one_that_is_meant(name: str) -> None:
    real = getattr(time, name)
    assert lab.record(puts_another_clock_there, name=name, clock="virtual").result == 1234
    assert getattr(time, name) is real


def in_a_loop_of_another_thread(how: str, loop: asyncio.AbstractEventLoop) -> object:
    """A loop runs in a thread of the program; asyncio hands its results over by primitives of its own."""
    thread = threading.Thread(target=loop.run_forever, name="loop")
    thread.start()

    async def work() -> int:
        await asyncio.sleep(0.01)
        return 42

    coroutine = work()
    try:
        if how == "result":
            return asyncio.run_coroutine_threadsafe(coroutine, loop).result(0.5)
        if how == "exception":
            return asyncio.run_coroutine_threadsafe(coroutine, loop).exception(timeout=0.5)
        raise ValueError(how)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize("how", ["result", "exception"])
def test_a_wait_in_real_seconds_is_no_time_out_of_the_programs(how: str) -> None:
    """The thread that would end it cannot run meanwhile: to say that the time was up would be a wrong answer."""
    loops = [asyncio.new_event_loop() for _ in range(2)]
    line = in_a_loop_of_another_thread.__code__.co_firstlineno + {"result": 12, "exception": 14}[how]
    run = lab.record(in_a_loop_of_another_thread, how=how, loop=loops[0], clock="virtual", raises=False)
    assert run.exception is None and run.verdict == (
        f"Stopped: the virtual clock does not rule the wait in in_a_loop_of_another_thread, line {line}, "
        "which takes part; use clock='wall'"
    )
    plain = lab.record(in_a_loop_of_another_thread, how=how, loop=loops[1])
    assert plain.result == {"result": 42, "exception": None}[how]
    for loop in loops:
        loop.close()


create_task = vars(asyncio.BaseEventLoop)["create_task"]


def names_of_tasks() -> list[str]:
    async def name() -> str:
        task = asyncio.current_task()
        assert task is not None
        return task.get_name()

    async def several() -> list[str]:
        names = [await name(), *await asyncio.gather(name(), name()), await asyncio.wait_for(name(), 10)]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(name(), name=chosen) for chosen in (None, "mine", None)]
        return [*names, *(task.result() for task in tasks)]

    return [*asyncio.run(several()), *asyncio.run(several())[:2]]


def test_the_tasks_inside_a_run_are_numbered_anew() -> None:
    """As in a process that has made none before."""
    first = lab.record(names_of_tasks, clock="virtual").result
    assert first[:3] == ["Task-1", "Task-2", "Task-3"] and first[5] == "mine"
    names_of_tasks()  # outside of it the process counts on
    assert lab.record(names_of_tasks, clock="virtual").result == first
    assert vars(asyncio.BaseEventLoop)["create_task"] is create_task
