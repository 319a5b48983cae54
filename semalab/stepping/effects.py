"""What an instruction really touches: judged by the values that it works on, before it is executed.

What is not known to be harmless touches everything.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import sys
import threading
import types
from collections.abc import Callable
from typing import Any

from semalab.engine.reachability import is_a
from semalab.stepping.accesses import DEEP, ITEMS, Access
from semalab.stepping.calls import of_call, of_instance
from semalab.stepping.footprint import EVERYTHING, READ, WRITE
from semalab.stepping.instead import instead_of_attribute
from semalab.stepping.items import (
    all_plain,
    begun,
    is_container,
    iterated,
    looked_through,
    nobody_knows,
    of_length,
    shown,
    touch_of,
)
from semalab.stepping.known import (
    CALM_GUARDS,
    EXACT,
    FROZEN,
    MADE_CONTAINERS,
    MADE_SIMPLE,
    MISSING,
    TWINS,
    VIEWS,
    NewObject,
    Scope,
    Touch,
    Touches,
    Unknown,
    Unobservable,
    found_in_class,
    is_known_code,
    is_of_program,
    is_plain,
    is_program_class,
    is_simple,
    is_twin,
    is_twin_class,
    is_watched,
    kept_by_libraries,
    library,
)
from semalab.stepping.operand_values import attribute_of, called_by, found_after, own_namespace, value_of
from semalab.stepping.operands import Operand

_INSIDES = frozenset(
    "_value _flag _is_stopped _started _state queue unfinished_tasks is_shutdown mutex not_empty not_full"
    " all_tasks_done".split()
)


_PLAINLY_DESCRIBED = (
    *(types.FunctionType, staticmethod, classmethod, types.MethodType, type),
    *(types.MethodDescriptorType, types.BuiltinFunctionType, types.MemberDescriptorType, types.WrapperDescriptorType),
)


def touches(access: Access, scope: Scope) -> Touches:
    """What the instruction touches. Raises Unknown if that may be anything."""
    if not access.how:
        return [Touch(access.location, access.mode)]
    if access.how == "attribute":
        return _of_attribute(access, scope)
    if access.how.startswith("call"):
        return of_call(access, scope)
    return _WAYS[access.how](access, scope)


def _of_attribute(access: Access, scope: Scope) -> Touches:
    (operand,) = access.operands
    name = access.location.removeprefix("attribute ")
    plain = Touch(access.location, access.mode)
    try:
        owner = value_of(operand, scope)
    except Unknown:
        if name in _INSIDES:
            raise
        return [plain, Touch(f"variable {name}", access.mode)]  # it may be a module
    if is_a(owner, types.ModuleType):
        return [plain, Touch(f"variable {name}", access.mode)]
    if type(owner) is threading.local:  # each thread has its own
        return []
    if type(owner) is NewObject:
        if owner.kind != "super":
            if owner.cls is None or is_twin_class(owner.cls):
                return [plain]
            found = attribute_of(owner.cls, name)
            return [plain] if _is_plainly_described(found, owner, scope) else nobody_knows()
        found, owner = found_after(owner, name, scope)
        return [plain] if _is_plainly_described(found, owner, scope) else nobody_knows()
    if name in _INSIDES and any(map(is_twin_class, type(owner).__mro__)):
        raise Unknown
    if access.mode and name in kept_by_libraries(type(owner)) and type(attribute_of(type(owner), name)) is not property:
        raise Unobservable(f"it changes `{name}` of a {type(owner).__name__} while threads run")
    found = attribute_of(owner, name)
    if not _is_plainly_kept(owner, name, found, scope):
        how = instead_of_attribute(found)
        raise Unknown(f"it uses the attribute `{name}` of a {type(owner).__name__}", how)
    return [plain]


def _of_special(access: Access, scope: Scope) -> Touches:
    """A name that Python looks up by itself is given a value: `__len__` of a class, `__class__`, `__code__`."""
    name = access.location.removeprefix("attribute ")
    try:
        owner = value_of(access.operands[0], scope)
    except Unknown:
        owner = MISSING
    plain = owner is not MISSING and not is_a(owner, NewObject | type | types.FunctionType)
    if plain and name not in DEEP and name != "__class__":
        return _of_attribute(access, scope)  # of an object Python looks up nothing, only of its class
    raise Unobservable(f"it changes `{name}` while threads run")


def _is_plainly_kept(owner: Any, name: str, found: Any, scope: Scope) -> bool:
    """Whether an attribute is nothing but a value kept, a method, or what the program's code makes of it."""
    if found is MISSING:
        other = attribute_of(type(owner) if is_a(owner, type) else owner, "__getattr__")
        return other is MISSING or is_watched(other, scope)
    own = own_namespace(owner)
    if own is not None and name in own and not hasattr(type(found), "__set__"):
        return True
    return _is_plainly_described(found, owner, scope)


def _is_plainly_described(found: Any, owner: Any, scope: Scope) -> bool:
    """The same of what is found in a class, as `super()` finds it."""
    if is_a(found, property):
        return all(one is None or is_watched(one, scope) for one in (found.fget, found.fset, found.fdel))
    if is_a(owner, type) or not hasattr(type(found), "__get__"):
        return True
    if is_a(found, types.GetSetDescriptorType):
        return type(owner).__module__ in ("builtins", "collections")
    if is_a(found, _PLAINLY_DESCRIBED):
        return True
    return is_of_program(found, scope, ("__get__", "__set__"))


def _of_item(access: Access, scope: Scope) -> Touches:
    owner, key = access.operands[1:3] if access.how == "store" else access.operands[:2]
    container, index = value_of(owner, scope), value_of(key, scope)
    if not is_plain(index, scope):
        raise Unknown
    besides: Touches = []
    is_slice = index.kind == "slice" if type(index) is NewObject else is_a(index, slice)
    if access.how == "store" and (is_slice or len(access.operands) == 4):
        besides = iterated(access.operands[0], scope)
    if type(container) is NewObject:
        if container.kind in MADE_SIMPLE or container.kind in MADE_CONTAINERS:
            return besides
        raise Unknown
    if type(container) in (*FROZEN, str, bytes, range) or is_a(container, type):
        return besides
    if is_a(container, collections.defaultdict):
        factory = container.default_factory
        known = factory is None or factory in (int, list, dict, set, str) or is_known_code(factory, scope)
        if not known or type(container) is not collections.defaultdict:
            raise Unknown
        return [touch_of(container, WRITE, owner), Touch("attribute default_factory", READ), *besides]
    method = {READ: "__getitem__", WRITE: "__setitem__"}[access.mode]
    if is_container(container, scope, method, "__delitem__", "__missing__"):
        return [touch_of(container, access.mode, owner), *besides]
    if is_of_program(container, scope, (method, "__delitem__")) and hasattr(type(container), method):
        return besides
    raise Unknown


def _of_store(access: Access, scope: Scope) -> Touches:
    if len(access.operands) == 4:
        value, owner, *_ = access.operands
        return _of_item(access._replace(operands=(value, owner, Operand("constant", 0)), how="store"), scope) + (
            iterated(value, scope)
        )
    return _of_item(access, scope)


def _of_contains(access: Access, scope: Scope) -> Touches:
    one, container = access.operands
    value = value_of(container, scope)
    if not is_plain(value_of(one, scope), scope):
        raise Unknown("it compares what the lab does not know")
    if type(value) is NewObject or type(value) in (*FROZEN, str, bytes, range):
        if type(value) is NewObject and value.kind == "lazy":
            return iterated(container, scope)
        if is_a(value, tuple | frozenset) and not all(is_plain(each, scope) for each in value):
            raise Unknown
        return []
    if type(value) in EXACT and all_plain(list(value) if is_a(value, dict) else value, scope):
        return [touch_of(value, READ, container)]
    if type(value) in VIEWS:
        return looked_through(value, container)
    if is_of_program(value, scope, ("__contains__",)) and hasattr(type(value), "__contains__"):
        return [] if is_watched(attribute_of(value, "__contains__"), scope) else nobody_knows()
    raise Unknown("it looks into what the lab does not know")


def _of_compared(access: Access, scope: Scope) -> Touches:
    return [touch for operand in access.operands for touch in shown(operand, scope)]


def _of_operation(access: Access, scope: Scope) -> Touches:
    left, right = access.operands
    mine, its = value_of(left, scope), value_of(right, scope)
    if is_simple(mine) and is_simple(its):
        return []
    found: Touches = []
    for operand, value in ((left, mine), (right, its)):
        if type(value) is NewObject and value.kind in MADE_CONTAINERS and is_simple(its if operand is left else mine):
            continue
        if type(mine) is NewObject and type(its) is NewObject and {mine.kind, its.kind} <= MADE_CONTAINERS:
            continue
        if not is_of_program(value, scope, _OPERATORS):
            found += shown(operand, scope)
    if access.mode and type(mine) in EXACT:
        found.append(touch_of(mine, WRITE, left))
        if type(its) not in EXACT and not is_simple(its):
            found += iterated(right, scope)
    return found


_OPERATORS = tuple(
    f"__{prefix}{name}__"
    for name in "add sub mul truediv floordiv mod pow and or xor lshift rshift matmul".split()
    for prefix in ("", "r", "i")
)


def _of_truth(access: Access, scope: Scope) -> Touches:
    (operand,) = access.operands
    if operand.kind == "unknown":
        raise Unknown
    if operand.kind == "call":
        function = operand.parts[0]
        _, owner = called_by(function, scope)
        if owner is not MISSING and is_twin(owner) and function.name in (*_TWIN_ANSWERS, *_ANSWERS):
            return []
    value = value_of(operand, scope)
    if type(value) is NewObject:
        if value.kind == "lazy":
            return iterated(operand, scope)
        return [] if value.kind != "object" else nobody_knows()
    if is_simple(value) or type(value) in FROZEN:
        return []
    if is_container(value, scope, "__bool__", "__len__"):
        return [touch_of(value, READ, operand)]
    return [] if is_of_program(value, scope, ("__bool__", "__len__")) or is_twin(value) else nobody_knows()


_TWIN_ANSWERS = ("empty", "full", "qsize", "getName", "done", "cancelled", "cancel", "running")
_ANSWERS = ("acquire", "locked", "is_set", "is_alive", "wait")


def _of_begin(access: Access, scope: Scope) -> Touches:
    return begun(access.operands[0], scope)


def _of_sent(access: Access, scope: Scope) -> Touches:
    return iterated(access.operands[0], scope)


def _of_iteration(access: Access, scope: Scope) -> Touches:
    return iterated(access.operands[0], scope)


def _of_with(access: Access, scope: Scope) -> Touches:
    (operand,) = access.operands
    if operand.kind == "call":
        _check_guard(operand, scope)
        return []
    value = value_of(operand, scope)
    if is_twin(value):
        return []
    if type(value) in CALM_GUARDS:
        return [Touch(f"attribute {name}", READ) for name in own_namespace(value) or ()]
    if type(value) is not NewObject and is_of_program(value, scope, ("__enter__", "__exit__")):
        return []
    if any(map(is_twin_class, type(value).__mro__)) and all(
        is_watched(found, scope) or library(found) in TWINS  # what the program has not made anew is the primitive's
        for found in (attribute_of(type(value), name) for name in ("__enter__", "__exit__"))
    ):
        return []
    raise Unknown("it enters a `with` of something that the lab does not know")


def _check_guard(operand: Operand, scope: Scope) -> None:
    """Raises Unknown unless what a call returns is a guard of a known kind, or the program's own, which is watched."""
    function, _ = called_by(operand.parts[0], scope)
    while type(function) is functools.partial:
        function = function.func
    if is_a(function, type):
        if is_twin_class(function) or function in CALM_GUARDS:
            return
        found = [found_in_class(function, name) for name in ("__enter__", "__exit__")]
        if is_program_class(function, scope) and all(is_watched(one, scope) or library(one) in TWINS for one in found):
            return
    elif _makes_guards(function, scope) or is_twin(value_of(operand, scope)):
        return
    raise Unknown("it enters a `with` of something that the lab does not know")


def _makes_guards(function: Any, scope: Scope) -> bool:
    """Whether it is a twin's, or what `contextmanager` has made of the program's generator."""
    if type(function) is NewObject or not is_known_code(function, scope):
        return False
    return not is_watched(function, scope) or function.__code__.co_filename == contextlib.__file__


def _of_instance(access: Access, scope: Scope) -> Touches:
    return of_instance(access.operands, scope)


def _of_import(access: Access, scope: Scope) -> Touches:
    """Python's own modules are there, and what is there already is only looked up. Another may have to be loaded."""
    module, up, *wanted = (operand.name for operand in access.operands)
    if up:
        package = scope.namespace.get("__package__") or ""
        parents = package.split(".")[: len(package.split(".")) - up + 1]
        module = ".".join([*parents, module] if module else parents)
    there = sys.modules.get(module)
    if module.partition(".")[0] not in sys.stdlib_module_names:
        names = own_namespace(there) or {}
        parts = [name for name in wanted if "__path__" in names and name not in names and name != "*"]
        if there is None or not all(f"{module}.{name}" in sys.modules for name in parts):
            raise Unknown
    return [Touch(f"{ITEMS} of modules", READ, sys.modules)]


_WAYS: dict[str, Callable[[Access, Scope], Touches]] = {
    "special": _of_special,
    "item": _of_item,
    "store": _of_store,
    "contains": _of_contains,
    "compare": _of_compared,
    "format": _of_compared,
    "number": _of_compared,
    "operate": _of_operation,
    "in place": _of_operation,
    "truth": _of_truth,
    "begin": _of_begin,
    "iterate": _of_iteration,
    "send": _of_sent,
    "length": of_length,
    "keys": _of_iteration,
    "with": _of_with,
    "import": _of_import,
    "instance": _of_instance,
}


def everything() -> Touches:
    """What an instruction touches of which nobody knows what it touches."""
    return [Touch(EVERYTHING, WRITE)]
