"""Pools of threads on both clocks: `concurrent.futures`, `multiprocessing.pool.ThreadPool`, `multiprocessing.dummy`."""

from __future__ import annotations

import asyncio
import concurrent.futures
import concurrent.futures as cf
import contextlib
import gc
import multiprocessing
import multiprocessing.dummy
import os
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import (
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    CancelledError,
    Executor,
    Future,
    InvalidStateError,
    ThreadPoolExecutor,
    as_completed,
    wait,
)
from concurrent.futures.thread import BrokenThreadPool
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest

import semalab as lab
from semalab.analysis.snapshots import Snapshots
from semalab.log.stops import Deadlock

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])
SECOND = 1_000_000_000


def record(program: Callable[..., Any], **arguments: Any) -> Any:
    run = lab.record(program, **{"timeout": 20, **arguments})
    run.trace.certify()
    return run


# --- ThreadPoolExecutor ----------------------------------------------------------------------------------------------


def square(x: int) -> int:
    time.sleep(0.001)
    return x * x


def submits() -> int:
    with ThreadPoolExecutor(max_workers=1) as pool:
        answer = pool.submit(square, 7)
        return answer.result()


@CLOCKS
def test_a_task_is_logged_from_its_submission_to_its_result(clock: str) -> None:
    run = record(submits, clock=clock)
    assert run.result == 49
    assert [tuple(p) for p in run.trace.primitives.values()] == [("pool", "Tasks", 0), ("answer", "Future", 0)]
    assert run.trace.threads == ("main", "ThreadPoolExecutor-0_0")
    assert [(e.thread, e.kind, e.value) for e in run.trace.of("pool") if e.kind != "block"] == [
        ("main", "put", 1),
        ("ThreadPoolExecutor-0_0", "get", 0),
        ("main", "put", 1),  # what ends the worker
        ("ThreadPoolExecutor-0_0", "get", 0),
    ] + [("ThreadPoolExecutor-0_0", "put", 1)] * (run.trace.of("pool")[-1].kind == "put")
    first = submits.__code__.co_firstlineno
    of_answer = [(e.thread, e.kind, e.value, e.line) for e in run.trace.of("answer") if e.kind != "block"]
    assert of_answer == [("ThreadPoolExecutor-0_0", "set", 1, None), ("main", "pass", 1, first + 3)]
    assert run.verdict == "main and 1 thread ran to the end; 1 result"


@pytest.mark.parametrize("seed", range(4))
def test_waiting_for_a_result_takes_the_tasks_time(seed: int) -> None:
    run = record(submits, clock="virtual", seed=seed)
    assert [(e.time, e.kind) for e in run.trace.of("answer")] == [(0, "block"), (10**6, "set"), (10**6, "pass")]
    assert run.duration == 0.001


def does_not_shut_down(done: list[int]) -> str:
    pool = ThreadPoolExecutor(2)
    go = threading.Event()
    for i in range(4):
        pool.submit(lambda i=i: (go.wait(), done.append(i)))
    said = f"{len(done)} done when main is"
    go.set()
    return said


@CLOCKS
def test_a_pool_that_nobody_shuts_down_ends_its_tasks_as_at_the_interpreters_exit(clock: str) -> None:
    done: list[int] = []
    run = record(does_not_shut_down, done=done, clock=clock)
    assert (run.result, run.stopped, sorted(done)) == ("0 done when main is", None, [0, 1, 2, 3])
    assert sum(e.kind == "end" for e in run.trace) == 3


def submits_too_late() -> list[str]:
    said: list[str] = []
    pool = ThreadPoolExecutor(1)

    def late() -> None:
        while not said:
            try:
                pool.submit(int)
                time.sleep(0.001)
            except RuntimeError as error:
                said.append(str(error))

    threading.Thread(target=late).start()
    return said


@CLOCKS
def test_after_the_main_thread_no_task_is_taken(clock: str) -> None:
    (said,) = record(submits_too_late, clock=clock).result
    assert said.startswith("cannot schedule new futures after ")  # a worker that saw it first says just "shutdown"


def shut_down() -> list[Any]:
    pool = ThreadPoolExecutor(1)
    cancelled = threading.Event()
    futures = [pool.submit(int), *(pool.submit(cancelled.wait) for _ in range(3))]
    futures[3].add_done_callback(lambda future: cancelled.set())
    futures[0].result()
    pool.shutdown(wait=True, cancel_futures=True)
    try:
        pool.submit(int)
    except RuntimeError as error:
        return [str(error), futures[0].result(), futures[3].cancelled(), all(future.done() for future in futures)]
    return []


@CLOCKS
def test_shutting_down_cancels_what_has_not_begun(clock: str) -> None:
    run = record(shut_down, clock=clock)
    assert run.result == ["cannot schedule new futures after shutdown", 0, True, True]
    assert run.reading.uses["futures[3]"].final == 1


class Teacup(Exception):
    pass


def spills() -> None:
    raise Teacup("spilt")


def fails_in_the_pool() -> list[str]:
    with ThreadPoolExecutor(2) as pool:
        future = pool.submit(spills)
        said = [repr(future.exception())]
        try:
            future.result()
        except Teacup as error:
            said.append(f"caught {error}")
        return said


@CLOCKS
def test_a_tasks_exception_is_its_futures_and_no_failure_of_the_run(clock: str) -> None:
    run = record(fails_in_the_pool, clock=clock)
    assert (run.result, run.exception) == (["Teacup('spilt')", "caught spilt"], None)


def lets_it_out() -> None:
    with ThreadPoolExecutor(2) as pool:
        pool.submit(spills).result()


@CLOCKS
def test_a_tasks_exception_that_comes_out_is_the_runs(clock: str) -> None:
    with pytest.raises(Teacup, match="spilt") as caught:
        lab.record(lets_it_out, clock=clock)
    assert caught.traceback[-1].name == "spills"


def initializes(names: list[str]) -> list[str]:
    local = threading.local()

    def prepare(text: str) -> None:
        local.text = text
        names.append(threading.current_thread().name)

    with ThreadPoolExecutor(1, "cook", prepare, ("ready",)) as pool:
        return [pool.submit(lambda: local.text).result()]


@CLOCKS
def test_initializers_run_in_the_workers(clock: str) -> None:
    names: list[str] = []
    assert record(initializes, names=names, clock=clock).result == ["ready"]
    assert names == ["cook_0"]


def breaks() -> list[str]:
    pool = ThreadPoolExecutor(1, initializer=spills)
    said: list[str] = []
    future = pool.submit(int)
    for use in (future.result, lambda: pool.submit(int)):
        try:
            use()
        except BrokenThreadPool as error:
            said.append(str(error))
    try:
        pool.submit(int)
    except cf.BrokenExecutor as error:
        said.append(type(error).__name__)
    return said


@CLOCKS
def test_an_initializer_that_fails_breaks_the_pool(clock: str, capfd: Any) -> None:
    run = record(breaks, clock=clock)
    assert run.result == ["A thread initializer failed, the thread pool is not usable anymore"] * 2 + [
        "BrokenThreadPool"
    ]
    out, err = capfd.readouterr()
    assert (out, err.count("Teacup: spilt")) == ("", err.count("Exception in initializer"))
    assert err.count("Teacup: spilt") <= 1  # pytest may take what goes through logging


def asks_the_size() -> list[Any]:
    with ThreadPoolExecutor() as pool, ThreadPool() as other:
        return [pool._max_workers, len(other._pool)]


def test_a_pool_of_default_size_is_the_same_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores in (1, 64):
        for name in ("cpu_count", "process_cpu_count"):
            monkeypatch.setattr(os, name, lambda cores=cores: cores, raising=False)
        assert record(asks_the_size, clock="virtual").result == [8, 4]
        assert record(asks_the_size, clock="wall").result == [min(32, cores + 4), cores]


def maps() -> list[Any]:
    with ThreadPoolExecutor(3) as pool:
        said: list[Any] = [list(pool.map(square, range(5))), list(pool.map(pow, [2, 3], [3, 2]))]
        try:
            list(pool.map(time.sleep, [0.001, 60], timeout=0.01))
        except TimeoutError as error:
            said.append(type(error) is cf.TimeoutError)
        return said


def test_map_keeps_the_order_and_the_time_limit() -> None:
    assert record(maps, clock="virtual", timeout=100).result == [[0, 1, 4, 9, 16], [8, 9], True]


def maps_a_failure() -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda x: 1 // x, [1, 0, 1]))


@CLOCKS
def test_map_raises_what_a_task_raises(clock: str) -> None:
    with pytest.raises(ZeroDivisionError):
        lab.record(maps_a_failure, clock=clock)


# --- waiting for several ---------------------------------------------------------------------------------------------


def naps_and_fails(seconds: float) -> None:
    time.sleep(seconds)
    if seconds == 2:
        raise Teacup


def waits() -> list[Any]:
    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(naps_and_fails, seconds) for seconds in (3, 1, 2)]
        early = wait(futures, timeout=0.5)
        first = wait(futures, return_when=FIRST_COMPLETED)
        failed = wait(futures, return_when=FIRST_EXCEPTION)
        every = wait(futures)
        return [[len(done), len(left)] for done, left in (early, first, failed, every)] + [time.monotonic()]


def test_wait_returns_when_it_was_told_to() -> None:
    run = record(waits, clock="virtual")
    assert run.result == [[0, 3], [1, 2], [2, 1], [3, 0], 3.0]
    labels = [p.label for p in run.trace.primitives.values() if p.kind == "Futures"]
    assert labels == ["wait()", "wait() (2)", "wait() (3)", "wait() (4)"]
    assert [(e.time, e.kind) for label in labels for e in run.trace.of(label)] == [
        (0, "block"),
        (SECOND // 2, "refuse"),
        (SECOND // 2, "block"),
        (SECOND, "set"),
        (SECOND, "pass"),
        (SECOND, "block"),
        (2 * SECOND, "set"),
        (2 * SECOND, "pass"),
        (2 * SECOND, "block"),
        (3 * SECOND, "set"),
        (3 * SECOND, "pass"),
    ]


def completes() -> list[Any]:
    with ThreadPoolExecutor(3) as pool:
        futures = {pool.submit(time.sleep, seconds): seconds for seconds in (3, 1, 2)}
        order: list[Any] = [futures[future] for future in as_completed(futures)]
        slow = pool.submit(time.sleep, 60)
        try:
            list(as_completed([slow], timeout=5))
        except TimeoutError as error:
            order.append(str(error))
        return order


def test_as_completed_yields_them_as_they_end() -> None:
    assert record(completes, clock="virtual", timeout=100).result == [1, 2, 3, "1 (of 1) futures unfinished"]


def small_waits() -> list[Any]:
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(square, i) for i in range(3)]
        done, left = wait(futures)
        return [len(done), len(left), sorted(future.result() for future in as_completed(futures))]


@CLOCKS
def test_waiting_works_on_both_clocks(clock: str) -> None:
    assert record(small_waits, clock=clock).result == [3, 0, [0, 1, 4]]


# --- futures ---------------------------------------------------------------------------------------------------------


def cancels() -> list[Any]:
    gate = threading.Semaphore(0)
    begun = threading.Event()
    said: list[Any] = []

    def work() -> None:
        begun.set()
        gate.acquire()

    with ThreadPoolExecutor(1) as pool:
        running, pending = pool.submit(work), pool.submit(work)
        begun.wait()
        said += [running.running(), running.cancel(), pending.cancel(), pending.cancelled()]
        gate.release()
        try:
            pending.result()
        except CancelledError as error:
            said.append(type(error).__module__)
        try:
            pending.set_result(1)
        except InvalidStateError:
            said.append("too late")
    return said


@CLOCKS
def test_a_future_can_be_cancelled_until_it_begins(clock: str) -> None:
    run = record(cancels, clock=clock)
    assert run.result == [True, False, True, True, "concurrent.futures._base", "too late"]
    assert [e.thread for e in run.trace.of("pending") if e.kind == "set"] == ["main"]


def calls_back() -> list[str]:
    said: list[str] = []

    def tell(future: Any) -> None:
        said.append(f"{future.result()} in {threading.current_thread().name}")

    go = threading.Event()
    with ThreadPoolExecutor(1, "cook") as pool:
        future = pool.submit(lambda: square(3 * go.wait()))
        future.add_done_callback(tell)
        go.set()
        future.result()
    future.add_done_callback(tell)
    future.add_done_callback(lambda future: spills())
    return said


@CLOCKS
def test_callbacks_run_in_the_worker_or_at_once(clock: str) -> None:
    assert record(calls_back, clock=clock).result == ["9 in cook_0", "9 in MainThread"]


def times_out() -> list[Any]:
    future: Future[int] = Future()
    said: list[Any] = []
    try:
        future.result(timeout=0.002)
    except cf.TimeoutError as error:
        said.append(type(error).__name__)
    future.set_result(5)
    return [*said, future.result(timeout=0), repr(future)]


@CLOCKS
def test_a_future_of_the_programs_own(clock: str) -> None:
    run = record(times_out, clock=clock)
    assert run.result == ["TimeoutError", 5, "<Future at 0x1 state=finished returned int>"]
    assert [e.kind for e in run.trace.of("future")] == ["block", "refuse", "set", "pass"]


def classes() -> list[bool]:
    class Quick(Executor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            future: Future[Any] = Future()
            future.set_result(fn(*args, **kwargs))
            return future

    with ThreadPoolExecutor(1) as pool, Quick() as quick:
        future = pool.submit(int)
        return [
            isinstance(pool, Executor),
            isinstance(pool, cf.Executor),
            isinstance(pool, concurrent.futures.ThreadPoolExecutor),
            isinstance(future, Future),
            isinstance(quick.submit(int), Future),
            list(quick.map(str, [1, 2])) == ["1", "2"],
            issubclass(ThreadPoolExecutor, Executor),
            issubclass(BrokenThreadPool, cf.BrokenExecutor),
        ]


@CLOCKS
def test_classes_are_what_their_names_say(clock: str) -> None:
    assert record(classes, clock=clock).result == [True] * 8


IMPORTS = {
    "import concurrent.futures": "concurrent.futures.ThreadPoolExecutor",
    "import concurrent.futures as cf": "cf.ThreadPoolExecutor",
    "from concurrent import futures": "futures.ThreadPoolExecutor",
    "from concurrent.futures import ThreadPoolExecutor": "ThreadPoolExecutor",
    "from concurrent.futures import *": "ThreadPoolExecutor",
    "from concurrent.futures.thread import ThreadPoolExecutor as Pool": "Pool",
    "import concurrent.futures.thread": "concurrent.futures.thread.ThreadPoolExecutor",
    "import multiprocessing.pool": "multiprocessing.pool.ThreadPool",
    "import multiprocessing.pool as mp": "mp.ThreadPool",
    "from multiprocessing.pool import ThreadPool": "ThreadPool",
    "from multiprocessing import pool": "pool.ThreadPool",
    "from multiprocessing.dummy import Pool": "Pool",
    "from multiprocessing import dummy": "dummy.Pool",
}


@pytest.mark.parametrize("line", IMPORTS)
@pytest.mark.parametrize("where", ["before", "inside"])
@CLOCKS
def test_a_pool_is_seen_however_it_was_imported(line: str, where: str, clock: str) -> None:
    if where == "inside" and line.endswith("*"):
        pytest.skip("Python allows it at the top only")
    body = f"with {IMPORTS[line]}(2) as it:\n        return list(it.map(str, range(3)))"
    before, inside = (line, "") if where == "before" else ("", line)
    space: dict[str, Any] = {}
    exec(f"{before}\ndef program():\n    {inside}\n    {body}", space)
    names = dict(space)
    run = record(space["program"], clock=clock)
    assert run.result == ["0", "1", "2"]
    assert any(p.kind == "Tasks" for p in run.trace.primitives.values())
    assert [name for name in names if space[name] is not names[name]] == []


# --- multiprocessing's pools of threads ------------------------------------------------------------------------------


def uses_everything() -> list[Any]:
    called: list[Any] = []
    with ThreadPool(2) as pool:
        said = [
            pool.map(square, range(4)),
            list(pool.imap(square, range(4))),
            sorted(pool.imap_unordered(square, range(4))),
            pool.starmap(pow, [(2, 3), (3, 2)]),
            pool.apply(square, (5,)),
            pool.map_async(square, range(3), callback=called.append).get(),
        ]
        answer = pool.apply_async(square, (6,), callback=called.append)
        answer.wait()
        said += [answer.get(), answer.successful()]
        failed = pool.apply_async(spills, error_callback=lambda error: called.append(type(error)))
        try:
            failed.get()
        except Teacup as error:
            said.append(str(error))
        go = threading.Event()
        try:
            pool.apply_async(go.wait).get(timeout=0.001)
        except multiprocessing.TimeoutError:
            said.append("too slow")
        go.set()
        pool.close()
        pool.join()
    return [*said, called]


@CLOCKS
def test_a_thread_pool_does_what_it_does(clock: str) -> None:
    run = record(uses_everything, clock=clock)
    assert run.result == [
        [0, 1, 4, 9],
        [0, 1, 4, 9],
        [0, 1, 4, 9],
        [8, 9],
        25,
        [0, 1, 4],
        36,
        True,
        "spilt",
        "too slow",
        [[0, 1, 4], 36, Teacup],
    ]
    kinds = [tuple(p)[:2] for p in run.trace.primitives.values()]
    assert kinds[:3] == [("pool's tasks", "Tasks"), ("pool's results", "Tasks"), ("pool's jobs", "Tasks")]
    assert ("imap()", "Results") in kinds and ("answer", "Future") in kinds
    assert all(e.line is not None for e in run.trace.of("answer") if e.thread == "main")


def on_the_virtual_clock() -> list[Any]:
    with ThreadPool(2) as pool:
        pool.map(time.sleep, [1, 2, 3, 4], chunksize=1)
        return [time.monotonic()]


def test_a_thread_pool_runs_on_the_virtual_clock() -> None:
    run = record(on_the_virtual_clock, clock="virtual")
    assert (run.result, run.duration) == ([6.0], 6.0)


def does_not_close(out: list[Any]) -> list[int]:
    pool = ThreadPool(2)
    out.append(pool)
    return pool.map(square, range(3))


@CLOCKS
def test_a_pool_that_is_not_closed_leaves_no_thread_and_makes_no_noise(clock: str, capfd: Any) -> None:
    out: list[Any] = []
    before = threading.active_count()
    finalizers = len(multiprocessing.util._finalizer_registry)  # type: ignore[attr-defined]
    run = record(does_not_close, out=out, clock=clock)
    assert (run.result, run.stopped) == ([0, 1, 4], None)
    assert threading.active_count() == before
    with pytest.raises(ValueError) as caught:
        out[0].map(square, range(3))
    assert str(caught.value) == "Pool not running"
    out[0].terminate()
    out[0].join()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out.clear()
        gc.collect()
    assert len(multiprocessing.util._finalizer_registry) == finalizers  # type: ignore[attr-defined]
    assert capfd.readouterr() == ("", "")


def stops_in_a_pool(out: list[Any]) -> None:
    pool = ThreadPool(1)
    out.append(pool)
    pool.apply(lambda: threading.Semaphore(0).acquire())


@CLOCKS
def test_a_pool_of_a_stopped_run_makes_no_noise_either(clock: str, capfd: Any) -> None:
    for keep in (True, False):
        out: list[Any] = []
        run = record(stops_in_a_pool, out=out, clock=clock)
        assert isinstance(run.stopped, Deadlock)
        if keep:
            out[0].terminate()
        out.clear()
        del run
        gc.collect()
    assert capfd.readouterr() == ("", "")


def keeps_its_pool(out: list[Any], stuck: bool) -> None:
    pool = ThreadPoolExecutor(1)
    out += [pool, pool.submit(square, 2)]
    out[1].result()
    if stuck:
        threading.Semaphore(0).acquire()


@pytest.mark.parametrize("stuck", [False, True])
@CLOCKS
def test_an_executor_that_outlives_its_run_is_shut_down(stuck: bool, clock: str) -> None:
    out: list[Any] = []
    run = record(keeps_its_pool, out=out, stuck=stuck, clock=clock)
    assert isinstance(run.stopped, Deadlock) == stuck
    pool, future = out
    with pytest.raises(RuntimeError) as caught:
        pool.submit(square, 3)
    assert str(caught.value) == "cannot schedule new futures after shutdown"
    pool.shutdown()
    called: list[int] = []
    future.add_done_callback(lambda future: called.append(future.result(timeout=0)))
    assert (called, cf.wait([future]).not_done, list(cf.as_completed([future]))) == ([4], set(), [future])
    assert isinstance(future, Future)


def stops_with_tasks(out: list[Any], how: str) -> None:
    pool = ThreadPoolExecutor(2)
    gate = threading.Semaphore(0)
    out += [pool.submit(work) for work in (gate.acquire, gate.acquire, int)]
    if how == "result":
        out[0].result()


@pytest.mark.parametrize("how", ["result", "exit"])
@CLOCKS
def test_what_a_stopped_run_left_undone_is_cancelled(how: str, clock: str, caplog: Any) -> None:
    out: list[Any] = []
    run = record(stops_with_tasks, out=out, how=how, clock=clock)
    assert isinstance(run.stopped, Deadlock)
    for future in out:
        with pytest.raises(CancelledError):
            future.result(timeout=0)
    assert caplog.records == []  # CPython's pool reports whatever rises in a worker, but a stop is nobody's fault


def uses_dummy() -> list[Any]:
    from multiprocessing.dummy import JoinableQueue, Lock, Manager, Pipe, Process, current_process

    tasks, lock = JoinableQueue(), Lock()
    here, there = Pipe()

    def work() -> None:
        with lock:
            tasks.put(there.recv())

    process = Process(target=work, name="Ada")
    process.start()
    time.sleep(0.001)
    here.send("hello")
    process.join()
    shared = Manager().Queue()
    shared.put(1)
    return [tasks.get(), process.exitcode, current_process().name, shared.get()]


@CLOCKS
def test_dummy_processes_are_threads_of_the_run(clock: str) -> None:
    run = record(uses_dummy, clock=clock)
    assert run.result == ["hello", 0, "MainThread", 1]
    assert run.trace.threads == ("main", "Ada")
    assert {"tasks", "lock", "shared"} <= set(run.trace.primitives)


# --- deadlocks -------------------------------------------------------------------------------------------------------


def waits_for_its_own_pool() -> None:
    with ThreadPoolExecutor(1, "cook") as pool:

        def outer() -> int:
            inner = pool.submit(int)
            return inner.result()

        dish = pool.submit(outer)
        dish.result()


def waits_for_each_other() -> None:
    with ThreadPoolExecutor(3, "cook") as pool:
        second: Future[int] = Future()
        first = pool.submit(lambda: second.result())
        wait([first, second])


def waits_in_a_thread_pool() -> None:
    pool = ThreadPool(1)
    pool.apply(lambda: pool.apply(int))


def waits_in_imap() -> None:
    pool = ThreadPool(1)
    next(pool.imap(lambda x: threading.Semaphore(0).acquire(), [1]))


def joins_an_idle_worker() -> None:
    pool = ThreadPoolExecutor(1, "cook")
    pool.submit(int).result()
    for thread in pool._threads:
        thread.join()


BRING = "and nobody can bring it any more"
SUBMIT = "and nobody can submit one any more"


@pytest.mark.parametrize(
    ("program", "told"),
    [
        (
            waits_for_its_own_pool,
            f"main waits for the result of `dish` {BRING}; cook_0 waits for the result of `inner` {BRING}",
        ),
        (
            waits_for_each_other,
            "main waits in wait() and nobody can bring a result any more; "
            f"cook_0 waits for the result of `second` {BRING}",
        ),
        (
            waits_in_a_thread_pool,
            f"main waits for the result of `Future-1` {BRING}; "
            f"Thread-1 (worker) waits for the result of `Future-2` {BRING}; 3 threads wait for tasks {SUBMIT}",
        ),
        (
            waits_in_imap,
            "main waits in imap() and nobody can bring a result any more; "
            "Thread-1 (worker) waits for `Semaphore-1` (value 0) and nobody can release it any more; "
            f"3 threads wait for tasks {SUBMIT}",
        ),
        (joins_an_idle_worker, f"main waits for cook_0 to end; cook_0 waits for a task {SUBMIT}"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
@CLOCKS
def test_a_deadlock_in_a_pool_is_told(program: Callable[..., None], told: str, clock: str) -> None:
    run = record(program, clock=clock)
    assert isinstance(run.stopped, Deadlock)
    assert run.verdict == f"Deadlock: {told}"


# --- the same seed, the same run -------------------------------------------------------------------------------------


def one_after_another(tasks: int) -> list[int]:
    """Several wait for the same futures while these end at the same moment."""
    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(square, i) for i in range(tasks)]
        waiters = [threading.Thread(target=wait, args=(futures[i:],)) for i in range(3)]
        for waiter in waiters:
            waiter.start()
        done = [future.result() for future in as_completed(reversed(futures))]
        for waiter in waiters:
            waiter.join()
        return done


def test_the_addresses_of_futures_do_not_matter() -> None:
    """CPython locks several futures in the order of their addresses, and keeps them in sets."""
    for seed in range(20):
        first = record(one_after_another, tasks=6, clock="virtual", seed=seed)
        kept = [bytearray(size) for size in range(1000)]  # moves what comes next elsewhere
        second = record(one_after_another, tasks=6, clock="virtual", seed=seed)
        assert (first.trace, first.result) == (second.trace, second.result)
        del kept


def leaves_garbage(collect: bool) -> None:
    with ThreadPoolExecutor(2) as pool:
        pool.submit(int)
        pool.itself = pool  # type: ignore[attr-defined]
    del pool
    if collect:
        gc.collect()


def test_what_happens_at_the_exit_does_not_depend_on_garbage() -> None:
    gc.disable()
    try:
        kept, collected = (record(leaves_garbage, collect=collect, clock="virtual") for collect in (False, True))
    finally:
        gc.enable()
    assert kept.trace == collected.trace


def test_different_seeds_give_different_orders() -> None:
    results = {tuple(record(one_after_another, tasks=6, clock="virtual", seed=seed).result) for seed in range(20)}
    assert len(results) > 3


# --- what asyncio does with a pool -----------------------------------------------------------------------------------


class Bounded(ThreadPoolExecutor):
    """The well-known pool that lets a few tasks wait, and whoever brings more."""

    def __init__(self, workers: int, waiting: int) -> None:
        super().__init__(workers)
        self.free = threading.Semaphore(workers + waiting)

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        self.free.acquire()
        future = super().submit(fn, *args, **kwargs)
        future.add_done_callback(lambda _: self.free.release())
        return future


class AtOnce(Executor):
    """Does in place what it is given."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def hands_over(make: Callable[[], Executor]) -> list[int]:
    gate = threading.Semaphore(2)

    def work(x: int) -> int:
        with gate:
            return square(x)

    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        with make() as pool:
            return await asyncio.gather(*(loop.run_in_executor(pool, work, i) for i in range(4)))

    return asyncio.run(main())


def awaits_a_future() -> list[int]:
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(square, 3)

        async def main() -> list[int]:
            return [await asyncio.wrap_future(future)]

        return asyncio.run(main())


def gives_asyncio_a_pool() -> list[int]:
    async def main() -> list[int]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        return [await asyncio.to_thread(square, 2)]

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("program", "arguments", "result"),
    [
        (hands_over, {"make": lambda: ThreadPoolExecutor(2)}, [0, 1, 4, 9]),
        (hands_over, {"make": lambda: Bounded(2, 1)}, [0, 1, 4, 9]),
        (hands_over, {"make": AtOnce}, [0, 1, 4, 9]),
        (awaits_a_future, {}, [9]),
        (gives_asyncio_a_pool, {}, [4]),
    ],
)
def test_asyncio_takes_a_pool_for_what_it_is(
    program: Callable[..., Any], arguments: dict[str, Any], result: list[int]
) -> None:
    for _ in range(2):
        run = record(program, **arguments)
        assert (run.result, run.standing, run.unseen) == (result, "", ())


def test_a_class_derived_from_a_pool_is_what_it_was_after_the_run() -> None:
    before = Bounded.__mro__
    kept = record(lambda: [Bounded(1, 1), Future()]).result
    assert Bounded.__mro__ == before and type(kept[0]) is Bounded
    assert isinstance(kept[0], ThreadPoolExecutor) and isinstance(kept[1], Future)


# --- what became of the tasks ----------------------------------------------------------------------------------------


def forgets_an_exception() -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(square, 2)
        pool.submit(int, "x")


def cancels_one() -> None:
    begin = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(begin.wait)
        assert pool.submit(square, 2).cancel()
        begin.set()


def maps_what_fails() -> None:
    with ThreadPoolExecutor(2) as pool, contextlib.suppress(ZeroDivisionError):
        list(pool.map(lambda n: 1 / n, [0]))


def sets_one_by_hand() -> None:
    future: Future[int] = Future()
    future.set_exception(ValueError())
    assert future.exception()


def forgets_one_of_a_thread_pool() -> None:
    with ThreadPool(1) as pool:
        pool.apply_async(square, (2,))
        pool.apply_async(int, ("x",))
        pool.close()
        pool.join()


@pytest.mark.parametrize(
    ("program", "told"),
    [
        (forgets_an_exception, "; 1 result, 1 exception"),
        (maps_what_fails, "; 0 results, 1 exception"),
        (sets_one_by_hand, "; 0 results, 1 exception"),
        (forgets_one_of_a_thread_pool, "; 1 result, 1 exception"),
    ],
)
@CLOCKS
def test_an_exception_is_no_result(program: Callable[[], Any], told: str, clock: str) -> None:
    assert record(program, clock=clock).verdict.endswith(told)


@CLOCKS
def test_what_a_task_came_to_is_said_where_it_ends(clock: str) -> None:
    said = [
        " ".join(Snapshots(run.reading).sentence(i) for i in range(len(run.trace)))
        for run in (record(program, clock=clock) for program in (forgets_an_exception, cancels_one))
    ]
    assert "completes `Future-1`" in said[0] and "ends `Future-2` with an exception" in said[0]
    assert "cancels `Future-2`" in said[1]
