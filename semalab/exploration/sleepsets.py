"""Every schedule, depth first; with sleep sets, one of each class of schedules that differ by independent steps only;
and names for states: two runs that made the same steps, up to the order of independent ones, are in the same state.

A thread sleeps at a node if its step was tried there, or earlier, and nothing since depends on it: to let it step now
would repeat what has been seen. Godefroid's sleep sets, and nothing else: they need no guess about the future, and
every class is reached exactly once.

A state's name is the last step of each thread; a step's name is the thread, its place among the thread's own steps, and
the names of all earlier steps it depends on. Nothing is read from the program's memory: equal names mean equal states
for every program whose threads do the same whenever they see the same, and different names may still mean equal states.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from semalab.stepping import Footprint, Location, footprint, independent
from semalab.stepping.footprint import EVERYTHING

StateName = frozenset[int]  # the numbers of the last step of each thread


class Names:
    """Gives every step and state met in a search its number. Invariant: equal numbers, equal pasts."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def number(self, past: Hashable) -> int:
        return self._numbers.setdefault(past, len(self._numbers))


class History:
    """A run's past as far as it matters to its future.

    Invariants: `_last` is the number of each thread's last step; `_written` that of the last step that wrote a location
    and `_read` those of the steps that have read it since. A step that touches everything is taken to write whatever
    was touched before, and `_barrier` is the last of those.
    """

    __slots__ = ("_barrier", "_last", "_names", "_read", "_written")

    def __init__(self, names: Names) -> None:
        self._names = names
        self._last: dict[int, int] = {}
        self._written: dict[Location, int] = {}
        self._read: dict[Location, set[int]] = {}
        self._barrier = -1

    def step(self, thread: int, footprint: Footprint) -> int:
        """Go one step on; returns the step's number."""
        causes = {self._barrier, self._last.get(thread, -1)}
        if EVERYTHING in footprint.writes:
            causes.update(self._last.values())
        for location in footprint.reads:
            causes.add(self._written.get(location, -1))
        for location in footprint.writes:
            causes.add(self._written.get(location, -1))
            causes.update(self._read.get(location, ()))
        number = self._names.number((thread, frozenset(causes)))
        self._last[thread] = number
        for location in footprint.reads:
            self._read.setdefault(location, set()).add(number)
        for location in footprint.writes:
            self._written[location] = number
            self._read.pop(location, None)
        if EVERYTHING in footprint.writes:
            self._barrier = number
        return number

    @property
    def state(self) -> StateName:
        """The name of the state that the run is in now."""
        return frozenset(self._last.values())


NOBODY = -1


class Changed(RuntimeError):
    """The program behaved differently under the same schedule. how: what it did, if that is known."""

    def __init__(self, how: str = "") -> None:
        self.how = how
        super().__init__(
            "the program must do the same under the same schedule, and did not: it may keep something from one run to"
            " the next where the lab cannot put it back, or ask the real world (files, the clock)"
        )


Taken = list[tuple[list[int], int, Footprint]]  # the steps of a run: who could make it, who did, what it touched


class Choice:
    """A choice on the present path.

    Invariants: `asleep` holds the threads that need not be tried here, with the footprints of their next steps; those
    that were tried join them. `step` is the footprint of the chosen thread's step, None until it has been made.
    """

    __slots__ = ("able", "asleep", "chosen", "step")

    def __init__(self, able: list[int], chosen: int, asleep: dict[int, Footprint]) -> None:
        self.able = able
        self.chosen = chosen
        self.asleep = asleep
        self.step: Footprint | None = None


def _first(able: list[int], asleep: dict[int, Footprint], last: int) -> int | None:
    """Whom to try first of those who do not sleep: who has just made a step, for then nobody has to be woken."""
    if last in able and last not in asleep:
        return last
    return next((thread for thread in able if thread not in asleep), None)


class DepthFirst:
    """The guide of a whole search: after each run, `advance` turns to the next.

    Invariants: `path` are the choices that the next run begins with. `redundant` is set when everybody who could go on
    sleeps: what comes after repeats another run, only the program's end is awaited, and the steps until then are on
    no path, but in `_rest`, for whoever wants to know what the program can do. `complete`: nothing was left out.
    """

    def __init__(self, sleeping: bool = True) -> None:
        self.path: list[Choice] = []
        self.redundant = False
        self.differs = False
        self.complete = True
        self._rest: list[Choice] = []
        self._sleeping = sleeping
        self._depth = 0

    def choose(self, able: list[int], touched: Sequence[tuple[Location, bool]]) -> int:
        depth = self._depth
        self._depth = depth + 1
        path = self.path
        if depth < len(path):  # only the last of these steps has not been made before
            node = path[depth]
            if node.able == able:
                return node.chosen
            self.differs = True
        if self.differs:
            return able[0]
        self._close(touched)
        if self.redundant:
            return self._wait_for_the_end(able)
        asleep = self._still_asleep(path[-1]) if path and self._sleeping else {}
        awake = _first(able, asleep, path[-1].chosen if path else NOBODY)
        if awake is None:
            self.redundant = True
            return self._wait_for_the_end(able)
        path.append(Choice(able, awake, asleep))
        return awake

    def _wait_for_the_end(self, able: list[int]) -> int:
        last = (self._rest or self.path)[-1].chosen
        node = Choice(able, last if last in able else able[0], {})
        self._rest.append(node)
        return node.chosen

    def _close(self, touched: Sequence[tuple[Location, bool]]) -> None:
        """The last step has been made."""
        made = self._rest or self.path
        if made and made[-1].step is None:
            made[-1].step = footprint(touched)

    def _still_asleep(self, node: Choice) -> dict[int, Footprint]:
        step = node.step
        assert step is not None
        return {thread: its for thread, its in node.asleep.items() if independent(its, step)}

    def taken(self, touched: Sequence[tuple[Location, bool]]) -> Taken:
        """The run that has ended. touched: by its last step."""
        self._close(touched)
        return [(n.able, n.chosen, n.step) for n in (*self.path, *self._rest) if n.step is not None]

    def come_up(self, depth: int) -> None:
        """Turn back to the first choices; `complete` is unset if that leaves out others."""
        below = self.path[depth:]
        self.complete &= all(node.able == [node.chosen] for node in below)
        if below:
            del self.path[depth:]
            self._rest.clear()

    def advance(self, touched: Sequence[tuple[Location, bool]]) -> bool:
        """Turn to the next run; False if there is none. touched: by the last step of the run that has ended."""
        self._close(touched)
        self._rest.clear()
        self._depth = 0
        self.redundant = False
        while self.path:
            node = self.path[-1]
            assert node.step is not None
            node.asleep[node.chosen] = node.step
            last = self.path[-2].chosen if len(self.path) > 1 else NOBODY
            awake = _first(node.able, node.asleep, last)
            if awake is not None:
                node.chosen, node.step = awake, None
                return True
            self.path.pop()
        return False
