"""For how long nothing has happened, in a measure that a busy machine does not stretch into a verdict."""

from __future__ import annotations

import time

_ASLEEP = 0.1  # of the time between two looks: who uses less of a processor has not been computing


class Idle:
    """Invariant: `seconds` grows by what the process computes between two looks; or, where that is next to nothing, by
    the time that a look takes at least. A process that is halted, or does not get a processor, is not looked at
    meanwhile, and has not been idle. To be asked by one thread only, whose own time does not count.
    """

    __slots__ = ("_computed", "_every", "seconds")

    def __init__(self, every: float) -> None:
        """every: seconds between two looks, at least."""
        self._every = every
        self.restart()

    def restart(self) -> None:
        self.seconds = 0.0
        self._computed = _computed()

    def look(self) -> float:
        before, self._computed = self._computed, _computed()
        used = self._computed - before
        self.seconds += used if used > _ASLEEP * self._every else self._every
        return self.seconds


def _computed() -> float:
    """Seconds of a processor's time that all other threads have used."""
    return time.process_time() - time.thread_time()
