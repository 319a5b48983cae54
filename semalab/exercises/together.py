"""How the exercises' programs begin and end: all threads are started before any is waited for."""

from __future__ import annotations

import threading
from collections.abc import Sequence


def run_together(threads: Sequence[threading.Thread]) -> None:
    """Start all of them, then wait until all have ended."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
