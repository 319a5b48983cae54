"""`time` as a recorded program sees it: sleep is in the log, and on the virtual clock seconds are the run's own."""

from __future__ import annotations

import time
import types
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from semalab.instrument.recorder import Recorder
from semalab.instrument.source import copied
from semalab.instrument.unruled import Unruled

_OF_NOW = {"localtime": 0, "gmtime": 0, "ctime": 0, "asctime": 0, "strftime": 1}  # where the moment may be left out
_OF_CPU = {getattr(time, f"CLOCK_{name}_CPUTIME_ID", None) for name in ("PROCESS", "THREAD")}
_CPU_SECONDS = ("process_time", "process_time_ns", "thread_time", "thread_time_ns")
_NONE_IS_NOW = (time.localtime, time.gmtime, time.ctime)


def time_module(
    recorder: Recorder, choose: Callable[[Any, Any], Any], unruled: Unruled, now: Callable[[], int] | None
) -> types.ModuleType:
    """choose: makes a function that is ours for the run's threads and the real one for all others. now: the run's own
    clock in nanoseconds, None if that is the real one.
    """
    module = copied(time, sleep=_sleep(recorder))
    choose = _followed(choose)
    if now is not None:
        for name in ("monotonic", "perf_counter", "time"):
            module.__dict__[name] = choose(lambda: now() / 1e9, getattr(time, name))
            module.__dict__[name + "_ns"] = choose(lambda: now(), getattr(time, name + "_ns"))
        for name in filter(partial(hasattr, time), ("clock_gettime", "clock_gettime_ns")):
            module.__dict__[name] = choose(_of_clock(getattr(time, name), now, unruled), getattr(time, name))
        for name in filter(partial(hasattr, time), _CPU_SECONDS if unruled.rules else ()):
            real = getattr(time, name)
            module.__dict__[name] = choose(unruled.noting(f"time.{name}", real), real)
        for name, place in _OF_NOW.items():
            module.__dict__[name] = choose(_of_now(getattr(time, name), place, now), getattr(time, name))
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
        if clock in _OF_CPU:
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
        if me is None or time.sleep is not real or not seconds >= 0:
            time.sleep(seconds)  # also raises CPython's own errors
        else:
            sleep_in_run(me, seconds, place())

    sleep.__doc__ = time.sleep.__doc__
    return sleep
