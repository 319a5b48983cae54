"""The classes of schedules that pass through the states of a program: how many they are, and a schedule of each.

Nothing is run for that. Where each step leads and what it touches is known once all states were visited, and so sleep
sets can be followed on paper: every class is met exactly once, as in `sleepsets`. That not all threads were tried in
each state takes nothing away: of the steps that are made first in a class, at least one was tried (persistent sets).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from semalab.exploration.sleepsets import Taken
from semalab.stepping import Footprint, independent

MOST = 4_000  # positions that are looked at: what has more is not counted


class Edge(NamedTuple):
    """A step that was made. to: the state that it led to, None for an end of the program, and that is wrong or not.

    numbers: of the threads that live there, by their numbers in the run that made the step; None if they are the same.
    """

    thread: int
    touched: Footprint
    to: ChartedState | None
    wrong: bool
    numbers: Mapping[int, int] | None


class ChartedState:
    """A state. who: by threads' numbers, equal for those that stand alike. after: the steps from here, by `who`."""

    __slots__ = ("able", "after", "who")

    def __init__(self, able: list[int], who: Mapping[int, int]) -> None:
        self.able = able
        self.who = who
        self.after: dict[int, Edge] = {}

    def led(self, thread: int, touched: Footprint, to: ChartedState, who: Mapping[int, int]) -> None:
        """A step has led to a state that was met before, where the threads stand like this now."""
        same: dict[int, list[int]] = {}
        for number in sorted(to.who, reverse=True):
            same.setdefault(to.who[number], []).append(number)
        numbers = {number: same[one].pop() for number, one in sorted(who.items())}
        self.after[self.who[thread]] = Edge(thread, touched, to, False, numbers)

    def led_on(self, thread: int, touched: Footprint, to: ChartedState) -> None:
        """A step has led to a state that is new."""
        self.after[self.who[thread]] = Edge(thread, touched, to, False, None)

    def ended(self, thread: int, touched: Footprint, wrong: bool) -> None:
        """A step was the last of its run."""
        self.after[self.who[thread]] = Edge(thread, touched, None, wrong, None)


class _Branch(NamedTuple):
    """A step that is tried at a position. numbers: of the threads afterwards, by their numbers before it."""

    thread: int
    touched: Footprint
    to: _Position | None
    wrong: bool
    numbers: Mapping[int, int]


class _Position:
    """A state, and who sleeps there. classes: how many go on from here; wrong: of those; None: nobody has counted.

    length: of the shortest way to a wrong end.
    """

    __slots__ = ("asleep", "branches", "classes", "length", "place", "wrong")

    def __init__(self, place: ChartedState, asleep: tuple[tuple[int, Footprint], ...]) -> None:
        self.place = place
        self.asleep = asleep
        self.branches: list[_Branch] | None = None
        self.classes: int | None = None
        self.wrong = 0
        self.length: int | None = None


class TooMany(Exception):
    """There are more positions than can be looked at."""


class Classes:
    """All classes of a program of which every state is known, from its first on. Raises TooMany."""

    def __init__(self, start: ChartedState) -> None:
        self._positions: dict[tuple[int, tuple[tuple[int, int], ...]], _Position] = {}
        self._footprints: dict[Footprint, int] = {}
        self._start = self._position(start, {})[0]
        self._count()

    @property
    def number(self) -> int:
        return self._start.classes or 0

    @property
    def wrong(self) -> int:
        return self._start.wrong

    def each(self, wrong: bool) -> Iterator[Taken]:
        """A schedule of each class that is wrong, or of each that is not."""
        return self._walk(wrong, None)

    def least(self) -> Iterator[Taken]:
        """A schedule of each wrong class of those with the fewest steps."""
        return self._walk(True, self._start.length)

    def _position(self, place: ChartedState, asleep: Mapping[int, Footprint]) -> tuple[_Position, dict[int, int]]:
        """The position, and how threads have to be numbered there: among those that stand alike, sleepers first."""
        numbers = {}
        taken: list[tuple[int, Footprint]] = []
        alike: dict[int, list[int]] = {}
        for thread in sorted(place.who):
            alike.setdefault(place.who[thread], []).append(thread)
        for threads in alike.values():
            steps = {one: self._number(asleep[one]) for one in threads if one in asleep}
            order = [*sorted(steps, key=steps.__getitem__), *(one for one in threads if one not in steps)]
            for number, thread in zip(threads, order, strict=True):
                numbers[thread] = number
                if thread in asleep:
                    taken.append((number, asleep[thread]))
        key = id(place), tuple((number, self._footprints[step]) for number, step in taken)
        if key not in self._positions:
            if len(self._positions) == MOST:
                raise TooMany
            self._positions[key] = _Position(place, tuple(taken))
        return self._positions[key], numbers

    def _number(self, footprint: Footprint) -> int:
        return self._footprints.setdefault(footprint, len(self._footprints))

    def _branches(self, position: _Position) -> list[_Branch]:
        place, asleep, found = position.place, dict(position.asleep), list[_Branch]()
        for thread in place.able:
            edge = place.after.get(place.who[thread])
            if thread in asleep or edge is None:
                continue
            if edge.to is None:
                found.append(_Branch(thread, edge.touched, None, edge.wrong, {}))
            else:
                # The step was seen of one of those that stand alike: this one takes that one's place.
                swap = {thread: edge.thread, edge.thread: thread}
                there = edge.numbers or {number: number for number in edge.to.who}
                numbers = {swap.get(number, number): now for number, now in there.items()}
                still = {numbers[one]: its for one, its in asleep.items() if independent(its, edge.touched)}
                to, renamed = self._position(edge.to, still)
                numbers = {number: renamed[now] for number, now in numbers.items()}
                found.append(_Branch(thread, edge.touched, to, False, numbers))
            asleep[thread] = edge.touched
        return found

    def _count(self) -> None:
        """From the ends on, without recursion: a run may be long."""
        stack = [self._start]
        while stack:
            position = stack[-1]
            if position.branches is None:
                position.branches = self._branches(position)
                stack += [to for *_, to, _, _ in position.branches if to is not None and to.classes is None]
                continue
            stack.pop()
            position.classes, position.wrong = 0, 0
            for branch in position.branches:
                to = branch.to
                position.classes += 1 if to is None else to.classes or 0
                position.wrong += branch.wrong if to is None else to.wrong
                further = (0 if branch.wrong else None) if to is None else to.length
                if further is not None and (position.length is None or further + 1 < position.length):
                    position.length = further + 1

    def _walk(self, wrong: bool, length: int | None) -> Iterator[Taken]:
        """The schedules, depth first. length: of all of them, if it matters."""
        numbers: Mapping[int, int] = {number: number for number in self._start.place.who}
        stack: list[tuple[_Position | None, Mapping[int, int], Taken]] = [(self._start, numbers, [])]
        while stack:
            position, numbers, taken = stack.pop()
            if position is None:
                yield taken
                continue
            # numbers: here, by those in the schedule that is given
            back = {here: number for number, here in numbers.items()}
            able = sorted(back[one] for one in position.place.able)
            last = taken[-1][1] if taken else -1
            following = []
            for branch in sorted(position.branches or (), key=lambda one: (back[one.thread] != last, back[one.thread])):
                to = branch.to
                if to is None:
                    wanted = branch.wrong == wrong and length in (None, len(taken) + 1)
                elif length is not None:
                    wanted = to.length is not None and len(taken) + 1 + to.length <= length
                else:
                    wanted = bool(to.wrong if wrong else (to.classes or 0) - to.wrong)
                if wanted:
                    there = {number: branch.numbers[here] for number, here in numbers.items() if here in branch.numbers}
                    # Who has begun with this step has the next number, here and there.
                    there |= {one: now for one, now in branch.numbers.items() if one not in position.place.who}
                    following.append((to, there, [*taken, (able, back[branch.thread], branch.touched)]))
            stack += reversed(following)
