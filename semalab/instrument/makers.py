"""Whoever makes a primitive during a run by a reference that no walk has found: Python's own classes tell of it.

For the time of a run `__init__` of the real classes, and the names `Lock` and `RLock` in the real `threading`, ask who
calls. What the program makes takes part; what a library makes for itself is counted; of what Python's own modules make
for themselves, and of all that other threads make, nothing is known.
"""

from __future__ import annotations

import functools
import importlib
import sys
import threading
import types
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from semalab.engine.interpreter import outwards
from semalab.engine.reachability import is_a
from semalab.instrument.adoption import Adoption
from semalab.instrument.copies import is_copy
from semalab.instrument.exchange import Exchange
from semalab.instrument.making import constructs
from semalab.instrument.namespace import Twins
from semalab.instrument.namespaces import library_of_code
from semalab.instrument.places import Attribute
from semalab.instrument.unseen import Unseen
from semalab.log.excerpt import cut
from semalab.originals import AT_FIRST

_CLASSES = {
    "threading": ("Semaphore", "BoundedSemaphore", "Condition", "Event", "Barrier", "Thread"),
    "queue": ("Queue",),
    "asyncio.locks": ("Lock", "Semaphore", "BoundedSemaphore", "Event", "Condition", "Barrier"),
    "asyncio.queues": ("Queue",),
    "multiprocessing.synchronize": ("Semaphore", "BoundedSemaphore", "Lock", "RLock", "Event", "Condition", "Barrier"),
    "multiprocessing.queues": ("Queue", "SimpleQueue"),
    "multiprocessing.process": ("BaseProcess",),
}
_LOCKS = ("Lock", "RLock")
_OF_THE_LAB = (*(f"threading.{name}" for name in ("Condition", "Event", "Thread", *_LOCKS)), "time.monotonic")
_ON_BEHALF = frozenset(  # modules that make what their caller asked for
    "functools dataclasses collections contextlib copy importlib typing types weakref abc inspect unittest operator"
    " itertools heapq enum runpy pickle copyreg queue multiprocessing.context"
    " multiprocessing.sharedctypes".split()
)
_WITH_PROCESSES = ("multiprocessing", "concurrent")  # modules that start a process for whoever wants a pool
_listening: list[Makers] = []  # those of the run under way


class Makers:
    """Invariant: a thread that is not of the run gets the real thing and nobody hears of it."""

    def __init__(self, twins: Twins, exchange: Exchange, adoption: Adoption, unseen: Unseen) -> None:
        self._twins = twins
        self._exchange = exchange
        self._adoption = adoption
        self._unseen = unseen
        self._made_for: dict[str, Any] = {}
        self._asked: set[str] = set()
        self._others = tuple({cls.__module__.partition(".")[0] for cls in twins.elsewhere})  # whoever watches these

    def ask(self) -> None:
        """From now on every maker asks; the exchange takes it back."""
        _listening[:] = [self]
        for name in _LOCKS:
            self._exchange.name(vars(threading), name, self.of(getattr(threading, name)))
        self.ask_more()

    def ask_more(self) -> None:
        """As `ask`, of those modules that have been imported since."""
        if "multiprocessing.context" in sys.modules:  # which imports these for the first that is made: too late
            with suppress(ImportError):  # on systems without such semaphores
                importlib.import_module("multiprocessing.synchronize")
                importlib.import_module("multiprocessing.queues")
        for module, names in _CLASSES.items():
            if module in sys.modules and module not in self._asked and not module.startswith(self._others):
                self._asked.add(module)
                for cls in filter(None, [_real(module, name) for name in names]):
                    init = vars(cls)["__init__"]
                    self._exchange.put(Attribute(cls, "__init__"), init, _telling(init))

    def be_quiet(self) -> None:
        """The run is over: it is not told of anything any more, nor kept."""
        _listening.clear()

    def of(self, real: Any) -> Any:
        """A maker of locks that asks who calls, in the place of a real one; any other thing itself."""
        name = next((name for name in _LOCKS if getattr(threading, name) is real), None)
        if name is None:
            return real
        if name not in self._made_for:
            self._made_for[name] = self._lock(name, real)
        return self._made_for[name]

    def made(self, one: Any, caller: types.FrameType) -> None:
        """Somebody has made this primitive by calling its class."""
        if self._twins.processor.current() is None:
            return
        library = _asker(caller, one)
        others = _others(one)
        if library is None and not others:
            if not self._adoption.take(one, ""):
                self._unseen.name(type(one).__name__)
        elif library != "" and not isinstance(one, threading.Thread):
            self._unseen.count(library or others, one)

    def _lock(self, name: str, real: Callable[[], Any]) -> Any:
        current = self._twins.processor.current
        watched = self._twins.own("threading")[name]

        def make(depth: int = 1) -> Any:
            if current() is None:
                return real()
            library = _asker(sys._getframe(depth))
            if library is None:
                return watched()
            lock = real()
            if library:
                self._unseen.count(library, lock)
            return lock

        if not isinstance(real, type):
            make.__name__ = make.__qualname__ = name
            return functools.update_wrapper(make, real, ("__module__", "__doc__"), ())

        class Maker(type):
            def __call__(cls) -> Any:
                return make(2)

            def __instancecheck__(cls, one: object) -> bool:
                return isinstance(one, real | watched)

        return Maker(name, (), {"__module__": "_thread", "__doc__": real.__doc__, "__wrapped__": real})


def _real(module: str, name: str) -> type | None:
    """Python's own class of this name, whatever stands in its place; None if that is a mock and it is not known."""
    there = AT_FIRST.get(module, {}).get(name) or getattr(sys.modules[module], name)
    return there if isinstance(there, type) and "__init__" in vars(there) else None


def _telling(init: Callable[..., None]) -> Callable[..., None]:
    """`__init__` of a real class, which tells the run under way of each object.

    One for all runs, unless this very run has wrapped what it finds: to keep that would be to keep the run.
    """
    return _told_by(init) if hasattr(init, "__wrapped__") else _always_told_by(init)


def _told_by(init: Callable[..., None]) -> Callable[..., None]:

    @functools.wraps(init)
    def __init__(one: Any, *args: Any, **kwargs: Any) -> None:
        init(one, *args, **kwargs)
        if _listening:
            _listening[0].made(one, sys._getframe(1))

    return __init__


_always_told_by = functools.cache(_told_by)


def _others(one: Any) -> str:
    """Whose primitive it is that no thread can wait for alone: tasks', or processes'; empty for one of threads."""
    modules = (str(cls.__module__).partition(".")[0] for cls in type(one).__mro__)
    return next((module for module in modules if module in ("asyncio", "multiprocessing")), "")


def refuse_replaced() -> None:
    """Raise for what the lab itself is made of or counts with, if somebody has put a mock in its place."""
    mock = sys.modules.get("unittest.mock")
    for name in _OF_THE_LAB if mock is not None else ():
        module, _, attribute = name.partition(".")
        if isinstance(one := getattr(sys.modules[module], attribute), mock.NonCallableMock):  # type: ignore[union-attr]
            raise RuntimeError(
                f"{name} must be Python's own when a program is recorded, got {cut(repr(one), 80)};"
                " patch it inside the program"
            )


def _asker(innermost: types.FrameType, one: Any = None) -> str | None:
    """Who makes it: None for the program, the name of a library, "" for a module of Python's own (or the lab)."""
    for frame in outwards(innermost):
        space = frame.f_globals
        if is_copy(space):
            return ""
        library = library_of_code(space)
        if library != "":
            if one is None or not constructs(frame, one):
                return library
        elif not _on_behalf(str(space.get("__name__")), one):
            return ""
    return ""


def _on_behalf(module: str, one: Any) -> bool:
    """Whether a module of Python's own makes such a thing as its caller asked for it."""
    top = module.partition(".")[0]
    return top in _ON_BEHALF or module in _ON_BEHALF or (top in _WITH_PROCESSES and _is_process(one))


def _is_process(one: Any) -> bool:
    process = sys.modules.get("multiprocessing.process")
    return process is not None and is_a(one, process.BaseProcess)
