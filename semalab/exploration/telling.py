"""Schedules told: each run once more, with its steps in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from semalab.analysis.claims import Check
from semalab.engine import ProgramThread
from semalab.exploration.history import History, Names, State
from semalab.exploration.noting import Noting, accesses_of
from semalab.exploration.sleepsets import Changed
from semalab.exploration.stage import Stage
from semalab.exploration.steps import Step, in_words, steps_of
from semalab.log.schedule import Schedule
from semalab.run import Run
from semalab.settings import Program
from semalab.stepping import Settings

LANES = 50  # schedules side by side: more are no picture


@dataclass(frozen=True, eq=False)
class Telling:
    """One schedule as it went.

    Invariant: told in one go, two schedules have the same `outcome` exactly if they differ in nothing but the order of
    independent steps.
    """

    run: Run
    steps: tuple[Step, ...]
    outcome: State

    @property
    def words(self) -> tuple[str, ...]:
        """One line for each step, numbered from 1."""
        return in_words(self.steps)


@dataclass(frozen=True, eq=False)
class Told:
    """One schedule and how it went. violation: its number among those that are wrong; None if it is right."""

    schedule: Schedule
    telling: Telling
    violation: int | None
    shortest: bool


def tell(stage: Stage, schedule: Schedule, claim: Check | None, names: Names) -> Telling:
    """Make these steps once more. Raises Changed if the program no longer makes them."""
    processor = stage.processor
    noting = Noting(processor, schedule.choices, schedule.unfinished)
    end = processor.end

    def noted_end(thread: ProgramThread) -> None:
        noting.thread_ends(thread)
        end(thread)

    processor.end = noted_end  # type: ignore[method-assign, assignment]
    try:
        stage.play(noting)
    finally:
        del processor.end
    noting.end()
    if noting.astray is not None:
        raise Changed
    marks = processor.marks
    history = History(names)
    for mark, touched in zip(marks, noting.touched, strict=True):
        history.step(mark.thread, touched)
    played = stage.run_played(claim)
    run = replace(played, accesses=accesses_of(played.trace.threads, marks, noting.numbers))
    return Telling(run, steps_of(run, marks, noting.values, noting.items), history.state)


def tell_all(
    program: Program,
    arguments: Mapping[str, Any],
    settings: Settings,
    claim: Check | None,
    schedules: Iterable[Schedule],
) -> tuple[Telling, ...]:
    """Tell several schedules of one program, in one go. Raises Changed if the program no longer follows one."""
    names = Names()
    with Stage(program, arguments, settings).open() as stage:
        return tuple(tell(stage, schedule, claim, names) for schedule in schedules)
