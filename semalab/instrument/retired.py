"""What outlives its run turns into the real thing and keeps its name: the next cell finds plain `threading` objects."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Iterable
from typing import Any

from semalab.engine.interpreter import end_or_begin_anew
from semalab.engine.reachability import is_a
from semalab.instrument.identity import Known, becoming, is_recorded
from semalab.instrument.locks import owned
from semalab.instrument.namespace import Twins

_LABS = ("semalab.instrument.", "semalab.stepping.")  # where it derives classes from those of a copy


class RetiredLock:
    """A recorded lock after its run. A class written in Python cannot become `_thread.lock`; it hands on to one."""

    _real: Any
    __class__ = becoming(lambda lock: type(vars(lock).get("_real", lock)))  # `isinstance` of a real lock is true

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        return bool(self._real.acquire(blocking, timeout))

    __enter__ = acquire

    def release(self) -> None:
        self._real.release()

    def __exit__(self, *exc: object) -> None:
        self.release()

    def __getattr__(self, name: str) -> Any:  # locked(), and what a condition asks of a lock
        return getattr(self._real, name)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._real.__reduce_ex__(protocol)  # which refuses

    def __repr__(self) -> str:
        return repr(self._real)


class Retirement:
    """Invariant: `_locks` has, for each recorded lock that was met, the real lock that took its place."""

    def __init__(self, twins: Twins) -> None:
        self._twins = twins
        self._reals = twins.reals()
        self._locks: dict[int, Any] = {}

    def retire(self, namespaces: Iterable[dict[str, Any]]) -> None:
        """Turn every primitive and thread of the run into the real thing, and whatever these namespaces name."""
        for made, primitive in self._twins.recorder.survivors():
            if not _awaited(primitive):
                self._primitive(made.kind, primitive)
        for thread in list(self._twins.source._dangling):
            self._thread(thread)
        self._classes()
        for namespace in namespaces:
            for name, value in list(namespace.items()):
                real = self._reals.get(id(value), self._locks.get(id(value)))
                if real is not None:
                    namespace[name] = real
                elif is_a(value, type):
                    self._rebase(value)

    def _primitive(self, kind: str, one: Any) -> None:
        if kind in {"Lock", "RLock"}:
            if self._real_lock(one) is one:
                self._derived_lock(one)
        elif kind == "Condition":
            lock = self._real_lock(one._lock)
            for borrowed in ("_is_owned", "_release_save", "_acquire_restore"):  # from the recorded lock
                vars(one).pop(borrowed, None)
            threading.Condition.__init__(one, lock)
            self._become(one)
        elif kind in {"Queue", "LifoQueue", "PriorityQueue"}:
            one.mutex = threading.Lock()
            for name in ("not_empty", "not_full", "all_tasks_done"):
                setattr(one, name, threading.Condition(one.mutex))
            self._become(one)
        elif kind in {"SimpleQueue", "Tasks"}:
            one._count = threading.Semaphore(one.qsize())
            self._become(one, sys.modules["queue"]._PySimpleQueue)  # the one written in C has no way in
        elif kind == "Future" and hasattr(one, "_condition"):
            one._condition = threading.Condition()
            self._become(one, _numbered_future())
        else:  # a semaphore, an event, a barrier
            one._cond = threading.Condition(threading.Lock())
            self._become(one)

    def _real_lock(self, lock: Any) -> Any:
        """The lock that takes this one's place."""
        if isinstance(lock, RetiredLock):
            return lock._real
        module = self._twins.own("threading")
        if type(lock) is not module["Lock"] and type(lock) is not module["RLock"]:
            return lock
        real = lock._real = self._locks[id(lock)] = lock.real()
        lock.__class__ = RetiredLock  # last: an interrupt may come in between, and one without a real lock is none
        return real

    def _derived_lock(self, one: Any) -> None:
        """One of a class that the program has derived from an RLock."""
        _, count = owned(one.real())
        threading._RLock.__init__(one)
        self._rebase(type(one))
        for _ in range(count):
            threading._RLock.acquire(one)

    def _thread(self, thread: Any) -> None:
        started = thread._started.is_set()
        own = vars(thread).pop("_program_thread", None)
        if own is not None and own.alive:  # nobody could stop it
            return
        thread._started = threading.Event()
        if started:
            thread._started.set()
        end_or_begin_anew(thread, started)
        thread._invoke_excepthook = vars(threading)["_make_invoke_excepthook"]()
        if isinstance(thread, self._twins.source.Timer):
            cancelled = thread.finished.is_set()
            thread.finished = threading.Event()
            if cancelled:
                thread.finished.set()
        self._become(thread)

    def _classes(self) -> None:
        """Those that the program has derived from a twin, wherever it keeps them: the next cell may make one."""
        twins = list(self._twins.classes())
        known = set(map(id, twins))
        while twins:
            derived: type
            for derived in type.__subclasses__(twins.pop()):
                if id(derived) not in known:
                    known.add(id(derived))
                    twins.append(derived)
                    if not _is_the_labs(derived):  # a thread that nobody could stop may still wait in such a thing
                        self._rebase(derived)

    def _become(self, one: Any, real: Any = None) -> None:
        """An object of a twin's own class changes its class; one of a derived class finds its class derived anew."""
        twin = self._reals.get(id(type(one)))
        if twin is not None:
            one.__class__ = real or twin
        else:
            self._rebase(type(one))

    def _rebase(self, cls: type) -> None:
        for derived in cls.__mro__:
            if id(derived) in self._reals or is_recorded(derived):  # a twin, or the copy's class that it derives from
                continue
            bases = tuple(map(self._real_base, derived.__bases__))
            if bases != derived.__bases__ and all(is_a(base, type) for base in bases):  # from C's Lock none is derived
                try:
                    derived.__bases__ = bases
                except TypeError:  # it has one of a library's beside a twin: from both real ones none can be derived
                    continue

    def _real_base(self, base: type) -> Any:
        real = self._reals.get(id(base), base)
        if base is self._twins.own("threading")["RLock"]:  # objects of C's are laid out otherwise than those of a twin
            return threading._RLock
        return sys.modules["queue"]._PySimpleQueue if real is _simple_queue() else real


def _is_the_labs(cls: type) -> bool:
    """True for a class that the lab derives from the copies' own; its objects are retired one by one."""
    return str(vars(cls).get("__module__")).startswith(_LABS)


def _awaited(primitive: Any) -> bool:
    """True if somebody still waits in it: a thread from outside, which must be found where it is."""
    conditions = (primitive, *(getattr(primitive, name, None) for name in ("_cond", "not_empty", "not_full")))
    return any(getattr(condition, "_waiters", None) for condition in conditions)


def _simple_queue() -> Any:
    """The class written in C, if it is known to anybody."""
    return vars(sys.modules["queue"])["SimpleQueue"] if "queue" in sys.modules else None


@functools.cache
def _numbered_future() -> type:
    import concurrent.futures

    class Future(concurrent.futures.Future[Any]):
        """A future that keeps its place in the sets it is in."""

        _number: int

        def __hash__(self) -> int:
            return self._number

        def __reduce_ex__(self, protocol: Any) -> Any:
            return concurrent.futures.Future, (), vars(self)

    return Future


class Kept:
    """Invariant: `_names` has the name of a primitive for as long as there is that primitive."""

    def __init__(self) -> None:
        self._names: Known[str] = Known()

    def keep(self, named: Iterable[tuple[Any, str]]) -> None:
        """When the run is over: what it made, and what it called that. A retired lock has a real one in its place."""
        for primitive, name in named:
            for one in (primitive, *([primitive._real] if type(primitive) is RetiredLock else [])):
                self._names.keep(one, name)

    def of(self, primitive: Any) -> str:
        """Empty for what no run has made."""
        return self._names.of(primitive, "")


kept = Kept()  # one for all runs
