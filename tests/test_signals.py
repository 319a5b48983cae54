"""A recorded program's main thread sets handlers of signals as in plain Python; afterwards they are what they were."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import pytest

import semalab as lab

pytest_plugins = ("leftovers",)
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
