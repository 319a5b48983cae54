"""Things that are known by themselves, and never by a name: among them the modules and classes that the lab has made.

A module or a class of the program may be called as a twin is, and is nobody's twin for that. One may also define what
equal and hash mean.
"""

from __future__ import annotations

import types
import weakref
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class Known(Generic[Value]):
    """A value for each of some objects, for as long as there is that object, which this keeps nobody from ending.

    Invariant: an entry whose reference still leads to an object is that object's. Who has gone is forgotten when there
    are twice as many entries, and not by a callback of its reference: that would be Python code in the midst of an end,
    and an interrupt that rises there is lost (CPython only prints it).
    """

    FEW = 1000  # entries from which on it is worth looking for those that have gone

    def __init__(self) -> None:
        self._entries: dict[int, tuple[weakref.ref[Any], Value]] = {}
        self._enough = self.FEW

    def __len__(self) -> int:
        return len(self._entries)

    def keep(self, one: Any, value: Value) -> None:
        if len(self._entries) >= self._enough:
            self._forget_the_gone()
            self._enough = max(self.FEW, 2 * len(self._entries))
        self._entries[id(one)] = weakref.ref(one), value

    def of(self, one: Any, default: Value) -> Value:
        """What was kept for it; the default if nothing was."""
        entry = self._entries.get(id(one))
        return entry[1] if entry is not None and entry[0]() is one else default

    def _forget_the_gone(self) -> None:
        for key, (reference, _) in list(self._entries.items()):
            if reference() is None:
                entry = self._entries.pop(key, None)
                if entry is not None and entry[0]() is not None:  # another thread has just kept one at the same place
                    self._entries.setdefault(key, entry)


_made: Known[bool] = Known()


def made(one: Any) -> Any:
    """The module or class itself, which is known from now on."""
    _made.keep(one, True)
    return one


def made_classes(module: types.ModuleType) -> None:
    """The classes that a copy of a standard module has defined are known from now on."""
    for value in list(vars(module).values()):
        if isinstance(value, type) and vars(value).get("__module__") == module.__name__:
            made(value)


def is_made(one: Any) -> bool:
    """True for a module or class that the lab has made."""
    return _made.of(one, False)
