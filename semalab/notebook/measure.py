"""How far a panel's time axis goes: as far as its longest run so far, so that one sees what became longer."""

from __future__ import annotations

from semalab.run import Run

_SQUEEZED = 25  # a run that takes less than such a part of the axis could not be read on it: then the axis begins anew


class Measure:
    """Invariant: `lasting` and `before` are of the run that was taken last; of runs on a clock that stood still they
    count events, of others nanoseconds, and neither kind is measured by the other.
    """

    def __init__(self) -> None:
        self.lasting = 0
        self.before: int | None = None
        self._longest = {True: 0, False: 0}  # by whether the clock stood still
        self._last: tuple[bool, int] | None = None

    def take(self, run: Run) -> None:
        """A run is to be shown."""
        stands, length = _length(run)
        if self._longest[stands] > _SQUEEZED * length:
            self._longest[stands] = 0
        self.lasting = self._longest[stands] = max(self._longest[stands], length)
        same = self._last is not None and self._last[0] == stands and self._last[1] <= self.lasting
        self.before = self._last[1] if same and self._last is not None else None
        self._last = stands, length

    @property
    def meanwhile(self) -> tuple[int, int | None]:
        """Of a run that goes on, how far its axis goes at least, and where the one before ended."""
        before = self._last[1] if self._last is not None and not self._last[0] else None
        return self._longest[False], before


def _length(run: Run) -> tuple[bool, int]:
    if run.trace.duration:
        return False, run.trace.duration
    return True, len(run.trace) - 1 + (run.stopped is not None) if run.trace else 0
