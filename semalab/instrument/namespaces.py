"""Which namespaces are the program's: those of its functions, and of its author's modules that these lead to."""

from __future__ import annotations

import builtins
import functools
import os
import site
import sys
import sysconfig
import threading
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

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
