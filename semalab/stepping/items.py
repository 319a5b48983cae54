"""What is touched when a container is gone through, looked into, shown or compared."""

from __future__ import annotations

import gc
import inspect
import itertools
import types
from typing import Any

from semalab.stepping.accesses import ITEMS, Access
from semalab.stepping.footprint import READ, WRITE
from semalab.stepping.known import (
    CONTAINERS,
    EXACT,
    FROZEN,
    ITERATORS,
    LARGE,
    MADE_CONTAINERS,
    MADE_SIMPLE,
    VIEWS,
    Made,
    Scope,
    Touch,
    Touches,
    Unknown,
    is_of_program,
    is_plain,
    is_simple,
    is_watched,
)
from semalab.stepping.operand_values import value_of
from semalab.stepping.operands import Operand


def all_plain(container: Any, scope: Scope) -> bool:
    if len(container) > LARGE:
        return False
    items = itertools.chain(container.items()) if isinstance(container, dict) else container
    return all(is_plain(one, scope) or _is_pair(one, scope) for one in list(items))


def _is_pair(one: Any, scope: Scope) -> bool:
    return type(one) is tuple and all(is_plain(part, scope) for part in one)


def name_of(operand: Operand) -> str:
    """What the operand is called in the program."""
    if operand.kind == "item":
        return f"{name_of(operand.parts[0])}[...]"
    if operand.kind == "iterator":
        return name_of(operand.parts[0])
    return str(operand.name) if operand.kind in ("local", "cell", "global", "attribute") else operand.kind


def touch_of(container: Any, mode: bool, operand: Operand) -> Touch:
    return Touch(f"{ITEMS} of {name_of(operand)}", mode, container)


def is_container(value: Any, scope: Scope, *methods: str) -> bool:
    """A built-in container, or one of a class derived from it that does not have its own way with this, unwatched."""
    if type(value) in EXACT:
        return True
    return isinstance(value, CONTAINERS) and _is_ours(value, methods, scope)


def _is_ours(value: Any, methods: tuple[str, ...], scope: Scope) -> bool:
    for name in methods:
        found = next((vars(base)[name] for base in type(value).__mro__ if name in vars(base)), None)
        if isinstance(found, types.FunctionType) and not is_watched(found, scope):
            return False
    return type(value).__module__ not in ("collections",)


def iterated(operand: Operand, scope: Scope) -> Touches:
    """What is read by going through it."""
    value = value_of(operand, scope)
    if isinstance(value, Made):
        if value.kind == "lazy":
            return [touch for part in value.parts for touch in iterated(part, scope)]
        if value.kind in MADE_SIMPLE or value.kind in MADE_CONTAINERS:
            return []
        raise Unknown("it goes through what the lab does not know")
    if isinstance(value, (*FROZEN, str, bytes, range)) and type(value) in (*FROZEN, str, bytes, range):
        return []
    if is_container(value, scope, "__iter__"):
        return [touch_of(value, READ, operand)]
    if type(value) in VIEWS or type(value) in ITERATORS:
        return looked_through(value, operand)
    own = is_of_program(value, scope, ("__iter__", "__next__", "__getitem__", "__len__"))
    if own and _goes_on_watched(value, scope):
        return []
    raise Unknown("it goes through what the lab does not know")


def _goes_on_watched(value: Any, scope: Scope) -> bool:
    """Whether all that goes on while this is gone through is code of the program."""
    begin = next((vars(base)["__iter__"] for base in type(value).__mro__ if "__iter__" in vars(base)), None)
    if begin is None:
        return True
    return hasattr(type(value), "__next__") or inspect.isgeneratorfunction(begin)


def looked_through(value: Any, operand: Operand) -> Touches:
    """The containers under a view or an iterator, which itself moves on."""
    found: Touches = [] if type(value) in VIEWS else [touch_of(value, WRITE, operand)]
    for inner in gc.get_referents(value):
        if type(inner) in EXACT:
            found.append(touch_of(inner, READ, operand))
        elif type(inner) in VIEWS or type(inner) in ITERATORS:
            found += looked_through(inner, operand)
        elif not is_simple(inner) and type(inner) not in FROZEN:
            raise Unknown
    return found


def shown(operand: Operand, scope: Scope) -> Touches:
    """What is read by comparing it, hashing it or making a text of it."""
    value = value_of(operand, scope)
    if is_plain(value, scope):
        return []
    if isinstance(value, Made):
        if value.kind == "tuple" and value.parts:
            return [touch for part in value.parts for touch in shown(part, scope)]
        raise Unknown
    if type(value) in EXACT and all_plain(value, scope):
        return [touch_of(value, READ, operand)]
    if type(value) in FROZEN and all_plain(value, scope):
        return []
    if isinstance(value, BaseException) and all(is_simple(one) for one in value.args):
        return []
    raise Unknown


def nobody_knows() -> Touches:
    raise Unknown


def begun(operand: Operand, scope: Scope) -> Touches:
    """iter(): of a list it reads nothing yet, of a dict or a set how many there are."""
    try:
        return [touch for touch in iterated(operand, scope) if not isinstance(touch.container, list)]
    except Unknown:
        value = value_of(operand, scope)
        if isinstance(value, types.GeneratorType):
            return []
        if isinstance(value, Made) or not is_of_program(value, scope, ("__iter__",)):
            raise
    return []


def of_length(access: Access, scope: Scope) -> Touches:
    (operand,) = access.operands
    value = value_of(operand, scope)
    if isinstance(value, Made) or type(value) in (*FROZEN, str, bytes, range):
        return []
    if is_container(value, scope, "__len__"):
        return [touch_of(value, READ, operand)]
    if type(value) in VIEWS:
        return looked_through(value, operand)
    return [] if is_of_program(value, scope, ("__len__",)) else nobody_knows()
