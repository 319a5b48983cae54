"""CPython's private names that the lab relies on are there in the Python that runs."""

from __future__ import annotations

import queue
import threading

import pytest

from semalab.engine.interpreter import HANDLE

OF = {
    threading: "_active _dangling _limbo _DummyThread _make_invoke_excepthook _register_atexit _newname",
    threading.Thread(): f"_started _invoke_excepthook {HANDLE or '_is_stopped _tstate_lock'}",
    threading.Timer(1, int): "finished",
    threading.Semaphore(): "_cond _value",
    threading.Event(): "_cond _flag",
    threading.Barrier(1): "_cond _count _state _action",
    threading.Condition(): "_lock _waiters _is_owned _release_save _acquire_restore",
    queue.Queue(): "mutex not_empty not_full all_tasks_done queue unfinished_tasks",
    queue: "_PySimpleQueue",
}


def named(value: object) -> str:
    """The same in every process, so that several can share the tests."""
    return value if isinstance(value, str) else getattr(value, "__name__", type(value).__name__)


@pytest.mark.parametrize(
    ("owner", "name"), [(owner, name) for owner, names in OF.items() for name in names.split()], ids=named
)
def test_a_private_name_is_there(owner: object, name: str) -> None:
    assert hasattr(owner, name)
