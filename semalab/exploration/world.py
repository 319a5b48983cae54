"""What the world decides: its clock, its random numbers, its files. A program that asks is noticed, and not proved.

The next schedule would be told something else. So, while programs are explored, the standard functions that lead to the
world note who calls them; the run's own clock, its random numbers and its output lead nowhere, and are not among them.
"""

from __future__ import annotations

import builtins
import functools
import io
import os
import random
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from semalab.engine import Processor
from semalab.engine.interpreter import outwards
from semalab.instrument.exchange import Exchange
from semalab.instrument.places import ABSENT, Attribute, Entry, Place
from semalab.instrument.reach import Reach

CLOCK = "the clock of the world"
DICE = "random numbers of the world"
FILES = "files that it writes"
OTHERS = "another process, or the network"
INPUT = "what somebody types"

_WRITES = frozenset("wax+")
# What is asked, and by which functions of which module.
_ASKED: Mapping[str, Mapping[str, str]] = {
    CLOCK: {
        "os": "times getloadavg",
        "time": "process_time process_time_ns thread_time thread_time_ns",
        "timeit": "timeit repeat",
        "resource": "getrusage",
    },
    DICE: {"os": "urandom getrandom", "random": "_urandom", "uuid": "uuid1"},
    FILES: {
        "os": "remove unlink rename renames replace mkdir makedirs rmdir removedirs truncate link symlink utime chmod"
        " write mkfifo",
    },
    OTHERS: {"os": "system popen fork forkpty posix_spawn posix_spawnp", "socket": "socketpair create_connection"},
    INPUT: {"builtins": "input"},
}
_MADE = {"socket": ("socket", OTHERS), "subprocess": ("Popen", OTHERS)}
_MODULES = (*dict.fromkeys(module for modules in _ASKED.values() for module in modules), *_MADE, "numpy.random")
_TWINNED = ("time", "timeit")  # the lab itself asks the real ones


class World:
    """Notices what the program asks of the world. Invariant: `asked` has, for each thing, the functions it called."""

    def __init__(self, processor: Processor) -> None:
        self.asked: dict[str, dict[str, None]] = {}
        self._processor = processor
        self._exchange = Exchange()
        self._noticing: dict[int, Any] = {}  # by the identity of a real function: what notices its calls
        self._watched: set[str] = set()

    def watch(self) -> None:
        """Notice the calls from now on, also in modules that have been imported since."""
        for module in [name for name in _MODULES if name in sys.modules and name not in self._watched]:
            self._watched.add(module)
            for what, name in _functions(module):
                space = vars(sys.modules[module])
                real = space.get(name)
                if real is None:
                    continue
                name_there = "os.urandom" if name == "_urandom" else f"{module}.{name}"
                noticing = self._noticing[id(real)] = Noticing(self, real, what, name_there)
                if module not in _TWINNED:
                    self._exchange.name(space, name, noticing)
            if module in _MADE:
                name, what = _MADE[module]
                cls = getattr(sys.modules[module], name)
                self._put(Attribute(cls, "__init__"), self._of_method(vars(cls)["__init__"], what, f"{module}.{name}"))
            if module == "random":
                self._put(Attribute(random.Random, "seed"), self._of_seed(random.Random.seed))
            if module == "builtins":
                opening = Noticing(self, builtins.open, FILES, "open", _writes)
                for space in (vars(builtins), vars(io)):
                    self._put(Entry(space, "open"), opening)
                self._put(Entry(vars(os), "open"), Noticing(self, os.open, FILES, "os.open", _makes))

    def watch_twins(self, twin: Callable[[str], types.ModuleType]) -> None:
        """Notice the calls of functions that a run's own modules share with the real ones. twin: gives them by name."""
        for module in self._watched.intersection(_TWINNED):
            names = vars(twin(module))
            for _, name in _functions(module):
                names[name] = self._noticing.get(id(names.get(name)), names.get(name))

    def wanted(self, value: Any) -> bool:
        """True for a function whose calls are noticed, wherever else the program keeps it."""
        return id(value) in self._noticing

    def swap(self, reach: Reach) -> None:
        """Put what notices in the place of such functions, wherever a walk has met them."""
        for reference in reach.references:
            if self.wanted(reference.value) and reference.place is not None and reach.writable(reference.place):
                self._put(reference.place, self._noticing[id(reference.value)])
        self._exchange.remake(reach)

    def restore(self) -> None:
        """Everything is the world's own again."""
        self._exchange.restore()
        self._watched.clear()

    @property
    def asked_for(self) -> str:
        """What the program asked for, in words; "" for nothing.

        >>> world.asked_for
        'random numbers of the world (os.urandom)'
        """
        return " and ".join(f"{what} ({', '.join(names)})" for what, names in self.asked.items())

    def _put(self, place: Place, new: Any) -> None:
        old = place.get()
        if old is not ABSENT:
            self._noticing.setdefault(id(old), new)
            self._exchange.put(place, old, new)

    def note(self, what: str, name: str) -> None:
        """The calling thread asks for something by this function."""
        if self._processor.current() is not None and not _importing(sys._getframe(2)):
            self.asked.setdefault(what, {})[name] = None

    def _of_method(self, real: Callable[..., None], what: str, name: str) -> Callable[..., None]:
        @functools.wraps(real)
        def noticing(*args: Any, **kwargs: Any) -> None:
            self.note(what, name)
            real(*args, **kwargs)

        return noticing

    def _of_seed(self, real: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(real)
        def seed(one: Any, a: Any = None, *version: Any, **named: Any) -> None:
            if a is None:
                self.note(DICE, "random.seed")
            real(one, a, *version, **named)

        return seed


class Noticing:
    """A function of the world. No function itself: what walks through the program's would come to the real one."""

    def __init__(
        self, world: World, real: Callable[..., Any], what: str, name: str, counts: Callable[..., bool] | None = None
    ) -> None:
        """counts: whether a call with these arguments asks the world; None: each does."""
        functools.update_wrapper(self, real)
        self._call = world, real, what, name, counts

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        world, real, what, name, counts = self._call
        if counts is None or counts(*args, **kwargs):
            world.note(what, name)
        return real(*args, **kwargs)


def _writes(file: Any = None, mode: Any = "r", *args: Any, **kwargs: Any) -> bool:
    return not _WRITES.isdisjoint(str(mode))


def _makes(path: Any = None, flags: int = 0, *args: Any, **kwargs: Any) -> bool:
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))


def _functions(module: str) -> Iterator[tuple[str, str]]:
    """What is asked, and the name of the function."""
    for what, modules in _ASKED.items():
        yield from ((what, name) for name in modules.get(module, "").split())
    if module == "numpy.random":
        names = vars(sys.modules[module])
        of_all = [name for name, one in names.items() if _is_of_numpys_own(one)]
        yield from ((DICE, name) for name in of_all)


def _is_of_numpys_own(function: Any) -> bool:
    """True for a method of the generator that all of a process share."""
    return type(getattr(function, "__self__", None)).__name__ == "RandomState"


def _importing(frame: types.FrameType | None) -> bool:
    """True while a module is imported: what it asks for then it does not ask again."""
    return any(one.f_code.co_filename.startswith("<frozen importlib") for one in outwards(frame))
