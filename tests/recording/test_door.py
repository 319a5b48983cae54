"""One door: whatever is a coroutine function is run as one, from wherever `record` was imported; nothing is lost."""

from __future__ import annotations

import asyncio
import functools
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

import semalab as lab
from semalab import beyond
from semalab.recording import is_coroutine_function, run_program
from semalab.settings import RunSettings, name_of


async def visit(initial: int = 1) -> str:
    door = asyncio.Semaphore(initial)
    async with door:
        return "was inside"


class Visits:
    async def visit(self, initial: int = 1) -> str:
        return await visit(initial)

    async def __call__(self, initial: int = 1) -> str:
        return await visit(initial)


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        return function(*arguments, **named)

    return call


def run_to_the_end(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        return asyncio.run(function(*arguments, **named))

    return call


PROGRAMS = {
    "function": visit,
    "partial": functools.partial(visit, initial=1),
    "partial of a partial": functools.partial(functools.partial(visit), initial=1),
    "method": Visits().visit,
    "callable object": Visits(),
    "partial of a callable object": functools.partial(Visits(), initial=1),
    "decorated": logged(visit),
    "lambda": lambda: visit(),
}


@pytest.mark.parametrize("clock", ["wall", "virtual"])
@pytest.mark.parametrize("shape", PROGRAMS)
def test_every_shape_of_a_coroutine_function_is_run_as_one(shape: str, clock: str) -> None:
    run = lab.record(PROGRAMS[shape], clock=clock)
    run.trace.certify()
    assert run.result == "was inside" and run.module == "asyncio" and run.clock == clock
    assert [event.kind for event in run.trace if event.primitive == "door"] == ["acquire", "release"]


def test_a_function_that_runs_its_loop_itself_is_a_program_of_threads() -> None:
    run = lab.record(run_to_the_end(visit))
    assert run.result == "was inside" and run.module == "threading"


def test_a_plain_function_is_no_coroutine_function() -> None:
    assert not any(map(is_coroutine_function, [len, name_of, functools.partial(print), Visits, "visit", 7]))


def test_a_program_has_the_name_that_it_has() -> None:
    named = [visit, functools.partial(visit), Visits().visit, Visits(), functools.partial(Visits()), lambda: 1]
    assert [name_of(one) for one in named] == ["visit", "visit", "visit", "Visits", "Visits", "<lambda>"]


@pytest.mark.parametrize("door", ["semalab", "semalab.recording"])
def test_record_is_the_same_from_wherever_it_is_imported(door: str, tmp_path: Any) -> None:
    program = tmp_path / "fresh.py"
    program.write_text(
        f"import asyncio\nfrom {door} import record\n"
        "async def program():\n    async with asyncio.Semaphore(1):\n        return 'in'\n"
        "run = record(program, clock='virtual')\nprint(run.result, run.module, run.trace.threads)\n"
    )
    ended = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout, ended.stderr) == ("in asyncio ('main',)\n", "")


def test_beyond_is_there_and_says_what_it_has() -> None:
    look = "import semalab; print(dir(semalab.beyond), semalab.beyond.record_tasks.__name__, 'beyond' in dir(semalab))"
    ended = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout == "['record_cluster', 'record_processes', 'record_tasks'] record_tasks True\n", ended.stderr
    assert all(callable(getattr(beyond, name)) for name in dir(beyond))
    with pytest.raises(AttributeError, match=r"^module 'semalab.beyond' has no attribute 'record_threads'$"):
        beyond.record_threads  # noqa: B018


def test_to_look_at_a_name_changes_nothing() -> None:
    """A program must not run otherwise because somebody has looked at an attribute of the package before."""
    look = (
        "import sys, semalab\nfrom semalab import front_end\nbefore = dict(vars(front_end))\n"
        "for name in dir(semalab): getattr(semalab, name)\n"
        "print({name for name in vars(front_end) if vars(front_end)[name] is not before.get(name)})"
    )
    ended = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout == "set()\n", ended.stderr


def test_a_schedule_of_threads_is_refused_for_tasks() -> None:
    def threads() -> None:
        pass

    schedule = lab.record(threads, clock="virtual").schedule
    told = (
        r"^schedule must be left out for a coroutine function: its tasks run in asyncio's own order, and seed alone"
        r" repeats a run on the virtual clock; got <Schedule: 0 choices>$"
    )
    for program in (visit, PROGRAMS["decorated"], PROGRAMS["partial"]):
        with pytest.raises(ValueError, match=told):
            lab.record(program, clock="virtual", schedule=schedule)
    with pytest.raises(TypeError, match="schedule must be the schedule of a run"):
        lab.record(visit, schedule="0")  # type: ignore[arg-type]


def test_no_field_of_the_settings_is_lost_on_the_way_to_the_tasks() -> None:
    asked: list[str] = []

    def cancelled() -> bool:
        asked.append("cancelled")
        return len(asked) > 3

    async def wait() -> None:
        await asyncio.sleep(60)

    run = run_program(
        wait,
        {},
        clock="wall",
        seed=5,
        timeout=20.0,
        claim=lab.limit,
        cancelled=cancelled,
        stopped_by=lambda: "the stop button was pressed",
        watched=lambda so_far: asked.append("watched"),
    )
    assert (run.seed, run.clock, run.claim) == (5, "wall", lab.limit)
    assert run.verdict == "Stopped: the stop button was pressed" and {"cancelled", "watched"} <= set(asked)


def test_settings_are_whole_and_frozen() -> None:
    names = {field.name for field in fields(RunSettings)}
    assert names == {
        *("clock", "seed", "timeout", "patience", "claim", "schedule"),
        *("cancelled", "stopped_by", "script", "watched"),
    }
    with pytest.raises(TypeError, match="unexpected keyword argument 'threads'"):
        run_program(visit, {}, threads=1)
