"""What a recorded class is besides: one of the real class, for whoever holds that and asks; and what the lab has made
is known by itself, never by a name: a module or a class of the program may be called as a twin is, and is nobody's twin
for that. One may also define what equal and hash mean.
"""

from __future__ import annotations

import functools
import queue
import sys
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from semalab.engine import Processor
from semalab.engine.reachability import is_a

Value = TypeVar("Value")


class Known(Generic[Value]):
    """A value for each of some objects, for as long as there is that object, which this keeps nobody from ending.

    Invariant: an entry whose reference still leads to an object is that object's. Who has gone is forgotten when there
    are twice as many entries, and not by a callback of its reference: that would be Python code in the midst of an end,
    and an interrupt that rises there is lost (CPython only prints it).
    """

    FEW = 1000  # entries from which on it is worth looking for those that have gone

    def __init__(self) -> None:
        self._entries: dict[int, tuple[weakref.ref[Any], Value]] = {}
        self._enough = self.FEW

    def __len__(self) -> int:
        return len(self._entries)

    def keep(self, one: Any, value: Value) -> None:
        if len(self._entries) >= self._enough:
            self._forget_the_gone()
            self._enough = max(self.FEW, 2 * len(self._entries))
        self._entries[id(one)] = weakref.ref(one), value

    def of(self, one: Any, default: Value) -> Value:
        """What was kept for it; the default if nothing was."""
        entry = self._entries.get(id(one))
        return entry[1] if entry is not None and entry[0]() is one else default

    def _forget_the_gone(self) -> None:
        for key, (reference, _) in list(self._entries.items()):
            if reference() is None:
                entry = self._entries.pop(key, None)
                if entry is not None and entry[0]() is not None:  # another thread has just kept one at the same place
                    self._entries.setdefault(key, entry)


_made: Known[bool] = Known()


def made(one: Any) -> Any:
    """The module or class itself, which is known from now on."""
    _made.keep(one, True)
    return one


def made_classes(module: types.ModuleType) -> None:
    """The classes that a copy of a standard module has defined are known from now on."""
    for value in list(vars(module).values()):
        if isinstance(value, type) and vars(value).get("__module__") == module.__name__:
            made(value)


def is_made(one: Any) -> bool:
    """True for a module or class that the lab has made."""
    return _made.of(one, False)


under_way: list[Callable[[Any], Any]] = []  # of the run under way, if any: what a real thing is for the calling thread


def present(real: Any) -> Any:
    """What a twin whose own run is over, or not the calling thread's, stands for now: the twin of the run under way in
    a thread of that one, else the real thing. A program may have kept it where nobody looks: in a generator, in C.
    """
    return under_way[0](real) if under_way else real


_OF_C = (type(threading.Lock()), type(threading.RLock()), queue.SimpleQueue)
_LAB = __name__.partition(".")[0]
_HEAP = 1 << 9  # Py_TPFLAGS_HEAPTYPE
_frame = sys._getframe
_give_class: Any = vars(object)["__class__"].__set__


class Recorded:
    """Stands among the bases of each class of a copy of a standard module that is one of the real class, too.

    A library that was imported before the run has the real classes, and asks `isinstance(lock, threading.Semaphore)`.
    So what a run has in their places derives from them, and uses none of their methods: the copy's come before them.
    Whoever asks `type(lock) is threading.Semaphore` is told no: that no class can pretend to be.
    """

    __slots__ = ()

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Refuse to be pickled as a real one does, for the lock inside, and not for a class that nobody finds."""
        copied = _frame(1).f_globals.get("__name__") == "copy"
        local = "<locals>" in type(self).__qualname__  # a class that nobody finds indeed
        lock = None if copied or local else _lock_in(self)
        return super().__reduce_ex__(protocol) if lock is None else refuse_to_copy(lock)(self, protocol)


def is_recorded(cls: type) -> bool:
    """True for a class of a copy that derives from the real one, not for one that derives from it in its turn."""
    return Recorded in cls.__bases__


def with_real(bases: tuple[Any, ...], real: Any) -> tuple[Any, ...]:
    """The bases of a class of a copy, and the real class if there is one that is all written in Python.

    Of a class that derives from one of C, `super()` would find the real one's methods. Exceptions are shared anyhow.
    """
    if not isinstance(real, type) or any(not cls.__flags__ & _HEAP for cls in real.__mro__[:-1]):
        return bases
    return (*(base for base in bases if base is not object), real, Recorded)  # first whose objects are laid out alike


def only_in_the_run(cls: Any, real: Any, processor: Processor) -> None:
    """What a thread that is not of the run (another cell, the lab itself) makes of a recorded class is a real object.

    It becomes one as it is made: a `__new__` of ours would stay with the program's own classes when they derive from
    the real one again, for CPython never takes `__new__` back that a class has had from a base.
    """
    init = cls.__init__
    if init is object.__init__:
        return

    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        if type(self) is cls and processor.current() is None:
            self.__class__ = now = present(real)
            now.__init__(self, *args, **kwargs)
        else:
            init(self, *args, **kwargs)

    cls.__init__ = __init__


def passing_for(real: type, processor: Processor) -> Any:
    """What `__class__` is in a class that stands for one of C, from which none can be derived: `isinstance` asks it.

    Who is told the real class is everybody but the program, to which the class of the run is that.
    """

    def told(one: Any) -> type:
        return type(one) if id(_frame(1).f_globals) in processor.program else real

    return becoming(told)


def becoming(told: Callable[[Any], type]) -> Any:
    """A `__class__` that says what it is told, and by which an object is given another class as ever."""
    return property(told, _give_class)


def _lock_in(one: Any) -> type | None:
    """The real class of the first thing of C in it that cannot be pickled."""
    for value in getattr(one, "__dict__", {}).values():
        found = next((kind for kind in _OF_C if isinstance(value, kind)), None)
        if found is None and (is_a(value, Recorded) or type(value).__module__.startswith(_LAB)):
            found = _lock_in(value) or _OF_C[0]
        if found is not None:
            return found
    return None


def refuse_to_copy(real: type) -> Any:
    """`__reduce_ex__` of a class that stands for one of C."""

    def __reduce_ex__(one: Any, protocol: Any) -> Any:
        raise TypeError(f"cannot pickle '{real.__module__}.{real.__name__}' object")

    return __reduce_ex__
