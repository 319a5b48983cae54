"""Whether an instruction touches the contents of a container: asked of the objects it works on."""

from __future__ import annotations

import builtins
import types
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from semalab.stepping.accesses import ITEMS, Access, Expression
from semalab.stepping.footprint import READ, WRITE

_SIMPLE = (int, float, complex, str, bytes, range, type(None), types.ModuleType, type)
_PURE = frozenset(
    "abs all any bin bool callable chr divmod enumerate format hash hex id isinstance issubclass len max min oct ord"
    " pow print repr reversed round sorted sum zip iter getattr hasattr input".split()
)
_LOOKS = frozenset("get keys values items index count copy".split())
_OF_PRIMITIVES = frozenset(
    "acquire release locked start join wait wait_for notify notify_all set is_set is_alive format sleep".split()
)
_OF_CONTAINERS = frozenset(
    "append appendleft add pop popleft popitem remove discard clear insert reverse setdefault".split()
)
_TWINS = (
    "threading",
    "time",
    "random",
    "_thread",
    "queue",
    "concurrent",
    "semalab",
)  # what they touch they say themselves
_UNKNOWN = object()


def effect(
    access: Access, names: Mapping[str, Any], namespace: Mapping[str, Any], program: AbstractSet[int]
) -> bool | None:
    """READ or WRITE as the access really is, None if it touches nothing.

    names: local and enclosed variables. namespace: the globals. program: identities of the program's namespaces.
    """
    if access.operand is None:
        return access.mode
    if access.call:
        return _of_call(access.operand, names, namespace, program)
    value = _value(access.operand, names, namespace)
    if hasattr(type(value), "__next__"):  # to look at an iterator moves it on
        return WRITE
    return None if isinstance(value, _SIMPLE) else access.mode


def is_inside(access: Access, names: Mapping[str, Any], namespace: Mapping[str, Any]) -> bool:
    """Whether an attribute is what a primitive keeps inside, and not one of that name in a class of the program."""
    assert access.operand is not None
    owner = _value(access.operand, names, namespace)
    return owner is _UNKNOWN or any(cls.__module__.split(".")[0] in _TWINS for cls in type(owner).__mro__)


def container(access: Access, names: Mapping[str, Any], namespace: Mapping[str, Any]) -> tuple[Any, str] | None:
    """The only container that an access touches, and the name it has there; None if it may touch others."""
    operand = access.operand
    if operand is None or access.mixed:
        return None
    if access.call:
        if operand.attribute not in _OF_CONTAINERS and operand.attribute not in _LOOKS:
            return None
        operand = operand._replace(attribute=None)
    value = _value(operand, names, namespace)
    return None if value is _UNKNOWN else (value, f"{ITEMS} of {operand.attribute or operand.base}")


def _of_call(
    callee: Expression, names: Mapping[str, Any], namespace: Mapping[str, Any], program: AbstractSet[int]
) -> bool | None:
    if callee.attribute is None:
        return _of(_base(callee, names, namespace), program)
    owner = _base(callee, names, namespace)
    if owner is _UNKNOWN:
        return READ if callee.attribute in _OF_PRIMITIVES else WRITE
    if isinstance(owner, types.ModuleType):
        return _of(vars(owner).get(callee.attribute, _UNKNOWN), program)
    if type(owner).__module__ == "threading":
        return None
    if isinstance(owner, _SIMPLE) or callee.attribute in _LOOKS:
        return READ
    return _of(_attribute(owner, callee.attribute), program)


def _of(function: Any, program: AbstractSet[int]) -> bool | None:
    """What calling this may do besides what the called code is watched at itself."""
    if isinstance(function, types.MethodType):
        return _of(function.__func__, program)
    module = str(getattr(function, "__module__", None) or "")
    if module.split(".")[0] in _TWINS:
        return None
    if isinstance(function, types.FunctionType):
        return None if id(function.__globals__) in program else WRITE
    if isinstance(function, type):
        return READ
    pure = module == "builtins" and getattr(function, "__name__", "") in _PURE
    return READ if pure and getattr(builtins, function.__name__, None) is function else WRITE


def _value(expression: Expression, names: Mapping[str, Any], namespace: Mapping[str, Any]) -> Any:
    value = _base(expression, names, namespace)
    if value is _UNKNOWN or expression.attribute is None:
        return value
    return _attribute(value, expression.attribute)


def _base(expression: Expression, names: Mapping[str, Any], namespace: Mapping[str, Any]) -> Any:
    if expression.base is None:
        return _UNKNOWN
    places = (names,) if expression.local else (namespace, vars(builtins))
    return next((place[expression.base] for place in places if expression.base in place), _UNKNOWN)


def _attribute(owner: Any, name: str) -> Any:
    """Found without running any of the program's code."""
    own = getattr(owner, "__dict__", None)
    if isinstance(own, Mapping) and name in own:
        return own[name]
    return next((vars(cls)[name] for cls in type(owner).__mro__ if name in vars(cls)), _UNKNOWN)
