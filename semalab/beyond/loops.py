"""Event loops that notice when nothing can happen any more, one on the wall clock and one whose clock jumps."""

from __future__ import annotations

import asyncio
import itertools
import selectors
from asyncio import futures
from collections.abc import Callable
from typing import Any

SLICE = 0.05  # seconds that a wait in the system takes at most: only between two can a run be stopped


class Idle(BaseException):
    """No task can go on and no time limit is running: whoever waits, waits for ever."""


class TimeUp(BaseException):
    """The loop's clock has passed its limit, or what it waits for is outside of the loop."""


class NotRuled(BaseException):
    """Somebody will act in real seconds, and the loop's clock is about to jump over that."""

    def __init__(self, others: list[str]) -> None:
        self.others = others


class Loop(asyncio.SelectorEventLoop):
    """A loop whose selector raises `Idle` instead of waiting for ever.

    Invariant: `origin` is the loop's time when it was made. limit: seconds from then on. begins: is told of every task
    just before its first step, when it has its name. sleeps: is told of every `asyncio.sleep` of more than 0 s, with
    the seconds and the future that ends it. reached: says whether somebody outside of the loop may yet call into it.
    due: those who will act in real seconds, in words, whom a clock that jumps would jump over. `handed` has what the
    loop gave threads to do and is not done. caught_up: returns when each signal that was sent is noted.
    interrupted: raises what a signal's handler has raised, which comes out of the loop's wait in plain Python, too.
    """

    begins: Callable[[asyncio.Task[Any]], Any] | None = None
    sleeps: Callable[[float, asyncio.Future[Any]], None] | None = None
    reached: Callable[[], bool] = staticmethod(lambda: False)
    interrupted: Callable[[], None] = staticmethod(lambda: None)
    due: Callable[[], list[str]] = staticmethod(list)
    caught_up: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.handed: set[asyncio.Future[Any]] = set()
        self._numbers = itertools.count(1)  # in the names of tasks: the process counts on from run to run
        super().__init__(_Watching(self))
        self.origin = self.time()
        self._own = len(self._selector.get_map())  # type: ignore[attr-defined]  # the pipe that wakes the loop up

    def create_task(self, coro: Any, **settings: Any) -> asyncio.Task[Any]:
        # no task factory: Python 3.13.0 gives the tasks of one the name "None"
        made: list[asyncio.Task[Any]] = []
        if (begins := self.begins) is not None:
            self.call_soon(lambda: begins(made[0]))
        made.append(super().create_task(coro, **settings))
        if settings.get("name") is None:
            made[0].set_name(f"Task-{next(self._numbers)}")
        return made[0]

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Any, *arguments: Any, **settings: Any
    ) -> asyncio.TimerHandle:
        # what asyncio.sleep() calls, whoever has imported it under whatever name; nobody else hands over this function
        if callback is futures._set_result_unless_cancelled and self.sleeps is not None:  # type: ignore[attr-defined]
            self.sleeps(delay, arguments[0])
        return super().call_later(delay, callback, *arguments, **settings)

    def run_in_executor(self, executor: Any, func: Any, *arguments: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        future = super().run_in_executor(executor, func, *arguments)
        self.handed.add(future)
        future.add_done_callback(self.handed.discard)
        return future

    def since(self) -> int:
        """Nanoseconds since the loop was made."""
        return round((self.time() - self.origin) * 1e9)

    @property
    def alone(self) -> bool:
        """True if nothing can wake the loop up: no socket is read, no signal awaited, and no thread at work."""
        reads = len(self._selector.get_map()) > self._own  # type: ignore[attr-defined]
        return not reads and not self.handles_signals and self.pool is None and not self.reached()

    @property
    def handles_signals(self) -> bool:
        return bool(getattr(self, "_signal_handlers", None))

    @property
    def pool(self) -> Any:
        """Its threads, if it has handed something to them: with `asyncio.to_thread`, or to look a host up; or None."""
        return getattr(self, "_default_executor", None)

    def rest(self, timeout: float | None, wait: Any) -> Any:
        """What the selector does for so many seconds; None is for ever."""
        self.interrupted()
        if timeout is None and self.alone:
            raise Idle
        if self.time() - self.origin > self.limit:
            raise TimeUp
        return wait(SLICE if timeout is None else min(timeout, SLICE))


class VirtualLoop(Loop):
    """A loop on which sleeping takes no real time: when no task can go on, its clock jumps to the next timer.

    Invariant: time never runs backwards, and passes only while no task can go on. Which of two tasks goes on first is
    not chosen here: asyncio takes them in the order in which they became ready. Of two timers for the same moment it
    promises nothing; what it does with them is the same in every run.
    """

    def __init__(self, limit: float) -> None:
        self._now = 0.0
        super().__init__(limit)
        self._clock_resolution = 1e-9  # the same on every system

    def time(self) -> float:
        return self._now

    def rest(self, timeout: float | None, wait: Any) -> Any:
        self.interrupted()
        if timeout is None and self.alone:
            raise Idle
        if self._now - self.origin + (timeout or 0) > self.limit:
            self._now = self.origin + self.limit
            raise TimeUp
        if timeout and self.handles_signals:
            self.caught_up()
        ready = wait(SLICE if timeout is None else 0)
        if timeout and not ready:
            if others := self.due():
                raise NotRuled(others)
            self._now += timeout
        return ready


class _Watching(selectors.DefaultSelector):
    """The system's selector, which asks its loop how long it may wait."""

    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        return self._loop.rest(timeout, super().select)
