"""Primitives and threads from before a run take part in it, and are afterwards what they were."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import semalab as lab

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])

semaphore = threading.Semaphore(2)
fence = threading.BoundedSemaphore(1)
lock = threading.Lock()
again = threading.RLock()
turn = threading.Condition(lock)
ready = threading.Event()
start = threading.Barrier(1)
tasks: queue.Queue[int] = queue.Queue()
forks = [threading.Lock() for _ in range(2)]
by_name = {"left": threading.Semaphore(1)}


class Gate(threading.Semaphore):
    pass


gate = Gate(0)


class Account:
    def __init__(self) -> None:
        self.guard = threading.Lock()
        self.balance = 0

    def deposit(self) -> None:
        with self.guard:
            self.balance += 1


account = Account()
EVERYTHING = (semaphore, fence, lock, again, turn, ready, start, tasks, *forks, by_name["left"], gate, account.guard)


def uses_everything(threads: int) -> int:
    def work() -> None:
        with semaphore, fence, again, forks[0], forks[1], by_name["left"]:
            account.deposit()
            tasks.put(1)
        with turn:
            turn.notify()
        gate.release()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for _ in workers:
        gate.acquire()
        tasks.get()
    with lock:
        turn.wait(timeout=0.001)
    ready.set()
    ready.wait()
    start.wait()
    for worker in workers:
        worker.join()
    return account.balance


@CLOCKS
def test_globals_take_part_and_are_themselves_again(clock: str) -> None:
    types = [type(one) for one in EVERYTHING]
    account.balance = 0
    run = lab.record(uses_everything, threads=3, clock=clock)
    assert (run.result, run.stopped, run.unseen) == (3, None, ())
    run.trace.certify()
    assert set(run.trace.primitives) == (
        {"semaphore", "fence", "lock", "again", "turn", "ready", "start", "tasks", "gate", "guard"}
        | {"forks[0]", "forks[1]", "by_name['left']"}
    )
    assert all(any(e.primitive == label for e in run.trace) for label in run.trace.primitives)
    now = (semaphore, fence, lock, again, turn, ready, start, tasks, *forks, by_name["left"], gate, account.guard)
    assert all(one is other for one, other in zip(now, EVERYTHING, strict=True))
    assert [type(one) for one in EVERYTHING] == types
    assert Gate.__bases__ == (threading.Semaphore,)
    assert turn._lock is lock  # type: ignore[attr-defined]
    assert ready.is_set()
    ready.clear()
    assert (semaphore._value, fence._value, gate._value, tasks.qsize()) == (2, 1, 0, 0)  # type: ignore[attr-defined]
    assert uses_everything(2) == 5  # as plain as before
    ready.clear()


def makes_a_program() -> tuple[Callable[..., int], list[Any]]:
    inner, held = threading.Semaphore(1), threading.Lock()

    def program(given: threading.Semaphore, by_default: threading.Semaphore = threading.Semaphore(1)) -> int:  # noqa: B008
        with inner, held, given, by_default:
            return 1

    return program, [inner, held, program.__defaults__[0]]  # type: ignore[index]


@CLOCKS
def test_closures_defaults_and_arguments_take_part(clock: str) -> None:
    program, there = makes_a_program()
    given = threading.Semaphore(1)
    run = lab.record(program, given=given, clock=clock)
    assert (run.result, run.unseen, sorted(run.trace.primitives)) == (1, (), ["by_default", "given", "held", "inner"])
    cells = [cell.cell_contents for cell in program.__closure__ or ()]
    assert {id(one) for one in there[:2]} == {id(one) for one in cells}
    assert [type(one) for one in there] == [threading.Semaphore, type(lock), threading.Semaphore]
    assert dict(run.arguments) == {"given": given}
    assert type(given) is threading.Semaphore


def takes_and_keeps() -> None:
    forks[0].acquire()
    forks[1].release()


@CLOCKS
def test_a_lock_is_held_afterwards_if_the_program_held_it(clock: str) -> None:
    forks[1].acquire()
    run = lab.record(takes_and_keeps, clock=clock)
    run.trace.certify()
    assert [(e.primitive, e.kind, e.value) for e in run.trace if e.primitive] == [
        ("forks[0]", "acquire", 0),
        ("forks[1]", "release", 1),
    ]
    assert (forks[0].locked(), forks[1].locked()) == (True, False)
    forks[0].release()


def waits_for_ever() -> None:
    gate.acquire()


@CLOCKS
def test_after_a_deadlock_they_are_as_good_as_before(clock: str) -> None:
    run = lab.record(waits_for_ever, clock=clock)
    assert run.verdict == "Deadlock: main waits for `gate` (value 0) and nobody can release it any more"
    gate.release()
    assert gate.acquire(timeout=1)
    assert type(gate) is Gate


def fails() -> None:
    with semaphore:
        raise LookupError("inside")


@CLOCKS
def test_after_an_exception_too(clock: str) -> None:
    with pytest.raises(LookupError, match="inside"):
        lab.record(fails, clock=clock)
    assert (type(semaphore), semaphore._value) == (threading.Semaphore, 2)  # type: ignore[attr-defined]


def starts(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@CLOCKS
def test_threads_that_have_not_begun_are_the_runs(clock: str) -> None:
    threads = [threading.Thread(target=account.deposit, name=f"saver {i}") for i in range(3)]
    timer = threading.Timer(0.001, account.deposit)
    account.balance = 0
    run = lab.record(starts, threads=[*threads, timer], clock=clock)
    assert run.trace.threads[:4] == ("main", "saver 0", "saver 1", "saver 2")
    assert (account.balance, run.reading.uses["guard"].acquires) == (4, 4)
    assert [type(thread) for thread in (*threads, timer)] == [threading.Thread] * 3 + [threading.Timer]
    assert not any(thread.is_alive() for thread in threads)
    threads[0].join()


fixed = (threading.Lock(), threading.Semaphore(1))
simple: queue.SimpleQueue[int] = queue.SimpleQueue()
bounded = threading.BoundedSemaphore(2)


def uses_what_cannot_be_seen() -> int:
    with fixed[0], fixed[1], bounded:
        simple.put(1)
        return simple.get()


@CLOCKS
def test_what_cannot_be_seen_is_named(clock: str) -> None:
    bounded.acquire()
    run = lab.record(uses_what_cannot_be_seen, clock=clock)
    assert run.result == 1
    assert run.unseen == ("bounded", "simple")
    assert run.note == ("Not watched: `bounded`, `simple`. What the program itself makes can be watched.")
    assert list(run.trace.primitives) == ["fixed[0]", "fixed[1]"]
    bounded.release()


def opens() -> None:
    gate.release()


@CLOCKS
def test_what_somebody_waits_in_is_left_alone(clock: str) -> None:
    waiter = threading.Thread(target=gate.acquire)
    waiter.start()
    while not gate._cond._waiters:  # type: ignore[attr-defined]
        time.sleep(0.001)
    run = lab.record(opens, clock=clock)
    waiter.join()
    assert (run.unseen, dict(run.trace.primitives)) == (("gate",), {})


def lets_others_come(come: list[str], gone: list[str]) -> None:
    come.append("now")
    while not gone:
        time.sleep(0.0005)


def test_whoever_comes_to_wait_meanwhile_is_found_afterwards() -> None:
    """The thread is the test's, but comes to the primitive when it is the run's."""
    come: list[str] = []
    gone: list[str] = []

    def elsewhere() -> None:
        while not come:
            time.sleep(0.0005)
        helper.start()
        while not ready._cond._waiters:  # type: ignore[attr-defined]
            time.sleep(0.0005)
        gone.append("waits")

    helper = threading.Thread(target=ready.wait)
    space: dict[str, Any] = {"ready": ready, "lets_others_come": lets_others_come, "time": time}
    exec("def program(come, gone):\n    ready.is_set()\n    lets_others_come(come, gone)", space)
    threading.Thread(target=elsewhere).start()
    run = lab.record(space["program"], come=come, gone=gone)
    assert run.stopped is None
    ready.set()
    helper.join()
    ready.clear()


def test_modules_are_no_containers() -> None:
    """A program that is given a module's names leaves them as they are."""
    before = dict(vars(threading))

    def program(names: dict[str, Any]) -> int:
        return len(names)

    assert lab.record(program, names=vars(threading), clock="virtual").result == len(before)
    assert {name: value for name, value in vars(threading).items() if before.get(name) is not value} == {}


class Shy(list[Any]):
    def __iter__(self) -> Any:
        raise LookupError("nobody looks into me")


def test_to_look_for_primitives_runs_none_of_the_programs_code() -> None:
    shy = Shy([threading.Lock()])

    def program(given: Shy) -> int:
        return len(given) + len(shy)

    assert lab.record(program, given=shy, clock="virtual").result == 2


class Proxy:
    """As of web frameworks: it is what it stands for, and outside of a request there is no such thing."""

    @property
    def __class__(self) -> Any:
        raise RuntimeError("working outside of a request")

    @__class__.setter
    def __class__(self, cls: Any) -> None: ...

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("working outside of a request")


request = Proxy()
behind_a_proxy = threading.Lock()


@pytest.mark.parametrize("clock", ["virtual", "wall"])
def test_a_proxy_is_not_asked_what_it_stands_for(clock: str) -> None:
    def program(given: Proxy, ask: bool = False) -> str:
        with behind_a_proxy:
            return f"{request.path}{given.path}" if ask else "fine"

    run = lab.record(program, given=Proxy(), clock=clock)
    assert (run.result, run.unseen) == ("fine", ())
    assert run.verdict == "Mutual exclusion held: never more than 1 inside"


def uses_a_pool(pool: ThreadPoolExecutor) -> int:
    return pool.submit(int, "7").result()


def test_a_pool_from_before_the_run_works_unseen_and_is_named() -> None:
    with ThreadPoolExecutor(1) as pool:
        run = lab.record(uses_a_pool, pool=pool)
    assert (run.result, run.unseen, run.trace.threads) == (7, ("pool",), ("main",))


FIRST = """
import sys
import semalab as lab

def program():
    import logging, threading
    logging.basicConfig(format="%(threadName)s at %(created)s")
    worker = threading.Thread(target=logging.warning, args=("",), name="Ada")
    worker.start()
    worker.join()

assert "logging" not in sys.modules
lab.record(program, clock="virtual")
"""


def test_logging_that_is_first_imported_in_a_run_is_the_runs() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(lab.__file__).parent.parent)}
    command = [sys.executable, "-S", "-c", FIRST]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    if "assert" in ended.stderr:
        pytest.skip("this Python imports logging before anybody asks for it")
    assert ended.stderr == "Ada at 0.0\n"
