"""Time as somebody sees who looks at the clock all the while: a machine that was asleep in between has lost none."""

from __future__ import annotations

import time

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
