"""What a recorded program sees in the place of the real modules, classes and functions: their twins, and how those of
standard modules are made.
"""

from __future__ import annotations

import _thread
import builtins
import functools
import inspect
import itertools
import random
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from semalab.engine import Processor
from semalab.engine.reachability import is_a
from semalab.instrument.clock import in_its_place, time_module
from semalab.instrument.copies import (
    Stand,
    copied,
    is_copy,
    load,
    load_threading,
    os_for_copies,
    thread_module,
    time_for_copies,
)
from semalab.instrument.handlers import Handlers
from semalab.instrument.identity import is_made, is_recorded, present, under_way
from semalab.instrument.recorder import Recorder, close_all, watched_condition
from semalab.instrument.streams import Streams
from semalab.instrument.threads import threading_module
from semalab.instrument.unseen import Unruled
from semalab.originals import AT_FIRST, replaced

_BETWEEN_COPIES = ("queue", "multiprocessing.pool", "multiprocessing.dummy", "multiprocessing.dummy.connection")
_INSTRUMENT = __name__.rpartition(".")[0]
_LOCK, _RLOCK = type(threading.Lock()), type(threading.RLock())  # what a program may ask isinstance() for


class Twins:
    """The twins of one run. Invariant: a thread that is not of the run gets the real thing from every one of them.

    `_made` holds the modules that were asked for, by name; `_places` says where a real object's twin is.
    `stands` are what the copies of standard modules find when they import. `renewals` put back what a run has changed
    in the modules; `told` hears of every module that is made.
    """

    def __init__(self, processor: Processor, seed: int) -> None:
        self.processor: Processor = processor
        self.seed = seed
        self.elsewhere: tuple[type, ...] = ()  # classes of primitives that somebody else watches in this run
        self.seeded = processor.clock == "virtual"  # whether the run's random numbers come from the seed
        self.recorder: Recorder = Recorder(processor)
        # the clock that the run's `time` shows, in nanoseconds; None for the real one
        self.now: Callable[[], int] | None = processor.now if processor.clock == "virtual" else None
        self.unruled: Unruled = Unruled(self.seeded and not processor.rehearses)
        self.handlers: Handlers = Handlers(processor, self.unruled)
        self.streams = Streams(self.recorder, self.inside)
        self.source = load_threading(processor)
        self.with_exit: types.CodeType = self.source.Semaphore.__exit__.__code__
        self.watched = watched_condition(self.source, self.recorder)
        self.stands: Mapping[str, Stand] = {
            "threading": lambda: self.source,
            "time": lambda: time_for_copies(processor),
            "os": lambda: os_for_copies(processor.clock),
            **{name: functools.partial(self.module, name) for name in _BETWEEN_COPIES},
        }
        self.renewals: list[Callable[[], None]] = []
        self.told: Callable[[str, types.ModuleType], None] = lambda name, module: None
        self._stack_size = threading.stack_size()  # the program may set another for its threads; it is the process's
        self._made: dict[str, types.ModuleType] = {}
        self._covered: dict[str, dict[str, Any]] = {}  # of a module with mocks in it: what is ours all the same
        self._places = _places(tuple(name for name in MAKERS if name in sys.modules))
        self.module("threading")  # it changes the source, before any thread is started

    def inside(self) -> bool:
        """True for a thread of the run."""
        return self.processor.current() is not None

    def choose(self, ours: Any, real: Any) -> Any:
        """A function that is ours for the run's threads and the real one for all others."""

        def chosen(*args: Any, **kwargs: Any) -> Any:
            return (ours if self.inside() else present(real))(*args, **kwargs)

        chosen.__name__ = chosen.__qualname__ = getattr(real, "__name__", "chosen")
        chosen.__doc__, chosen.__module__ = real.__doc__, getattr(real, "__module__", chosen.__module__)
        chosen.__wrapped__ = real  # type: ignore[attr-defined]
        return chosen

    def module(self, name: str) -> types.ModuleType:
        """The twin of a module that has been imported."""
        if name not in self._made:
            module = self._made[name] = MAKERS[name](self)
            if mocks := replaced(name):
                ours = vars(module)
                pythons = {key: AT_FIRST[name][key] for key, mock in mocks.items() if ours[key] is mock}
                self._covered[name] = {**ours, **pythons}
                vars(module).update(mocks)
            self.told(name, module)
        return self._made[name]

    def own(self, name: str) -> dict[str, Any]:
        """The names of a module's twin, also those in whose places somebody has put a mock around the run."""
        module = self.module(name)
        return self._covered.get(name) or vars(module)

    def _pythons(self, name: str) -> dict[str, Any]:
        """The names of the real module, as Python has them."""
        there = vars(sys.modules[name])
        return {**there, **AT_FIRST[name]} if name in self._covered else there

    def of(self, real: Any) -> Any:
        """What stands for a module, class or function while the run lasts: its twin, or itself if it has none."""
        value, real = real, outlived(real)
        if real is builtins.print:
            return value if value.__self__ is self.streams else self.streams.print
        if is_a(real, types.ModuleType):
            name = real.__name__
            return self.module(name) if name in MAKERS and sys.modules.get(name) is real else real
        if type(real) is types.BuiltinMethodType and isinstance(real.__self__, type):
            return in_its_place(real)
        if real is _LOCK or real is _RLOCK or real is threading._RLock:
            return self.own("threading")["Lock" if real is _LOCK else "RLock"]
        if (noted := self.unruled.of(real)) is not real:
            return noted
        module, name = self._places.get(id(real), ("", ""))
        if not module:
            return real
        there = vars(sys.modules[module]).get(name)
        known = there is real or getattr(there, "__wrapped__", None) is real  # it asks during a run who calls
        known = known or AT_FIRST.get(module, {}).get(name) is real
        return self.own(module).get(name, real) if known else real

    def reals(self) -> dict[int, Any]:
        """For every twin, by its identity: the real thing."""
        found: dict[int, Any] = {id(self.streams.print): builtins.print}
        for name, twin in self._made.items():
            real = sys.modules[name]
            found[id(twin)] = real
            there = self._pythons(name)
            for attribute, value in self.own(name).items():
                other = there.get(attribute)
                if other is value or other is None:  # first: so it is with most
                    continue
                if callable(value) and not attribute.startswith("__"):
                    found.setdefault(id(value), other)
        return found

    def classes(self) -> Iterator[type]:
        """Those twins that are classes, and those of `threading`'s copy that the twins derive from."""
        yield from (value for value in vars(self.source).values() if is_a(value, type) and is_recorded(value))
        for name in self._made:
            real = self._pythons(name)
            yield from (v for key, v in self.own(name).items() if is_a(v, type) and real.get(key) is not v)

    def renew(self) -> None:
        """Begin another run, in the place of the last one: what was swapped in stays, what it left is forgotten.

        Called by the new run's main thread.
        """
        self.recorder.renew()
        self.streams.renew()
        self.unruled.renew()
        self._put_streams_back()
        for renew in self.renewals:
            renew()

    def take_over(self) -> None:
        """From now on what stands for a real thing is this run's."""
        under_way[:] = [lambda real: self.of(real) if self.inside() else real]

    def settle(self) -> None:
        """When all threads have ended: give back what was the process's, and close the pools to whoever still has them.

        The streams become what `Swap` takes out again: an output that went astray would be the kernel's for ever.
        """
        close_all(self.recorder)
        self.handlers.restore()
        self._put_streams_back()
        if threading.stack_size() != self._stack_size:
            threading.stack_size(self._stack_size)

    def _put_streams_back(self) -> None:
        if sys.stdout is not self.streams.out.original:  # whatever the program has put there
            sys.stdout = self.streams.out
        if sys.stderr is not self.streams.err.original:
            sys.stderr = self.streams.err

    def at_exit(self) -> None:
        """What the interpreter does when the main thread has come to its end: pools that nobody shut down end now."""
        for call in reversed(self.source._threading_atexits):
            call()
        for look in filter(None, [reference() for reference in self.recorder.at_exit]):
            look()


def outlived(value: Any) -> Any:
    """The real thing, if the value is a twin, of a run that is over perhaps; any other value itself.

    Whatever a run leaves may have kept one: the clock of a rate limiter, the class of its locks, a timer's function.
    """
    real: Any = None
    if is_a(value, types.FunctionType):
        space = value.__globals__
        if is_copy(space):
            real = _real(space.get("__name__"), value.__name__)
        elif _is_of_the_lab(space):
            real = inspect.unwrap(value)
    elif is_a(value, type):
        real = _real(vars(value).get("__module__"), value.__name__) if is_made(value) else None
    elif is_a(value, types.ModuleType):
        real = sys.modules.get(value.__name__) if is_made(value) else None
    elif is_a(value, types.MethodType) and is_a(value.__self__, Streams):
        real = builtins.print
    return value if real is None else real


def _is_of_the_lab(space: dict[str, Any]) -> bool:
    """True for the globals of one of the modules beside this one, and not for those of one that is called so."""
    name = space.get("__name__")
    called_so = isinstance(name, str) and name.startswith(_INSTRUMENT)
    return called_so and getattr(sys.modules.get(str(name)), "__dict__", None) is space


def _real(module: Any, name: str) -> Any:
    return vars(sys.modules[module]).get(name) if module in sys.modules else None


@functools.lru_cache(maxsize=8)
def _places(loaded: tuple[str, ...]) -> Mapping[int, tuple[str, str]]:
    """By the identity of a real class or function: the module and the name of its twin.

    loaded: the modules that have been imported. Whoever looks here makes sure that the identity is still the thing's.
    """
    found = {}
    for module in reversed(loaded):
        names = {**vars(sys.modules[module]), **AT_FIRST.get(module, {})}
        for name in sorted(names, key=lambda name: not name.startswith("_")):  # public names count more
            if callable(names[name]) and not name.startswith("__"):
                found[id(names[name])] = (module, name)
                real = vars(names[name]).get("__wrapped__") if is_a(names[name], types.FunctionType) else None
                if is_a(real, types.BuiltinFunctionType):  # the run under way has put its own there
                    found[id(real)] = (module, name)
    return found


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
