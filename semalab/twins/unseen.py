"""What of a run the lab could not watch: the program's own by their names, a library's by their number."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from typing import Any

_NOUNS = ((threading.Semaphore, "semaphore"), (threading.Event, "event"), (threading.Barrier, "barrier"))
_QUEUES = (queue.Queue, queue.SimpleQueue)


class Unseen:
    """Invariant: `told` says each thing once, in the order in which it was met; what is counted is counted once."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}
        self._named: set[int] = set()
        self._counts: dict[str, Counter[str]] = {}
        self._counted: list[Any] = []  # kept, so that no identity is used twice

    def name(self, name: str, value: Any = None) -> None:
        """One of the program's own. A value of many names is told by the first."""
        if value is None or id(value) not in self._named:
            self._named.add(id(value))
            self._names[name or "the program"] = None

    def count(self, library: str, value: Any) -> None:
        """One that a library made for itself."""
        if not any(value is other for other in self._counted):
            self._counted.append(value)
            self._counts.setdefault(library, Counter())[_noun(value)] += 1

    @property
    def told(self) -> tuple[str, ...]:
        """Names, and phrases such as "3 locks of fasteners"."""
        counts = (_phrase(library, counted) for library, counted in self._counts.items())
        return (*self._names, *counts)


def _noun(value: Any) -> str:
    if isinstance(value, _QUEUES):
        return "queue"
    return next((noun for cls, noun in _NOUNS if isinstance(value, cls)), "lock")


def _phrase(library: str, counted: Counter[str]) -> str:
    parts = [f"{n:,} {noun}{'' if n == 1 else 's'}" for noun, n in counted.items()]
    return f"{' and '.join(filter(None, [', '.join(parts[:-1]), parts[-1]]))} of {library}"
