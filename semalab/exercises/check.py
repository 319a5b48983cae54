"""`check`: an attempt at an exercise, judged, answered, and noted for `progress`."""

from __future__ import annotations

from typing import Any

from semalab.bench import in_a_run
from semalab.exercises.catalogue import exercise
from semalab.exercises.done import NOTES
from semalab.exercises.feedback import Feedback
from semalab.log.excerpt import cut, said_by


def check(name: str, attempt: Any, /, *, strict: bool = False) -> Feedback:
    """Judge an attempt at an exercise, and say in sentences what is right or wrong with it.

    A program is run under every schedule of its small sizes and in seeded runs of larger ones. However it fails, by
    hanging, raising, or not being a program at all, the answer is a sentence. Nothing is sent anywhere;
    what was done in a notebook is kept in a file beside it, for `progress`.

    Args:
        name: the exercise, such as "mutex-2".
        attempt: the function or the answer that the task asks for.
        strict: raise AssertionError with the answer unless the exercise is solved; for a test cell.

    Raises:
        ValueError: for a name that no exercise has. AssertionError: see `strict`.

    >>> check("mutex-2", attempt).solved
    True
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
