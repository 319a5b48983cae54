"""Primitives that were there before the run take part in it while it lasts, if nobody is using them just then."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

from semalab.engine.interpreter import HANDLE, set_handle
from semalab.engine.reachability import is_a
from semalab.instrument.exchange import Exchange
from semalab.instrument.identity import Recorded
from semalab.instrument.namespace import Twins
from semalab.instrument.places import functions, library_of_code
from semalab.instrument.reach import Reach, Reference
from semalab.instrument.retired import RetiredLock, kept
from semalab.instrument.unseen import Unseen

_LOCK, _RLOCK = type(threading.Lock()), type(threading.RLock())
_LOCKS = (_LOCK, _RLOCK)
_PERMITS = (threading.Semaphore, threading.Event, threading.Barrier)
_QUEUE_CONDITIONS = ("not_empty", "not_full", "all_tasks_done")


def made_before(program: Any, arguments: dict[str, Any]) -> tuple[str, ...]:
    """The names of the primitives and unstarted threads within reach of a program that were there before it runs.

    Of what a library keeps inside, the name that the program has for the library's object.
    """
    reach = Reach(is_wanted).walk(program, arguments, functions([program, *arguments.values()]))
    return tuple(dict.fromkeys(reference.name or "the program" for reference in reach.references))


def is_primitive(value: Any) -> bool:
    """True for what threads wait in or are started by, and that is not of a run."""
    if is_a(value, Recorded):
        return False
    if is_a(value, threading.Thread):
        return not (value._started.is_set() or is_a(value, threading._DummyThread))
    return is_a(value, (*_LOCKS, RetiredLock, *_PERMITS, threading.Condition, *_others()))


def is_wanted(value: Any) -> bool:
    """True for primitives, and for what a lock of C gives out of itself."""
    return is_primitive(value) or _is_bound(value)


def _is_bound(value: Any) -> bool:
    return is_a(value, types.BuiltinMethodType) and type(value.__self__) in _LOCKS


def _others() -> Iterator[type]:
    """Classes of primitives in modules that may not have been imported."""
    for module, name in _ELSEWHERE:
        if module in sys.modules:
            cls = vars(sys.modules[module]).get(name)  # absent from a module whose import is under way
            if isinstance(cls, type):
                yield cls


_ELSEWHERE = (
    ("queue", "Queue"),
    ("queue", "SimpleQueue"),
    ("concurrent.futures.thread", "ThreadPoolExecutor"),
    ("multiprocessing.pool", "ThreadPool"),
    ("multiprocessing.synchronize", "SemLock"),
    ("multiprocessing.sharedctypes", "SynchronizedBase"),
    ("multiprocessing.queues", "Queue"),
    ("multiprocessing.queues", "SimpleQueue"),
    ("asyncio.locks", "Lock"),
    ("asyncio.locks", "Semaphore"),
    ("asyncio.locks", "Event"),
    ("asyncio.locks", "Condition"),
    ("asyncio.queues", "Queue"),
)


def _is_a_librarys(cls: type) -> bool:
    """True if an installed package defines it, or a class it derives from: that calls `threading` by its real name."""
    modules = (sys.modules.get(str(base.__module__)) for base in cls.__mro__)
    return any(library_of_code(vars(module)) for module in modules if module is not None)


class Adoption:
    """Takes in what it can in place: an object's class becomes the twin's, and the real one again when it retires.

    A lock is a thing of C and cannot: wherever it stands, another lock stands for it; if that is not possible in one of
    the places, in none, for two locks in the place of one would exclude nobody.
    Invariants: `_locks` has the stand-in of each real lock; `_fixed` the identities of those that have none.
    """

    def __init__(self, twins: Twins, exchange: Exchange, unseen: Unseen, alone: bool) -> None:
        """alone: no thread from outside is about to use the primitives."""
        self._twins = twins
        self._alone = alone
        self._threading = twins.own("threading")
        self._exchange = exchange
        self._unseen = unseen
        self._locks: dict[int, Any] = {}
        self._fixed: set[int] = set()
        self._met: set[int] = set()

    def take_in(self, reach: Reach) -> None:
        """What a walk has found; a library's own is only named."""
        elsewhere = self._twins.elsewhere
        primitives = [r for r in reach.references if is_primitive(r.value) and not is_a(r.value, elsewhere)]
        ours = {id(r.value) for r in primitives if not r.library}
        bound = [r for r in reach.references if _is_bound(r.value)]
        unwritable = [r.value for r in (*primitives, *bound) if not reach.writable(r.place)]
        self._fixed.update(id(value.__self__ if _is_bound(value) else value) for value in unwritable)
        for reference in sorted(primitives, key=lambda r: not r.name.isidentifier()):  # of its names the best
            if id(reference.value) in self._fixed and reach.writable(reference.place) and not reference.library:
                self._unseen.name(reference.name, reference.value)
        for reference in reach.references:
            value = reference.value
            if _is_bound(value):
                self._bind(reference)
            elif not is_primitive(value) or is_a(value, elsewhere):
                continue
            elif id(value) not in ours:
                self._unseen.meet(reference.library, value)
            elif type(value) in _LOCKS:
                self._stand_in(reference._replace(name=kept.of(value) or reference.name))
            elif id(value) not in self._met:
                self._met.add(id(value))
                if not self.take(value, kept.of(value) or reference.name):
                    self._unseen.name(reference.name, value)

    def take(self, value: Any, name: str) -> bool:
        """Take in one object that can become another in place; returns whether it takes part now."""
        way_in = self._way_in(value)
        return way_in is not None and self._alone and way_in(value, name)

    def _way_in(self, value: Any) -> Callable[[Any, str], bool] | None:
        if is_a(value, _PERMITS):
            return self._permits
        if is_a(value, threading.Condition):
            return self._condition
        if is_a(value, threading.Thread):
            return self._thread
        if is_a(value, RetiredLock):
            return self._retired
        queue = sys.modules.get("queue")
        return self._queue if queue is not None and is_a(value, queue.Queue) else None  # others are of C, or run

    def _permits(self, one: Any, name: str) -> bool:
        bound = vars(one).get("_initial_value")  # with a part of its permits away, the log would take the rest for it
        if not _idle(one._cond) or (bound is not None and one._value != bound):
            return False
        return self._take_part(one, name)

    def _take_part(self, one: Any, *how: Any) -> bool:
        """Its inside first, then its class: a thread that finds the class is the run's comes in without asking."""
        twin = self._twins.of(type(one))
        own = twin is type(one)  # a class of the program's, which may not be able to become another
        if own and not self._become(one):
            return False
        twin.take_part(one, *how)
        return own or self._become(one)

    def _condition(self, one: Any, name: str) -> bool:
        lock = one._lock
        if id(lock) in self._fixed or not _idle(one):
            return False
        if isinstance(lock, RetiredLock):
            self._retired(lock, name)
        if type(lock) not in _LOCKS:  # the program's own idea of a lock
            return self._take_part(one, name, lock)
        return self._take_part(one, name, self._standing_for(lock, name))

    def _queue(self, one: Any, name: str) -> bool:
        if not all(_idle(getattr(one, condition)) for condition in _QUEUE_CONDITIONS):
            return False
        return self._take_part(one, name)

    def _thread(self, thread: Any, name: str) -> bool:
        """A thread that has not begun becomes one of the run; one that has is not the run's, and no primitive."""
        if thread._started.is_set() or isinstance(thread, threading._DummyThread) or _is_a_librarys(type(thread)):
            return True
        source = self._twins.source
        if not self._become(thread):
            return False
        thread._started = source.Event()
        if HANDLE is not None:
            set_handle(thread, source._ThreadHandle())
        if isinstance(thread, source.Timer):
            thread.finished = self._threading["Timer"]._moment()
        thread._invoke_excepthook = source._make_invoke_excepthook()
        source._dangling.add(thread)
        return True

    def _retired(self, lock: Any, name: str) -> bool:
        """A lock that an earlier run made: it becomes a recorded one once more."""
        real = lock._real
        if id(real) not in self._locks:
            cls = self._class_for(real)
            self._locks[id(real)] = stand_in = cls.standing_for(real, name)
            lock.__class__, lock.__dict__ = cls, vars(stand_in)
            self._twins.recorder.embody(stand_in, lock)
        return True

    def _stand_in(self, reference: Reference) -> None:
        if id(reference.value) in self._fixed or not self._alone or reference.place is None:
            self._unseen.name(reference.name, reference.value)
        else:
            self._exchange.put(reference.place, reference.value, self._standing_for(reference.value, reference.name))

    def _bind(self, reference: Reference) -> None:
        """A method of a lock of C: its place gets that of the lock's stand-in."""
        lock = reference.value.__self__
        if id(lock) in self._fixed or not self._alone or reference.place is None:
            self._unseen.name(reference.name, lock)
        else:
            method = getattr(self._standing_for(lock, reference.name), reference.value.__name__)
            self._exchange.put(reference.place, reference.value, method)

    def _standing_for(self, real: Any, name: str) -> Any:
        if id(real) not in self._locks:
            self._locks[id(real)] = self._class_for(real).standing_for(real, name)
        return self._locks[id(real)]

    def _class_for(self, real: Any) -> Any:
        return self._threading["Lock" if isinstance(real, _LOCK) else "RLock"]

    def _become(self, one: Any) -> bool:
        """An object of a real class changes its class; a derived class is derived anew, from the twin."""
        twin = self._twins.of(type(one))
        if twin is not type(one):
            one.__class__ = twin
            return True
        return all(self._exchange.rebase(derived) for derived in type(one).__mro__[:-1])


def _idle(condition: Any) -> bool:
    """True if nobody waits and nobody is inside."""
    lock = condition._lock
    if condition._waiters or not lock.acquire(False):
        return False
    lock.release()
    return True
