"""Two measures of time that a busy or sleeping machine does not stretch into a verdict: what passed, what was idle."""

from __future__ import annotations

import time

_ASLEEP = 0.1  # of the time between two looks: who uses less of a processor has not been computing
LONGEST = 0.5  # seconds between two looks that count in full; a paused process does not look


class Stopwatch:
    """Time as somebody sees who looks at the clock all the while: a machine that was asleep in between has lost none.

    Invariant: `seconds` never exceeds the real seconds since the start, and each look adds LONGEST at most.
    """

    __slots__ = ("_seen", "seconds")

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.seconds = 0.0
        self._seen = time.monotonic()

    def look(self) -> float:
        """Seconds since the start, without those in which nobody could have looked."""
        now = time.monotonic()
        self.seconds += min(now - self._seen, LONGEST)
        self._seen = now
        return self.seconds


class Idle:
    """For how long nothing has happened.

    Invariant: `seconds` grows by what the process computes between two looks, though never by more than what goes by
    (several threads may compute at once, in C); or, where that is next to nothing, by the time that a look takes at
    least. A process that is halted, or does not get a processor, is not looked at meanwhile, and has not been idle. To
    be asked by one thread only, whose own time does not count.
    """

    __slots__ = ("_computed", "_every", "_seen", "seconds")

    def __init__(self, every: float) -> None:
        """every: seconds between two looks, at least."""
        self._every = every
        self.restart()

    def restart(self) -> None:
        self.seconds = 0.0
        self._seen = time.monotonic()
        self._computed = _computed()

    def look(self) -> float:
        before, self._computed = self._computed, _computed()
        since, self._seen = self._seen, time.monotonic()
        passed = self._seen - since
        used, least = min(self._computed - before, passed), min(self._every, passed)  # some look more often
        self.seconds += used if used > _ASLEEP * least else least
        return self.seconds


def _computed() -> float:
    """Seconds of a processor's time that all other threads have used."""
    return time.process_time() - time.thread_time()
