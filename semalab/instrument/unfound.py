"""Whoever makes or uses a primitive during a run by a reference that no walk has found: Python's own classes tell of
it.

For the time of a run `__init__` of the real classes, and the names `Lock` and `RLock` in the real `threading`, ask who
calls. What the program makes takes part; what a library makes for itself is counted; of what Python's own modules make
for themselves, and of all that other threads make, nothing is known.

A program can also keep a primitive where no walk comes: behind an address, in a frame, in a module of Python's own. So
the methods of the real classes ask, too. If it is the program that calls, the primitive takes part from then on, unless
somebody is using it; otherwise it is named. A lock of C has no methods that could be exchanged.
"""

from __future__ import annotations

import _thread
import functools
import gc
import importlib
import sys
import threading
import types
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from semalab.engine import VirtualProcessor
from semalab.engine.interpreter import outwards
from semalab.engine.reachability import is_a
from semalab.instrument.adoption import Adoption
from semalab.instrument.copies import is_copy
from semalab.instrument.exchange import Exchange
from semalab.instrument.making import constructs, locals_of
from semalab.instrument.namespace import Twins
from semalab.instrument.places import Attribute, attributes_of, library_of_code
from semalab.instrument.retired import RetiredLock
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


_METHODS = {
    ("threading", "Semaphore"): ("acquire", "__enter__", "release"),
    ("threading", "BoundedSemaphore"): ("release",),
    ("threading", "Condition"): ("__enter__", "wait", "notify"),
    ("threading", "Event"): ("wait", "set", "clear", "is_set"),
    ("threading", "Barrier"): ("wait", "reset", "abort"),
    ("queue", "Queue"): ("put", "get", "task_done", "join"),
    (RetiredLock.__module__, "RetiredLock"): ("acquire", "__enter__", "release", "__exit__"),
}
_USED_ON_BEHALF = frozenset("functools contextlib operator itertools types".split())  # they use what they were given
_watching: list[Touches] = []  # those of the run under way


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
        _watching[:] = [self]
        for (module, name), methods in _METHODS.items():
            cls = vars(sys.modules[module]).get(name) if module in sys.modules else None
            for method in methods if isinstance(cls, type) else ():  # no mock
                if isinstance(real := vars(cls).get(method), types.FunctionType):
                    self._exchange.put(Attribute(cls, method), real, _telling_of_use(real))

    def be_quiet(self) -> None:
        """The run is over: it is not told of anything any more, nor kept."""
        _watching.clear()

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
def _telling_of_use(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of a real class, which tells the run under way of each use; one for all runs."""

    waits = method is threading.Condition.wait

    @functools.wraps(method)
    def told(one: Any, *args: Any, **kwargs: Any) -> Any:
        if _watching and _watching[0].touched(one, sys._getframe(1)):
            return getattr(one, method.__name__)(*args, **kwargs)
        got = method(one, *args, **kwargs)
        if waits and not got and _watching and any(limit > 0 for limit in (*args, *kwargs.values())):
            _watching[0].waited_in_vain()  # the time was up, in real seconds; a pool looks with a limit of 0
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
        if is_copy(space) or str(space.get("__name__")).partition(".")[0] in _USED_ON_BEHALF:
            behalf = True
        else:
            return None, None if behalf else ""
    return None, None


def _lock_is_shared(one: Any) -> bool:
    """True for a condition whose lock somebody else has, too: another in its place would exclude nobody.

    The collector shows who has it, but not all of them: what `gc.freeze` has put aside, and what stands in a frame that
    nobody has looked at. Those are noticed by their number.
    """
    if _references(one) <= _ALONE.get(type(one._lock), (0, 0))[0]:
        return False
    own, seen = {id(one), *map(id, _parts(one))}, _references_within(_parts(one), one._lock)
    for referrer in gc.get_referrers(one._lock):
        left = type(referrer) is dict and any(map(referrer.get, ("_real", "original")))  # by an earlier run, as garbage
        if left:
            seen += _references_within([referrer], one._lock)
        elif id(referrer) not in own:
            return True
    return _references(one) > seen + _ALONE.get(type(one._lock), (0, 0))[1]


def _references(condition: Any) -> int:
    return sys.getrefcount(condition._lock)


def _parts(condition: Any) -> list[Any]:
    """Where a condition itself has its lock: it keeps some of its methods, too."""
    return [vars(condition), *vars(condition).values()]


def _references_within(ones: Iterable[Any], lock: Any) -> int:
    return sum(other is lock for one in ones for other in gc.get_referents(one))


_ALONE = {  # references to a condition's lock if nobody else has it: how many, and how many of them nobody sees
    type(vars(condition)["_lock"]): (
        _references(condition),
        _references(condition) - _references_within(_parts(condition), vars(condition)["_lock"]),
    )
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
