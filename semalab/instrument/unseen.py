"""What of a run the lab could not watch: the program's own by their names, a library's by their number."""

from __future__ import annotations

import weakref
from collections import Counter
from typing import Any

_NOUNS = {"Semaphore": "semaphore", "Event": "event", "Barrier": "barrier", "BaseProcess": "process"}
_NOUNS |= {"Queue": "queue", "SimpleQueue": "queue"}


class Unseen:
    """Invariant: `told` says each thing once, in the order in which it was met. `_named` and `_counted` keep what they
    have by its identity, so that none is used twice. `_just_made` knows those that were counted when they were made,
    and does not keep them: a library may make one for every request.
    """

    def __init__(self) -> None:
        self._names: dict[str, None] = {}
        self._named: dict[int, Any] = {}
        self._counts: dict[str, Counter[str]] = {}
        self._counted: dict[int, Any] = {}
        self._just_made: dict[int, weakref.ref[Any]] = {}

    def name(self, name: str, value: Any = None) -> None:
        """One of the program's own. A value of many names is told by the first."""
        if value is None or id(value) not in self._named:
            if value is not None:
                self._named[id(value)] = value
            self._names[name or "the program"] = None

    def meet(self, library: str, value: Any) -> None:
        """One that a library had made for itself; it may be met again."""
        made = self._just_made.get(id(value))
        if id(value) not in self._counted and (made is None or made() is not value):
            self._counted[id(value)] = value
            self._count(library, value)

    def count(self, library: str, value: Any) -> None:
        """One that a library makes just now."""
        key = id(value)
        self._just_made[key] = weakref.ref(value, lambda gone: self._forget(key, gone))
        self._count(library, value)

    def _forget(self, key: int, gone: weakref.ref[Any]) -> None:
        if self._just_made.get(key) is gone:
            del self._just_made[key]

    def _count(self, library: str, value: Any) -> None:
        self._counts.setdefault(library, Counter())[_noun(value)] += 1

    @property
    def told(self) -> tuple[str, ...]:
        """Names, and phrases such as "3 locks of fasteners"."""
        counts = (_phrase(library, counted) for library, counted in self._counts.items())
        return (*self._names, *counts)


def _noun(value: Any) -> str:
    return next((_NOUNS[cls.__name__] for cls in type(value).__mro__ if cls.__name__ in _NOUNS), "lock")


def _plural(noun: str) -> str:
    return f"{noun}es" if noun.endswith("s") else f"{noun}s"


def _phrase(library: str, counted: Counter[str]) -> str:
    parts = [f"{n:,} {_plural(noun) if n > 1 else noun}" for noun, n in counted.items()]
    return f"{' and '.join(filter(None, [', '.join(parts[:-1]), parts[-1]]))} of {library}"
