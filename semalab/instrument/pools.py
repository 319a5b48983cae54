"""`multiprocessing.pool.ThreadPool` as a recorded program sees it: CPython's own, without a pipe to the outside.

Apart from `futures`: to import multiprocessing takes time and draws from `os.urandom`, which must not happen in the
midst of a run of a program that uses no process.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.pool
import multiprocessing.util
import sys
import types
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from semalab.engine.interpreter import outwards
from semalab.instrument.copies import Stand, copied, load
from semalab.instrument.primitives import event_class, stand_for
from semalab.instrument.queues import simple_queue
from semalab.instrument.recorder import Recorder, closed_after_the_run
from semalab.log.event import FAILED

_NEAR = 5  # frames within which the result is that sets its event
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
    result = event_class(source, recorder, watched, "Future", how=_how_it_ended)
    plumbing = copied(queue, SimpleQueue=simple_queue(queue, recorder, watched, "Tasks", _part))
    here: dict[str, Stand] = {
        "multiprocessing": lambda: package,
        "multiprocessing.connection": lambda: connection,
        "threading": lambda: copied(source, Event=result, Condition=_results(source, recorder)),
        "queue": lambda: plumbing,
    }
    module = load("multiprocessing.pool", {**stands, **here})
    closed_after_the_run(module.ThreadPool, _close, recorder)
    stand_for(multiprocessing.pool, {"ThreadPool": module.ThreadPool}, recorder)
    return module


def _how_it_ended() -> int:
    """Of a result whose event is being set: what sets it knows whether the task has raised."""
    owners = (frame.f_locals.get("self") for frame in islice(outwards(sys._getframe(1)), _NEAR))
    result = next((one for one in owners if hasattr(one, "_success")), None)
    return FAILED if result is not None and not result._success else 0


def _close(pool: Any) -> None:
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
