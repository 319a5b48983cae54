"""What of a program's state can be put back where it was, and how: one way for each kind of thing.

Everything is put back in place, so that whoever has the thing has it still. Only Python's own methods are called, never
those that a class of the program has put over them.
"""

from __future__ import annotations

import collections
import ctypes
import functools
import io
import random
import re
import sys
import threading
import types
import weakref
from array import array
from collections.abc import Callable, Hashable, Iterator
from operator import is_
from typing import Any, NamedTuple

from semalab.engine.reachability import is_a
from semalab.instrument.places import ABSENT, content, library_of, library_of_code
from semalab.instrument.reach import Reference


class Kept(NamedTuple):
    """A thing, what it is called, what it held, and what gives it that again."""

    name: str
    value: Any
    saved: Any
    put: Callable[[Any, Any], None]

    def restore(self) -> None:
        self.put(self.value, self.saved)


class Keeping(NamedTuple):
    """How things of a kind are kept: `take` says what one holds, `put` makes it hold that again."""

    take: Callable[[Any], Any]
    put: Callable[[Any, Any], None]


class Unkept(Exception):
    """A thing that may be another after a run and cannot be put back; the message says what it is."""


def keep(reference: Reference) -> Iterator[Kept]:
    """All that is to be put back of one thing. Raises Unkept if it cannot be."""
    name, value = reference.name or "the program", reference.value
    cls: Any = type(value)
    if is_a(value, types.FunctionType):
        yield Kept(name, value, *_taken(_FUNCTION, value))
    elif is_a(value, type):
        if library_of(value) is None:
            yield Kept(name, value, *_taken(_CLASS, value))
    elif not is_a(value, types.ModuleType):
        way = _way(value)
        if way is not None:
            yield Kept(name, value, *_taken(way, value))
        if (attributes := object_attributes(value)) is not None or _slots(cls):
            skipped = _of_every_thread() if is_a(value, threading.Thread) else frozenset()
            yield Kept(name, value, Attributes.of(value, attributes, skipped), Attributes.put)


def _taken(way: Keeping, value: Any) -> tuple[Any, Callable[[Any, Any], None]]:
    return way.take(value), way.put


def _way(value: Any) -> Keeping | None:
    """How its contents are kept that are not attributes; None if it has none that change. Raises Unkept."""
    cls: Any = type(value)
    base = base_of_c(cls)
    if base is object or issubclass(base, _UNCHANGING) or base.__module__ in _UNCHANGING_MODULES or _is_over(value):
        return None
    for kind, way in _WAYS.items():
        if issubclass(base, kind):
            return None if issubclass(cls, random.SystemRandom) else way  # which keeps nothing
    if issubclass(base, functools._lru_cache_wrapper):
        return _cache(value)
    if _is_code(base, value) or _full_name(base) in _UNCHANGING_NAMES or any(value is one for one in _std_streams()):
        return None
    if base.__module__.partition(".")[0] == "numpy":
        return _array(value, base)
    raise Unkept(_noun(base))


def _full_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _noun(base: type) -> str:
    if issubclass(base, types.GeneratorType | types.CoroutineType | types.AsyncGeneratorType):
        return "a generator" if issubclass(base, types.GeneratorType) else "a coroutine"
    if hasattr(base, "__next__") and base.__module__ != "_io":
        return "an iterator"
    if base.__module__ in ("_io", "io"):
        return "a file"
    return f"a {base.__qualname__ if base.__module__ == 'builtins' else _full_name(base)}"


@functools.lru_cache(maxsize=4096)
def base_of_c(cls: Hashable) -> type:
    """The nearest of its bases that is not written in Python; itself, if it is not."""
    assert isinstance(cls, type)
    return next(base for base in cls.__mro__ if _of_c(base))


def _of_c(cls: type) -> bool:
    """True for a class that is not written in Python: then it has methods of C that are its own."""
    if not cls.__flags__ & (1 << 9):  # Py_TPFLAGS_HEAPTYPE
        return True
    kinds = (types.WrapperDescriptorType, types.MethodDescriptorType, types.GetSetDescriptorType)
    own = (one for name, one in vars(cls).items() if name not in ("__dict__", "__weakref__"))
    return any(type(one) in kinds and one.__objclass__ is cls for one in own)


def _is_code(base: type, value: Any) -> bool:
    """True for a function of an extension module, whatever its class is called."""
    return base.__module__ != "builtins" and callable(value) and isinstance(getattr(value, "__qualname__", None), str)


def _is_over(value: Any) -> bool:
    """True for a generator that has come to its end, and a file that is closed."""
    if is_a(value, types.GeneratorType):
        return value.gi_frame is None
    return is_a(value, io.IOBase) and value.closed


def _std_streams() -> tuple[Any, ...]:
    return sys.stdout, sys.stderr, sys.stdin, sys.__stdout__, sys.__stderr__, sys.__stdin__


# attributes
def object_attributes(value: Any) -> dict[str, Any] | None:
    """The dictionary of an object's attributes, without asking its class for it."""
    try:
        found = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None
    return found if type(found) is dict else None


@functools.lru_cache(maxsize=4096)
def _slots(cls: Hashable) -> tuple[types.MemberDescriptorType, ...]:
    assert isinstance(cls, type)
    slotted = [base for base in cls.__mro__ if "__slots__" in vars(base)]
    return tuple(one for base in slotted for one in vars(base).values() if type(one) is types.MemberDescriptorType)


@functools.cache
def _of_every_thread() -> frozenset[str]:
    """What CPython itself changes in a thread as it runs and ends."""
    return frozenset(vars(threading.Thread(name="any")))


class Attributes(NamedTuple):
    """An object's class, the dictionary of its attributes with what is in it, and its slots."""

    cls: type
    attributes: dict[str, Any] | None
    entries: dict[str, Any]
    slots: tuple[tuple[types.MemberDescriptorType, Any], ...]
    skipped: frozenset[str]

    @classmethod
    def of(cls, value: Any, attributes: dict[str, Any] | None, skipped: frozenset[str]) -> Attributes:
        entries = {name: one for name, one in (attributes or {}).items() if name not in skipped}
        kind: Any = type(value)
        slots = tuple((slot, _in_slot(slot, value)) for slot in _slots(kind))
        return cls(kind, attributes, entries, slots, skipped)

    @staticmethod
    def put(value: Any, saved: Attributes) -> None:
        if type(value) is not saved.cls:
            object.__setattr__(value, "__class__", saved.cls)
        now = object_attributes(value)
        if now is not None and saved.attributes is not None:
            if now is not saved.attributes:  # the program has given it another dictionary
                object.__setattr__(value, "__dict__", saved.attributes)
                now = saved.attributes
            kept = {name: one for name, one in now.items() if name in saved.skipped} if saved.skipped else {}
            _put_entries(now, {**kept, **saved.entries})
        for slot, before in saved.slots:
            if _in_slot(slot, value) is before:
                continue
            if before is ABSENT:
                slot.__delete__(value)
            else:
                slot.__set__(value, before)


def _in_slot(slot: types.MemberDescriptorType, value: Any) -> Any:
    try:
        return slot.__get__(value)
    except AttributeError:
        return ABSENT


# containers
def same_entries(now: dict[Any, Any], before: dict[Any, Any]) -> bool:
    """True if both have the very same keys and values in the same order; none of them is asked whether it is equal."""
    same_keys = len(now) == len(before) and all(map(is_, dict.keys(now), dict.keys(before)))
    return same_keys and all(map(is_, dict.values(now), dict.values(before)))


def _put_entries(value: dict[Any, Any], saved: dict[Any, Any]) -> None:
    if not same_entries(value, saved):
        dict.clear(value)
        dict.update(value, saved)


def _put_ordered(value: Any, saved: list[tuple[Any, Any]]) -> None:
    ordered = collections.OrderedDict
    ordered.clear(value)
    for key, one in saved:
        ordered.__setitem__(value, key, one)


def _take_ordered(value: Any) -> list[tuple[Any, Any]]:
    return [(key, dict.__getitem__(value, key)) for key in collections.OrderedDict.__iter__(value)]


def _put_elements(value: Any, saved: list[Any]) -> None:
    list.__setitem__(value, slice(None), saved)


def _put_queue(value: Any, saved: list[Any]) -> None:
    collections.deque.clear(value)
    collections.deque.extend(value, saved)


def _take_members(value: Any) -> list[Any]:
    """Also lays the set out as `_put_members` will, so that the first run takes its members in the order of all."""
    members = list(set.__iter__(value))
    _put_members(value, members)
    return members


def _put_members(value: Any, saved: list[Any]) -> None:
    """In one and the same layout each time: which member pop() takes depends on it, and on where the last was taken."""
    set.clear(value)
    set.add(value, 7)
    set.pop(value)
    set.update(value, saved)


def _put_default(value: Any, saved: tuple[Any, dict[Any, Any]]) -> None:
    value.default_factory = saved[0]
    _put_entries(value, saved[1])


def _put_bytes(value: Any, saved: Any) -> None:
    value[:] = saved


def _put_raised(value: Any, saved: tuple[Any, ...]) -> None:
    for name, before in zip(_OF_EXCEPTIONS, saved, strict=True):
        setattr(value, name, before)


_OF_EXCEPTIONS = ("args", "__traceback__", "__cause__", "__context__", "__suppress_context__")


# functions and classes
def _take_function(value: Any) -> tuple[Any, ...]:
    cells = value.__closure__ or ()
    return tuple((cell, content(cell)) for cell in cells), dict(vars(value)), *_made_of(value), _keywords(value)


def _keywords(value: Any) -> dict[str, Any] | None:
    return dict(value.__kwdefaults__) if value.__kwdefaults__ is not None else None


def _made_of(value: Any) -> tuple[Any, Any, Any]:
    return value.__code__, value.__defaults__, value.__kwdefaults__


def _put_function(value: Any, saved: tuple[Any, ...]) -> None:
    cells, attributes, code, defaults, keywords, entries = saved
    for cell, before in cells:
        if content(cell) is before:
            continue
        if before is ABSENT:
            del cell.cell_contents
        else:
            cell.cell_contents = before
    _put_entries(vars(value), attributes)
    if value.__code__ is not code:
        value.__code__ = code
    if value.__defaults__ is not defaults:
        value.__defaults__ = defaults
    if value.__kwdefaults__ is not keywords:
        value.__kwdefaults__ = keywords
    if keywords is not None:
        _put_entries(keywords, entries)


def _take_class(value: type) -> tuple[dict[str, Any], tuple[type, ...]]:
    return dict(vars(value)), value.__bases__


def _put_class(value: type, saved: tuple[dict[str, Any], tuple[type, ...]]) -> None:
    attributes, bases = saved
    now = vars(value)
    if len(now) != len(attributes) or any(now.get(name, ABSENT) is not one for name, one in attributes.items()):
        for name in [name for name in now if name not in attributes]:
            type.__delattr__(value, name)
        for name, one in attributes.items():
            if vars(value).get(name, ABSENT) is not one:
                type.__setattr__(value, name, one)
    if value.__bases__ != bases:
        value.__bases__ = bases


def _put_partial(value: Any, saved: tuple[Any, ...]) -> None:
    function, arguments, keywords, entries = saved
    if value.func is not function or value.args is not arguments or value.keywords is not keywords:
        value.__setstate__((function, arguments, keywords, vars(value)))
    _put_entries(value.keywords, entries)


def _cache(value: Any) -> Keeping | None:
    """Of a function that remembers its results: nobody can look into what it remembers, only empty it."""
    function: Any = getattr(value, "__wrapped__", None)
    if is_a(function, types.FunctionType) and library_of_code(function.__globals__) is not None:
        return None
    if value.cache_info().currsize:
        raise Unkept("a cache that is not empty; call its cache_clear() first")
    return _CACHE


def _put_cache(value: Any, saved: Any) -> None:
    if value.cache_info() != saved:
        value.cache_clear()


def _array(value: Any, base: type) -> Keeping | None:
    numpy: Any = sys.modules.get("numpy")
    if numpy is None or is_a(value, numpy.generic | numpy.dtype | numpy.ufunc):
        return None
    if is_a(value, numpy.ndarray) and not value.dtype.hasobject:
        return _ARRAY
    raise Unkept(_noun(base))


def _take_array(value: Any) -> tuple[Any, Any]:
    """Those whose memory a view is part of come along."""
    base = value.base
    return value.copy(), (base, *_taken(_ARRAY, base)) if type(base) is type(value) else None


def _put_array(value: Any, saved: tuple[Any, Any]) -> None:
    if value.shape != saved[0].shape:
        value.resize(saved[0].shape, refcheck=False)
    if value.flags.writeable:
        value[...] = saved[0]
    if saved[1] is not None:
        base, before, put = saved[1]
        put(base, before)


def _take_memory(value: Any) -> bytes:
    return ctypes.string_at(ctypes.addressof(value), ctypes.sizeof(value))


def _put_memory(value: Any, saved: bytes) -> None:
    ctypes.memmove(ctypes.addressof(value), saved, len(saved))


_FUNCTION = Keeping(_take_function, _put_function)
_CLASS = Keeping(_take_class, _put_class)
_CACHE = Keeping(lambda value: value.cache_info(), _put_cache)
_ARRAY = Keeping(_take_array, _put_array)
_MEMORY = Keeping(_take_memory, _put_memory)
_STATE = Keeping(lambda value: value.__getstate__(), lambda value, saved: value.__setstate__(saved))
_CTYPES: tuple[type, ...] = (ctypes.Structure, ctypes.Union, ctypes.Array, ctypes.c_int.__mro__[1])

_WAYS: dict[type, Keeping] = {
    list: Keeping(list.copy, _put_elements),
    collections.OrderedDict: Keeping(_take_ordered, _put_ordered),
    collections.defaultdict: Keeping(lambda value: (value.default_factory, dict(dict.items(value))), _put_default),
    dict: Keeping(lambda value: dict(dict.items(value)), _put_entries),
    set: Keeping(_take_members, _put_members),
    collections.deque: Keeping(lambda value: list(collections.deque.__iter__(value)), _put_queue),
    bytearray: Keeping(bytes, _put_bytes),
    array: Keeping(lambda value: value[:], _put_bytes),
    io.StringIO: _STATE,
    io.BytesIO: _STATE,
    random.Random.__mro__[1]: Keeping(random.Random.getstate, random.Random.setstate),
    BaseException: Keeping(lambda value: tuple(getattr(value, name) for name in _OF_EXCEPTIONS), _put_raised),
    functools.partial: Keeping(
        lambda value: (value.func, value.args, value.keywords, dict(value.keywords)),
        _put_partial,
    ),
    **dict.fromkeys(_CTYPES, _MEMORY),
}
_UNCHANGING: tuple[Any, ...] = (
    *(str, bytes, int, float, complex, bool, tuple, frozenset, range, slice, type(None), type(...), memoryview),
    *(property, classmethod, staticmethod, super, type({}.keys()), type({}.values()), type({}.items())),
    *(types.CodeType, types.BuiltinFunctionType, types.MethodType, types.MappingProxyType, types.SimpleNamespace),
    *(types.GetSetDescriptorType, types.MemberDescriptorType, types.WrapperDescriptorType, types.MethodDescriptorType),
    *(types.MethodWrapperType, types.ClassMethodDescriptorType, types.CellType, types.GenericAlias, types.UnionType),
    *(types.FrameType, types.TracebackType, weakref.ref, weakref.ProxyType, weakref.CallableProxyType),
    *(re.Pattern, re.Match, threading.local, type(NotImplemented)),
)
_UNCHANGING_MODULES = frozenset(
    "datetime operator _abc _struct struct zoneinfo _contextvars contextvars typing types _thread".split()
)
_UNCHANGING_NAMES = frozenset(
    "decimal.Decimal collections._tuplegetter _collections._tuplegetter functools.KeyWrapper builtins.managedbuffer"
    " builtins.PyCapsule".split()
)
