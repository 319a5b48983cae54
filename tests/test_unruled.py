"""The virtual clock names what it does not rule, if it was asked for; and follows another sleep in its place."""

from __future__ import annotations

import asyncio
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

import pytest

import semalab as lab

pytest_plugins = ("leftovers",)
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
]


def asks(what: Callable[[], object]) -> None:
    worker = threading.Thread(target=what)
    worker.start()
    worker.join()


@pytest.mark.parametrize(("what", "name"), ASKED)
def test_what_it_does_not_rule_is_named(what: Callable[[], object], name: str, tmp_path: Path) -> None:
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
]


@pytest.mark.parametrize("what", RULED)
def test_what_it_rules_is_not(what: Callable[[], object]) -> None:
    assert lab.record(asks, what=what, clock="virtual").note == ""


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
