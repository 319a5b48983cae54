"""Who is asked for by number, of the process: on the virtual clock a program's threads have numbers of the run's own,
the same in every run, and to the operating system they are nobody's. CPython hands them on unchecked, and the C library
then follows a number into nowhere: the process is gone.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from semalab.engine import Stop, VirtualProcessor
from semalab.instrument.namespace import Twins
from semalab.instrument.places import Entry, Place

_KILL, _CPU_CLOCK = "pthread_kill", "pthread_getcpuclockid"
_RAISE = "PyThreadState_SetAsyncExc"


def places_of_numbers(twins: Twins) -> Iterator[tuple[Place, Any, Any]]:
    """Each place, what stands there, and what stands there while a run on the virtual clock lasts."""
    processor = twins.processor
    if not isinstance(processor, VirtualProcessor):
        return

    def systems(number: Any) -> Any:
        """The operating system's number of the run's thread with this one; any other as it is."""
        found = (t for t in list(processor.live.values()) if t.ident == number and t.carrier is not None)
        return next((thread.carrier.ident for thread in found), number)  # type: ignore[union-attr]

    def inside(place: Entry, ours: Callable[..., Any]) -> tuple[Place, Any, Any]:
        return twins.unruled.exchanged(place, twins.choose(ours, place.get()))

    def of_one(place: Entry) -> tuple[Place, Any, Any]:
        real, name = place.get(), f"{place.owner['__name__']}.{place.key}"

        def ours(number: Any, /, *args: Any) -> Any:
            twins.unruled.note(name)
            return real(systems(number), *args)

        return inside(place, ours)

    def of_all(place: Entry) -> tuple[Place, Any, Any]:
        real = place.get()

        def ours() -> Any:
            numbers = {system: thread.ident for system, thread in list(processor.live.items())}
            return {numbers.get(system, system): value for system, value in real().items()}

        return inside(place, ours)

    def raising(*args: Any) -> Any:
        """What rises in a thread that sleeps on this clock would rise in the midst of the lab: who does so is told."""
        processor.stop("strangers", (f"ctypes.pythonapi.{_RAISE}",))
        processor.report()
        raise Stop

    for module, name, make in (
        (signal, _KILL, of_one),
        (time, _CPU_CLOCK, of_one),
        (sys, "_current_frames", of_all),
        (sys, "_current_exceptions", of_all),
    ):
        if name in vars(module):  # not everywhere
            yield make(Entry(vars(module), name))
    getattr(ctypes.pythonapi, _RAISE)  # it is looked up, and kept, when it is first asked for
    yield inside(Entry(vars(ctypes.pythonapi), _RAISE), raising)
