"""The threads of the process that are not of the run: who they are, from their begin to their end.

A library starts threads of its own: asyncio for `to_thread`, a server for each request, a scheduler for its jobs. They
use the program's primitives as the run's threads do. To ask at every row of the log who writes it would cost more than
the row; so every start of a thread is noted instead, and who had an identifier at a time is looked up afterwards.
"""

from __future__ import annotations

import _thread
import functools
import itertools
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from semalab.engine.interpreter import current_frames

HANDLER = "signal handler"  # as which the thread acts that waits for the run's end and does nothing else
_OF_C = re.compile(r"Dummy-\d+")  # what `threading` calls a thread that C has started
_NUMBERED = re.compile(r"(?<=^Thread-)\d+")  # what `threading` calls a thread that nobody gave a name


class Foreign:
    """One thread that is not of the run.

    begun: None for one that was there before, or of which nobody saw the start. descends: a thread of the run has
    started it, or one that descends from such a one. `waits_in`, `timed`, `blocks`, `intent`: as of a ProgramThread.
    """

    __slots__ = ("_name", "begun", "blocks", "descends", "ended", "ident", "intent", "thread", "timed", "waits_in")

    def __init__(self, name: str, thread: Any = None, ident: int = 0, descends: bool = False) -> None:
        self._name = name
        self.thread = thread
        self.ident = ident
        self.descends = descends
        self.begun: int | None = None
        self.ended: int | None = None
        self.waits_in: Any = None
        self.timed = False
        self.blocks = 0
        self.intent: int | None = None

    @property
    def name(self) -> str:
        name = str(self.thread.name) if self.thread is not None and not self._name else self._name
        return "nameless" if not name or _OF_C.fullmatch(name) else name

    @property
    def description(self) -> str:
        return f"the {HANDLER}" if self._name == HANDLER else f"the thread {self.name}"

    @property
    def blocked(self) -> bool:
        """It waits in a lock of the run, without a time limit: somebody else must act before it can."""
        return self.waits_in is not None and not self.timed


class Foreigners:
    """Invariants: `every` lists them in the order in which they were met. The system gives the identifier of an ended
    thread to the next new one: `_seen` has those of an identifier whose begin was seen, in order, and `_unseen` who had
    it after the first so many of them. `_numbers` and `_pools` are those of the names that Python finds in the run: the
    process counts on from run to run, and the same program would not give the same names. `_covered` has what could not
    be put back yet, because something of the same run stands before it: that goes first. `_replaced` has what was put
    into each place last, for the same reason: a run that is stopped in the midst of its beginning puts something
    before what has been put back meanwhile, and leaves that there.
    """

    def __init__(self, now: Callable[[], int], in_the_run: Callable[[], bool]) -> None:
        self._numbers = self._pools = itertools.count()
        self._count_anew()
        self._now = now
        self._in_the_run = in_the_run
        self.every: list[Foreign] = []
        self._seen: dict[int, list[Foreign]] = {}
        self._unseen: dict[tuple[int, int], Foreign] = {}
        self._before = {ident: _object(ident) for ident in current_frames()}
        self._supervisor: int | None = None
        self.handler: Foreign | None = None  # as which they act that a signal calls, once one has
        self._exchanged: dict[str, tuple[Any, Any]] = {}  # by their names, what stood there, and what is put there
        self._covered: list[tuple[Any, str, Any, Any]] = []  # what is exchanged, with a twin in front of it
        self._replaced: dict[tuple[Any, str], tuple[Any, str, Any, Any]] = {}

    def at(self, ident: int, time: int) -> Foreign:
        """Whose identifier it was at this time of the run's clock."""
        seen = self._seen.get(ident, ())
        begun = sum(one.begun is not None and one.begun <= time for one in seen)
        if begun:
            one = seen[begun - 1]
            if one.ended is None or one.ended >= time:
                return one
        return self._met(ident, begun)

    def of(self, ident: int) -> Foreign:
        """The thread that has this identifier now."""
        seen = self._seen.get(ident, ())
        if seen and seen[-1].ended is None:
            return seen[-1]
        return self._met(ident, len(seen))

    def was_there(self, ident: int) -> bool:
        """True if the thread that has this identifier now was there before the run."""
        return ident not in self._seen and ident in self._before and self._before[ident] is _object(ident)

    def descendants(self) -> list[Foreign]:
        """Those that the run has started, by whatever means, and that have not ended; some may not have begun."""
        return [one for one in list(self.every) if one.descends and one.ended is None]

    def blocked(self) -> list[Foreign]:
        """Those that wait in a lock of the run, without a time limit."""
        return [one for one in list(self.every) if one.blocked]

    def handling(self, at_work: bool) -> None:
        """A signal's handler begins or ends, in the thread that waits for the run's end."""
        self.of(_thread.get_ident()).ended = None if at_work else self._now()

    def _met(self, ident: int, after: int) -> Foreign:
        """One whose begin nobody saw: C has started it, or it was there before the run."""
        if (ident, after) not in self._unseen:
            thread = _object(ident) if after or ident not in self._before else self._before[ident]
            if any(one.thread is thread for one in self._seen.get(ident, ())):
                thread = None
            waits = ident == self._supervisor and thread is threading.main_thread()
            self._unseen[ident, after] = one = Foreign(HANDLER if waits else "", thread, ident)
            self.handler = one if waits else self.handler
            self.every.append(one)
        return self._unseen[ident, after]

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Meanwhile every start of a thread is seen; the thread that calls only waits, and handles signals.

        The module `threading` stays as it is: programs may look at it. Three methods of its Thread are exchanged.
        """
        self._supervisor = _thread.get_ident()
        changes = [
            (threading.Thread, "__init__", self._naming),
            (threading.Thread, "start", self._noting_start),
            (threading.Thread, "_bootstrap_inner", self._noting_life),
            (_thread, "start_new_thread", self._noting_function),
            (_thread, "start_new", self._noting_function),
        ]
        if (pools := sys.modules.get("concurrent.futures.thread")) is not None:
            changes.append((pools.ThreadPoolExecutor, "_counter", self._numbering))
        changed: list[tuple[Any, str, Any, Any]] = []
        try:
            for place, name, noting in changes:
                if any((place, name) == (one, other) for one, other, *_ in self._covered):
                    continue
                real = vars(place)[name]
                noted = self._noted(name, real, noting)
                changed.append((place, name, real, noted))
                self._replaced[place, name] = changed[-1]
                setattr(place, name, noted)
            yield
        finally:
            self._covered += _put_back(changed)

    def _noted(self, name: str, real: Any, noting: Callable[[Any], Any]) -> Any:
        """What is put in its place: the same in each run, for there may be thousands of them."""
        known = self._exchanged.get(name)
        if known is None or known[0] is not real:
            noted = noting(real)
            if not isinstance(noted, staticmethod):
                functools.update_wrapper(noted, real)
            known = self._exchanged[name] = real, noted
        return known[1]

    def _naming(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def __init__(
            thread: Any, group: Any = None, target: Any = None, name: Any = None, *args: Any, **more: Any
        ) -> None:
            real(thread, group, target, name, *args, **more)
            if not name and (self._in_the_run() or self.descends()):
                thread._name = _NUMBERED.sub(lambda _: str(self.number()), thread._name)

        return __init__

    def _numbering(self, real: Callable[[], int]) -> Any:
        return staticmethod(lambda: next(self._pools) if self._in_the_run() or self.descends() else real())

    def _noting_start(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def start(thread: Any) -> None:
            with self._coming(Foreign("", thread)):
                real(thread)

        return start

    def _noting_life(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def _bootstrap_inner(thread: Any) -> None:
            with self._lives(thread):
                real(thread)

        return _bootstrap_inner

    def _noting_function(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def start_new_thread(function: Callable[..., Any], *args: Any) -> Any:
            one = Foreign(str(getattr(function, "__name__", "")))

            def body(*args: Any, **kwargs: Any) -> Any:
                with self._lives(one):
                    return function(*args, **kwargs)

            with self._coming(one):
                return real(body if callable(function) else function, *args)

        return start_new_thread

    @contextmanager
    def _coming(self, one: Foreign) -> Iterator[None]:
        """A start of this one: it is known before it can run, so that nobody overlooks it meanwhile."""
        one.descends = self._in_the_run() or self.descends()
        self.every.append(one)
        try:
            yield
        except BaseException:
            one.ended = self._now()
            raise

    @contextmanager
    def _lives(self, one: Any) -> Iterator[None]:
        """What the thread itself does, from its begin to its end."""
        if not isinstance(one, Foreign):  # a Thread; unknown if it was started just before the run
            one = next((other for other in reversed(self.every) if other.thread is one), None) or Foreign("", one)
        one.ident = _thread.get_ident()
        one.begun = self._now()
        self._seen.setdefault(one.ident, []).append(one)
        try:
            yield
        finally:
            one.ended = self._now()

    def descends(self) -> bool:
        """True if the run has started the calling thread, by whatever means."""
        return any(one.descends and one.ended is None for one in self._seen.get(_thread.get_ident(), ())[-1:])

    def number(self) -> int:
        """The next of the numbers that stand in the names of the run's threads, whoever started them."""
        return next(self._numbers)

    def _count_anew(self) -> None:
        self._numbers, self._pools = itertools.count(1), itertools.count()

    def renew(self) -> None:
        """Another run begins. Who is still there may take part in it, too."""
        self._count_anew()
        self.every = [one for one in self.every if one.ended is None]
        self._seen = {ident: [one for one in seen if one.ended is None] for ident, seen in self._seen.items()}
        self._unseen = {}

    def close(self) -> None:
        """The run is over, and so is its clock: threads that outlive it must not keep it. All names are back."""
        self._covered = _put_back(self._covered)
        _put_back(list(self._replaced.values()))
        self._replaced = {}
        self._now, self._in_the_run = _never, bool


def _put_back(changed: list[tuple[Any, str, Any, Any]]) -> list[tuple[Any, str, Any, Any]]:
    """Put every real one back where the other still stands; returns those in whose places something else does."""
    covered: list[tuple[Any, str, Any, Any]] = []
    for place, name, real, noted in reversed(changed):
        if vars(place).get(name) is noted:
            setattr(place, name, real)
        else:
            covered.insert(0, (place, name, real, noted))
    return covered


def _never() -> int:
    return sys.maxsize


def _object(ident: int) -> threading.Thread | None:
    """The Thread with this identifier, if `threading` knows it."""
    known: threading.Thread | None = threading._active.get(ident)  # type: ignore[attr-defined]
    return known
