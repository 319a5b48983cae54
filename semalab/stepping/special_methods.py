"""Whether a class has a special method that is not the program's own code: Python calls it without naming it.

Only what is known to be the program's own function, or to touch nothing, is let through: all else is from elsewhere.
"""

from __future__ import annotations

import abc
import builtins
import dis
import functools
import inspect
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType
from typing import Any

from semalab.engine.reachability import is_a
from semalab.instrument.places import content, library_of_code
from semalab.stepping.accesses import instructions_of, is_special
from semalab.stepping.known import MISSING, SCALARS, found_in_class
from semalab.stepping.sharing import Code, codes_of

# No methods, or such as are judged where they are called.
_NO_METHODS = frozenset(
    "__new__ __slots__ __match_args__ __all__ __version__ __code__ __defaults__ __kwdefaults__ __classcell__"
    " __classdict__ __classdictcell__ __annotate__ __annotate_func__ __conditional_annotations__"
    " __type_params__".split()
)
_NO_NAMES = frozenset(("__main__", "__weakref__", "__class__"))
_BY_TEXT = frozenset("setattr __setattr__ type new_class make_dataclass vars locals".split())
_NO_METHODS_OF_OBJECTS = frozenset("__class__ __bases__".split())  # another class, which is asked itself
# Python's own modules whose functions in a class touch nothing but what they are given.
_GENERATE = frozenset("dataclasses enum typing abc reprlib".split())
_STORES = ("STORE_NAME", "STORE_FAST", "STORE_DEREF", "STORE_GLOBAL")
_LOCAL = ("LOAD_FAST", "LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF", "LOAD_CLOSURE")
_GLOBAL = ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS")
_CONSTANT = ("LOAD_CONST", "LOAD_SMALL_INT", "BUILD_TUPLE", "BUILD_LIST", "BUILD_SET", "BUILD_MAP", "BUILD_STRING")
_NO_ARGUMENTS = ("PUSH_NULL", "PRECALL", "NOP", "EXTENDED_ARG")
# Who makes of a function one that does nothing but call it.
_DESCRIBES = (property, staticmethod, classmethod, abc.abstractmethod)
_NAMESPACE = vars(type)["__dict__"]  # whatever a metaclass has to say

Instructions = list[dis.Instruction]


def special_method_from_elsewhere(program: types.FunctionType, others: Iterable[types.FunctionType]) -> str | None:
    """A special method that a class of the program has from elsewhere: `__len__ = functools.partial(...)`.

    Python calls it without naming it, and of what it does nobody hears. A function of the program is watched, also a
    decorated one, if it is known that the decorator leaves a function of the program.
    """
    classes: list[type] = []
    functions = [program, *others]
    reached = list(codes_of(*functions, classes=classes))
    codes = [(code, names) for code, names in reached if library_of_code(dict(names)) is None]
    bodies = _Bodies(codes, _enclosed(functions))
    for code, names in codes:
        if (given := _given_by_text(code)) is not None:
            return given
        for instruction, before in _with_before(code):
            name = str(instruction.argval)
            if instruction.opname not in ("STORE_NAME", "STORE_ATTR") or not is_special(name) or name in _NO_METHODS:
                continue
            to_object = instruction.opname == "STORE_ATTR"
            if to_object and name in _NO_METHODS_OF_OBJECTS:
                continue
            if not bodies.is_own(before[:-1] if to_object else before, names, name):
                return name
    asked = {id(each): each for cls in classes for each in (*type.mro(type(cls)), cls)}
    return next((name for cls in asked.values() for name in _from_elsewhere(cls)), None)


def _given_by_text(code: CodeType) -> str | None:
    """A special method that this code may give a class by its name: `type("Item", (), {"__len__": ...})`, `setattr`."""
    if _BY_TEXT.isdisjoint(code.co_names):
        return None
    texts = [part for one in code.co_consts for part in (one if is_a(one, tuple) else (one,)) if type(part) is str]
    return next((one for one in texts if is_special(one) and one not in _NO_METHODS and one not in _NO_NAMES), None)


def _enclosed(functions: Iterable[types.FunctionType]) -> dict[str, Any]:
    """What the variables of the functions around these hold."""
    found: dict[str, Any] = {}
    for function in functions:
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            value = content(cell)
            found[name] = value if found.get(name, value) is value else MISSING
    return found


def _from_elsewhere(cls: type) -> Iterator[str]:
    """The special methods that a class of the program has from elsewhere."""
    own = _NAMESPACE.__get__(cls)
    home = sys.modules.get(str(own.get("__module__")))
    if home is None or library_of_code(vars(home)) is not None:
        return
    for name, value in own.items():
        if is_special(name) and name not in _NO_METHODS and not _is_plain(value, name, cls):
            yield name


def _is_plain(value: Any, name: str, cls: type) -> bool:
    """Whether what a class has under a name is the program's function, or nothing that touches anything."""
    if is_a(value, (staticmethod, classmethod)):
        return _is_plain(value.__func__, name, cls)
    if is_a(value, property):
        return all(one is None or _is_plain(one, name, cls) for one in (value.fget, value.fset, value.fdel))
    if is_a(value, types.FunctionType):
        return _is_own_function(value) or _is_generated(value, cls)
    if is_a(value, types.GetSetDescriptorType):
        return name in ("__dict__", "__weakref__")
    if any(value is one for one in vars(object).values()) or value is types.GenericAlias:
        return True
    if is_a(value, (types.WrapperDescriptorType, types.MethodDescriptorType)):
        return any(value.__objclass__ is one for one in SCALARS)  # nobody changes one
    if is_a(value, types.BuiltinFunctionType):  # `object.__init_subclass__`, bound
        return value.__self__ is object
    has = (found_in_class(type(value), each) for each in ("__call__", "__get__"))
    return all(one is MISSING for one in has)


def _is_own_function(value: Any) -> bool:
    while is_a(value, types.FunctionType) and library_of_code(value.__globals__) is not None:
        value = value.__dict__.get("__wrapped__")
    return is_a(value, types.FunctionType)


def _is_generated(function: types.FunctionType, cls: type) -> bool:
    """Whether Python's own modules have put this there: it touches nothing but the object that it is called for."""
    home = str(function.__globals__.get("__name__"))
    if home == "collections":
        return issubclass(cls, tuple)  # a named tuple's
    if home == "functools":
        return "_from_" in function.__code__.co_name  # as total_ordering makes them
    return home in _GENERATE


def _with_before(code: CodeType) -> Iterator[tuple[dis.Instruction, Instructions]]:
    """Each instruction, with those that are certainly executed before it, one after another."""
    before: Instructions = []
    for instruction in instructions_of(code):
        if instruction.is_jump_target:
            before = []
        for one in _single(instruction):
            yield one, before
            before.append(one)


def _single(instruction: dis.Instruction) -> Instructions:
    """An instruction, or the two that are one from 3.13 on; none where it only makes ready for the next."""
    name = instruction.opname
    if name == "LOAD_LOCALS":
        return []
    if not (is_a(instruction.argval, tuple) and name.count("_FAST") == 2):
        return [instruction]
    names = name[:4] == "LOAD", name.rfind("LOAD") > 0
    return [
        instruction._replace(opname=each, opcode=dis.opmap[each], arg=0, argval=value)
        for loads, value in zip(names, instruction.argval, strict=True)
        for each in ["LOAD_FAST" if loads else "STORE_FAST"]
    ]


def _effect(instruction: dis.Instruction) -> int:
    if instruction.opname.startswith("LOAD_FROM_DICT"):  # without what makes ready for it
        return 1
    return dis.stack_effect(instruction.opcode, instruction.arg)


def _last_value(before: Instructions) -> Instructions:
    """The instructions that the uppermost value comes of; none if that is not known."""
    wanted = 1
    for n in range(len(before) - 1, -1, -1):
        wanted -= _effect(before[n])
        if wanted <= 0:
            return before[n:]
    return []


def _call(made: Instructions) -> tuple[Instructions, list[Instructions]] | None:
    """The instructions of what is called, and of each that it is given. None if that is not known, or by keywords."""
    call = made[-1]
    if call.opname != "CALL" or any(one.opname == "KW_NAMES" for one in made[-3:]):
        return None
    rest = made[:-1]
    while rest and rest[-1].opname == "PRECALL":
        rest = rest[:-1]
    given: list[Instructions] = []
    for _ in range(call.arg or 1):  # a decorator is called as if nothing were given
        value = _last_value(rest)
        if not value:
            return None
        given.insert(0, value)
        rest = rest[: len(rest) - len(value)]
    callee = [one for one in rest if one.opname not in _NO_ARGUMENTS]
    return (callee, given) if callee else None


class _Bodies:
    """What the names of local variables and of classes' bodies stand for, wherever in the program they are."""

    def __init__(self, codes: list[Code], enclosed: Mapping[str, Any]) -> None:
        self._codes = [code for code, _ in codes]
        self._enclosed = enclosed
        self._classes: set[str] = set()
        self._own: dict[str, bool] = {}  # whether all that is ever kept under a name is a function of the program
        for code in self._codes:
            starred = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
            for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + starred]:
                self._own[name] = False
        for code, names in codes:
            for instruction, before in _with_before(code):
                if instruction.opname in _STORES:
                    self._note(str(instruction.argval), before, names)

    def _note(self, name: str, before: Instructions, names: Mapping[str, Any]) -> None:
        value = _last_value(before)
        if any(one.opname == "LOAD_BUILD_CLASS" for one in value):
            self._classes.add(name)
        self._own[name] = self._own.get(name, True) and self.is_own(before, names, name)

    def is_own(self, before: Instructions, names: Mapping[str, Any], target: str) -> bool:
        """Whether what these instructions leave is the program's own function, or nothing that touches anything.

        names: the globals. target: the name that it gets.
        """
        if not before:
            return False
        last = before[-1]
        if last.opname == "COPY":  # for several names
            return self.is_own(before[:-1], names, target)
        if last.opname in _STORES:
            return before[-2:-1] != [] and before[-2].opname == "COPY" and self.is_own(before[:-2], names, target)
        if last.opname in _CONSTANT or last.opname in ("MAKE_FUNCTION", "SET_FUNCTION_ATTRIBUTE"):
            return True
        made = _last_value(before)
        if not made:
            return False
        if last.opname == "CALL":
            return self._is_described(made, names, target)
        if len(made) == 1 and self._is_local(last):
            return self._own[last.argval] and self._is_plain_outside(last, names, target)
        inherited = last.opname == "LOAD_ATTR" and len(made) == 2 and last.argval == target
        if inherited and made[0].argval in self._classes and self._is_local(made[0]):  # of a class made before
            return True
        value = self._value(made, names)
        return value is not MISSING and _is_plain(value, target, object)

    def _is_plain_outside(self, load: dis.Instruction, names: Mapping[str, Any], target: str) -> bool:
        """Whether what has this name outside of the code that is looked at, if anything has, is as harmless."""
        there = names if load.opname in _GLOBAL else self._enclosed
        return load.argval not in there or _is_plain(there[load.argval], target, object)

    def _is_local(self, load: dis.Instruction) -> bool:
        known = load.argval in self._own
        return known and load.opname.startswith((*_LOCAL, "LOAD_NAME"))

    def _value(self, made: Instructions, names: Mapping[str, Any]) -> Any:
        """What these instructions find in globals, modules and classes; MISSING if that is not known."""
        if not made:
            return MISSING
        last, name = made[-1], made[-1].argval
        if last.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            owner = self._value(made[:-1], names)
            if is_a(owner, types.ModuleType):
                return vars(owner).get(name, MISSING)
            return found_in_class(owner, name) if is_a(owner, type) else MISSING
        if len(made) > 1 or name in self._own:
            return MISSING
        if last.opname in _GLOBAL:
            return names.get(name, vars(builtins).get(name, MISSING))
        return self._enclosed.get(name, MISSING) if last.opname.startswith(_LOCAL) else MISSING

    def _is_described(self, made: Instructions, names: Mapping[str, Any], target: str) -> bool:
        """Whether a call makes of the program's own functions nothing but another one of them."""
        call = _call(made)
        if call is None:
            return False
        callee, given = call
        if not all(self.is_own(one, names, target) for one in given):
            return False
        if any(self._value(callee, names) is one for one in _DESCRIBES):
            return True
        depth = 0
        while callee[-1].opname == "CALL":  # what makes the decorator
            inner = _call(callee)
            if inner is None:
                return False
            callee, depth = inner[0], depth + 1
        decorator = self._value(callee, names)
        if decorator is functools.wraps:
            return depth == 1
        if is_a(decorator, types.FunctionType):
            return _is_own_function(decorator) and self._leaves_function(decorator.__code__, depth)
        name = str(callee[-1].argval)
        those = [code for code in self._codes if code.co_name == name]
        known = len(callee) == 1 and self._own.get(name, False) and bool(those)
        return known and all(self._leaves_function(code, depth) for code in those)

    def _leaves_function(self, code: CodeType, depth: int) -> bool:
        """Whether what is returned is a function made in this, or what this is given; after some calls more."""
        for instruction, before in _with_before(code):
            if instruction.opname == "RETURN_VALUE":
                value = _last_value(before)
                name = value[0].argval if len(value) == 1 else None
                if not depth and name == next(iter(code.co_varnames), None) and name is not None:
                    continue
                inner = [one for one in code.co_consts if is_a(one, CodeType) and one.co_name == name]
                if not inner or not self._own.get(str(name), False):
                    return False
                if depth and not all(self._leaves_function(one, depth - 1) for one in inner):
                    return False
            elif instruction.opname in ("RETURN_CONST", "RETURN_GENERATOR"):
                return False
        return True
