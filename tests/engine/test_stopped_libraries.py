"""A run that is stopped while a library waits in something unwatched leaves no thread, and no lock of it taken."""

from __future__ import annotations

import site
import sys
import threading
import types
from typing import Any

import pytest

import semalab as lab
from semalab.log.stops import Timeout

SOURCE = """
import queue
import threading

lock = threading.Lock()
gate = threading.Semaphore(0)
event = threading.Event()
condition = threading.Condition()
tasks = queue.Queue()

def of_a_semaphore():
    with lock:
        gate.acquire()

def of_an_event():
    with lock:
        event.wait(1000)

def of_a_condition():
    with lock, condition:
        condition.wait()

def of_a_queue():
    with lock:
        tasks.get()
"""


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module that counts as installed: none of its primitives is watched."""
    module: Any = types.ModuleType("waiting_room")
    module.__file__ = f"{site.getsitepackages()[0]}/waiting_room.py"
    exec(compile(SOURCE, module.__file__, "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "waiting_room", module)
    return module


@pytest.mark.parametrize("clock", ["wall", "virtual"])
@pytest.mark.parametrize("wait", ["of_a_semaphore", "of_an_event", "of_a_condition", "of_a_queue"])
def test_a_librarys_wait_ends_and_its_lock_is_free_again(clock: str, wait: str, library: Any) -> None:
    def program() -> None:
        threads = [threading.Thread(target=getattr(library, wait)) for _ in range(2)]  # one waits for the other's lock
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    before = set(threading.enumerate())
    run = lab.record(program, clock=clock, timeout=0.3 if clock == "wall" else 30.0)
    assert isinstance(run.stopped, Timeout)
    assert run.stopped.left == ()
    assert not library.lock.locked()
    assert set(threading.enumerate()) <= before
    assert not library.condition._waiters
    assert library.gate._value == 0
