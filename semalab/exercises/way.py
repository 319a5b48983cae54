"""The way to what is wrong with an attempt, as a learner sees it: what was acquired, released, printed and called.

An exploration's own steps show the check at work, too: its threads that start, begin and join, sleeps that stand for a
call, numbers that it counts in.
"""

from __future__ import annotations

from collections.abc import Iterator

from semalab.exploration.steps import Step
from semalab.exploration.telling import Telling
from semalab.log.event import Event
from semalab.log.excerpt import written

_LONGEST = 40  # characters of what was printed
_CALL = ("begins its call", "ends its call")
_OF_THE_CHECK = ("starts a thread", "begins", "ends", "joins ", "goes on")


def way_of(telling: Telling) -> tuple[Step, ...]:
    """Each step of the attempt, in order: the thread and what it does; if there is none, every step there is.

    A call of what the exercise handed over begins with the step before it falls asleep in there, and ends when it has
    gone on, which others may come before; calls are left out where what is done there is printed, and told as done.
    """
    lines = {name: _of(telling, name, "print") for name in telling.run.trace.threads}
    sleeps = {name: _of(telling, name, "sleep") for name in telling.run.trace.threads}
    texts = {
        name: iter([p.text for p in telling.run.printed if p.thread == name]) for name in telling.run.trace.threads
    }
    told: list[list[Step]] = [[] for _ in telling.steps]  # what is told of each step
    before: dict[str, int] = {}  # of each thread, its step before
    called: set[str] = set()  # threads that have woken up in a call
    for place, (thread, what) in enumerate(telling.steps):
        if thread in called:
            called.discard(thread)
            told[place if what.startswith("goes on") else before[thread]].append(Step(thread, _CALL[1]))
        if what == "wakes up" and _is_own(next(sleeps[thread], None)):
            called.add(thread)
            told[before.get(thread, place)].append(Step(thread, _CALL[0]))
        elif what == "prints":
            told[place].append(Step(thread, _printed(next(texts[thread], ""), next(lines[thread], None))))
        elif not what.startswith(_OF_THE_CHECK):
            told[place].append(Step(thread, what))
        before[thread] = place
    for thread in called:
        told[before[thread]].append(Step(thread, _CALL[1]))
    says = any(event.kind == "print" and event.line is None for event in telling.run.trace)  # what is done in a call
    every = (step for steps in told for step in steps)
    return tuple(step for step in every if not (says and step.what in _CALL)) or telling.steps


def _of(telling: Telling, thread: str, kind: str) -> Iterator[Event]:
    return (event for event in telling.run.trace if event.thread == thread and event.kind == kind)


def _is_own(sleep: Event | None) -> bool:
    """Whether it stands for a call: a sleep of the attempt's has a line, one in the exercise's own code has none."""
    return sleep is not None and sleep.line is None


def _printed(text: str, event: Event | None) -> str:
    said = text.strip()
    verb = said.partition(" ")[0]
    if event is not None and event.line is None and (verb.endswith("s") or verb == "cannot") and len(said) <= _LONGEST:
        return said
    return f"prints {written(said, _LONGEST)}"
