"""The threads of the process that are not of the run, and whether one of them takes part in it all the same."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Set as AbstractSet
from typing import Any

from semalab.engine.frames import current_frames

PATIENCE = 0.25  # seconds a thread that the run does not know gets to show whether it takes part


class Bystanders:
    """Invariant: `_before` holds the identifiers of the threads that were there before the run, and their objects.

    An identifier alone is not enough: the system gives that of an ended thread to the next new one.
    """

    def __init__(self) -> None:
        self._before = {ident: _object_of(ident) for ident in current_frames()}

    def take_part(self, own: AbstractSet[int], program: AbstractSet[int]) -> bool:
        """True if threads run the program's code that are not of the run: it may have made them by other means.

        One that has come up beside the run gets PATIENCE to arrive there, as that of a thread pool does. A kernel
        starts threads of its own at any time; they never do.

        own: identifiers of the run's threads that have not ended. program: identities of the program's namespaces.
        """
        until = time.monotonic() + PATIENCE
        while arrived := self._beside(own, program):
            if any(arrived):
                return True
            if time.monotonic() > until:
                return False
            time.sleep(0.001)
        return False

    def _beside(self, own: AbstractSet[int], program: AbstractSet[int]) -> list[bool]:
        """For each thread that has come up beside the run: whether it is in the program's code."""
        return [
            program_frame(frame, program) is not None
            for ident, frame in current_frames().items()
            if ident not in own and not self._was_there(ident)
        ]

    def _was_there(self, ident: int) -> bool:
        return ident in self._before and self._before[ident] == _object_of(ident)


def _object_of(ident: int) -> weakref.ref[threading.Thread] | None:
    """The Thread with this identifier, weakly: two such references are equal for one and the same living object."""
    thread = threading._active.get(ident)  # type: ignore[attr-defined]
    return weakref.ref(thread) if thread is not None else None


def program_frame(frame: Any, program: AbstractSet[int]) -> Any:
    """The innermost frame of the program from this one outwards; None if there is none."""
    while frame is not None and id(frame.f_globals) not in program:
        frame = frame.f_back
    return frame
