"""What a learner is told about an attempt: two or three sentences, and the timeline they speak of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from semalab.analysis.verdict import FINE, RIGHT, WRONG
from semalab.exercises.way import way_of
from semalab.exploration.exploration import Exploration
from semalab.exploration.steps import in_words
from semalab.replay.jupyterlab import runs_this_cell
from semalab.run import Run

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
        found = self.exploration
        return in_words(way_of(found.telling)[:_STEPS]) if found is not None and found.telling is not None else ()

    def picture(self) -> bytes | None:
        """The timeline under the sentences, as PNG; None if there is nothing to see."""
        if self.run is None:
            return None
        from semalab.exercises.picture import picture

        return picture(self, self.run)

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
            from semalab.exercises.picture import unfolding

            shown["text/html"] = unfolding(picture, repr(self), self.run)
        return {"image/png": picture, **shown}, {"image/png": {"alt": repr(self)}}
