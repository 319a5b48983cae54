"""The reference for every search: all schedules of a program, one after the other, nothing left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from semalab.exploration.judge import wrong
from semalab.exploration.shortest import Chart, ChartingGuide
from semalab.exploration.sleepsets import DepthFirst, History, Names, StateName
from semalab.exploration.stage import Stage
from semalab.run import Run
from semalab.stepping import Settings, footprint


@dataclass
class Enumeration:
    """All schedules of a program.

    outcomes: for each class of schedules, everything that its runs have in common. mixed: classes whose runs do not
    end alike. wrong: how many schedules break the program. best: fewest steps, then fewest preemptions among those.
    longest: steps of the longest schedule. states: all that any schedule passes through.
    """

    schedules: int = 0
    outcomes: dict[StateName, Any] = field(default_factory=dict)
    mixed: list[tuple[Any, Any]] = field(default_factory=list)
    wrong: int = 0
    longest: int = 0
    states: set[StateName] = field(default_factory=set)
    best: tuple[int, int] | None = None


def enumerate_all(program: Any, arguments: Mapping[str, Any], settings: Settings) -> Enumeration:
    """settings: those of a search that has come to its end."""
    found, names = Enumeration(), Names()
    guide = DepthFirst(sleeping=False)
    with Stage(program, arguments, settings).open() as stage:
        more = True
        while more:
            stage.play(guide)
            assert not guide.differs
            assert stage.grown == settings
            touched, run = stage.processor.touched, stage.run_played()
            history = History(names)
            found.states.add(history.state)
            for node in guide.path:
                history.step(node.chosen, node.step or footprint(touched))
                found.states.add(history.state)
            found.longest = max(found.longest, len(guide.path))
            _add(found, history.state, outcome(run))
            if wrong(run, None) is not None:
                found.wrong += 1
                length = measure([node.able for node in guide.path], [node.chosen for node in guide.path])
                found.best = min(found.best or length, length)
            more = guide.advance(touched)
    return found


def _add(found: Enumeration, state: StateName, ended: Any) -> None:
    found.schedules += 1
    if found.outcomes.setdefault(state, ended) != ended:
        found.mixed.append((found.outcomes[state], ended))


def outcome(run: Run) -> Any:
    """What no change of places of independent steps may change."""
    logs = [[(e.thread, e.kind, e.value) for e in run.trace.of(label)] for label in run.trace.primitives]
    return (repr(run.result), repr(run.exception), str(run.stopped), run.output, logs)


def measure(able: list[list[int]], chosen: list[int]) -> tuple[int, int]:
    """Steps and preemptions of a schedule."""
    turns = zip(chosen, chosen[1:], able[1:], strict=False)
    return len(chosen), sum(last != now and last in could for last, now, could in turns)


def measure_steps(program: Any, arguments: Mapping[str, Any], settings: Settings, steps: tuple[int, ...]) -> Any:
    """Steps and preemptions of the schedule that makes these steps, and whether it breaks the program."""
    notes = ChartingGuide(steps, Chart(lambda notes: None, len(steps)))
    with Stage(program, arguments, settings).open() as stage:
        stage.play(notes)
        return measure(notes.able, notes.chosen), wrong(stage.run_played(), None) is not None
