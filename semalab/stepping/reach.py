"""Whether threads of a program may share anything but primitives: decided from its code, before it runs."""

from __future__ import annotations

import dis
import functools
import inspect
import threading
import types
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType
from typing import Any

from semalab.stepping.accesses import Expression, accesses, nested
from semalab.stepping.effects import effect
from semalab.stepping.footprint import READ

Code = tuple[CodeType, Mapping[str, Any]]  # and the globals it runs with


def may_share(program: types.FunctionType, others: Iterable[types.FunctionType]) -> bool:
    """False if the program's threads certainly share nothing that one of them changes, primitives apart.

    others: functions that came in as arguments. Only what runs alone may change things: the program's own code up to
    the first instruction at which a thread may start.
    """
    found = list(_reachable([program, *others]))
    namespaces = frozenset(id(namespace) for _, namespace in found)
    main = program.__code__
    functions = _inner_functions(found)
    reads, writes = _touched([one for one in found if one[0] is not main], functions, namespaces)
    begin = _first_start(program, namespaces)
    _, main_writes = _touched([one for one in found if one[0] is main], functions, namespaces, begin)
    return bool(writes or main_writes & reads)


def _inner_functions(codes: Iterable[Code]) -> dict[str, Any]:
    """Stand-ins for functions defined inside others, by their names: those whose name stands for nothing else."""
    stored = Counter(
        i.argval for code, _ in codes for i in dis.get_instructions(code) if i.opname in ("STORE_DEREF", "STORE_FAST")
    )
    given = {name for code, _ in codes for name in code.co_varnames[: _parameters(code)]}
    inner = {code.co_name: namespace for code, namespace in codes if stored[code.co_name] == 1}
    return {name: _standing_for(namespace) for name, namespace in inner.items() if name not in given}


def _parameters(code: CodeType) -> int:
    starred = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return code.co_argcount + code.co_kwonlyargcount + starred


def _standing_for(namespace: Mapping[str, Any]) -> Any:
    """A function with these globals: of the program, and so watched where it runs."""
    assert isinstance(namespace, dict)
    return types.FunctionType(_standing_for.__code__, namespace)


def _touched(
    codes: Iterable[Code], functions: Mapping[str, Any], program: frozenset[int], begin: int | None = 0
) -> tuple[set[str], set[str]]:
    """The names that these read and write from the instruction at `begin` on; None: none at all.

    functions: inner ones, by name.
    """
    reads: set[str] = set()
    writes: set[str] = set()
    for code, namespace in codes:
        for offset, access in accesses(code).items():
            mode = effect(access, functions, namespace, program) if access.call else access.mode
            if mode is not None and begin is not None and offset >= begin:
                (writes if mode else reads).add(access.location)
    return reads, writes


def _first_start(program: types.FunctionType, namespaces: frozenset[int]) -> int | None:
    """The offset at which the first thread may start: at a method start(), or in a call that could do anything."""
    namespace = program.__globals__
    for offset, access in accesses(program.__code__).items():
        if access.location in ("attribute start", "attribute submit"):
            return offset
        harmless = not access.call or _of_threading(access.operand, namespace)
        if not harmless and effect(access, {}, namespace, namespaces) != READ:
            return offset
    return None


def _of_threading(callee: Expression | None, namespace: Mapping[str, Any]) -> bool:
    """True for a call of something in the module: what it makes starts by a method only."""
    return callee is not None and not callee.local and namespace.get(callee.base or "") is threading


def _reachable(functions: Iterable[types.FunctionType]) -> Iterator[Code]:
    """The code of these functions and of all that they name: functions, classes, and the classes of objects."""
    queue: list[Any] = list(functions)
    seen: set[int] = set()
    while queue:
        one = queue.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, property):
            queue.extend(f for f in (one.fget, one.fset, one.fdel) if f is not None)
        elif isinstance(one, classmethod | staticmethod | types.MethodType):
            queue.append(one.__func__)
        elif isinstance(one, functools.partial):
            queue.extend([one.func, *one.args, *one.keywords.values()])
        elif isinstance(one, types.FunctionType):
            for code in nested(one.__code__):
                yield code, one.__globals__
                queue.extend(one.__globals__[name] for name in code.co_names if name in one.__globals__)
            queue.extend(cell.cell_contents for cell in one.__closure__ or () if _is_full(cell))
        elif isinstance(one, type):
            queue.extend(value for cls in one.__mro__ for value in vars(cls).values() if _is_code(value))
        elif not isinstance(one, types.ModuleType):
            queue.append(type(one))


def _is_full(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _is_code(value: Any) -> bool:
    return isinstance(value, types.FunctionType | property | classmethod | staticmethod)
