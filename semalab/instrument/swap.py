"""Puts the twins in the place of the real modules and names wherever a program keeps them, and takes them out again."""

from __future__ import annotations

import _thread
import builtins
import importlib
import pkgutil
import random
import sys
import threading
import types
from collections.abc import Callable, KeysView, Mapping
from functools import partial
from itertools import chain
from typing import Any

from semalab.engine.reachability import is_a
from semalab.instrument.adoption import Adoption, is_primitive, is_wanted
from semalab.instrument.copies import copied
from semalab.instrument.exchange import Exchange
from semalab.instrument.identity import under_way
from semalab.instrument.namespace import Twins, outlived
from semalab.instrument.places import ABSENT, Entry, functions, is_authors, namespaces
from semalab.instrument.reach import Reach, Reference
from semalab.instrument.retired import Retirement
from semalab.instrument.thread_numbers import places_of_numbers
from semalab.instrument.unfound import Makers, Touches
from semalab.instrument.unruled import dates, unruled_places
from semalab.instrument.unseen import Unseen

_NEVER = frozenset(id(vars(module)) for module in (threading, random))  # what the twins themselves are made of


class Swap:
    """Invariant: all that is changed goes through `_exchange`, which `restore` leaves empty."""

    def __init__(self) -> None:
        self._namespaces: dict[int, dict[str, Any]] = {}
        self._twins: Twins | None = None
        self._exchange = Exchange(self._of)
        self._adoption: Adoption | None = None  # keeps the stand-ins of locks until these have their state
        self._makers: Makers | None = None
        self._touches: Touches | None = None
        self._logging = self._loops = False
        self._unseen = Unseen()

    @property
    def unseen(self) -> tuple[str, ...]:
        """The primitives that the lab could not watch; those that were made during the run included."""
        return self._unseen.told

    def unwatched(self) -> list[Any]:
        """Of what could not be watched, the program's own."""
        return self._unseen.own()

    def install(self, twins: Twins, program: Any, arguments: dict[str, Any]) -> None:
        """Swap in whatever `program` and the functions among its arguments can reach."""
        self._twins = twins
        twins.take_over()
        for place, real, twin in chain(dates(twins), unruled_places(twins), places_of_numbers(twins)):
            self._exchange.put(place, real, twin)
        found = list(functions([program, *arguments.values()]))  # all found before the first is changed
        reach = Reach(lambda value: is_wanted(value) or twins.of(value) is not value)
        reach.walk(program, arguments, found)
        threads = [r.value for r in reach.references if is_a(r.value, threading.Thread)]
        found += functions(vars(thread).get("_target") for thread in threads)
        spaces = [s for s in namespaces(f.__globals__ for f in found) if id(s) not in _NEVER]
        primitives = [reference.value for reference in reach.references if is_primitive(reference.value)]
        alone = not twins.processor.used_by_others(frozenset(map(id, spaces)), primitives)
        self._adoption = Adoption(twins, self._exchange, self._unseen, alone)
        for name in reach.cut:
            self._unseen.name(f"{name} (too large to look through)")
        self._claim(reach, spaces)
        self._adoption.take_in(reach)
        self._namespaces.update({id(space): space for space in spaces})
        for space in spaces:
            self._swap_names(space)
        self._makers = makers = Makers(twins, self._exchange, self._adoption, self._unseen)
        self._swap_references(reach, makers)
        self._exchange.remake(reach)
        makers.ask()
        self._touches = Touches(twins, self._exchange, self._adoption, self._unseen)
        self._touches.listen()
        self._exchange.name(vars(builtins), "__import__", self._importing(builtins.__import__))
        self._swap_finder(twins)
        self._exchange.name(vars(sys), "stdout", twins.streams.out)
        self._exchange.name(vars(sys), "stderr", twins.streams.err)
        self._swap_users()

    def _swap_finder(self, twins: Twins) -> None:
        """Who finds a module by its name finds the twin: the program, and `mock.patch("time.sleep")` through pkgutil.

        What such a patch puts there the program sees, and the lab, which sleeps and locks itself, does not.
        """
        real_import = importlib.import_module

        def import_module(name: str, package: str | None = None) -> Any:
            module = real_import(name, package)
            caller = sys._getframe(2).f_globals  # beyond the choice
            return self._of(module) if id(caller) in self._namespaces or caller is vars(pkgutil) else module

        self._exchange.name(vars(importlib), "import_module", twins.choose(import_module, real_import))

    def _claim(self, reach: Reach, spaces: list[dict[str, Any]]) -> None:
        """What was met inside a library's object only is the program's, if one of its own names stands for it."""
        ours = {id(r.value) for r in reach.references if not r.library}
        lent = {id(r.value) for r in reach.references if r.library and is_wanted(r.value)} - ours
        for space in spaces if lent else ():
            found = [name for name, value in space.items() if id(value) in lent]
            reach.references[:0] = [Reference(name, space[name], Entry(space, name)) for name in found]

    def _of(self, real: Any) -> Any:
        return real if self._twins is None else self._twins.of(real)

    def _swap_references(self, reach: Reach, makers: Makers) -> None:
        """Wherever else the program keeps a module, a class or a function; a class that derives from one."""
        for reference in reach.references:
            twin = makers.of(reference.value) if reference.library else self._of(reference.value)
            if twin is reference.value:
                continue
            if reference.place is None or not reach.writable(reference.place):
                if id(reference.value) in _OF_C and not reference.library:  # makers that tell nobody
                    self._unseen.name(reference.name, reference.value)
            elif reference.place.get() is reference.value:
                self._exchange.put(reference.place, reference.value, twin, partial(outlived, reference.value))
        for cls in reach.classes:
            if not self._exchange.rebase(cls):  # derived from a lock of C
                self._unseen.name(cls.__name__, cls)

    @property
    def namespaces(self) -> KeysView[int]:
        """Identities of the namespaces that are the program's, those that it comes to import included."""
        return self._namespaces.keys()

    def _swap_names(self, namespace: dict[str, Any]) -> None:
        assert self._twins is not None
        if namespace.get("print", ABSENT) is ABSENT:
            self._exchange.name(namespace, "print", self._twins.streams.print)
        for name, value in list(namespace.items()):
            if name.startswith("__"):
                continue
            twin = self._twins.of(value)
            if twin is not value:
                self._exchange.name(namespace, name, twin, partial(outlived, value))
            elif is_a(value, type):
                self._exchange.rebase(value)

    def _takes_in(self, namespace: Any) -> bool:
        """True for the program's namespaces; a module of its author's becomes one as soon as it is imported."""
        if id(namespace) not in self._namespaces and is_authors(namespace) and id(namespace) not in _NEVER:
            self._namespaces[id(namespace)] = namespace
            self._swap_names(namespace)
        return id(namespace) in self._namespaces

    def _swap_users(self) -> None:
        """Standard modules that ask which thread they are in."""
        self._swap_logging()
        self._swap_loops()

    def _swap_loops(self) -> None:
        """In the main thread alone asyncio makes the event loop that somebody asks for, and that is the program's."""
        twins, events = self._twins, sys.modules.get("asyncio.events")
        if self._loops or twins is None or not hasattr(events, "threading"):
            return
        self._loops = True
        asked = ("current_thread", "main_thread")
        ours = {name: twins.choose(getattr(twins.source, name), getattr(threading, name)) for name in asked}
        self._exchange.name(vars(events), "threading", copied(threading, **ours))
        if (unix := sys.modules.get("asyncio.unix_events")) is not None:  # only main may set handlers, and is asked for
            asked_for = types.ModuleType("signal")
            asked_for.__dict__["__getattr__"] = lambda name: getattr(twins.module("signal"), name)  # made if it is used
            self._exchange.name(vars(unix), "signal", asked_for)

    def _swap_logging(self) -> None:
        if self._logging or "logging" not in sys.modules:
            return
        from semalab.instrument.logs import changes

        self._logging = True
        twins = self._twins
        assert twins is not None
        for change in changes(twins.processor, twins.source, twins.module("time"), twins.choose):
            self._exchange.name(change.namespace, change.name, change.value, change.after)

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
                if is_a(module, types.ModuleType):
                    self._takes_in(vars(module))  # it may have been imported before
                self._swap_users()  # they may have come just now
                if self._makers is not None:
                    self._makers.ask_more()
            return twins.of(module) if twins is not None and ours else module

        return __import__

    def restore(self) -> None:
        """Take every twin out again. A name that the program itself gave another value keeps that value.

        What the program made and left behind turns into the real thing.
        """
        self._exchange.restore()
        under_way.clear()
        if self._makers is not None:
            self._makers.be_quiet()
        if self._touches is not None:
            self._touches.be_quiet()
        if self._twins is not None:
            Retirement(self._twins).retire(self._namespaces.values())
            self._twins = self._adoption = self._makers = self._touches = None
            self._logging = self._loops = False


_OF_C = frozenset(  # what makes primitives and threads, and tells nobody
    id(maker)
    for maker in (
        *(threading.Lock, threading.RLock, type(threading.Lock()), type(threading.RLock())),
        *(vars(_thread).get(name) for name in ("start_new_thread", "start_new", "start_joinable_thread")),
        *(_thread.allocate_lock, vars(_thread).get("allocate")),
        vars(sys.modules.get("_queue", sys)).get("SimpleQueue"),
    )
)
