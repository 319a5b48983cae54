"""What a program keeps of a run: classes, functions and modules that it found there are the real ones afterwards."""

from __future__ import annotations

import concurrent.futures
import multiprocessing.dummy
import multiprocessing.pool
import queue
import random
import sched
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import semalab as lab

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

CLOCKS = pytest.mark.parametrize("clock", ["virtual", "wall"])
CLASSES = [
    *((threading, name) for name in ("Thread", "Timer", "Semaphore", "BoundedSemaphore", "Condition", "Event")),
    *((threading, name) for name in ("Barrier", "_RLock", "local", "BrokenBarrierError")),
    *((queue, name) for name in ("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue", "Empty")),
    *((concurrent.futures, name) for name in ("ThreadPoolExecutor", "Future", "Executor", "InvalidStateError")),
    *((multiprocessing.pool, "ThreadPool"), (multiprocessing.dummy, "Process"), (sched, "scheduler")),
]
kept: dict[str, Any] = {}


@CLOCKS
@pytest.mark.parametrize(("module", "name"), CLASSES, ids=[name for _, name in CLASSES])
def test_a_class_derived_in_a_run_derives_from_the_real_one_wherever_it_is_kept(
    module: Any, name: str, clock: str
) -> None:
    def program() -> None:
        class Own(getattr(module, name)):  # type: ignore[misc]
            pass

        class Another(Own):
            pass

        kept["classes"] = [Another]

    lab.record(program, clock=clock)
    (another,) = kept.pop("classes")
    base = getattr(module, name)
    if name == "SimpleQueue":  # from C's none can come that was laid out as one of Python's
        base = queue._PySimpleQueue  # type: ignore[attr-defined]
    assert another.__mro__[2:] == base.__mro__


@CLOCKS
def test_what_such_a_class_makes_after_the_run_works_and_takes_part_in_the_next(clock: str) -> None:
    done: list[str] = []

    def defines() -> None:
        class Worker(threading.Thread):
            def run(self) -> None:
                with kept["gate"]:
                    done.append(self.name)

        class Gate(threading.Semaphore):
            pass

        kept.update(worker=Worker, new=Gate)

    def uses() -> None:
        kept["gate"] = kept["new"](2)
        workers = [kept["worker"](name=f"w-{n}") for n in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    lab.record(defines, clock=clock)
    uses()
    assert sorted(done) == ["w-0", "w-1"]
    run = lab.record(uses, clock=clock)
    assert sorted(run.trace.threads) == ["main", "w-0", "w-1"] and run.unseen == ()
    uses()
    assert len(done) == 6 and type(kept["gate"]).__mro__[1:] == threading.Semaphore.__mro__


class Kit:
    """What somebody writes who wants to be tested with another clock: everything is kept in an object."""

    def __init__(self) -> None:
        self.sleep, self.now, self.say, self.draw = time.sleep, time.monotonic, print, random.random
        self.semaphore, self.lock, self.again, self.event = (
            threading.Semaphore, threading.Lock, threading.RLock, threading.Event,
        )  # fmt: skip
        self.thread, self.timer, self.queue = threading.Thread, threading.Timer, queue.Queue
        self.pool, self.module, self.me = concurrent.futures.ThreadPoolExecutor, threading, threading.current_thread


def plays_with_a_kit() -> float:
    kit = kept.setdefault("kit", Kit())
    gate, guard, again, begun, items = kit.semaphore(2), kit.lock(), kit.again(), kit.event(), kit.queue()

    def work() -> None:
        begun.wait()
        with gate, guard, again:
            kit.sleep(0.01)
            kit.say(kit.me().name)
        items.put(kit.draw())

    workers = [kit.thread(target=work, name=f"w-{n}") for n in range(2)]
    for worker in workers:
        worker.start()
    kit.timer(0.01, begun.set).start()
    with kit.module.Semaphore(1), kit.pool(1) as pool:
        pool.submit(int).result()
    for worker in workers:
        worker.join()
    return float(kit.now())


@pytest.fixture
def real_random() -> Iterator[None]:
    before = random.getstate()
    yield
    random.setstate(before)


@CLOCKS
@pytest.mark.usefixtures("nothing_left", "real_random")
@pytest.mark.parametrize("made_before", [True, False])
def test_what_an_object_keeps_of_a_run_is_the_next_runs_own(made_before: bool, clock: str) -> None:
    kept.clear()
    if made_before:
        kept["kit"] = Kit()
    runs = [lab.record(plays_with_a_kit, clock=clock) for _ in range(3)]
    for run in runs:
        run.trace.certify()
        assert (run.unseen, run.standing) == ((), "")
        assert sorted(run.output.split()) == ["w-0", "w-1"]
        assert {"w-0", "w-1", "Thread-1"} <= set(run.trace.threads)
        assert {"gate", "guard", "again", "begun", "items"} <= set(run.trace.primitives)
    if clock == "virtual":
        assert len({(run.result, tuple(run.trace)) for run in runs}) == 1
    assert vars(kept["kit"]) == vars(Kit())  # at the latest when the next run is over


@CLOCKS
def test_a_timer_that_is_kept_shows_nothing_of_the_lab(clock: str) -> None:
    def program() -> None:
        kept["timer"] = timer = threading.Timer(0.001, print, ["now"])
        timer.start()
        timer.join()

    for _ in range(3):
        run = lab.record(program, clock=clock)
        assert run.verdict == "main and 1 thread ran to the end; none of them used a semaphore of threading"
        assert (run.output, run.unseen, list(run.trace.primitives)) == ("now\n", (), [])


RAISED: list[tuple[Callable[[], Any], type[Exception]]] = [
    (lambda: threading.Barrier(2).wait(0.01), threading.BrokenBarrierError),
    (lambda: queue.Queue().get_nowait(), queue.Empty),
    (lambda: concurrent.futures.Future().result(0.01), concurrent.futures.TimeoutError),
]


@CLOCKS
@pytest.mark.parametrize(("program", "error"), RAISED)
def test_who_called_the_run_catches_what_it_raised(
    program: Callable[[], Any], error: type[Exception], clock: str
) -> None:
    with pytest.raises(error) as caught:
        lab.record(program, clock=clock)
    assert type(caught.value) is error
