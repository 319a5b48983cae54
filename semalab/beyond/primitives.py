"""asyncio's own primitives while tasks are recorded: semaphores and locks are watched, all others noticed.

Their classes are changed in place, so it does not matter where a program keeps an object or the name of its class, nor
whether it was made before the run. Whoever is not in the run's event loop meets the methods as they are.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from asyncio import mixins
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Protocol

from semalab.beyond.adapter_log import SemaphoreLabel
from semalab.engine.interpreter import outwards
from semalab.instrument.exchange import Exchange
from semalab.instrument.making import constructs, making
from semalab.instrument.naming import is_programs
from semalab.log.stops import Wait

_WATCHED = (asyncio.Semaphore, asyncio.Lock)
_NOTICED: dict[type, tuple[str, ...]] = {  # the methods by which a program uses what the log has no rows for
    asyncio.Event: ("wait", "set", "clear"),
    asyncio.Condition: ("wait", "wait_for", "notify", "notify_all"),
    asyncio.Barrier: ("wait", "reset", "abort"),
    asyncio.Queue: ("get", "put", "join", "get_nowait", "put_nowait"),
}
CLASSES: tuple[type, ...] = (*_WATCHED, *_NOTICED)
_WAITS = frozenset({"wait", "wait_for", "get", "put", "join"})


class Tasks(Protocol):
    """Who is told. `inside` is true in the run's event loop alone, `beside` in another one of a thread of the run."""

    def inside(self) -> bool: ...
    def beside(self) -> bool: ...
    def made(self, semaphore: SemaphoreLabel) -> int: ...
    def here(self) -> tuple[str, int | None]: ...
    def note(self, actor: str, kind: str, key: int | None = None, amount: int = 0, line: int | None = None) -> None: ...
    def noticed(self, name: str, kind: str) -> str: ...
    def waits(self, wait: Wait) -> None: ...
    def goes_on(self, actor: str) -> None: ...
    def frames(self) -> Iterator[FrameType]:
        """Where the tasks are that wait just now."""
        ...


class Primitives:
    """Invariant: `_keys` has the key of each semaphore and lock that is in the log, by its identity; `_kept` keeps all
    objects that were met, so that no identity is used twice in a run. A primitive that another one of asyncio's is
    made of has no key: it is that other one's. What asyncio makes for itself is not noticed.
    """

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks
        self._exchange = Exchange()
        self._keys: dict[int, int | None] = {}
        self._names: dict[int, str] = {}
        self._made_by_asyncio: set[int] = set()  # of those that are noticed: the queue of as_completed(), say
        self._kept: list[Any] = []

    def watch(self) -> None:
        put = self._exchange.method
        cls: type
        for cls in _WATCHED:
            if "__init__" in vars(cls):
                put(cls, "__init__", self._making)
            put(cls, "acquire", self._acquiring)
            put(cls, "release", self._releasing)
        for cls, methods in _NOTICED.items():
            put(cls, "__init__", self._making)
            for name in methods:
                put(cls, name, self._waiting if name in _WAITS else self._using)
        put(mixins._LoopBoundMixin, "_get_loop", self._binding)

    def leave(self) -> None:
        self._exchange.restore()
        self._keys.clear()
        self._made_by_asyncio.clear()
        self._kept.clear()

    def _making(self, real: Callable[..., None]) -> Callable[..., None]:
        def __init__(one: Any, *arguments: Any, **settings: Any) -> None:
            real(one, *arguments, **settings)
            if self._tasks.inside():
                self._made_here(one)

        return __init__

    def _made_here(self, one: Any) -> None:
        frame = _maker(one)
        owner = frame.f_locals.get("self") if frame is not None else None
        if isinstance(owner, asyncio.Condition):  # its lock is called as it is itself
            frame = _maker(owner)
        self._kept.append(one)
        by_asyncio = frame is None or frame.f_globals.get("__package__") == "asyncio"  # a part of something else
        if not isinstance(one, _WATCHED):
            self._made_by_asyncio.update([id(one)] if by_asyncio else [])
        elif by_asyncio:
            self._keys[id(one)] = None
        else:
            how = making(frame)
            made = SemaphoreLabel(_kind(one), _value(one), how.site, key=how.key, maker=how.maker)
            self._keys[id(one)] = self._tasks.made(made)

    def _key(self, one: Any) -> int | None:
        """Its number in the log; what was made before the run comes into the log when a task first touches it."""
        if id(one) not in self._keys:
            self._kept.append(one)
            name, value = self._name(one), _value(one)
            if _part_of_a_barrier():
                self._keys[id(one)] = None
            elif _elsewhere(one) or value != getattr(one, "_bound_value", value):
                self._tasks.noticed(name, _kind(one))  # with a part of its permits away, what it allows is not known
                self._keys[id(one)] = None
            else:
                self._keys[id(one)] = self._tasks.made(SemaphoreLabel(_kind(one), value, name=name))
        return self._keys[id(one)]

    def _acquiring(self, real: Callable[..., Any]) -> Callable[..., Any]:
        tasks = self._tasks

        async def acquire(one: Any) -> Any:
            key = self._key(one) if tasks.inside() else None
            if key is None:
                self._notice_beside(one)
                return await real(one)
            me, line = tasks.here()
            waits = _must_wait(one)
            if waits:
                tasks.note(me, "block", key, line=line)
            try:
                answer = await real(one)
            except BaseException:
                if waits:
                    tasks.note(me, "refuse", key, line=line)
                raise
            tasks.note(me, "acquire", key, 1, line)
            return answer

        return acquire

    def _releasing(self, real: Callable[..., None]) -> Callable[..., None]:
        tasks = self._tasks

        def release(one: Any) -> None:
            key = self._key(one) if tasks.inside() else None
            real(one)
            if key is not None:
                me, line = tasks.here()
                tasks.note(me, "release", key, 1, line)

        return release

    def _notice(self, one: Any) -> str:
        if id(one) not in self._names:
            self._kept.append(one)
            self._names[id(one)] = self._tasks.noticed(self._name(one), _kind(one))
        return self._names[id(one)]

    def _notice_beside(self, one: Any) -> None:
        """What a thread of the run does in an event loop of its own has no rows, so it is named."""
        if self._tasks.beside() and not self._is_asyncios(one):
            self._notice(one)

    def _is_asyncios(self, one: Any) -> bool:
        return id(one) in self._made_by_asyncio or _by_asyncio(one)

    def _using(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def use(one: Any, *arguments: Any, **settings: Any) -> Any:
            if self._tasks.inside() and not self._is_asyncios(one):
                self._notice(one)
            else:
                self._notice_beside(one)
            return real(one, *arguments, **settings)

        return use

    def _waiting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        tasks = self._tasks

        async def wait(one: Any, *arguments: Any, **settings: Any) -> Any:
            if not tasks.inside() or self._is_asyncios(one):
                self._notice_beside(one)
                return await real(one, *arguments, **settings)
            name = self._notice(one)
            me, line = tasks.here()
            items = one.qsize() if isinstance(one, asyncio.Queue) else None
            unfinished = one._unfinished_tasks if real.__name__ == "join" else 0
            tasks.waits(Wait(me, name, _kind(one), items, (), line, unfinished))
            try:
                return await real(one, *arguments, **settings)
            finally:
                tasks.goes_on(me)

        return wait

    def _name(self, one: Any) -> str:
        """What the program calls it, seen from where it is used, or from another task; empty if it has no name."""
        for frame in itertools.chain(outwards(sys._getframe(1)), self._tasks.frames()):
            if is_programs(frame.f_code):
                for names in (frame.f_locals, frame.f_globals):
                    if (found := _found(one, names)) is not None:
                        return found
        return ""

    def _binding(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def _get_loop(one: Any) -> Any:
            try:
                return real(one)
            except RuntimeError as error:
                if self._tasks.inside():
                    error.args = (_bound(one, self._name(one)),)
                raise

        return _get_loop


def _bound(one: Any, name: str) -> str:
    called, it = (f"`{name}`", f"`{name}`") if name else (f"the {_kind(one)}", "it")
    return (
        f"{called} is bound to a different event loop: made outside of the program, it belongs to the loop in which a"
        f" task first waited for it, and each run has a loop of its own. Make {it} inside the coroutine function"
    )


def _kind(one: Any) -> str:
    """Which of asyncio's classes it is, or is derived from."""
    cls = next(cls for cls in type(one).__mro__ if cls.__module__.partition(".")[0] == "asyncio")
    return f"asyncio.{cls.__name__}"


def _value(one: Any) -> int:
    return int(not one.locked()) if isinstance(one, asyncio.Lock) else int(one._value)


def _must_wait(one: Any) -> bool:
    """What asyncio asks itself before it lets a task wait."""
    if isinstance(one, asyncio.Lock):
        return bool(one.locked() or not all(waiter.cancelled() for waiter in one._waiters or ()))
    return bool(one.locked())


def _elsewhere(one: Any) -> bool:
    """True if tasks of another event loop wait for it."""
    loop = asyncio.get_running_loop()
    return any(waiter.get_loop() is not loop and not waiter.done() for waiter in one._waiters or ())


def _maker(one: Any) -> FrameType | None:
    """Who has made it: the first frame that neither is the lab's nor an `__init__` of the object itself."""
    for frame in outwards(sys._getframe(2)):
        if not constructs(frame, one) and frame.f_globals.get("__package__") != __package__:
            return frame
    return None


def _by_asyncio(one: Any) -> bool:
    """True if the method that asks is called by another primitive of asyncio's; its own `__aenter__` is none."""
    for frame in outwards(sys._getframe(1)):
        if frame.f_globals.get("__package__") == __package__:
            continue
        if frame.f_globals.get("__name__") not in {"asyncio.locks", "asyncio.queues"}:
            return False
        if frame.f_locals.get("self") is not one:
            return True
    return False


def _part_of_a_barrier() -> bool:
    for frame in outwards(sys._getframe(1)):
        if is_programs(frame.f_code):
            return False
        if isinstance(frame.f_locals.get("self"), asyncio.Barrier):
            return True
    return False


def _found(one: Any, names: dict[str, Any]) -> str | None:
    for name, value in list(names.items()):
        if value is one or (isinstance(value, asyncio.Condition) and value._lock is one):  # type: ignore[attr-defined]
            return name
    for name, value in list(names.items()):
        if type(value) in (list, tuple) and len(value) <= _MOST:
            for i, element in enumerate(value):
                if element is one:
                    return f"{name}[{i}]"
        elif type(value) is dict and len(value) <= _MOST and "__spec__" not in value:
            for key, element in value.items():
                if element is one:
                    return f"{name}[{key!r}]"
        else:
            for cls in (value, *(value.__mro__ if isinstance(value, type) else type(value).__mro__)):
                own = getattr(cls, "__dict__", None) or {}
                for attribute in list(own):
                    if own[attribute] is one:
                        return str(attribute)
    return None


_MOST = 10_000  # elements of a container that are looked at
