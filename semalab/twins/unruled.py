"""What of the world the virtual clock does not rule: its answers are not the seed's, and who asks for them is told so.

What is in a twin of a module is noted there; what a program has in its own hands, or asks through a library, is noted
where it stands, for the threads of the run.
"""

from __future__ import annotations

import functools
import os
import random
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from semalab.twins.places import Attribute, Entry, Place

if TYPE_CHECKING:
    from semalab.twins.namespace import Twins

_SELECTORS = ("SelectSelector", "_PollLikeSelector", "EpollSelector", "KqueueSelector")

When = Callable[..., bool]  # of a call's arguments: whether it is to be noted


class Unruled:
    """Invariant: `told` has each name once, in the order in which the run's threads asked."""

    def __init__(self, rules: bool) -> None:
        """rules: whether there is such a clock in this run; otherwise nothing is to be told."""
        self.rules = rules
        self._names: dict[str, None] = {}

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

    def renew(self) -> None:
        self._names.clear()

    @property
    def told(self) -> tuple[str, ...]:
        return tuple(self._names)


def unruled_places(twins: Twins) -> Iterator[tuple[Place, Any, Any]]:
    """Each place, what stands there, and what stands there while a run on the virtual clock lasts."""
    if not twins.unruled.rules:
        return
    yield _exchanged(twins, Entry(vars(os), "urandom"), "os.urandom")
    yield _exchanged(twins, Entry(vars(random), "_urandom"), "random.SystemRandom")
    if twins.processor.clock != "virtual":
        return  # a run of tasks: their loop waits so, on its own clock
    if "select" in sys.modules:  # what else there is in it are classes of C
        select = Entry(vars(sys.modules["select"]), "select")
        yield _exchanged(twins, select, "select.select", _waits(3))
    names = vars(sys.modules["selectors"]) if "selectors" in sys.modules else {}
    for cls in filter(None, map(names.get, _SELECTORS)):
        if "select" in vars(cls):
            yield _exchanged(twins, Attribute(cls, "select"), "selectors", _waits(1))


def _exchanged(twins: Twins, place: Place, name: str, when: When = lambda *_, **__: True) -> tuple[Place, Any, Any]:
    def asked(*args: Any, **kwargs: Any) -> bool:
        return twins.inside() and when(*args, **kwargs)

    real = place.get()
    return place, real, twins.unruled.noting(name, real, asked)


def _waits(at: int) -> When:
    """Whether a call has a time limit, which stands at this place."""

    def waits(*args: Any, timeout: Any = None, **kwargs: Any) -> bool:
        limit = args[at] if len(args) > at else timeout
        return isinstance(limit, int | float) and limit > 0

    return waits
