"""A run in which nobody can go on ends at once, says who waits for what and why for ever, and is never imagined."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from programs.deadlocked import DEADLOCKS, crossed, nobody_opens
from programs.virtual_runs import deadlock as ring

import semalab as lab
from semalab.log.stops import Deadlock

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])


@CLOCKS
@pytest.mark.parametrize(("program", "arguments", "message"), DEADLOCKS, ids=[m[0].__name__ for m in DEADLOCKS])
def test_a_deadlock_is_told(program: Callable[..., None], arguments: Any, message: str, clock: str) -> None:
    run = lab.record(program, clock=clock, **arguments)
    assert isinstance(run.stopped, Deadlock)
    assert str(run.stopped) == message
    assert run.verdict == f"Deadlock: {message}"
    assert run.exception is None
    run.trace.certify()


def test_what_waits_for_what_can_be_asked() -> None:
    stopped = lab.record(crossed, clock="virtual").stopped
    assert isinstance(stopped, Deadlock)
    assert stopped.threads == ("left", "right")
    left = stopped.waits[1]
    line = crossed.__code__.co_firstlineno + 7
    assert (left.thread, left.primitive, left.kind, left.value, left.holders, left.line) == (
        "left",
        "b",
        "Lock",
        0,
        ("right",),
        line,
    )


@CLOCKS
def test_the_log_goes_up_to_the_stop_and_no_further(clock: str) -> None:
    run = lab.record(nobody_opens, threads=3, clock=clock)
    assert sorted(e.kind for e in run.trace if e.thread != "main") == ["block"] * 3 + ["start"] * 3
    assert not any(e.kind in {"acquire", "release", "end"} for e in run.trace)
    assert run.reading.uses["gate"].waiters[-1].level == 3


def some_wait_with_a_limit() -> str:
    gate = threading.Semaphore(0)

    def impatient() -> None:
        if not gate.acquire(timeout=0.02):
            gate.release()

    threading.Thread(target=impatient).start()
    gate.acquire()
    return "went on"


@CLOCKS
def test_a_wait_with_a_time_limit_is_no_deadlock(clock: str) -> None:
    run = lab.record(some_wait_with_a_limit, clock=clock)
    assert (run.result, run.stopped) == ("went on", None)


def some_sleep() -> str:
    gate = threading.Semaphore(0)

    def late() -> None:
        time.sleep(0.05)
        gate.release()

    threading.Thread(target=late).start()
    gate.acquire()
    return "went on"


@CLOCKS
def test_a_sleeping_thread_may_still_release(clock: str) -> None:
    run = lab.record(some_sleep, clock=clock)
    assert (run.result, run.stopped) == ("went on", None)


def daemons_only() -> str:
    gate = threading.Semaphore(0)
    for _ in range(3):
        threading.Thread(target=gate.acquire, daemon=True).start()
    return "main has ended"


@CLOCKS
def test_waiting_daemons_are_no_deadlock(clock: str) -> None:
    run = lab.record(daemons_only, clock=clock)
    assert (run.result, run.stopped) == ("main has ended", None)


def handed_on(rounds: int, threads: int) -> int:
    """Everybody waits for everybody else, all the time: in each moment all but one are blocked, or nearly."""
    gates = [threading.Semaphore(0) for _ in range(threads)]
    lock, turn, ready = threading.Lock(), threading.Condition(), threading.Event()
    count = 0

    def work(i: int) -> None:
        nonlocal count
        for _ in range(rounds):
            gates[i].acquire()
            with lock:
                count += 1
            with turn:
                turn.notify_all()
            gates[(i + 1) % threads].release()
        ready.set()

    def watch() -> None:
        with turn:
            turn.wait_for(lambda: count == rounds * threads)
        ready.wait()

    workers = [threading.Thread(target=work, args=(i,)) for i in range(threads)] + [threading.Thread(target=watch)]
    for worker in workers:
        worker.start()
    gates[0].release()
    for worker in workers:
        worker.join()
    return count


def starts_as_others_end(depth: int) -> int:
    """A chain of threads, each of which starts the next and joins it: main and all but one wait."""
    gate = threading.Semaphore(0)
    reached = 0

    def link(left: int) -> None:
        nonlocal reached
        reached += 1
        if left:
            following = threading.Thread(target=link, args=(left - 1,))
            following.start()
            following.join()
        else:
            gate.release()

    first = threading.Thread(target=link, args=(depth,))
    first.start()
    gate.acquire()
    first.join()
    return reached


def lock_as_signal(rounds: int) -> int:
    """Locks released by threads that did not take them: ping-pong."""
    ping, pong = threading.Lock(), threading.Lock()
    ping.acquire()
    pong.acquire()
    count = 0

    def player() -> None:
        nonlocal count
        for _ in range(rounds):
            ping.acquire()
            count += 1
            pong.release()

    thread = threading.Thread(target=player)
    thread.start()
    for _ in range(rounds):
        ping.release()
        pong.acquire()
    thread.join()
    return count


REPETITIONS = 10


@pytest.mark.parametrize("tick", [0.005, 0.00001])
def test_a_deadlock_is_never_imagined(tick: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a supervisor that looks far more often than it should, to meet every unlucky moment."""
    monkeypatch.setattr("semalab.engine.wall.WallProcessor.tick", tick)
    for _ in range(REPETITIONS):
        run = lab.record(handed_on, rounds=20, threads=5)
        assert (run.result, run.stopped) == (100, None)
        run = lab.record(starts_as_others_end, depth=20)
        assert (run.result, run.stopped) == (21, None)
        run = lab.record(lock_as_signal, rounds=50)
        assert (run.result, run.stopped) == (50, None)
        run.trace.certify()


def through_a_pool(pool: ThreadPoolExecutor, begun: threading.Event, delay: float) -> str:
    """The pool was there before: its thread is not of the run, and is elsewhere before it comes to the program."""
    gate = threading.Semaphore(0)
    with pool:
        pool.submit(begun.wait, delay)
        pool.submit(gate.release)
        gate.acquire()
    return "opened by the pool"


def test_a_thread_that_came_up_beside_the_run_may_still_release() -> None:
    pool = ThreadPoolExecutor(1, thread_name_prefix="pool")
    run = lab.record(through_a_pool, pool=pool, begun=threading.Event(), delay=0.05)
    assert (run.result, run.stopped) == ("opened by the pool", None)
    assert [e.thread for e in run.trace.of("gate")] == ["main", "pool_0", "main"]


def lets_others_work(pool: ThreadPoolExecutor, gate_of: list[Any], delay: float) -> None:
    pool.submit(in_the_programs_code, gate_of, delay)
    gate = threading.Semaphore(0)
    gate_of.append(gate)
    gate.acquire()


def in_the_programs_code(gate_of: list[Any], delay: float) -> None:
    for _ in range(120_000):
        if gate_of:
            break
        time.sleep(0.001)
    time.sleep(delay)
    gate_of[0].release()


def test_a_virtual_run_does_not_wait_for_threads_that_are_not_its_own() -> None:
    with ThreadPoolExecutor(1, thread_name_prefix="pool") as pool:
        run = lab.record(lets_others_work, pool=pool, gate_of=[], delay=0.05, clock="virtual")
        assert run.verdict == (
            "Stopped: the virtual clock does not rule the thread pool_0, which takes part; "
            "main waits for `gate` (value 0); use clock='wall'; `pool` was not watched"
        )
    with ThreadPoolExecutor(1) as pool:
        assert lab.record(lets_others_work, pool=pool, gate_of=[], delay=0.05).stopped is None


def waits_for_a_successor(gate_of: list[Any], ended: threading.Event, begun: threading.Event) -> str:
    threading.Thread(target=int).start()
    time.sleep(0.02)  # until the system has its number back
    gate = threading.Semaphore(0)
    gate_of.append(gate)
    ended.set()
    begun.wait()
    gate.acquire()
    return "opened from outside"


@pytest.mark.parametrize("bystander", [False, True])
def test_a_thread_with_the_number_of_an_ended_one_is_not_taken_for_it(bystander: bool) -> None:
    """The system gives the numbers of ended threads, the run's own and others, to new ones that are not of the run."""
    gate_of: list[Any] = []
    ended, begun, over = threading.Event(), threading.Event(), threading.Event()
    successors: list[threading.Thread] = []

    def begin() -> None:
        ended.wait()
        if bystander:
            over.set()
            before.join()
        successors.append(threading.Thread(target=in_the_programs_code, args=(gate_of, 0.05)))
        successors[0].start()
        begun.set()

    before, helper = threading.Thread(target=over.wait), threading.Thread(target=begin)
    before.start()
    helper.start()
    run = lab.record(waits_for_a_successor, gate_of=gate_of, ended=ended, begun=begun)
    over.set()
    for thread in (before, helper, *successors):
        thread.join()
    assert run.result == "opened from outside"


@CLOCKS
def test_a_thread_that_has_nothing_to_do_with_the_run_hides_no_deadlock(clock: str) -> None:
    """A kernel may start threads at any time, also while a run is under way."""
    come, over = threading.Event(), threading.Event()

    def begin() -> None:
        come.wait()
        started.append(threading.Thread(target=over.wait))
        started[0].start()
        come.clear()

    started: list[threading.Thread] = []
    helper = threading.Thread(target=begin)
    helper.start()

    def program() -> None:
        come.set()
        helper.join()
        threading.Semaphore(0).acquire()

    run = lab.record(program, clock=clock)
    over.set()
    started[0].join()
    assert isinstance(run.stopped, Deadlock)


@CLOCKS
def test_the_next_run_is_right(clock: str) -> None:
    for _ in range(3):
        assert isinstance(lab.record(nobody_opens, threads=3, clock=clock).stopped, Deadlock)
        assert lab.record(some_sleep, clock=clock).result == "went on"


def test_of_a_long_ring_the_first_waits_are_told_and_the_others_counted() -> None:
    run = lab.record(ring, threads=100, clock="virtual")
    assert len(run.stopped.waits) == 101  # type: ignore[union-attr]
    assert run.verdict.startswith("Deadlock: Thread-1 (dine) waits for `forks[1]`, held by Thread-2 (dine); Thread-2 ")
    assert run.verdict.endswith(
        "`forks[6]`, held by Thread-7 (dine) (a circle of 100); main waits for Thread-1 (dine) to end; "
        "94 more waits like these"
    )
