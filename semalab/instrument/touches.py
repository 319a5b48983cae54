"""Whoever uses a real primitive during a run that no walk has found: Python's own classes tell of it.

A program can keep a primitive where no walk comes: behind an address, in a frame, in a module of Python's own. For the
time of a run the methods of the real classes ask who calls. If that is the program, the primitive takes part from then
on, unless somebody is using it; otherwise it is named. A lock of C has no methods that could be exchanged.
"""

from __future__ import annotations

import _thread
import functools
import gc
import sys
import threading
import types
from collections.abc import Callable
from typing import Any

from semalab.engine import VirtualProcessor
from semalab.engine.interpreter import outwards
from semalab.engine.reachability import is_a
from semalab.instrument.adoption import Adoption
from semalab.instrument.copies import is_copy
from semalab.instrument.exchange import Exchange
from semalab.instrument.making import locals_of
from semalab.instrument.namespace import Twins
from semalab.instrument.namespaces import library_of_code
from semalab.instrument.places import Attribute, attributes_of
from semalab.instrument.retired import RetiredLock
from semalab.instrument.unseen import Unseen

_METHODS = {
    ("threading", "Semaphore"): ("acquire", "__enter__", "release"),
    ("threading", "BoundedSemaphore"): ("release",),
    ("threading", "Condition"): ("__enter__", "wait", "notify"),
    ("threading", "Event"): ("wait", "set", "clear", "is_set"),
    ("threading", "Barrier"): ("wait", "reset", "abort"),
    ("queue", "Queue"): ("put", "get", "task_done", "join"),
    (RetiredLock.__module__, "RetiredLock"): ("acquire", "__enter__", "release", "__exit__"),
}
_ON_BEHALF = frozenset("functools contextlib operator itertools types".split())  # they use what they were given
_listening: list[Touches] = []  # those of the run under way


class Touches:
    """Invariants: `_met` keeps what was met by its identity; each is taken in or named once, by the first thread of the
    run that uses it, and under `_deciding`: nobody else is inside meanwhile. `_taken` has those that were taken in.
    """

    def __init__(self, twins: Twins, exchange: Exchange, adoption: Adoption, unseen: Unseen) -> None:
        self._twins = twins
        self._exchange = exchange
        self._adoption = adoption
        self._unseen = unseen
        self._met: dict[int, Any] = {}
        self._taken: set[int] = set()
        self._deciding = _thread.RLock()

    def listen(self) -> None:
        """From now on every use is told; the exchange takes it back."""
        _listening[:] = [self]
        for (module, name), methods in _METHODS.items():
            cls = vars(sys.modules[module]).get(name) if module in sys.modules else None
            for method in methods if isinstance(cls, type) else ():  # no mock
                if isinstance(real := vars(cls).get(method), types.FunctionType):
                    self._exchange.put(Attribute(cls, method), real, _telling(real))

    def be_quiet(self) -> None:
        """The run is over: it is not told of anything any more, nor kept."""
        _listening.clear()

    def touched(self, one: Any, caller: types.FrameType) -> bool:
        """Somebody uses this real primitive; returns whether it has become one of the run."""
        processor = self._twins.processor
        if processor.current() is None and not processor.foreigners.descends():
            return False
        with self._deciding:
            if id(one) not in self._met:
                self._decide(one, caller)
            return id(one) in self._taken

    def waited_in_vain(self) -> None:
        """A real wait is over, for its time was up: on the virtual clock it kept others from running meanwhile."""
        processor = self._twins.processor
        if isinstance(processor, VirtualProcessor) and processor.current() is not None:
            processor.overslept()

    def _decide(self, one: Any, caller: types.FrameType) -> None:
        if is_a(one, threading.Condition) and is_copy(caller.f_globals):
            return  # the inside of a primitive of the program's own class, which has been named
        frame, library = _user(caller)
        if library == "":
            return
        self._met[id(one)] = one
        name = _name_in(frame, one)
        if library is not None:
            self._unseen.meet(library, one)
        elif self._may_take_part(one) and self._adoption.take(one, name):
            self._taken.add(id(one))
        else:
            self._unseen.name(name, one)

    def _may_take_part(self, one: Any) -> bool:
        """A program that is run again and again must find it as it was at first, which nobody looked at. Whoever
        takes a condition's lock by its own method does so unseen: on the wall clock somebody may be about to.
        """
        processor = self._twins.processor
        if processor.rehearses or processor.current() is None:
            return False
        if is_a(one, threading.Condition) and (processor.clock == "wall" or _lock_is_shared(one)):
            return False
        return not processor.used_by_others(processor.program, [one])


@functools.cache
def _telling(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of a real class, which tells the run under way of each use; one for all runs."""

    waits = method is threading.Condition.wait

    @functools.wraps(method)
    def told(one: Any, *args: Any, **kwargs: Any) -> Any:
        if _listening and _listening[0].touched(one, sys._getframe(1)):
            return getattr(one, method.__name__)(*args, **kwargs)
        got = method(one, *args, **kwargs)
        if waits and not got and _listening and any(limit > 0 for limit in (*args, *kwargs.values())):
            _listening[0].waited_in_vain()  # the time was up, in real seconds; a pool looks with a limit of 0
        return got

    return told


def _user(innermost: types.FrameType) -> tuple[types.FrameType | None, str | None]:
    """Who uses it, as in `Makers`, and where: its own thread does what it was given as its function."""
    behalf = False
    for frame in outwards(innermost):
        space = frame.f_globals
        library = library_of_code(space)
        if library != "":
            return frame, library
        if is_copy(space) or str(space.get("__name__")).partition(".")[0] in _ON_BEHALF:
            behalf = True
        else:
            return None, None if behalf else ""
    return None, None


def _lock_is_shared(one: Any) -> bool:
    """True for a condition whose lock somebody else has, too: another in its place would exclude nobody."""
    if _references(one) <= _ALONE.get(type(one._lock), 0):
        return False
    for referrer in gc.get_referrers(one._lock):
        left = type(referrer) is dict and any(map(referrer.get, ("_real", "original")))  # by an earlier run, as garbage
        if referrer is not vars(one) and not left and not is_a(referrer, types.FrameType | types.BuiltinMethodType):
            return True
    return False


def _references(condition: Any) -> int:
    return sys.getrefcount(condition._lock)


_ALONE = {  # references to the lock of a condition, if nobody else has it
    type(vars(condition)["_lock"]): _references(condition)
    for condition in (threading.Condition(threading.Lock()), threading.Condition())
}


def _name_in(frame: types.FrameType | None, one: Any) -> str:
    """What the program calls it where it uses it."""
    spaces = [frame.f_globals, locals_of(frame)] if frame is not None else []
    for space in spaces:
        for name, value in list(space.items()):
            if value is one and not name.startswith("__"):
                return name
    for owner in (value for space in spaces[1:] for value in space.values()):
        for name, value in list(attributes_of(owner).items()):
            if value is one:
                return str(name)
    return type(one).__name__ if type(one) is not RetiredLock else "Lock"
