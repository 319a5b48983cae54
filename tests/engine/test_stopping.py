"""Every run ends: at its time limit, when it does not move, when it is cancelled, when the kernel is interrupted."""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import json
import os
import re
import sched
import signal
import socketserver
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from programs.endless import ENDLESS, spins
from support.patience import stopped_late_enough, wait_until

import semalab as lab
from semalab.instrument import streams
from semalab.log.stops import Timeout
from semalab.recording import run_program

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

ROOT = Path(__file__).resolve().parent.parent.parent
CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])
SHORT = 0.05  # seconds a run may take that will not end by itself


def catches_what_it_can(caught: list[Exception]) -> None:
    while True:
        try:
            time.sleep(0.001)
        except Exception as error:
            caught.append(error)


@CLOCKS
def test_a_stop_is_no_exception_of_the_programs(clock: str) -> None:
    caught: list[Exception] = []
    assert lab.record(catches_what_it_can, caught=caught, clock=clock, timeout=SHORT).stopped is not None
    assert caught == []


@CLOCKS
@pytest.mark.parametrize("program", ENDLESS, ids=lambda program: program.__name__)
def test_a_program_that_never_ends_is_ended(
    program: Callable[[], None], clock: str, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr("sys.unraisablehook", lambda unraisable: heard.append(repr(unraisable.exc_value)))
    run = lab.record(program, clock=clock, timeout=SHORT)
    assert isinstance(run.stopped, Timeout)
    assert (run.stopped.seconds, run.stopped.clock, run.exception) == (SHORT, clock, None)
    assert run.verdict.startswith("Stopped: the program had not ended after 0.05 s; ")
    assert (*capfd.readouterr(), heard) == ("", "", [])
    run.trace.certify()


def test_who_was_still_there_is_told_and_where() -> None:
    told = [lab.record(many_wait, sleepers=n, clock="virtual", timeout=60).verdict for n in (0, 1, 5)]
    line = many_wait.__code__.co_firstlineno
    main, sleeper = f"main in many_wait, line {line + 3}", f"(sleep) started in many_wait, line {line + 2}"
    assert told == [
        f"Stopped: the program had not ended after 60 s; main was still there, in many_wait, line {line + 3}",
        f"Stopped: the program had not ended after 60 s; 2 threads were still there: {main}; Thread-1 {sleeper}",
        "Stopped: the program had not ended after 60 s; "
        f"6 threads were still there: {main}; Thread-1 {sleeper}; Thread-2 {sleeper}; and 3 more",
    ]


def many_wait(sleepers: int) -> None:
    for _ in range(sleepers):
        threading.Thread(target=time.sleep, args=(3600,)).start()
    time.sleep(3600)


def sleeps_in_a_library() -> None:
    def first() -> None:
        jobs = sched.scheduler(time.monotonic, time.sleep)
        jobs.enter(1000, 0, print)
        jobs.run()

    threading.Thread(target=first, name="clerk").start()


def sleeps_in_a_lambda() -> None:
    (lambda: time.sleep(1000))()


def serves() -> None:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler)
    with contextlib.closing(server.socket):
        threading.Thread(target=server.serve_forever, name="server").start()
        time.sleep(1000)


def waits_in_a_generator() -> None:
    def naps() -> Iterator[None]:
        while True:
            yield time.sleep(0.001)

    for _ in naps():
        pass


@pytest.mark.parametrize(
    ("program", "where"),
    [
        (sleeps_in_a_library, r"clerk was still there, in first, line 4"),
        (serves, r"2 threads were still there: main in serves, line 4; server started in serves, line 3"),
        (waits_in_a_generator, r"main was still there, in (naps|waits_in_a_generator), line [1-6]"),
        (sleeps_in_a_lambda, r"main was still there, in line 1"),
    ],
)
def test_a_time_out_names_thread_and_line_also_of_library_code(program: Callable[[], None], where: str) -> None:
    """Lines from the one after the program's `def`."""
    first = program.__code__.co_firstlineno

    def told(run: Any) -> str:
        return re.sub(r"\bline (\d+)", lambda found: f"line {int(found[1]) - first}", str(run.stopped))

    run, limit = stopped_late_enough(
        lambda limit: lab.record(program, timeout=limit), lambda run: re.search(f"; {where}(;|$)", told(run))
    )
    assert re.match(f"the program had not ended after {limit:g} s; {where}(;|$)", told(run)), told(run)


def test_virtual_seconds_are_limited_to_the_nanosecond() -> None:
    def ticks() -> None:
        while True:
            time.sleep(1)

    run = lab.record(ticks, clock="virtual", timeout=10)
    assert isinstance(run.stopped, Timeout)
    assert (run.duration, sum(e.kind == "wake" for e in run.trace)) == (10.0, 10)


def ends_in_time() -> str:
    time.sleep(10)
    return "just in time"


def never_begins(much: list[Any]) -> None:
    threading.Thread(target=int).start()
    raise AssertionError("it has begun")


@CLOCKS
def test_whoever_puts_the_twins_in_place_is_not_given_up(clock: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semalab.engine.ending.LAST_RESORT", -1.0)  # who has not ended at the first look is given up
    before = _thread._count()
    run = lab.record(never_begins, much=[[n] for n in range(100_000)], clock=clock, timeout=0.001)
    assert (run.exception, isinstance(run.stopped, Timeout), len(run.trace.events)) == (None, True, 1)
    wait_until(lambda: _thread._count() <= before, "main, which had put them in place and no more to do, has ended")


def blocks_beside_sleepers(end: int) -> None:
    gate = threading.Semaphore(0)
    for _ in range(3):
        threading.Thread(target=gate.acquire).start()
    os.read(end, 1)


@CLOCKS
def test_beside_one_who_is_given_up_the_others_are_woken(clock: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semalab.engine.virtual.NO_PROGRESS", SHORT)
    monkeypatch.setattr("semalab.engine.ending.LAST_RESORT", -1.0)
    before = _thread._count()
    reads, writes = os.pipe()
    run, _ = stopped_late_enough(
        lambda limit: lab.record(blocks_beside_sleepers, end=reads, clock=clock, timeout=limit),
        lambda run: len(run.trace.threads) == 4,
    )
    assert "main" in run.verdict and "could not be stopped" in run.verdict
    wait_until(lambda: _thread._count() <= before + 1, "those who slept in the lab's locks have ended")
    os.write(writes, b"!")
    wait_until(lambda: _thread._count() <= before, "the thread has come back from its call and ended")
    os.close(reads)
    os.close(writes)


def test_the_last_moment_still_counts() -> None:
    run = lab.record(ends_in_time, clock="virtual", timeout=10)
    assert (run.result, run.stopped) == ("just in time", None)


def blocks_outside(end: int) -> None:
    os.read(end, 1)


def test_a_virtual_program_that_blocks_outside_the_lab_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semalab.engine.virtual.NO_PROGRESS", SHORT)
    monkeypatch.setattr("semalab.engine.ending.LAST_RESORT", SHORT)
    before = _thread._count()
    reads, writes = os.pipe()
    run = lab.record(blocks_outside, end=reads, clock="virtual")
    assert _thread._count() == before + 1
    os.write(writes, b"!")  # now the thread comes back from its call, and ends
    wait_until(lambda: _thread._count() <= before, "the thread has come back from its call and ended")
    os.close(reads)
    os.close(writes)
    line = blocks_outside.__code__.co_firstlineno + 1
    assert isinstance(run.stopped, Timeout)
    assert run.verdict == (
        f"Stopped: nothing happened for 2 s or more in blocks_outside, line {line} (thread main); "
        "if the program really needs that long, use clock='wall'; main could not be stopped"
    )


def steadily() -> int:
    done = 0
    for _ in range(50):
        time.sleep(1)
        done += sum(range(20_000)) > 0
    return done


def test_slow_progress_is_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semalab.engine.virtual.NO_PROGRESS", SHORT)
    monkeypatch.setattr("semalab.engine.virtual.VirtualProcessor.tick", 0.001)
    assert lab.record(steadily, clock="virtual", timeout=60).result == 50


def makes_many(threads: int) -> int:
    """Who makes them computes after each; none takes its turn before all are made."""
    seats, inside = threading.Semaphore(5), 0
    visitors = [threading.Thread(target=seats.acquire, kwargs={"blocking": False}) for _ in range(threads)]
    for visitor in visitors:
        visitor.start()
        sum(range(20_000))
    for visitor in visitors:
        visitor.join()
        inside += 1
    return inside


def test_to_make_threads_is_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semalab.engine.virtual.NO_PROGRESS", 10 * SHORT)  # of computing: less than to make all takes
    monkeypatch.setattr("semalab.engine.virtual.VirtualProcessor.tick", 0.001)
    assert lab.record(makes_many, threads=2000, clock="virtual", timeout=60).result == 2000


class Awakening:
    """A clock whose machine is put to sleep for an hour, as soon as somebody has looked at it five times."""

    process_time, thread_time = staticmethod(time.process_time), staticmethod(time.thread_time)

    def __init__(self) -> None:
        self.looks = 0

    def monotonic(self) -> float:
        self.looks += 1
        return time.monotonic() + 3600 * (self.looks > 5)


def test_a_machine_that_was_asleep_has_lost_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    awakening = Awakening()
    monkeypatch.setattr("semalab.engine.stopwatch.time", awakening)

    def program() -> str:
        while awakening.looks < 10:
            pass
        return "done"

    run = lab.record(program, clock="wall", timeout=30)
    assert (run.result, run.stopped) == ("done", None)


class Crowded:
    """A clock on a machine that gives this process next to nothing: whoever looks finds half a second gone."""

    process_time, thread_time = staticmethod(time.process_time), staticmethod(time.thread_time)

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        self.seconds += 0.5
        return self.seconds


def test_a_busy_machine_stops_no_virtual_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semalab.engine.stopwatch.time", Crowded())
    monkeypatch.setattr("semalab.engine.virtual.VirtualProcessor.tick", 0.001)
    run = lab.record(makes_many, threads=2000, clock="virtual", timeout=30)
    assert (run.result, run.stopped) == (2000, None)


async def gives_way_again_and_again() -> int:
    gate = asyncio.Semaphore(1)
    for _ in range(10_000):
        async with gate:
            await asyncio.sleep(0)
    return 10_000


def test_a_busy_machine_stops_no_virtual_run_of_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semalab.engine.stopwatch.time", Crowded())
    run = lab.record(gives_way_again_and_again, clock="virtual", timeout=3)
    assert (run.result, run.stopped) == (10_000, None)


def writes_for_ever() -> None:
    semaphore = threading.Semaphore(1)
    while True:
        with semaphore:
            pass


@CLOCKS
def test_a_log_that_grows_too_long_ends_the_run(clock: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semalab.engine.processor.MOST_EVENTS", 1000)
    run = lab.record(writes_for_ever, clock=clock, timeout=60)
    line = writes_for_ever.__code__.co_firstlineno
    assert re.fullmatch(
        f"Stopped: the program had written {len(run.trace):,} events and was still going; "
        f"main was still there, in writes_for_ever, line ({line + 2}|{line + 3}|{line + 4})",
        run.verdict,
    )
    assert len(run.trace) > 1000


def floods(write: str) -> None:
    text = 999 * "x" + "\n"

    def work() -> None:
        while True:
            if write == "print":
                print(text, end="")
            else:
                getattr(sys, write).write(text)

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()


@CLOCKS
@pytest.mark.parametrize("write", ["print", "stdout", "stderr"])
def test_a_program_that_prints_without_end_does_not_fill_the_memory(
    write: str, clock: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    assert streams.MOST_TEXT == 50_000_000
    monkeypatch.setattr("semalab.instrument.streams.MOST_TEXT", 1_000_000)
    run = lab.record(floods, write=write, clock=clock, timeout=100)
    told, _, there = run.verdict.partition("; ")
    assert told == "Stopped: the program had printed 1,000,000 bytes and was still going"
    assert re.match(r"(2 threads were still there: )?.*Thread-1 \(work\).* in work, line \d+", there)
    shown = run.output + capsys.readouterr().err
    assert len(shown) == 1000 * (1_000_000 // sys.getsizeof(shown[:1000]))
    run.trace.certify()


@CLOCKS
@pytest.mark.parametrize("program", [spins, many_wait, writes_for_ever], ids=lambda program: program.__name__)
def test_a_run_can_be_cancelled(program: Callable[..., None], clock: str) -> None:
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(len(asked) >= 2)
        return asked[-1]

    arguments = {"sleepers": 5} if program is many_wait else {}
    run = run_program(program, arguments, clock=clock, timeout=100, cancelled=cancelled)
    if program is many_wait and clock == "virtual":
        assert run.stopped is not None  # 100 virtual seconds are over before anybody can ask
    else:
        assert run.verdict == "Stopped: the run was stopped from outside"
        assert asked == [False, False, True]


LIBRARY = types.ModuleType("library")
STEP = """
def step(book):
    book.append("taken")
    for _ in range(5):
        pass
    book.append("given back")
"""
exec(STEP, vars(LIBRARY))


def uses_a_library(library: Any, book: list[str]) -> None:
    while True:
        library.step(book)
        for _ in range(5):
            pass


@CLOCKS
def test_a_stop_rises_in_the_programs_own_lines(clock: str) -> None:
    """In the midst of an import, of a log handler, of the opening of a file it would leave a lock locked for ever.

    On a busy machine a thread may have come to a library's line between the look at it and the Stop: rarely.
    """
    torn = 0
    for _ in range(20):
        book: list[str] = []
        lab.record(uses_a_library, library=LIBRARY, book=book, clock=clock, timeout=0.02)
        torn += len(book) % 2
    assert torn <= 4


def releases_as_it_dies() -> None:
    gate = threading.Semaphore(0)

    def work() -> None:
        try:
            time.sleep(3600)
        finally:
            gate.release()
            print("a last word")
            time.sleep(1)
            gate.release()

    for _ in range(3):
        threading.Thread(target=work).start()
    gate.acquire()


@CLOCKS
def test_what_threads_do_while_they_are_stopped_is_not_part_of_the_run(clock: str, capfd: Any) -> None:
    run, _ = stopped_late_enough(
        lambda limit: lab.record(releases_as_it_dies, clock=clock, timeout=limit),
        lambda run: len(run.trace.threads) == 4 and "gate" in run.reading.uses,
    )
    assert (run.output, run.reading.uses["gate"].released) == ("", 0)
    assert capfd.readouterr() == ("", "")


def opens_for_good(kept: list[Any]) -> None:
    kept.append(threading.Semaphore(1))
    kept.append(threading.Event())
    kept.append(threading.Thread(target=int))


@CLOCKS
def test_a_primitive_that_outlives_its_run_does_no_harm(clock: str) -> None:
    kept: list[Any] = []
    lab.record(opens_for_good, kept=kept, clock=clock)
    semaphore, event, thread = kept
    semaphore.release()
    assert [semaphore.acquire(blocking=False) for _ in range(3)] == [True, True, False]
    event.set()
    assert event.wait(1)
    assert not thread.is_alive()


@CLOCKS
@pytest.mark.parametrize("what", ["waits", "computes", "swallows", "sleeps", "joins", "computes twice"])
@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_comes_out_of_record_when_everybody_has_ended(what: str, clock: str) -> None:
    script = ROOT / "tests" / "programs" / "interrupted_run.py"
    command = [sys.executable, "-X", "utf8", str(script), clock, *what.split()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stderr == ""
    outcome, *left, same, print_left, next_run = json.loads(ended.stdout)
    assert outcome == "KeyboardInterrupt out of record"
    assert left == [0, ["MainThread"], 1]
    assert (same, print_left, next_run) == (True, False, 42)


AFTER_A_STOP = """
import semalab as lab, sys
def spins():
    while True: pass
def traced():
    return 42
for clock in ("wall", "virtual"):
    assert lab.record(spins, clock=clock, timeout=0.05).stopped
sys.settrace(lambda *seen: None)
print(traced())
"""


def test_a_debugger_works_after_a_run_was_stopped() -> None:
    """A Stop that was sent and taken back would leave the interpreter in a loop as soon as anything is traced."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-c", AFTER_A_STOP], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.stdout, ended.stderr) == ("42\n", "")


HALTED = """
import os, signal, subprocess, threading
import semalab as lab
from semalab.engine import virtual

virtual.NO_PROGRESS = 1.0

def program():
    waker = subprocess.Popen(["sh", "-c", f"sleep 1.5; kill -CONT {os.getpid()}"])
    subprocess.run(["sleep", "0.1"])
    os.kill(os.getpid(), signal.SIGSTOP)
    waker.wait()
    threading.Semaphore(1).acquire()
    return "went on"

run = lab.record(program, clock="virtual")
print(run.result, run.stopped)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot halt a process")
def test_a_process_that_was_halted_for_a_while_is_not_stuck() -> None:
    """A notebook server's machine may sleep, or be too busy, in the middle of a virtual run."""
    ended = subprocess.run([sys.executable, "-c", HALTED], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout, ended.stderr) == ("went on None\n", "")


def turns_in_a_thread(loop: asyncio.AbstractEventLoop) -> None:
    door = threading.Semaphore(0)
    turner = threading.Thread(target=loop.run_forever)
    turner.start()
    loop.call_soon_threadsafe(door.release)
    door.acquire()
    loop.call_soon_threadsafe(loop.stop)
    turner.join()


def test_who_stands_in_a_loop_of_asyncio_can_be_stopped() -> None:
    loop = asyncio.new_event_loop()
    assert lab.record(turns_in_a_thread, loop=loop).standing == ""
    before = _thread._count()
    run = lab.record(turns_in_a_thread, loop=loop, clock="virtual")
    assert str(run.stopped).startswith("nothing happened for 2 s or more")
    assert "could not be stopped" not in run.verdict and _thread._count() == before
    loop.close()
