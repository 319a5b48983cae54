"""The fixture `nothing_left`: a test that uses it fails if a run left a thread, a twin or a changed setting behind."""

from __future__ import annotations

import _thread
import gc
import os
import random
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest


def state() -> dict[str, Any]:
    """Everything a run borrows and must give back, except names."""
    here: dict[str, Any] = {
        "operating-system threads": _thread._count(),
        "threads known to threading": sorted(thread.name for thread in threading.enumerate()),
        "threads known to the interpreter": len(sys._current_frames()),
        "random's state": random.getstate(),
        "garbage collection": (gc.isenabled(), gc.get_threshold()),
        "switch interval": sys.getswitchinterval(),
        "hooks": (threading.excepthook, sys.unraisablehook, threading.gettrace(), threading.getprofile()),
    }
    if hasattr(os, "sched_getaffinity"):
        here["cores"] = os.sched_getaffinity(0)
        here["scheduler"] = os.sched_getscheduler(0)
    return here


@pytest.fixture
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    names = dict(vars(request.module))
    before = state()
    yield
    assert state() == before
    changed = {name for name, value in vars(request.module).items() if names.get(name, state) is not value}
    assert changed | (names.keys() - vars(request.module).keys()) == set()
