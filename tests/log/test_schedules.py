"""A run on the virtual clock can be repeated from its schedule, also from JSON."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from programs.virtual_runs import PROGRAMS, digest, latch, mutex

import semalab as lab
from semalab.log.schedule import Schedule

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")


def virtual(program: Any, **arguments: Any) -> Any:
    return lab.record(program, clock="virtual", **arguments)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_a_schedule_repeats_the_run(program: Any) -> None:
    for seed in range(3):
        run = virtual(program, threads=4, seed=seed)
        again = virtual(program, threads=4, schedule=Schedule.from_json(run.schedule.to_json()))
        assert digest(again) == digest(run)
        assert (again.schedule, again.seed, again.description) == (run.schedule, seed, run.description)


def test_a_saved_run_has_its_schedule(tmp_path: Path) -> None:
    run = virtual(mutex, threads=3, seed=5)
    saved = json.loads(run.save(tmp_path / "run.json").read_text(encoding="utf-8"))
    assert virtual(mutex, threads=3, schedule=Schedule.from_mapping(saved["schedule"])).trace == run.trace


def test_a_run_in_real_time_has_no_schedule() -> None:
    assert lab.record(latch, threads=1).schedule is None


def alone() -> None:
    threading.Semaphore(1).acquire()


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ((), "it has 0 choices and the program needs more"),
        ((7,) * 99, "its choice 1 is 7, and the program offers 0 to 1"),
        ((0,) * 99, "it has 99 choices and the program needed 8"),
    ],
)
def test_a_schedule_of_another_program_is_told(choices: tuple[int, ...], told: str) -> None:
    with pytest.raises(ValueError) as refused:
        virtual(latch, threads=2, schedule=Schedule(choices))
    assert str(refused.value) == (
        f"the schedule must come from a run of the same program with the same arguments; {told}"
    )


def test_what_is_no_schedule_is_refused() -> None:
    with pytest.raises(TypeError) as refused:
        lab.record(alone, schedule=[0, 1])  # type: ignore[arg-type]
    assert str(refused.value) == "schedule must be the schedule of a run or Schedule.from_json(text), got [0, 1]"


def test_a_schedule_brings_its_clock_and_its_seed() -> None:
    run = virtual(latch, threads=2, seed=5)
    again = lab.record(latch, threads=2, schedule=run.schedule)
    assert (again.clock, again.seed, again.trace) == ("virtual", 5, run.trace)


@pytest.mark.parametrize("text", ['{"seed": 1}', '{"choices": [], "points": "often"}', '{"choices": [], "colour": 1}'])
def test_what_was_not_saved_as_a_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^a schedule has "):
        Schedule.from_json(text)


def unheard() -> None:
    ready = threading.Condition()

    def wait() -> None:
        with ready:
            ready.wait()

    threading.Thread(target=wait, name="waiter").start()
    with ready:
        ready.notify()


def test_what_a_step_does_in_passing_is_said() -> None:
    assert lab.explore(unheard).steps == (
        "1. main acquires `ready's RLock` (1 → 0), notifies `ready`",
        "2. main releases `ready's RLock` (0 → 1)",
        "3. waiter acquires `ready's RLock` (1 → 0), waits on `ready`",
        "4. waiter releases `ready's RLock` (0 → 1)",
    )
