"""How long somebody has been waited for, as far as it is their doing: not while the machine slept, or had no time."""

from __future__ import annotations

import time

_SAMPLE = 0.02  # seconds of the processor: more than the step of any system's clock
_FREE = 0.5  # of a processor: with less, whoever computes nothing may only be waiting for its turn
_ENOUGH = 0.75  # of the seconds of patience: a program that computes all the time shares the processor with the lab
LONGEST = 0.5  # seconds between two looks that count in full; a paused process does not look


class Stopwatch:
    """Invariant: `seconds` never exceeds the real seconds since the start, and each look adds LONGEST at most."""

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


class Patience:
    """Runs out when somebody has computed for so long, or has computed nothing although a processor was free.

    On a machine with time to spare both take `seconds` of real time; on a busy one the first takes longer, and the
    second is not said. Invariant: `_computed` is the process's own time at the last restart.
    """

    __slots__ = ("_computed", "_looked", "_window", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._window = Stopwatch()
        self.restart()

    def restart(self) -> None:
        self._window.restart()
        self._computed = self._looked = time.process_time()

    def is_over(self) -> bool:
        """To be asked again and again, since a restart."""
        if self._window.look() <= self.seconds:
            return False
        before, now = self._looked, time.process_time()
        if now - self._computed >= _ENOUGH * self.seconds:
            return True
        self._window.restart()
        self._looked = now
        return now - before < self.seconds / 10 and share_of_processor() > _FREE


def share_of_processor() -> float:
    """The part of a processor that this thread gets just now, from 0 to 1."""
    begun, before = time.perf_counter(), time.thread_time()
    while (had := time.thread_time() - before) < _SAMPLE:
        pass
    return min(1.0, had / max(time.perf_counter() - begun, 1e-9))
