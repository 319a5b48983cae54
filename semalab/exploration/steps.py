"""The steps of a run in words: who does what, and what became of the value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from semalab.engine import ROW
from semalab.log.event import Access
from semalab.log.trace import Event
from semalab.run import Run
from semalab.stepping import Mark, Operation
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


VARIABLE = "variable "  # and its name; that of an enclosing function's variable is followed by where it is
_BESIDES = {"notify": "notifies", "set": "sets", "block": "waits on"}  # in passing: what needs no step of its own


class Step(NamedTuple):
    """A step of a run: the thread's name, and what it does ("acquires `semaphore` (2 → 1)")."""

    thread: str
    what: str


def steps_of(run: Run, marks: Sequence[Mark], values: Mapping[int, str] | None = None) -> tuple[Step, ...]:
    """The steps that the marks stand for. values: what they read or wrote, by their places, where that is known.

    Where nobody has come in between, that a thread goes on after its own step is not worth a line.
    """
    values = values or {}
    ends = ([mark.log // ROW for mark in marks[1:]] + [len(run.trace)])[: len(marks)]
    steps = []
    for place, (mark, end) in enumerate(zip(marks, ends, strict=True)):
        if mark.operation.kind == "go on" and place and marks[place - 1].thread == mark.thread:
            continue
        events = run.trace[mark.log // ROW : end]
        value = f" = {values[place]}" if place in values else ""
        steps.append(Step(run.trace.threads[mark.thread], _what(run, mark, events) + value))
    return tuple(steps)


def accesses_of(threads: Sequence[str], marks: Sequence[Mark], numbers: Mapping[int, float]) -> tuple[Access, ...]:
    """The steps that read or write a variable. numbers: what they read or wrote, by their places."""
    return tuple(
        Access(
            mark.log // ROW,
            threads[mark.thread],
            mark.operation.kind,
            name,
            numbers.get(place),
        )
        for place, mark in enumerate(marks)
        if (name := variable_of(mark.operation)) is not None
    )


def variable_of(operation: Operation) -> str | None:
    """The name of the variable (`count`) or attribute (`.count`) that this reads or writes; None if it does neither."""
    kind, _, name = str(operation.location).partition(" ")
    if operation.kind not in ("read", "write") or kind not in ("variable", "attribute"):
        return None
    return name.split(" ")[0] if kind == "variable" else f".{name}"


def in_words(steps: Iterable[Step]) -> tuple[str, ...]:
    """One line for each step, numbered from 1."""
    return tuple(f"{number}. {thread} {what}" for number, (thread, what) in enumerate(steps, 1))


def _what(run: Run, mark: Mark, events: Sequence[Event]) -> str:
    kind, location = mark.operation.kind, mark.operation.location
    thread = run.trace.threads[mark.thread]
    if isinstance(location, int):
        label = list(run.trace.primitives)[location]
        event = next((e for e in events if e.thread == thread and e.primitive == label), None)
        verb = _VERBS[kind] if event is None else _OF_EVENTS.get(event.kind, _VERBS[kind])
        besides = [e for e in events if e.thread == thread and e.primitive != label and e.kind in _BESIDES]
        return f"{verb} `{label}`{_change(event)}" + "".join(f", {_BESIDES[e.kind]} `{e.primitive}`" for e in besides)
    if kind in ("read", "write"):
        return f"{_VERBS[kind]} {_name(str(location))}"
    if kind == "go on" and location not in (MADE, RANDOM, EVERYTHING):  # what is first of all that the step touches
        return f"{_VERBS[kind]} with {_name(str(location))}"
    if kind == "join":
        return f"{_VERBS[kind]} {run.trace.threads[int(str(location).split()[1])]}"
    return _VERBS[kind]


def _name(location: str) -> str:
    """`count` for "variable count", `.balance` for "attribute balance"; the contents of containers have no name."""
    kind, _, name = location.partition(" ")
    if location.startswith(VARIABLE):
        return f"`{name.split(' ')[0]}`"
    if location == EVERYTHING:
        return "what has no name here"
    if kind == "attribute":
        return f"`.{name}`"
    return f"the items of `{name.removeprefix('of ')}`" if name else "a container's items"


def _change(event: Event | None) -> str:
    if event is None or event.value is None or event.kind not in ("acquire", "release"):
        return ""
    before = event.value + (event.amount if event.kind == "acquire" else -event.amount)
    return f" ({before} → {event.value})"
