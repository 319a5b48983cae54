"""What a call touches: of the program's code nothing, which is watched itself; of a built-in what is known of it."""

from __future__ import annotations

import abc
import collections
import functools
import sys
import types
from collections.abc import Sequence
from typing import Any

from semalab.engine.reachability import is_a
from semalab.stepping.accesses import ITEMS, Access
from semalab.stepping.footprint import READ, WRITE
from semalab.stepping.instead import NAMED, instead_of_call
from semalab.stepping.items import (
    all_plain,
    begun,
    is_container,
    iterated,
    looked_through,
    name_of,
    nobody_knows,
    of_length,
    shown,
    touch_of,
)
from semalab.stepping.known import (
    CALM_GUARDS,
    EXACT,
    FROZEN,
    FUNCTIONS,
    IDLE,
    ITERATORS,
    LAZY,
    LOOK,
    MADE_SIMPLE,
    MISSING,
    OF_NUMBERS,
    OF_SCALARS,
    READERS,
    SCALARS,
    SORTERS,
    TWINS,
    TWINS_WITH_SIMPLE,
    NewObject,
    Scope,
    Touch,
    Touches,
    Unknown,
    Unobservable,
    found_in_class,
    is_built_in,
    is_known_code,
    is_plain,
    is_program_class,
    is_simple,
    is_twin,
    is_twin_class,
    is_watched,
    library,
    name_in_code,
    unbound,
)
from semalab.stepping.operand_values import called_by, own_namespace, value_of
from semalab.stepping.operands import Operand

_FIND = frozenset("index count get __contains__ __getitem__ __len__".split())
_CHANGE = frozenset("append appendleft pop popleft popitem clear insert reverse rotate move_to_end".split())
_CHANGE_BY_KEY = frozenset("add remove discard setdefault __setitem__ __delitem__".split())
_CHANGE_FROM = frozenset(
    "__init__ extend extendleft update union intersection difference issubset issuperset isdisjoint".split()
)
# Who answers whether something is of a class, and touches nothing that threads change.
_ASKED = (*(vars(cls)[f"__{name}check__"] for cls in (type, abc.ABCMeta) for name in ("instance", "subclass")),)
_OF_OBJECTS = frozenset("__init__ __new__ __init_subclass__ __eq__ __ne__ __hash__".split())


def of_call(access: Access, scope: Scope) -> Touches:
    callee, *given = access.operands
    starred, named = access.how == "call starred", access.how == "call named"
    try:
        function, owner = called_by(callee, scope)
    except Unknown as unknown:
        raise Unknown(unknown.inside or "it calls something that the lab does not know", NAMED) from None
    found: Touches = []
    if starred:
        for one in given:
            if one.kind != "constant":  # nobody changes one
                found += iterated(one, scope)
    if is_a(function, types.MethodType):
        function = function.__func__
    while type(function) is functools.partial:
        found.append(Touch(f"{ITEMS} of keywords", READ, function.keywords))
        function = function.func
    if _prints(function):
        return found + [touch for one in given[: 1 if starred else None] for touch in _printed(one, starred, scope)]
    if is_known_code(function, scope) or _makes_no_more(function, owner, callee.name, given, scope):
        _check_given(owner, callee.name, given, scope)
        return found
    if function is vars(type)["__call__"] and is_a(owner, type):  # as `super().__call__()` in a metaclass: it makes one
        function = owner
        if is_program_class(function, scope, called=True):
            return found
    module = library(function)
    if module in TWINS_WITH_SIMPLE and not is_a(function, type):
        if starred or not all(is_simple(value_of(one, scope)) for one in given):
            raise _unknown_call(function, callee)
        return found
    if starred:
        if is_a(function, type) and is_program_class(function, scope):
            return found
        raise _unknown_call(function, callee)
    if type(function) is NewObject and function.kind == "class builder":
        return _of_class(given[2:], named, scope)
    if function is MISSING and type(owner) is NewObject:
        return _of_new(callee, owner, given, scope)
    if is_a(function, type):
        return _of_construction(function, callee, given, named, scope)
    if is_a(owner, str) or (callee.name and _is_containers_own(function, owner, callee.name, scope)):
        return _of_method(callee, owner, given, named, scope)
    if is_a(owner, (int, float, bytes, *FROZEN)) and all(is_plain(value_of(o, scope), scope) for o in given):
        return [] if is_simple(owner) else nobody_knows()
    if is_built_in(function):
        return _of_built_in(function, given, named, scope)
    if is_a(function, types.BuiltinFunctionType) and function in OF_NUMBERS and not named:
        if not all(is_simple(value_of(one, scope)) for one in given):
            raise Unknown(f"it calls `{name_of(callee)}`")
        return []
    if function is sys.exit:
        return [touch for one in given for touch in shown(one, scope)]
    raise _unknown_call(function, callee)


def _unknown_call(function: Any, callee: Operand) -> Unknown:
    return Unknown(f"it calls `{name_of(callee)}`", instead_of_call(function))


def _is_containers_own(function: Any, owner: Any, name: str, scope: Scope) -> bool:
    """Whether this is the method that a container's class has under its name, and not what the object has instead."""
    return is_container(owner, scope, name) and function is found_in_class(type(owner), name)


def _prints(function: Any) -> bool:
    """Whether it is `print`, or its twin."""
    if name_in_code(function) != "print":
        return False
    home = function.__globals__.get("__name__", "") if is_a(function, types.FunctionType) else ""
    return is_built_in(function) or str(home).partition(".")[0] in TWINS


def _printed(operand: Operand, starred: bool, scope: Scope) -> Touches:
    if starred:
        values = value_of(operand, scope)
        return [] if type(values) in (*EXACT, *FROZEN) and all_plain(values, scope) else nobody_knows()
    return shown(operand, scope)


def of_instance(operands: Sequence[Operand], scope: Scope) -> Touches:
    """Whether one is of a class, or of one of several: nothing, unless one of them has a say in it that is not known.

    operands: the one, and the class or a tuple of them.
    """
    classes = value_of(operands[1], scope)
    if type(classes) is NewObject:
        those = [value_of(one, scope) for one in classes.parts] if classes.kind == "tuple" else [classes]
    else:
        those = list(tuple.__iter__(classes)) if is_a(classes, tuple) else [classes]
    for cls in (part for one in those for part in _parts_of_union(one)):
        asked = [found_in_class(type(cls), name) for name in ("__instancecheck__", "__subclasscheck__")]
        if not is_a(cls, type) or not all(_is_calmly_asked(one, scope) for one in asked):
            raise Unknown("it asks for the class of something in a way that the lab does not know")
    try:
        one = value_of(operands[0], scope)
    except Unknown:
        return []
    own = found_in_class(type(one), "__class__")
    if own is not vars(object)["__class__"] and not (is_a(own, property) and is_watched(own.fget, scope)):
        raise Unknown("it asks for the class of something in a way that the lab does not know")
    return []


def _parts_of_union(cls: Any) -> tuple[Any, ...]:
    return tuple(cls.__args__) if is_a(cls, types.UnionType) else (cls,)


def _is_calmly_asked(method: Any, scope: Scope) -> bool:
    return any(method is one for one in _ASKED) or is_watched(method, scope)


def _of_class(bases: Sequence[Operand], named: bool, scope: Scope) -> Touches:
    """A class is made: what it is derived from may do something then."""
    for base in bases:
        cls = value_of(base, scope)
        if named or not is_a(cls, type) or type(cls) not in (type, abc.ABCMeta):
            raise Unknown("it makes a class in a way that the lab does not know")
        told = found_in_class(cls, "__init_subclass__")
        told = told.__func__ if is_a(told, classmethod) else told
        if told is not vars(object)["__init_subclass__"] and not is_watched(told, scope):
            raise Unknown("it makes a class in a way that the lab does not know")
    return []


def _check_given(owner: Any, name: Any, given: list[Operand], scope: Scope) -> None:
    """Raises Unknown if a primitive would call what the lab cannot look into: what it waits for, a barrier's action."""
    if name == "wait":
        those = [((own_namespace(owner) if is_twin(owner) else None) or {}).get("_action")]
    elif name == "wait_for" and given:
        those = [called_by(given[0], scope)[0]]
    else:
        return
    if not all(one is None or is_known_code(unbound(one), scope) for one in those):
        raise Unobservable(f"`{name}` calls what the lab cannot look into")


def _makes_no_more(function: Any, owner: Any, name: Any, given: list[Operand], scope: Scope) -> bool:
    """Whether this is a method of `object` or of a built-in class that does nothing but keep what it is given."""
    if name not in _OF_OBJECTS or type(owner) is NewObject:
        return False
    if function is vars(object)[name]:
        return True
    cls = owner if is_a(owner, type) else type(owner)
    if name not in ("__init__", "__new__"):
        return False
    if issubclass(cls, BaseException) and not is_a(function, types.FunctionType):
        return True
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return True
    home = function.__self__ if is_a(function, types.BuiltinFunctionType) else None
    return any(home is one for one in SCALARS) and all(is_simple(value_of(one, scope)) for one in given)


def _of_construction(cls: type, callee: Operand, given: list[Operand], named: bool, scope: Scope) -> Touches:
    if is_built_in(cls):
        if not given or cls is object:
            return []
        if issubclass(cls, BaseException):
            return []
        return _of_built_in(cls, given, named, scope)
    if cls in CALM_GUARDS or is_twin_class(cls) or is_program_class(cls, scope):
        return []
    if not given and cls.__module__ == "collections":
        return []
    raise _unknown_call(cls, callee)


def _of_built_in(function: Any, given: list[Operand], named: bool, scope: Scope) -> Touches:
    name = function.__name__
    if name in ("isinstance", "issubclass") and len(given) == 2:
        return of_instance(given, scope)
    if name in IDLE or name in ("range", "slice"):
        return []
    if name == "dict" and named and not any(one.kind == "unknown" for one in given):
        raise Unknown
    if named and name not in ("sorted", "min", "max", "sum", "enumerate", "int", "print", "round"):
        raise Unknown(f"it calls `{name}`")
    if name in LAZY or name in ("map", "filter"):
        those = [one for one in given if one.kind != "constant"] if name in LAZY else given[1:]
        return [touch for one in those for touch in begun(one, scope, name == "reversed")]
    if name in OF_SCALARS:
        return [touch for one in given for touch in shown(one, scope)]
    if name in READERS or name in SORTERS or function is collections.deque:
        return _read_by(name, given, named, scope)
    if name == "next" and given and not named:
        return _moved_on(given[0], scope)
    raise Unknown(f"it calls `{name}`" if name in ("exec", "eval", "compile", "__import__") else "")


def _moved_on(operand: Operand, scope: Scope) -> Touches:
    value = value_of(operand, scope)
    if type(value) is not NewObject and type(value) in ITERATORS:
        return looked_through(value, operand)
    raise Unknown("it moves on what the lab does not know")


def _read_by(name: str, given: list[Operand], named: bool, scope: Scope) -> Touches:
    if name in ("min", "max") and len(given) > 1 and not named:
        return [touch for one in given for touch in shown(one, scope)]
    found: Touches = []
    for one in given:
        value = value_of(one, scope)
        if is_simple(value) and not is_a(value, str | bytes | range) and len(given) > 1:
            if is_a(value, FUNCTIONS):
                raise Unknown(f"it calls `{name}` with a function")
            continue
        if name == "len":
            found += of_length(Access(ITEMS, READ, "length", (one,)), scope)
            continue
        found += iterated(one, scope)
        if type(value) is NewObject:
            if value.kind == "lazy" and any(_runs_code(part, scope) for part in _lazily(one)):
                raise Unknown(f"it calls `{name}` of what runs code")
        elif name in ("list", "tuple") or is_a(value, str | bytes | range):
            continue
        elif type(value) in (*EXACT, *FROZEN) and not all_plain(value, scope):
            raise Unknown(f"it calls `{name}`")
    return found


def _lazily(operand: Operand) -> tuple[Operand, ...]:
    return operand.parts if operand.kind == "call" else ()


def _runs_code(operand: Operand, scope: Scope) -> bool:
    """Whether an argument is a function: what is called again and again, with others in between."""
    try:
        value = value_of(operand, scope)
    except Unknown:
        return True
    if type(value) is NewObject:
        return value.kind == "function"
    return is_a(value, types.FunctionType | types.MethodType | functools.partial)


def _of_new(callee: Operand, owner: NewObject, given: list[Operand], scope: Scope) -> Touches:
    """A method of something made just now, of a built-in kind."""
    if owner.kind in MADE_SIMPLE:
        return _of_text(callee, given, scope)
    raise Unknown


def _of_text(callee: Operand, given: list[Operand], scope: Scope) -> Touches:
    if callee.name in ("format", "format_map") and not all(is_simple(value_of(one, scope)) for one in given):
        raise Unknown(f"it calls `{callee.name}`")  # "{0.count}" looks into what it is given
    if callee.name == "join":
        found = iterated(given[0], scope) if len(given) == 1 else nobody_knows()
        if _lazily(given[0]) and any(_runs_code(part, scope) for part in _lazily(given[0])[1:]):
            raise Unknown("it calls `join` of what runs code")
        return found
    return [touch for one in given for touch in shown(one, scope)]


def _of_method(callee: Operand, owner: Any, given: list[Operand], named: bool, scope: Scope) -> Touches:
    """A method of a built-in container or of a text."""
    name, place = callee.name, callee.parts[0] if callee.parts else callee
    if is_a(owner, str):
        return _of_text(callee, given, scope) if not named else nobody_knows()
    if name in LOOK:
        return [touch_of(owner, READ, place)] if name == "copy" else []
    if name in _CHANGE:
        return [touch_of(owner, WRITE, place)]
    if name in _CHANGE_FROM and not named:
        return [touch_of(owner, WRITE, place), *(touch for one in given for touch in iterated(one, scope))]
    if name in _FIND or name in _CHANGE_BY_KEY:
        if name == "__getitem__" and is_a(owner, collections.defaultdict):  # it may make what is not there
            raise Unknown
        keyed = is_a(owner, dict | set)
        if not all(is_plain(value_of(one, scope), scope) for one in (given[:1] if keyed else given)):
            raise Unknown("it compares what the lab does not know")
        if not keyed and not all_plain(owner, scope):
            raise Unknown
        return [touch_of(owner, READ if name in _FIND else WRITE, place)]
    if name == "sort" and not given and all_plain(owner, scope):
        return [touch_of(owner, WRITE, place)]
    raise Unknown(f"it calls `{name}`")
