"""A recorded program's main thread sets handlers of signals as in plain Python; afterwards they are what they were."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.patience import stopped_late_enough

import semalab as lab

pytest_plugins = ("support.leftovers",)
pytestmark = [
    pytest.mark.usefixtures("nothing_left"),
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="signals of POSIX"),
]

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])
WATCHED = (signal.SIGALRM, signal.SIGUSR1) if hasattr(signal, "SIGALRM") else ()


def opened_by_an_alarm() -> str:
    gate = threading.Semaphore(0)
    before = signal.signal(signal.SIGALRM, lambda *args: gate.release())
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    gate.acquire()
    signal.signal(signal.SIGALRM, before)
    return "opened"


def opened_by_the_process() -> str:
    gate = threading.Semaphore(0)
    signal.signal(signal.SIGUSR1, lambda *args: gate.release())
    os.kill(os.getpid(), signal.SIGUSR1)
    gate.acquire()
    return "opened"


@pytest.mark.parametrize("program", [opened_by_an_alarm, opened_by_the_process])
def test_a_handler_acts_as_in_plain_python(program: Any) -> None:
    before = [signal.getsignal(number) for number in WATCHED]
    run = lab.record(program)
    assert (run.result, run.stopped, run.exception) == ("opened", None, None)
    assert run.trace.threads == ("main", "signal handler")
    assert [signal.getsignal(number) for number in WATCHED] == before


@pytest.mark.parametrize("program", [opened_by_an_alarm, opened_by_the_process])
def test_the_virtual_clock_does_not_rule_it(program: Any) -> None:
    before = [signal.getsignal(number) for number in WATCHED]
    run = lab.record(program, clock="virtual")
    assert "the virtual clock does not rule the handler of SIG" in run.verdict
    assert [signal.getsignal(number) for number in WATCHED] == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)  # or it would end the process now


WAITING = ("waits_for_one_in_a_thread", "waits_for_an_alarm", "pauses", "pauses_until_one_raises")
COME = ("fetches_one_that_has_come", "waits_for_one_of_its_own_thread", "leaves_one_that_nobody_fetches")


def in_a_process_of_its_own(program: str, clock: str) -> dict[str, Any]:
    """One that has no thread but its main: any other, a library's, might take a signal that main has blocked."""
    script = Path(__file__).parents[1] / "programs" / "waiting_for_signals.py"
    command = [sys.executable, str(script), program, clock]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, f"{ended.returncode}: {ended.stderr}"
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


@pytest.mark.parametrize("program", [*WAITING, *COME])
def test_who_waits_for_a_signal_gets_it_as_in_plain_python(program: str) -> None:
    assert in_a_process_of_its_own(program, "wall") == {"result": "got it", "stopped": None, "as_before": True}


@pytest.mark.parametrize("program", WAITING)
def test_who_would_keep_all_others_from_running_stops_the_virtual_clock(program: str) -> None:
    told = in_a_process_of_its_own(program, "virtual")
    name = "pause" if program.startswith("pauses") else "sigwait"
    assert told["stopped"] == f"the virtual clock does not rule signal.{name}, which takes part; use clock='wall'"
    assert (told["result"], told["as_before"]) == (None, True)


@pytest.mark.parametrize("program", COME)
def test_one_that_has_come_is_fetched_on_the_virtual_clock(program: str) -> None:
    assert in_a_process_of_its_own(program, "virtual") == {"result": "got it", "stopped": None, "as_before": True}


def told_of_by_a_file() -> bytes:
    here, there = socket.socketpair()
    with here, there:
        there.setblocking(False)
        before = signal.set_wakeup_fd(there.fileno())
        signal.signal(signal.SIGUSR1, lambda *args: None)
        os.kill(os.getpid(), signal.SIGUSR1)
        got = here.recv(1)
        assert signal.set_wakeup_fd(before) == there.fileno()
    return got


def told_by_a_loop() -> bytes:
    async def main() -> bytes:
        came, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, came.set)
        os.kill(os.getpid(), signal.SIGUSR1)
        await came.wait()
        loop.remove_signal_handler(signal.SIGUSR1)
        return bytes([signal.SIGUSR1])

    return asyncio.run(main())


@CLOCKS
@pytest.mark.parametrize("program", [told_of_by_a_file, told_by_a_loop])
def test_main_may_be_told_of_signals_by_a_file(program: Any, clock: str) -> None:
    before = signal.set_wakeup_fd(-1)
    assert signal.set_wakeup_fd(before) == -1
    run = lab.record(program, clock=clock)
    assert (run.result, run.stopped, run.exception) == (bytes([signal.SIGUSR1]), None, None)
    assert signal.set_wakeup_fd(before) == before


def cannot_be_handled() -> None:
    signal.signal(signal.SIGKILL, lambda *args: None)


def refused_in_a_worker() -> str:
    told: list[str] = []

    def work() -> None:
        try:
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        except ValueError as error:
            told.append(str(error))

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    return told[0]


@CLOCKS
def test_it_is_refused_where_python_refuses_it(clock: str) -> None:
    assert lab.record(refused_in_a_worker, clock=clock).result == refused_in_a_worker()
    with pytest.raises(OSError, match="Invalid argument"):
        lab.record(cannot_be_handled, clock=clock)


@CLOCKS
def test_a_thread_that_may_not_set_handlers_may_not_when_it_records(clock: str) -> None:
    runs: list[Any] = []
    caller = threading.Thread(target=lambda: runs.append(lab.record(opened_by_an_alarm, clock=clock, raises=False)))
    caller.start()
    caller.join()
    assert isinstance(runs[0].exception, ValueError)


@contextlib.contextmanager
def time_limit(seconds: float = 0.02) -> Iterator[None]:
    """The recipe that is found everywhere: what the handler raises rises in the main thread, whatever that is at."""

    def too_late(number: int, frame: Any) -> None:
        raise TimeoutError("too late")

    before = signal.signal(signal.SIGALRM, too_late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def waits_too_long() -> None:
    with time_limit():
        gate = threading.Semaphore(0)
        gate.acquire()


def waits_with_a_limit() -> None:
    with time_limit():
        threading.Semaphore(0).acquire(timeout=60)


def sleeps_too_long() -> None:
    with time_limit():
        time.sleep(60)


def computes_too_long() -> None:
    with time_limit():
        while True:
            pass


def takes_from_an_empty_queue() -> None:
    with time_limit():
        queue.Queue[int]().get()


def waits_for_an_event() -> None:
    with time_limit():
        threading.Event().wait()


def waits_at_a_barrier() -> None:
    with time_limit():
        threading.Barrier(2).wait()


def waits_on_a_condition() -> None:
    condition = threading.Condition()
    with time_limit(), condition:
        condition.wait()


def waits_for_a_lock_of_its_own() -> None:
    lock = threading.Lock()
    with time_limit(), lock, lock:
        pass


async def waits_as_a_task() -> None:
    with time_limit():
        await asyncio.Semaphore(0).acquire()


TOO_LONG = pytest.mark.parametrize(
    "program",
    [
        *(waits_too_long, waits_with_a_limit, sleeps_too_long, computes_too_long, takes_from_an_empty_queue),
        *(waits_for_an_event, waits_at_a_barrier, waits_on_a_condition, waits_for_a_lock_of_its_own, waits_as_a_task),
    ],
)


@TOO_LONG
def test_what_a_handler_raises_rises_in_main(program: Any) -> None:
    with pytest.raises(TimeoutError, match="too late"):
        lab.record(program)
    run = lab.record(program, raises=False)
    assert run.verdict == "main raised TimeoutError: too late"
    assert run.stopped is None and isinstance(run.exception, TimeoutError)
    run.trace.certify()
    told = [frame.name for frame in traceback.extract_tb(run.exception.__traceback__)]
    assert program.__name__ in told or program is waits_as_a_task  # there it rises out of the loop, as in plain Python


@TOO_LONG
def test_when_it_rises_on_the_virtual_clock_is_nothing_of_any_seeds(program: Any) -> None:
    if program is waits_as_a_task:
        return  # a loop that has nothing to do but to wait waits for it
    run = lab.record(program, clock="virtual", raises=False)
    assert "the virtual clock does not rule the handler of SIGALRM, which takes part" in run.verdict
    assert run.verdict.endswith("use clock='wall'")
    run.trace.certify()


def gives_up() -> tuple[str, ...]:
    """Each wait is given up, and all goes on: nothing of it is a fault, a deadlock, or lost."""
    lock, gate, inside = threading.Lock(), threading.Semaphore(0), threading.Event()

    def hold() -> None:
        with lock:
            inside.set()
            gate.acquire()

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait()
    said = []
    for wait in (lock.acquire, holder.join):
        try:
            with time_limit():
                wait()
        except TimeoutError as error:
            said.append(str(error))
    gate.release()
    holder.join()
    return tuple(said)


def test_the_program_may_catch_it() -> None:
    run = lab.record(gives_up)
    assert run.result == ("too late", "too late")
    assert (run.stopped, run.standing, run.exception) == (None, "", None)
    assert [e.thread for e in run.trace.of("lock") if e.kind == "refuse"] == ["main"]
    run.trace.certify()


def fails_in_its_handler() -> None:
    """The handler fails of itself, without a `raise`, while main waits for a worker that nobody lets go."""
    signal.signal(signal.SIGUSR1, lambda *args: [][0])
    gate = threading.Semaphore(0)
    worker = threading.Thread(target=gate.acquire, daemon=True)
    worker.start()
    os.kill(os.getpid(), signal.SIGUSR1)
    worker.join()


def test_a_deadlock_is_not_said_while_it_is_under_way() -> None:
    run = lab.record(fails_in_its_handler, raises=False)
    assert run.verdict == "main raised IndexError: list index out of range"
    run = lab.record(fails_in_its_handler, raises=False, clock="virtual")
    assert run.verdict == (
        "main raised IndexError: list index out of range; stopped: the virtual clock does not rule the handler of "
        "SIGUSR1, which takes part; Thread-1 (acquire) waits for `gate` (value 0); main waits for Thread-1 (acquire) "
        "to end; use clock='wall'"
    )


def asked_to_go() -> None:
    signal.signal(signal.SIGUSR1, lambda *args: sys.exit(3))
    os.kill(os.getpid(), signal.SIGUSR1)
    time.sleep(60)


@CLOCKS
def test_a_handler_may_end_the_program(clock: str) -> None:
    assert lab.record(asked_to_go, raises=False, clock=clock).verdict.startswith("main raised SystemExit: 3")


def interrupted() -> None:
    def as_if_by_the_user(*args: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGUSR1, as_if_by_the_user)
    os.kill(os.getpid(), signal.SIGUSR1)
    time.sleep(60)


@CLOCKS
def test_the_users_interrupt_ends_the_run_as_ever(clock: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        lab.record(interrupted, raises=False, clock=clock)


def told_by_another_process() -> str:
    def refuse(*args: Any) -> None:
        raise LookupError("told")

    signal.signal(signal.SIGUSR1, refuse)
    code = f"import os, signal; os.kill({os.getpid()}, signal.SIGUSR1)"
    with subprocess.Popen([sys.executable, "-c", code]):
        try:
            threading.Semaphore(0).acquire()
        except LookupError as error:
            return str(error)
    return "never"


def test_a_handler_that_could_raise_hides_a_deadlock() -> None:
    run = lab.record(told_by_another_process)
    assert (run.result, run.stopped) == ("told", None)


def remembers() -> None:
    noted: list[Any] = []
    signal.signal(signal.SIGUSR1, lambda *args: noted.append(args))
    gate = threading.Semaphore(0)
    gate.acquire()


@CLOCKS
def test_one_that_could_not_hides_none(clock: str) -> None:
    run = lab.record(remembers, clock=clock)
    assert run.verdict == "Deadlock: main waits for `gate` (value 0) and nobody can release it any more"


def after_main_has_ended() -> None:
    def too_late(*args: Any) -> None:
        raise LookupError("too late")

    signal.signal(signal.SIGUSR1, too_late)
    me, main = os.getpid(), threading.current_thread()

    def work() -> None:
        main.join()
        os.kill(me, signal.SIGUSR1)
        time.sleep(0.01)

    threading.Thread(target=work).start()


def test_what_rises_when_main_has_ended_is_mains_all_the_same() -> None:
    assert lab.record(after_main_has_ended, raises=False).verdict == "main raised LookupError: too late"


def asks_for_its_handler() -> bool:
    def handler(*args: Any) -> None:
        raise TimeoutError

    signal.signal(signal.SIGUSR1, handler)
    same = signal.getsignal(signal.SIGUSR1) is handler
    return same and signal.signal(signal.SIGUSR1, signal.SIG_DFL) is handler


@CLOCKS
def test_the_program_finds_the_handler_that_it_has_set(clock: str) -> None:
    assert lab.record(asks_for_its_handler, clock=clock).result is True


def waits_for_a_gate() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    gate = threading.Semaphore(0)
    gate.acquire()


def test_a_handler_that_was_set_before_the_run_counts_as_well() -> None:
    def too_late(*args: Any) -> None:
        raise TimeoutError("too late")

    before = signal.signal(signal.SIGALRM, too_late)
    try:
        run = lab.record(waits_for_a_gate, raises=False)
        assert run.verdict == "main raised TimeoutError: too late"
        assert signal.getsignal(signal.SIGALRM) is too_late
        assert "does not rule the handler of SIGALRM" in lab.record(waits_for_a_gate, clock="virtual").verdict
        assert signal.getsignal(signal.SIGALRM) is too_late
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# In plain Python a handler is called in the main thread, which goes on when it has returned.


def holds_what_its_handler_wants(make: Any) -> list[int]:
    lock, handled = make(), list[int]()

    def handle(*args: Any) -> None:
        with lock:
            handled.append(signal.SIGALRM)

    signal.signal(signal.SIGALRM, handle)
    with lock:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        while signal.getitimer(signal.ITIMER_REAL)[0]:
            time.sleep(0.001)
        time.sleep(0.01)
    return handled


@pytest.mark.parametrize("make", [threading.Lock, threading.Semaphore], ids=["Lock", "Semaphore"])
def test_main_gives_nothing_back_while_a_handler_waits_for_it(make: Any) -> None:
    run, limit = stopped_late_enough(
        lambda limit: lab.record(holds_what_its_handler_wants, make=make, timeout=limit),
        lambda run: "main waits" in run.verdict,
    )
    held = ", held by main" if make is threading.Lock else " (value 0)"
    assert run.verdict == (
        f"Stopped: the program had not ended after {limit:g} s; signal handler waits for `lock`{held}; "
        "main waits for signal handler to end; the handler of SIGALRM, which is not of the run, could still have acted"
    )
    run.trace.certify()


def test_a_handler_has_what_main_owns() -> None:
    run = lab.record(holds_what_its_handler_wants, make=threading.RLock)
    assert run.result == [signal.SIGALRM]
    assert [event.kind for event in run.trace if event.primitive] == ["acquire", "release"]


@pytest.mark.parametrize("wait", ["sleep", "join", "acquire"])
def test_main_goes_on_when_a_handler_has_what_it_waited_for(wait: str) -> None:
    lock, told = threading.Lock(), []

    def program() -> None:
        def handle(*args: Any) -> None:
            told.append("called")
            with lock:
                told.append("handler")

        def work() -> None:
            with lock:
                os.kill(os.getpid(), signal.SIGUSR1)
                while not told:
                    time.sleep(0.001)
                time.sleep(0.01)

        signal.signal(signal.SIGUSR1, handle)
        worker = threading.Thread(target=work)
        worker.start()
        if wait == "sleep":
            time.sleep(0.005)
        elif wait == "acquire":
            with lock:
                pass
        worker.join()
        told.append("main")

    run = lab.record(program)
    assert (run.stopped, run.exception, told) == (None, None, ["called", "handler", "main"])
    assert "had not ended" not in run.verdict
    run.trace.certify()


def test_who_made_a_virtual_run_stop_is_named_however_others_look_meanwhile() -> None:
    def program() -> None:
        lock, handled = threading.RLock(), list[int]()

        def handle(number: int, frame: Any) -> None:
            with lock:
                handled.append(number)

        signal.signal(signal.SIGUSR1, handle)
        with lock:
            os.kill(os.getpid(), signal.SIGUSR1)
            while not handled:
                time.sleep(0.001)

    told = {lab.record(program, clock="virtual").verdict for _ in range(30)}
    assert told == {
        "Stopped: the virtual clock does not rule the signal handler, which takes part; use clock='wall'",
    }


def test_a_handler_that_has_returned_has_ended() -> None:
    for _ in range(20):
        run = lab.record(opened_by_the_process)
        ends = [event.kind for event in run.trace if event.thread == "signal handler" and event.kind == "end"]
        assert ends == ["end"]
        assert "had not" not in run.verdict
        run.trace.certify()
