"""A run that goes on can be looked at: what is seen is a prefix of what it will have been."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from semalab.draw import NOW, png
from semalab.log import columns
from semalab.notebook import latest
from semalab.notebook.latest import Growing
from semalab.recording import run_program
from semalab.run import Run
from semalab.settings import SoFar

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")


def busy(threads: int = 4, turns: int = 100_000) -> None:
    """Never at rest: queues, prints, sleeps, and threads that come and go."""
    door, gate = threading.Semaphore(2), threading.Semaphore(0)

    def work() -> None:
        for turn in range(turns):
            with door:
                gate.release()
            if turn % 10 == 0:
                time.sleep(0.001)  # whoever looks gets a turn, also where there is one core
            if turn % 50 == 0:
                print("turn", turn)
                helper = threading.Thread(target=gate.acquire)
                helper.start()
                helper.join()

    for _ in range(threads):
        threading.Thread(target=work).start()


def looked_at(program: Callable[..., Any], looks: int, timeout: float = 30, **arguments: Any) -> tuple[list[Run], Run]:
    """The run, and what it was at so many looks; then it is stopped."""
    seen: list[Run] = []

    def look(so_far: SoFar) -> None:
        if not seen or so_far.events > 400 * len(seen):  # the first time perhaps before anything has begun
            seen.append(so_far())

    run = run_program(program, arguments, timeout=timeout, cancelled=lambda: len(seen) >= looks, watched=look)
    return seen, run


def test_each_look_is_certified_and_a_prefix_of_the_whole() -> None:
    seen, run = looked_at(busy, 12)
    assert run.stopped is not None and str(run.stopped) == "the run was stopped from outside"
    for earlier in seen:
        earlier.trace.certify()
        assert earlier.stopped is None and earlier.exception is None
        assert earlier.trace.events == run.trace.events[: len(earlier.trace)]
        assert earlier.trace.duration <= run.trace.duration
        assert run.output.startswith(earlier.output)
    assert len({len(earlier.trace) for earlier in seen}) > 6


def test_a_log_whose_front_is_packed_is_looked_at_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "KEPT", 200)
    monkeypatch.setattr(columns, "AT_ONCE", 100)
    seen, run = looked_at(busy, 8)
    assert seen[-1].trace.events == run.trace.events[: len(seen[-1].trace)]


def test_before_anything_has_begun_there_is_nothing_to_see() -> None:
    seen, _ = looked_at(lambda: time.sleep(0.2), 1)
    assert [event.kind for event in seen[0].trace] in ([], ["start"], ["start", "sleep"])
    png(seen[0].timeline(title="Running", stopped=NOW))


def test_what_is_not_over_is_not_said_to_have_never_ended() -> None:
    def waits() -> None:
        gate = threading.Semaphore(0)
        threading.Thread(target=time.sleep, args=(30,)).start()
        gate.acquire()

    seen: list[Run] = []

    def look(so_far: SoFar) -> None:
        if so_far.events >= 4:
            seen.append(so_far())

    run = run_program(waits, {}, cancelled=lambda: bool(seen), watched=look)
    words = {text.get_text() for text in seen[0].timeline(title="Running", stopped=NOW).texts}
    assert {"not ended yet", "now"} <= words and "never ended" not in words
    assert "never ended" in {text.get_text() for text in run.timeline().texts}


class Front:
    """The thread that draws; the clock of the supervising thread is turned by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.shown: list[tuple[Run | None, float]] = []
        self.drawing_takes, self.reading_takes = 0.01, 0.0
        self.is_over = False
        monkeypatch.setattr(latest.time, "monotonic", lambda: self.now)
        self.growing = Growing(self.posted.put, self.show, lambda: self.is_over)

    def show(self, run: Run | None, seconds: float) -> None:
        self.shown.append((run, round(seconds, 2)))
        self.now += self.drawing_takes

    def look_at(self, time: float, events: int = 10) -> int:
        """Pictures asked for so far, after a look at this time."""
        self.now = 100 + time
        self.growing.look(Fake(events, self))  # type: ignore[arg-type]
        return self.posted.qsize()

    def draw(self) -> None:
        self.posted.get()()


class Fake:
    def __init__(self, events: int, front: Front) -> None:
        self.events = events
        self.front = front

    def __call__(self) -> str:
        self.front.now += self.front.reading_takes
        return f"{self.events} events"


def test_pictures_come_after_half_a_second_and_never_take_most_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    front = Front(monkeypatch)
    assert [front.look_at(0.1), front.look_at(0.49), front.look_at(0.5), front.look_at(0.9)] == [0, 0, 1, 1]
    front.draw()  # ready at 0.91
    assert [front.look_at(1.1), front.look_at(1.17)] == [0, 1]
    front.drawing_takes = 1.0
    front.draw()  # ready at 2.17: the next one not before four seconds later
    assert [front.look_at(6.0), front.look_at(6.2, events=latest.MOST + 1)] == [0, 1]
    front.draw()
    assert front.shown == [("10 events", 0.5), ("10 events", 1.17), (None, 6.2)]


def test_what_reading_takes_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    front = Front(monkeypatch)
    front.reading_takes = 0.99
    front.look_at(0.5)
    front.draw()  # ready at 1.5, after a second of reading and drawing
    assert [front.look_at(5.4), front.look_at(5.6)] == [0, 1]


def test_a_run_that_is_over_is_not_drawn_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    front = Front(monkeypatch)
    front.look_at(0.6)
    front.is_over = True
    front.draw()
    assert (front.shown, front.look_at(9.0)) == ([], 0)


def test_a_picture_that_fails_does_not_end_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    front = Front(monkeypatch)
    front.look_at(0.6)
    monkeypatch.setattr(front.growing, "_show", lambda run, seconds: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        front.draw()
    assert front.look_at(2.0) == 1
