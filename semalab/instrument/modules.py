"""For each standard module that a recorded program may see a twin of: how the twin is made."""

from __future__ import annotations

import _thread
import itertools
import random
import sys
import types
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from semalab.instrument.clock import time_module
from semalab.instrument.copies import copied, load
from semalab.instrument.thread_module import thread_module
from semalab.instrument.threads import threading_module

if TYPE_CHECKING:
    from semalab.instrument.namespace import Twins


def _threading(twins: Twins) -> types.ModuleType:
    source = twins.source
    source.__dict__["_counter"] = twins.processor.foreigners.number

    def renew() -> None:
        source._active.clear()
        source._limbo.clear()
        source.__dict__["_main_thread"] = main = source._MainThread()
        main._program_thread = twins.processor.current()

    twins.renewals.append(renew)
    return threading_module(twins.source, twins.recorder, twins.watched, twins.choose)


def _timeit(twins: Twins) -> types.ModuleType:
    """Its timers stay real: who repeats until 0.2 s have passed would repeat for ever on the virtual clock."""
    import timeit

    return copied(timeit, default_timer=twins.module("time").perf_counter)


def _random(twins: Twins) -> types.ModuleType:
    """`random` seeded for the run; the real module's state is never touched."""
    module = copied(random)
    if twins.seeded:
        generator = random.Random(twins.seed)
        twins.renewals.append(lambda: generator.seed(twins.seed))
        for name, value in vars(random).items():
            if getattr(value, "__self__", None) is getattr(random, "_inst", None) and hasattr(generator, name):
                module.__dict__[name] = twins.choose(getattr(generator, name), value)
    return module


def _of_threads(twins: Twins) -> types.ModuleType:
    """`_thread`, as which `threading` itself knows it, but for a program: its locks are those of `threading`."""
    module, watched = thread_module(twins.processor), twins.own("threading")
    made = dict.fromkeys(("allocate_lock", "allocate", "LockType", "lock"), watched["Lock"]) | {
        "RLock": watched["RLock"]
    }
    module.__dict__.update({name: maker for name, maker in made.items() if hasattr(_thread, name)})
    return module


def _queue(twins: Twins) -> types.ModuleType:
    from semalab.instrument.queues import load_queue, recorded_queues

    copy = load_queue(twins.stands)
    return copied(copy, **recorded_queues(copy, twins.recorder, twins.watched))


def _sched(twins: Twins) -> types.ModuleType:
    return load("sched", {**twins.stands, "time": lambda: twins.module("time")})


def _futures_base(twins: Twins) -> types.ModuleType:
    from semalab.instrument.futures import load_base

    base = load_base(twins.stands, twins.source, twins.recorder, twins.watched)
    twins.renewals.append(base.Future.renew)
    return base


def _futures_thread(twins: Twins) -> types.ModuleType:
    from semalab.instrument.futures import load_pool

    base, queue = twins.module("concurrent.futures._base"), twins.module("queue")
    module = load_pool(twins.stands, base, queue, twins.recorder, twins.watched)

    def renew() -> None:
        module.__dict__["_shutdown"] = False
        module._threads_queues.clear()
        module.ThreadPoolExecutor._counter = itertools.count().__next__

    twins.renewals.append(renew)
    return module


def _futures(twins: Twins) -> types.ModuleType:
    import concurrent.futures.thread

    base, thread = twins.module("concurrent.futures._base"), twins.module("concurrent.futures.thread")
    ours = {name: getattr(base, name) for name in ("Future", "Executor", "wait", "as_completed")}
    return _package(twins, concurrent.futures, **ours, ThreadPoolExecutor=thread.ThreadPoolExecutor)


def _concurrent(twins: Twins) -> types.ModuleType:
    return _package(twins, sys.modules["concurrent"])


def _thread_pool(twins: Twins) -> types.ModuleType:
    from multiprocessing import pool

    from semalab.instrument.pools import load_thread_pool

    copy = load_thread_pool(twins.stands, twins.source, twins.module("queue"), twins.recorder, twins.watched)
    results = ("ApplyResult", "AsyncResult", "MapResult", "IMapIterator", "IMapUnorderedIterator")
    return copied(pool, ThreadPool=copy.ThreadPool, **{name: getattr(copy, name) for name in results})


def _dummy(twins: Twins) -> types.ModuleType:
    module = load("multiprocessing.dummy", {**twins.stands, "threading": lambda: twins.module("threading")})
    module.__dict__["Manager"] = lambda: module  # it would look itself up by its name
    return module


def _dummy_connection(twins: Twins) -> types.ModuleType:
    return load("multiprocessing.dummy.connection", twins.stands)


def _multiprocessing(twins: Twins) -> types.ModuleType:
    return _package(twins, sys.modules["multiprocessing"])


def _package(twins: Twins, real: types.ModuleType, **ours: Any) -> types.ModuleType:
    """A package: its modules are looked up when they are asked for, since some may not have been imported yet."""
    module = copied(real)
    for name, value in list(vars(module).items()):
        if isinstance(value, types.ModuleType):
            del module.__dict__[name]
    module.__dict__.update(ours, __getattr__=lambda name: twins.of(getattr(real, name)))
    return module


# Whoever defines a thing comes before those that import it: a twin is looked for in this order.
MAKERS: Mapping[str, Callable[[Twins], types.ModuleType]] = {
    "time": lambda twins: time_module(twins.recorder, twins.choose, twins.unruled, twins.now),
    "timeit": _timeit,
    "random": _random,
    "threading": _threading,
    "_thread": _of_threads,
    "queue": _queue,
    "concurrent.futures._base": _futures_base,
    "concurrent.futures.thread": _futures_thread,
    "concurrent.futures": _futures,
    "concurrent": _concurrent,
    "multiprocessing.pool": _thread_pool,
    "multiprocessing.dummy.connection": _dummy_connection,
    "multiprocessing.dummy": _dummy,
    "multiprocessing": _multiprocessing,
    "sched": _sched,
    "signal": lambda twins: twins.handlers.module(twins.choose),
}
