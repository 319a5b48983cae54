"""`multiprocessing.pool.ThreadPool` as a recorded program sees it: CPython's own, without a pipe to the outside."""

from __future__ import annotations

import multiprocessing
import multiprocessing.pool
import multiprocessing.util
import sys
import types
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from semalab.twins.primitives import event_class, stand_for
from semalab.twins.queues import simple_queue
from semalab.twins.recorder import Recorder
from semalab.twins.source import Stand, copied, load

_PARTS = {"_inqueue": "tasks", "_outqueue": "results", "_taskqueue": "jobs"}


def load_thread_pool(
    stands: Mapping[str, Stand], source: types.ModuleType, queue: types.ModuleType, recorder: Recorder, watched: type
) -> types.ModuleType:
    """A copy of `multiprocessing.pool`.

    stands: among them one for `multiprocessing.dummy`, whose processes are threads.
    """
    notifier = _notifier(source)
    context = types.SimpleNamespace(SimpleQueue=notifier)
    package = copied(multiprocessing, get_context=lambda: context, util=multiprocessing.util)
    connection = types.ModuleType("multiprocessing.connection")
    connection.__dict__["wait"] = _wait
    result = event_class(source, recorder, watched, "Future")
    plumbing = copied(queue, SimpleQueue=simple_queue(queue, recorder, watched, "Tasks", _part))
    here: dict[str, Stand] = {
        "multiprocessing": lambda: package,
        "multiprocessing.connection": lambda: connection,
        "threading": lambda: copied(source, Event=result),
        "queue": lambda: plumbing,
    }
    module = load("multiprocessing.pool", {**stands, **here})
    stand_for(multiprocessing.pool, {"ThreadPool": module.ThreadPool}, recorder)
    return module


def _notifier(source: types.ModuleType) -> type:
    class Notifier:
        """What a pool's threads are woken by when something has changed: instead of a pipe, a queue in memory."""

        def __init__(self) -> None:
            self._changed = source.Condition()
            self._notes: deque[Any] = deque()
            self._reader = self

        def put(self, note: object) -> None:
            with self._changed:
                self._notes.append(note)
                self._changed.notify_all()

        def get(self) -> object:
            return self._notes.popleft()

        def empty(self) -> bool:
            return not self._notes

        def await_note(self, timeout: float | None) -> None:
            with self._changed:
                self._changed.wait_for(lambda: self._notes, timeout)

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
