"""What a learner is told about an attempt: two or three sentences, and the timeline they speak of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from semalab.analysis.verdict import FINE, RIGHT, WRONG
from semalab.exploration.descriptions import Description, Step, in_words
from semalab.exploration.exploration import Exploration
from semalab.log.event import Event
from semalab.log.excerpt import written
from semalab.replay.jupyterlab import runs_this_cell
from semalab.run import Run

_LONGEST = 40  # characters of what was printed
_CALL = ("begins its call", "ends its call")
_OF_THE_CHECK = ("starts a thread", "begins", "ends", "joins ", "goes on")
_STEPS = 40  # that are written out: a longer way is told by its picture


@dataclass(frozen=True, eq=False)
class Feedback:
    """The answer of a check. Immutable. Invariant: who has solved the exercise has attempted it.

    sentences: the answer. exploration: of every schedule of the size the answer speaks of, or None.
    run: what is drawn, the shortest counterexample or a run that shows the answer; None if there is nothing to see.

    >>> check("mutex-3", None).sentences[0]
    'mutex-3 is not attempted yet.'
    """

    exercise: str
    solved: bool
    attempted: bool
    sentences: tuple[str, ...]
    exploration: Exploration | None = field(default=None, repr=False)
    run: Run | None = field(default=None, repr=False)

    @property
    def standing(self) -> str:
        """What the first sentence amounts to: "right" if solved, "wrong" for an attempt that is not, "" without one."""
        return RIGHT if self.solved else WRONG if self.attempted else FINE

    @property
    def steps(self) -> tuple[str, ...]:
        """The shortest counterexample in words, one line for each step; none if there is none."""
        return in_words(self._way[:_STEPS])

    @property
    def _way(self) -> tuple[Step, ...]:
        found = self.exploration
        return way_of(found.description) if found is not None and found.description is not None else ()

    def picture(self) -> bytes | None:
        """The timeline under the sentences, as PNG; None if there is nothing to see."""
        if self.run is None:
            return None
        from semalab.exercises.answer_picture import picture

        return picture(self.sentences, self.standing, self.run, self.exploration, self._way)

    def __bool__(self) -> bool:
        return self.solved

    def __str__(self) -> str:
        return " ".join(self.sentences)

    def __repr__(self) -> str:
        steps = ["The shortest way there:", *self.steps] if self.steps else []
        return "\n".join([*self.sentences, *steps])

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        shown: dict[str, Any] = {"text/plain": repr(self)}
        if self.run is None or (picture := self.picture()) is None:
            return shown, {}
        if self.standing == WRONG and runs_this_cell():
            from semalab.exercises.answer_picture import unfolding

            shown["text/html"] = unfolding(picture, repr(self), self.run)
        return {"image/png": picture, **shown}, {"image/png": {"alt": repr(self)}}


def way_of(description: Description) -> tuple[Step, ...]:
    """The way to what is wrong as a learner sees it: what was acquired, released, printed and called.

    Each step of the attempt, in order: the thread and what it does; if there is none, every step there is.

    An exploration's own steps show the check at work, too: its threads that start, begin and join, sleeps that stand
    for a call, numbers that it counts in. A call of what the exercise handed over begins with the step before it falls
    asleep in there, and ends when it has gone on, which others may come before; calls are left out where what is done
    there is printed, and told as done.
    """
    lines = {name: _of(description, name, "print") for name in description.run.trace.threads}
    sleeps = {name: _of(description, name, "sleep") for name in description.run.trace.threads}
    texts = {
        name: iter([p.text for p in description.run.printed if p.thread == name])
        for name in description.run.trace.threads
    }
    told: list[list[Step]] = [[] for _ in description.steps]  # what is told of each step
    before: dict[str, int] = {}  # of each thread, its step before
    called: set[str] = set()  # threads that have woken up in a call
    for place, (thread, what) in enumerate(description.steps):
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
    says = any(
        event.kind == "print" and event.line is None for event in description.run.trace
    )  # what is done in a call
    every = (step for steps in told for step in steps)
    return tuple(step for step in every if not (says and step.what in _CALL)) or description.steps


def _of(description: Description, thread: str, kind: str) -> Iterator[Event]:
    return (event for event in description.run.trace if event.thread == thread and event.kind == kind)


def _is_own(sleep: Event | None) -> bool:
    """Whether it stands for a call: a sleep of the attempt's has a line, one in the exercise's own code has none."""
    return sleep is not None and sleep.line is None


def _printed(text: str, event: Event | None) -> str:
    said = text.strip()
    verb = said.partition(" ")[0]
    if event is not None and event.line is None and (verb.endswith("s") or verb == "cannot") and len(said) <= _LONGEST:
        return said
    return f"prints {written(said, _LONGEST)}"
