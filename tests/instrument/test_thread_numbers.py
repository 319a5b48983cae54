"""A program's threads have numbers of the run's own on the virtual clock; whoever asks the process for one finds it."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import semalab as lab

# A number that is nobody's ends the process, in the C library: what does so would take this one with it.
FATAL = """
import signal, sys, threading, time
import semalab as lab

def signals():
    before = signal.signal(signal.SIGUSR1, lambda *_: came.append(threading.current_thread().name))
    try:
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
        time.sleep(0.01)
    finally:
        signal.signal(signal.SIGUSR1, before)

def asks_its_clock():
    came.append(time.clock_gettime(time.pthread_getcpuclockid(threading.get_ident())) > 0)

def hands_it_on(kill=signal.pthread_kill):
    kill(threading.get_ident(), 0)
    came.append("there")

came = []
run = lab.record(globals()[sys.argv[1]], clock=sys.argv[2])
lab.explore(globals()[sys.argv[1]])
print(came[0], run.note or "-")
"""


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="threads cannot be sent signals here")
@pytest.mark.parametrize(
    ("program", "came", "noted"),
    [
        ("signals", "MainThread", "signal.pthread_kill"),
        ("asks_its_clock", "True", "time.pthread_getcpuclockid"),
        ("hands_it_on", "there", "signal.pthread_kill"),
    ],
)
@pytest.mark.parametrize("clock", ["wall", "virtual"])
def test_the_process_is_asked_for_a_thread_that_it_has(program: str, came: str, noted: str, clock: str) -> None:
    done = subprocess.run([sys.executable, "-c", FATAL, program, clock], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith(came)
    assert (noted in done.stdout) == (clock == "virtual")


@pytest.mark.parametrize("clock", ["wall", "virtual"])
def test_each_thread_is_found_among_the_frames_of_all(clock: str) -> None:
    gate = threading.Semaphore(0)

    def waits_here() -> None:
        gate.acquire()

    def program() -> list[bool]:
        thread = threading.Thread(target=waits_here)
        thread.start()
        time.sleep(0.01)
        frame = sys._current_frames().get(thread.ident or 0)
        names = set()
        while frame is not None:
            names.add(frame.f_code.co_name)
            frame = frame.f_back
        gate.release()
        thread.join()
        return ["waits_here" in names, threading.get_ident() in sys._current_frames()]

    before = sys._current_frames
    assert lab.record(program, clock=clock).result == [True, True]
    assert sys._current_frames is before


def ended_from_outside(number: Callable[[int], Any]) -> list[str]:
    """A recipe that many know: an exception is raised in another thread."""
    came: list[str] = []

    def works() -> None:
        try:
            while True:
                time.sleep(0.01)
        except KeyError:
            came.append("ended")

    thread = threading.Thread(target=works, daemon=True)
    thread.start()
    time.sleep(0.05)
    assert thread.ident is not None
    found = ctypes.pythonapi.PyThreadState_SetAsyncExc(number(thread.ident), ctypes.py_object(KeyError))
    assert found == 1
    thread.join()
    return came


@pytest.mark.parametrize("number", [ctypes.c_long, ctypes.c_ulong])
def test_an_exception_that_is_sent_to_a_thread_rises_there(number: Callable[[int], Any]) -> None:
    assert ended_from_outside(number) == ["ended"]  # the lab, which sends some, too, has left no trace
    assert lab.record(ended_from_outside, number=number).result == ["ended"]


def test_the_virtual_clock_does_not_rule_an_exception_that_is_sent() -> None:
    run = lab.record(ended_from_outside, number=ctypes.c_long, clock="virtual", raises=False)
    assert run.verdict == (
        "Stopped: the virtual clock does not rule ctypes.pythonapi.PyThreadState_SetAsyncExc, which takes part;"
        " use clock='wall'"
    )
    assert ended_from_outside(ctypes.c_long) == ["ended"]
