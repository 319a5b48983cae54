"""What a recorded program sees in the place of the real modules, classes and functions: their twins."""

from __future__ import annotations

import builtins
import functools
import inspect
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from semalab.engine import Processor
from semalab.engine.reachability import is_a
from semalab.instrument.clock import present
from semalab.instrument.copies import Stand, is_copy, load_threading, os_for_copies, time_for_copies
from semalab.instrument.handlers import Handlers
from semalab.instrument.made import is_made
from semalab.instrument.modules import MAKERS
from semalab.instrument.recorded import is_recorded
from semalab.instrument.recorder import Recorder, close_all
from semalab.instrument.streams import Streams
from semalab.instrument.unseen import Unruled
from semalab.instrument.watched import watched_condition
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
            return (ours if self.inside() else real)(*args, **kwargs)

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
            return present(real)
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
