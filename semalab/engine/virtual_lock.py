"""The lock of the virtual processor: who finds it held waits in virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semalab.engine.processor import check_lock_arguments
from semalab.engine.thread import Inside, ProgramThread

if TYPE_CHECKING:
    from semalab.engine.virtual import VirtualProcessor


def nanoseconds(seconds: float) -> int:
    """Whole nanoseconds, at least one for any positive time: a loop that waits for what is left must get there."""
    return max(1, round(seconds * 1e9)) if seconds > 0 else 0


class VirtualLock:
    """A `_thread.lock` of the virtual processor.

    Invariant: whoever is in `queue` is not ready to run. A release makes one of them ready, chosen like everything
    else by the scheduler, and promises nothing: a running thread may take the lock first, as with real locks.
    """

    __slots__ = ("__weakref__", "_processor", "held", "queue", "topic")

    def __init__(self, processor: VirtualProcessor, topic: ProgramThread | Inside | None = None) -> None:
        self._processor = processor
        self.held = False
        self.queue: list[ProgramThread] = []
        self.topic = topic

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if timeout != -1 or not (blocking or blocking is False):
            check_lock_arguments(blocking, timeout)
        if not self.held:
            self.held = True
            return True
        if not blocking or timeout == 0:
            return False
        processor = self._processor
        until = None if timeout < 0 else processor.time + nanoseconds(timeout)
        while self.held:
            if not processor.wait(self, until):
                return False
        self.held = True
        return True

    __enter__ = acquire

    def release(self) -> None:
        if not self.held:
            if self._processor.stopping:
                return  # a stopped thread unwinds through locks it never got
            raise RuntimeError("release unlocked lock")
        self.held = False
        if self.queue:
            self._processor.wake_one(self.queue)

    def __exit__(self, *exc: object) -> None:
        self.release()

    def locked(self) -> bool:
        return self.held

    # What a condition does with a lock that has none of these, without finding out that it has none.
    _is_owned = locked
    _release_save = release

    def _acquire_restore(self, saved: None) -> None:
        self.acquire()

    def _at_fork_reinit(self) -> None:
        self.held = False
        self.queue = []
