"""What this kernel knows of the exercises checked in it. It is kept nowhere else, and ends with the kernel."""

from __future__ import annotations

from typing import NamedTuple

from semalab.exercises.feedback import Feedback


class Note(NamedTuple):
    """tries: attempts judged. solved: one of them was right, whatever came after it."""

    tries: int = 0
    solved: bool = False


class Notes:
    """Invariant: an exercise has a note once it was checked, also if there was no attempt to judge."""

    def __init__(self) -> None:
        self._notes: dict[str, Note] = {}

    def note(self, feedback: Feedback) -> None:
        before = self.of(feedback.exercise)
        after = Note(before.tries + feedback.attempted, before.solved or feedback.solved)
        self._notes[feedback.exercise] = after

    def of(self, name: str) -> Note:
        return self._notes.get(name, Note())

    @property
    def names(self) -> tuple[str, ...]:
        """What was checked, in the order in which it was first."""
        return tuple(self._notes)

    def forget(self) -> None:
        """As in a new kernel."""
        self._notes.clear()


NOTES = Notes()
