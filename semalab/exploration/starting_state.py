"""What a program has before it runs: all that it can reach by the names it uses, put back before each schedule.

A schedule that found what the one before had left would be proved of another program. So the first run, and every
other, begins with the very same: the same objects, with the same in them, under the same names.
"""

from __future__ import annotations

import functools
import opcode
import os
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from semalab.engine.reachability import is_a
from semalab.exploration.contents import Kept, Unkept, keep
from semalab.instrument import functions, is_wanted
from semalab.instrument.copies import is_copy
from semalab.instrument.places import ABSENT, is_authors, library_of_code
from semalab.instrument.reach import Reach, makes_up_names, named_by
from semalab.log.excerpt import cut_name
from semalab.settings import Program

_HARMLESS = ("logging", "importlib", "concurrent.futures")  # what these keep is not the program's state
_GIVES_NAMES = frozenset(  # of globals, and of attributes, which may be a module's
    opcode.opmap[name]
    for name in ("STORE_GLOBAL", "DELETE_GLOBAL", "STORE_NAME", "DELETE_NAME", "STORE_ATTR", "DELETE_ATTR")
)
_SETS_BY_NAME = frozenset({"setattr", "delattr", "__setattr__", "__setitem__"})


class StartingState:
    """A program's state at the moment when this was made.

    Invariants: `kept` has a thing once for each way in which it is put back; `unkept` says, by its name, what cannot
    be, and what that is. `asks_for_derived` is set if the program may ask a class which ones are derived from it: those
    that a run makes are there until they are collected. Nothing that is kept is ever another object: who has it, has it
    still.

    >>> state = StartingState(walk(program, arguments))
    >>> state.restore()
    """

    def __init__(self, reach: Reach) -> None:
        self.kept: list[Kept] = []
        self.unkept: dict[str, str] = {}
        self.imported = False  # whether a run has imported modules of the program's own
        self.asks_for_derived = reach.asks_for_derived
        self._reach = reach  # keeps what is met alive
        for reference in reach.met:
            if is_wanted(reference.value) or _is_namespace(reference.value):
                continue
            try:
                self.kept += keep(reference)
            except Unkept as what:
                if not reference.name.startswith("."):  # a generator's own, which is named itself
                    self.unkept.setdefault(reference.name or "the program", str(what))
        for reference in reach.closed:
            module = type(reference.value).__module__
            if not module.startswith(_HARMLESS):
                self.unkept.setdefault(reference.name, f"a {module}.{type(reference.value).__qualname__}")
        for name in reach.cut:
            self.unkept.setdefault(name, "too much to look through")
        self.kept += self._of_modules()
        self._things = frozenset(id(one.value) for one in self.kept)

    @property
    def names(self) -> tuple[str, ...]:
        """What is put back, by name."""
        return tuple(dict.fromkeys(one.name for one in self.kept))

    def restore(self) -> None:
        """Put everything back. Can be called again, also after it was interrupted.

        Raises Unkept for what cannot be put back any more: the rest is.
        """
        lost: str | None = None
        for one in self.kept:
            try:
                one.restore()
            except Exception as error:
                lost = lost or f"`{one.name}` could not be put back ({type(error).__name__}: {error})"
        if lost is not None:
            raise Unkept(lost)

    def aside(self, value: Any) -> Any:
        """What a run returned, or a copy of it if it is a container that will be put back: it stays as it was."""
        if id(value) not in self._things:
            return value
        if type(value) in (set, bytearray):
            return value.copy()
        if type(value) is list:
            return [self.aside(one) for one in value]
        return {key: self.aside(one) for key, one in value.items()} if type(value) is dict else value

    def _of_modules(self) -> Iterator[Kept]:
        """The names in the program's namespaces that its code gives values, and what else code can change by name."""
        met = [reference.value for reference in self._reach.met]
        found = [one for one in met if is_a(one, types.FunctionType)]
        own = [function for function in found if library_of_code(function.__globals__) is None]
        spaces = {id(one.__globals__): one.__globals__ for one in own}
        spaces |= {id(vars(one)): vars(one) for one in met if is_a(one, types.ModuleType) and _is_own(one)}
        names: set[str] = set().union(*(named_by(one.__code__, _GIVES_NAMES) for one in own))
        used: set[str] = set().union(*(_used(one.__code__) for one in own))
        everything = any(makes_up_names(one.__code__) for one in own) or not _SETS_BY_NAME.isdisjoint(used)
        for space in spaces.values():
            if everything:
                yield Kept("globals()", space, dict(space), _put_namespace)
            elif names:
                yield Kept("globals", space, {name: space.get(name, ABSENT) for name in names}, _put_names)
        others = [vars(one) for one in met if is_a(one, types.ModuleType) and id(vars(one)) not in spaces]
        for space in others if names else ():
            yield Kept("a module's attributes", space, {name: space.get(name, ABSENT) for name in names}, _put_names)
        for space in (one for one in met if _is_namespace(one) and id(one) not in spaces):
            yield Kept("globals()", space, dict(space), _put_namespace)
        if any(_imports(one.__code__) for one in own):
            yield Kept("sys.modules", self, frozenset(sys.modules), StartingState._put_modules)
        if not used.isdisjoint({"environ", "putenv", "unsetenv"}):
            yield Kept("os.environ", os.environ, dict(os.environ), _put_environment)
        if "chdir" in used:
            yield Kept("the working directory", os, Path.cwd(), lambda value, saved: os.chdir(saved))

    def _put_modules(self, before: frozenset[str]) -> None:
        """A module of the program's author that it has imported is imported anew."""
        for name in [name for name in sys.modules if name not in before]:
            module = sys.modules[name]
            if is_a(module, types.ModuleType) and is_authors(vars(module)):
                self.imported = True
                del sys.modules[name]
                parent, _, child = name.rpartition(".")
                if parent in sys.modules and vars(sys.modules[parent]).get(child) is module:
                    del vars(sys.modules[parent])[child]


def walk(program: Program, arguments: dict[str, Any], wanted: Callable[[Any], bool] = is_wanted) -> Reach:
    """What a program and its arguments can reach. wanted: what is to be among the references."""
    return Reach(wanted, _is_the_labs, any_name=False).walk(
        program, arguments, functions([program, *arguments.values()])
    )


def _is_the_labs(value: Any) -> bool:
    """True for what the lab is made of, and what it has put in the place of Python's: no state of the program."""
    if is_a(value, types.FunctionType):
        return is_copy(value.__globals__) or _is_lab(value.__globals__.get("__name__"))
    return _is_lab(type(value).__module__)


def _is_lab(module: Any) -> bool:
    return str(module).startswith("semalab.") and not str(module).startswith("semalab.exercises")


def refuse_unkept(program: Program, arguments: Mapping[str, Any]) -> None:
    """Raise ValueError for a program that can reach what no schedule could put back."""
    unkept = StartingState(walk(program, dict(arguments))).unkept
    if unkept:
        whole = [name for name in unkept if not any(name.startswith((f"{other}[", f"{other}.")) for other in unkept)]
        told = [f"`{cut_name(name, 80)}` ({unkept[name]})" for name in whole]
        more = f" and {len(told) - 3:,} more" if len(told) > 3 else ""
        raise ValueError(
            "an explored program must find the same whenever it begins, and uses what it may change and the lab cannot"
            f" put back: {', '.join(told[:3])}{more}; make it in the program itself"
        )


def _is_own(module: types.ModuleType) -> bool:
    return library_of_code(vars(module)) is None


def _is_namespace(value: Any) -> bool:
    return is_a(value, dict) and "__spec__" in value


def _put_names(space: dict[str, Any], saved: dict[str, Any]) -> None:
    for name, before in saved.items():
        if space.get(name, ABSENT) is before:
            continue
        if before is ABSENT:
            del space[name]
        else:
            space[name] = before


def _put_namespace(space: dict[str, Any], saved: dict[str, Any]) -> None:
    for name in [name for name in space if name not in saved]:
        del space[name]
    _put_names(space, saved)


def _put_environment(environment: Any, saved: dict[str, str]) -> None:
    if dict(environment) != saved:
        environment.clear()
        environment.update(saved)


@functools.lru_cache(maxsize=4096)
def _used(code: types.CodeType) -> frozenset[str]:
    return frozenset(code.co_names).union(*map(_used, _inner(code)))


@functools.lru_cache(maxsize=4096)
def _imports(code: types.CodeType) -> bool:
    by_name = opcode.opmap["IMPORT_NAME"] in code.co_code[::2] or "import_module" in code.co_names
    return by_name or makes_up_names(code) or any(map(_imports, _inner(code)))


def _inner(code: types.CodeType) -> list[types.CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
