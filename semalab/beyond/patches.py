"""Methods of other people's classes, changed in place while a run lasts: wherever an object is kept, it is watched."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


class Patches:
    """Invariant: `_made` lists every change that is in force, as (class, name, what was there, what is there now)."""

    def __init__(self) -> None:
        self._made: list[tuple[type, str, Any, Any]] = []

    def put(self, cls: type, name: str, make: Callable[[Any], Any]) -> None:
        """From now on the method is `make(the method)`, which must be the method itself for whoever is outside."""
        real = vars(cls)[name]
        changed = functools.wraps(real)(make(real))
        self._made.append((cls, name, real, changed))
        setattr(cls, name, changed)

    def undo(self) -> None:
        """Every method is what it was. One that the program has changed meanwhile stays as the program wants it."""
        while self._made:
            cls, name, real, changed = self._made[-1]
            if vars(cls).get(name) is changed:
                setattr(cls, name, real)
            self._made.pop()
