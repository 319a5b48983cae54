"""Where a program keeps a reference, and how another one is put there; and which namespaces are the program's: those of
its functions, and of its author's modules that these lead to.
"""

from __future__ import annotations

import builtins
import functools
import os
import site
import sys
import sysconfig
import threading
import types
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from semalab.engine.reachability import is_a
from semalab.engine.uncaught import LAB

_INSTALLED = (
    *site.getsitepackages(),
    site.getusersitepackages(),
    *(sysconfig.get_path(name) for name in ("purelib", "platlib")),
)
_PYTHON = (  # the second for a standard library in a zip
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib")),
    str(Path(threading.__file__).parent) + os.sep,
    "<frozen",
)
ABSENT = object()


def functions(candidates: Iterable[Any]) -> Iterator[types.FunctionType]:
    """The Python functions behind callables: methods, partials, callable objects; and what they close over."""
    queue, seen = list(candidates), set()
    while queue:
        candidate = queue.pop()
        if id(candidate) in seen:
            continue
        seen.add(id(candidate))
        if is_a(candidate, types.FunctionType):
            yield candidate
            queue.extend(c for c in map(content, candidate.__closure__ or ()) if callable(c))
            queue.append(getattr(candidate, "__wrapped__", None))
        elif is_a(candidate, types.MethodType):
            queue.append(candidate.__func__)
        elif is_a(candidate, functools.partial):
            queue.extend([candidate.func, *candidate.args, *candidate.keywords.values()])
        elif is_a(candidate, type):
            if candidate.__module__ != builtins.__name__:
                queue.extend(v for v in vars(candidate).values() if isinstance(v, types.FunctionType))
        elif callable(candidate):
            queue.append(vars(type(candidate)).get("__call__"))


def namespaces(first: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """These, and those of the author's own modules whose functions, classes or modules they name."""
    queue, seen = list(first), set()
    while queue:
        namespace = queue.pop(0)
        if id(namespace) in seen:
            continue
        seen.add(id(namespace))
        yield namespace
        queue.extend(other for value in list(namespace.values()) if (other := own(value)) is not None)


def own(value: Any) -> dict[str, Any] | None:
    """The namespace a value comes from, if its author wrote it: not Python's, not the lab's, not an installed one."""
    if is_a(value, types.FunctionType):
        namespace = value.__globals__
    elif is_a(value, types.ModuleType):
        namespace = vars(value)
    elif is_a(value, type):
        module = value.__module__
        namespace = vars(sys.modules.get(module, threading) if isinstance(module, str) else threading)
    else:
        return None
    return namespace if is_authors(namespace) else None


def is_authors(namespace: dict[str, Any]) -> bool:
    file = namespace.get("__file__")
    return isinstance(file, str) and _origin(file, "") is None


def is_programs(namespace: dict[str, Any]) -> bool:
    """True for the namespaces of the program: its author's modules, and a notebook's."""
    return namespace.get("__name__") == "__main__" or is_authors(namespace)


def is_pythons(namespace: dict[str, Any]) -> bool:
    """True for the namespace of a module of the standard library."""
    return str(namespace.get("__name__")).partition(".")[0] in sys.stdlib_module_names and not is_authors(namespace)


def library_of(cls: type) -> str | None:
    """The installed library that a class comes from; "" for Python's and the lab's own, None for the program's."""
    module = cls.__module__ if isinstance(cls.__module__, str) else ""
    return _library(vars(sys.modules[module]) if module in sys.modules else {}, module)


def library_of_code(namespace: dict[str, Any]) -> str | None:
    """As `library_of`, for the namespace of code that runs."""
    return _library(namespace, str(namespace.get("__name__")))


def _library(namespace: dict[str, Any], module: str) -> str | None:
    top, file = module.partition(".")[0], namespace.get("__file__")
    if module == "__main__":
        return None
    if isinstance(file, str):
        return _origin(file, top)
    return "" if module in sys.builtin_module_names or top in sys.stdlib_module_names else None


@functools.lru_cache(maxsize=4096)
def _origin(file: str, package: str) -> str | None:
    """Whose a module in this file is: its package's, if that is an installed one; Python's (""), or the program's."""
    if file.startswith(_INSTALLED):
        return package
    if file.startswith((LAB, *_PYTHON)):
        return ""
    return None if file.endswith(".py") else package


def content(cell: types.CellType) -> Any:
    """What a closure's cell holds, or ABSENT."""
    try:
        return cell.cell_contents
    except ValueError:  # an empty cell
        return ABSENT


def key_text(key: Any) -> str:
    """How the key of an entry is written, if that can be told without running any code; otherwise nothing."""
    if type(key) is tuple:
        inner = [key_text(one) for one in key]
        return f"({', '.join(inner)}{',' if len(inner) == 1 else ''})" if all(inner) else ""
    return repr(key) if type(key) in _PLAIN else ""


_PLAIN = (str, int, bool, float, bytes, type(None))


def attributes_of(owner: Any) -> dict[str, Any]:
    """The attributes that an object keeps in a dictionary, without asking its class."""
    try:
        attributes = object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return {}
    return attributes if type(attributes) is dict else {}


def is_object_array(value: Any) -> bool:
    """True for an array of NumPy whose elements are objects: the collector knows nothing of them."""
    cls = type(value)
    return cls.__name__ == "ndarray" and cls.__module__ == "numpy" and bool(value.dtype == object)


class Place(Protocol):
    """Invariant: to read or change a place runs none of the program's code, whatever class its owner is of."""

    def get(self) -> Any:
        """What stands there; ABSENT if nothing does."""

    def exchange(self, old: Any, new: Any) -> None:
        """Put `new` where `old` stands; does nothing if the program has put another thing there."""


class Entry(NamedTuple):
    """In a dictionary: a namespace, an instance's attributes, a container."""

    owner: dict[Any, Any]
    key: Any

    def get(self) -> Any:
        return dict.get(self.owner, self.key, ABSENT)

    def exchange(self, old: Any, new: Any) -> None:
        if self.get() is not old:
            return
        if new is ABSENT:
            dict.pop(self.owner, self.key, None)
        else:
            dict.__setitem__(self.owner, self.key, new)


class Key(NamedTuple):
    """The key of an entry of a dictionary, which keeps its order."""

    owner: dict[Any, Any]
    key: Any

    def get(self) -> Any:
        return self.key

    def exchange(self, old: Any, new: Any) -> None:
        if not any(key is old for key in dict.keys(self.owner)):
            return
        entries = [(new if key is old else key, value) for key, value in dict.items(self.owner)]
        dict.clear(self.owner)
        dict.update(self.owner, entries)


class Element(NamedTuple):
    """In a list or deque, where the program may have moved it."""

    owner: Any
    at: int

    def get(self) -> Any:
        cls = list if isinstance(self.owner, list) else deque
        return cls.__getitem__(self.owner, self.at) if self.at < len(self.owner) else ABSENT

    def exchange(self, old: Any, new: Any) -> None:
        cls = list if isinstance(self.owner, list) else deque
        for i in [i for i, element in enumerate(cls.__iter__(self.owner)) if element is old]:
            cls.__setitem__(self.owner, i, new)


class Cell(NamedTuple):
    """In an array of NumPy, by its number in the order of the array's elements."""

    owner: Any
    at: int

    def get(self) -> Any:
        return self.owner.flat[self.at] if self.at < self.owner.size else ABSENT

    def exchange(self, old: Any, new: Any) -> None:
        if self.get() is old:
            self.owner.flat[self.at] = new


class Member(NamedTuple):
    """In a set."""

    owner: set[Any]
    member: Any

    def get(self) -> Any:
        return self.member

    def exchange(self, old: Any, new: Any) -> None:
        if any(member is old for member in set.__iter__(self.owner)):
            set.discard(self.owner, old)
            set.add(self.owner, new)


class Attribute(NamedTuple):
    """Of a class, a function or an object with slots."""

    owner: Any
    name: str

    def get(self) -> Any:
        if isinstance(self.owner, type):
            return self.owner.__dict__.get(self.name, ABSENT)
        try:
            return object.__getattribute__(self.owner, self.name)
        except AttributeError:
            return ABSENT

    def exchange(self, old: Any, new: Any) -> None:
        if self.get() is not old:
            return
        if isinstance(self.owner, type):
            type.__setattr__(self.owner, self.name, _as_it_was_found(old, new))
        else:
            object.__setattr__(self.owner, self.name, new)


def _as_it_was_found(old: Any, new: Any) -> Any:
    """A class's attribute that gave itself goes on to do so: a function in its place would become a method."""
    becomes_another = hasattr(type(new), "__get__") and not isinstance(new, type | staticmethod | classmethod)
    return staticmethod(new) if becomes_another and not hasattr(type(old), "__get__") else new


class Held(NamedTuple):
    """In a closure's cell."""

    cell: types.CellType

    def get(self) -> Any:
        return content(self.cell)

    def exchange(self, old: Any, new: Any) -> None:
        if self.get() is old:
            self.cell.cell_contents = new


class Part(NamedTuple):
    """The function, the arguments (a tuple) or the keywords of a `functools.partial`, which it shows and keeps."""

    owner: functools.partial[Any]
    name: str

    def get(self) -> Any:
        return getattr(self.owner, self.name)

    def exchange(self, old: Any, new: Any) -> None:
        if self.get() is not old:
            return
        parts = {name: getattr(self.owner, name) for name in ("func", "args", "keywords")} | {self.name: new}
        self.owner.__setstate__((*parts.values(), vars(self.owner)))  # type: ignore[attr-defined]


class Inside(NamedTuple):
    """In a tuple or frozenset, which is made anew for it and put wherever the old one stood."""

    owner: tuple[Any, ...] | frozenset[Any]
    at: int

    def get(self) -> Any:
        return tuple(self.owner)[self.at]

    def exchange(self, old: Any, new: Any) -> None:
        raise TypeError("a tuple's element is exchanged together with the tuple")


def remade(old: Any, elements: Sequence[Any]) -> Any:
    """A tuple, named tuple or frozenset like `old`, of these elements."""
    return (tuple if isinstance(old, tuple) else frozenset).__new__(type(old), elements)
