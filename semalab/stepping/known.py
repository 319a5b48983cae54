"""What the lab knows of values and of code: what is simple, what is watched, what says itself what it touches.

Known to be harmless are numbers, strings and the like; known are the built-in containers, the program's own functions
and classes, whose code is watched, the twins, and a table of built-in functions. All else may touch everything.
"""

from __future__ import annotations

import abc
import builtins
import collections
import contextlib
import dis
import functools
import inspect
import itertools
import math
import sys
import threading
import types
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from semalab.engine.reachability import is_a
from semalab.stepping.operands import Operand


class Touch(NamedTuple):
    """A location, whether it is written, and the container whose items it stands for, if it does."""

    location: str
    mode: bool
    container: Any = None


class Unknown(Exception):
    """It is not known what an instruction touches, so it touches everything.

    inside: what else it does that others could come between, in a sentence; "" for what is one instruction of C.
    instead: what could be written in its place, as an order; "" for nothing in particular.
    """

    def __init__(self, inside: str = "", instead: str = "") -> None:
        super().__init__(inside)
        self.inside = inside
        self.instead = instead


class Unobservable(Unknown):
    """The same of an instruction that changes what others do without touching anything: nothing can be proved."""


class NewObject(NamedTuple):
    """What an operand will be that nobody else has yet: the name of its type, what it is a view of, its class."""

    kind: str
    parts: tuple[Operand, ...] = ()
    cls: type | None = None  # if it is a twin's or the program's


class Scope(NamedTuple):
    """Where an instruction is executed.

    names: local and enclosed variables. namespace: the globals. program: identities of the program's namespaces.
    shared: the locations that threads share; after WRITTEN those that code of the program changes, and after MIXED
    those of them whose values are not always simple. returned: what calls in this frame have returned last, by their
    instructions' offsets, with the code that they ran; None for a call that was foreseen. loaded: the values that were
    found of operands, None for those that have none: while others run they stay the same, for they are loaded already.
    """

    names: Mapping[str, Any]
    namespace: Mapping[str, Any]
    program: AbstractSet[int]
    shared: AbstractSet[str] = frozenset()
    returned: Mapping[int, tuple[types.CodeType | None, Any]] = types.MappingProxyType({})
    loaded: dict[Operand, tuple[Any] | None] | None = None


Touches = list[Touch]
MIXED, WRITTEN = "mixed ", "written "
SCALARS = (int, float, complex, bool, str, bytes, range, type(None), type(...), type(NotImplemented), slice)
_SCALARS = frozenset(SCALARS)
FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType, type)
MADE_SIMPLE = frozenset("int str bool float bytes range function slice".split())
MADE_CONTAINERS = frozenset("list tuple set dict frozenset deque generator".split())
FROZEN = (tuple, frozenset)
CONTAINERS = (list, dict, set, bytearray, collections.deque)
DICTS = (dict, collections.OrderedDict, collections.defaultdict)
EXACT = frozenset((*CONTAINERS, collections.OrderedDict, collections.defaultdict))
ITERATORS = frozenset(
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
VIEWS = frozenset((type({}.keys()), type({}.values()), type({}.items())))
# What they touch they say themselves, when it is touched.
TWINS = frozenset(("threading", "time", "_thread", "queue", "semalab"))
TWINS_WITH_SIMPLE = frozenset(("random", "concurrent", "sched", "logging"))  # if nothing but scalars is given to them
_CALM_MODULES = frozenset(("typing", "abc"))  # Python code that touches nothing but what it makes
# The same in contextlib. (An ExitStack runs what it was given.)
CALM_GUARDS: tuple[type, ...] = (contextlib._GeneratorContextManager, contextlib.nullcontext, contextlib.suppress)
_CALM_NAMES = frozenset(("contextmanager", "ContextDecorator", *(f"{cls.__name__}" for cls in CALM_GUARDS)))
# Built-in functions by what they do with their arguments, and what they return.
IDLE = dict.fromkeys("callable id isinstance issubclass type".split(), "") | {"super": "super", "object": "object"}
OF_SCALARS = dict.fromkeys("abs bin chr divmod hex oct ord pow round hash format repr ascii".split(), "str")
OF_SCALARS |= dict.fromkeys("int float complex bool str bytes".split(), "str")
_HARMLESS = frozenset((*IDLE, *OF_SCALARS, "print", "range"))  # with simple arguments
OF_NUMBERS = frozenset(one for one in vars(math).values() if isinstance(one, types.BuiltinFunctionType))
READERS = {"len": "int", "any": "bool", "all": "bool", "sum": "int"}
READERS |= {"list": "list", "tuple": "tuple", "set": "set", "frozenset": "frozenset", "dict": "dict"}
SORTERS = {"sorted": "list", "min": "", "max": ""}
LAZY = frozenset(("enumerate", "zip", "reversed", "iter"))
BUILTIN_RESULTS = {**IDLE, **OF_SCALARS, **READERS, "sorted": "list", "range": "range", "deque": "deque"}
# Methods of the built-in containers.
LOOK = frozenset("copy keys values items".split())
_BY_ANY_NAME = frozenset("setattr __setattr__ vars __dict__".split())
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType)
_MODULE_OF, _NAME_OF = vars(type)["__module__"], vars(type)["__name__"]  # whatever a metaclass has to say
MISSING = object()
LARGE = 2_000  # items that are looked at
_MINE = 4  # references to what nobody but a thread has, counted where it is looked at


def found_in_class(cls: type, name: str) -> Any:
    """What a class, or one that it is derived from, has under this name; MISSING if none has."""
    for base in cls.__mro__:
        names = base.__dict__
        if name in names:
            return names[name]
    return MISSING


def unbound(function: Any) -> Any:
    return function.__func__ if is_a(function, types.MethodType) else function


@functools.lru_cache(maxsize=1024)
def returns_constants(code: types.CodeType) -> bool:
    """Whether a function returns nothing but constants, as one without a `return` does."""
    before: dis.Instruction | None = None
    for instruction in dis.get_instructions(code):
        if instruction.opname == "RETURN_VALUE" and (before is None or before.opname != "LOAD_CONST"):
            return False
        before = instruction
    return True


@functools.lru_cache(maxsize=256)
def _gives_itself(code: types.CodeType) -> bool:
    done = [(i.opname.removesuffix("_BORROW"), i.argval) for i in dis.get_instructions(code) if i.opname != "RESUME"]
    return [name for name, _ in done] == ["LOAD_FAST", "RETURN_VALUE"] and done[0][1] == code.co_varnames[0]


def gives_itself(method: Any) -> bool:
    """Whether a method does nothing but return the object that it is called for, as most iterators' `__iter__` do."""
    return is_a(method, types.FunctionType) and _gives_itself(method.__code__)


def is_kept(value: Any) -> bool:
    """Whether a value may live on for a while without the program being able to tell."""
    return is_simple(value) or is_twin(value)


def is_simple(value: Any, depth: int = 3) -> bool:
    """Whether nothing that is done with this value touches anything that could be changed."""
    if type(value) is NewObject:
        return value.kind in MADE_SIMPLE
    if type(value) in _SCALARS or type(value).__module__ in ("decimal", "datetime", "fractions", "uuid"):
        return True
    if type(value) in FROZEN and depth and len(value) <= LARGE:
        return all(is_simple(one, depth - 1) for one in value)
    return is_a(value, FUNCTIONS)


def is_plain(value: Any, scope: Scope) -> bool:
    """Whether to compare, hash or show it runs nothing but the program's own code, which is watched."""
    return is_simple(value) or is_of_program(value, scope, ("__eq__", "__hash__", "__lt__", "__repr__"))


def is_of_program(value: Any, scope: Scope, methods: tuple[str, ...]) -> bool:
    """Whether these methods of a value are the program's own, or those of every object."""
    cls = type(value)
    if cls.__module__ in ("builtins", "types", "collections") or type(cls) not in (type, abc.ABCMeta):
        return False
    for name in methods:
        found = found_in_class(cls, name)
        everybodys = found is MISSING or found is None or found is vars(object).get(name)
        if not everybodys and not is_watched(found, scope):
            return False
    return True


def is_watched(function: Any, scope: Scope) -> bool:
    """Whether this is a function of the program."""
    while is_a(function, types.FunctionType) and id(function.__globals__) not in scope.program:
        wrapped = function.__dict__.get("__wrapped__")
        if wrapped is None:
            return False
        function = wrapped
    return is_a(function, types.FunctionType)


TWIN_RESULTS = frozenset(  # of which what comes is as simple as a number
    "acquire release locked is_set set clear is_alive wait notify notify_all start join empty full qsize put"
    " task_done".split()
)


def is_twin(value: Any) -> bool:
    return is_twin_class(type(value))


def is_twin_class(cls: type) -> bool:
    return library(cls) in TWINS


def kept_by_libraries(cls: type) -> AbstractSet[str]:
    """The attributes that a twin's own code, or a library's that is taken to say what it touches, gives values."""
    return stored_by(*(base for base in cls.__mro__ if library(base) in TWINS or library(base) in TWINS_WITH_SIMPLE))


def stored_by(*classes: type) -> AbstractSet[str]:
    """The attributes that the methods of these give values."""
    methods = [inspect.unwrap(one) for cls in classes for one in vars(cls).values() if inspect.isfunction(one)]
    return frozenset[str]().union(*(_stored(one.__code__) for one in methods))


DESCRIBED = (property, classmethod, staticmethod)


def described(one: property | classmethod[Any, Any, Any] | staticmethod[Any, Any]) -> list[Any]:
    """The functions that a property, a class method or a static method calls."""
    if isinstance(one, property):
        return [function for function in (one.fget, one.fset, one.fdel) if function is not None]
    return [one.__func__]


def may_keep(cls: type, name: str) -> bool:
    """Whether what makes an object of this class may give it something of its own under this name.

    Asked are the methods of its classes, what they wrap, what is defined in them, and the functions that they name.
    """
    queue: list[Any] = [one for base in cls.__mro__ for one in vars(base).values()]
    seen: set[int] = set()
    while queue:
        one = queue.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if is_a(one, DESCRIBED):
            queue += described(one)
        elif is_a(one, types.FunctionType):
            if _gives(one.__code__, name, library(one) in TWINS):
                return True
            queue.append(one.__dict__.get("__wrapped__"))
            queue += (one.__globals__.get(each) for each in one.__code__.co_names)
    return False


@functools.lru_cache(maxsize=4096)
def _gives(code: types.CodeType, name: str, of_twin: bool) -> bool:
    """Whether this code, or any in it, stores an attribute of this name, or of a name that is not known before."""
    if name in _stored(code):
        return True
    if not of_twin and not _BY_ANY_NAME.isdisjoint(code.co_names):
        generated = code.co_filename == "<string>"  # a dataclass's: the names are its constants
        if not generated or name in code.co_consts:
            return True
    return any(_gives(inner, name, of_twin) for inner in code.co_consts if is_a(inner, types.CodeType))


@functools.lru_cache(maxsize=1024)
def _stored(code: types.CodeType) -> frozenset[str]:
    return frozenset(i.argval for i in dis.get_instructions(code) if i.opname == "STORE_ATTR")


def library(made_there: Any) -> str:
    """The first part of the name of the module that a function or class says it is from; "" for none.

    Of any other object it is that of its class: the object itself would answer with code of the program.
    """
    while is_a(made_there, (types.MethodType, staticmethod, classmethod)):
        made_there = made_there.__func__
    if is_a(made_there, _FUNCTIONS):
        return str(made_there.__module__ or "").partition(".")[0]
    cls = made_there if is_a(made_there, type) else type(made_there)
    return str(_MODULE_OF.__get__(cls) or "").partition(".")[0]


def name_in_code(function: Any) -> str:
    """The name of a function or class; "" for any other object, which would answer with code of the program."""
    if is_a(function, type):
        return str(_NAME_OF.__get__(function))
    while is_a(function, types.MethodType):
        function = function.__func__
    return str(function.__name__) if is_a(function, _FUNCTIONS) else ""


def is_known_code(function: Any, scope: Scope) -> bool:
    """The program's own code, which is watched; a twin, which says what it touches; what touches nothing else."""
    if is_a(function, types.FunctionType):
        if id(function.__globals__) in scope.program:
            return True
        home = str(function.__globals__.get("__name__", "")).split(".")[0]
        module = library(function)
        if module in TWINS_WITH_SIMPLE:
            return False
        if home == "contextlib":
            return function.__code__.co_qualname.partition(".")[0] in _CALM_NAMES
        return home in TWINS or module in TWINS or home in _CALM_MODULES or home == "builtins"
    if is_a(function, functools.partial):
        return is_known_code(function.func, scope)
    if is_a(function, (types.BuiltinFunctionType, type)):
        module = library(function)
        return module in TWINS
    if type(function) is NewObject:
        return function.kind == "function"
    own = next((vars(base)["__call__"] for base in type(function).__mro__ if "__call__" in vars(base)), None)
    return is_watched(own, scope)


def runs_known_code(thread: threading.Thread, program: AbstractSet[int]) -> bool:
    """Whether all that a thread does is in code that is watched: also to take its arguments, which nobody else has."""
    scope = Scope({}, {}, program)
    own = vars(thread)
    names = ("function", "args", "kwargs") if "function" in own else ("_target", "_args", "_kwargs")
    target, *given = [own.get(name) for name in names]
    for one in given:
        if one is not None and type(one) is not tuple and sys.getrefcount(one) > _MINE:
            return False
    if type(target) is functools.partial and sys.getrefcount(target.keywords) >= _MINE:
        return False
    run = found_in_class(type(thread), "run")
    name = name_in_code(target)
    if name in _HARMLESS and is_built_in(target) and all(not one or is_simple(one) for one in given):
        return is_known_code(run, scope)
    return is_known_code(unbound(run), scope) and (target is None or is_known_code(unbound(target), scope))


def is_built_in(function: Any) -> bool:
    return vars(builtins).get(name_in_code(function), MISSING) is function or function is collections.deque


def _is_of_exceptions(method: Any) -> bool:
    """Whether it is one of the built-in exceptions', or of a library's, which keep what they are given."""
    home: Any = getattr(method, "__objclass__", None) or getattr(method, "__self__", None)
    built_in = is_a(home, type) and issubclass(home, BaseException) and home.__module__ == "builtins"
    return built_in or (is_a(method, types.FunctionType) and library(method) in sys.stdlib_module_names)


def is_program_class(cls: type, scope: Scope, called: bool = False) -> bool:
    """Whether nothing but the program's own code makes an object of this class. called: by its class's own way."""
    made_plainly = called or type(cls) is type or type(cls).__module__ in ("abc", "typing")
    if not made_plainly and not is_watched(vars(type(cls)).get("__call__"), scope):
        return False
    if cls is types.SimpleNamespace:
        return True
    for name in ("__new__", "__init__"):
        found: Any = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
        found = found.__func__ if is_a(found, staticmethod) else found
        is_tuple = issubclass(cls, tuple) and hasattr(cls, "_fields")
        if found is vars(object)[name] or is_tuple or is_watched(found, scope):
            continue
        if issubclass(cls, BaseException) and _is_of_exceptions(found):
            continue
        twin = is_a(found, types.FunctionType) and str(found.__globals__.get("__name__", "")).split(".")[0]
        if twin not in TWINS:
            return False
    return True
