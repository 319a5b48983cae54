"""What of a program was there before its run: what its functions name, close over, default to or are given."""

from __future__ import annotations

import functools
import queue
import threading
import types
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from semalab.twins.namespaces import ABSENT, content, functions, is_authors, own

_MOST = 10_000  # elements of a container that are looked at
_DEPTH = 2  # a list of objects that have locks
_WHOLE = (threading.Semaphore, threading.Event, threading.Barrier, threading.Condition, threading.Thread, queue.Queue)


class Slot(NamedTuple):
    """A value, what it is called, and where it stands: a mapping or list and the key there; None where it is fixed."""

    name: str
    value: Any
    place: Any = None
    key: Any = None


def slots(program: Any, found: Iterable[types.FunctionType], arguments: dict[str, Any]) -> Iterator[Slot]:
    """Every value within reach of a program, its functions and its arguments, once for each place it stands in."""
    ahead = list(found)
    seen: set[int] = set()
    first = [Slot("", program), *(Slot(name, arguments[name], arguments, name) for name in arguments)]
    while ahead or first:
        for slot in first or _of_function(ahead.pop(0), seen):
            for inner in _within(slot, seen):
                yield inner
                ahead.extend(_leads_to(inner.value))
        first = []


def _parts(value: Any) -> tuple[Any, ...]:
    """What a callable brings along: the object a method is bound to, a partial's arguments, a thread's target."""
    if isinstance(value, types.MethodType):
        return (value.__self__,)
    if isinstance(value, functools.partial):
        return (value.func, *value.args, *value.keywords.values())
    if isinstance(value, threading.Thread):
        own = vars(value)
        bundles = [own.get(name) or () for name in ("_args", "args")]
        named = [(own.get(name) or {}).values() for name in ("_kwargs", "kwargs")]
        targets = (own.get("_target"), own.get("function"))
        return (*targets, *(part for bundle in [*bundles, *named] for part in bundle))
    return ()


def _leads_to(value: Any) -> Iterator[types.FunctionType]:
    """The author's functions that a value may run: itself, or its class's."""
    if isinstance(value, types.FunctionType | types.MethodType | functools.partial | type):
        yield from (f for f in functions([value]) if _is_authors_space(f.__globals__))


def _of_function(function: types.FunctionType, seen: set[int]) -> Iterator[Slot]:
    if id(function) in seen:
        return
    seen.add(id(function))
    space = function.__globals__
    for name in _names(function.__code__):
        if name in space:
            yield Slot(name, space[name], space, name)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        if content(cell) is not ABSENT:
            yield Slot(name, cell.cell_contents, cell)
    code = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    defaults = function.__defaults__ or ()
    for name, value in zip(positional[len(positional) - len(defaults) :], defaults, strict=True):
        yield Slot(name, value)
    for name, value in (function.__kwdefaults__ or {}).items():
        yield Slot(name, value, function.__kwdefaults__, name)


def _names(code: types.CodeType) -> Iterator[str]:
    """The global names that a code object and those inside it may use, in the order of their first mention."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _within(slot: Slot, seen: set[int], depth: int = _DEPTH) -> Iterator[Slot]:
    """The slot itself, then those inside its value, if that is a container or an object of the author's."""
    yield slot
    value = slot.value
    if depth == 0 or id(value) in seen:
        return
    if parts := _parts(value):
        seen.add(id(value))
        for part in parts:
            yield from _within(Slot(slot.name, part), seen, depth)
    elif type(value) in (list, tuple) and len(value) <= _MOST:  # of a derived class, to look is to run its code
        seen.add(id(value))
        place = value if isinstance(value, list) else None
        for i, element in enumerate(value):
            yield from _within(Slot(f"{slot.name}[{i}]", element, place, i), seen, depth - 1)
    elif type(value) is dict and len(value) <= _MOST and "__spec__" not in value:  # no module's namespace
        seen.add(id(value))
        for key, element in list(value.items()):
            yield from _within(Slot(f"{slot.name}[{key!r}]", element, value, key), seen, depth - 1)
    elif _is_authors(value):
        seen.add(id(value))
        attributes = vars(value)
        for name, element in list(attributes.items()):
            yield from _within(Slot(name, element, attributes, name), seen, depth - 1)


def _is_authors(value: Any) -> bool:
    """True for an instance of a class of the program's author, unless that is a primitive itself."""
    cls = type(value)
    ours = cls.__module__ == "__main__" or own(cls) is not None
    return ours and isinstance(getattr(value, "__dict__", None), dict) and not isinstance(value, _WHOLE)


def _is_authors_space(namespace: dict[str, Any]) -> bool:
    return namespace.get("__name__") == "__main__" or is_authors(namespace)
