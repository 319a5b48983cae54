"""Pools of threads as a recorded program sees them: `concurrent.futures`, its futures and tasks in the log, and
`multiprocessing.pool.ThreadPool`, without a pipe to the outside; both CPython's own.
"""

from __future__ import annotations

import concurrent.futures
import concurrent.futures._base
import concurrent.futures.thread
import logging
import multiprocessing
import multiprocessing.pool
import multiprocessing.util
import sys
import types
from collections import deque
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from functools import partial
from itertools import count
from typing import Any

from semalab.engine import Processor, Stop
from semalab.engine.interpreter import outwards
from semalab.instrument.copies import Stand, copied, load
from semalab.instrument.primitives import event_class, stand_for
from semalab.instrument.queues import simple_queue
from semalab.instrument.recorder import Recorder, closed_after_the_run, condition_by_method

_PENDING = (concurrent.futures._base.PENDING, concurrent.futures._base.RUNNING)
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
    closed_after_the_run(module.ThreadPoolExecutor, _close_executor, recorder)
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


def _close_executor(executor: Any) -> None:
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

            self._condition = condition_by_method(key, done, source.RLock(), recorder, watched, verb)

        def __hash__(self) -> int:
            return self._number

        @staticmethod
        def renew() -> None:
            """Another run begins: its first future is the first again."""
            nonlocal number
            number = count(1)

    return Future


_PARTS = {"_inqueue": "tasks", "_outqueue": "results", "_taskqueue": "jobs"}


def load_thread_pool(
    stands: Mapping[str, Stand], source: types.ModuleType, queue: types.ModuleType, recorder: Recorder, watched: type
) -> types.ModuleType:
    """A copy of `multiprocessing.pool`.

    stands: among them one for `multiprocessing.dummy`, whose processes are threads.
    """
    notifier = _notifier(source, recorder)
    context = types.SimpleNamespace(SimpleQueue=notifier)
    package = copied(multiprocessing, get_context=lambda: context, util=multiprocessing.util)
    connection = types.ModuleType("multiprocessing.connection")
    connection.__dict__["wait"] = _wait
    result = event_class(source, recorder, watched, "Future")
    plumbing = copied(queue, SimpleQueue=simple_queue(queue, recorder, watched, "Tasks", _part))
    here: dict[str, Stand] = {
        "multiprocessing": lambda: package,
        "multiprocessing.connection": lambda: connection,
        "threading": lambda: copied(source, Event=result, Condition=_results(source, recorder)),
        "queue": lambda: plumbing,
    }
    module = load("multiprocessing.pool", {**stands, **here})
    closed_after_the_run(module.ThreadPool, _close_pool, recorder)
    stand_for(multiprocessing.pool, {"ThreadPool": module.ThreadPool}, recorder)
    return module


def _close_pool(pool: Any) -> None:
    pool._terminate.cancel()
    pool._state = multiprocessing.pool.TERMINATE


def _results(source: types.ModuleType, recorder: Recorder) -> type:
    class Results(source.Condition):  # type: ignore[name-defined]
        """What imap() and imap_unordered() wait in for the next result."""

        def __init__(self, lock: Any) -> None:
            super().__init__(lock)
            caller = sys._getframe(2)
            self._key = recorder.register(self, "Results", 0, name=f"{caller.f_code.co_name}()")

        def wait(self, timeout: float | None = None) -> bool:
            recorder.note("block", self._key, 0)
            before = recorder.intend(self._key)
            try:
                return bool(super().wait(timeout))
            finally:
                recorder.intend(before)
                recorder.note("wake", self._key, 0)

    return Results


def _notifier(source: types.ModuleType, recorder: Recorder) -> type:
    class Notifier:
        """What a pool's threads are woken by when something has changed: instead of a pipe, a queue in memory."""

        def __init__(self) -> None:
            self._cond = source.Condition()
            self._key = recorder.register(self, "Upkeep", 0, part="upkeep")
            self._notes: deque[Any] = deque()
            self._reader = self

        def put(self, note: object) -> None:
            with self._cond:
                self._notes.append(note)
                self._cond.notify_all()

        def get(self) -> object:
            return self._notes.popleft()

        def empty(self) -> bool:
            return not self._notes

        def await_note(self, timeout: float | None) -> None:
            before = recorder.intend(self._key)
            with self._cond:
                self._cond.wait_for(lambda: self._notes, timeout)
            recorder.intend(before)

    return Notifier


def _wait(readers: Sequence[Any], timeout: float | None = None) -> None:
    """`multiprocessing.connection.wait` for the one reader that a pool of threads has."""
    readers[-1].await_note(timeout)


def _part() -> str:
    """Which of a pool's queues is being made: the attribute it is for, by the line that makes it."""
    frame = sys._getframe(2)
    if frame.f_code.co_name != "_setup_queues":
        return _PARTS["_taskqueue"]
    return _PARTS["_outqueue" if hasattr(frame.f_locals["self"], "_inqueue") else "_inqueue"]
