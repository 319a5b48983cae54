"""What a recorded class is besides: one of the real class, for whoever holds that and asks."""

from __future__ import annotations

import functools
import queue
import sys
import threading
from collections.abc import Callable
from typing import Any

from semalab.engine import Processor
from semalab.engine.reachability import is_a

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
            self.__class__ = real
            real.__init__(self, *args, **kwargs)
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
