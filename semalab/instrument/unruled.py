"""What the world answers, and no twin: while a run lasts, whoever asks is noted, or gets an answer of the run's own.

Waits for the outside and random numbers of the world are noted; now and today are the run's on the virtual clock; tasks
are numbered from 1 in each run.

The classes of `datetime` stay the real ones, so dates made in a run are what they are anywhere: for `type`, for pickle,
for classes derived from them, after the run. What changes for its time is where their class methods look.
"""

from __future__ import annotations

import ctypes
import datetime
import functools
import gc
import itertools
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from semalab.engine import Stop
from semalab.instrument.namespace import Twins
from semalab.instrument.places import ABSENT, Attribute, Entry, Place
from semalab.instrument.unseen import When

_POLLS = {"poll": ("poll", 0), "epoll": ("poll", 0), "kqueue": ("control", 2)}  # which method waits; where its limit is
_UTCNOW = (
    "datetime.datetime.utcnow() is deprecated and scheduled for removal in a future version. Use timezone-aware "
    "objects to represent datetimes in UTC: datetime.datetime.now(datetime.UTC)."
)
_SLICE = 0.05  # seconds
_SELECTORS = ("SelectSelector", "_PollLikeSelector", "EpollSelector", "KqueueSelector")


def unruled_places(twins: Twins) -> Iterator[tuple[Place, Any, Any]]:
    """Each place, what stands there, and what stands there while a run on the virtual clock lasts."""
    if not twins.unruled.rules:
        return
    yield _exchanged(twins, Entry(vars(os), "urandom"), "os.urandom")
    yield _exchanged(twins, Entry(vars(random), "_urandom"), "random.SystemRandom")
    yield _exchanged(twins, Attribute(random.Random, "seed"), "random.Random()", _gives_no_seed)
    yield from _of_numpy(twins)
    yield from _names_of_tasks(twins)
    if twins.processor.clock != "virtual":
        return  # a run of tasks: their loop waits so, on its own clock
    if "select" in sys.modules:
        select = vars(sys.modules["select"])
        yield _exchanged(twins, Entry(select, "select"), "select.select", _waits(3))
        for name, (method, at) in _POLLS.items():
            if name in select:
                yield _making_noted(twins, Entry(select, name), f"select.{name}", method, at)
    names = vars(sys.modules["selectors"]) if "selectors" in sys.modules else {}
    for cls in filter(None, map(names.get, _SELECTORS)):
        if "select" in vars(cls):
            yield _exchanged(twins, Attribute(cls, "select"), "selectors", _waits(1), _in_slices(twins))


def _exchanged(
    twins: Twins,
    place: Place,
    name: str,
    when: When = lambda *_, **__: True,
    ours: Callable[[Any], Any] = lambda real: real,
) -> tuple[Place, Any, Any]:
    def asked(*args: Any, **kwargs: Any) -> bool:
        return twins.inside() and when(*args, **kwargs)

    return twins.unruled.exchanged(place, twins.unruled.noting(name, ours(place.get()), asked))


def _in_slices(twins: Twins) -> Callable[[Any], Any]:
    """How a selector waits for ever: in slices, so that whoever stands in a loop can be stopped."""
    processor = twins.processor

    def make(real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def select(selector: Any, timeout: float | None = None) -> Any:
            if timeout is not None or not twins.inside():
                return real(selector, timeout)
            while not (ready := real(selector, _SLICE)):
                if processor.stopping:
                    raise Stop
            return ready

        return select

    return make


def _of_numpy(twins: Twins) -> Iterator[tuple[Place, Any, Any]]:
    """The functions of `numpy.random`, which share one generator: ruled once the program seeds it."""
    numpy = sys.modules.get("numpy.random")
    generator = getattr(getattr(numpy, "mtrand", None), "_rand", None)
    if numpy is None or generator is None:
        return
    seeded = [False]

    def seeds(*args: Any, **kwargs: Any) -> bool:
        seeded[0] |= twins.inside() and bool([arg for arg in (*args, *kwargs.values()) if arg is not None])
        return not seeded[0]

    def draws(*args: Any, **kwargs: Any) -> bool:
        return not seeded[0]

    twins.renewals.append(lambda: seeded.__setitem__(0, False))
    for name, value in list(vars(numpy).items()):
        if name in ("seed", "set_state"):
            yield _exchanged(twins, Entry(vars(numpy), name), "numpy.random", seeds)
        elif getattr(value, "__self__", None) is generator and name != "get_state":
            yield _exchanged(twins, Entry(vars(numpy), name), "numpy.random", draws)


def _names_of_tasks(twins: Twins) -> Iterator[tuple[Place, Any, Any]]:
    """Tasks that nobody names are numbered by the process, which counts on from run to run: here, anew in each run."""
    loops = sys.modules.get("asyncio.base_events")
    if loops is None:
        return
    numbers = [itertools.count(1)]
    twins.renewals.append(lambda: numbers.__setitem__(0, itertools.count(1)))
    place = Attribute(loops.BaseEventLoop, "create_task")
    real = place.get()

    @functools.wraps(real)
    def create_task(loop: Any, coro: Any, **how: Any) -> Any:
        if how.get("name") is None and twins.inside():
            how["name"] = f"Task-{next(numbers[0])}"  # before it begins, which an eager one does at once
        return real(loop, coro, **how)

    yield place, real, create_task


class _Poll:
    """An object of C that waits for files, as `select.poll()` makes it: whether it may take time is noted."""

    def __init__(self, real: Any, method: str, waits: Callable[..., Any]) -> None:
        self._real = real
        setattr(self, method, waits)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def __enter__(self) -> _Poll:
        self._real.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._real.__exit__(*raised)


def _making_noted(twins: Twins, place: Entry, name: str, method: str, at: int) -> tuple[Place, Any, Any]:
    """Its class is one of C, from which nobody can derive: what it makes for the run's threads is put into another."""
    real = place.get()

    @functools.wraps(real, updated=())
    def make(*args: Any, **kwargs: Any) -> Any:
        made = real(*args, **kwargs)
        if not twins.inside():
            return made
        return _Poll(made, method, twins.unruled.noting(name, getattr(made, method), _waits(at)))

    if hasattr(real, "fromfd"):
        make.fromfd = real.fromfd  # type: ignore[attr-defined]
    return twins.unruled.exchanged(place, make)


def _gives_no_seed(generator: Any, a: Any = None, *args: Any, **kwargs: Any) -> bool:
    return a is None


def _waits(at: int) -> When:
    """Whether a call has a time limit, which stands at this place."""

    def waits(*args: Any, timeout: Any = None, **kwargs: Any) -> bool:
        limit = args[at] if len(args) > at else timeout
        return isinstance(limit, int | float) and limit > 0

    return waits


class ClassOfC(NamedTuple):
    """The place of an attribute in a class written in C, which Python lets nobody set.

    Its names are in a dictionary all the same, which the garbage collector knows; CPython has to be told afterwards
    that what it remembers of the class is out of date. So it is from 3.11 to 3.14.
    """

    owner: type
    name: str

    def get(self) -> Any:
        return vars(self.owner).get(self.name, ABSENT)

    def exchange(self, old: Any, new: Any) -> None:
        if self.get() is not old:
            return
        (names,) = (one for one in gc.get_referents(vars(self.owner)) if type(one) is dict)
        names[self.name] = new
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(self.owner))


def dates(twins: Twins) -> Iterator[tuple[ClassOfC, Any, Any]]:
    """Each place, what stands there, and what stands there while a run on the virtual clock lasts."""
    processor = twins.processor
    if twins.now is None or type(vars(datetime.datetime)["now"]).__name__ != "classmethod_descriptor":
        return  # already another's, or written in Python
    from_moment = vars(datetime.datetime)["fromtimestamp"]  # whatever a derived class has put over it

    def moment() -> float:
        return float(twins.module("time").time())

    def in_the_run(real: Any, make: Callable[..., Any]) -> Any:
        def chosen(cls: type, *args: Any, **kwargs: Any) -> Any:
            ours = processor.current() is not None
            return make(cls, *args, **kwargs) if ours else real.__get__(None, cls)(*args, **kwargs)

        chosen.__name__ = chosen.__qualname__ = real.__name__
        chosen.__doc__ = real.__doc__
        return classmethod(chosen)

    def now(cls: type, tz: datetime.tzinfo | None = None) -> Any:
        return from_moment.__get__(None, cls)(moment(), tz)

    def utcnow(cls: type) -> Any:
        if sys.version_info >= (3, 12):
            warnings.warn(_UTCNOW, DeprecationWarning, stacklevel=3)
        return now(cls, datetime.UTC).replace(tzinfo=None)

    def today(cls: Any) -> Any:
        return cls.fromtimestamp(moment())

    for owner, make in ((datetime.datetime, now), (datetime.datetime, utcnow), (datetime.date, today)):
        place = ClassOfC(owner, make.__name__)
        yield place, place.get(), in_the_run(place.get(), make)
