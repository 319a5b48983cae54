"""How far a search has come, and who is told: nobody for a short one, a bar in the notebook for a long one.

Kernel ▸ Interrupt during a search: it ends before the next schedule and keeps what was found.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Protocol

from semalab import front_end

PATIENCE = 1.0  # seconds of search before anything is shown
BETWEEN = 0.25  # seconds from one message to the next


@dataclass(frozen=True)
class SearchProgress:
    """schedules: run so far, of at most `budget`. seconds: spent so far, of at most `limit`."""

    schedules: int
    budget: int
    seconds: float
    limit: float

    @property
    def part(self) -> float:
        """How much of the budget is used up, from 0 to 1: how many schedules there are, nobody knows yet."""
        return min(1.0, max(self.schedules / self.budget, self.seconds / self.limit))

    @property
    def words(self) -> str:
        ran = f"{self.schedules:,} of at most {self.budget:,} schedules run"
        return f"{ran}, {self.seconds:.0f} of at most {self.limit:g} s"


class Bar(Protocol):
    """Where progress is shown."""

    def show(self, progress: SearchProgress) -> None: ...

    def close(self) -> None:
        """Take it away again."""
        ...


@contextmanager
def shown(budget: int, limit: float, now: Callable[[], float] = time.monotonic) -> Iterator[Callable[[int], None]]:
    """Yields what is to be called with the number of schedules run; it may be called before each of them."""
    begun = now()
    due = begun + PATIENCE
    bar: Bar | None = None

    def note(schedules: int) -> None:
        nonlocal bar, due
        if now() < due or front_end.make_bar is None:
            return
        due = now() + BETWEEN
        bar = bar or front_end.make_bar()
        bar.show(SearchProgress(schedules, budget, now() - begun, limit))

    try:
        yield note
    finally:
        if bar is not None:
            bar.close()


@contextmanager
def interrupts() -> Iterator[Callable[[], bool]]:
    """Yields whether an interrupt has come. A second one raises KeyboardInterrupt, as everywhere."""
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield lambda: False  # nobody can interrupt: another thread is never asked, or interrupts are switched off
        return
    came = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal came
        if came:
            raise KeyboardInterrupt
        came = True

    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: came
    finally:
        signal.signal(signal.SIGINT, handler)
