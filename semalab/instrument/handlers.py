"""`signal` as a recorded program sees it: its main thread may say what handles a signal, as in plain Python.

CPython lets only the process's main thread do so, and that one waits for the run's end: it is asked to. The handlers
are called there, too, and are what they were when the run is over.
"""

from __future__ import annotations

import signal
import types
from collections.abc import Callable
from functools import partial
from typing import Any

from semalab.engine import Processor
from semalab.engine.signals import unguarded
from semalab.instrument.copies import copied
from semalab.instrument.unseen import Unruled

_TIMERS = {
    vars(signal)[f"SIG{name}"]: vars(signal)[f"ITIMER_{timer}"]
    for name, timer in (("ALRM", "REAL"), ("VTALRM", "VIRTUAL"), ("PROF", "PROF"))
    if hasattr(signal, f"ITIMER_{timer}")  # not on Windows
}

_ALARMS = tuple(name for name in ("setitimer", "alarm") if hasattr(signal, name))


def _get(signalnum: int, /) -> Any:
    return unguarded(signal.getsignal(signalnum))


class Handlers:
    """Invariant: `_before` has what handled a signal before the run, for each that the run has changed; `_idle` the
    timers of these signals that were not running when the program set its handler.
    """

    def __init__(self, processor: Processor, unruled: Unruled) -> None:
        self._processor = processor
        self._unruled = unruled
        self._before: dict[int, Any] = {}
        self._idle: set[int] = set()

    def module(self, choose: Callable[[Any, Any], Any]) -> types.ModuleType:
        set_, get = choose(self._set, signal.signal), choose(_get, signal.getsignal)
        alarms = {
            name: choose(self._unruled.noting(f"signal.{name}", getattr(signal, name)), getattr(signal, name))
            for name in _ALARMS
            if self._unruled.rules
        }
        return copied(signal, signal=set_, getsignal=get, **alarms)

    def _set(self, signalnum: int, handler: Any, /) -> Any:
        me = self._processor.current()
        if me is None or me.number:  # the run's main thread has number 0; in any other CPython refuses it
            return signal.signal(signalnum, handler)
        guarded = self._processor.signals.guarded(handler)
        before = unguarded(self._processor.ask(partial(signal.signal, signalnum, guarded)))
        timer = _TIMERS.get(signalnum)
        if timer is not None and signalnum not in self._before and not signal.getitimer(timer)[0]:
            self._idle.add(timer)
        self._before.setdefault(int(signalnum), before)
        return before

    def restore(self) -> None:
        """Called by the thread that called record(). An interrupt in between leaves what is still to do."""
        for timer in list(self._idle):  # first: without its handler a running one's signal would end the process
            signal.setitimer(timer, 0)
            self._idle.remove(timer)
        for number, before in list(self._before.items()):
            if before is not None:  # None: one that was not set from Python, which nobody can set again
                signal.signal(number, before)
            del self._before[number]
