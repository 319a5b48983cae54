"""`logging` in a run: every line once and from its thread, no clock that stalls, and afterwards all is as before."""

from __future__ import annotations

import io
import logging
import logging.handlers
import queue
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import semalab as lab
from semalab.log.stops import Deadlock, Timeout

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])
LOGGER = logging.getLogger("semalab.test")
RLOCK = type(threading.RLock())


@pytest.fixture(autouse=True)
def plain_logging() -> Iterator[None]:
    """The test's logger has no handlers but the test's, and logging itself is as before when it is over."""
    before = dict(vars(logging))
    LOGGER.propagate = False
    yield
    LOGGER.handlers.clear()
    assert {name for name, value in vars(logging).items() if before.get(name) is not value} == set()
    assert (logging.threading, logging.time) == (threading, time)  # type: ignore[attr-defined]
    assert (logging.handlers.threading, logging.handlers.time) == (threading, time)  # type: ignore[attr-defined]
    assert type(logging._lock) is RLOCK  # type: ignore[attr-defined]
    assert logging._lock.acquire(timeout=1)  # type: ignore[attr-defined]
    logging._lock.release()  # type: ignore[attr-defined]


def usable(handler: logging.Handler) -> bool:
    """True if the handler has a real lock that nobody holds, also for another thread."""
    got: list[bool] = []

    def take() -> None:
        assert handler.lock is not None
        got.append(handler.lock.acquire(timeout=1))
        handler.lock.release()

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    return type(handler.lock) is RLOCK and got == [True]


def in_threads(threads: int) -> None:
    def work(i: int) -> None:
        for n in range(3):
            LOGGER.error("%s %s", i, n)
            time.sleep(0.001)

    workers = [threading.Thread(target=work, args=(i,), name=f"worker {i}") for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    LOGGER.error("done")


@CLOCKS
def test_every_line_comes_once_and_from_its_thread(clock: str) -> None:
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(threadName)s: %(message)s"))
    LOGGER.addHandler(handler)
    run = lab.record(in_threads, threads=4, clock=clock)
    assert run.stopped is None
    lines = text.getvalue().splitlines()
    assert sorted(lines[:-1]) == [f"worker {i}: {i} {n}" for i in range(4) for n in range(3)]
    assert lines[-1] == "MainThread: done"
    assert usable(handler)


def tells_the_time() -> list[float]:
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    LOGGER.addHandler(handler)
    LOGGER.error("now")
    time.sleep(2)
    LOGGER.error("later")
    return [value for record in records for value in (record.created, record.relativeCreated, record.thread)]  # type: ignore[misc]


def test_records_have_the_runs_time_and_thread() -> None:
    assert lab.record(tells_the_time, clock="virtual").result == [0.0, 0.0, 1, 2.0, 2000.0, 1]


class Printing(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        print(record.threadName, record.getMessage())


class Locking(logging.Handler):
    """Takes a lock of the program's, and sleeps while it has it and logging's."""

    def __init__(self) -> None:
        super().__init__()
        self.guard = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        with self.guard:
            time.sleep(0.001)
            with turnstile:
                print(record.getMessage())


turnstile = threading.Semaphore(1)


def with_handlers_of_its_own(threads: int, kind: type[logging.Handler]) -> list[logging.Handler]:
    handler = kind()
    LOGGER.addHandler(handler)
    in_threads(threads)
    return [handler]


@pytest.mark.parametrize("kind", [Printing, Locking])
@pytest.mark.parametrize("made", ["before", "during"])
@CLOCKS
def test_handlers_may_print_and_take_the_programs_locks(kind: type[logging.Handler], made: str, clock: str) -> None:
    for seed in range(3):
        if made == "before":
            handler = kind()
            LOGGER.addHandler(handler)
            run = lab.record(in_threads, threads=3, clock=clock, seed=seed, timeout=10)
        else:
            run = lab.record(with_handlers_of_its_own, threads=3, kind=kind, clock=clock, seed=seed, timeout=10)
            handler = run.result[0]
        assert run.stopped is None
        assert len(run.output.splitlines()) == 10
        assert all(["main", "worker 0", "worker 1", "worker 2"].index(printed.thread) >= 0 for printed in run.printed)
        if kind is Printing:
            assert sorted(run.output.splitlines())[1:] == [f"worker {i} {i} {n}" for i in range(3) for n in range(3)]
        assert usable(handler)
        LOGGER.handlers.clear()


def logs_through_a_queue() -> list[str]:
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(f"{record.threadName}: {record.getMessage()}")  # type: ignore[method-assign]
    lines: queue.Queue[Any] = queue.Queue()
    listener = logging.handlers.QueueListener(lines, handler)
    LOGGER.addHandler(logging.handlers.QueueHandler(lines))
    listener.start()
    in_threads(2)
    listener.stop()
    return said


@CLOCKS
def test_a_queue_handler_and_its_listener_belong_to_the_run(clock: str) -> None:
    run = lab.record(logs_through_a_queue, clock=clock, timeout=10)
    assert (run.stopped, len(run.result), run.result[-1]) == (None, 7, "MainThread: done")
    assert sorted(run.result)[1:] == [f"worker {i}: {i} {n}" for i in range(2) for n in range(3)]
    assert run.trace.threads[1] == "Thread-1 (_monitor)"
    assert run.reading.uses["lines"].released == 8


def forgets_its_listener(out: list[Any]) -> None:
    lines = queue.SimpleQueue()  # type: ignore[var-annotated]
    listener = logging.handlers.QueueListener(lines, logging.NullHandler())
    LOGGER.addHandler(logging.handlers.QueueHandler(lines))
    listener.start()
    LOGGER.error("on its way")
    out.append(listener)


@CLOCKS
def test_a_listener_that_nobody_stops_does_not_keep_the_run_alive(clock: str) -> None:
    out: list[Any] = []
    assert lab.record(forgets_its_listener, out=out, clock=clock, timeout=10).stopped is None
    out[0].stop()


class Hanging(logging.Handler):
    """A thread that is stopped in the midst of emit() holds the handler's lock."""

    def emit(self, record: logging.LogRecord) -> None:
        threading.Semaphore(0).acquire()


class Spinning(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        while True:
            time.sleep(0.001)


@pytest.mark.parametrize("kind", [Hanging, Spinning])
@pytest.mark.parametrize("made", ["before", "during"])
@CLOCKS
def test_a_thread_that_is_stopped_while_it_logs_takes_no_lock_along(
    kind: type[logging.Handler], made: str, clock: str
) -> None:
    timeout = 20 if kind is Hanging else 0.05  # the one is a deadlock and ends at once, the other never ends
    handler = kind()
    if made == "before":
        LOGGER.addHandler(handler)
        run = lab.record(in_threads, threads=3, clock=clock, timeout=timeout)
    else:
        run = lab.record(with_handlers_of_its_own, threads=3, kind=kind, clock=clock, timeout=timeout)
        handler = LOGGER.handlers[-1]
    assert isinstance(run.stopped, Deadlock if kind is Hanging else Timeout)
    assert usable(handler)
    LOGGER.handlers.clear()
    text = io.StringIO()
    LOGGER.addHandler(logging.StreamHandler(text))
    LOGGER.error("as ever")
    assert text.getvalue() == "as ever\n"


def stuck_in_a_handler() -> None:
    LOGGER.addHandler(Hanging())
    threading.Thread(target=LOGGER.error, args=("one",), name="one").start()
    time.sleep(0.001)
    threading.Thread(target=LOGGER.error, args=("two",), name="two").start()


@CLOCKS
def test_a_deadlock_in_a_handler_is_told(clock: str) -> None:
    run = lab.record(stuck_in_a_handler, clock=clock)
    assert isinstance(run.stopped, Deadlock)
    assert str(run.stopped).startswith("one waits for `Semaphore-1` (value 0) and nobody can release it any more")


def warns(made: str, stream: str) -> None:
    if made == "during":
        LOGGER.addHandler(logging.StreamHandler(getattr(sys, stream)))
    worker = threading.Thread(target=LOGGER.error, args=("look out",), name="worker")
    worker.start()
    worker.join()
    seen.append(written[0]())


seen: list[str] = []
written: list[Any] = []


@pytest.mark.parametrize("made", ["before", "during"])
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@CLOCKS
def test_what_goes_to_a_stream_appears_once_and_after_the_run(
    made: str, stream: str, clock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the calling thread: a notebook has no cell for what a worker writes."""
    real, writers = io.StringIO(), []

    class Watched(io.StringIO):
        def write(self, text: str) -> int:
            writers.append(threading.get_ident())
            return real.write(text)

    monkeypatch.setattr(sys, stream, Watched())
    handler = logging.StreamHandler(getattr(sys, stream))
    if made == "before":
        LOGGER.addHandler(handler)
    written[:], seen[:] = [real.getvalue], []
    run = lab.record(warns, made=made, stream=stream, clock=clock)
    assert seen == [""]
    if stream == "stderr":
        assert real.getvalue() == "look out\n"
        assert set(writers) == {threading.get_ident()}
        assert run.output == ""
    else:
        assert [(p.thread, p.text) for p in run.printed] == [("worker", "look out\n")]
        assert real.getvalue() == ""
    assert LOGGER.handlers[-1].stream is getattr(sys, stream)  # type: ignore[attr-defined]
    LOGGER.error("afterwards")
    assert real.getvalue().endswith("afterwards\n")


def logs_until_told(answered: list[str], asked: list[str]) -> None:
    asked.append("go")
    while not answered:
        LOGGER.error("from the run")
        time.sleep(0.0005)


@CLOCKS
def test_other_threads_log_meanwhile_as_ever(clock: str) -> None:
    records: list[tuple[str | None, str]] = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append((record.threadName, record.getMessage()))  # type: ignore[method-assign]
    LOGGER.addHandler(handler)
    asked: list[str] = []
    answered: list[str] = []

    def outsider() -> None:
        while not asked:
            time.sleep(0.0005)
        for _ in range(50):
            LOGGER.error("from outside")
        own = logging.StreamHandler(io.StringIO())
        answered.append(type(own.lock).__module__)

    thread = threading.Thread(target=outsider, name="outsider")
    thread.start()
    run = lab.record(logs_until_told, asked=asked, answered=answered, clock=clock, timeout=1000)
    thread.join()
    assert (run.stopped, answered) == (None, [RLOCK.__module__])
    assert records.count(("outsider", "from outside")) == 50
    assert set(records) <= {("outsider", "from outside"), ("MainThread", "from the run")}
