"""How a run's threads are ended: while one ends from time to time the others get theirs, one that hangs does not.

On a clock of the test's own: the time that passes is what the lab waits for its threads, and nothing else.
"""

from __future__ import annotations

import _thread
import sys
from typing import Any

import pytest

from semalab.engine import ending, stopwatch

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")


class Slow:
    """A thread of the program, and its carrier, that ends once it has been told `tells` times; never if that is 0."""

    def __init__(self, tells: int, clock: Clock) -> None:
        self.tells = tells
        self.clock = clock
        self.told = 0
        self.stops: list[int] = []  # how often it had been told when it was sent each Stop
        self.carrier = self
        self.ident = -1  # of no thread: it is never seen in the program's code

    @property
    def alive(self) -> bool:
        return not self.tells or self.told < self.tells

    def join(self, timeout: float) -> None:
        if self.alive:
            self.clock.now += timeout

    def send_stop(self) -> None:
        self.stops.append(self.told)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def process_time(self) -> float:
        """Nobody computes anything: what goes by is idle."""
        return 0.0

    thread_time = process_time


class Ended:
    """A processor whose run is over, with threads that take their time."""

    def __init__(self, clock: Clock, tells: list[int], flock: int, runs: bool = False) -> None:
        self.every: list[Any] = [Slow(n, clock) for n in tells]
        self.critical_locks: list[Any] = []
        self.program: frozenset[int] = frozenset()
        self.preparing = False
        self.flock = flock
        self.runs = runs

    def let_go(self, thread: Any) -> bool:
        thread.told += 1
        return self.runs


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (ending, stopwatch):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.mark.parametrize("flock", [1, 32])
def test_thousands_get_the_time_they_need(clock: Clock, flock: int) -> None:
    processor = Ended(clock, [1 + n % 20 for n in range(5000)], flock)
    assert ending.end_all(processor) == ()
    assert clock.now > 1000 + 2 * ending.LAST_RESORT


@pytest.mark.parametrize("flock", [1, 32])
@pytest.mark.parametrize("others", [0, 100])
def test_only_who_never_ends_is_given_up(clock: Clock, others: int, flock: int) -> None:
    processor = Ended(clock, [3] * others + [0] + [3] * others, flock)
    left = ending.end_all(processor)
    assert left == (processor.every[others],)
    assert left[0].told > 100


def test_thousands_that_never_end_are_given_up_in_the_midst_of_a_round(clock: Clock) -> None:
    processor = Ended(clock, [0] * 5000, 1)
    assert len(ending.end_all(processor)) == 5000
    assert processor.every[-1].told == 1  # for nobody waits, but everybody is woken


def test_who_is_in_library_code_is_left_in_peace_at_first(clock: Clock) -> None:
    processor = Ended(clock, [ending.POLITE_ROUNDS + 2], 1, runs=True)
    assert ending.end_all(processor) == ()
    assert processor.every[0].stops == [ending.POLITE_ROUNDS + 1, ending.POLITE_ROUNDS + 2]


def test_in_a_crowd_peace_does_not_last_until_everybody_is_given_up(clock: Clock) -> None:
    processor = Ended(clock, [2] * 400, 1, runs=True)
    assert ending.end_all(processor) == ()
    assert any(thread.stops for thread in processor.every)


def test_without_the_gil_nobody_is_looked_at(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "gil_enabled", lambda: False)
    processor = Ended(clock, [3], 1, runs=True)
    assert ending.end_all(processor) == ()
    assert processor.every[0].stops == [1, 2, 3]


def test_a_lock_whose_owner_was_stopped_is_opened(clock: Clock) -> None:
    processor = Ended(clock, [2], 1)
    lock = _thread.allocate_lock()
    lock.acquire()
    processor.critical_locks.append(lock)
    assert ending.end_all(processor) == ()
    assert not lock.locked()


def test_turns_are_short_while_threads_end_and_as_before_afterwards(clock: Clock) -> None:
    before = sys.getswitchinterval()
    processor = Ended(clock, [2], 1)
    seen: list[float] = []
    processor.let_go = lambda thread: seen.append(sys.getswitchinterval()) or Ended.let_go(processor, thread)  # type: ignore[func-returns-value, method-assign]
    ending.end_all(processor)
    assert seen == [pytest.approx(ending.SWITCH_INTERVAL)] * 2
    assert sys.getswitchinterval() == before

    def interrupted(thread: Any) -> None:
        raise KeyboardInterrupt

    processor = Ended(clock, [2], 1)
    processor.let_go = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        ending.end_all(processor)
    assert sys.getswitchinterval() == before
