"""`mock.patch` of a name that the lab exchanges works in a run and around it, as without the lab."""

from __future__ import annotations

import importlib
import random
import re
import subprocess
import sys
import threading
import time
from time import sleep as doze
from typing import Any
from unittest import mock

import pytest

import semalab as lab

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])
NAMES = ["time.sleep", "random.random", "threading.Lock", "threading.Semaphore", "threading.Thread", "time.monotonic"]


def call(name: str) -> Any:
    """What the program finds under a name of its own namespace's modules, called."""
    module, attribute = name.split(".")
    return getattr({"time": time, "random": random, "threading": threading}[module], attribute)(0.001)


@CLOCKS
@pytest.mark.parametrize("name", NAMES)
def test_a_patched_name_is_patched_in_the_run_and_not_afterwards(clock: str, name: str) -> None:
    def program() -> tuple[Any, list[Any]]:
        with mock.patch(name, return_value="mocked") as fake:
            result = call(name)
        return result, fake.mock_calls

    module, attribute = name.split(".")
    before = getattr(importlib.import_module(module), attribute)
    run = lab.record(program, clock=clock)
    assert run.result == ("mocked", [mock.call(0.001)])
    assert getattr(importlib.import_module(module), attribute) is before


@CLOCKS
def test_after_the_patch_the_run_goes_on_as_before(clock: str) -> None:
    @mock.patch("time.sleep")
    def patched(fake: mock.Mock) -> None:
        with mock.patch("time.sleep") as inner:
            time.sleep(5.0)
        time.sleep(6.0)
        assert (inner.mock_calls, fake.mock_calls) == ([mock.call(5.0)], [mock.call(6.0)])

    def program() -> None:
        patched()
        time.sleep(0.001)

    run = lab.record(program, clock=clock)
    assert [event.amount for event in run.trace if event.kind == "sleep"] == [1_000_000]


@CLOCKS
def test_a_name_imported_before_is_not_patched_as_without_the_lab(clock: str) -> None:
    def program() -> list[Any]:
        with mock.patch("time.sleep") as fake:
            doze(0.001)
        return fake.mock_calls

    run = lab.record(program, clock=clock)
    assert (run.result, [event.kind for event in run.trace if event.thread == "main"][1]) == ([], "sleep")


@CLOCKS
def test_a_method_of_a_class_is_patched(clock: str) -> None:
    def program() -> list[Any]:
        with mock.patch("threading.Semaphore.release") as fake:
            threading.Semaphore(1).release()
        threading.Semaphore(1).release()
        return fake.mock_calls

    run = lab.record(program, clock=clock)
    assert (run.result, [event.kind for event in run.trace if event.primitive]) == ([mock.call()], ["release"])


@CLOCKS
@pytest.mark.parametrize("how", ["object", "by hand", "found by name"])
def test_other_ways_to_patch(clock: str, how: str) -> None:
    def program() -> list[float]:
        slept: list[float] = []
        if how == "object":
            with mock.patch.object(time, "sleep", slept.append):
                time.sleep(7.0)
            return slept
        module = time if how == "by hand" else importlib.import_module("time")
        real, module.sleep = module.sleep, slept.append  # type: ignore[assignment]
        time.sleep(7.0)
        module.sleep = real
        return slept

    before = time.sleep
    assert lab.record(program, clock=clock).result == [7.0]
    assert time.sleep is before


@CLOCKS
def test_a_patch_around_the_run_is_seen_in_it(clock: str) -> None:
    def program() -> tuple[Any, Any, Any]:
        return time.sleep(5.0), random.random(), threading.Semaphore()

    with (
        mock.patch("time.sleep", return_value=1),
        mock.patch("random.random", return_value=2),
        mock.patch("threading.Semaphore", return_value=3),
    ):
        assert lab.record(program, clock=clock).result == (1, 2, 3)
    assert lab.record(lambda: random.random() < 1, clock=clock).result is True


@CLOCKS
def test_a_run_that_is_stopped_within_a_patch_leaves_nothing_patched(clock: str) -> None:
    def program() -> None:
        with mock.patch("time.sleep"):
            threading.Semaphore(0).acquire()

    before = time.sleep
    assert lab.record(program, clock=clock, timeout=20).stopped is not None
    assert time.sleep is before


@pytest.mark.parametrize(
    "name", [*(f"threading.{name}" for name in ("Lock", "RLock", "Event", "Thread")), "time.monotonic"]
)
def test_a_mock_in_the_place_of_what_the_lab_is_made_of_is_refused(name: str) -> None:
    with mock.patch(name), pytest.raises(RuntimeError) as refused:
        lab.record(lambda: None)
    assert re.sub("got <.*>", "got <mock>", str(refused.value)) == (
        f"{name} must be Python's own when a program is recorded, got <mock>; patch it inside the program"
    )
    assert lab.record(lambda: None).stopped is None


FIRST = """
import threading, time
from unittest import mock
import semalab as lab

def program():
    time.sleep(0.5)
    with threading.Semaphore(1):
        return threading.Barrier, time.perf_counter

with mock.patch({name!r}) as fake:
    patched = lab.record(program, clock={clock!r})
assert fake in patched.result or fake.mock_calls[0] in (mock.call(0.5), mock.call(1)), fake.mock_calls
assert patched.exception is None and patched.stopped is None, patched.verdict
again = lab.record(program, clock="virtual")
assert again.result[0].__module__ == "threading" and again.duration == 0.5
assert [event.kind for event in again.trace if event.primitive] == ["acquire", "release"], again.verdict
"""


@CLOCKS
@pytest.mark.parametrize("name", ["time.sleep", "threading.Semaphore", "threading.Barrier", "time.perf_counter"])
def test_the_first_run_of_all_may_be_one_within_a_patch(clock: str, name: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FIRST.format(name=name, clock=clock)], capture_output=True, text=True, check=False
    )
    assert (ended.stderr, ended.returncode) == ("", 0)


@CLOCKS
@pytest.mark.parametrize("derived", [False, True])
def test_a_class_in_the_place_of_one_of_threading_is_seen_in_the_run(
    clock: str, derived: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = threading.Barrier
    another = type("Another", (real,) if derived else (), {})
    monkeypatch.setattr(threading, "Barrier", another)

    def program() -> tuple[type, int]:
        kind, kept = threading.Barrier, real
        made = kind(1) if derived else kind()
        with threading.Semaphore(1):
            return type(made), kept(1).wait()

    run = lab.record(program, clock=clock)
    assert run.result == (another, 0)
    assert [event.kind for event in run.trace if event.primitive][-3:] == ["acquire", "pass", "release"]
    assert threading.Barrier is another
