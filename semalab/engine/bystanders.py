"""Who could still act on a run whose threads all wait: threads that are not of it, and signal handlers.

What counts are facts: who was started by whom, what leads to what. How long somebody has been quiet tells nothing.
"""

from __future__ import annotations

import _thread
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Any

from semalab.engine.foreign import Foreigners
from semalab.engine.grasp import can_reach, frames_of
from semalab.engine.interpreter import current_frames
from semalab.engine.signals import Signals


class Bystanders:
    """Asked by the run's supervisor, or by one of its threads while all others wait."""

    def __init__(self, foreigners: Foreigners, signals: Signals) -> None:
        self._foreigners = foreigners
        self._signals = signals

    def able(
        self, own: AbstractSet[int], program: AbstractSet[int], awaited: Iterable[object], waiting: int
    ) -> tuple[str, ...]:
        """Those that could still act on what the run's threads wait for, in words.

        A thread that the run has started by other means than its own could, whatever it is at: nobody knows what it
        will do next. Any other must be able to reach what is waited for; so must a signal's handler, unless it raises.

        own: identifiers of the run's threads that have not ended. program: identities of the program's namespaces.
        awaited: the locks that the run's threads wait in. waiting: the thread that waits for the run's end.
        """
        names = self.started()
        wanted = frozenset(map(id, awaited))
        frames = current_frames()
        del frames[_thread.get_ident()]  # this function's own: what it holds would hold itself
        for ident, frame in frames.items():
            if ident in own or ident == waiting:
                continue
            one = self._foreigners.of(ident)
            if one.descends or one.blocked:
                continue
            new = not self._foreigners.was_there(ident)
            if (new and program_frame(frame, program) is not None) or can_reach(frames_of(frame), wanted):
                names.append(one.description)
        names += self._signals.able(wanted, program)
        return tuple(dict.fromkeys(names))

    def started(self) -> list[str]:
        """The threads that the run has started by other means than its own, and that need nobody to go on."""
        return [one.description for one in self._foreigners.descendants() if not one.blocked]


def program_frame(frame: Any, program: AbstractSet[int]) -> Any:
    """The innermost frame of the program from this one outwards; None if there is none."""
    while frame is not None and id(frame.f_globals) not in program:
        frame = frame.f_back
    return frame
