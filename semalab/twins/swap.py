"""Puts the twins in the place of the real modules and names in a program's namespaces, and takes them out again."""

from __future__ import annotations

import builtins
import random
import sys
import threading
import types
from collections.abc import Callable, KeysView, Mapping
from functools import partial
from typing import Any

from semalab.twins.adoption import Adoption
from semalab.twins.namespace import Twins
from semalab.twins.namespaces import ABSENT, content, functions, is_authors, namespaces
from semalab.twins.reach import Slot, slots
from semalab.twins.retired import Retirement

_NEVER = frozenset(id(vars(module)) for module in (threading, random))  # what the twins themselves are made of


class Swap:
    """Invariant: `_undo` lists, before each change is made, how to take it back; `restore` leaves it empty.

    Each is (where, name, what was there, what is there now); a cell has no name, a class's bases are "__bases__".
    """

    def __init__(self) -> None:
        self._undo: list[tuple[Any, Any, Callable[[], Any], Any]] = []
        self._namespaces: dict[int, dict[str, Any]] = {}
        self._twins: Twins | None = None
        self._adoption: Adoption | None = None  # keeps the stand-ins of locks until these have their state
        self._logging = False
        self.unseen: tuple[str, ...] = ()

    def install(self, twins: Twins, program: Any, arguments: dict[str, Any]) -> None:
        """Swap in every namespace, class and closure of `program` and of the functions among its arguments.

        `unseen` then names the primitives from before the run that the lab cannot see.
        """
        self._twins = twins
        found = list(functions([program, *arguments.values()]))  # all found before the first is changed
        there = list(slots(program, found, arguments))
        threads = [slot.value for slot in there if isinstance(slot.value, threading.Thread)]
        found += functions(vars(thread).get("_target") for thread in threads)
        spaces = [s for s in namespaces(f.__globals__ for f in found) if id(s) not in _NEVER]
        alone = not twins.processor.watched_by_others(frozenset(map(id, spaces)))
        self._adoption = Adoption(twins, self._put, alone)
        self._adoption.take_in(there)
        self.unseen = tuple(dict.fromkeys(self._adoption.unseen))
        self._namespaces.update({id(space): space for space in spaces})
        for space in spaces:
            self._swap_names(space)
        for function in found:
            if id(function.__globals__) not in _NEVER:
                self._swap_cells(function)
        self._set(vars(builtins), "__import__", self._importing(builtins.__import__))
        self._set(vars(sys), "stdout", twins.streams.out)
        self._set(vars(sys), "stderr", twins.streams.err)
        self._swap_logging()

    @property
    def namespaces(self) -> KeysView[int]:
        """Identities of the namespaces that are the program's, those that it comes to import included."""
        return self._namespaces.keys()

    def _swap_names(self, namespace: dict[str, Any]) -> None:
        assert self._twins is not None
        if namespace.get("print", ABSENT) is ABSENT:
            self._set(namespace, "print", self._twins.streams.print)
        for name, value in list(namespace.items()):
            if name.startswith("__"):
                continue
            twin = self._twins.of(value)
            if twin is not value:
                self._set(namespace, name, twin)
            elif isinstance(value, type):
                self._swap_bases(value)

    def _swap_bases(self, cls: type) -> None:
        """A class derived from a real one is derived from the twin while the run lasts."""
        assert self._twins is not None
        bases = tuple(map(self._twins.of, cls.__bases__))
        if bases != cls.__bases__:
            real = cls.__bases__
            self._undo.append((cls, "__bases__", partial(_itself, real), bases))
            cls.__bases__ = bases

    def _swap_cells(self, function: types.FunctionType) -> None:
        assert self._twins is not None
        for cell in function.__closure__ or ():
            value = content(cell)
            twin = self._twins.of(value)
            if twin is not value:
                self._put(Slot("", value, cell), twin)

    def _takes_in(self, namespace: Any) -> bool:
        """True for the program's namespaces; a module of its author's becomes one as soon as it is imported."""
        if id(namespace) not in self._namespaces and is_authors(namespace) and id(namespace) not in _NEVER:
            self._namespaces[id(namespace)] = namespace
            self._swap_names(namespace)
        return id(namespace) in self._namespaces

    def _put(self, slot: Slot, twin: Any) -> None:
        self._undo.append((slot.place, slot.key, partial(_itself, slot.value), twin))
        if isinstance(slot.place, types.CellType):
            slot.place.cell_contents = twin
        else:
            slot.place[slot.key] = twin

    def _swap_logging(self) -> None:
        if self._logging or "logging" not in sys.modules:
            return
        from semalab.twins.logs import changes

        self._logging = True
        twins = self._twins
        assert twins is not None
        for change in changes(twins.processor, twins.source, twins.module("time"), twins.choose):
            self._set(change.namespace, change.name, change.value, change.after)

    def _importing(self, real_import: Callable[..., Any]) -> Callable[..., Any]:
        def __import__(
            name: str,
            globals: Mapping[str, Any] | None = None,
            locals: Mapping[str, Any] | None = None,
            fromlist: Any = (),
            level: int = 0,
        ) -> Any:
            twins = self._twins
            ours = twins is not None and twins.inside() and globals is not None and self._takes_in(globals)
            module = real_import(name, globals, locals, fromlist, level)
            if ours:
                self._swap_logging()  # it may have come just now
            return twins.of(module) if twins is not None and ours else module

        return __import__

    def _set(self, place: dict[str, Any], name: str, twin: Any, after: Callable[[], Any] | None = None) -> None:
        value = place.get(name, ABSENT)
        self._undo.append((place, name, after or partial(_itself, value), twin))
        place[name] = twin

    def restore(self) -> None:
        """Take every twin out again. A name that the program itself gave another value keeps that value.

        What the program made and left behind turns into the real thing.
        """
        try:
            while self._undo:
                _take_back(*self._undo[-1])
                self._undo.pop()
            if self._twins is not None:
                Retirement(self._twins).retire(self._namespaces.values())
                self._twins = self._adoption = None
                self._logging = False
        finally:
            if self._undo or self._twins is not None:  # an interrupt came in between
                self.restore()


def _itself(value: Any) -> Any:
    return value


def _take_back(place: Any, name: Any, before: Callable[[], Any], twin: Any) -> None:
    if isinstance(place, types.CellType):
        if content(place) is twin:
            place.cell_contents = before()
    elif isinstance(place, list):
        for i in (i for i, element in enumerate(place) if element is twin):  # the program may have moved it
            place[i] = before()
    elif isinstance(place, type):
        if place.__bases__ == twin:
            place.__bases__ = before()
    elif place.get(name, ABSENT) is twin:
        value = before()
        if value is ABSENT:
            place.pop(name, None)
        else:
            place[name] = value
