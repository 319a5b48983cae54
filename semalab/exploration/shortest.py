"""The shortest schedule that breaks a program: breadth first over its states, each state visited once.

Fewest steps first; among equals the fewest preemptions, which are switches away from a thread that could have gone on.
Kept apart from the sleep sets: together the two would miss states.

All schedules of a class have the same number of steps. Where every class is known, only the states on the ways to the
ends of the shortest wrong ones matter, and which those are, and where each step leads, is known without a run: what
comes before a step in each schedule of its class is what it depends on. Runs are needed only to see who could go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from semalab.exploration.sleepsets import NOBODY, Changed, History, Names, StateName, Taken
from semalab.stepping import Footprint, Location, footprint, independent

MOST = 20_000  # states on the ways to the shortest that are looked at

Ways = dict[StateName, dict[int, StateName]]  # of states: where the steps lead that threads can make there


@dataclass
class Reached:
    """A state. Invariant: all ways to it have the same length, for its name contains every step that led to it.

    after: for each thread that has been seen to go on from here, where that led. broken: a run ended here, and was
    wrong.
    """

    able: list[int]
    after: dict[int, StateName] = field(default_factory=dict)
    broken: bool = False


class Route:
    """The way of one run over the chart. Invariant: `place` is where its steps have led, None before it has begun.

    differs: it met a state where other threads could go on than before.
    """

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._history = History(chart.names)
        self.place: Reached | None = None
        self.differs = False

    @property
    def state(self) -> StateName:
        """Where its steps have led."""
        return self._history.state

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


class ChartingGuide:
    """A guide that makes given steps first, goes on where nobody has been, and notes all of it on a chart."""

    def __init__(self, first: Sequence[int], chart: Chart) -> None:
        self._first = first
        self._chart = chart
        self._way = Route(chart)
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
        new = self._chart.new(self._way.state, place) if place is not None else []
        return new[0] if new and last not in new else last

    def end(self, touched: Sequence[tuple[Location, bool]], broken: bool) -> None:
        """The run has ended. touched: by its last step."""
        if len(self.chosen) <= self._most:
            self._arrive([], touched).broken = broken


class Chart:
    """What is known of a program's states.

    play: makes a run with these notes and tells whether it was wrong; None if there is no budget left for it.
    most: the length of a way that is known to be wrong; what comes after so many steps need not be noted.

    Invariants: `_ways` has of a state, for each thread that may have made the last step, the fewest preemptions and
    where it came from: the state before, and who had led there. `_lead` is None until the states are known that lead
    to where a shortest one ends; then it has them all.
    """

    def __init__(self, play: Callable[[ChartingGuide], bool | None], most: int) -> None:
        self._play = play
        self.most = most
        self.names = Names()
        self.places: dict[StateName, Reached] = {}
        self._ways: dict[StateName, dict[int, tuple[int, StateName, int]]] = {}
        self._lead: Ways | None = None

    def __len__(self) -> int:
        """The number of states met."""
        return len(self.places)

    def shortest(self, wrong: Sequence[Taken] = ()) -> tuple[int, ...] | None:
        """The steps of the shortest schedule that breaks the program; None if there is none, or no budget for it.

        wrong: a run of each class whose runs are wrong and have the fewest steps, if all those are known. None also if
        there are more than MOST states on the ways to their ends.
        """
        start: StateName = frozenset()
        for taken in wrong:
            self.note(taken, True)
            if not self._note_ways(taken):
                return None
        self._ways[start] = {NOBODY: (0, start, NOBODY)}
        if start not in self.places and not self._visit(()):
            return None
        level = [start]
        while level:
            broken = [state for state in level if state in self.places and self.places[state].broken]
            if broken:
                return min((self._way(state) for state in broken), key=lambda way: (way[0], way[1]))[1]
            following = self._next_level(level)
            if following is None:
                return None
            level = following
        return None

    def _note_ways(self, taken: Taken) -> bool:
        """Note each state that a schedule of this run's class passes through; False if they are too many."""
        history, lead = History(self.names), self._lead if self._lead is not None else {}
        self._lead = lead
        numbers = [history.step(thread, step) for _, thread, step in taken]
        before = [
            sum(1 << one for one in range(place) if taken[one][1] == thread or not independent(taken[one][2], step))
            for place, (_, thread, step) in enumerate(taken)
        ]
        own = [
            {numbers[one] for one in range(place) if taken[one][1] == thread}
            for place, (_, thread, _) in enumerate(taken)
        ]
        level: dict[int, StateName] = {0: frozenset()}  # by the steps that have been made, as bits
        while level:
            following: dict[int, StateName] = {}
            for made, state in level.items():
                ways = lead.setdefault(state, {})
                for place, (_, thread, _) in enumerate(taken):
                    if not made >> place & 1 and before[place] & ~made == 0:
                        target = following.setdefault(made | 1 << place, (state - own[place]) | {numbers[place]})
                        ways[thread] = target
            if len(lead) > MOST:
                return False
            level = following
        return True

    def new(self, state: StateName, place: Reached) -> list[int]:
        """Who leads from here to where nobody was, and where it matters who can go on."""
        if self._lead is None:
            return [thread for thread in place.able if thread not in place.after]
        lead = self._lead.get(state, {})
        return [thread for thread in place.able if thread in lead and lead[thread] not in self.places]

    def _next_level(self, level: Iterable[StateName]) -> list[StateName] | None:
        following: dict[StateName, None] = {}
        for state in level:
            if state not in self.places and not self._visit(self._way(state)[1]):
                return None
            place = self.places[state]
            for thread in place.able:  # a way may be closed: a start, a join, a sleep is in no footprint
                if self._lead is not None and thread not in self._lead[state]:
                    continue
                target = self._target(state, place, thread)
                if target is None:
                    return None
                following[target] = None
                self._extend(state, place, thread, target)
        return list(following)

    def _target(self, state: StateName, place: Reached, thread: int) -> StateName | None:
        """Where a step of this thread leads; None without a budget."""
        if self._lead is not None:
            return self._lead[state][thread]
        if thread not in place.after and not self._visit((*self._way(state)[1], thread)):
            return None
        return place.after[thread]

    def _extend(self, state: StateName, place: Reached, thread: int, target: StateName) -> None:
        ways = self._ways.setdefault(target, {})
        for last, (preemptions, _, _) in self._ways[state].items():
            preempted = last != thread and last in place.able
            known = ways.get(thread)
            if known is None or preemptions + preempted < known[0]:
                ways[thread] = (preemptions + preempted, state, last)

    def _way(self, state: StateName) -> tuple[int, tuple[int, ...]]:
        """The fewest preemptions with which the state is reached, and the steps."""
        ways = self._ways[state]
        last = min(ways, key=lambda thread: (ways[thread][0], thread))
        preemptions = ways[last][0]
        steps: list[int] = []
        while last != NOBODY:
            steps.append(last)
            _, state, last = self._ways[state][last]
        return preemptions, tuple(reversed(steps))

    def _visit(self, first: Sequence[int]) -> bool:
        """Make a run that begins with these steps; False without a budget."""
        notes = ChartingGuide(first, self)
        broken = self._play(notes)
        if notes.differs:
            raise Changed
        return broken is not None

    def note(self, taken: Taken, broken: bool | None) -> None:
        """Note the states that another run has passed through. broken: it was wrong; None: nobody has looked."""
        way = Route(self)
        if len(taken) > self.most:
            taken, broken = taken[: self.most + 1], None
        for number, (able, _, _) in enumerate(taken):
            if number == 0:
                way.begin(able)
            else:
                way.go(*taken[number - 1][1:], able)
        if broken is not None and taken:
            way.go(*taken[-1][1:], []).broken = broken
        if way.differs:
            raise Changed
