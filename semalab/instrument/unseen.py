"""What the lab cannot watch, and what the virtual clock does not rule: both are named."""

from __future__ import annotations

import functools
import itertools
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from semalab.instrument.made import Known
from semalab.instrument.places import Attribute, Entry, Place
from semalab.log.excerpt import counted

if TYPE_CHECKING:
    from semalab.instrument.namespace import Twins

_NOUNS = {"Semaphore": "semaphore", "Event": "event", "Barrier": "barrier", "BaseProcess": "process"}
_NOUNS |= {"Queue": "queue", "SimpleQueue": "queue"}

_POLLS = {"poll": ("poll", 0), "epoll": ("poll", 0), "kqueue": ("control", 2)}  # which method waits; where its limit is
_SELECTORS = ("SelectSelector", "_PollLikeSelector", "EpollSelector", "KqueueSelector")
When = Callable[..., bool]  # of a call's arguments: whether it is to be noted


class Unseen:
    """Invariant: `told` says each thing once, in the order in which it was met. `_named` and `_counted` keep what they
    have by its identity, so that none is used twice. `_just_made` knows those that were counted when they were made,
    and does not keep them: a library may make one for every request.
    """

    def __init__(self) -> None:
        self._names: dict[str, None] = {}
        self._named: dict[int, Any] = {}
        self._counts: dict[str, Counter[str]] = {}
        self._counted: dict[int, Any] = {}
        self._just_made: Known[bool] = Known()

    def name(self, name: str, value: Any = None) -> None:
        """One of the program's own. A value of many names is told by the first."""
        if value is None or id(value) not in self._named:
            if value is not None:
                self._named[id(value)] = value
            self._names[name or "the program"] = None

    def meet(self, library: str, value: Any) -> None:
        """One that a library had made for itself; it may be met again."""
        if id(value) not in self._counted and not self._just_made.of(value, False):
            self._counted[id(value)] = value
            self._count(library, value)

    def count(self, library: str, value: Any) -> None:
        """One that a library makes just now."""
        self._just_made.keep(value, True)
        self._count(library, value)

    def _count(self, library: str, value: Any) -> None:
        self._counts.setdefault(library, Counter())[_noun(value)] += 1

    @property
    def told(self) -> tuple[str, ...]:
        """Names, and phrases such as "3 locks of fasteners"."""
        counts = (_phrase(library, those) for library, those in self._counts.items())
        return (*self._names, *counts)


def _noun(value: Any) -> str:
    return next((_NOUNS[cls.__name__] for cls in type(value).__mro__ if cls.__name__ in _NOUNS), "lock")


def _phrase(library: str, counts: Counter[str]) -> str:
    parts = [counted(n, noun) for noun, n in counts.items()]
    return f"{' and '.join(filter(None, [', '.join(parts[:-1]), parts[-1]]))} of {library}"


class Unruled:
    """What of the world the virtual clock does not rule. What is in a twin of a module is noted there; what a program
    has in its own hands, or asks through a library, is noted where it stands, for the threads of the run.

    Invariant: `told` has each name once, in the order in which the run's threads asked.
    """

    def __init__(self, rules: bool) -> None:
        """rules: whether there is such a clock in this run; otherwise nothing is to be told."""
        self.rules = rules
        self._names: dict[str, None] = {}
        self._instead: dict[int, tuple[Any, Any]] = {}  # by the identity of a real function: it, and what stands for it

    def noting(self, name: str, function: Callable[..., Any], when: When = lambda *_, **__: True) -> Callable[..., Any]:
        """The function, which notes that it is called."""

        @functools.wraps(function)
        def noted(*args: Any, **kwargs: Any) -> Any:
            if when(*args, **kwargs):
                self.note(name)
            return function(*args, **kwargs)

        return noted

    def note(self, name: str) -> None:
        if self.rules:
            self._names[name] = None

    def stands(self, real: Any, twin: Any) -> None:
        """From now on a program that has this function under a name of its own has the other one there."""
        self._instead.setdefault(id(real), (real, twin))  # `random._urandom` is `os.urandom`, too

    def of(self, real: Any) -> Any:
        """What stands for a function; itself if nothing does."""
        known, twin = self._instead.get(id(real), (None, None))
        return twin if known is real and known is not None else real

    def renew(self) -> None:
        self._names.clear()

    @property
    def told(self) -> tuple[str, ...]:
        return tuple(self._names)


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
            yield _exchanged(twins, Attribute(cls, "select"), "selectors", _waits(1))


def _exchanged(twins: Twins, place: Place, name: str, when: When = lambda *_, **__: True) -> tuple[Place, Any, Any]:
    def asked(*args: Any, **kwargs: Any) -> bool:
        return twins.inside() and when(*args, **kwargs)

    real = place.get()
    noted = twins.unruled.noting(name, real, asked)
    twins.unruled.stands(real, noted)
    return place, real, noted


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
    twins.unruled.stands(real, make)
    return place, real, make


def _gives_no_seed(generator: Any, a: Any = None, *args: Any, **kwargs: Any) -> bool:
    return a is None


def _waits(at: int) -> When:
    """Whether a call has a time limit, which stands at this place."""

    def waits(*args: Any, timeout: Any = None, **kwargs: Any) -> bool:
        limit = args[at] if len(args) > at else timeout
        return isinstance(limit, int | float) and limit > 0

    return waits
