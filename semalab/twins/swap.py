"""Puts the twins in the place of the real modules and names in a program's namespaces, and takes them out again."""

from __future__ import annotations

import builtins
import functools
import random
import threading
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from semalab.twins.namespace import Twins

_ABSENT = object()
_NEVER = frozenset(id(vars(module)) for module in (threading, random))  # what the twins themselves are made of


class Swap:
    """Invariant: `_undo` lists, before each change is made, how to take it back; `restore` leaves it empty."""

    def __init__(self) -> None:
        self._undo: list[tuple[Any, str | None, Any, Any]] = []
        self._namespaces: list[dict[str, Any]] = []

    def install(self, twins: Twins, program: Any, arguments: Mapping[str, Any]) -> None:
        """Swap in every namespace and closure of `program` and of the functions among its arguments."""
        replacements = twins.replacements()
        for function in list(functions_of([program, *arguments.values()])):  # all found before the first is changed
            namespace = function.__globals__
            if id(namespace) in _NEVER:
                continue
            self._namespaces.append(namespace)
            if namespace.get("print", _ABSENT) is _ABSENT:
                self._set(namespace, "print", twins.print)
            for name, value in list(namespace.items()):
                if id(value) in replacements and not name.startswith("__"):
                    self._set(namespace, name, replacements[id(value)])
            for cell in function.__closure__ or ():
                value = _content(cell)
                if value is not _ABSENT and id(value) in replacements:
                    self._undo.append((cell, None, value, replacements[id(value)]))
                    cell.cell_contents = replacements[id(value)]

    @property
    def namespaces(self) -> frozenset[int]:
        """Identities of the namespaces that are the program's."""
        return frozenset(map(id, self._namespaces))

    def _set(self, namespace: dict[str, Any], name: str, twin: Any) -> None:
        self._undo.append((namespace, name, namespace.get(name, _ABSENT), twin))
        namespace[name] = twin

    def restore(self) -> None:
        """Take every twin out again. A name that the program itself gave another value keeps that value."""
        try:
            while self._undo:
                place, name, value, twin = self._undo[-1]
                if name is None:
                    if _content(place) is twin:
                        place.cell_contents = value
                elif place.get(name, _ABSENT) is twin:
                    if value is _ABSENT:
                        del place[name]
                    else:
                        place[name] = value
                self._undo.pop()
        finally:
            if self._undo:  # an interrupt came in between
                self.restore()


def functions_of(candidates: Iterable[Any]) -> Iterator[types.FunctionType]:
    """The Python functions behind callables: methods, partials, callable objects; and what they close over."""
    queue, seen = list(candidates), set()
    while queue:
        candidate = queue.pop()
        if id(candidate) in seen:
            continue
        seen.add(id(candidate))
        if isinstance(candidate, types.FunctionType):
            yield candidate
            queue.extend(c for c in map(_content, candidate.__closure__ or ()) if callable(c))
            queue.append(getattr(candidate, "__wrapped__", None))
        elif isinstance(candidate, types.MethodType):
            queue.append(candidate.__func__)
        elif isinstance(candidate, functools.partial):
            queue.extend([candidate.func, *candidate.args, *candidate.keywords.values()])
        elif isinstance(candidate, type):
            if candidate.__module__ != builtins.__name__:
                queue.extend(v for v in vars(candidate).values() if isinstance(v, types.FunctionType))
        elif callable(candidate):
            queue.append(vars(type(candidate)).get("__call__"))


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # an empty cell
        return _ABSENT
