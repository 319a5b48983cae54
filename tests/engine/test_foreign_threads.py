"""Threads that a library starts, and signal handlers: each has its row; who could still act hides a deadlock."""

from __future__ import annotations

import _thread
import asyncio
import concurrent.futures
import ctypes
import importlib
import inspect
import itertools
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.patience import stopped_late_enough, wait_until

import semalab as lab
from semalab.engine import stopwatch
from semalab.engine.bystanders import Bystanders, rests_in
from semalab.engine.foreign import Foreigners
from semalab.engine.reachability import can_reach
from semalab.log.schedule import Schedule
from semalab.log.stops import Deadlock

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])
UNIX = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no alarms")


def in_threads_of_asyncio(tasks: int) -> int:
    gate, inside, most = threading.Semaphore(2), 0, 0
    meeting = threading.Barrier(2)

    def work() -> None:
        nonlocal inside, most
        with gate:
            inside += 1
            most = max(most, inside)
            meeting.wait()
            inside -= 1

    async def main() -> None:
        await asyncio.gather(*(asyncio.to_thread(work) for _ in range(tasks)))

    asyncio.run(main())
    return most


def test_each_thread_of_asyncio_has_its_row_and_counts() -> None:
    run = lab.record(in_threads_of_asyncio, tasks=4, claim=lab.at_most(2))
    assert run.result == run.reading.uses["gate"].most_inside == 2
    assert run.trace.threads[:3] == ("main", "asyncio_0", "asyncio_1")
    assert run.claims[0].held
    run.trace.certify()
    used = {e.thread for e in run.trace.of("gate")}
    ended = [e.thread for e in run.trace if e.kind == "end" and e.thread != "main"]
    assert sorted(ended) == sorted(used)


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        (None, "Limit of 2 of `gate` held: never more than 2 inside, as many as there are permits"),
        (lab.limit("gate"), "Limit of 2 of `gate` held: never more than 2 inside"),
        (lab.mutual_exclusion("gate"), "Mutual exclusion of `gate` broken: 2 threads inside at once"),
        (lab.at_most(1, "gate"), "Limit of 1 of `gate` broken: 2 threads inside at once"),
    ],
)
def test_what_is_said_of_threads_of_asyncio_is_said_of_each(claim: Any, sentence: str) -> None:
    run = lab.record(in_threads_of_asyncio, tasks=4, claim=claim)
    assert run.verdict == sentence


def test_the_virtual_clock_names_the_thread_that_it_does_not_rule() -> None:
    run = lab.record(in_threads_of_asyncio, tasks=2, clock="virtual", raises=False)
    assert run.verdict.startswith("Stopped: the virtual clock does not rule the thread asyncio_0, which takes part")
    assert run.verdict.endswith("; use clock='wall'")


def a_server(requests: int) -> int:
    door, inside, most = threading.Semaphore(2), 0, 0
    meeting = threading.Barrier(2)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            nonlocal inside, most
            with door:
                inside += 1
                most = max(most, inside)
                meeting.wait()
                inside -= 1
            self.request.sendall(b"!")

    def client() -> None:
        with socket.create_connection(server.server_address) as connection:
            connection.recv(1)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        clients = [threading.Thread(target=client) for _ in range(requests)]
        for one in clients:
            one.start()
        for one in clients:
            one.join()
        server.shutdown()
        serving.join()
    return most


def test_each_request_of_a_server_has_its_row() -> None:
    run = lab.record(a_server, requests=4)
    assert run.result == run.reading.uses["door"].most_inside == 2
    others = [thread for thread in run.trace.threads if thread.endswith("(process_request_thread)")]
    assert len(others) == len(set(others)) == 4
    run.trace.certify()


def names_of_a_server(requests: int) -> list[str]:
    """One request after the other, each answered with the name of the thread that serves it."""
    door = threading.Semaphore(1)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with door:
                self.request.sendall(threading.current_thread().name.encode())

    names = []
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        for _ in range(requests):
            with socket.create_connection(server.server_address) as connection:
                names.append(connection.recv(100).decode())
        server.shutdown()
        serving.join()
    threading.Thread(target=door.acquire, name="").start()
    return names


def test_the_names_that_python_finds_are_the_same_in_every_run() -> None:
    """And the same as in a process that has just begun."""
    for _ in range(2):
        run = lab.record(names_of_a_server, requests=2)
        assert run.result == ["Thread-2 (process_request_thread)", "Thread-3 (process_request_thread)"]
        assert run.trace.threads == ("main", "Thread-1 (serve_forever)", "Thread-4 (acquire)", *run.result)


def names_given() -> list[str]:
    made = [*(threading.Thread(target=int), threading.Thread(name="mine")), threading.Thread(None, int, "", ())]
    pools = [concurrent.futures.ThreadPoolExecutor(1) for _ in range(2)]
    names = [pool.submit(lambda: threading.current_thread().name).result() for pool in pools]
    for pool in pools:
        pool.shutdown()
    return [one.name for one in made] + names


def test_what_a_library_makes_is_numbered_anew_and_what_others_make_is_not() -> None:
    names = ["Thread-1 (int)", "mine", "Thread-2 (int)", "ThreadPoolExecutor-0_0", "ThreadPoolExecutor-1_0"]
    foreigners = Foreigners(time.perf_counter_ns, lambda: True)
    for _ in range(2):
        with foreigners.noted():
            assert names_given() == names
            assert inspect.signature(threading.Thread).parameters.keys() >= {"group", "target", "name", "daemon"}
        foreigners.renew()
    with Foreigners(time.perf_counter_ns, bool).noted():
        one, two = (int(threading.Thread().name.removeprefix("Thread-")) for _ in range(2))
    assert two == one + 1


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Its executor is the library whose threads the run does not start through its own `threading`."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def opened_later(loop: Any, patience: float | None, may: list[bool]) -> bool:
    gate = threading.Semaphore(0)

    def open_late() -> None:
        while not may:
            time.sleep(0.001)
        gate.release()

    loop.run_in_executor(None, open_late)
    return gate.acquire(timeout=patience)


@pytest.mark.parametrize("patience", [None, 60])
def test_a_library_s_thread_may_still_release(loop: Any, patience: float | None) -> None:
    may: list[bool] = []
    allow = threading.Timer(0.05, may.append, (True,))
    allow.start()
    run = lab.record(opened_later, loop=loop, patience=patience, may=may)
    allow.join()
    assert (run.result, run.stopped) == (True, None)
    assert run.trace.threads == ("main", "asyncio_0")
    assert run.outlived == ("asyncio_0",)
    assert run.note.endswith(
        "Still there when the run had ended, since the lab cannot end what a library starts: asyncio_0."
    )


@pytest.mark.parametrize("patience", [None, 60])
def test_the_virtual_clock_does_not_jump_over_what_a_library_is_about_to_do(loop: Any, patience: float | None) -> None:
    may: list[bool] = []
    run = lab.record(opened_later, loop=loop, patience=patience, may=may, clock="virtual")
    may.append(True)
    assert run.verdict == (
        "Stopped: the virtual clock does not rule the thread asyncio_0, which takes part; "
        "main waits for `gate` (value 0); use clock='wall'"
    )


def nobody_opens(loop: Any, over: Any) -> None:
    gate = threading.Semaphore(0)
    loop.run_in_executor(None, over.wait)
    gate.acquire()


def test_while_a_library_s_thread_could_act_the_time_limit_ends_the_run(loop: Any) -> None:
    over: list[Any] = []

    class Over:
        """No primitive: the lab has nothing to do with what this thread waits for."""

        def wait(self) -> None:
            while not over:
                time.sleep(0.001)

    run, limit = stopped_late_enough(
        lambda limit: lab.record(nobody_opens, loop=loop, over=Over(), timeout=limit),
        lambda run: "main waits for" in run.verdict,
    )
    over.append(True)
    assert run.verdict == (
        f"Stopped: the program had not ended after {limit:g} s; main waits for `gate` (value 0); "
        "the thread asyncio_0, which is not of the run, could still have acted"
    )


def both_wait(loop: Any, kept: list[Any]) -> None:
    gate, other = threading.Semaphore(0), threading.Semaphore(0)
    kept.append(other)
    loop.run_in_executor(None, other.acquire)
    gate.acquire()


def test_a_library_s_thread_that_waits_for_ever_itself_is_told_in_the_deadlock(loop: Any) -> None:
    kept: list[Any] = []
    run = lab.record(both_wait, loop=loop, kept=kept)
    kept[0].release()
    assert isinstance(run.stopped, Deadlock)
    assert run.stopped.threads == ("main", "asyncio_0")
    assert run.verdict == (
        "Deadlock: main waits for `gate` (value 0) and nobody can release it any more; "
        "asyncio_0 waits for `other` (value 0) and nobody can release it any more"
    )
    assert [(e.thread, e.kind) for e in run.trace.of("other")] == [("asyncio_0", "block")]
    run.trace.certify()


# An installed library that has work done: by a pool of its own, by one that it keeps, by threads; now, or later.
WORKING = """
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

kept = None

def by_a_pool(work, times):
    pool = ThreadPool(times)
    pool.map(work, range(times))
    pool.close()
    pool.join()

def by_a_pool_that_it_keeps(work, times):
    global kept
    kept = kept or ThreadPoolExecutor(times, "kept")
    list(kept.map(work, range(times)))

def by_threads(work, times):
    threads = [threading.Thread(target=work, args=(i,)) for i in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

timers = []

def in_a_while(seconds, call):
    timers.append(threading.Timer(seconds, call))
    timers[-1].start()

class Scheduler(threading.Thread):
    def __init__(self):
        super().__init__(name="scheduler", daemon=True)
        self.jobs, self.woken, self.over = [], threading.Event(), False
        self.start()

    def run(self):
        while not self.over:
            self.woken.wait(0.05 if self.jobs else None)
            self.woken.clear()
            for job in [job for job in self.jobs if job[0] <= time.monotonic()]:
                self.jobs.remove(job)
                job[1]()

    def later(self, seconds, call):
        self.jobs.append((time.monotonic() + seconds, call))
        self.woken.set()

    def shutdown(self):
        self.over = True
        self.woken.set()
        self.join()

scheduler = None

def by_a_scheduler(seconds, call):
    global scheduler
    scheduler = scheduler or Scheduler()
    scheduler.later(seconds, call)
"""


@pytest.fixture
def working(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    (tmp_path / "working.py").write_text(WORKING, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("semalab.instrument.places._INSTALLED", (str(tmp_path),))
    library: Any = importlib.import_module("working")
    yield library
    sys.modules.pop("working")
    if library.kept is not None:
        library.kept.shutdown()
    if library.scheduler is not None:
        library.scheduler.shutdown()
    for timer in library.timers:
        timer.join()


def hands_out(library: Any, how: str, times: int) -> int:
    gate, inside, most = threading.Semaphore(2), 0, 0
    meeting = threading.Barrier(2)

    def work(number: int) -> None:
        nonlocal inside, most
        with gate:
            inside += 1
            most = max(most, inside)
            meeting.wait()
            inside -= 1

    getattr(library, how)(work, times)
    return most


@pytest.mark.parametrize("how", ["by_a_pool", "by_a_pool_that_it_keeps", "by_threads"])
def test_each_thread_to_which_a_library_hands_work_has_its_row(working: Any, how: str) -> None:
    for _ in range(2):
        run = lab.record(hands_out, library=working, how=how, times=4)
        run.trace.certify()
        assert run.result == run.reading.uses["gate"].most_inside == 2
        used = {e.thread for e in run.trace.of("gate")}
        assert len(used) > 1 and not used & {"main", "outside"} and used <= set(run.trace.threads)
        assert run.verdict.startswith("Limit of 2 of `gate` held")
    claimed = lab.record(hands_out, library=working, how=how, times=4, claim=lab.mutual_exclusion("gate"))
    assert claimed.verdict == "Mutual exclusion of `gate` broken: 2 threads inside at once"


def sets_later(library: Any, how: str, patience: float | None) -> bool:
    ready = threading.Event()
    getattr(library, how)(0.7, ready.set)
    return ready.wait(patience)


def opens_later(library: Any, how: str, patience: float | None) -> bool:
    ready = threading.Semaphore(0)
    getattr(library, how)(0.7, ready.release)
    return ready.acquire(timeout=patience)


@pytest.mark.parametrize("patience", [None, 60])
@pytest.mark.parametrize("how", ["in_a_while", "by_a_scheduler"])
@pytest.mark.parametrize("program", [sets_later, opens_later])
def test_what_a_library_does_later_is_waited_for(program: Any, how: str, patience: float | None, working: Any) -> None:
    run = lab.record(program, library=working, how=how, patience=patience)
    run.trace.certify()
    assert (run.result, run.stopped, run.standing) == (True, None, "")
    assert run.outlived == (("scheduler",) if how == "by_a_scheduler" else ())


@pytest.mark.parametrize("patience", [None, 60])
@pytest.mark.parametrize("how", ["in_a_while", "by_a_scheduler"])
@pytest.mark.parametrize("program", [sets_later, opens_later])
def test_the_virtual_clock_does_not_jump_over_what_a_library_does_later(
    program: Any, how: str, patience: float | None, working: Any
) -> None:
    run = lab.record(program, library=working, how=how, patience=patience, clock="virtual")
    named = "scheduler" if how == "by_a_scheduler" else "Thread-1"
    assert run.verdict.startswith(f"Stopped: the virtual clock does not rule the thread {named}, which takes part; ")
    assert "main waits for `ready` (" in run.verdict and "use clock='wall'" in run.verdict


def looks_later(library: Any, how: str, patience: float) -> bool:
    ready = threading.Event()
    getattr(library, how)(0.7, ready.set)
    time.sleep(patience)
    return ready.is_set()


def asks_again(library: Any, how: str) -> bool:
    ready = threading.Event()
    getattr(library, how)(0.7, ready.set)
    while not ready.is_set():
        time.sleep(0.1)
    return True


@CLOCKS
@pytest.mark.parametrize("program", [sets_later, opens_later, looks_later, asks_again])
def test_a_library_s_thread_of_an_earlier_cell_is_told_as_one_of_the_run_s_own(
    program: Any, clock: str, working: Any
) -> None:
    """The wall clock lets it act as in plain Python, the virtual one stops the run: there is no third answer."""
    working.by_a_scheduler(0, int)  # an earlier cell
    patience = {sets_later: 60, opens_later: 60, looks_later: 3}.get(program)
    more = {"patience": patience} if patience else {}
    run = lab.record(program, library=working, how="by_a_scheduler", clock=clock, **more)
    if clock == "wall":
        assert (run.result, run.stopped) == (True, None)
    else:
        assert run.verdict.startswith(
            "Stopped: the virtual clock does not rule the thread scheduler, which takes part; "
        )


def waits_and_sleeps() -> list[bool]:
    door, ready = threading.Semaphore(0), threading.Event()
    time.sleep(5)
    return [door.acquire(timeout=5), ready.wait(5)]


class Bound:
    """What a thread of an earlier cell keeps: a way to wait, and, once the run has given it, something to call."""

    def __init__(self) -> None:
        self.woken, self.call = threading.Event(), int

    def rest(self) -> None:
        self.woken.wait()
        self.call()


def gives(bound: Bound, patience: float) -> bool:
    door = threading.Semaphore(0)
    bound.call = door.release  # type: ignore[assignment]
    return door.acquire(timeout=patience)


@pytest.fixture
def bound() -> Iterator[Bound]:
    one = Bound()
    rests = threading.Thread(target=one.rest, name="rests")
    rests.start()
    wait_until(lambda: rests_in(sys._current_frames()[rests.ident]) is not None, "it rests")  # type: ignore[index]
    yield one
    one.call = int
    one.woken.set()
    rests.join()


def test_who_leads_to_nothing_of_the_run_or_cannot_go_on_stops_no_virtual_clock(bound: Bound) -> None:
    """What an earlier cell has left running is no reason to stop, nor who sleeps until somebody wakes it."""
    over: list[bool] = []
    beat = threading.Thread(target=beats, args=(over,), name="beats")
    beat.start()
    try:
        alone = lab.record(waits_and_sleeps, clock="virtual")
        given = lab.record(gives, bound=bound, patience=5, clock="virtual")
    finally:
        over.append(True)
        beat.join()
    assert (alone.result, alone.stopped, alone.duration) == ([False, False], None, 15.0)
    assert (given.result, given.stopped) == (False, None)


def looks_names_up(over: list[bool]) -> None:
    """Its code could name anything; it was given nothing."""
    while not over:
        eval("over")
        time.sleep(0.01)


def test_who_could_name_anything_has_not_been_given_it() -> None:
    """A browser's driver, say, whose code somewhere calls something `exec`."""
    over: list[bool] = []
    looks = threading.Thread(target=looks_names_up, args=(over,), name="looks")
    looks.start()
    try:
        run = lab.record(waits_and_sleeps, clock="virtual")
    finally:
        over.append(True)
        looks.join()
    assert (run.stopped, run.duration) == (None, 15.0)


def test_who_could_wake_one_that_could_act_is_not_ruled(bound: Bound) -> None:
    over: list[bool] = []

    def wakes() -> None:
        beats(over)
        bound.woken.set()

    waker = threading.Thread(target=wakes, name="wakes")
    waker.start()
    try:
        run = lab.record(gives, bound=bound, patience=60, clock="virtual")
    finally:
        over.append(True)
        waker.join()
    assert run.verdict.startswith(
        "Stopped: the virtual clock does not rule the thread wakes, which takes part; "
        "main waits for `door` (value 0); use clock='wall'"
    )


def given_away(out: list[Any], opened: list[bool]) -> None:
    gate = threading.Semaphore(0)
    out.append(gate)
    while len(opened) < 3:
        time.sleep(0.0005)
    for _ in opened:
        gate.acquire()


def test_who_inherits_an_identifier_has_a_row_of_its_own() -> None:
    """The system gives the identifier of a thread that has ended to the next one, nearly always."""
    out: list[Any] = []
    opened: list[bool] = []

    def lend() -> None:
        while not out:
            time.sleep(0.0005)
        for name in ("first", "second", "second"):
            thread = threading.Thread(target=out[0].release, name=name)
            thread.start()
            thread.join()
            opened.append(True)

    helper = threading.Thread(target=lend)
    helper.start()
    run = lab.record(given_away, out=out, opened=opened)
    helper.join()
    assert run.trace.threads == ("main", "first", "second", "second (2)")
    assert [e.thread for e in run.trace.of("gate") if e.kind == "release"] == ["first", "second", "second (2)"]
    run.trace.certify()


# Signals

gate = threading.Semaphore(0)


@pytest.fixture
def fresh_gate() -> None:
    global gate
    gate = threading.Semaphore(0)


@pytest.fixture
def handling() -> Iterator[Callable[[int, Any], None]]:
    before: dict[int, Any] = {}

    def install(number: int, handler: Any) -> None:
        before.setdefault(number, signal.getsignal(number))
        signal.signal(number, handler)

    yield install
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number, handler in before.items():
        signal.signal(number, handler)


def opens(number: int, frame: object) -> None:
    gate.release()


def waits_for_an_alarm(patience: float | None, seconds: float = 0.05) -> bool:
    signal.setitimer(signal.ITIMER_REAL, seconds)
    return gate.acquire(timeout=patience)


@UNIX
@pytest.mark.usefixtures("fresh_gate")
@pytest.mark.parametrize("patience", [None, 60])
@pytest.mark.parametrize("seconds", [0.05, 0.7])  # before, and long after, nobody in the run could go on
def test_a_signal_s_handler_may_still_release(handling: Any, patience: float | None, seconds: float) -> None:
    handling(signal.SIGALRM, opens)
    run = lab.record(waits_for_an_alarm, patience=patience, seconds=seconds)
    assert (run.result, run.stopped) == (True, None)
    assert run.trace.threads == ("main", "signal handler")
    run.trace.certify()


@UNIX
@pytest.mark.usefixtures("fresh_gate")
@pytest.mark.parametrize("patience", [None, 60])
def test_the_virtual_clock_does_not_rule_a_signal(handling: Any, patience: float | None) -> None:
    handling(signal.SIGALRM, opens)
    run = lab.record(waits_for_an_alarm, patience=patience, clock="virtual")
    assert run.verdict == (
        "Stopped: the virtual clock does not rule the handler of SIGALRM, which takes part; "
        "main waits for `gate` (value 0); use clock='wall'"
    )


def waits_for_a_child() -> bool:
    child = subprocess.Popen(["sh", "-c", f"kill -USR1 {os.getpid()}"])
    got = gate.acquire()
    child.wait()
    return got


@UNIX
@pytest.mark.usefixtures("fresh_gate")
def test_a_child_s_signal_is_waited_for(handling: Any) -> None:
    handling(signal.SIGUSR1, opens)
    run = lab.record(waits_for_a_child)
    assert (run.result, run.stopped) == (True, None)


def only_waits() -> None:
    gate.acquire()


@UNIX
@pytest.mark.usefixtures("fresh_gate")
def test_a_handler_that_acts_while_others_are_sought_is_not_too_late(
    handling: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then what it has opened leads nowhere any more, and who was waiting there has not gone on yet."""
    handling(signal.SIGUSR1, opens)
    able, times = Bystanders.able, itertools.count()

    def able_after_the_signal(*arguments: Any) -> tuple[str, ...]:
        if not next(times):
            signal.raise_signal(signal.SIGUSR1)
        return able(*arguments)

    monkeypatch.setattr(Bystanders, "able", able_after_the_signal)
    run = lab.record(only_waits)
    assert (run.stopped, next(times)) == (None, 1)


@UNIX
@CLOCKS
@pytest.mark.usefixtures("fresh_gate")
def test_a_handler_that_leads_nowhere_hides_no_deadlock(handling: Any, clock: str) -> None:
    handling(signal.SIGUSR1, lambda number, frame: print(number))
    assert isinstance(lab.record(only_waits, clock=clock).stopped, Deadlock)


@UNIX
@pytest.mark.usefixtures("fresh_gate")
def test_a_handler_that_has_to_wait_does_not_keep_the_run_from_its_end(handling: Any) -> None:
    handling(signal.SIGALRM, lambda number, frame: gate.acquire())
    run, limit = stopped_late_enough(
        lambda limit: lab.record(waits_for_an_alarm, patience=None, timeout=limit),
        lambda run: "main waits for signal handler" in run.verdict,
    )
    assert run.verdict == (
        f"Stopped: the program had not ended after {limit:g} s; signal handler waits for `gate` (value 0); "
        "main waits for signal handler to end; "
        "the handler of SIGALRM, which is not of the run, could still have acted"
    )


# What leads where


class Book:
    def __init__(self, **kept: Any) -> None:
        self.__dict__.update(kept)


def test_what_can_be_reached() -> None:
    one = threading.Semaphore(0)
    wanted = frozenset({id(one)})
    made = {"gate": one}
    ways: list[Any] = [
        *(one, one.release, [one], {"a": (one,)}, Book(x=Book(y=one)), lambda: one.release()),
        lambda gate=one: None,
        type("Kept", (Book,), {"gate": one, "__module__": __name__}),
        (one for _ in range(3)),
        lambda: eval("made"),
    ]
    assert made
    assert [can_reach([way], wanted) for way in ways] == [True] * len(ways)
    assert not can_reach([lambda: None, threading, Book(x=1), opens], wanted)
    assert can_reach([Book(x=[[] for _ in range(20)])], wanted, most=10)  # who cannot be followed to the end might


def test_starts_are_seen_only_while_a_run_lasts() -> None:
    before = threading.Thread.start, threading.Thread.__dict__["_bootstrap_inner"]
    foreigners = Foreigners(time.perf_counter_ns, lambda: True)
    with foreigners.noted():
        thread = threading.Thread(target=int, name="noted")
        thread.start()
        thread.join()
    assert (threading.Thread.start, threading.Thread.__dict__["_bootstrap_inner"]) == before
    assert [(one.name, one.descends, one.ended is None) for one in foreigners.every] == [("noted", True, False)]


def test_what_a_run_puts_in_its_place_while_it_is_stopped_does_not_stay() -> None:
    """Its main thread was about to, when its time was up; the way back then leads to what was noted."""
    before = threading.Thread.__dict__["__init__"]
    foreigners = Foreigners(time.perf_counter_ns, lambda: True)
    with foreigners.noted():
        noted = threading.Thread.__dict__["__init__"]
    assert threading.Thread.__dict__["__init__"] is before is not noted
    threading.Thread.__init__ = noted  # type: ignore[method-assign]
    foreigners.close()
    assert threading.Thread.__dict__["__init__"] is before


TAKES_TURNS = """
import threading, time
import semalab as lab

def program():
    door = threading.Semaphore(1)
    def visit():
        with door:
            time.sleep(1)
    visitors = [threading.Thread(target=visit) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()

runs = []
threads = [threading.Thread(target=lambda: runs.append(lab.record(program, clock="virtual"))) for _ in range(30)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print({run.verdict for run in runs})
"""


def test_who_starts_the_threads_that_record_is_no_stranger_to_their_runs() -> None:
    """A script's main thread, in the midst of the lab's own `start`."""
    ended = subprocess.run([sys.executable, "-c", TAKES_TURNS], capture_output=True, text=True, timeout=120, check=True)
    assert ended.stdout == "{'Mutual exclusion held: never more than 1 inside'}\n"


COUNTS_ITS_LOOKS = """
import threading, time
from semalab.engine import bystanders, foreign, signals

many, over = 64, threading.Event()
crowd = [threading.Thread(target=over.wait) for _ in range(many)]
for one in crowd:
    one.start()
looks, frames = [], bystanders.current_frames
bystanders.current_frames = lambda: looks.append(1) or frames()
others = bystanders.Bystanders(foreign.Foreigners(time.perf_counter_ns, bool), signals.Signals())
own, main, thing = {one.ident for one in crowd}, threading.get_ident(), threading.Semaphore(0)

def jump():
    return others.have_in_hand(own, lambda: [thing], main)

def holds(thing):
    over.wait(60)

jumps = [jump() for _ in range(1 + many // bystanders.LOOK_COSTS + 2)]
print(any(jumps), len(looks))
newcomer = threading.Thread(target=holds, args=(thing,), name="newcomer")
newcomer.start()
print(jump(), jump(), len(looks))
over.set()
"""


def test_among_many_threads_it_is_not_looked_at_each_jump_and_who_comes_is_seen_at_the_next() -> None:
    """Each look costs as much as there are threads: a thousand sleepers took ten times as long."""
    script = [sys.executable, "-c", COUNTS_ITS_LOOKS]
    ended = subprocess.run(script, capture_output=True, text=True, timeout=120, check=True)
    assert ended.stdout == "False 2\n('the thread newcomer',) ('the thread newcomer',) 4\n"


# What does not depend on the machine


def test_a_busy_machine_makes_nobody_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    used, now = [0.0], itertools.count(step=0.05)  # seconds: 0.05 go by from look to look
    monkeypatch.setattr(stopwatch, "_computed", lambda: used[0])
    monkeypatch.setattr(stopwatch, "time", types.SimpleNamespace(monotonic=lambda: next(now)))
    watch = stopwatch.Idle(0.02)
    for _ in range(50):  # each look comes as late as the machine likes: no clock is asked
        watch.look()
    assert watch.seconds == pytest.approx(1.0)
    watch.restart()
    for _ in range(50):
        used[0] += 0.01
        watch.look()
    assert watch.seconds == pytest.approx(0.5)
    watch.restart()
    for _ in range(50):
        used[0] += 0.4  # eight threads at once, in C
        watch.look()
    assert watch.seconds == pytest.approx(2.5)
    seldom = stopwatch.Idle(1.0)
    for _ in range(20):  # it is asked more often than it was told: what goes by is what counts
        seldom.look()
    assert seldom.seconds == pytest.approx(1.0)


def serves(server: Any) -> None:
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 60})
    serving.start()
    serving.join()


def test_a_thread_that_is_stuck_in_a_library_is_told_with_the_line_that_started_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("semalab.engine.virtual.NO_PROGRESS", 0.05)
    monkeypatch.setattr("semalab.engine.ending.LAST_RESORT", 0.05)
    before = _thread._count()
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        run = lab.record(serves, server=server, clock="virtual")
        socket.create_connection(server.server_address).close()  # it comes back from its call, and ends
        wait_until(lambda: _thread._count() <= before, "the thread that served has ended")
    line = serves.__code__.co_firstlineno + 2
    assert run.verdict == (
        "Stopped: nothing happened for 2 s or more in Thread-1 (serve_forever), "
        f"which was started in serves, line {line}; if the program really needs that long, use clock='wall'; "
        "Thread-1 (serve_forever) could not be stopped"
    )


def goes_on(out: list[int], until: int) -> int:
    """As far as it is let: `until` says how often it takes turns before it waits for the machine."""
    turn = threading.Semaphore(1)

    def play() -> None:
        for _ in range(20):
            with turn:
                out.append(1)
                while len(out) >= until:
                    pass

    players = [threading.Thread(target=play) for _ in range(3)]
    for player in players:
        player.start()
    for player in players:
        player.join()
    return len(out)


def test_the_schedule_of_a_run_that_was_stopped_repeats_it_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = lab.record(goes_on, out=[], until=100, clock="virtual", seed=4)
    monkeypatch.setattr("semalab.engine.virtual.NO_PROGRESS", 0.5)
    stopped = lab.record(goes_on, out=[], until=30, clock="virtual", seed=4)
    assert stopped.stopped is not None and stopped.schedule is not None and stopped.schedule.unfinished
    again = lab.record(goes_on, out=[], until=30, schedule=stopped.schedule)
    assert (again.trace.events, again.verdict) == (stopped.trace.events, stopped.verdict)
    further = lab.record(goes_on, out=[], until=100, schedule=Schedule.from_json(stopped.schedule.to_json()))
    assert (further.trace.events, further.result) == (whole.trace.events, 60)


def beats(over: list[bool]) -> None:
    while not over:
        time.sleep(0.001)


@CLOCKS
@pytest.mark.usefixtures("fresh_gate")
def test_what_an_earlier_cell_has_left_running_hides_no_deadlock(clock: str) -> None:
    """It is in a function beside the program's; but that does not lead to what the program waits for."""
    over: list[bool] = []
    beat = threading.Thread(target=beats, args=(over,))
    beat.start()
    try:
        run = lab.record(only_waits, clock=clock)
    finally:
        over.append(True)
        beat.join()
    assert run.verdict == "Deadlock: main waits for `gate` (value 0) and nobody can release it any more"


waits_in_a_pool = concurrent.futures.ThreadPoolExecutor(1)
waits_in_a_loop = asyncio.new_event_loop()


@pytest.fixture
def employed() -> Iterator[None]:
    """Both have been at work in a run before, and wait for more."""
    keeper = threading.Thread(target=waits_in_a_loop.run_forever, daemon=True)
    keeper.start()
    for asks in (asks_a_pool, asks_a_loop):
        assert lab.record(asks).result
    yield
    waits_in_a_loop.call_soon_threadsafe(waits_in_a_loop.stop)
    keeper.join()


def asks_a_pool() -> bool:
    door = threading.Semaphore(0)
    waits_in_a_pool.submit(lambda: (time.sleep(0.05), door.release()))
    return door.acquire()


def asks_a_loop() -> bool:
    door = threading.Semaphore(0)
    waits_in_a_loop.call_soon_threadsafe(waits_in_a_loop.call_later, 0.05, door.release)
    return door.acquire()


@pytest.mark.usefixtures("employed")
@pytest.mark.parametrize("asks", [asks_a_pool, asks_a_loop])
def test_who_has_been_at_work_in_an_earlier_run_may_be_given_work_in_this_one(asks: Any) -> None:
    for _ in range(3):
        run = lab.record(asks, clock="virtual")
        assert "the virtual clock does not rule the thread " in run.verdict and "Deadlock" not in run.verdict


def keeps_it_in_a_local() -> bool:
    door, own = threading.Semaphore(0), threading.local()

    class Held:
        def __del__(self) -> None:
            door.release()

    def work() -> None:
        own.held = Held()

    threading.Thread(target=work).start()
    return door.acquire()


def test_what_a_thread_lets_go_of_at_its_very_end_may_wake_others() -> None:
    assert lab.record(keeps_it_in_a_local).result is True
    for seed in range(3):
        run = lab.record(keeps_it_in_a_local, clock="virtual", seed=seed)
        assert "the virtual clock does not rule the end of what is kept in a threading.local" in run.verdict


def rises_in_a_sleep() -> str:
    def work() -> None:
        try:
            while True:
                time.sleep(0.001)
        except LookupError:
            door.release()

    door = threading.Semaphore(0)
    worker = threading.Thread(target=work)
    worker.start()
    number, error = ctypes.c_ulong(worker.ident or 0), ctypes.py_object(LookupError)
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(number, error) == 1
    door.acquire()
    worker.join()
    return "risen"


def test_a_sleep_in_which_somebody_lets_an_exception_rise_is_over() -> None:
    run = lab.record(rises_in_a_sleep)
    run.trace.certify()
    assert (run.result, run.standing) == ("risen", "")


def is_interrupted() -> str:
    threading.Timer(0.05, _thread.interrupt_main).start()
    try:
        time.sleep(30)
    except KeyboardInterrupt:
        return "interrupted"
    return "slept"


@pytest.mark.usefixtures("interruptible")
def test_a_thread_may_interrupt_main() -> None:
    assert lab.record(is_interrupted).result == "interrupted"
    run = lab.record(is_interrupted, clock="virtual")
    assert "the virtual clock does not rule _thread.interrupt_main" in run.verdict


LIBRARY = """
import threading

class Worker(threading.Thread):
    def __init__(self, function):
        threading.Thread.__init__(self, name="worker of a library")
        self.function = function

    def start(self):
        threading.Thread.start(self)

    def run(self):
        self.function()
"""


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("library_of_threads")
    module.__file__ = "library_of_threads.so"  # so that it is nobody's own
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(LIBRARY, vars(module))


def hires() -> bool:
    import library_of_threads  # type: ignore[import-not-found]

    door = threading.Semaphore(0)
    worker = library_of_threads.Worker(door.release)
    worker.start()
    worker.join()
    return door.acquire()


@pytest.mark.usefixtures("library")
def test_a_library_s_own_class_of_threads_stays_what_it_is() -> None:
    run = lab.record(hires)
    assert (run.result, run.trace.threads) == (True, ("main", "worker of a library"))
