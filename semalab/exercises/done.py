"""Where exercises are found; an attempt judged; and what is done of them: noted here, kept in a file beside the
notebooks, told in words.

Each lesson has a module in `tasks`, and its EXERCISES are the lesson's. Deleting the file starts anew.
"""

from __future__ import annotations

import difflib
import json
import os
import pkgutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from semalab.bench import in_a_run
from semalab.exercises import tasks
from semalab.exercises.exercise import Exercise
from semalab.exercises.feedback import Feedback
from semalab.files.whole import replace_whole
from semalab.log.excerpt import cut, said_by, written


@cache
def _all() -> dict[str, Exercise]:
    """By name. Read when somebody asks: `import semalab` reads none of them."""
    lessons = [import_module(f"{tasks.__name__}.{module.name}") for module in pkgutil.iter_modules(tasks.__path__)]
    return {one.name: one for lesson in lessons for one in lesson.EXERCISES}


def names() -> tuple[str, ...]:
    """All exercises, in the order of their names."""
    return tuple(sorted(_all()))


def exercise(name: Any) -> Exercise:
    """The exercise of this name. Raises ValueError, with the names there are, for any other."""
    if not isinstance(name, str) or name not in _all():
        near = difflib.get_close_matches(name, names(), 1) if isinstance(name, str) else []
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"the exercise must be one of {', '.join(names())}, got {written(name, 80)}{hint}")
    return _all()[name]


def beside(name: str) -> tuple[str, ...]:
    """The exercises of the same lesson, this one included."""
    lesson = name.rpartition("-")[0]
    return tuple(other for other in names() if other.rpartition("-")[0] == lesson)


try:
    import fcntl
except ImportError:  # Windows: there, of two kernels that write at the same moment, one may be forgotten
    fcntl = None  # type: ignore[assignment]

NAME = ".semalab_progress.json"
PLACE = "SEMALAB_PROGRESS"  # the environment variable with another path, or with nothing: then no file is kept
FORMAT = 1
_LARGEST = 1_000_000  # bytes that are read: a file of ours has a few thousand
_MOST = 10**9  # tries
_LOOKS, _LOOK = 200, 0.01  # how often another kernel is waited for, and the seconds in between


class Note(NamedTuple):
    """tries: attempts judged. solved: one of them was right, whatever came after it."""

    tries: int = 0
    solved: bool = False

    def and_then(self, later: Note) -> Note:
        return Note(min(self.tries + later.tries, _MOST), self.solved or later.solved)


class ProgressFile:
    """Notes of exercises, by name. Invariant: the file is whole at every moment, whoever reads or writes it.

    A file that cannot be read, or is none of ours, counts as none; the next note that is kept replaces it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Note]:
        try:
            if not self._path.is_file() or self._path.stat().st_size > _LARGEST:  # a pipe would make us wait
                return {}
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        found = kept.get("exercises") if isinstance(kept, dict) and kept.get("format") == FORMAT else None
        if not isinstance(found, dict):
            return {}
        return {name: note for name, entry in found.items() if (note := _note(entry)) is not None}

    def add(self, notes: Mapping[str, Note]) -> bool:
        """Add them to those that are there. False if nothing could be written: then nothing has changed."""
        try:
            with self._alone():
                kept = self.read()
                for name, note in notes.items():
                    kept[name] = kept.get(name, Note()).and_then(note)
                self._write(kept)
        except OSError:
            return False
        return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other kernel is between reading and writing. The system gives the lock back if a kernel dies here."""
        if fcntl is None:
            yield
            return
        # The folder is locked, not the file: replacing it makes another file, of which nobody would hold the lock.
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            _lock(folder)
            yield
        finally:
            os.close(folder)

    def _write(self, notes: Mapping[str, Note]) -> None:
        text = json.dumps({"format": FORMAT, "exercises": {n: notes[n]._asdict() for n in sorted(notes)}}, indent=1)
        replace_whole(self._path, [f"{text}\n".encode()])


def _lock(folder: int) -> None:
    """Raises BlockingIOError if somebody else has it for long: a kernel that was stopped there must not stop ours."""
    for left in reversed(range(_LOOKS)):
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if not left:
                raise
            time.sleep(_LOOK)
        except OSError:  # some network's folders cannot be locked: then as on Windows
            return


def _note(entry: Any) -> Note | None:
    tries = entry.get("tries") if isinstance(entry, dict) else None
    if type(tries) is not int or not 0 <= tries <= _MOST or type(entry.get("solved")) is not bool:
        return None
    return Note(tries, entry["solved"])


def file_of_this_process() -> ProgressFile | None:
    """The file beside the notebook of this kernel; elsewhere none, unless the environment names one."""
    named = os.environ.get(PLACE)
    if named is not None:
        return ProgressFile(Path(named).absolute()) if named else None
    try:
        return ProgressFile(Path.cwd() / NAME) if _in_kernel() else None
    except OSError:  # the folder is gone
        return None


def _in_kernel() -> bool:
    application = getattr(sys.modules.get("ipykernel.kernelapp"), "IPKernelApp", None)
    return application is not None and bool(application.initialized())


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


class ExerciseRow(NamedTuple):
    """One exercise: its name, its kind, and what was done about it, in words."""

    name: str
    kind: str
    state: str


@dataclass(frozen=True)
class Progress:
    """The exercises of some lessons, with what was done. A picture of one moment."""

    rows: tuple[ExerciseRow, ...]
    solved: int

    @property
    def sentence(self) -> str:
        if not self.rows:
            return "No exercise was checked in this notebook yet: run the cell of one."
        return f"{self.solved} of {len(self.rows)} exercises solved"

    def __repr__(self) -> str:
        wide = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, wide)).rstrip() for row in self.rows]
        return "\n".join([self.sentence, *lines])

    def _repr_html_(self) -> str:
        cells = ["".join(f"<td>{escape(text)}</td>" for text in row) for row in self.rows]
        body = "".join(f"<tr>{row}</tr>" for row in cells)
        heads = "".join(f'<th scope="col">{word}</th>' for word in ("exercise", "kind", "done"))
        if not self.rows:
            return f"<p>{escape(self.sentence)}</p>"
        return f"<table><caption>{escape(self.sentence)}</caption><tr>{heads}</tr>{body}</table>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}


def progress() -> Progress:
    """What is done in this notebook: each exercise of its lesson, and whether it was attempted and solved.

    The lesson is the one whose exercises were checked in this kernel; before the first check, all lessons of which
    something was done in kernels before it. A notebook keeps that in the file `.semalab_progress.json` beside it.

    Returns:
        What is done, as a sentence and in a notebook as a table.

    >>> feedback = check("mutex-2", None)
    >>> progress().sentence
    '0 of 5 exercises solved'
    """
    known, there = NOTES.all(), frozenset(names())
    begun = NOTES.checked or tuple(name for name in known if name in there)  # a newer lab's file may have others
    listed = sorted({name for one in begun for name in beside(one)})
    rows = tuple(ExerciseRow(name, exercise(name).kind, _words(known.get(name, Note()))) for name in listed)
    return Progress(rows, sum(known.get(name, Note()).solved for name in listed))


def _words(note: Note) -> str:
    if not note.tries:
        return "not attempted yet"
    times = "once" if note.tries == 1 else f"{note.tries:,} times"
    return f"solved, tried {times}" if note.solved else f"tried {times}"


def check(name: str, attempt: Any, /, *, strict: bool = False) -> Feedback:
    """Judge an attempt at an exercise, and say in sentences what is right or wrong with it.

    A program is run under every schedule of its small sizes and in seeded runs of larger ones. However it fails, by
    hanging, raising, or not being a program at all, the answer is a sentence. Nothing is sent anywhere;
    what was done in a notebook is kept in a file beside it, for `progress`.

    Args:
        name: the exercise, such as "mutex-2".
        attempt: the function or the answer that the task asks for.
        strict: raise AssertionError with the answer unless the exercise is solved; for a test cell.

    Returns:
        The answer: its sentences and, if there is something to see, a picture. True if the exercise is solved.

    Raises:
        ValueError: for a name that no exercise has. AssertionError: see `strict`.

    >>> check("mutex-2", None).sentences[0]
    'mutex-2 is not attempted yet.'
    """
    task = exercise(name)
    try:
        feedback = task.answer(attempt)
    except Exception as error:  # the attempt is anybody's code: whatever it makes of the lab, the kernel goes on
        what = f"{type(error).__name__}: {cut(said_by(error), 300)}"
        feedback = Feedback(name, False, True, ("Not yet: the check could not run this attempt.", f"It met {what}."))
    if not in_a_run():  # a check inside an attempt is a part of that program, and happens in each of its runs
        NOTES.note(feedback)
    if strict and not feedback.solved:
        raise AssertionError(str(feedback))
    return feedback
