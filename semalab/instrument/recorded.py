"""What a recorded class is besides: one of the real class, for whoever holds that and asks."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from semalab.engine import Processor

_frame = sys._getframe
_give_class: Any = vars(object)["__class__"].__set__


class Recorded:
    """Stands among the bases of each class of a run that takes the place of a real one, and nowhere else.

    A library that was imported before the run has the real classes, and asks `isinstance(lock, threading.Semaphore)`.
    So a recorded class derives from the real one, too, none of whose methods it uses: its own copy's come before them.
    """

    __slots__ = ()


def is_recorded(cls: type) -> bool:
    """True for a class of a run itself, not for one that a program derives from it."""
    return Recorded in cls.__bases__


def derive(cls: type, real: type) -> None:
    """Make a recorded class one of the real class, which is written in Python."""
    cls.__bases__ = (*cls.__bases__, *(base for base in (Recorded, real) if base not in cls.__bases__))


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


def refuse_to_copy(real: type) -> Any:
    """`__reduce_ex__` of a class that stands for one of C."""

    def __reduce_ex__(one: Any, protocol: Any) -> Any:
        raise TypeError(f"cannot pickle '{real.__module__}.{real.__name__}' object")

    return __reduce_ex__
