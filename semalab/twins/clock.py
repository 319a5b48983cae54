"""`time` as a recorded program sees it: sleep is in the log, and on the virtual clock seconds are the run's own."""

from __future__ import annotations

import time
import types
from collections.abc import Callable
from functools import partial
from typing import Any

from semalab.twins.recorder import Recorder
from semalab.twins.source import copied

_OF_NOW = {"localtime": 0, "gmtime": 0, "ctime": 0, "asctime": 0, "strftime": 1}  # where the moment may be left out
_OF_CPU = {getattr(time, f"CLOCK_{name}_CPUTIME_ID", None) for name in ("PROCESS", "THREAD")}
_NONE_IS_NOW = (time.localtime, time.gmtime, time.ctime)


def time_module(recorder: Recorder, choose: Callable[[Any, Any], Any]) -> types.ModuleType:
    """choose: makes a function that is ours for the run's threads and the real one for all others."""
    module = copied(time, sleep=_sleep(recorder))
    if recorder.processor.clock == "virtual":
        now = recorder.processor.now
        for name in ("monotonic", "perf_counter", "time"):
            module.__dict__[name] = choose(lambda: now() / 1e9, getattr(time, name))
            module.__dict__[name + "_ns"] = choose(lambda: now(), getattr(time, name + "_ns"))
        for name in filter(partial(hasattr, time), ("clock_gettime", "clock_gettime_ns")):
            module.__dict__[name] = choose(_of_clock(getattr(time, name), now), getattr(time, name))
        for name, place in _OF_NOW.items():
            module.__dict__[name] = choose(_of_now(getattr(time, name), place, now), getattr(time, name))
    return module


def _of_clock(real: Callable[[int], Any], now: Callable[[], int]) -> Callable[[int], Any]:
    """The function, given the run's moment for every clock but those that count the CPU's seconds."""
    nanoseconds = real.__name__.endswith("_ns")

    def of_clock(clock: int, /) -> Any:
        if clock in _OF_CPU:
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

    def sleep(seconds: float, /) -> None:
        me = current()
        if me is None or not seconds >= 0:
            time.sleep(seconds)  # also raises CPython's own errors
        else:
            sleep_in_run(me, seconds, place())

    sleep.__doc__ = time.sleep.__doc__
    return sleep
