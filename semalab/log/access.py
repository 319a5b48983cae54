"""Reads and writes of a variable that threads share, as an exploration that tells a schedule has seen them."""

from __future__ import annotations

from typing import NamedTuple


class Access(NamedTuple):
    """A thread reads or writes a variable.

    after: how many events the log had then. kind: "read" or "write". value: what it read or wrote; None if that is no
    number, or not known.
    """

    after: int
    thread: str
    kind: str
    variable: str
    value: float | None = None
