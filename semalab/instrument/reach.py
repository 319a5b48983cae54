"""What a program can reach before it runs, by the collector's own graph: wherever it is kept, and how it is called.

From a function the walk goes to the globals that its code names, its closure, defaults and attributes; from a class to
its attributes; from everything else to all that it refers to. Of Python's own modules and installed
ones nothing is looked at but what the program may have put there.
"""

from __future__ import annotations

import _abc
import abc
import builtins
import collections
import contextvars
import functools
import gc
import importlib
import opcode
import operator
import re
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from semalab.engine.reachability import is_a
from semalab.instrument.places import (
    ABSENT,
    Attribute,
    Cell,
    Element,
    Entry,
    Held,
    Inside,
    Key,
    Member,
    Part,
    Place,
    attributes_of,
    content,
    is_authors,
    is_object_array,
    is_pythons,
    key_text,
    library_of,
    library_of_code,
)

MOST = 200_000  # objects that are looked at; what is beyond is named
_LIBRARY_DEPTH = 3  # an object of a library, what it is made of, and what that is made of
_LIBRARY_CODE = 500  # functions and classes of libraries that are looked into: those that the program leads to first
_ATOMS = frozenset(
    {str, bytes, int, float, complex, bool, range, slice, type(None), type(...), type(NotImplemented)}
    | {types.CodeType, types.FrameType, types.TracebackType, types.GetSetDescriptorType}
    | {types.MemberDescriptorType, types.WrapperDescriptorType, types.MethodDescriptorType}
)
_TRANSPARENT = ("argparse", "types", "typing", "enum", "unittest.mock")  # their objects have the program's attributes
_CLOSED = (
    "logging",
    "asyncio",
    "socket",
    "ssl",
    "subprocess",
    "concurrent",
    "multiprocessing",
    "importlib",
    "unittest",
    "semalab.instrument",
    "semalab.engine",
)
_MACHINERY = {  # by its name, what an object of a class of Python's has for itself; all else is the program's
    name: frozenset(names.split())
    for name, names in {
        "Thread": "_tstate_lock _handle _os_thread_handle _started _invoke_excepthook _stderr",
        "Timer": "finished",
        "Lock": "_waiters",
        "_RLock": "_block _owner _count",
        "Condition": "_lock _waiters acquire release locked _is_owned _release_save _acquire_restore",
        "Semaphore": "_cond _value _waiters",
        "Event": "_cond _flag _value _waiters",
        "Barrier": "_cond _state _count",
        "Queue": "mutex not_empty not_full all_tasks_done queue _getters _putters _finished",
        "_PySimpleQueue": "_count",
    }.items()
}


_EXECUTES = frozenset({"exec", "eval", "compile"})
_MAKES_UP = _EXECUTES | frozenset("globals vars locals __dict__ __globals__ f_globals modules".split())
_IMPORTS_BY_TEXT = _MAKES_UP | frozenset("__import__ import_module modules resolve_name run_module run_path".split())
_IMPORTERS = (importlib.import_module, importlib.__import__, builtins.__import__)  # under whatever name
_IMPORTS = frozenset((opcode.opmap["IMPORT_NAME"], opcode.opmap["IMPORT_FROM"]))
_WORD = re.compile(r"[^\W\d]\w*")
_BY_ANY_NAME = frozenset({"globals", "eval", "exec"})  # who calls these can mean any global
_BUILTINS = vars(builtins)
_PYTHONS_OWN = frozenset(_BUILTINS)  # what stands there from the beginning
_LOAD_GLOBAL = opcode.opmap["LOAD_GLOBAL"]  # its argument has a bit more than that of the others
_LOOKS_UP = frozenset(
    opcode.opmap[name] for name in ("LOAD_GLOBAL", "LOAD_NAME", "STORE_NAME", "STORE_GLOBAL", "DELETE_GLOBAL")
)


class Reference(NamedTuple):
    """A value, what it is called, where it stands, and the library that it was met in, if any.

    place: None where nothing else can be put, in a generator's frame for example.
    """

    name: str
    value: Any
    place: Place | None = None
    library: str = ""


class Reach:
    """One walk. Invariants: `references` lists what was asked for, once for each place it stands in, in the order in
    which it was met. `met` lists every object that was looked at, once. `holders` knows every place of a tuple that was
    met; `classes` the program's own classes; `cut` names what the walk had no time for, `closed` what it was not to
    look into.
    """

    def __init__(
        self,
        wanted: Callable[[Any], bool],
        barred: Callable[[Any], bool] = lambda value: False,
        any_name: bool = True,
    ) -> None:
        """wanted: what to report. barred: what is as if it was not there.

        any_name: whoever calls globals() is taken to mean any of them, and not only those that the program's text has.
        """
        self._any_name = any_name
        self.references: list[Reference] = []
        self.met: list[Reference] = []
        self.closed: list[Reference] = []
        self.holders: dict[int, list[Place | None]] = {}
        self.tuples: dict[int, Any] = {}
        self.classes: list[type] = []
        self.cut: list[str] = []
        self._wanted = wanted
        self._barred = barred
        self._stack: list[tuple[Reference, int]] = []
        self._ahead: collections.deque[types.FunctionType] = collections.deque()
        self._first: set[int] = set()
        self._entered: set[int] = set()
        self._library_code = 0
        self._collected = False
        self._called_like_modules: list[Reference] = []
        self._names: dict[str, None] = {}
        self._modules: dict[int, tuple[types.ModuleType, set[str]]] = {}
        self._results: set[int] = set()  # the dictionaries in which functions keep their results
        self._called: dict[int, tuple[str, ...]] = {}  # for the arguments of a thread: what its function calls them
        self._seen: dict[int, Any] = {}  # keeps them, so that no identity is used twice

    def walk(self, program: Any, arguments: dict[str, Any], found: Iterable[types.FunctionType] = ()) -> Reach:
        """found: the functions to begin with, whoever wrote them."""
        self._ahead.extend(found)
        self._first = {id(function) for function in self._ahead}
        self._push([Reference("", program), *(Reference(n, arguments[n], Entry(arguments, n)) for n in arguments)])
        while self._go_on():
            if len(self._seen) > MOST:
                self.cut.append(self._stack[-1][0].name if self._stack else "the program")
                break
        return self

    def writable(self, place: Place | None) -> bool:
        """True if another thing can be put there."""
        if isinstance(place, Inside):
            return all(map(self.writable, self.holders[id(place.owner)]))
        return place is not None

    def _go_on(self) -> bool:
        if self._stack:
            self._look(*self._stack.pop())
        elif self._ahead:
            self._function(self._ahead.popleft())
        else:
            self._push(self._of_modules() or self._of_derived() or self._of_imports_by_text())
            return bool(self._stack)
        return True

    @property
    def asks_for_derived(self) -> bool:
        """Whether the program can come to a class by one that it is derived from."""
        return "__subclasses__" in self._names

    def _of_imports_by_text(self) -> list[Reference]:
        """Modules that the program may import, or look up, by a text."""
        found, self._called_like_modules = self._called_like_modules, []
        by_text = not _IMPORTS_BY_TEXT.isdisjoint(self._names) or any(id(one) in self._seen for one in _IMPORTERS)
        return [one for one in found if id(one.value) not in self._seen] if by_text else []

    def _of_derived(self) -> list[Reference]:
        """Classes that nobody but those that they are derived from may lead to."""
        if not self.asks_for_derived:
            return []
        if not self._collected:  # a class refers to itself: those of an earlier run are there until then
            self._collected = gc.collect() >= 0
        derived: list[type] = list(chain.from_iterable(map(type.__subclasses__, self.classes)))
        found = [below for below in derived if id(below) not in self._seen and library_of(below) is None]
        return [Reference(below.__name__, below) for below in found]

    def _push(self, references: Iterable[Reference], depth: int = 0) -> None:
        self._stack.extend((r, depth) for r in reversed(list(references)) if type(r.value) not in _ATOMS)

    def _look(self, reference: Reference, depth: int) -> None:
        value = reference.value
        if self._barred(value):
            return
        if self._wanted(value):
            self.references.append(reference)
        if is_a(value, tuple | frozenset):
            self.holders.setdefault(id(value), []).append(reference.place)
        if id(value) in self._seen:
            return
        self._seen[id(value)] = value
        self.met.append(reference)
        if is_a(value, types.FunctionType):
            self._ahead.append(value)
        elif is_a(value, types.ModuleType):
            self._modules[id(value)] = (value, set())
        elif is_a(value, type):
            library = library_of(value)
            if library is None:
                self._push(self._of_class(value))
            elif library and self._may_look_into_a_library():
                self._push(self._of_librarys_class(value, library))
        else:
            self._object(reference, depth)

    def _object(self, reference: Reference, depth: int) -> None:
        name, value, cls = reference.name, reference.value, type(reference.value)
        primitive = self._wanted(value)
        if _is_of_c(cls):
            self._push(() if primitive else [*self._attributes(value), *self._of_plain(reference)], depth)
            return
        library = library_of(cls)
        if library is None:  # the program's own
            plain = self._of_queue(reference) if primitive else self._of_plain(reference)
            attributes = self._attributes(value, name)
            if is_a(value, threading.Thread):
                attributes = self._of_thread(attributes)
            self._push([*attributes, *plain, Reference(cls.__name__, cls)])
        elif is_a(value, threading.Thread):
            self._push(self._of_thread(self._attributes(value)))
        elif primitive:
            added = self._attributes(value) if _machinery(cls) else ()
            self._push([*added, *self._of_queue(reference)], depth)
        elif library:
            if depth < _LIBRARY_DEPTH:
                inner = [*self._attributes(value), *self._of_plain(reference)]
                self._push((Reference(name, r.value, r.place, library) for r in inner), depth + 1)
            else:
                self.closed.append(reference)
        elif cls.__module__.startswith(_CLOSED):
            self.closed.append(reference)
        else:
            inner = list(self._attributes(value, name))
            if cls.__module__ not in _TRANSPARENT:  # its locks are its own affair
                inner = [Reference(name, r.value, r.place) for r in inner if not self._is_machinery(r)]
            self._push([*inner, *self._of_plain(reference)], depth)

    def _of_queue(self, reference: Reference) -> Iterator[Reference]:
        """What waits in a queue."""
        waiting = attributes_of(reference.value).get("queue")
        if is_a(waiting, list | collections.deque):
            yield Reference(reference.name, waiting, None, reference.library)

    def _is_machinery(self, reference: Reference) -> bool:
        return self._wanted(reference.value) and not is_a(reference.value, type | types.FunctionType)

    def _of_plain(self, reference: Reference) -> Iterator[Reference]:
        """What a container, or another thing of C, refers to."""
        name, value, _, library = reference
        if is_a(value, dict):
            if "__spec__" not in value and not _only_atoms(value.values()):  # no module's namespace
                for at, (key, element) in enumerate(list(dict.items(value))):
                    yield Reference(self._label(name, value, at, key), element, Entry(value, key), library)
            if not _only_atoms(dict.keys(value)):
                yield from (Reference(name, key, Key(value, key), library) for key in list(dict.keys(value)))
            if is_a(value, collections.defaultdict):
                yield Reference(name, value.default_factory, Attribute(value, "default_factory"), library)
        elif is_a(value, tuple | frozenset):
            self.tuples[id(value)] = value
            fields = getattr(type(value), "_fields", None) if is_a(value, tuple) else None
            if not _only_atoms(value):
                for i, element in enumerate(_elements(value)):
                    label = self._label(name, value, i, i) if is_a(value, tuple) else name
                    if isinstance(fields, tuple) and i < len(fields):
                        label = str(fields[i])
                    yield Reference(label, element, Inside(value, i), library)
        elif is_a(value, list | collections.deque):
            if not _only_atoms(_elements(value)):
                for i, element in enumerate(list(_elements(value))):
                    yield Reference(self._label(name, value, i, i), element, Element(value, i), library)
        elif is_a(value, set):
            if not _only_atoms(_elements(value)):
                yield from (Reference(name, e, Member(value, e), library) for e in list(_elements(value)))
        elif is_a(value, functools.partial):
            yield Reference(name, value.func, Part(value, "func"), library)
            self.holders.setdefault(id(value.args), []).append(Part(value, "args"))
            yield from self._of_plain(Reference(name, value.args, None, library))
            yield from (Reference(k, v, Entry(value.keywords, k), library) for k, v in value.keywords.items())
        elif is_a(value, types.GeneratorType | types.CoroutineType | types.AsyncGeneratorType):
            yield from self._of_frame(value)
        elif is_a(value, types.MethodType):
            yield Reference(name, value.__func__)
            yield Reference(name, value.__self__)
        elif is_a(value, weakref.finalize):
            kept: Any = weakref.finalize.peek(value)
            yield from (Reference(name, part, None, library) for part in (kept or ())[1:])
        elif is_a(value, weakref.ref):
            yield Reference(name, value(), None, library)
        elif is_a(value, contextvars.ContextVar):
            now = value.get(ABSENT)  # what it is here; what it is if nobody has set it is among what it refers to
            yield from (Reference(name, one, None, library) for one in (now, *gc.get_referents(value)))
        elif is_a(value, property):
            yield from (Reference(name, f) for f in (value.fget, value.fset, value.fdel))
        elif is_object_array(value):
            if not _only_atoms(value.flat):
                for i, element in enumerate(value.flat):
                    yield Reference(self._label(name, value, i, i), element, Cell(value, i), library)
        elif any(map(_is_of_c, type(value).__mro__[:-1])):
            inner = [r for r in gc.get_referents(value) if not isinstance(r, type)]
            if is_a(value, _CACHED):
                self._results.update(id(r) for r in inner if type(r) is dict and r is not vars(value))
            library = library or library_of(type(value)) or ""  # a generator of NumPy's has a lock of its own
            yield from (Reference(name, r, None, library) for r in inner)

    def _of_thread(self, attributes: Iterable[Reference]) -> Iterator[Reference]:
        """What a thread has for its function is called as that calls it, not by the thread's own attributes."""
        every = list(attributes)
        function: Any = next((r.value for r in every if r.name in ("_target", "function") and r.value), None)
        method = is_a(function, types.MethodType)
        code: Any = getattr(function.__func__ if method else function, "__code__", None)
        names = code.co_varnames[method : code.co_argcount] if is_a(code, types.CodeType) else ()
        for name, value, place, library in every:
            if name in ("_args", "args") and is_a(value, tuple | list):
                self._called[id(value)] = names
            elif name in ("_kwargs", "kwargs") and is_a(value, dict):
                self._called[id(value)] = tuple(value)
            elif value is function and is_a(value, types.MethodType | types.BuiltinMethodType):
                name = _CLASS_NAMES.get(name := type(value.__self__).__name__, name)
            yield Reference(name, value, place, library)

    def _label(self, name: str, container: Any, at: int, key: Any) -> str:
        """What an element is called, by its place in the container and by its key."""
        called = self._called.get(id(container), ())
        if at < len(called):
            return called[at]
        text = key_text(key) or "…"
        if id(container) not in self._results:
            return f"{name}[{text}]"
        return f"{name}({text[1:-1].removesuffix(',') if is_a(key, tuple) else text})"

    def _of_frame(self, running: Any) -> Iterator[Reference]:
        frame = next((f for n in ("gi_frame", "cr_frame", "ag_frame") if (f := getattr(running, n, None))), None)
        if frame is not None:
            yield from (Reference(name, value) for name, value in dict(frame.f_locals).items())

    def _attributes(self, value: Any, of: str = "") -> Iterator[Reference]:
        """Of an object: what its dictionary holds, and its slots. of: what the object is called."""
        skipped = _machinery(type(value)) if self._wanted(value) or is_a(value, threading.Thread) else ()
        try:
            attributes = object.__getattribute__(value, "__dict__")
        except AttributeError:
            attributes = {}
        if type(attributes) is dict:
            self._seen[id(attributes)] = attributes
            for name, inner in list(attributes.items()):
                if name not in skipped:
                    yield Reference(of if _is_sunder(name) and of else str(name), inner, Entry(attributes, name))
        for cls in (cls for cls in type(value).__mro__ if "__slots__" in vars(cls)):
            for name, slot in list(vars(cls).items()):
                if isinstance(slot, types.MemberDescriptorType) and name not in skipped:
                    place = Attribute(value, name)
                    if (inner := place.get()) is not ABSENT:
                        yield Reference(name, inner, place)

    def _of_class(self, cls: type) -> Iterator[Reference]:
        self.classes.append(cls)
        for name, value in list(vars(cls).items()):
            if is_a(value, classmethod | staticmethod):
                yield Reference(name, value.__func__)
            elif is_a(value, types.FunctionType | property) or name == "__dataclass_fields__":
                yield Reference(name, value)
            elif name == "_member_map_" and is_a(value, dict):  # of an enumeration
                yield from (Reference(member, value[member], Entry(value, member)) for member in value)
            elif not name.startswith("__"):
                yield Reference(name, value, Attribute(cls, name))
        related = (*cls.__bases__, type(cls), *_registered(cls))
        yield from (Reference(other.__name__, other) for other in related if library_of(other) is None)

    def _function(self, function: types.FunctionType) -> None:
        if id(function) in self._entered:
            return
        self._entered.add(id(function))
        inner: list[Reference] = []
        first = id(function) in self._first and not is_pythons(function.__globals__)
        library = library_of_code(function.__globals__)
        if library is None or first:
            names = dict.fromkeys(_names(function.__code__))
            self._names.update(names)
            space = function.__globals__
            loaded = _loaded(function.__code__)
            if makes_up_names(function.__code__):
                loaded = loaded.union(names)
            if self._any_name and not loaded.isdisjoint(_BY_ANY_NAME):
                names = dict.fromkeys((*names, *space))
                loaded = loaded.union(names)
            added = loaded - space.keys() - _PYTHONS_OWN
            inner += [Reference(n, _BUILTINS[n], Entry(_BUILTINS, n)) for n in sorted(added) if n in _BUILTINS]
            inner += [Reference(n, space[n], Entry(space, n)) for n in names if n in space and n in loaded]
            for name in names:
                if (module := _imported(name, space)) is not None:
                    named = [Reference(name, module)]
                    if name in named_by(function.__code__, _IMPORTS):
                        inner += named
                    else:  # an attribute, a variable or a text that is merely called like a module
                        self._called_like_modules += named
        elif library and self._may_look_into_a_library():
            inner += self._of_librarys_code(function, library)
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            if content(cell) is not ABSENT:
                inner.append(Reference(_parameter(name), cell.cell_contents, Held(cell)))
        inner += (r._replace(library=library or "") for r in self._defaults(function))
        if sys.version_info < (3, 14):  # from then on they are made by the program's code, when they are asked for
            notes = function.__annotations__
            inner += [Reference(n, value, Entry(notes, n), library or "") for n, value in notes.items()]
        keywords: dict[str, Any] = function.__kwdefaults__ or {}
        inner += [Reference(n, value, Entry(keywords, n), library or "") for n, value in keywords.items()]
        inner += [Reference(name, v, Entry(vars(function), name)) for name, v in vars(function).items()]
        self._push(inner)

    def _may_look_into_a_library(self) -> bool:
        self._library_code += 1
        return self._library_code <= _LIBRARY_CODE

    def _of_librarys_code(self, function: types.FunctionType, library: str) -> Iterator[Reference]:
        """What a function of a library does not get from the program: its globals that are asked for, its own code."""
        space = function.__globals__
        for name in _loaded(function.__code__):
            value = space.get(name)
            if self._wanted(value) or _is_code_of(value, library):
                yield Reference(name, value, Entry(space, name), library)

    def _of_librarys_class(self, cls: type, library: str) -> Iterator[Reference]:
        for name, value in list(vars(cls).items()):
            value = value.__func__ if is_a(value, classmethod | staticmethod) else value
            if self._wanted(value) or is_a(value, types.FunctionType):
                yield Reference(name, value, Attribute(cls, name), library)
        yield from (Reference(base.__name__, base, None, library) for base in cls.__bases__ if library_of(base))

    def _defaults(self, function: types.FunctionType) -> list[Reference]:
        defaults, code = function.__defaults__ or (), function.__code__
        if not defaults:
            return []
        self.tuples[id(defaults)] = self._seen[id(defaults)] = defaults
        self.holders.setdefault(id(defaults), []).append(Attribute(function, "__defaults__"))
        names = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
        return [Reference(names[i], value, Inside(defaults, i)) for i, value in enumerate(defaults)]

    def _of_modules(self) -> list[Reference]:
        """What the program's modules have under a name that some function mentions."""
        found = []
        for module, done in list(self._modules.values()):
            space = vars(module)
            library = library_of_code(space)
            asked = (*self._names, "__getattr__")  # which a module calls for what it does not have
            for name in [name for name in asked if name in space and name not in done]:
                done.add(name)
                if library is None:
                    found.append(Reference(name, space[name], Entry(space, name)))
                elif library and _is_code_of(space[name], library):
                    found.append(Reference(name, space[name], None, library))
                elif _may_be_put_there(name, space[name]):
                    found.append(Reference(name, space[name], Entry(space, name)))
        return found


def _may_be_put_there(name: str, value: Any) -> bool:
    """Whether the program may have put this into a module that is not its own, or may change what is in it."""
    return type(value) in _CONTAINERS and value is not sys.modules and not name.startswith("_")


def _registered(cls: type) -> Iterator[type]:
    """The classes that an abstract class of the program takes for its own."""
    if is_a(cls, abc.ABCMeta) and (dump := getattr(_abc, "_get_dump", None)) is not None:
        yield from (one for reference in dump(cls)[0] if (one := reference()) is not None)


def _is_of_c(cls: type) -> bool:
    """True for what is made in C: containers, generators, methods, partials."""
    return not cls.__flags__ & (1 << 9) or cls in _HEAP  # Py_TPFLAGS_HEAPTYPE


_CACHED = type(functools.lru_cache(len))
_CONTAINERS = frozenset({list, dict, set, bytearray, collections.deque, collections.defaultdict})
_HEAP = frozenset(
    {functools.partial, collections.deque, collections.defaultdict, _CACHED}
    | {operator.methodcaller, operator.itemgetter, operator.attrgetter}
)
_CLASS_NAMES = {"lock": "Lock"}  # of what C calls otherwise than `threading`


def _is_code_of(value: Any, library: str) -> bool:
    """True for a function or class of this library."""
    if is_a(value, types.FunctionType):
        return library_of_code(value.__globals__) == library
    return is_a(value, type) and library_of(value) == library


def _machinery(cls: type) -> frozenset[str]:
    """The attributes of a primitive or a thread that are not its program's affair."""
    bases = (base for base in cls.__mro__ if base.__name__ in _MACHINERY and library_of(base) == "")
    return frozenset().union(*(_MACHINERY[base.__name__] for base in bases))


def _only_atoms(values: Iterable[Any]) -> bool:
    """Decided by C, so that a million numbers cost some milliseconds."""
    return _ATOMS.issuperset(map(type, values))


def _elements(value: Any) -> Iterator[Any]:
    """Its elements, without asking a derived class for them."""
    kind: Any = next(cls for cls in (tuple, frozenset, list, set, collections.deque) if is_a(value, cls))
    elements: Iterator[Any] = kind.__iter__(value)
    return elements


def _is_sunder(name: Any) -> bool:
    """True for what an enumeration calls the value of its member."""
    return isinstance(name, str) and name.startswith("_") and name.endswith("_")


def _parameter(name: str) -> str:
    """What a generated `__init__` calls a field's default is known by the field's name."""
    return name.removeprefix("__dataclass_dflt_").removesuffix("__").removeprefix("_dflt_")


def _names(code: types.CodeType) -> Iterator[str]:
    """The names that a code object and those inside it may use, in the order of their first mention."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)
        elif type(constant) is str and constant.isidentifier():  # getattr(bank, "lock")
            yield constant
        elif type(constant) is str and not _EXECUTES.isdisjoint(code.co_names):  # exec("count += 1")
            yield from _WORD.findall(constant)


@functools.lru_cache(maxsize=4096)
def makes_up_names(code: types.CodeType) -> bool:
    """True if it, or what is defined inside it, may use its globals by names that only strings tell."""
    inner = (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    return not _MAKES_UP.isdisjoint(code.co_names) or any(map(makes_up_names, inner))


def _loaded(code: types.CodeType) -> frozenset[str]:
    """The names that it looks up in its globals; an attribute may be called like one of them."""
    return named_by(code, _LOOKS_UP)


@functools.lru_cache(maxsize=4096)
def named_by(code: types.CodeType, operations: frozenset[int]) -> frozenset[str]:
    """The names that these instructions have, in a code object and in those inside it."""
    found, extended, text = set(), 0, code.co_code
    for i in range(0, len(text), 2):
        operation, argument = text[i], text[i + 1] | extended
        extended = argument << 8 if operation == opcode.EXTENDED_ARG else 0
        if operation in operations:
            found.add(code.co_names[argument >> 1 if operation == _LOAD_GLOBAL else argument])
    inner = (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    return frozenset(found).union(*(named_by(one, operations) for one in inner))


def _imported(name: str, space: dict[str, Any]) -> types.ModuleType | None:
    """A module of the program's author that a function imports by this name when it is called."""
    for full in (name, f"{space.get('__package__')}.{name}"):
        module = sys.modules.get(full)
        if module is not None and is_authors(vars(module)):
            return module
    return None
