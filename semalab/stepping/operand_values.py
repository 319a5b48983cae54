"""The values that an instruction works on, found before it is executed, and without running the program's code; and
what it reads or writes: the object whose attribute, or the container and which item.
"""

from __future__ import annotations

import builtins
import collections
import contextlib
import inspect
import operator
import threading
import types
from collections.abc import Iterable
from typing import Any, NamedTuple

from semalab.engine.reachability import is_a
from semalab.stepping.accesses import DEEP, Access
from semalab.stepping.known import (
    BUILTIN_RESULTS,
    DICTS,
    EXACT,
    FROZEN,
    LARGE,
    LAZY,
    LOOK,
    MADE_CONTAINERS,
    MADE_SIMPLE,
    MISSING,
    MIXED,
    OF_NUMBERS,
    TWIN_RESULTS,
    TWINS,
    WRITTEN,
    NewObject,
    Scope,
    Touch,
    Unknown,
    found_in_class,
    is_built_in,
    is_program_class,
    is_simple,
    is_twin,
    is_twin_class,
    is_watched,
    library,
    may_keep,
    name_in_code,
    returns_constants,
    unbound,
)
from semalab.stepping.operands import Operand

_OF_THREADS = {"name": "str", "ident": "int", "native_id": "int", "daemon": "bool"}
_WHO = {"current_thread": "object", "currentThread": "object", "main_thread": "object", "get_ident": "int"}
_AS_THEY_ARE = ("constant", "new", "unknown")
_SUMS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "%": operator.mod, "//": operator.floordiv}


def value_of(operand: Operand, scope: Scope) -> Any:
    """The value that an operand has, or what it will be. Found without running any of the program's code."""
    if scope.loaded is None or operand.kind in _AS_THEY_ARE:
        return _found(operand, scope)
    if operand not in scope.loaded:
        try:
            scope.loaded[operand] = (_found(operand, scope),)
        except Unknown:
            scope.loaded[operand] = None
            raise
    known = scope.loaded[operand]
    if known is None:
        raise Unknown
    return known[0]


def load(access: Access, scope: Scope) -> None:
    """Find the values of all that an instruction works on, before others run: they have been loaded."""
    for operand in access.operands:
        with contextlib.suppress(Unknown):
            value_of(operand, scope)


def _found(operand: Operand, scope: Scope) -> Any:
    kind, name, parts = operand.kind, operand.name, operand.parts
    if kind in ("local", "cell"):
        return _still(scope.names.get(name, MISSING), operand.at, operand, scope)
    if kind == "global":
        places = (scope.namespace, vars(builtins))
        found = next((place[name] for place in places if name in place), MISSING)
        return _still(found, f"variable {name}", operand, scope)
    if kind == "constant":
        return name
    if kind == "new":
        return NewObject(name, parts)
    if kind == "attribute":
        owner = value_of(parts[0], scope)
        if name in _OF_THREADS and _is_threads_own(owner, name):
            return NewObject(_OF_THREADS[name])
        found = attribute_of(owner, name)
        if hasattr(type(found), "__get__"):
            raise Unknown
        return _still(found, f"attribute {name}", operand, scope)
    if kind == "either":
        return _any_of([value_of(part._replace(stale=part.stale or operand.stale), scope) for part in parts])
    if kind == "left":
        return NewObject("bool")
    if kind == "item" and not operand.stale and all(_is_current(part, scope) for part in parts):
        return _item(value_of(parts[0], scope), parts[1], scope)
    if kind == "item":
        found = _foreseen(operand, scope)
        if found is MISSING:
            raise Unknown
        return found
    if kind == "iterator":
        return NewObject("lazy", parts)
    if kind == "result":
        older = tuple(part._replace(stale=True) for part in parts) if operand.stale else parts
        values = [value_of(part, scope) for part in older]
        if name in ("==", "!=") and all(map(_is_equal_or_not, values)):
            return NewObject("bool")
        if not all(map(is_simple, values)):
            raise Unknown
        known = name in _SUMS and all(type(value) is int and abs(value) < LARGE for value in values) and values[-1]
        return _SUMS[name](*values) if known else NewObject("int")
    if kind == "call":
        return _result(operand, scope)
    raise Unknown


def _is_equal_or_not(value: Any) -> bool:
    """Whether what comes of asking if it equals another of these is True or False, whatever is in them."""
    if type(value) is NewObject:
        return value.kind in MADE_SIMPLE or value.kind in MADE_CONTAINERS
    return is_simple(value) or type(value) in EXACT or type(value) in FROZEN


def _is_threads_own(owner: Any, name: str) -> bool:
    """Whether this is, or will be, a thread whose name and numbers are what Python's own class makes of them."""
    made = type(owner) is NewObject
    cls = owner.cls if made else type(owner)
    if cls is None or not any(is_twin_class(base) and base.__name__ == "Thread" for base in cls.__mro__):
        return False
    found = [attribute_of(one, name) for one in (_and_below(cls) if made else [cls])]
    return all(is_a(one, property) and library(one.fget) in TWINS for one in found)


def _and_below(cls: type) -> list[type]:
    """The class and all that are derived from it."""
    below: list[type] = type.__subclasses__(cls)
    return [cls, *(each for one in below for each in _and_below(one))]


def _still(found: Any, location: str | None, operand: Operand, scope: Scope) -> Any:
    """What was found, if that is what was loaded: a number may have become another one. location: None, if no other
    code can have changed it."""
    if found is MISSING:
        raise Unknown
    rebound = operand.stale and location and WRITTEN + location in scope.shared
    if rebound and (MIXED + str(location) in scope.shared or not is_simple(found)):
        raise Unknown
    return found


def _is_current(operand: Operand, scope: Scope) -> bool:
    """Whether an operand has the value it was loaded with."""
    kind = {"global": "variable"}.get(operand.kind, operand.kind)
    location = operand.at if kind == "cell" else f"{kind} {operand.name}"
    rebound = operand.stale and kind != "local" and WRITTEN + str(location) in scope.shared
    return not rebound and all(_is_current(part, scope) for part in operand.parts)


def is_simply_loaded(access: Access, scope: Scope) -> bool:
    """Whether a variable or attribute that is about to be read has a simple value."""
    try:
        if access.how == "attribute":
            name = access.location.removeprefix("attribute ")
            return is_simple(attribute_of(value_of(access.operands[0], scope), name))
        name = access.location.split(" ")[1]
        places = (scope.names, scope.namespace, vars(builtins))
        return all(is_simple(place[name]) for place in places if name in place)
    except Unknown:
        return False


_OF_PLACES = (types.MemberDescriptorType, type(vars(collections.namedtuple("_", "item"))["item"]))


def attribute_of(owner: Any, name: str) -> Any:
    """What is kept under this name in an object, or in its class; what is in a slot or under a name of a tuple."""
    if is_a(owner, type):  # what the class has, or its metaclass
        metaclasses = [cls for cls in type(owner).__mro__ if cls not in (type, object)]
        return next((vars(cls)[name] for cls in (*type.mro(owner), *metaclasses) if name in vars(cls)), MISSING)
    if type(owner) is threading.local:  # the calling thread's
        return getattr(owner, name, MISSING)
    found: Any = found_in_class(type(owner), name)
    if type(found) in _OF_PLACES:
        try:
            return found.__get__(owner, type(owner))
        except AttributeError:
            return MISSING
    own = own_namespace(owner)
    return own[name] if own is not None and name in own else found


def own_namespace(owner: Any) -> dict[str, Any] | None:
    if issubclass(type(owner), threading.local) and type(owner).__init__ is not object.__init__:
        return None  # to look at it runs that for this thread
    try:
        own = object.__getattribute__(owner, "__dict__")
    except (AttributeError, TypeError):
        return None
    return own if type(own) is dict else None


def _any_of(values: Iterable[Any]) -> Any:
    """What stands for each of these: they are simple, or primitives of one class."""
    some = list(values)
    if some and all(map(is_simple, some)):
        return NewObject("int")
    if len({type(one) for one in some}) == 1 and is_twin(some[0]):
        return some[0]
    raise Unknown


def _item(owner: Any, place: Operand, scope: Scope) -> Any:
    try:
        key = value_of(place, scope)
    except Unknown:
        key = NewObject("int")
    if type(owner) in (list, tuple) and type(key) is NewObject and key.kind == "int" and len(owner) <= LARGE:
        return _any_of(owner)
    if type(owner) in (list, tuple) and type(key) is int and -len(owner) <= key < len(owner):
        return owner[key]
    if type(owner) in DICTS and type(key) in (int, str) and key in owner:
        return dict.__getitem__(owner, key)
    raise Unknown


def _result(operand: Operand, scope: Scope) -> Any:
    """What a call will return, if that is something new of a known kind."""
    callee, *given = operand.parts
    found = _foreseen(operand, scope)
    if found is not MISSING:
        return found
    if callee.kind == "attribute":
        owner = value_of(callee.parts[0], scope)
        if type(owner) is not NewObject and is_twin(owner) and callee.name in TWIN_RESULTS:
            return NewObject("int")
        if is_a(owner, str) or (type(owner) is NewObject and owner.kind == "str"):
            return NewObject("list" if "split" in callee.name else "str")
        if type(owner) in EXACT and callee.name in LOOK:
            return NewObject("lazy", (callee.parts[0],))
    function, _ = called_by(callee, scope)
    name = name_in_code(function)
    if is_a(function, types.FunctionType | types.MethodType) and is_watched(unbound(function), scope):
        return _returned(operand, unbound(function), scope)
    if is_built_in(function):
        if name == "len" and len(given) == 1 and not operand.stale:
            counted = value_of(given[0], scope)
            if type(counted) in (list, tuple, str) and _is_current(given[0], scope):
                return len(counted)
        if name in LAZY and not operand.name:
            return NewObject("lazy", tuple(given))
        if name in ("map", "filter") and not operand.name:
            return NewObject("lazy", tuple(given[1:]))
        kind = BUILTIN_RESULTS.get(name, "")
        if kind:
            return NewObject(kind, tuple(given) if kind == "super" else ())
    if is_a(function, types.BuiltinFunctionType) and function in OF_NUMBERS:
        return NewObject("int")
    if name in _WHO and callee.kind == "attribute" and library(function) in TWINS:
        module = value_of(callee.parts[0], scope)
        if _WHO[name] == "int":
            return NewObject("int")
        if is_a(module, types.ModuleType) and "Thread" in vars(module):
            return NewObject("object", (), module.Thread)
    if is_a(function, type) and (is_twin_class(function) or is_program_class(function, scope)):
        return NewObject("object", (), function)
    raise Unknown


def _foreseen(operand: Operand, scope: Scope) -> Any:
    """What the lab saw the call take out of a container."""
    for at in _places(operand):
        code, value = scope.returned.get(at, (foresee, None))
        if code is None:
            return value
    return MISSING


def _places(operand: Operand) -> range:
    """Where a frame may say that it stands while this call is made."""
    begin, end = operand.at
    return range(begin, end, 2)


def _returned(operand: Operand, function: types.FunctionType, scope: Scope) -> Any:
    """What the program's own function has returned to this call: its code was watched."""
    if inspect.isgeneratorfunction(function):
        return NewObject("generator")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise Unknown
    if returns_constants(function.__code__):
        return NewObject("int")
    for at in _places(operand):
        code, value = scope.returned.get(at, (None, None))
        if code is function.__code__:
            return value
    raise Unknown


def foresee(access: Access, scope: Scope) -> Any:
    """What an instruction is about to take out of a list, an item or by a call. MISSING if that is not known."""
    if access.how == "item" and len(access.operands) == 2:
        try:
            return _item(value_of(access.operands[0], scope), access.operands[1], scope)
        except Unknown:
            return MISSING
    callee, *given = access.operands
    if access.how != "call" or callee.kind != "attribute" or callee.name not in ("pop", "popleft"):
        return MISSING
    try:
        owner, places = value_of(callee.parts[0], scope), [value_of(one, scope) for one in given]
    except Unknown:
        return MISSING
    if type(owner) not in (list, collections.deque) or not owner or any(type(place) is not int for place in places):
        return MISSING
    place = 0 if callee.name == "popleft" else places[0] if places else -1
    return owner[place] if -len(owner) <= place < len(owner) else MISSING


def called_by(operand: Operand, scope: Scope) -> tuple[Any, Any]:
    """The function that is called and whose method it is; MISSING if it is nobody's."""
    if operand.kind != "attribute":
        return value_of(operand, scope), MISSING
    if operand.name in DEEP:
        raise Unknown
    if operand.stale and f"{WRITTEN}attribute {operand.name}" in scope.shared:
        raise Unknown
    owner = value_of(operand.parts[0], scope)
    if type(owner) is NewObject and owner.kind == "super":
        found, owner = found_after(owner, operand.name, scope)
    elif type(owner) is NewObject and owner.cls is None:
        return MISSING, owner
    else:
        cls = owner.cls if type(owner) is NewObject else None
        found = attribute_of(cls or owner, operand.name)
        if cls is not None and not is_twin_class(cls) and may_keep(cls, operand.name):
            raise Unknown  # something of its own, and not what its class has
    if is_a(found, (staticmethod, classmethod)):
        found = found.__func__
    return found, owner


def found_after(made: NewObject, name: str, scope: Scope) -> tuple[Any, Any]:
    """What `super()` finds under this name, and the object that it finds it for. Raises Unknown if it finds nothing."""
    given = [value_of(one, scope) for one in made.parts]
    if not given:  # as a method says it that names neither: its first variable is the object
        given = [scope.names.get("__class__", MISSING), next(iter(scope.names.values()), MISSING)]
    if len(given) != 2 or not is_a(given[0], type) or is_a(given[1], NewObject):
        raise Unknown
    cls, owner = given
    classes = type.mro(owner) if is_a(owner, type) and cls in type.mro(owner) else list(type(owner).__mro__)
    if cls not in classes:
        raise Unknown
    later = classes[classes.index(cls) + 1 :]
    found = next((vars(each)[name] for each in later if name in vars(each)), MISSING)
    if found is MISSING:
        raise Unknown
    return found, owner


_KEY = {"item": 1, "store": 2}  # which operand says which item; the container is the one before it


class Items(NamedTuple):
    """A container, and the key or index of the one item that is meant (MISSING: others, or nobody can tell)."""

    container: Any
    key: Any


def target_of(access: Access, touch: Touch, scope: Scope) -> Any:
    """The object whose attribute this reads or writes, or Items; MISSING for other accesses, and where nobody can tell.

    touch: what of the access others touch, too.
    """
    if touch.container is not None:
        return Items(touch.container, _key(access, touch, scope))
    return _value(access.operands[0], scope) if access.how == "attribute" else MISSING


def _key(access: Access, touch: Touch, scope: Scope) -> Any:
    place = _KEY.get(access.how)
    if place is None or len(access.operands) != place + 1:  # one more: a slice
        return MISSING
    container, key = (_value(operand, scope) for operand in access.operands[place - 1 : place + 1])
    return key if container is touch.container else MISSING


def _value(operand: Operand, scope: Scope) -> Any:
    try:
        return value_of(operand, scope)
    except Unknown:
        return MISSING
