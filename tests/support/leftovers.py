"""The fixture `nothing_left`: it fails a test whose run left a thread, a twin, an open file or a changed setting."""

from __future__ import annotations

import _thread
import contextlib
import gc
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_OF_A_THREAD = ("__init__", "start", "_bootstrap_inner", "join")
_CLOCKS = ("time", "monotonic", "perf_counter", "sleep", "localtime")
OPEN_FILES = Path("/proc/self/fd")  # Linux; elsewhere nobody tells


def state() -> dict[str, Any]:
    """Everything a run borrows and must give back, except names."""
    here: dict[str, Any] = {
        "operating-system threads": _thread._count(),
        "threads known to threading": sorted(thread.name for thread in threading.enumerate()),
        "threads known to the interpreter": len(sys._current_frames()),
        "random's state": hash(random.getstate()),
        "garbage collection": (gc.isenabled(), gc.get_threshold()),
        "switch interval": sys.getswitchinterval(),
        "stack size": threading.stack_size(),
        "what makes and starts threads": {name: vars(threading.Thread)[name] for name in _OF_A_THREAD},
        "clocks, numbers, files": (*(vars(time)[name] for name in _CLOCKS), os.urandom, vars(random.Random)["seed"]),
        "hooks": (threading.excepthook, sys.unraisablehook, threading.gettrace(), threading.getprofile()),
    }
    if hasattr(os, "sched_getaffinity"):
        here["cores"] = os.sched_getaffinity(0)
        here["scheduler"] = os.sched_getscheduler(0)
    if OPEN_FILES.is_dir():
        here["open files"] = open_files()
    return here


def open_files() -> dict[str, str]:
    """The process's file descriptors and what each of them leads to."""
    found = {}
    for descriptor in OPEN_FILES.iterdir():
        with contextlib.suppress(OSError):  # the one that listed the folder is closed by now
            found[descriptor.name] = str(descriptor.readlink())
    return {number: path for number, path in found.items() if not path.endswith(".ttf")}  # matplotlib keeps its fonts


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What a run borrowed and did not give back: by name, what it was and what it is.

    Of the open files only those that are open now and were not. One that is closed now was an earlier test's, in a
    circle of objects, and a collection of garbage in the midst of this run has closed it.
    """
    found = {name: (value, after[name]) for name, value in before.items() if after[name] != value}
    if "open files" in found:
        opened = after["open files"].items() - before["open files"].items()
        del found["open files"]
        if opened:
            found["open files"] = (before["open files"], dict(opened))
    return found


def await_ends_of_others() -> None:
    """The browser tests' last thread waits for the end of the browser, which may come in the midst of a later test."""
    for thread in threading.enumerate():
        if thread.name.startswith("asyncio-waitpid"):
            thread.join(timeout=60)


@pytest.fixture
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    await_ends_of_others()
    names = dict(vars(request.module))
    before = state()
    yield
    assert changes(before, state()) == {}
    changed = {name for name, value in vars(request.module).items() if names.get(name, state) is not value}
    assert changed | (names.keys() - vars(request.module).keys()) == set()
