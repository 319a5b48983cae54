"""The raw log while a program runs, the primitives that write to it, and the condition inside a primitive, whose exit
writes while the lock is still held.
"""

from __future__ import annotations

import _thread
import functools
import sys
import types
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from semalab.engine import Processor
from semalab.engine.interpreter import outwards, program_frame
from semalab.instrument.copies import is_copy
from semalab.instrument.making import NOWHERE, Making, Site, constructs, making


class Made(NamedTuple):
    """A primitive of the run: class, initial value, the call that made it, the key of what it is part of, if any.

    part: what it is of the thing that was made, where that is not the primitive itself (a pool's tasks).
    name: what it is called, where that cannot be read from the call that made it.
    key, maker: as in `semalab.instrument.making.Making`.
    """

    kind: str
    initial: int
    site: Site = NOWHERE
    part_of: int | None = None
    part: str = ""
    name: str = ""
    key: str = ""
    maker: str = ""


class Recorder:
    """Invariant: `made[key]` describes the primitive whose rows carry `key`; keys count from 0 in order of creation.

    `_primitives` holds them weakly, at the same places. `to_close` says how pools and their futures are closed.
    `at_exit` has what is looked at once more when the main thread has come to its end.
    """

    def __init__(self, processor: Processor) -> None:
        self.processor = processor
        self.made: list[Made] = []
        self._primitives: list[weakref.ref[Any]] = []
        self.to_close: list[tuple[weakref.ref[Any], Callable[[Any], None]]] = []
        self.at_exit: list[weakref.ref[Callable[[], None]]] = []
        self._known: dict[tuple[str, int | None, int], tuple[str, int | None, int]] = {}

    def register(
        self, primitive: object, kind: str, initial: int, part_of: int | None = None, part: str = "", name: str = ""
    ) -> int:
        """Returns the key of a new primitive. What made it is the first frame that does not itself construct it."""
        outer = () if name else outwards(sys._getframe(1))
        frame = next((one for one in outer if not (_watches(one.f_globals) or constructs(one, primitive))), None)
        how = making(frame) if part_of is None else Making()
        made = Made(kind, initial, how.site, part_of, part, name, how.key, how.maker)
        self.made.append(made)  # where a run step by step may switch
        self._primitives.append(weakref.ref(primitive))
        return len(self.made) - 1

    def embody(self, stand_in: object, primitive: object) -> None:
        """What stood for a primitive is that primitive itself from now on."""
        places = [i for i, reference in enumerate(self._primitives) if reference() is stand_in]
        for i in places:
            self._primitives[i] = weakref.ref(primitive)

    def renew(self) -> None:
        """Another run begins; what the last one made is no longer known."""
        self.made.clear()
        self._primitives.clear()
        self.to_close.clear()
        self.at_exit.clear()

    def survivors(self) -> Iterator[tuple[Made, Any]]:
        """The primitives of the run that somebody still has."""
        for made, reference in zip(self.made, self._primitives, strict=True):
            if (primitive := reference()) is not None:
                yield made, primitive

    def new(self, labels: Sequence[str]) -> Iterator[tuple[Any, str]]:
        """The primitives that the run has made and that somebody still has, with what they are called."""
        for made, reference, label in zip(self.made, self._primitives, labels, strict=True):
            if not made.name and made.part_of is None and (primitive := reference()) is not None:
                yield primitive, label

    def own(self) -> list[Any]:
        """The primitives that the program has made in this run, and not before, and that somebody still has."""
        found = [reference() for made, reference in zip(self.made, self._primitives, strict=True) if not made.name]
        return [primitive for primitive in found if primitive is not None]

    def critical_lock(self) -> Any:
        """The real lock of one primitive's critical section; no thread ever waits in the lab while it holds one."""
        lock = _thread.allocate_lock()
        self.processor.critical_locks.append(lock)
        return lock

    def entrance(self, key: int, read: Callable[[], int], lock: Any, enter: Callable[[], Any]) -> Callable[[], Any]:
        """How the critical section of the primitive with this key, whose value `read` tells, is entered."""
        return enter

    def note(
        self, kind: str, key: int | None = None, value: Any = None, amount: int = 0, time: int | None = None
    ) -> None:
        """Append one row, stamped now if no other time is given."""
        processor = self.processor
        stamp = processor.now() if time is None else time
        what = (kind, key, amount)
        what = self._known.setdefault(what, what)  # one object for all rows of a kind
        processor.log.extend((stamp, processor.get_ident(), what, value, *self.place()))

    def place(self) -> Site:
        """Where the program is: in its innermost frame."""
        frame = program_frame(sys._getframe(2), self.processor.program)
        return (frame.f_code, frame.f_lasti) if frame is not None else NOWHERE

    def intend(self, key: int | None) -> int | None:
        """Say what the calling thread is about to wait for; returns what it said before."""
        me = self.processor.waiting()
        before, me.intent = me.intent, key
        return before


def _watches(namespace: dict[str, Any]) -> bool:
    """True for the namespaces of what stands between the program and its primitives."""
    return namespace.get("__package__") in (__package__, "semalab.stepping") or is_copy(namespace)


def closed_after_the_run(cls: Any, close: Callable[[Any], None], recorder: Recorder) -> None:
    """Make the recorder remember each object of this class, and how it is closed: its threads are gone with the run."""
    init = cls.__init__

    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        recorder.to_close.append((weakref.ref(self), close))

    cls.__init__ = __init__


def close_all(recorder: Recorder) -> None:
    for reference, close in recorder.to_close:
        if (one := reference()) is not None:
            close(one)


_frame = sys._getframe

Verb = Callable[[str, Any], "str | None"]  # (method that is left, class of its exception or None) -> kind of event
How = Callable[[], int]  # the amount of a "set"


ROOM = 12  # calls that may be open at once, at most, while such a lock is left


def _entrance(take: Callable[[], Any], room: int) -> Callable[[], Any]:
    """Whoever has room to enter has room to leave, as with CPython's own condition.

    A RecursionError then rises before the lock is taken, and never when it should be given back and logged.
    """

    def enter() -> None:  # without this call the last one in had no room to leave, and the lock stayed locked
        take()

    def enter_if_there_is_room() -> None:
        descend(room)
        take()

    return enter_if_there_is_room if room else enter


def descend(calls: int) -> None:
    """Raise RecursionError unless so many calls can be open at once."""
    if calls:
        descend(calls - 1)


def watched_condition(source: types.ModuleType, recorder: Recorder) -> type:
    class WatchedCondition(source.Condition):  # type: ignore[name-defined]
        """Invariant: all its events are appended by the holder of `lock`, so the log's order is the lock's order.

        `got` is what the last wait returned, for its thread to read before it leaves the lock. tells: whether `leave`
        says of a wait that it was given up, because of what a signal's handler has raised.
        """

        # `with` finds these two descriptors on the class and gets the instance's functions.
        __slots__ = ("__enter__", "__exit__", "got", "key", "read", "tells")

        def __init__(
            self, key: int, read: Callable[[], int], leave: Callable[..., None], lock: Any, room: int = ROOM
        ) -> None:
            super().__init__(lock)
            self.__enter__ = recorder.entrance(key, read, lock, _entrance(lock.__enter__, room))
            self.__exit__ = leave
            self.key = key
            self.read = read
            self.got: bool | None = None
            self.tells = False

        def unfinished(self) -> int:
            """How many tasks of a queue are to be done before this wait is over, if that is what it is for."""
            return 0

        def wait(self, timeout: float | None = None) -> bool:
            if timeout is None or timeout > 0 or self.tells:  # with 0 it only asks, and waits for nobody
                recorder.note("block", self.key, self.read(), self.unfinished())
            before = recorder.intend(self.key)
            try:
                self.got = got = bool(super().wait(timeout))
                return got
            except BaseException:
                if not (self.tells or recorder.processor.stopping):
                    recorder.note("refuse", self.key, self.read())
                raise
            finally:
                recorder.intend(before)

    return WatchedCondition


def condition_by_method(
    key: int, read: Callable[[], int], lock: Any, recorder: Recorder, watched: type, verb: Verb, how: How = int
) -> Any:
    """A watched condition for a primitive whose methods say what happens; `verb` puts their names into our words, and
    `how` says more of it.
    """
    point = recorder.processor.point

    def leave(error: object, value: object, traceback: object) -> None:
        kind = verb(_frame(1).f_code.co_name, error)
        if kind is not None:
            recorder.note(kind, key, read(), how() if kind == "set" else 0)
        lock.release()
        if kind is not None and point is not None:
            point()

    condition = watched(key, read, leave, lock)
    condition.tells = True
    return condition
