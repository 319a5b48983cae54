"""`time` as a recorded program sees it: on the virtual clock, now is the run's own."""

from __future__ import annotations

import datetime
import operator
import time
import types
from collections.abc import Callable
from functools import wraps
from typing import Any

from semalab.instrument.copies import copied
from semalab.instrument.identity import present
from semalab.instrument.recorder import Recorder
from semalab.instrument.unseen import Unruled
from semalab.originals import AT_FIRST

_OF_NOW = {"localtime": 0, "gmtime": 0, "ctime": 0, "asctime": 0, "strftime": 1}  # where the moment may be left out
_OF_CPU = {getattr(time, f"CLOCK_{name}_CPUTIME_ID", None) for name in ("PROCESS", "THREAD")}
_CPU_SECONDS = ("process_time", "process_time_ns", "thread_time", "thread_time_ns")
_NONE_IS_NOW = (time.localtime, time.gmtime, time.ctime)
_TOO_LONG = 2**63 / 1e9  # seconds: more nanoseconds than CPython counts
_DATES_OF_NOW = ("now", "utcnow", "today")


def time_module(
    recorder: Recorder, choose: Callable[[Any, Any], Any], unruled: Unruled, now: Callable[[], int] | None
) -> types.ModuleType:
    """choose: makes a function that is ours for the run's threads and the real one for all others. now: the run's own
    clock in nanoseconds, None if that is the real one.
    """
    module, pythons = copied(time, sleep=_sleep(recorder)), AT_FIRST["time"]
    choose = _followed(choose)
    if now is not None:
        for name in ("monotonic", "perf_counter", "time"):
            module.__dict__[name] = choose(lambda: now() / 1e9, pythons[name])
            module.__dict__[name + "_ns"] = choose(lambda: now(), pythons[name + "_ns"])
        for name in filter(pythons.__contains__, ("clock_gettime", "clock_gettime_ns")):
            module.__dict__[name] = choose(_of_clock(pythons[name], now, unruled), pythons[name])
        for name in filter(pythons.__contains__, _CPU_SECONDS if unruled.rules else ()):
            real = pythons[name]
            module.__dict__[name] = choose(unruled.noting(f"time.{name}", real), real)
        for name, place in _OF_NOW.items():
            module.__dict__[name] = choose(_of_now(pythons[name], place, now), pythons[name])
    return module


def _followed(choose: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Functions that are chosen as long as the real one stands in `time`: another one in its place the program has put
    there in the midst of the run, and means that one.
    """

    def chosen(ours: Any, real: Any) -> Any:
        name, function = real.__name__, choose(ours, real)

        @wraps(function)
        def followed(*args: Any, **kwargs: Any) -> Any:
            there = vars(time).get(name)
            return (function if there is real or there is None else there)(*args, **kwargs)

        return followed

    return chosen


def _of_clock(real: Callable[[int], Any], now: Callable[[], int], unruled: Unruled) -> Callable[[int], Any]:
    """The function, given the run's moment for every clock but those that count the CPU's seconds."""
    nanoseconds = real.__name__.endswith("_ns")

    def of_clock(clock: int, /) -> Any:
        if clock in _OF_CPU or clock < 0:  # below 0: one thread's, or another process's
            unruled.note(f"time.{real.__name__}")
            return real(clock)
        real(clock)  # raises CPython's own errors
        return now() if nanoseconds else now() / 1e9

    return of_clock


def _of_now(real: Callable[..., Any], place: int, now: Callable[[], int]) -> Callable[..., Any]:
    """The function, given the run's moment where the caller gives none."""

    def of_now(*args: Any) -> Any:
        if len(args) != place and not (args == (None,) and real in _NONE_IS_NOW):
            return real(*args)
        args = args[:place]
        moment: Any = now() / 1e9
        return real(*args, time.localtime(moment) if real in (time.asctime, time.strftime) else moment)

    return of_now


def _sleep(recorder: Recorder) -> Callable[[float], None]:
    current, sleep_in_run, place = recorder.processor.current, recorder.processor.sleep, recorder.place

    real = time.sleep

    def sleep(seconds: float, /) -> None:
        me = current()
        # Another one in its place: the program has put it there in the midst of the run, and means that one.
        span = None if me is None or time.sleep is not real else _span(seconds)
        if me is None:
            present(time.sleep)(seconds)
        elif span is None:
            time.sleep(seconds)  # also raises CPython's own errors
        else:
            sleep_in_run(me, span, place())

    sleep.__doc__, sleep.__module__, sleep.__qualname__ = real.__doc__, "time", "sleep"
    sleep.__wrapped__ = real  # type: ignore[attr-defined]
    return sleep


def _span(seconds: Any) -> float | None:
    """How long CPython's sleep sleeps if asked so; None where it raises: not all that can be multiplied is a time."""
    if isinstance(seconds, float):
        span: float = seconds
    elif hasattr(type(seconds), "__index__"):
        span = operator.index(seconds)
    else:
        return None
    return span if 0 <= span < _TOO_LONG else None


def in_its_place(method: Any) -> Any:
    """A class method of C that the program keeps, `datetime.now` itself: the one that is in its place just now."""
    of_dates = issubclass(method.__self__, datetime.date) and method.__name__ in _DATES_OF_NOW
    now = getattr(method.__self__, method.__name__) if of_dates else method
    return now if type(now) is types.MethodType else method
