"""What the lab cannot watch, and what the virtual clock does not rule: both are named."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any

from semalab.instrument.identity import Known
from semalab.instrument.places import Place
from semalab.log.excerpt import counted

_NOUNS = {"Semaphore": "semaphore", "Event": "event", "Barrier": "barrier", "BaseProcess": "process"}
_NOUNS |= {"Queue": "queue", "SimpleQueue": "queue"}

When = Callable[..., bool]  # of a call's arguments: whether it is to be noted


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
        self._just_made: Known[bool] = Known()

    def name(self, name: str, value: Any = None) -> None:
        """One of the program's own. A value of many names is told by the first."""
        if value is None or id(value) not in self._named:
            if value is not None:
                self._named[id(value)] = value
            self._names[name or "the program"] = None

    def meet(self, library: str, value: Any) -> None:
        """One that a library had made for itself; it may be met again."""
        if id(value) not in self._counted and not self._just_made.of(value, False):
            self._counted[id(value)] = value
            self._count(library, value)

    def count(self, library: str, value: Any) -> None:
        """One that a library makes just now."""
        self._just_made.keep(value, True)
        self._count(library, value)

    def _count(self, library: str, value: Any) -> None:
        self._counts.setdefault(library, Counter())[_noun(value)] += 1

    def own(self) -> list[Any]:
        """The values of the program's own that were named."""
        return list(self._named.values())

    @property
    def told(self) -> tuple[str, ...]:
        """Names, and phrases such as "3 locks of fasteners"."""
        counts = (_phrase(library, those) for library, those in self._counts.items())
        return (*self._names, *counts)


def _noun(value: Any) -> str:
    return next((_NOUNS[cls.__name__] for cls in type(value).__mro__ if cls.__name__ in _NOUNS), "lock")


def _phrase(library: str, counts: Counter[str]) -> str:
    parts = [counted(n, noun) for noun, n in counts.items()]
    return f"{' and '.join(filter(None, [', '.join(parts[:-1]), parts[-1]]))} of {library}"


class Unruled:
    """What of the world the virtual clock does not rule. What is in a twin of a module is noted there; what a program
    has in its own hands, or asks through a library, is noted where it stands, for the threads of the run.

    Invariant: `told` has each name once, in the order in which the run's threads asked.
    """

    def __init__(self, rules: bool) -> None:
        """rules: whether there is such a clock in this run; otherwise nothing is to be told."""
        self.rules = rules
        self._names: dict[str, None] = {}
        self._instead: dict[int, tuple[Any, Any]] = {}  # by the identity of a real function: it, and what stands for it

    def noting(self, name: str, function: Callable[..., Any], when: When = lambda *_, **__: True) -> Callable[..., Any]:
        """The function, which notes that it is called."""

        @functools.wraps(function)
        def noted(*args: Any, **kwargs: Any) -> Any:
            if when(*args, **kwargs):
                self.note(name)
            return function(*args, **kwargs)

        return noted

    def note(self, name: str) -> None:
        if self.rules:
            self._names[name] = None

    def exchanged(self, place: Place, twin: Any) -> tuple[Place, Any, Any]:
        """The place, what stands there, and its twin: also where a program has it under a name of its own."""
        real = place.get()
        self._instead.setdefault(id(real), (real, twin))  # `random._urandom` is `os.urandom`, too
        return place, real, twin

    def of(self, real: Any) -> Any:
        """What stands for a function; itself if nothing does."""
        known, twin = self._instead.get(id(real), (None, None))
        return twin if known is real and known is not None else real

    def renew(self) -> None:
        self._names.clear()

    @property
    def told(self) -> tuple[str, ...]:
        return tuple(self._names)
