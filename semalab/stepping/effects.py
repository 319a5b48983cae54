"""What an instruction really touches: judged by the values that it works on, before it is executed.

Known to be harmless are numbers, strings and the like; known are the built-in containers, whose items are what is
touched; the program's own functions and classes, whose code is watched; the twins, which say themselves what they
touch; and a table of built-in functions and methods. Everything else touches everything.
"""

from __future__ import annotations

import abc
import builtins
import collections
import dis
import functools
import gc
import inspect
import itertools
import operator
import sys
import threading
import types
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from semalab.stepping.accesses import DEEP, ITEMS, Access
from semalab.stepping.footprint import EVERYTHING, READ, WRITE
from semalab.stepping.operands import Operand


class Touch(NamedTuple):
    """A location, whether it is written, and the container whose items it stands for, if it does."""

    location: str
    mode: bool
    container: Any = None


class Unknown(Exception):
    """It is not known what an instruction touches, so it touches everything.

    inside: what else it does that others could come between, in a sentence; "" for what is one instruction of C.
    """

    def __init__(self, inside: str = "") -> None:
        super().__init__(inside)
        self.inside = inside


class Made(NamedTuple):
    """What an operand will be that nobody else has yet: the name of its type, what it is a view of, its class."""

    kind: str
    parts: tuple[Operand, ...] = ()
    cls: type | None = None  # if it is a twin's or the program's


class Scope(NamedTuple):
    """Where an instruction is executed.

    names: local and enclosed variables. namespace: the globals. program: identities of the program's namespaces.
    shared: the locations that threads share; after WRITTEN those that code of the program changes, and after MIXED
    those of them whose values are not always simple. returned: what calls in this frame have returned last, by their
    instructions' offsets, with the code that they ran; None for a call that was foreseen.
    """

    names: Mapping[str, Any]
    namespace: Mapping[str, Any]
    program: AbstractSet[int]
    shared: AbstractSet[str] = frozenset()
    returned: Mapping[int, tuple[types.CodeType | None, Any]] = types.MappingProxyType({})


Touches = list[Touch]
MIXED, WRITTEN = "mixed ", "written "

_SCALARS = (int, float, complex, bool, str, bytes, range, type(None), type(...), type(NotImplemented), slice)
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType, type)
_MADE_SIMPLE = frozenset("int str bool float bytes range function slice".split())
_MADE_CONTAINERS = frozenset("list tuple set dict frozenset deque generator".split())
_FROZEN = (tuple, frozenset)
_CONTAINERS = (list, dict, set, bytearray, collections.deque)
_DICTS = (dict, collections.OrderedDict, collections.defaultdict)
_EXACT = frozenset((*_CONTAINERS, collections.OrderedDict, collections.defaultdict))
_ITERATORS = frozenset(
    map(
        type,
        (
            *(iter(kind()) for kind in (list, dict, set, tuple, str, bytes, collections.deque)),
            *(iter(()), iter({}.values()), iter({}.items()), iter(range(0)), iter(range(1 << 70))),
            *(reversed(kind()) for kind in (list, dict, tuple)),
            enumerate(()),
            zip(),
            itertools.chain(),
            itertools.count(),
        ),
    )
)
_VIEWS = frozenset((type({}.keys()), type({}.values()), type({}.items())))

# What they touch they say themselves, when it is touched.
_TWINS = frozenset(("threading", "time", "_thread", "queue", "semalab"))
_TWINS_WITH_SIMPLE = frozenset(("random", "concurrent", "sched", "logging"))  # if nothing but scalars is given to them
_CALM_MODULES = frozenset(("contextlib", "typing", "abc"))  # Python code that touches nothing but what it makes

# Built-in functions by what they do with their arguments, and what they return.
_IDLE = dict.fromkeys("callable id isinstance issubclass type".split(), "") | {"super": "super", "object": "object"}
_OF_SCALARS = dict.fromkeys("abs bin chr divmod hex oct ord pow round hash format repr ascii".split(), "str")
_OF_SCALARS |= dict.fromkeys("int float complex bool str bytes".split(), "str")
_HARMLESS = frozenset((*_IDLE, *_OF_SCALARS, "print", "range"))  # with simple arguments
_READERS = {"len": "int", "any": "bool", "all": "bool", "sum": "int"}
_READERS |= {"list": "list", "tuple": "tuple", "set": "set", "frozenset": "frozenset", "dict": "dict"}
_SORTERS = {"sorted": "list", "min": "", "max": ""}
_LAZY = frozenset(("enumerate", "zip", "reversed", "iter"))
_BUILTIN_RESULTS = {**_IDLE, **_OF_SCALARS, **_READERS, "sorted": "list", "range": "range", "deque": "deque"}

# Methods of the built-in containers.
_LOOK = frozenset("copy keys values items".split())
_FIND = frozenset("index count get __contains__ __getitem__ __len__".split())
_CHANGE = frozenset("append appendleft pop popleft popitem clear insert reverse rotate move_to_end".split())
_CHANGE_BY_KEY = frozenset("add remove discard setdefault __setitem__ __delitem__".split())
_CHANGE_FROM = frozenset(
    "__init__ extend extendleft update union intersection difference issubset issuperset isdisjoint".split()
)
_INSIDES = frozenset(
    "_value _flag _is_stopped _started _state queue unfinished_tasks is_shutdown mutex not_empty not_full"
    " all_tasks_done".split()
)
_OF_OBJECTS = frozenset("__init__ __new__ __init_subclass__ __eq__ __ne__ __hash__".split())
_SUMS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "%": operator.mod, "//": operator.floordiv}
MISSING = object()
_LARGE = 2_000  # items that are looked at
_MINE = 4  # references to what nobody but a thread has, counted where it is looked at


def touches(access: Access, scope: Scope) -> Touches:
    """What the instruction touches. Raises Unknown if that may be anything."""
    if not access.how:
        return [Touch(access.location, access.mode)]
    if access.how == "attribute":
        return _of_attribute(access, scope)
    if access.how.startswith("call"):
        return _of_call(access, scope)
    return _WAYS[access.how](access, scope)


# values
def value_of(operand: Operand, scope: Scope) -> Any:
    """The value that an operand has, or what it will be. Found without running any of the program's code."""
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
        return Made(name, parts)
    if kind == "attribute":
        found = attribute_of(value_of(parts[0], scope), name)
        if hasattr(type(found), "__get__"):
            raise Unknown
        return _still(found, f"attribute {name}", operand, scope)
    if kind == "either":
        return _any_of([value_of(part._replace(stale=part.stale or operand.stale), scope) for part in parts])
    if kind == "left":
        return Made("bool")
    if kind == "item" and not operand.stale and all(_is_current(part, scope) for part in parts):
        return _item(value_of(parts[0], scope), parts[1], scope)
    if kind == "iterator":
        return Made("lazy", parts)
    if kind == "result":
        older = tuple(part._replace(stale=True) for part in parts) if operand.stale else parts
        values = [value_of(part, scope) for part in older]
        if not all(map(is_simple, values)):
            raise Unknown
        known = name in _SUMS and all(type(value) is int and abs(value) < _LARGE for value in values) and values[-1]
        return _SUMS[name](*values) if known else Made("int")
    if kind == "call":
        return _result(operand, scope)
    raise Unknown


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


def attribute_of(owner: Any, name: str) -> Any:
    """What is kept under this name in an object, or in its class; a slot's value."""
    if isinstance(owner, type):
        return next((vars(cls)[name] for cls in type.mro(owner) if name in vars(cls)), MISSING)
    found = next((vars(cls)[name] for cls in type(owner).__mro__ if name in vars(cls)), MISSING)
    if isinstance(found, types.MemberDescriptorType):
        try:
            return found.__get__(owner, type(owner))
        except AttributeError:
            return MISSING
    own = _namespace(owner)
    return own[name] if own is not None and name in own else found


def _namespace(owner: Any) -> dict[str, Any] | None:
    try:
        own = object.__getattribute__(owner, "__dict__")
    except (AttributeError, TypeError):
        return None
    return own if type(own) is dict else None


def _any_of(values: Iterable[Any]) -> Any:
    """What stands for each of these: they are simple, or primitives of one class."""
    some = list(values)
    if some and all(map(is_simple, some)):
        return Made("int")
    if len({type(one) for one in some}) == 1 and _is_twin(some[0]):
        return some[0]
    raise Unknown


def _item(owner: Any, place: Operand, scope: Scope) -> Any:
    try:
        key = value_of(place, scope)
    except Unknown:
        key = Made("int")
    if type(owner) in (list, tuple) and isinstance(key, Made) and key.kind == "int" and len(owner) <= _LARGE:
        return _any_of(owner)
    if type(owner) in (list, tuple) and type(key) is int and -len(owner) <= key < len(owner):
        return owner[key]
    if type(owner) in _DICTS and type(key) in (int, str) and key in owner:
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
        if not isinstance(owner, Made) and _is_twin(owner) and callee.name in _TWIN_RESULTS:
            return Made("int")
        if isinstance(owner, str) or (isinstance(owner, Made) and owner.kind == "str"):
            return Made("list" if "split" in callee.name else "str")
        if type(owner) in _EXACT and callee.name in _LOOK:
            return Made("lazy", (callee.parts[0],))
    function, _ = _callee(callee, scope)
    name = getattr(function, "__name__", "")
    if isinstance(function, types.FunctionType | types.MethodType) and _is_watched(_unbound(function), scope):
        return _returned(operand, _unbound(function), scope)
    if _is_built_in(function):
        if name == "len" and len(given) == 1 and not operand.stale:
            counted = value_of(given[0], scope)
            if type(counted) in (list, tuple, str) and _is_current(given[0], scope):
                return len(counted)
        if name in _LAZY and not operand.name:
            return Made("lazy", tuple(given))
        if name in ("map", "filter") and not operand.name:
            return Made("lazy", tuple(given[1:]))
        kind = _BUILTIN_RESULTS.get(name, "")
        if kind:
            return Made(kind, tuple(given) if kind == "super" else ())
    if isinstance(function, type) and (is_twin_class(function) or _is_program_class(function, scope)):
        return Made("object", (), function)
    raise Unknown


def _unbound(function: Any) -> Any:
    return function.__func__ if isinstance(function, types.MethodType) else function


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
        return Made("generator")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise Unknown
    if returns_constants(function.__code__):
        return Made("int")
    for at in _places(operand):
        code, value = scope.returned.get(at, (None, None))
        if code is function.__code__:
            return value
    raise Unknown


@functools.lru_cache(maxsize=1024)
def returns_constants(code: types.CodeType) -> bool:
    """Whether a function returns nothing but constants, as one without a `return` does."""
    before: dis.Instruction | None = None
    for instruction in dis.get_instructions(code):
        if instruction.opname == "RETURN_VALUE" and (before is None or before.opname != "LOAD_CONST"):
            return False
        before = instruction
    return True


def foresee(access: Access, scope: Scope) -> Any:
    """What a call that is about to be made will return: what it takes out of a list. MISSING if that is not known."""
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


def is_kept(value: Any) -> bool:
    """Whether a value may live on for a while without the program being able to tell."""
    return is_simple(value) or _is_twin(value)


def is_simple(value: Any, depth: int = 3) -> bool:
    """Whether nothing that is done with this value touches anything that could be changed."""
    if isinstance(value, Made):
        return value.kind in _MADE_SIMPLE
    if type(value) in _SCALARS or type(value).__module__ in ("decimal", "datetime", "fractions", "uuid"):
        return True
    if type(value) in _FROZEN and depth and len(value) <= _LARGE:
        return all(is_simple(one, depth - 1) for one in value)
    return isinstance(value, _FUNCTIONS)


def is_plain(value: Any, scope: Scope) -> bool:
    """Whether to compare, hash or show it runs nothing but the program's own code, which is watched."""
    return is_simple(value) or _is_of_program(value, scope, ("__eq__", "__hash__", "__lt__", "__repr__"))


def _is_of_program(value: Any, scope: Scope, methods: tuple[str, ...]) -> bool:
    """Whether these methods of a value are the program's own, or those of every object."""
    cls = type(value)
    if cls.__module__ in ("builtins", "types", "collections") or type(cls) not in (type, abc.ABCMeta):
        return False
    for name in methods:
        found = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
        if found is not None and found is not vars(object).get(name) and not _is_watched(found, scope):
            return False
    return True


def _is_watched(function: Any, scope: Scope) -> bool:
    """Whether this is a function of the program."""
    while isinstance(function, types.FunctionType) and id(function.__globals__) not in scope.program:
        wrapped = function.__dict__.get("__wrapped__")
        if wrapped is None:
            return False
        function = wrapped
    return isinstance(function, types.FunctionType)


def _all_plain(container: Any, scope: Scope) -> bool:
    if len(container) > _LARGE:
        return False
    items = itertools.chain(container.items()) if isinstance(container, dict) else container
    return all(is_plain(one, scope) or _is_pair(one, scope) for one in list(items))


def _is_pair(one: Any, scope: Scope) -> bool:
    return type(one) is tuple and all(is_plain(part, scope) for part in one)


# containers
def name_of(operand: Operand) -> str:
    """What the operand is called in the program."""
    if operand.kind == "item":
        return f"{name_of(operand.parts[0])}[...]"
    if operand.kind == "iterator":
        return name_of(operand.parts[0])
    return str(operand.name) if operand.kind in ("local", "cell", "global", "attribute") else operand.kind


def _touch(container: Any, mode: bool, operand: Operand) -> Touch:
    return Touch(f"{ITEMS} of {name_of(operand)}", mode, container)


def _is_container(value: Any, scope: Scope, *methods: str) -> bool:
    """A built-in container, or one of a class derived from it that does not have its own way with this, unwatched."""
    if type(value) in _EXACT:
        return True
    return isinstance(value, _CONTAINERS) and _is_ours(value, methods, scope)


def _is_ours(value: Any, methods: tuple[str, ...], scope: Scope) -> bool:
    for name in methods:
        found = next((vars(base)[name] for base in type(value).__mro__ if name in vars(base)), None)
        if isinstance(found, types.FunctionType) and not _is_watched(found, scope):
            return False
    return type(value).__module__ not in ("collections",)


def _iterated(operand: Operand, scope: Scope) -> Touches:
    """What is read by going through it."""
    value = value_of(operand, scope)
    if isinstance(value, Made):
        if value.kind == "lazy":
            return [touch for part in value.parts for touch in _iterated(part, scope)]
        if value.kind in _MADE_SIMPLE or value.kind in _MADE_CONTAINERS:
            return []
        raise Unknown("it goes through what the lab does not know")
    if isinstance(value, (*_FROZEN, str, bytes, range)) and type(value) in (*_FROZEN, str, bytes, range):
        return []
    if _is_container(value, scope, "__iter__"):
        return [_touch(value, READ, operand)]
    if type(value) in _VIEWS or type(value) in _ITERATORS:
        return _looked_through(value, operand)
    own = _is_of_program(value, scope, ("__iter__", "__next__", "__getitem__", "__len__"))
    if own and _goes_on_watched(value, scope):
        return []
    raise Unknown("it goes through what the lab does not know")


def _goes_on_watched(value: Any, scope: Scope) -> bool:
    """Whether all that goes on while this is gone through is code of the program."""
    begin = next((vars(base)["__iter__"] for base in type(value).__mro__ if "__iter__" in vars(base)), None)
    if begin is None:
        return True
    return hasattr(type(value), "__next__") or inspect.isgeneratorfunction(begin)


def _looked_through(value: Any, operand: Operand) -> Touches:
    """The containers under a view or an iterator, which itself moves on."""
    found: Touches = [] if type(value) in _VIEWS else [_touch(value, WRITE, operand)]
    for inner in gc.get_referents(value):
        if type(inner) in _EXACT:
            found.append(_touch(inner, READ, operand))
        elif type(inner) in _VIEWS or type(inner) in _ITERATORS:
            found += _looked_through(inner, operand)
        elif not is_simple(inner) and type(inner) not in _FROZEN:
            raise Unknown
    return found


def _shown(operand: Operand, scope: Scope) -> Touches:
    """What is read by comparing it, hashing it or making a text of it."""
    value = value_of(operand, scope)
    if is_plain(value, scope):
        return []
    if isinstance(value, Made):
        if value.kind == "tuple" and value.parts:
            return [touch for part in value.parts for touch in _shown(part, scope)]
        raise Unknown
    if type(value) in _EXACT and _all_plain(value, scope):
        return [_touch(value, READ, operand)]
    if type(value) in _FROZEN and _all_plain(value, scope):
        return []
    if isinstance(value, BaseException) and all(is_simple(one) for one in value.args):
        return []
    raise Unknown


# ways
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
    if isinstance(owner, types.ModuleType):
        return [plain, Touch(f"variable {name}", access.mode)]
    if isinstance(owner, Made) and owner.kind == "super":
        found, owner = _after(owner, name, scope)
        return [plain] if _is_plainly_described(found, owner, scope) else _unknown()
    if isinstance(owner, Made):
        return [plain]
    if name in _INSIDES and any(cls.__module__.split(".")[0] in _TWINS for cls in type(owner).__mro__):
        raise Unknown
    found = attribute_of(owner, name)
    if not _is_plainly_kept(owner, name, found, scope):
        raise Unknown(f"it uses the attribute `{name}` of a {type(owner).__name__}")
    return [plain]


def _is_plainly_kept(owner: Any, name: str, found: Any, scope: Scope) -> bool:
    """Whether an attribute is nothing but a value kept, a method, or what the program's code makes of it."""
    if found is MISSING:
        other = attribute_of(type(owner) if isinstance(owner, type) else owner, "__getattr__")
        return other is MISSING or _is_watched(other, scope)
    own = _namespace(owner)
    if own is not None and name in own and not hasattr(type(found), "__set__"):
        return True
    return _is_plainly_described(found, owner, scope)


def _is_plainly_described(found: Any, owner: Any, scope: Scope) -> bool:
    """The same of what is found in a class, as `super()` finds it."""
    if isinstance(found, property):
        return all(one is None or _is_watched(one, scope) for one in (found.fget, found.fset, found.fdel))
    if isinstance(owner, type) or not hasattr(type(found), "__get__"):
        return True
    if isinstance(found, types.GetSetDescriptorType):
        return type(owner).__module__ in ("builtins", "collections")
    if isinstance(found, types.FunctionType | staticmethod | classmethod | types.MethodType):
        return True
    if isinstance(found, types.MethodDescriptorType | types.BuiltinFunctionType | types.MemberDescriptorType):
        return True
    if isinstance(found, types.WrapperDescriptorType | type):
        return True
    return _is_of_program(found, scope, ("__get__", "__set__"))


def _of_item(access: Access, scope: Scope) -> Touches:
    owner, key = access.operands[1:3] if access.how == "store" else access.operands[:2]
    container, index = value_of(owner, scope), value_of(key, scope)
    if not is_plain(index, scope):
        raise Unknown
    besides: Touches = []
    is_slice = index.kind == "slice" if isinstance(index, Made) else isinstance(index, slice)
    if access.how == "store" and (is_slice or len(access.operands) == 4):
        besides = _iterated(access.operands[0], scope)
    if isinstance(container, Made):
        if container.kind in _MADE_SIMPLE or container.kind in _MADE_CONTAINERS:
            return besides
        raise Unknown
    if type(container) in (*_FROZEN, str, bytes, range) or isinstance(container, type):
        return besides
    if isinstance(container, collections.defaultdict):
        factory = container.default_factory
        known = factory is None or factory in (int, list, dict, set, str) or _known_code(factory, scope)
        if not known or type(container) is not collections.defaultdict:
            raise Unknown
        return [_touch(container, WRITE, owner), *besides]
    method = {READ: "__getitem__", WRITE: "__setitem__"}[access.mode]
    if _is_container(container, scope, method, "__delitem__", "__missing__"):
        return [_touch(container, access.mode, owner), *besides]
    if _is_of_program(container, scope, (method, "__delitem__")) and hasattr(type(container), method):
        return besides
    raise Unknown


def _of_store(access: Access, scope: Scope) -> Touches:
    if len(access.operands) == 4:
        value, owner, *_ = access.operands
        return _of_item(access._replace(operands=(value, owner, Operand("constant", 0)), how="store"), scope) + (
            _iterated(value, scope)
        )
    return _of_item(access, scope)


def _of_contains(access: Access, scope: Scope) -> Touches:
    one, container = access.operands
    value = value_of(container, scope)
    if not is_plain(value_of(one, scope), scope):
        raise Unknown("it compares what the lab does not know")
    if isinstance(value, Made) or type(value) in (*_FROZEN, str, bytes, range):
        if isinstance(value, Made) and value.kind == "lazy":
            return _iterated(container, scope)
        if isinstance(value, tuple | frozenset) and not all(is_plain(each, scope) for each in value):
            raise Unknown
        return []
    if type(value) in _EXACT and _all_plain(value, scope):
        return [_touch(value, READ, container)]
    if type(value) in _VIEWS:
        return _looked_through(value, container)
    if _is_of_program(value, scope, ("__contains__",)) and hasattr(type(value), "__contains__"):
        return [] if _is_watched(attribute_of(value, "__contains__"), scope) else _unknown()
    raise Unknown("it looks into what the lab does not know")


def _unknown() -> Touches:
    raise Unknown


def _of_compared(access: Access, scope: Scope) -> Touches:
    return [touch for operand in access.operands for touch in _shown(operand, scope)]


def _of_operation(access: Access, scope: Scope) -> Touches:
    left, right = access.operands
    mine, its = value_of(left, scope), value_of(right, scope)
    if is_simple(mine) and is_simple(its):
        return []
    found: Touches = []
    for operand, value in ((left, mine), (right, its)):
        if isinstance(value, Made) and value.kind in _MADE_CONTAINERS and is_simple(its if operand is left else mine):
            continue
        if isinstance(mine, Made) and isinstance(its, Made) and {mine.kind, its.kind} <= _MADE_CONTAINERS:
            continue
        if not _is_of_program(value, scope, _OPERATORS):
            found += _shown(operand, scope)
    if access.mode and type(mine) in _EXACT:
        found.append(_touch(mine, WRITE, left))
        if type(its) not in _EXACT and not is_simple(its):
            found += _iterated(right, scope)
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
        if function.kind == "attribute" and function.name in _ANSWERS:
            return []
        _, owner = _callee(function, scope)
        if owner is not MISSING and _is_twin(owner) and function.name in _TWIN_ANSWERS:
            return []
    value = value_of(operand, scope)
    if isinstance(value, Made):
        return [] if value.kind != "object" else _unknown()
    if is_simple(value) or type(value) in _FROZEN:
        return []
    if _is_container(value, scope, "__bool__", "__len__"):
        return [_touch(value, READ, operand)]
    return [] if _is_of_program(value, scope, ("__bool__", "__len__")) or _is_twin(value) else _unknown()


_TWIN_RESULTS = frozenset(  # of which what comes is as simple as a number
    "acquire release locked is_set set clear is_alive wait notify notify_all start join empty full qsize put"
    " task_done".split()
)
_TWIN_ANSWERS = ("empty", "full", "qsize", "getName", "done", "cancelled", "cancel", "running")
_ANSWERS = ("acquire", "locked", "is_set", "is_alive", "wait")


def _is_twin(value: Any) -> bool:
    return is_twin_class(type(value))


def is_twin_class(cls: type) -> bool:
    return cls.__module__.split(".")[0] in _TWINS


def _of_begin(access: Access, scope: Scope) -> Touches:
    return _begun(access.operands[0], scope)


def _begun(operand: Operand, scope: Scope) -> Touches:
    """iter(): of a list it reads nothing yet, of a dict or a set how many there are."""
    try:
        return [touch for touch in _iterated(operand, scope) if not isinstance(touch.container, list)]
    except Unknown:
        value = value_of(operand, scope)
        if isinstance(value, types.GeneratorType):
            return []
        if isinstance(value, Made) or not _is_of_program(value, scope, ("__iter__",)):
            raise
    return []


def _of_sent(access: Access, scope: Scope) -> Touches:
    return _iterated(access.operands[0], scope)


def _of_iteration(access: Access, scope: Scope) -> Touches:
    return _iterated(access.operands[0], scope)


def _of_length(access: Access, scope: Scope) -> Touches:
    (operand,) = access.operands
    value = value_of(operand, scope)
    if isinstance(value, Made) or type(value) in (*_FROZEN, str, bytes, range):
        return []
    if _is_container(value, scope, "__len__"):
        return [_touch(value, READ, operand)]
    if type(value) in _VIEWS:
        return _looked_through(value, operand)
    return [] if _is_of_program(value, scope, ("__len__",)) else _unknown()


def _of_with(access: Access, scope: Scope) -> Touches:
    (operand,) = access.operands
    if operand.kind == "call":
        _check_guard(operand, scope)
        return []
    value = value_of(operand, scope)
    if _is_twin(value) or type(value).__module__ == "contextlib":
        return []
    if not isinstance(value, Made) and _is_of_program(value, scope, ("__enter__", "__exit__")):
        return []
    raise Unknown("it enters a `with` of something that the lab does not know")


def _check_guard(operand: Operand, scope: Scope) -> None:
    """Raises Unknown unless what a call returns is a guard of a known kind, or the program's own, which is watched."""
    function, _ = _callee(operand.parts[0], scope)
    if _known_code(function, scope) or (isinstance(function, type) and _is_program_class(function, scope)):
        return
    raise Unknown("it enters a `with` of something that the lab does not know")


# calls
def _callee(operand: Operand, scope: Scope) -> tuple[Any, Any]:
    """The function that is called and whose method it is; MISSING if it is nobody's."""
    if operand.kind != "attribute":
        return value_of(operand, scope), MISSING
    if operand.name in DEEP:
        raise Unknown
    if operand.stale and f"{WRITTEN}attribute {operand.name}" in scope.shared:
        raise Unknown
    owner = value_of(operand.parts[0], scope)
    if isinstance(owner, Made) and owner.kind == "super":
        found, owner = _after(owner, operand.name, scope)
    elif isinstance(owner, Made) and owner.cls is None:
        return MISSING, owner
    else:
        found = attribute_of(owner.cls if isinstance(owner, Made) else owner, operand.name)
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    return found, owner


def _after(made: Made, name: str, scope: Scope) -> tuple[Any, Any]:
    """What `super()` finds under this name, and the object that it finds it for. Raises Unknown if it finds nothing."""
    given = [value_of(one, scope) for one in made.parts]
    if not given:  # as a method says it that names neither: its first variable is the object
        given = [scope.names.get("__class__", MISSING), next(iter(scope.names.values()), MISSING)]
    if len(given) != 2 or not isinstance(given[0], type) or isinstance(given[1], Made):
        raise Unknown
    cls, owner = given
    classes = type.mro(owner) if isinstance(owner, type) and cls in type.mro(owner) else list(type(owner).__mro__)
    if cls not in classes:
        raise Unknown
    later = classes[classes.index(cls) + 1 :]
    found = next((vars(each)[name] for each in later if name in vars(each)), MISSING)
    if found is MISSING:
        raise Unknown
    return found, owner


def _of_call(access: Access, scope: Scope) -> Touches:
    callee, *given = access.operands
    starred, named = access.how == "call starred", access.how == "call named"
    try:
        function, owner = _callee(callee, scope)
    except Unknown as unknown:
        raise Unknown(unknown.inside or "it calls something that the lab does not know") from None
    found: Touches = []
    if starred:
        for one in given:
            found += _iterated(one, scope)
    if isinstance(function, types.MethodType):
        function = function.__func__
    if _known_code(function, scope) or _makes_no_more(function, owner, callee.name, given, scope):
        return found
    module = str(getattr(function, "__module__", None) or "").split(".")[0]
    if module in _TWINS_WITH_SIMPLE and not isinstance(function, type):
        if starred or not all(is_simple(value_of(one, scope)) for one in given):
            raise Unknown(f"it calls `{_said(callee)}`")
        return found
    if starred:
        if isinstance(function, type) and _is_program_class(function, scope):
            return found
        raise Unknown(f"it calls `{_said(callee)}`")
    if function is MISSING and isinstance(owner, Made):
        return _of_new(callee, owner, given, scope)
    if isinstance(function, type):
        return _of_construction(function, callee, given, named, scope)
    if isinstance(owner, str) or (_is_container(owner, scope, callee.name) and callee.name):
        return _of_method(callee, owner, given, named, scope)
    if isinstance(owner, (int, float, bytes, *_FROZEN)) and all(is_plain(value_of(o, scope), scope) for o in given):
        return [] if is_simple(owner) else _unknown()
    if _is_built_in(function):
        return _of_built_in(function, given, named, scope)
    if function is sys.exit:
        return [touch for one in given for touch in _shown(one, scope)]
    raise Unknown(f"it calls `{_said(callee)}`")


def _makes_no_more(function: Any, owner: Any, name: Any, given: list[Operand], scope: Scope) -> bool:
    """Whether this is a method of `object` or of a built-in class that does nothing but keep what it is given."""
    if name not in _OF_OBJECTS or isinstance(owner, Made):
        return False
    if function is vars(object)[name]:
        return True
    cls = owner if isinstance(owner, type) else type(owner)
    if name not in ("__init__", "__new__"):
        return False
    if issubclass(cls, BaseException) and not isinstance(function, types.FunctionType):
        return True
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return True
    return getattr(function, "__self__", None) in _SCALARS and all(is_simple(value_of(one, scope)) for one in given)


def _said(callee: Operand) -> str:
    return name_of(callee)


def _known_code(function: Any, scope: Scope) -> bool:
    """The program's own code, which is watched; a twin, which says what it touches; what touches nothing else."""
    if isinstance(function, functools.partial):
        return _known_code(function.func, scope)
    if isinstance(function, types.FunctionType):
        if id(function.__globals__) in scope.program:
            return True
        home = str(function.__globals__.get("__name__", "")).split(".")[0]
        module = str(function.__module__ or "").split(".")[0]
        if module in _TWINS_WITH_SIMPLE:
            return False
        return home in _TWINS or module in _TWINS or home in _CALM_MODULES or home == "builtins"
    if isinstance(function, types.BuiltinFunctionType | type):
        module = str(function.__module__ or "").split(".")[0]
        return module in _TWINS
    if isinstance(function, Made):
        return function.kind == "function"
    own = next((vars(base)["__call__"] for base in type(function).__mro__ if "__call__" in vars(base)), None)
    return _is_watched(own, scope)


def runs_known_code(thread: threading.Thread, program: AbstractSet[int]) -> bool:
    """Whether all that a thread does is in code that is watched: also to take its arguments, which nobody else has."""
    scope = Scope({}, {}, program)
    own = vars(thread)
    names = ("function", "args", "kwargs") if "function" in own else ("_target", "_args", "_kwargs")
    target, *given = (own.get(name) for name in names)
    if not all(type(one) is tuple or not one or sys.getrefcount(one) <= _MINE for one in given):
        return False
    run = next(vars(cls)["run"] for cls in type(thread).__mro__ if "run" in vars(cls))
    name = getattr(target, "__name__", "")
    if name in _HARMLESS and _is_built_in(target) and all(not one or is_simple(one) for one in given):
        return _known_code(run, scope)
    return all(_known_code(_unbound(one), scope) for one in (run, *([] if target is None else [target])))


def _is_built_in(function: Any) -> bool:
    name = getattr(function, "__name__", "")
    return getattr(builtins, name, MISSING) is function or function is collections.deque


def _is_program_class(cls: type, scope: Scope) -> bool:
    """Whether nothing but the program's own code makes an object of this class."""
    made_plainly = type(cls) is type or type(cls).__module__ in ("abc", "typing")
    if not made_plainly and not _is_watched(vars(type(cls)).get("__call__"), scope):
        return False
    if issubclass(cls, BaseException):
        return True
    if cls is types.SimpleNamespace:
        return True
    for name in ("__new__", "__init__"):
        found = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
        found = found.__func__ if isinstance(found, staticmethod) else found
        is_tuple = issubclass(cls, tuple) and hasattr(cls, "_fields")
        if found is vars(object)[name] or is_tuple or _is_watched(found, scope):
            continue
        twin = isinstance(found, types.FunctionType) and str(found.__globals__.get("__name__", "")).split(".")[0]
        if twin not in _TWINS:
            return False
    return True


def _of_construction(cls: type, callee: Operand, given: list[Operand], named: bool, scope: Scope) -> Touches:
    if _is_built_in(cls):
        if not given or cls is object:
            return []
        if issubclass(cls, BaseException):
            return []
        return _of_built_in(cls, given, named, scope)
    if str(cls.__module__).split(".")[0] in _TWINS or _is_program_class(cls, scope):
        return []
    if not given and cls.__module__ == "collections":
        return []
    raise Unknown(f"it calls `{_said(callee)}`")


def _of_built_in(function: Any, given: list[Operand], named: bool, scope: Scope) -> Touches:
    name = function.__name__
    if name in _IDLE or name in ("range", "slice", "print"):
        return []
    if name == "dict" and named and not any(one.kind == "unknown" for one in given):
        raise Unknown
    if named and name not in ("sorted", "min", "max", "sum", "enumerate", "int", "print", "round"):
        raise Unknown(f"it calls `{name}`")
    if name in _LAZY or name in ("map", "filter"):
        begun = [one for one in given if one.kind != "constant"] if name in _LAZY else given[1:]
        return [touch for one in begun for touch in _begun(one, scope)]
    if name in _OF_SCALARS:
        return [touch for one in given for touch in _shown(one, scope)]
    if name in _READERS or name in _SORTERS or function is collections.deque:
        return _read_by(name, given, named, scope)
    if name == "next" and given and not named:
        return _moved_on(given[0], scope)
    raise Unknown(f"it calls `{name}`" if name in ("exec", "eval", "compile", "__import__") else "")


def _moved_on(operand: Operand, scope: Scope) -> Touches:
    value = value_of(operand, scope)
    if not isinstance(value, Made) and type(value) in _ITERATORS:
        return _looked_through(value, operand)
    raise Unknown("it moves on what the lab does not know")


def _read_by(name: str, given: list[Operand], named: bool, scope: Scope) -> Touches:
    if name in ("min", "max") and len(given) > 1 and not named:
        return [touch for one in given for touch in _shown(one, scope)]
    found: Touches = []
    for one in given:
        value = value_of(one, scope)
        if is_simple(value) and not isinstance(value, str | bytes | range) and len(given) > 1:
            if isinstance(value, _FUNCTIONS):
                raise Unknown(f"it calls `{name}` with a function")
            continue
        if name == "len":
            found += _of_length(Access(ITEMS, READ, "length", (one,)), scope)
            continue
        found += _iterated(one, scope)
        if isinstance(value, Made):
            if value.kind == "lazy" and any(_runs_code(part, scope) for part in _lazily(one)):
                raise Unknown(f"it calls `{name}` of what runs code")
        elif name in ("list", "tuple") or isinstance(value, str | bytes | range):
            continue
        elif type(value) in (*_EXACT, *_FROZEN) and not _all_plain(value, scope):
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
    if isinstance(value, Made):
        return value.kind == "function"
    return isinstance(value, types.FunctionType | types.MethodType | functools.partial)


def _of_new(callee: Operand, owner: Made, given: list[Operand], scope: Scope) -> Touches:
    """A method of something made just now, of a built-in kind."""
    if owner.kind in _MADE_SIMPLE:
        return _of_text(callee, given, scope)
    raise Unknown


def _of_text(callee: Operand, given: list[Operand], scope: Scope) -> Touches:
    if callee.name == "join":
        found = _iterated(given[0], scope) if len(given) == 1 else _unknown()
        if _lazily(given[0]) and any(_runs_code(part, scope) for part in _lazily(given[0])[1:]):
            raise Unknown("it calls `join` of what runs code")
        return found
    return [touch for one in given for touch in _shown(one, scope)]


def _of_method(callee: Operand, owner: Any, given: list[Operand], named: bool, scope: Scope) -> Touches:
    """A method of a built-in container or of a text."""
    name, place = callee.name, callee.parts[0] if callee.parts else callee
    if isinstance(owner, str):
        return _of_text(callee, given, scope) if not named else _unknown()
    if name in _LOOK:
        return [_touch(owner, READ, place)] if name == "copy" else []
    if name in _CHANGE:
        return [_touch(owner, WRITE, place)]
    if name in _CHANGE_FROM and not named:
        return [_touch(owner, WRITE, place), *(touch for one in given for touch in _iterated(one, scope))]
    if name in _FIND or name in _CHANGE_BY_KEY:
        if name == "__getitem__" and isinstance(owner, collections.defaultdict):  # it may make what is not there
            raise Unknown
        keyed = isinstance(owner, dict | set)
        if not all(is_plain(value_of(one, scope), scope) for one in (given[:1] if keyed else given)):
            raise Unknown("it compares what the lab does not know")
        if not keyed and not _all_plain(owner, scope):
            raise Unknown
        return [_touch(owner, READ if name in _FIND else WRITE, place)]
    if name == "sort" and not given and _all_plain(owner, scope):
        return [_touch(owner, WRITE, place)]
    raise Unknown(f"it calls `{name}`")


_WAYS: dict[str, Callable[[Access, Scope], Touches]] = {
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
    "length": _of_length,
    "keys": _of_iteration,
    "with": _of_with,
}


def everything() -> Touches:
    """What an instruction touches of which nobody knows what it touches."""
    return [Touch(EVERYTHING, WRITE)]
