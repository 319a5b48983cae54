"""What is touched when a container is gone through, looked into, shown or compared."""

from __future__ import annotations

import gc
import inspect
import itertools
import types
from typing import Any

from semalab.engine.reachability import is_a
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
    NewObject,
    Scope,
    Touch,
    Touches,
    Unknown,
    gives_itself,
    is_of_program,
    is_plain,
    is_simple,
    is_watched,
)
from semalab.stepping.operand_values import value_of
from semalab.stepping.operands import Operand

_UNCHANGING = frozenset((*FROZEN, str, bytes, range))
_GIVEN = vars(BaseException)["args"]  # what an exception was given, whatever its class calls so


def all_plain(container: Any, scope: Scope) -> bool:
    """Whether all that a built-in container holds is plain: looked at as C does, not by ways of its class's own."""
    kind: Any = next((kind for kind in (*CONTAINERS, *FROZEN) if is_a(container, kind)), None)
    if kind is None or kind.__len__(container) > LARGE:
        return False
    items = dict.items(container) if kind is dict else kind.__iter__(container)
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
    return is_a(value, CONTAINERS) and _is_ours(value, methods, scope)


def _is_ours(value: Any, methods: tuple[str, ...], scope: Scope) -> bool:
    for name in methods:
        home = next((base for base in type(value).__mro__ if name in vars(base)), None)
        if home is None or home in EXACT or home is object:
            continue
        if not is_watched(vars(home)[name], scope):  # such as `__getitem__ = dict.pop`
            return False
    return type(value).__module__ not in ("collections",)


def iterated(operand: Operand, scope: Scope) -> Touches:
    """What is read by going through it."""
    value = value_of(operand, scope)
    if type(value) is NewObject:
        if value.kind == "lazy":
            return [touch for part in value.parts for touch in iterated(part, scope)]
        if value.kind in MADE_SIMPLE or value.kind in MADE_CONTAINERS:
            return []
        raise Unknown("it goes through what the lab does not know")
    if type(value) in _UNCHANGING:
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
    return inspect.isgeneratorfunction(begin) or (hasattr(type(value), "__next__") and gives_itself(begin))


def looked_through(value: Any, operand: Operand) -> Touches:
    """The containers under a view or an iterator, which itself moves on."""
    found: Touches = [] if type(value) in VIEWS else [touch_of(value, WRITE, operand)]
    together = type(value) in (zip, itertools.chain)  # what it goes through is in a tuple
    parts = [part for one in gc.get_referents(value) for part in (_inside(one) if together else [one])]
    for inner in parts:
        if type(inner) in EXACT:
            found.append(touch_of(inner, READ, operand))
        elif type(inner) in VIEWS or type(inner) in ITERATORS:
            found += looked_through(inner, operand)
        elif not is_simple(inner) and (together or type(inner) not in FROZEN):
            raise Unknown
    return found


def _inside(one: Any) -> list[Any]:
    """What there is in a tuple, or in one that is gone through."""
    whole = [one] if type(one) is tuple else [each for each in gc.get_referents(one) if type(each) is tuple]
    return [one] if not whole else [part for each in whole for part in each]


def shown(operand: Operand, scope: Scope) -> Touches:
    """What is read by comparing it, hashing it or making a text of it."""
    value = value_of(operand, scope)
    if is_plain(value, scope):
        return []
    if type(value) is NewObject:
        if value.kind == "tuple" and value.parts:
            return [touch for part in value.parts for touch in shown(part, scope)]
        raise Unknown
    if type(value) in EXACT and all_plain(value, scope):
        return [touch_of(value, READ, operand)]
    if type(value) in FROZEN and all_plain(value, scope):
        return []
    if is_a(value, BaseException) and all(map(is_simple, _GIVEN.__get__(value))):
        return _of_exception(value, scope)
    raise Unknown


def _of_exception(error: BaseException, scope: Scope) -> Touches:
    """A text is made of what it was given, unless its class makes another one."""
    for name in ("__str__", "__repr__"):
        found = next(vars(base)[name] for base in type(error).__mro__ if name in vars(base))
        if found not in (BaseException.__str__, BaseException.__repr__, KeyError.__str__) and not is_watched(
            found, scope
        ):
            raise Unknown
    return [Touch("attribute args", READ)]


def nobody_knows() -> Touches:
    raise Unknown


def begun(operand: Operand, scope: Scope, at_its_end: bool = False) -> Touches:
    """iter(): of a list it reads nothing yet, of a dict or a set how many there are.

    at_its_end: reversed(), which has to know where a list ends.
    """
    try:
        return [touch for touch in iterated(operand, scope) if at_its_end or not is_a(touch.container, list)]
    except Unknown:
        value = value_of(operand, scope)
        if is_a(value, types.GeneratorType):
            return []
        if type(value) is NewObject or not is_of_program(value, scope, ("__iter__",)):
            raise
    return []


def of_length(access: Access, scope: Scope) -> Touches:
    (operand,) = access.operands
    value = value_of(operand, scope)
    if type(value) is NewObject and value.kind in ("lazy", "object"):
        return iterated(operand, scope)
    if type(value) is NewObject or type(value) in (*FROZEN, str, bytes, range):
        return []
    if is_container(value, scope, "__len__"):
        return [touch_of(value, READ, operand)]
    if type(value) in VIEWS:
        return looked_through(value, operand)
    return [] if is_of_program(value, scope, ("__len__",)) else nobody_knows()
