"""What to write in a program in the place of what the lab cannot look into: the same, in code that it watches."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping
from typing import Any

from semalab.engine.reachability import is_a
from semalab.stepping.known import library, name_in_code

NAMED = "give what a call returns a name (`x = …`), and go on with that"
_GUARDS: Mapping[type, str] = {
    contextlib.ExitStack: "write its `with` statements out, one inside the other",
    contextlib.closing: "write `try:` and `finally: … .close()` instead of `closing`",
}
_HOMES = frozenset(("builtins", "concurrent", "functools", "_functools"))
_FUNCTIONS: Mapping[str, str] = {
    "as_completed": "ask the futures for their results one after the other",
    "wait": "ask the futures for their results one after the other",
    "reduce": "write `reduce` as a loop",
    "map": "write `map` as a loop",
    "filter": "write `filter` as a loop",
    "exec": "write what it executes as code of the program",
    "eval": "write what it evaluates as code of the program",
}
_ATTRIBUTES: Mapping[type, str] = {
    functools.cached_property: "give the attribute its value in `__init__`, or write a `property` with `def`",
    functools.partialmethod: "write it as a method, with `def`",
    functools.singledispatchmethod: "write it as a method, with `def`",
}
_ITSELF: Mapping[type, str] = {
    functools._lru_cache_wrapper: "call the function without `lru_cache`, or keep its results in a dict, under a lock",
}


def instead_of_call(function: Any) -> str:
    """In place of a call; "" where there is nothing to be said but that it should be code of the program's own."""
    if is_a(function, type):
        return next((way for cls, way in _GUARDS.items() if cls in function.__mro__), "")
    if type(function) in _ITSELF:
        return _ITSELF[type(function)]
    return _FUNCTIONS.get(name_in_code(function), "") if library(function) in _HOMES else ""


def instead_of_attribute(found: Any) -> str:
    """In place of an attribute that a class describes like this."""
    return next((way for cls, way in _ATTRIBUTES.items() if is_a(found, cls)), "")
