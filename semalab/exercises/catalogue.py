"""Where exercises are found: each lesson has a module in `tasks`, and its EXERCISES are the lesson's."""

from __future__ import annotations

import difflib
import pkgutil
from functools import cache
from importlib import import_module
from typing import Any

from semalab.exercises import tasks
from semalab.exercises.exercise import Exercise
from semalab.log.excerpt import written


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
