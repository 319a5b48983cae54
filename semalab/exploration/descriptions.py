"""Schedules in words and as pictures: each is run once more; who does what, what was read and written, and what became
of the value; as a timeline or a chart, and every schedule as a lane.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from semalab.analysis.claims import Check
from semalab.engine import ROW, ProgramThread
from semalab.exploration.noting import ATTRIBUTE, VARIABLE, Noting, accesses_of, variable_named
from semalab.exploration.sleepsets import Changed, History, Names, StateName
from semalab.exploration.stage import Stage
from semalab.log.schedule import Schedule
from semalab.log.trace import Event
from semalab.run import Run
from semalab.settings import Program
from semalab.stepping import Settings, StepMark
from semalab.stepping.footprint import EVERYTHING, MADE, RANDOM

if TYPE_CHECKING:  # and in the functions that need them: `explore` itself draws nothing, and loads nothing that does
    from matplotlib.figure import Figure

    from semalab.report import Lane

_VERBS = {
    "acquire": "acquires",
    "release": "releases",
    "enter": "enters",
    "look": "looks at",
    "read": "reads",
    "write": "writes",
    "wake": "wakes up",
    "go on": "goes on",
    "print": "prints",
    "start": "starts a thread",
    "begin": "begins",
    "end": "ends",
    "join": "joins",
    "cancel": "cancels a timer",
    "check": "looks whether its timer was cancelled",
    "ask": "asks which threads are alive",
    "put": "puts into",
    "get": "takes from",
    "inside": "goes on inside the library",
}
_OF_EVENTS = {
    "acquire": "acquires",
    "release": "releases",
    "block": "waits for",
    "refuse": "is refused",
    "pass": "passes",
    "set": "sets",
    "clear": "clears",
    "notify": "notifies",
    "put": "puts into",
    "get": "takes from",
}
_BESIDES = {"notify": "notifies", "set": "sets", "block": "waits on"}  # in passing: what needs no step of its own


class Step(NamedTuple):
    """A step of a run: the thread's name, and what it does ("acquires `semaphore` (2 → 1)")."""

    thread: str
    what: str


def steps_of(
    run: Run, marks: Sequence[StepMark], values: Mapping[int, str], items: Mapping[int, str]
) -> tuple[Step, ...]:
    """The steps that the marks stand for.

    values: what they read or wrote, by their places, where that is known. items: which item of a container that was.
    Where nobody has come in between, that a thread goes on after its own step is not worth a line.
    """
    ends = ([mark.log // ROW for mark in marks[1:]] + [len(run.trace)])[: len(marks)]
    steps = []
    for place, (mark, end) in enumerate(zip(marks, ends, strict=True)):
        if mark.operation.kind == "go on" and place and marks[place - 1].thread == mark.thread:
            continue
        events = run.trace[mark.log // ROW : end]
        value = f" = {values[place]}" if place in values else ""
        steps.append(Step(run.trace.threads[mark.thread], _what(run, mark, events, items.get(place, "")) + value))
    return tuple(steps)


def in_words(steps: Iterable[Step]) -> tuple[str, ...]:
    """One line for each step, numbered from 1."""
    return tuple(f"{number}. {thread} {what}" for number, (thread, what) in enumerate(steps, 1))


def _what(run: Run, mark: StepMark, events: Sequence[Event], item: str) -> str:
    kind, location = mark.operation.kind, mark.operation.location
    thread = run.trace.threads[mark.thread]
    if isinstance(location, int):
        label = list(run.trace.primitives)[location]
        event = next((e for e in events if e.thread == thread and e.primitive == label), None)
        verb = _VERBS[kind] if event is None else _OF_EVENTS.get(event.kind, _VERBS[kind])
        besides = [e for e in events if e.thread == thread and e.primitive != label and e.kind in _BESIDES]
        return f"{verb} `{label}`{_change(event)}" + "".join(f", {_BESIDES[e.kind]} `{e.primitive}`" for e in besides)
    if kind in ("read", "write"):
        return f"{_VERBS[kind]} " + (f"`{variable_named(str(location))}{item}`" if item else _name(str(location)))
    if kind == "go on" and location not in (MADE, RANDOM, EVERYTHING):  # what is first of all that the step touches
        return f"{_VERBS[kind]} with {_name(str(location))}"
    if kind == "join":
        return f"{_VERBS[kind]} {run.trace.threads[int(str(location).split()[1])]}"
    return _VERBS[kind]


def _name(location: str) -> str:
    """`count` for "variable count", `.balance` for "attribute balance"; the contents of containers have no name."""
    if location.startswith((VARIABLE, ATTRIBUTE)):
        return f"`{variable_named(location)}`"
    if location == EVERYTHING:
        return "what has no name here"
    name = location.partition(" ")[2]
    return f"the items of `{name.removeprefix('of ')}`" if name else "a container's items"


def _change(event: Event | None) -> str:
    if event is None or event.value is None or event.kind not in ("acquire", "release"):
        return ""
    before = event.value + (event.amount if event.kind == "acquire" else -event.amount)
    return f" ({before} → {event.value})"


LANES = 50  # schedules side by side: more are no picture


@dataclass(frozen=True, eq=False)
class Description:
    """One schedule as it went.

    Invariant: told in one go, two schedules have the same `outcome` exactly if they differ in nothing but the order of
    independent steps.
    """

    run: Run
    steps: tuple[Step, ...]
    outcome: StateName

    @property
    def words(self) -> tuple[str, ...]:
        """One line for each step, numbered from 1."""
        return in_words(self.steps)


@dataclass(frozen=True, eq=False)
class Described:
    """One schedule and how it went. violation: its number among those that are wrong; None if it is right."""

    schedule: Schedule
    description: Description
    violation: int | None
    shortest: bool


def describe(stage: Stage, schedule: Schedule, claim: Check | None, names: Names) -> Description:
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
    return Description(run, steps_of(run, marks, noting.values, noting.items), history.state)


def tell_all(
    program: Program,
    arguments: Mapping[str, Any],
    settings: Settings,
    claim: Check | None,
    schedules: Iterable[Schedule],
) -> tuple[Description, ...]:
    """Tell several schedules of one program, in one go. Raises Changed if the program no longer follows one."""
    names = Names()
    with Stage(program, arguments, settings).open() as stage:
        return tuple(describe(stage, schedule, claim, names) for schedule in schedules)


def drawing(description: Description, title: str, height: float | None = None, standing: str = "") -> Figure:
    """One schedule's timeline, or the chart of its steps if they only read and write variables.

    height: in inches. standing: what the title amounts to.
    """
    run = description.run
    if charted(description):
        from semalab.report import chart

        return chart(pairs(description), title, run.description, height, standing)
    return run.timeline(title=title, standing=standing, height=height)


def charted(description: Description) -> bool:
    """Its steps do nothing but read and write variables, and are few: a chart shows more of them than a timeline."""
    from semalab.report import MOST

    steps = pairs(description)
    plain = all(what.partition(" ")[0] in ("reads", "writes") for _, what in steps)
    return description.run.reading.main_use is None and plain and 0 < len(steps) <= MOST


def pairs(description: Description) -> list[tuple[str, str]]:
    """Each step's thread and what it does."""
    return [(step.thread, step.what) for step in description.steps]


def as_lanes(told: Sequence[Described], chosen: Described | None = None) -> list[Lane]:
    """Drawn as lanes; the shortest is marked unless another is chosen."""
    from semalab.report import Lane

    return [
        Lane(
            steps=tuple(pairs(lane.description)),
            broken=lane.violation is not None,
            label="" if lane.violation is None else f"#{lane.violation}",
            chosen=lane is chosen if chosen is not None else lane.shortest,
        )
        for lane in told
    ]
