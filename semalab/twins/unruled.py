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
_PLACE_OF_TIMEOUT = {"select": 3, "selectors": 1}


class Unruled:
    """Invariant: `told` has each name once, in the order in which the run's threads asked."""

    def __init__(self, rules: bool) -> None:
        """rules: whether there is such a clock in this run; otherwise nothing is to be told."""
        self.rules = rules
        self._names: dict[str, None] = {}

    def noting(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, which notes that it is called; itself if there is nothing to tell."""
        if not self.rules:
            return function

        @functools.wraps(function)
        def noted(*args: Any, **kwargs: Any) -> Any:
            self.note(name)
            return function(*args, **kwargs)

        return noted

    def note(self, name: str) -> None:
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
    yield from _exchanged(twins, Entry(vars(os), "urandom"), "os.urandom")
    yield from _exchanged(twins, Entry(vars(random), "_urandom"), "random.SystemRandom")
    if twins.processor.clock != "virtual":
        return  # a run of tasks: their loop waits so, on its own clock
    if "select" in sys.modules:  # what else there is in it are classes of C
        select = Entry(vars(sys.modules["select"]), "select")
        yield from _exchanged(twins, select, "select.select", _waits(_PLACE_OF_TIMEOUT["select"]))
    names = vars(sys.modules["selectors"]) if "selectors" in sys.modules else {}
    for cls in filter(None, map(names.get, _SELECTORS)):
        if "select" in vars(cls):
            waits = _waits(_PLACE_OF_TIMEOUT["selectors"])
            yield from _exchanged(twins, Attribute(cls, "select"), "selectors", waits)


def _exchanged(
    twins: Twins, place: Place, name: str, if_: Callable[..., bool] = lambda *args, **named: True
) -> Iterator[tuple[Place, Any, Any]]:
    real = place.get()

    @functools.wraps(real)
    def noting(*args: Any, **kwargs: Any) -> Any:
        if twins.inside() and if_(*args, **kwargs):
            twins.unruled.note(name)
        return real(*args, **kwargs)

    yield place, real, noting


def _waits(at: int) -> Callable[..., bool]:
    """Whether a call has a time limit, which stands at this place."""

    def waits(*args: Any, timeout: Any = None, **kwargs: Any) -> bool:
        limit = args[at] if len(args) > at else timeout
        return isinstance(limit, int | float) and limit > 0

    return waits
