"""What watching costs: measured on the recorder itself, said on every wall-clock picture, never on a virtual one."""

from __future__ import annotations

import dataclasses
import threading
import time
from typing import Any

import pytest

import semalab as lab
from semalab.instrument.overhead import cost_of_an_event
from semalab.log.trace import Event, Primitive, Trace

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")


def program() -> None:
    gate = threading.Semaphore(1)
    with gate:
        time.sleep(0.001)


def subtitle(run: lab.Run) -> str:
    return " ".join(t.get_text() for t in run.timeline().texts if t.get_gid() == "subtitle")


def run_of(trace: Trace, cost: Any) -> lab.Run:
    return dataclasses.replace(lab.record(program, clock="virtual"), trace=trace, clock="wall", cost=cost)


def test_it_is_measured_once_and_is_a_number_of_nanoseconds() -> None:
    cost = cost_of_an_event()
    assert cost is cost_of_an_event()
    assert cost.pair >= 0
    assert cost.note > 0


def test_every_wall_clock_picture_says_it() -> None:
    run = lab.record(program)
    assert run.watching.startswith("watching: about ")
    assert run.watching in subtitle(run)
    assert "watching" not in run.description  # which is the picture's alternative text, too


def test_a_virtual_run_costs_none_of_its_own_time() -> None:
    run = lab.record(program, clock="virtual")
    assert run.watching == ""
    assert "watching" not in subtitle(run)


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (10_000, "watching: about 260 ns an event, 13 % of the run"),
        (1_000_000, "watching: about 260 ns an event, 0.13 % of the run"),
        (100_000_000, "watching: about 260 ns an event, less than 0.01 % of the run"),
        (0, ""),
    ],
)
def test_acquires_and_releases_are_counted_apart_from_the_rest(length: int, told: str) -> None:
    events = [Event(0, "main", "start"), Event(0, "main", "acquire", "gate", 0, 1)]
    events += [Event(length, "main", "print"), Event(length, "main", "release", "gate", 1, 1)]
    events += [Event(length, "main", "end")]
    trace = Trace(events, ["main"], [Primitive("gate", "Semaphore", 1)])
    assert run_of(trace, lambda: (102.0, 365.0)).watching == told


def test_a_lock_is_written_to_the_log_like_any_other_event() -> None:
    events = [Event(0, "main", "start"), Event(0, "main", "acquire", "gate", 0, 1)]
    events += [Event(40_000, "main", "release", "gate", 1, 1), Event(40_000, "main", "end")]
    trace = Trace(events, ["main"], [Primitive("gate", "Lock", 1)])
    assert run_of(trace, lambda: (1.0, 400.0)).watching == "watching: about 400 ns an event, 4 % of the run"


def test_nothing_is_measured_before_a_picture_is_asked_for() -> None:
    asked = []
    run = dataclasses.replace(lab.record(program), cost=lambda: asked.append(1) or (1.0, 1.0))
    assert run.verdict
    assert not asked
    run.timeline()
    run.timeline()
    assert asked == [1]


def nap() -> None:
    time.sleep(0.25)


def test_a_picture_says_how_long_the_run_took() -> None:
    assert subtitle(lab.record(nap, clock="virtual")).endswith(" · over after 250 ms")
    assert "over after" not in subtitle(lab.record(lambda: None, clock="virtual"))  # no time passed
    stuck = lab.record(lambda: (nap(), threading.Semaphore(0).acquire()), clock="virtual", raises=False)
    assert stuck.stopped is not None and "over after" not in subtitle(stuck)
