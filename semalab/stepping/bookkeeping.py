"""What `threading` notes about its own threads, without locks that anybody could wait for.

On the stepping processor nobody else runs before the next point, and inside these critical sections there is none. So
real locks, which nobody ever finds held, do as well as virtual ones and cost a tenth.
"""

from __future__ import annotations

import _thread
import types
from typing import Any

from semalab.engine import ProgramThread
from semalab.engine.virtual_lock import nanoseconds
from semalab.stepping.processor import SteppingProcessor


def quicken(source: types.ModuleType, processor: SteppingProcessor) -> None:
    """Change the copy of `threading` that a run step by step uses, before any of its threads is made."""
    names = vars(source)
    names["_active_limbo_lock"] = _thread.RLock()
    if "_maintain_shutdown_locks" in names:  # up to 3.12; it is for the end of the process
        names["_shutdown_locks_lock"] = _thread.allocate_lock()
        names["_maintain_shutdown_locks"] = int  # the quickest way to do nothing
    names["Event"] = _event(names["Event"], processor)


def _event(event: Any, processor: SteppingProcessor) -> type:
    """The class of the event by which a new thread tells that it has begun; events derived from it are CPython's."""

    class Beginning:
        """Invariant: who waits is in `queue`, as in a virtual lock's, and nobody is once `_begun` is set."""

        __slots__ = ("_begun", "queue", "topic")

        def __init__(self) -> None:
            self._begun = False
            self.queue: list[ProgramThread] = []
            self.topic = None

        def is_set(self) -> bool:
            return self._begun

        def set(self) -> None:
            self._begun = True
            if self.queue:
                processor.wake_one(self.queue)
            if processor.watch is not None or processor.settings.lives:
                processor.threads.begun()

        def wait(self, timeout: float | None = None) -> bool:
            until = None if timeout is None else processor.time + nanoseconds(timeout)
            place: Any = self
            while not self._begun and processor.wait(place, until):
                pass
            return self._begun

    class Event(event):
        def __new__(cls) -> Any:
            return Beginning() if cls is Event else super().__new__(cls)

    return Event
