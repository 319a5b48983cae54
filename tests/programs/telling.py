"""A program that says whatever it is told to: in its thread's name, its exception and what it prints."""

from __future__ import annotations

import threading
from typing import Any

import semalab as lab
from semalab.run import Run


class Told(Exception):
    pass


def says(name: str, message: str, printed: str) -> Any:
    """A program whose thread has this name, prints this, passes a semaphore, and fails with this message."""
    gate = threading.Semaphore(1)

    def work() -> None:
        print(printed)
        with gate:
            raise Told(message)

    worker = threading.Thread(target=work, name=name)
    worker.start()
    worker.join()


def run_of(name: str = "worker", message: str = "", printed: str = "") -> Run:
    return lab.record(says, clock="virtual", raises=False, name=name, message=message, printed=printed)
