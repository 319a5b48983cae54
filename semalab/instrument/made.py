"""Which modules and classes the lab itself has made in the place of real ones: known by themselves, never by a name.

A module or a class of the program may be called as a twin is, and is nobody's twin for that.
"""

from __future__ import annotations

import types
from typing import Any
from weakref import WeakValueDictionary

_made: WeakValueDictionary[int, Any] = WeakValueDictionary()  # by identity: one may define what equal and hash mean


def made(one: Any) -> Any:
    """The module or class itself, which is known from now on."""
    _made[id(one)] = one
    return one


def made_classes(module: types.ModuleType) -> None:
    """The classes that a copy of a standard module has defined are known from now on."""
    for value in list(vars(module).values()):
        if isinstance(value, type) and vars(value).get("__module__") == module.__name__:
            made(value)


def is_made(one: Any) -> bool:
    """True for a module or class that the lab has made."""
    return _made.get(id(one)) is one
