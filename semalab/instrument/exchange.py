"""What a run puts in the place of something else, and how all of it is taken back: the one patcher."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from semalab.instrument.identity import is_recorded
from semalab.instrument.places import Attribute, Element, Entry, Inside, Key, Member, Place, remade
from semalab.instrument.reach import Reach


class Exchange:
    """Invariant: `_undo` lists each change before it is made; `restore` leaves it empty.

    A place that the program itself has given another thing meanwhile keeps that thing.
    """

    def __init__(self, of: Callable[[Any], Any] = lambda one: one) -> None:
        """of: what stands for a class, module or function while the run lasts, if anything does."""
        self._of = of
        self._undo: list[tuple[Place | type, Callable[[], Any], Any]] = []
        self._inside: dict[int, dict[int, Any]] = {}  # for a tuple: its new elements

    def put(self, place: Place, old: Any, new: Any, after: Callable[[], Any] | None = None) -> None:
        """after: makes what stands there when the run is over, if that is not `old`."""
        if isinstance(place, Inside):
            self._inside.setdefault(id(place.owner), {})[place.at] = new
            return
        self._undo.append((place, after or partial(_itself, old), new))
        place.exchange(old, new)

    def name(self, namespace: dict[str, Any], name: str, new: Any, after: Callable[[], Any] | None = None) -> None:
        place = Entry(namespace, name)
        self.put(place, place.get(), new, after)

    def method(self, cls: type, name: str, make: Callable[[Any], Any]) -> None:
        """From now on the method is `make(the method)`, which must be the method itself for whoever is outside."""
        real = vars(cls)[name]
        self.put(Attribute(cls, name), real, wraps(real)(make(real)))

    def remake(self, reach: Reach) -> None:
        """Make the tuples anew that hold what was exchanged, or a tuple that does, and put them where they stood."""
        if not self._inside:
            return
        anew: dict[int, Any] = {}

        def remake(old: Any) -> Any:
            if id(old) not in anew:
                anew[id(old)] = old  # should it lead back to itself
                changes = self._inside.get(id(old), {})
                before = tuple(old)
                after = [changes[i] if i in changes else inner(e) for i, e in enumerate(before)]
                if any(new is not one for new, one in zip(after, before, strict=True)):
                    anew[id(old)] = remade(old, after)
            return anew[id(old)]

        def inner(element: Any) -> Any:
            return remake(element) if id(element) in reach.tuples else element

        for old in reach.tuples.values():
            if (new := remake(old)) is not old:
                for place in reach.holders[id(old)]:
                    if place is not None and not isinstance(place, Inside):
                        self.put(place, old, new)
        self._inside.clear()

    def rebase(self, cls: type) -> bool:
        """Derive a class of the program from the twins of its bases; False if Python does not allow it."""
        bases = tuple(map(self._of, cls.__bases__))
        if bases == cls.__bases__ or is_recorded(cls) or self._of(cls) is not cls:  # neither a twin nor what has one
            return True
        self._undo.append((cls, partial(_itself, cls.__bases__), bases))
        try:
            cls.__bases__ = bases
        except TypeError:  # a class derived from one of C's
            self._undo.pop()
            return False
        return True

    def restore(self) -> None:
        """Take everything back, the last change first. An interrupt in between leaves what is still to do."""
        while self._undo:
            place, before, new = self._undo[-1]
            if isinstance(place, type):
                if place.__bases__ == new:
                    place.__bases__ = before()
            elif place.get() is new or isinstance(place, Element | Member | Key):
                place.exchange(new, before())
            self._undo.pop()


def _itself(value: Any) -> Any:
    return value
