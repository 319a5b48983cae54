"""`time` and `datetime` as a recorded program sees them: on the virtual clock, now and today are the run's own.

The classes of `datetime` stay the real ones, so dates made in a run are what they are anywhere: for `type`, for pickle,
for classes derived from them, after the run. What changes for its time is where their class methods look.
"""

from __future__ import annotations

import ctypes
import datetime
import gc
import sys
import time
import types
import warnings
from collections.abc import Callable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

from semalab.instrument.copies import copied
from semalab.instrument.namespaces import ABSENT
from semalab.instrument.recorder import Recorder
from semalab.instrument.unseen import Unruled
from semalab.originals import AT_FIRST

if TYPE_CHECKING:
    from semalab.instrument.namespace import Twins

_OF_NOW = {"localtime": 0, "gmtime": 0, "ctime": 0, "asctime": 0, "strftime": 1}  # where the moment may be left out
_OF_CPU = {getattr(time, f"CLOCK_{name}_CPUTIME_ID", None) for name in ("PROCESS", "THREAD")}
_CPU_SECONDS = ("process_time", "process_time_ns", "thread_time", "thread_time_ns")
_NONE_IS_NOW = (time.localtime, time.gmtime, time.ctime)
_DATES_OF_NOW = ("now", "utcnow", "today")
_UTCNOW = (
    "datetime.datetime.utcnow() is deprecated and scheduled for removal in a future version. Use timezone-aware "
    "objects to represent datetimes in UTC: datetime.datetime.now(datetime.UTC)."
)


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

    sleep.__doc__, sleep.__module__, sleep.__qualname__ = real.__doc__, "time", "sleep"
    sleep.__wrapped__ = real  # type: ignore[attr-defined]
    return sleep


class ClassOfC(NamedTuple):
    """The place of an attribute in a class written in C, which Python lets nobody set.

    Its names are in a dictionary all the same, which the garbage collector knows; CPython has to be told afterwards
    that what it remembers of the class is out of date. So it is from 3.11 to 3.14.
    """

    owner: type
    name: str

    def get(self) -> Any:
        return vars(self.owner).get(self.name, ABSENT)

    def exchange(self, old: Any, new: Any) -> None:
        if self.get() is not old:
            return
        (names,) = (one for one in gc.get_referents(vars(self.owner)) if type(one) is dict)
        names[self.name] = new
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(self.owner))


def present(method: Any) -> Any:
    """A class method of C that the program keeps, `datetime.now` itself: the one that is in its place just now."""
    of_dates = issubclass(method.__self__, datetime.date) and method.__name__ in _DATES_OF_NOW
    now = getattr(method.__self__, method.__name__) if of_dates else method
    return now if type(now) is types.MethodType else method


def dates(twins: Twins) -> Iterator[tuple[ClassOfC, Any, Any]]:
    """Each place, what stands there, and what stands there while a run on the virtual clock lasts."""
    processor = twins.processor
    if twins.now is None or type(vars(datetime.datetime)["now"]).__name__ != "classmethod_descriptor":
        return  # already another's, or written in Python
    from_moment = vars(datetime.datetime)["fromtimestamp"]  # whatever a derived class has put over it

    def moment() -> float:
        return float(twins.module("time").time())

    def in_the_run(real: Any, make: Callable[..., Any]) -> Any:
        def chosen(cls: type, *args: Any, **kwargs: Any) -> Any:
            ours = processor.current() is not None
            return make(cls, *args, **kwargs) if ours else real.__get__(None, cls)(*args, **kwargs)

        chosen.__name__ = chosen.__qualname__ = real.__name__
        chosen.__doc__ = real.__doc__
        return classmethod(chosen)

    def now(cls: type, tz: datetime.tzinfo | None = None) -> Any:
        return from_moment.__get__(None, cls)(moment(), tz)

    def utcnow(cls: type) -> Any:
        if sys.version_info >= (3, 12):
            warnings.warn(_UTCNOW, DeprecationWarning, stacklevel=3)
        return now(cls, datetime.UTC).replace(tzinfo=None)

    def today(cls: Any) -> Any:
        return cls.fromtimestamp(moment())

    for owner, make in ((datetime.datetime, now), (datetime.datetime, utcnow), (datetime.date, today)):
        place = ClassOfC(owner, make.__name__)
        yield place, place.get(), in_the_run(place.get(), make)
