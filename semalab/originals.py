"""Standard modules as they were when the package was imported: who has put a mock there since wants it to be seen."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

AT_FIRST: Mapping[str, Mapping[str, Any]] = {
    name: dict(vars(module))
    for name, module in (("time", time), ("threading", threading), ("random", sys.modules.get("random")))
    if module is not None
}


def replaced(name: str) -> dict[str, Any]:
    """What has another function or class in its place in a real module: a mock, around the run. It is seen in the run.

    A hook is no such thing: the run has its own.
    """
    now, first = vars(sys.modules[name]), AT_FIRST.get(name, {})
    return {
        key: now[key]
        for key, value in first.items()
        if callable(value) and now.get(key, value) is not value and not key.endswith(("hook", "profile"))
    }


@contextmanager
def in_place() -> Iterator[None]:
    """All of it is Python's own meanwhile: what the lab's modules keep as they are imported, they keep for ever."""
    mocks = {name: replaced(name) for name in AT_FIRST}
    for name, those in mocks.items():
        vars(sys.modules[name]).update({key: AT_FIRST[name][key] for key in those})
    try:
        yield
    finally:
        for name, those in mocks.items():
            vars(sys.modules[name]).update(those)
