"""Who could still act on a run whose threads all wait: threads that are not of it, and signal handlers.

What counts are facts: who was started by whom, what leads to what. How long somebody has been quiet tells nothing.
"""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from types import FrameType
from typing import Any, NamedTuple

from semalab.engine.foreign import Foreign, Foreigners
from semalab.engine.interpreter import current_frames, program_frame
from semalab.engine.reachability import can_reach, frames_of, reaches, variables
from semalab.engine.signals import Signals

# Of the condition itself: a run exchanges the method that stands in the class.
_WAIT = threading.Condition.wait.__code__

LOOK_COSTS = 16  # so many threads are looked at in the time that a jump of the clock takes


class Stranger(NamedTuple):
    """A thread that is not of the run. frames: those that count. meant: the program of the run is what it is at."""

    thread: Foreign
    ident: int
    frames: list[FrameType]
    meant: bool


class Bystanders:
    """Asked by the run's supervisor, or by one of its threads while all others wait.

    Of `have_in_hand`: `_vast` has the identifiers of those who lead to so much that they were not followed to the end,
    `_aside` those of the threads that only serve a notebook's kernel, and did so before the run. `_others` is how many
    threads besides the run's own `_thread` counted at the last look if all of them were aside, otherwise None;
    `_unasked` how often has not been looked since.
    """

    def __init__(self, foreigners: Foreigners, signals: Signals) -> None:
        self._foreigners = foreigners
        self._signals = signals
        self._vast: set[int] = set()
        self._aside: set[int] = set()
        self._others: int | None = None
        self._unasked = 0

    def able(
        self, own: AbstractSet[int], program: AbstractSet[int], awaited: Iterable[object], waiting: int
    ) -> tuple[str, ...]:
        """Those that could still act on what the run's threads wait for, in words.

        A thread that the run has started by other means than its own could, whatever it is at: nobody knows what it
        will do next. Any other must be able to reach what is waited for, or to wake one that is; so must a signal's
        handler, unless it raises.

        own: identifiers of the run's threads that have not ended. program: identities of the program's namespaces.
        awaited: the locks that the run's threads wait in. waiting: the thread that waits for the run's end.
        """
        names = self.started()
        acting, resting = self._strangers({*own, waiting}, program)
        wanted = _with_sleepers(set(map(id, awaited)), resting)
        names += [one.thread.description for one in acting if one.meant or can_reach(one.frames, wanted)]
        names += self._signals.able(wanted, program)
        return tuple(dict.fromkeys(names))

    def have_in_hand(
        self, own: AbstractSet[int], things: Callable[[], Iterable[object]], waiting: int
    ) -> tuple[str, ...]:
        """The threads that certainly lead to one of the things, or could wake one that does, in words.

        Asked at each jump of a clock. The kernel has eight threads, which wait for messages or for output: whoever is
        found at nothing else is not looked at again.

        own, waiting: as in `able`. things: called only if somebody is there who could lead to them.
        """
        if self._nobody_came(len(own)):
            return ()
        aside = {ident for ident in self._aside if self._foreigners.was_there(ident)}
        others = _thread._count() - len(own)  # before the look: whoever comes during it is one more at the next jump
        acting, resting = self._strangers({*own, waiting} | aside, frozenset())
        self._others = None if acting or resting else others
        acting = [one for one in acting if one.ident not in self._vast]
        if not acting:
            return ()
        wanted = _with_sleepers(set(map(id, things())), resting)
        told = [(one, reaches(one.frames, wanted, certainly=True)) for one in acting]
        self._vast |= {one.ident for one, answer in told if answer is None}
        return tuple(dict.fromkeys(one.thread.description for one, answer in told if answer))

    def _nobody_came(self, own: int) -> bool:
        """Whether as many threads besides the run's own are there as at the last look, which found none that matters.

        A look costs as much as there are threads: at each jump, a thousand that sleep would take ten times as long.
        But `_thread` does not count those that C has started, and the main thread may have come to run a cell. So it
        is looked all the same, among few threads at each jump, among many after as many jumps as a look costs.

        own: how many threads of the run have begun and not ended.
        """
        if self._others == _thread._count() - own and self._unasked < own // LOOK_COSTS:
            self._unasked += 1
            return True
        self._unasked = 0
        return False

    def _strangers(
        self, known: AbstractSet[int], program: AbstractSet[int]
    ) -> tuple[list[Stranger], dict[int, Stranger]]:
        """The threads that are not of the run and could go on; and those that cannot before somebody frees the lock
        that they wait in, by the identities of these locks.

        known: identifiers of those that are not meant.
        """
        acting, resting = [], {}
        frames = current_frames()
        del frames[_thread.get_ident()]  # this function's own: what it holds would hold itself
        for ident, frame in frames.items():
            if ident in known:
                continue
            counting = frames_of(frame)
            if not counting:
                if ident != threading.main_thread().ident:  # that one may come to run a cell
                    self._aside.add(ident)
                continue
            one = self._foreigners.of(ident)
            if one.descends or one.blocked:
                continue
            meant = program_frame(frame, program) is not None and not self._foreigners.was_there(ident)
            stranger = Stranger(one, ident, counting, meant)
            lock = rests_in(frame)
            if lock is None:
                acting.append(stranger)
            else:
                resting[id(lock)] = stranger
        return acting, resting

    def started(self) -> list[str]:
        """The threads that the run has started by other means than its own, and that need nobody to go on."""
        return [one.description for one in self._foreigners.descendants() if not one.blocked]


def rests_in(frame: FrameType) -> Any:
    """The lock in which a thread waits that is in a condition's `wait` without a time limit, and has not been woken.

    It cannot go on before somebody frees that lock, and nobody has it but the condition. None for any other.
    """
    if frame.f_code is not _WAIT:
        return None
    names = variables(frame)
    lock = names.get("waiter")
    sleeps = "saved_state" in names and names.get("timeout") is None
    return lock if sleeps and lock is not None and lock.locked() else None


def _with_sleepers(wanted: set[int], resting: Mapping[int, Stranger]) -> set[int]:
    """What leads to the wanted objects: these, and the locks of those that could reach them if they were woken."""
    asleep = dict(resting)
    while woken := [lock for lock, one in asleep.items() if one.meant or can_reach(one.frames, wanted)]:
        wanted |= set(woken)
        for lock in woken:
            del asleep[lock]
    return wanted
