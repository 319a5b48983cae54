"""What a program keeps of a run: classes, functions and modules that it found there are the real ones afterwards."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import gc
import itertools
import multiprocessing.dummy
import multiprocessing.pool
import queue
import random
import sched
import sys
import threading
import time
import types
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from programs.explored import together

import semalab as lab
from semalab.instrument.identity import Known, made

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


def never_found(kit: Kit) -> Iterator[Any]:
    """What it has of a run stands in its frame, and in things of C."""
    asleep, bounded, locked, pooled = kit.sleep, kit.semaphore, kit.lock, kit.pool
    cached, every = functools.lru_cache(maxsize=0)(asleep), map(asleep, itertools.repeat(0.5))
    timed, named, begun = kit.timer, kit.me, kit.thread
    del kit
    while True:
        gate, guard = bounded(0), locked()
        timed(1, gate.release).start()
        gate.acquire()
        with guard, pooled(1) as pool:
            pool.submit(asleep, 1).result()
        asleep(1)
        cached(1)
        next(every)
        worker = begun(target=lambda: names.append(named().name), name="w")
        worker.start()
        worker.join()
        yield "done"


names: list[str] = []


def goes_on_with_a_generator() -> tuple[float, list[str]]:
    if "generator" not in kept:
        kept["generator"] = never_found(Kit())
    begun = time.monotonic()
    names.clear()
    assert next(kept["generator"]) == "done"
    return round(time.monotonic() - begun, 6), list(names)


@pytest.mark.usefixtures("nothing_left")
def test_what_a_run_left_where_nobody_looks_is_the_next_runs_own_in_its_threads() -> None:
    kept.clear()
    runs = [lab.record(goes_on_with_a_generator, clock="virtual") for _ in range(3)]
    for run in runs:
        run.trace.certify()
        assert run.result == (4.5, ["w"])
        assert {"Thread-1", "w"} < set(run.trace.threads)
        assert len([event for event in run.trace if event.kind in ("acquire", "release")]) == 4  # of two semaphores
        assert not [event for event in run.trace if event.thread.startswith("outside")]


QUEUE = """
class Queue:
    def put(self, item):
        return "mine"

class Semaphore(Queue):
    __module__ = "threading"
"""
mine = types.ModuleType("time")
mine.sleep = lambda seconds: "mine"  # type: ignore[attr-defined]
lines = types.ModuleType("queue")
exec(QUEUE, vars(lines))
Line, Gate = lines.Queue, lines.Semaphore
renamed = types.FunctionType((lambda: "mine").__code__, {"__name__": "semalab.instrument.clock"}, "sleep")
renamed.__wrapped__ = time.sleep  # type: ignore[attr-defined]


def uses_its_own() -> tuple[Any, ...]:
    kept.setdefault("own", [mine, lines, Line, Gate, renamed])
    assert (mine.sleep(1), Line().put(1), lines.Queue().put(1), Gate().put(1), renamed()) == ("mine",) * 5
    return mine, lines, lines.Queue, Line, Gate, renamed


@CLOCKS
def test_what_merely_has_the_name_of_a_twin_is_the_programs_own_before_in_and_after_a_run(clock: str) -> None:
    kept.clear()
    before = uses_its_own()
    for _ in range(2):
        run = lab.record(uses_its_own, clock=clock)
        assert run.result == before  # all of them compare by identity
        assert (mine, lines, lines.Queue, Line, Gate, renamed) == before
        assert kept["own"] == [*before[:2], *before[3:]]
    kept.clear()


@CLOCKS
def test_the_real_class_that_is_kept_while_another_has_its_name_is_itself(
    clock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept["real"] = [real := threading.Barrier]

    class Another(threading.Barrier):
        def __init__(self, parties: int) -> None:
            super().__init__(parties)

    monkeypatch.setattr(threading, "Barrier", Another)
    lab.record(lambda: kept["real"][0](1).wait(), clock=clock)
    assert kept.pop("real") == [real]


@CLOCKS
def test_a_class_that_can_not_be_derived_anew_keeps_nothing_else_from_it(clock: str) -> None:
    def program() -> None:
        librarys = type("Librarys", (sys.modules["threading"].Semaphore,), {})  # of somebody who has the real classes
        kept["before"] = type("Before", (threading.Event,), {})
        kept["both"] = type("Both", (threading.Semaphore, librarys), {})
        kept["behind"] = type("Behind", (threading.Barrier,), {})

    lab.record(program, clock=clock)
    assert kept["both"].__mro__[1] is not threading.Semaphore  # from both it can not be derived, in plain Python either
    assert kept["before"].__bases__ == (threading.Event,) and kept["behind"].__bases__ == (threading.Barrier,)
    lab.record(program, clock=clock).trace.certify()
    kept.clear()


@CLOCKS
def test_what_is_inside_a_twin_stays_what_it_is(clock: str) -> None:
    """A thread that nobody could stop may still wait there."""

    def program() -> None:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            parts = [threading.Semaphore(1)._cond, queue.Queue().all_tasks_done, pool._work_queue]  # type: ignore[attr-defined]
        kept["inside"] = [(type(part), type(part).__mro__) for part in parts]

    lab.record(program, clock=clock)
    assert all(cls.__mro__ == before for cls, before in kept.pop("inside"))


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


class Odd:
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise AssertionError("it was asked")


def test_what_is_known_by_itself_is_forgotten_when_it_is_gone() -> None:
    known: Known[str] = Known()
    kept = [Odd() for _ in range(10)]
    for number, one in enumerate(kept):
        known.keep(one, f"the {number}th")
    for _ in range(20 * Known.FEW):
        known.keep(Odd(), "gone")
    assert [known.of(one, "") for one in kept] == [f"the {number}th" for number in range(10)]
    assert known.of(Odd(), "") == ""
    assert len(known) <= Known.FEW


def leaves_a_lock(left: list[Any]) -> None:
    left.append(threading.Lock())


def test_no_code_runs_when_what_the_lab_knows_comes_to_its_end() -> None:
    """An interrupt that rises in a reference's callback is lost: CPython prints it and goes on."""
    left: list[Any] = [made(type("Made", (), {}))]
    lab.record(leaves_a_lock, left=left)
    references = [one for thing in left for one in weakref.getweakrefs(thing)]
    assert references and not any(isinstance(one.__callback__, types.FunctionType) for one in references)


def passes() -> None:
    door = threading.Semaphore(1)

    def visit() -> None:
        with door:
            pass

    together(visit, visit)


async def passes_as_a_task() -> None:
    async with asyncio.Semaphore(1):
        await asyncio.sleep(0)


def of_the_lab() -> Counter[str]:
    """How many objects of each class of the lab there are."""
    while gc.collect():
        pass
    return Counter(f"{type(one).__module__}.{type(one).__name__}" for one in gc.get_objects() if is_of_the_lab(one))


def is_of_the_lab(one: object) -> bool:
    return str(type(one).__module__).startswith("semalab.")


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(lambda: lab.record(passes), id="wall"),
        pytest.param(lambda: lab.record(passes, clock="virtual"), id="virtual"),
        pytest.param(lambda: lab.record(passes_as_a_task, clock="virtual"), id="tasks"),
        pytest.param(lambda: lab.explore(passes), id="operations"),
        pytest.param(lambda: lab.explore(passes, granularity="bytecode"), id="bytecode"),
    ],
)
def test_a_run_that_nobody_keeps_is_gone_with_all_that_it_was_made_of(run: Any) -> None:
    """What is kept of each costs every later collection of garbage, and at last the kernel's memory."""
    run()
    before = of_the_lab()
    for _ in range(3):
        run()
    assert of_the_lab() - before == Counter()
