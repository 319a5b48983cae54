"""What a run step by step changes in the twins: methods that do something first, and locks that cost less.

A thread that is asked by the program who it is notes that: from then on no two threads are alike.

What `threading` keeps of its own threads needs no locks that anybody could wait for. On the stepping processor nobody
else runs before the next point, and inside these critical sections there is none: so real locks, which nobody ever
finds held, do as well as virtual ones and cost a tenth.
"""

from __future__ import annotations

import _thread
import functools
import sys
import types
from collections.abc import Callable
from typing import Any

from semalab.engine import ProgramThread
from semalab.engine.virtual import nanoseconds
from semalab.instrument import Twins
from semalab.instrument.copies import is_copy
from semalab.stepping.footprint import CLOCK, READ
from semalab.stepping.lives import begun
from semalab.stepping.processor import SteppingProcessor

_FUNCTIONS = ("current_thread", "currentThread", "get_ident", "get_native_id", "main_thread", "setprofile", "settrace")
_PROPERTIES = ("name", "ident", "native_id")
_METHODS = ("getName", "__repr__")


def before(owner: type, name: str, first: Callable[[Any], object]) -> None:
    """Let a method of a twin class do something first."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        first(self)
        return method(self, *args, **kwargs)

    setattr(owner, name, wrapped)


def function_before(function: Callable[..., Any], first: Callable[[], object]) -> Callable[..., Any]:
    """The function, which does something first."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        first()
        return function(*args, **kwargs)

    return wrapped


def put(owner: Any, **methods: Callable[..., Any]) -> None:
    """Put these in the place of methods of a twin class."""
    for name, method in methods.items():
        setattr(owner, name, functools.wraps(getattr(owner, name))(method))


def ticking(clock: Callable[[], float], processor: SteppingProcessor) -> Callable[[], float]:
    """A clock that copies of standard modules read: whoever waits with a limit asks it how much is left."""
    return function_before(clock, functools.partial(processor.touch_if_inside, CLOCK, READ))


def note_identities(twins: Twins, module: types.ModuleType, processor: SteppingProcessor) -> None:
    """module: `threading` as the program sees it."""

    def asked() -> None:
        processor.names_matter = True

    names = vars(module)
    for name in _FUNCTIONS:
        if name in names:
            names[name] = function_before(names[name], asked)
    thread: Any = twins.source.Thread
    for name in _PROPERTIES:
        setattr(thread, name, _noting(getattr(thread, name), processor))
    for name in _METHODS:
        setattr(thread, name, _method(getattr(thread, name), processor))


def _noting(real: property, processor: SteppingProcessor) -> property:
    assert real.fget is not None
    return property(_method(real.fget, processor), real.fset, real.fdel, real.__doc__)


def _method(real: Any, processor: SteppingProcessor) -> Any:
    def seen(self: Any, *how: Any, **named: Any) -> Any:
        if not _is_of_the_lab(sys._getframe(1).f_globals):
            processor.names_matter = True
        return real(self, *how, **named)

    seen.__name__, seen.__doc__ = real.__name__, real.__doc__
    return seen


def _is_of_the_lab(namespace: dict[str, Any]) -> bool:
    """`threading` itself asks, too, and so does the lab: they tell nobody."""
    return is_copy(namespace) or str(namespace.get("__name__", "")).startswith("semalab.")


def quicken(source: types.ModuleType, processor: SteppingProcessor) -> None:
    """Change the copy of `threading` that a run step by step uses, before any of its threads is made."""
    names = vars(source)
    names["_active_limbo_lock"] = _thread.RLock()
    if "_maintain_shutdown_locks" in names:  # up to 3.12; it is for the end of the process
        names["_shutdown_locks_lock"] = _thread.allocate_lock()
        names["_maintain_shutdown_locks"] = int  # the quickest way to do nothing
    names["Event"] = _event(names["Event"], processor)


def _event(event: Any, processor: SteppingProcessor) -> type:
    """The class of the event by which a new thread tells that it has begun; events derived from it are CPython's."""

    class Beginning:
        """Invariant: who waits is in `queue`, as in a virtual lock's, and nobody is once `_begun` is set."""

        __slots__ = ("_begun", "queue", "topic")

        def __init__(self) -> None:
            self._begun = False
            self.queue: list[ProgramThread] = []
            self.topic = None

        def is_set(self) -> bool:
            return self._begun

        def set(self) -> None:
            self._begun = True
            if self.queue:
                processor.wake_one(self.queue)
            if processor.watch is not None or processor.settings.lives:
                begun(processor)

        def wait(self, timeout: float | None = None) -> bool:
            until = None if timeout is None else processor.time + nanoseconds(timeout)
            place: Any = self
            while not self._begun and processor.wait(place, until):
                pass
            return self._begun

    class Event(event):
        def __new__(cls) -> Any:
            return Beginning() if cls is Event else super().__new__(cls)

    return Event
