"""`datetime` as a recorded program sees it: on the virtual clock, now and today are the run's own.

The classes stay the real ones, so dates made in a run are what they are anywhere: for `type`, for pickle, for classes
derived from them, after the run. What changes for its time is where their class methods look.
"""

from __future__ import annotations

import ctypes
import datetime
import gc
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from semalab.instrument.namespaces import ABSENT

if TYPE_CHECKING:
    from semalab.instrument.namespace import Twins

_OF_NOW = ("now", "utcnow", "today")
_UTCNOW = (
    "datetime.datetime.utcnow() is deprecated and scheduled for removal in a future version. Use timezone-aware "
    "objects to represent datetimes in UTC: datetime.datetime.now(datetime.UTC)."
)


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
    of_dates = issubclass(method.__self__, datetime.date) and method.__name__ in _OF_NOW
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
