"""The shortest schedule that breaks a program: breadth first over its states, each state visited once.

Fewest steps first; among equals the fewest preemptions, which are switches away from a thread that could have gone on.
Kept apart from the sleep sets: together the two would miss states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from semalab.exploration.classes import History, Names, State
from semalab.exploration.sleepsets import Changed
from semalab.stepping import Footprint, Location, footprint

NOBODY = -1


@dataclass
class Place:
    """A state. Invariant: all ways to it have the same length, for its name contains every step that led to it.

    after: for each thread that has been seen to go on from here, where that led. ways: for each thread that may have
    made the last step, the fewest preemptions and where it came from: the state before, and who had led there.
    broken: a run ended here, and was wrong.
    """

    able: list[int]
    after: dict[int, State] = field(default_factory=dict)
    ways: dict[int, tuple[int, State, int]] = field(default_factory=dict)
    broken: bool = False


class Notes:
    """A guide that makes given steps first, goes on as it likes and writes everything down."""

    def __init__(self, first: Sequence[int]) -> None:
        self._first = first
        self.able: list[list[int]] = []
        self.chosen: list[int] = []
        self.touched: list[Sequence[tuple[Location, bool]]] = []

    def choose(self, able: list[int], touched: Sequence[tuple[Location, bool]]) -> int:
        place = len(self.chosen)
        if place:
            self.touched.append(touched)
        last = self.chosen[-1] if place else NOBODY
        choice = self._first[place] if place < len(self._first) else last
        self.able.append(able)
        self.chosen.append(choice if choice in able else able[0])
        return self.chosen[-1]

    def end(self, touched: Sequence[tuple[Location, bool]]) -> None:
        """The run has ended; its last step touched these."""
        if self.chosen:
            self.touched.append(touched)


class Chart:
    """What is known of a program's states.

    play: makes a run with these notes and tells whether it was wrong; None if there is no budget left for it.
    """

    def __init__(self, play: Callable[[Notes], bool | None]) -> None:
        self._play = play
        self._names = Names()
        self._places: dict[State, Place] = {}

    def __len__(self) -> int:
        """The number of states met."""
        return len(self._places)

    def shortest(self) -> tuple[int, ...] | None:
        """The steps of the shortest schedule that breaks the program; None if there is none, or no budget for it."""
        start: State = frozenset()
        if not self._visit(()):
            return None
        self._places[start].ways[NOBODY] = (0, start, NOBODY)
        level = [start]
        while level:
            broken = [state for state in level if self._places[state].broken]
            if broken:
                return min((self._way(state) for state in broken), key=lambda way: (way[0], way[1]))[1]
            following = self._next_level(level)
            if following is None:
                return None
            level = following
        return None

    def _next_level(self, level: Iterable[State]) -> list[State] | None:
        following: dict[State, None] = {}
        for state in level:
            place = self._places[state]
            for thread in place.able:
                if thread not in place.after and not self._visit((*self._way(state)[1], thread)):
                    return None
                target = place.after[thread]
                following[target] = None
                self._extend(state, place, thread, self._places[target])
        return list(following)

    def _extend(self, state: State, place: Place, thread: int, target: Place) -> None:
        for last, (preemptions, _, _) in place.ways.items():
            preempted = last != thread and last in place.able
            known = target.ways.get(thread)
            if known is None or preemptions + preempted < known[0]:
                target.ways[thread] = (preemptions + preempted, state, last)

    def _way(self, state: State) -> tuple[int, tuple[int, ...]]:
        """The fewest preemptions with which the state is reached, and the steps."""
        place = self._places[state]
        last = min(place.ways, key=lambda thread: (place.ways[thread][0], thread))
        preemptions = place.ways[last][0]
        steps: list[int] = []
        while last != NOBODY:
            steps.append(last)
            _, state, last = self._places[state].ways[last]
        return preemptions, tuple(reversed(steps))

    def _visit(self, first: Sequence[int]) -> bool:
        """Make a run that begins with these steps and note the states it passes through; False without a budget."""
        notes = Notes(first)
        broken = self._play(notes)
        if broken is None:
            return False
        self.note(notes.able, notes.chosen, map(footprint, notes.touched), broken)
        return True

    def note(self, able: Iterable[list[int]], chosen: Iterable[int], steps: Iterable[Footprint], broken: bool) -> None:
        """Note the states that a run has passed through."""
        history = History(self._names)
        for could, thread, step in zip(able, chosen, steps, strict=True):
            place = self._places.setdefault(history.state, Place(could))
            if place.able != could:
                raise Changed
            history.step(thread, step)
            place.after[thread] = history.state
        self._places.setdefault(history.state, Place([])).broken = broken
