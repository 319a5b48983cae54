"""The operating-system thread that carries one thread of the program, and whose very end can be awaited."""

from __future__ import annotations

import _thread
import contextlib
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

system: Any = _thread  # what it offers differs from version to version
# Bound now: while a run lasts, starts by these names are noted as those of threads that are not of the run.
_start_new_thread = system.start_new_thread
_start_joinable_thread: Any = getattr(system, "start_joinable_thread", None)


class Carrier:
    """A thread below `threading.Thread`: starting one costs half as much and waits for nobody.

    Invariants: `ident` is 0 until the thread runs. `_launched` is set before the thread can exist, so that an interrupt
    in between never loses one. `_end` is what the interpreter releases when nothing of the thread is left.
    """

    __slots__ = ("_body", "_end", "_launched", "ident")

    def __init__(self, body: Callable[[], None]) -> None:
        self.ident = 0
        self._body: Callable[[], None] | None = body
        self._launched = False
        self._end: Any = None

    def start(self) -> int:
        """Returns the new thread's identifier. Raises RuntimeError when the operating system has no more threads."""
        self._launched = True
        try:
            return _start(self)
        except RuntimeError:
            self._launched = False
            raise

    def is_alive(self) -> bool:
        return self._launched and (self._end is None or not _is_over(self._end))

    def join(self, timeout: float) -> None:
        """Wait for the thread's end, `timeout` seconds at most."""
        if self._launched and self._end is not None:
            _await(self._end, timeout)
        elif self._launched:  # the system has not let it begin yet
            time.sleep(min(timeout, 0.0005))

    def _run(self) -> None:
        traced = _follow_tracing()
        body, self._body = self._body, None  # it leads back to this object: nobody should wait for the collector
        try:
            if body is not None:
                body()
        finally:
            if traced:  # a debugger is the last that could ask, in the following lines
                sys.settrace(None)
                sys.setprofile(None)
            # Whoever asked the real threading for its current thread (logging, for one) left a stand-in there.
            threading._active.pop(system.get_ident(), None)  # type: ignore[attr-defined]


def _follow_tracing() -> bool:
    """Do what `threading.Thread` does for debuggers and coverage; returns whether there was anything to do."""
    if trace := threading.gettrace():
        sys.settrace(trace)
    if profile := threading.getprofile():
        sys.setprofile(profile)
    return bool(trace or profile)


if _start_joinable_thread is not None:  # from CPython 3.13 on

    def _start(carrier: Carrier) -> int:
        def run() -> None:
            carrier.ident = system.get_ident()
            carrier._run()

        carrier._end = system._ThreadHandle()
        _start_joinable_thread(run, handle=carrier._end, daemon=True)
        return int(carrier._end.ident)

    def _is_over(end: Any) -> bool:
        return bool(end.is_done())

    def _await(end: Any, timeout: float) -> None:
        with contextlib.suppress(RuntimeError):  # it has not started yet
            end.join(timeout)

else:

    def _start(carrier: Carrier) -> int:
        def run() -> None:
            end = system._set_sentinel()
            end.acquire()
            carrier._end = end
            carrier.ident = system.get_ident()
            carrier._run()

        return int(_start_new_thread(run, ()))

    def _is_over(end: Any) -> bool:
        return not end.locked()

    def _await(end: Any, timeout: float) -> None:
        if end.acquire(True, timeout):
            end.release()
