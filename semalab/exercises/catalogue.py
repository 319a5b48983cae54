"""Where exercises are found: every module in `tasks` is one, and its name is the exercise's."""

from __future__ import annotations

import difflib
import pkgutil
from importlib import import_module
from typing import Any

from semalab.exercises import tasks
from semalab.exercises.exercise import Exercise
from semalab.log.excerpt import written


def names() -> tuple[str, ...]:
    """All exercises, in the order of their names."""
    return tuple(sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(tasks.__path__)))


def exercise(name: Any) -> Exercise:
    """The exercise of this name. Raises ValueError, with the names there are, for any other."""
    known = names()
    if name not in known:
        near = difflib.get_close_matches(str(name), known, 1) if isinstance(name, str) else []
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"the exercise must be one of {', '.join(known)}, got {written(name, 80)}{hint}")
    found: Exercise = import_module(f"{tasks.__name__}.{name.replace('-', '_')}").EXERCISE
    return found


def beside(name: str) -> tuple[str, ...]:
    """The exercises of the same lesson, this one included."""
    lesson = name.rpartition("-")[0]
    return tuple(other for other in names() if other.rpartition("-")[0] == lesson)
