"""Semaphores that are not `threading`'s, on the same bench: tasks of asyncio, processes, a cluster's workers.

Each adapter writes the log of what its semaphores did and hands over a `Run`: the same certificate, claims and picture.

>>> from semalab import beyond
>>> run = beyond.record_tasks(program, clock="virtual", tasks=10, initial=1)
"""

from __future__ import annotations

from typing import Any

_HOME = {"record_tasks": "tasks", "record_processes": "processes", "record_cluster": "cluster"}

__all__ = ["record_cluster", "record_processes", "record_tasks"]


def __getattr__(name: str) -> Any:
    """Only what is used is imported: in a worker process every import is paid for again."""
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module 'semalab.beyond' has no attribute {name!r}")
    return getattr(import_module(f"semalab.beyond.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
