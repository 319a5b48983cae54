"""What is known of the exercises: what this kernel has checked, and what was kept of kernels before it."""

from __future__ import annotations

from semalab.exercises.feedback import Feedback
from semalab.exercises.progress_file import Note, ProgressFile, file_of_this_process


class Notes:
    """Invariant: an attempt that was judged is either in the file or in `_unkept`, which is all there is without one.

    So whoever deletes the file starts anew, and who may not write one has notes that end with the kernel.
    """

    def __init__(self, file: ProgressFile | None) -> None:
        self._file = file
        self._unkept: dict[str, Note] = {}
        self._checked: dict[str, None] = {}

    def note(self, feedback: Feedback) -> None:
        name = feedback.exercise
        self._checked[name] = None
        if not feedback.attempted:
            return
        self._unkept[name] = self._unkept.get(name, Note()).and_then(Note(1, feedback.solved))
        if self._file is not None and self._file.add(self._unkept):
            self._unkept.clear()

    def all(self) -> dict[str, Note]:
        """What was attempted, here or before, by name."""
        known = self._file.read() if self._file is not None else {}
        for name, note in self._unkept.items():
            known[name] = known.get(name, Note()).and_then(note)
        return known

    @property
    def checked(self) -> tuple[str, ...]:
        """What this kernel checked, in the order in which it was first, whether there was an attempt or not."""
        return tuple(self._checked)

    def forget(self) -> None:
        """As in a new kernel."""
        self._unkept.clear()
        self._checked.clear()


NOTES = Notes(file_of_this_process())
