"""Who could still act on a run whose threads all wait: threads that are not of it, and signal handlers.

What counts are facts: who was started by whom, what leads to what. How long somebody has been quiet tells nothing.
"""

from __future__ import annotations

import _signal
import _thread
import signal
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from semalab.engine.foreign import Foreigners
from semalab.engine.frames import current_frames
from semalab.engine.grasp import can_reach, frames_of

_ask: Callable[[int], Any] = _signal.getsignal  # a hundred times as fast as `signal`'s, which makes an enum of it
_left: Callable[[int], tuple[float, float]] | None = getattr(signal, "getitimer", None)


class Bystanders:
    """Asked by the run's supervisor, or by one of its threads while all others wait."""

    def __init__(self, foreigners: Foreigners) -> None:
        self._foreigners = foreigners

    def able(
        self, own: AbstractSet[int], program: AbstractSet[int], awaited: Iterable[object], waiting: int
    ) -> tuple[str, ...]:
        """Those that could still act on what the run's threads wait for, in words.

        A thread that the run has started by other means than its own could, whatever it is at: nobody knows what it
        will do next. Any other must be able to reach what is waited for; so must a signal's handler.

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
        names += [f"the handler of {name}" for name, handler in _handlers() if can_reach([handler], wanted)]
        return tuple(dict.fromkeys(names))

    def started(self) -> list[str]:
        """The threads that the run has started by other means than its own, and that need nobody to go on."""
        return [one.description for one in self._foreigners.descendants() if not one.blocked]

    def due(self, program: AbstractSet[int]) -> list[str]:
        """The handler of the process's alarm, if it is set and the program's code: it will act, and in real seconds."""
        if _left is None or not _left(signal.ITIMER_REAL)[0]:
            return []
        return [
            f"the handler of {name}"
            for name, handler in _handlers()
            if name == "SIGALRM" and can_reach([handler], frozenset(), program)
        ]


def _handlers() -> Iterator[tuple[str, Callable[..., Any]]]:
    """The signals that a function of somebody's is called for; an interrupt is the learner's own."""
    for number in range(1, signal.NSIG):
        handler = _ask(number)
        if callable(handler) and handler is not signal.default_int_handler:
            name = signal.Signals(number).name if number in signal.Signals.__members__.values() else f"signal {number}"
            yield name, handler


def program_frame(frame: Any, program: AbstractSet[int]) -> Any:
    """The innermost frame of the program from this one outwards; None if there is none."""
    while frame is not None and id(frame.f_globals) not in program:
        frame = frame.f_back
    return frame
