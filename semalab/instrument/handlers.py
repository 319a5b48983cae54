"""`signal` as a recorded program sees it: its main thread may say what handles a signal, as in plain Python.

CPython lets only the process's main thread do so, and that one waits for the run's end: it is asked to. The handlers
are called there, too, and are what they were when the run is over. What main blocks is blocked there, too: else a
signal that is to wait for `sigwait` would end the process.
"""

from __future__ import annotations

import signal
import types
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from semalab.engine import Processor, Stop, VirtualProcessor
from semalab.engine.signals import unguarded
from semalab.instrument.copies import copied
from semalab.instrument.unseen import Unruled

_TIMERS = {
    vars(signal)[f"SIG{name}"]: vars(signal)[f"ITIMER_{timer}"]
    for name, timer in (("ALRM", "REAL"), ("VTALRM", "VIRTUAL"), ("PROF", "PROF"))
    if hasattr(signal, f"ITIMER_{timer}")  # not on Windows
}

_ALARMS = tuple(name for name in ("setitimer", "alarm") if hasattr(signal, name))
_LOOKS = 0.005  # seconds between two looks for a signal
_WAITS = tuple(name for name in ("sigwait", "sigwaitinfo", "sigtimedwait", "pause") if hasattr(signal, name))
_mask: Callable[[int, Iterable[int]], set[int]] | None = getattr(signal, "pthread_sigmask", None)  # not on Windows


def _get(signalnum: int, /) -> Any:
    return unguarded(signal.getsignal(signalnum))


class Handlers:
    """Invariant: `_before` has what handled a signal before the run, for each that the run has changed; `_unblocked`
    what the thread that called record() blocked before the run's main has changed that; `_idle` the timers of these
    signals that were not running by then; `_told` the file that was told of signals before the run has named another.
    """

    def __init__(self, processor: Processor, unruled: Unruled) -> None:
        self._processor = processor
        self._unruled = unruled
        self._before: dict[int, Any] = {}
        self._idle: set[int] = set()
        self._unblocked: set[int] | None = None
        self._told: int | None = None

    def module(self, choose: Callable[[Any, Any], Any]) -> types.ModuleType:
        set_, get = choose(self._set, signal.signal), choose(_get, signal.getsignal)
        others: dict[str, Any] = {"set_wakeup_fd": self._tell} | {
            name: self._unruled.noting(f"signal.{name}", getattr(signal, name))
            for name in _ALARMS
            if self._unruled.rules
        }
        if _mask is not None:
            others["pthread_sigmask"] = self._block
        if isinstance(self._processor, VirtualProcessor):
            others |= {name: self._waiting(name) for name in _WAITS}
        elif "pause" in _WAITS:
            others["pause"] = self._pause
        chosen = {name: choose(one, getattr(signal, name)) for name, one in others.items()}
        return copied(signal, signal=set_, getsignal=get, **chosen)

    def _pause(self) -> None:
        """A signal ends a wait of the thread that waits for the run's end: main asks whether one has come."""
        me, signals = self._processor.current(), self._processor.signals
        if me is None or me.number:
            signal.pause()
            return
        before, never = signals.turn.over, self._processor.allocate_lock()
        never.acquire()
        while signals.turn.over == before or signals.raised:
            never.acquire(True, _LOOKS)
        never.acquire(True, _LOOKS)  # what a handler has raised rises here

    def _tell(self, file: int, /, **how: Any) -> int:
        me = self._processor.current()
        if me is None or me.number:
            return signal.set_wakeup_fd(file, **how)
        self._unruled.note("signal.set_wakeup_fd")
        before: int = self._processor.ask(partial(signal.set_wakeup_fd, file, **how))
        if self._told is None:
            self._told = before
        return before

    def _block(self, how: int, mask: Iterable[int], /) -> Any:
        assert _mask is not None
        mask = list(mask)
        me = self._processor.current()
        if me is not None and not me.number:
            before = self._processor.ask(partial(_mask, how, mask))
            if self._unblocked is None:
                self._unblocked = before
            self._idle |= {_TIMERS[one] for one in mask if one in _TIMERS and not signal.getitimer(_TIMERS[one])[0]}
        return _mask(how, mask)

    def _waiting(self, name: str) -> Callable[..., Any]:
        """Who waits for a signal keeps all others from running, on one processor: it goes on at once, or not at all."""
        real = getattr(signal, name)

        def waiting(*args: Any) -> Any:
            at_once = name == "sigtimedwait" and len(args) > 1 and not args[1] > 0  # or as CPython's own error
            if not (at_once or (args and signal.sigpending() & set(args[0]))):
                self._processor.stop("strangers", (f"signal.{name}",))
                self._processor.report()
                raise Stop
            self._unruled.note(f"signal.{name}")
            return real(*args)

        return waiting

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
        if self._told is not None:
            signal.set_wakeup_fd(self._told)
            self._told = None
        if self._unblocked is not None and _mask is not None:
            while waiting := signal.sigpending() - self._unblocked:  # nobody will fetch it any more
                signal.sigwait(waiting)
            _mask(signal.SIG_SETMASK, self._unblocked)
            self._unblocked = None
