"""Primitives that were there before the run take part in it while it lasts, if nobody is using them just then."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from semalab.twins.namespace import Twins
from semalab.twins.namespaces import functions
from semalab.twins.reach import Slot, slots

_LOCK, _RLOCK = type(threading.Lock()), type(threading.RLock())
_PERMITS = (threading.Semaphore, threading.Event, threading.Barrier)
_QUEUE_CONDITIONS = ("not_empty", "not_full", "all_tasks_done")


def made_before(program: Any, arguments: dict[str, Any]) -> tuple[str, ...]:
    """The names of the primitives and unstarted threads within reach of a program that were there before it runs."""
    found = list(functions([program, *arguments.values()]))
    names = (slot.name for slot in slots(program, found, arguments) if _is_primitive(slot.value))
    return tuple(dict.fromkeys(name or "the program" for name in names))


def _is_primitive(value: Any) -> bool:
    if isinstance(value, threading.Thread):
        return not (value._started.is_set() or isinstance(value, threading._DummyThread))  # type: ignore[attr-defined]
    queue = sys.modules.get("queue")
    queues = (queue.Queue, queue.SimpleQueue) if queue is not None else ()
    return isinstance(value, (_LOCK, _RLOCK, *_PERMITS, threading.Condition, *queues, *_pools()))


class Adoption:
    """Takes in what it can in place: an object's class becomes the twin's, and the real one again when it retires.

    A lock is a thing of C and cannot: where its name stands, another lock stands for it, by `put`.
    Invariants: `_locks` has the stand-in of each real lock; `unseen` names what could not be taken in.
    """

    def __init__(self, twins: Twins, put: Callable[[Slot, Any], None], alone: bool) -> None:
        """alone: no thread from outside is in the program's code, so none of them is about to use its primitives."""
        self._twins = twins
        self._alone = alone
        self._threading = twins.module("threading")
        self._put = put
        self._locks: dict[int, Any] = {}
        self._met: set[int] = set()
        self.unseen: list[str] = []

    def take_in(self, slots: Iterable[Slot]) -> None:
        for slot in slots:
            value = slot.value
            if isinstance(value, (_LOCK, _RLOCK)):
                self._stand_in(slot)
            elif id(value) not in self._met and (take_in := self._way_in(value)) is not None:
                self._met.add(id(value))
                if not self._alone or not take_in(value, slot.name):
                    self.unseen.append(slot.name)

    def _way_in(self, value: Any) -> Callable[[Any, str], bool] | None:
        if isinstance(value, _PERMITS):
            return self._permits
        if isinstance(value, threading.Condition):
            return self._condition
        if isinstance(value, threading.Thread):
            return self._thread
        queue = sys.modules.get("queue")
        if queue is not None and isinstance(value, queue.Queue):
            return self._queue
        if queue is not None and isinstance(value, queue.SimpleQueue):
            return _stays  # of C, and its items have no other way out
        return _stays if any(isinstance(value, pool) for pool in _pools()) else None

    def _permits(self, one: Any, name: str) -> bool:
        bound = vars(one).get("_initial_value")  # with a part of its permits away, the log would take the rest for it
        if not _idle(one._cond) or (bound is not None and one._value != bound):
            return False
        return self._take_part(one, name)

    def _take_part(self, one: Any, *how: Any) -> bool:
        self._become(one)
        one.take_part(*how)
        return True

    def _condition(self, one: Any, name: str) -> bool:
        lock = one._lock
        if not _idle(one):
            return False
        if not isinstance(lock, (_LOCK, _RLOCK)):  # the program's own idea of a lock
            return self._take_part(one, name, lock)
        return self._take_part(one, name, self._standing_for(lock, name))

    def _queue(self, one: Any, name: str) -> bool:
        if not all(_idle(getattr(one, condition)) for condition in _QUEUE_CONDITIONS):
            return False
        return self._take_part(one, name)

    def _thread(self, thread: Any, name: str) -> bool:
        """A thread that has not begun becomes one of the run; one that has is not the run's, and no primitive."""
        if thread._started.is_set() or isinstance(thread, threading._DummyThread):
            return True
        source = self._twins.source
        self._become(thread)
        thread._started = source.Event()
        if hasattr(thread, "_handle"):  # from 3.13 on
            thread._handle = source._ThreadHandle()
        if isinstance(thread, source.Timer):
            thread.finished = self._threading.Timer._moment()
        thread._invoke_excepthook = source._make_invoke_excepthook()
        source._dangling.add(thread)
        return True

    def _stand_in(self, slot: Slot) -> None:
        if slot.place is None or not self._alone:
            self.unseen.append(slot.name)
        else:
            self._put(slot, self._standing_for(slot.value, slot.name))

    def _standing_for(self, real: Any, name: str) -> Any:
        if id(real) not in self._locks:
            cls = self._threading.Lock if isinstance(real, _LOCK) else self._threading.RLock
            lock = cls.standing_for(real, name)
            self._locks[id(real)] = lock
        return self._locks[id(real)]

    def _become(self, one: Any) -> None:
        """An object of a real class changes its class; a derived class is derived anew, from the twin."""
        twin = self._twins.of(type(one))
        if twin is not type(one):
            one.__class__ = twin
            return
        for derived in type(one).__mro__:
            bases = tuple(map(self._twins.of, derived.__bases__))
            if bases != derived.__bases__:
                derived.__bases__ = bases


def _stays(value: Any, name: str) -> bool:
    return False


def _pools() -> Iterator[type]:
    """Classes whose threads may have begun before the run."""
    for module, name in (("concurrent.futures.thread", "ThreadPoolExecutor"), ("multiprocessing.pool", "ThreadPool")):
        if module in sys.modules:
            yield getattr(sys.modules[module], name)


def _idle(condition: Any) -> bool:
    """True if nobody waits and nobody is inside."""
    lock = condition._lock
    if condition._waiters or not lock.acquire(False):
        return False
    lock.release()
    return True
