"""`concurrent.futures` as a recorded program sees it: CPython's own thread pool, its futures and tasks in the log."""

from __future__ import annotations

import concurrent.futures
import concurrent.futures._base
import concurrent.futures.thread
import logging
import sys
import types
from collections.abc import Iterator, Mapping, MutableMapping
from functools import partial
from itertools import count
from typing import Any

from semalab.engine import Processor, Stop
from semalab.engine.interpreter import outwards
from semalab.instrument.copies import Stand, copied, load
from semalab.instrument.primitives import event_class, stand_for
from semalab.instrument.queues import simple_queue
from semalab.instrument.recorder import Recorder, closed_after_the_run, condition_by_method
from semalab.log.event import CANCELLED, FAILED

_PENDING = (concurrent.futures._base.PENDING, concurrent.futures._base.RUNNING)
_CANCELLED = (concurrent.futures._base.CANCELLED, concurrent.futures._base.CANCELLED_AND_NOTIFIED)
_WAITS = ("wait", "as_completed")


def load_base(
    stands: Mapping[str, Stand], source: types.ModuleType, recorder: Recorder, watched: type
) -> types.ModuleType:
    """A copy of `concurrent.futures._base`: futures, and waiting for several of them."""
    waiting = copied(source, Event=_event(source, recorder, watched))
    base = load("concurrent.futures._base", {**stands, "threading": lambda: waiting})
    real = concurrent.futures._base
    base.__dict__.update({name: value for name, value in vars(real).items() if _is_exception(value)})
    base.__dict__["Future"] = future = _future(base, source, recorder, watched)
    closed_after_the_run(future, _cancel_undone, recorder)
    base.__dict__["LOGGER"] = _UnlessStopping(base.LOGGER, recorder.processor)
    base.__dict__["id"] = _number  # futures are locked in the order of their ids, which is another in every run
    stand_for(real, {"Executor": base.Executor, "Future": base.Future}, recorder)
    return base


def load_pool(
    stands: Mapping[str, Stand],
    base: types.ModuleType,
    queue: types.ModuleType,
    recorder: Recorder,
    watched: type,
) -> types.ModuleType:
    """A copy of `concurrent.futures.thread` on copies of `_base` and `queue`."""
    package = types.ModuleType("concurrent.futures")
    package.__dict__["_base"] = base
    tasks = copied(queue, SimpleQueue=simple_queue(queue, recorder, watched, "Tasks"))
    here: dict[str, Stand] = {"concurrent.futures": lambda: package, "queue": lambda: tasks}
    module = load("concurrent.futures.thread", {**stands, **here})
    real = concurrent.futures.thread
    module.__dict__.update({name: value for name, value in vars(real).items() if _is_exception(value)})
    module.__dict__["set"] = _InOrder
    module.threading._register_atexit(partial(_forget_ended, module._threads_queues))  # called before the pool's own
    module.__dict__["_WorkItem"] = _work_item(module._WorkItem, recorder.processor)
    closed_after_the_run(module.ThreadPoolExecutor, _close, recorder)
    stand_for(real, {"ThreadPoolExecutor": module.ThreadPoolExecutor}, recorder)
    return module


class _InOrder(dict[Any, None]):
    """A set whose elements come in the order in which they were added: those of a pool are joined one by one."""

    def add(self, element: Any) -> None:
        self[element] = None


def _work_item(task: Any, processor: Processor) -> type:
    class WorkItem(task):
        """A task of a pool. A worker takes a stop for its task's failure; it must not go on to the next one."""

        def __init__(self, future: Any, *what: Any) -> None:
            super().__init__(future, *what)
            future.submitted = True

        def run(self, *context: Any) -> None:
            if processor.stopping:
                raise Stop
            super().run(*context)

    return WorkItem


def _forget_ended(queues: MutableMapping[Any, Any]) -> None:
    """Else what happens at the exit would depend on when garbage was collected: the mapping holds threads weakly."""
    for thread in [thread for thread in queues if not thread.is_alive()]:
        queues.pop(thread, None)


class _UnlessStopping:
    """A logger that says nothing of the stop that ends a stopped run's threads."""

    def __init__(self, logger: logging.Logger, processor: Processor) -> None:
        self._logger = logger
        self._processor = processor

    def __getattr__(self, name: str) -> Any:
        return _say_nothing if self._processor.stopping else getattr(self._logger, name)


def _say_nothing(*args: object, **kwargs: object) -> None:
    pass


def _close(executor: Any) -> None:
    executor._shutdown = True


def _cancel_undone(future: Any) -> None:
    """A task that was stopped in its midst, or never begun, has no result and no exception of its own."""
    if isinstance(future._exception, Stop) or (future.submitted and future._state in _PENDING):
        future._exception = None
        future._state = concurrent.futures._base.CANCELLED_AND_NOTIFIED


def _is_exception(value: Any) -> bool:
    """Exceptions are the real ones: whoever catches those catches the copies' too."""
    return isinstance(value, type) and issubclass(value, BaseException)


def _event(source: types.ModuleType, recorder: Recorder, watched: type) -> type:
    event: Any = event_class(source, recorder, watched, "Futures", _who_waits)
    at_least = 1e-9 if recorder.processor.clock == "virtual" else 0.0

    class Event(event):
        def wait(self, timeout: float | None = None) -> bool:
            """Takes some time, if only a nanosecond: as_completed() asks again until its time is over, not up."""
            return bool(super().wait(timeout if timeout is None else max(timeout, at_least)))

    return Event


def _who_waits() -> str:
    """The function that waits for several futures, as it is called."""
    names = (frame.f_code.co_name for frame in outwards(sys._getframe(2)))
    return f"{next((name for name in names if name in _WAITS), 'wait')}()"


def _number(future: Any) -> int:
    return getattr(future, "_number", None) or id(future)


def _future(base: types.ModuleType, source: types.ModuleType, recorder: Recorder, watched: type) -> type:
    number: Iterator[int] = count(1)

    class Future(base.Future):  # type: ignore[name-defined]
        """Logged like an event: 0 until it is done, then 1. Its hash is its number: sets of futures keep one order."""

        submitted = False  # to a pool

        def __init__(self) -> None:
            super().__init__()
            self._number = next(number)
            key = recorder.register(self, "Future", 0)
            known = 0

            def done() -> int:
                return int(self._state not in _PENDING)

            def verb(method: str, error: object) -> str | None:
                nonlocal known
                before, known = known, done()
                if known != before:
                    return "set"
                if method in {"result", "exception"}:
                    return "pass" if known else "refuse"
                return None

            def how() -> int:
                if self._exception is not None:
                    return FAILED
                return CANCELLED if self._state in _CANCELLED else 0

            self._condition = condition_by_method(key, done, source.RLock(), recorder, watched, verb, how)

        def __hash__(self) -> int:
            return self._number

        @staticmethod
        def renew() -> None:
            """Another run begins: its first future is the first again."""
            nonlocal number
            number = count(1)

    return Future
