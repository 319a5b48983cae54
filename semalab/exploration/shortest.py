"""The shortest schedule that breaks a program: breadth first over its states, each state visited once.

Fewest steps first; among equals the fewest preemptions, which are switches away from a thread that could have gone on.
Kept apart from the sleep sets: together the two would miss states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from semalab.exploration.history import History, Names, State
from semalab.exploration.sleepsets import NOBODY, Changed, Told
from semalab.stepping import Footprint, Location, footprint


@dataclass
class Reached:
    """A state. Invariant: all ways to it have the same length, for its name contains every step that led to it.

    after: for each thread that has been seen to go on from here, where that led. ways: for each thread that may have
    made the last step, the fewest preemptions and where it came from: the state before, and who had led there.
    broken: a run ended here, and was wrong.
    """

    able: list[int]
    after: dict[int, State] = field(default_factory=dict)
    ways: dict[int, tuple[int, State, int]] = field(default_factory=dict)
    broken: bool = False


class Way:
    """The way of one run over the chart. Invariant: `place` is where its steps have led, None before it has begun.

    differs: it met a state where other threads could go on than before.
    """

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._history = History(chart.names)
        self.place: Reached | None = None
        self.differs = False

    def begin(self, able: list[int]) -> Reached:
        self.place = self._here(able)
        return self.place

    def go(self, thread: int, step: Footprint, able: list[int]) -> Reached:
        """One step on, after which these threads can go on."""
        assert self.place is not None
        self._history.step(thread, step)
        self.place.after[thread] = self._history.state
        self.place = self._here(able)
        return self.place

    def _here(self, able: list[int]) -> Reached:
        place = self._chart.places.setdefault(self._history.state, Reached(able))
        self.differs |= place.able != able
        return place


class Notes:
    """A guide that makes given steps first, goes on where nobody has been, and notes all of it on a chart."""

    def __init__(self, first: Sequence[int], chart: Chart) -> None:
        self._first = first
        self._way = Way(chart)
        self._most = chart.most
        self.able: list[list[int]] = []
        self.chosen: list[int] = []

    @property
    def differs(self) -> bool:
        return self._way.differs

    def choose(self, able: list[int], touched: Sequence[tuple[Location, bool]]) -> int:
        number = len(self.chosen)
        place = self._arrive(able, touched) if number <= self._most else None
        choice = self._first[number] if number < len(self._first) else self._onwards(place)
        self.able.append(able)
        self.chosen.append(choice if choice in able else able[0])
        return self.chosen[-1]

    def _arrive(self, able: list[int], touched: Sequence[tuple[Location, bool]]) -> Reached:
        if not self.chosen:
            return self._way.begin(able)
        return self._way.go(self.chosen[-1], footprint(touched), able)

    def _onwards(self, place: Reached | None) -> int:
        """The thread that made the last step if that is new, or another one's new step, or the last thread again."""
        last = self.chosen[-1] if self.chosen else NOBODY
        new = [thread for thread in place.able if thread not in place.after] if place is not None else []
        return new[0] if new and last not in new else last

    def end(self, touched: Sequence[tuple[Location, bool]], broken: bool) -> None:
        """The run has ended. touched: by its last step."""
        if len(self.chosen) <= self._most:
            self._arrive([], touched).broken = broken


class Chart:
    """What is known of a program's states.

    play: makes a run with these notes and tells whether it was wrong; None if there is no budget left for it.
    most: the length of a way that is known to be wrong; what comes after so many steps need not be noted.
    """

    def __init__(self, play: Callable[[Notes], bool | None], most: int) -> None:
        self._play = play
        self.most = most
        self.names = Names()
        self.places: dict[State, Reached] = {}

    def __len__(self) -> int:
        """The number of states met."""
        return len(self.places)

    def shortest(self) -> tuple[int, ...] | None:
        """The steps of the shortest schedule that breaks the program; None if there is none, or no budget for it."""
        start: State = frozenset()
        if not self._visit(()):
            return None
        self.places[start].ways[NOBODY] = (0, start, NOBODY)
        level = [start]
        while level:
            broken = [state for state in level if self.places[state].broken]
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
            place = self.places[state]
            for thread in place.able:
                if thread not in place.after and not self._visit((*self._way(state)[1], thread)):
                    return None
                target = place.after[thread]
                following[target] = None
                self._extend(state, place, thread, self.places[target])
        return list(following)

    def _extend(self, state: State, place: Reached, thread: int, target: Reached) -> None:
        for last, (preemptions, _, _) in place.ways.items():
            preempted = last != thread and last in place.able
            known = target.ways.get(thread)
            if known is None or preemptions + preempted < known[0]:
                target.ways[thread] = (preemptions + preempted, state, last)

    def _way(self, state: State) -> tuple[int, tuple[int, ...]]:
        """The fewest preemptions with which the state is reached, and the steps."""
        place = self.places[state]
        last = min(place.ways, key=lambda thread: (place.ways[thread][0], thread))
        preemptions = place.ways[last][0]
        steps: list[int] = []
        while last != NOBODY:
            steps.append(last)
            _, state, last = self.places[state].ways[last]
        return preemptions, tuple(reversed(steps))

    def _visit(self, first: Sequence[int]) -> bool:
        """Make a run that begins with these steps; False without a budget."""
        notes = Notes(first, self)
        broken = self._play(notes)
        if notes.differs:
            raise Changed
        return broken is not None

    def note(self, told: Told, broken: bool | None) -> None:
        """Note the states that another run has passed through. broken: it was wrong; None: nobody has looked."""
        way = Way(self)
        if len(told) > self.most:
            told, broken = told[: self.most + 1], None
        for number, (able, _, _) in enumerate(told):
            if number == 0:
                way.begin(able)
            else:
                way.go(*told[number - 1][1:], able)
        if broken is not None and told:
            way.go(*told[-1][1:], []).broken = broken
        if way.differs:
            raise Changed
