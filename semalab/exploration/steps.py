"""The steps of a run in words: who does what, what was read and written, and what became of the value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from semalab.engine import ROW
from semalab.exploration.noting import ATTRIBUTE, VARIABLE, variable_named
from semalab.log.trace import Event
from semalab.run import Run
from semalab.stepping import Mark
from semalab.stepping.footprint import EVERYTHING, MADE, RANDOM

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


def steps_of(run: Run, marks: Sequence[Mark], values: Mapping[int, str], items: Mapping[int, str]) -> tuple[Step, ...]:
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


def _what(run: Run, mark: Mark, events: Sequence[Event], item: str) -> str:
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
