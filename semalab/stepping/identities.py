"""Notes when the program asks a thread who it is: from then on no two threads are alike."""

from __future__ import annotations

import sys
import types
from typing import Any

from semalab.instrument import Twins
from semalab.instrument.source import is_copy
from semalab.stepping.processor import SteppingProcessor
from semalab.stepping.wrapping import function_before

_FUNCTIONS = ("current_thread", "currentThread", "get_ident", "get_native_id", "main_thread", "setprofile", "settrace")
_PROPERTIES = ("name", "ident", "native_id")
_METHODS = ("getName", "__repr__")


def note_identities(twins: Twins, module: types.ModuleType, processor: SteppingProcessor) -> None:
    """module: `threading` as the program sees it."""

    def asked() -> None:
        processor.names_matter = True

    names = vars(module)
    for name in _FUNCTIONS:
        if name in names:
            names[name] = function_before(names[name], asked)
    thread: Any = twins.source.Thread
    for name in _PROPERTIES:
        setattr(thread, name, _noting(getattr(thread, name), processor))
    for name in _METHODS:
        setattr(thread, name, _method(getattr(thread, name), processor))


def _noting(real: property, processor: SteppingProcessor) -> property:
    assert real.fget is not None
    return property(_method(real.fget, processor), real.fset, real.fdel, real.__doc__)


def _method(real: Any, processor: SteppingProcessor) -> Any:
    def seen(self: Any, *how: Any, **named: Any) -> Any:
        if not _is_of_the_lab(sys._getframe(1).f_globals):
            processor.names_matter = True
        return real(self, *how, **named)

    seen.__name__, seen.__doc__ = real.__name__, real.__doc__
    return seen


def _is_of_the_lab(namespace: dict[str, Any]) -> bool:
    """`threading` itself asks, too, and so does the lab: they tell nobody."""
    return is_copy(namespace) or str(namespace.get("__name__", "")).startswith("semalab.")
