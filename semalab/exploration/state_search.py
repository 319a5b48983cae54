"""Every state of a program once: the guide of a proof that goes by states, where schedules are too many.

A run that comes to a state that was met before need not be looked at any more: all that can follow was seen, or will
be. Of threads that are alike it does not matter who is who.

Not all threads need be tried in each state. Whoever cannot touch anything that the others may still touch can as well
go first (persistent sets, Godefroid 1996). What others may still touch is not known beforehand; but when all that
follows a state was seen, it is known from what was seen, and only then is the state left. No sleep sets: together
with states that are visited once they would leave out schedules.
"""

from __future__ import annotations

from hashlib import blake2b

from semalab.exploration.classes import MOST, ChartedState, Classes, TooMany
from semalab.exploration.graph import END, Graph
from semalab.exploration.judge import Unclear
from semalab.exploration.reached_state import Pasts, ReachedState, States, Touched, are_told_apart, kind_of
from semalab.exploration.stage import Stage
from semalab.stepping import Footprint, Operation, Watch, footprint, independent
from semalab.stepping.footprint import EVERYTHING


class PathState:
    """A state on the present path. Invariant: `tried` has the footprint of each step that was made from here.

    The threads that stand alike in a state are tried once, so steps go by what `state.who` has for them. `name` is the
    state's digest, `place` what is kept of it; None if that is no longer of use.
    """

    __slots__ = ("able", "chosen", "name", "pending", "place", "state", "tried")

    def __init__(self, able: list[int], pending: dict[int, Operation], state: ReachedState) -> None:
        self.able = able
        self.pending = pending
        self.state = state
        self.name = blake2b(repr(state.key).encode(), digest_size=16).digest()
        self.chosen = -1
        self.tried: dict[int, Footprint] = {}
        self.place: ChartedState | None = None


class _Others:
    """What is asked of everybody in a place, for each who may be tried first.

    numbers: of the threads, by what stands for those that stand alike. later: what they may touch from now on.
    touches: what their next steps touch, as far as that was asked. untried: those that can go on and were not tried.
    """

    __slots__ = ("later", "numbers", "touches", "untried")

    def __init__(self, place: PathState, pasts: Pasts) -> None:
        who = place.state.who
        self.numbers = {one: number for number, one in who.items()}
        self.later = {one: pasts.later(place.state.pasts[number]) for one, number in self.numbers.items()}
        self.touches: dict[int, Footprint | None] = {}
        self.untried = {who[number] for number in place.able} - place.tried.keys()


class ByStates:
    """The guide of a whole search by states; `advance` turns to the next run.

    Invariants: `path` are the choices that the next run begins with; `known` the states that were met, by digests, with
    the steps from each as long as they are few enough to count the classes of schedules. `redundant` is set when a run
    has come to one of them: only its end is awaited. `lost` is set when this search can prove nothing; `unlike` besides
    if only because threads that were taken to be alike are not.
    `graph` has all the states of a program that may go on for ever; None for others. There each thread is tried in
    each state: to let one go first that cannot touch what others may touch is right only if it does not go first for
    ever.
    """

    def __init__(self, stage: Stage, alike: bool, followed: bool, endless: bool = False) -> None:
        """alike: whether threads may be taken for each other. followed: whether who is inside is part of a state.

        endless: the program may go on for ever; then no threads may be taken for each other.
        """
        assert not (alike and endless)
        self.known: dict[bytes, ChartedState | None] = {}
        self.path: list[PathState] = []
        self.redundant = False
        self.differs = False
        self.lost = False
        self.unlike = False
        self._alike = alike
        self._met_alike = False
        self._stage = stage
        self._pasts = Pasts()
        self._states = States(stage, self._pasts, alike, followed, endless)
        self.graph = Graph() if endless else None
        self._drawn = 0
        self._depth = 0
        self._last = -1

    # one run
    def choose(self, able: list[int], touched: Touched) -> int:
        depth = self._depth
        self._depth = depth + 1
        path = self.path
        if depth < len(path):
            place = path[depth]
            if place.able == able:
                return place.chosen
            self.differs = True
        if self.differs or self.redundant or self.lost:
            return self._wait_for_the_end(able)
        state = self._arrive(touched)
        if state is None:
            return self._wait_for_the_end(able)
        place = PathState(able, dict(self._stage.processor.pending), state)
        if self.graph is not None:
            self._note_state(self.graph, place)
        if place.name in self.known:
            self.redundant = True
            # Whom to try first was asked as if everybody came to an end.
            self.lost |= self.graph is None and any(place.name == before.name for before in path)
            self._note_way(self.known[place.name], state)
            return self._wait_for_the_end(able)
        self._keep(place)
        choice = self._next(place)
        assert choice is not None
        place.chosen = choice
        path.append(place)
        return choice

    def _keep(self, place: PathState) -> None:
        """Note a state that is new."""
        counted = self.graph is None and len(self.known) < MOST
        if len(self.known) == MOST:
            self.known = dict.fromkeys(self.known)
        place.place = self.known[place.name] = ChartedState(place.able, place.state.who) if counted else None
        self._note_way(place.place, None)

    def _note_way(self, to: ChartedState | None, state: ReachedState | None) -> None:
        """The last step has led to this place; state: as what, if that was met before."""
        before = self.path[-1] if self.path else None
        if before is None or before.place is None or to is None:
            return
        step = before.tried[before.state.who[before.chosen]]
        if state is None:
            before.place.led_on(before.chosen, step, to)
        else:
            before.place.led(before.chosen, step, to, state.who)

    def classes(self) -> Classes | None:
        """To be asked when no run is left: all classes of schedules; None if they are too many to be counted."""
        start = next(iter(self.known.values()), None)
        try:
            return Classes(start) if start is not None else None
        except TooMany:
            return None

    def _note_state(self, graph: Graph, place: PathState) -> None:
        timers = self._stage.processor.timers
        asleep = sorted({thread.number for _, token, thread in timers if thread.token == token})
        graph.meet(place.name, place.able, asleep)
        if self.path:
            graph.lead(self.path[-1].name, self.path[-1].chosen, place.name)

    def _arrive(self, touched: Touched) -> ReachedState | None:
        """The state that the last step has led to; None if nothing can be proved by states, or not like this."""
        try:
            if self.path:
                place = self.path[-1]
                self._note_step(place, footprint(touched))
                state = self._states.next(place.state, place.chosen, touched)
            else:
                state = self._states.first()
        except Unclear:
            self.lost = True
            return None
        if self._states.asked_for_time:
            self.lost = True
            return None
        if self._alike and len(set(state.kinds.values())) < len(state.kinds):
            self._met_alike = True
            if any(one == EVERYTHING for one, _ in touched) or are_told_apart(self._stage, state.kinds):
                self.unlike = self.lost = True
                return None
        return state

    def _note_step(self, place: PathState, step: Footprint) -> None:
        place.tried[place.state.who[place.chosen]] = step
        self._pasts.step(place.state.pasts[place.chosen], step)

    @property
    def sure(self) -> bool:
        """To be asked when no run is left: whether what was seen to be shared is all that is.

        Threads that are alike may be called by each other's numbers, now that one and now this: so of a variable that
        seems to be one thread's own nobody knows whose it is.
        """
        watch = self._stage.processor.watch
        if self._met_alike and isinstance(watch, Watch) and watch.written_by_one:
            self.unlike = self.lost = True
        return not self.lost

    def _look_for_told_apart(self) -> None:
        """At a run's end: who waits there for ever may have got past the join of one that is like another."""
        if self._alike:
            kinds = {number: kind_of(self._stage, number) for number in self._stage.processor.threads.starters}
            if len(set(kinds.values())) < len(kinds) and are_told_apart(self._stage, kinds):
                self.unlike = self.lost = True

    def _note_standing(self, place: PathState) -> None:
        """Where those stand at the run's end who can never go on; some may have begun in its last step."""
        processor, pasts = self._stage.processor, place.state.pasts
        for number, operation in processor.last.items():
            if number not in processor.threads.ended:
                self._pasts.stand(pasts.get(number, pasts[place.chosen]), operation.location, operation.mode)

    def _wait_for_the_end(self, able: list[int]) -> int:
        if self.graph is not None:
            # In turn they might go round for ever; drawn by lot, they find the end if there is one.
            self._drawn = (self._drawn * 1_103_515_245 + 12_345) % (1 << 31)
            return able[(self._drawn >> 16) % len(able)]
        self._last = self._last if self._last in able else able[0]
        return self._last

    def advance(self, touched: Touched, wrong: bool = False) -> bool:
        """Turn to the next run; False if there is none. touched: by the last step of the run that has ended, wrongly
        or not.
        """
        if self.path and not self.redundant:
            last = self.path[-1]
            self._note_step(last, footprint(touched))
            self._note_standing(last)
            if last.place is not None:
                last.place.ended(last.chosen, footprint(touched), wrong)
            self._look_for_told_apart()
            if self.lost:
                return False
            if self.graph is not None:
                self.graph.lead(self.path[-1].name, self.path[-1].chosen, END)
        self._depth = 0
        self.redundant = False
        while self.path:
            place = self.path[-1]
            choice = self._next(place)
            if choice is not None:
                place.chosen = choice
                return True
            self.path.pop()
        return False

    # who is tried
    def _next(self, place: PathState) -> int | None:
        """The thread to be tried next; None if enough were tried."""
        who, tried = place.state.who, place.tried
        able = {who[number]: number for number in reversed(place.able)}
        if self.graph is not None:
            return next((number for one, number in able.items() if one not in tried), None)
        before = self.path[-1] if self.path else None
        last = who.get(before.chosen) if before is not None and before is not place else None
        others = _Others(place, self._pasts)
        fewest: list[int] | None = None
        for start in sorted(able, key=lambda one: (one not in tried, one != last, able[one])):
            missing = self._missing(place, start, others, len(fewest) if fewest is not None else len(able) + 1)
            if missing == []:
                return None
            if missing is not None:
                fewest, choice = missing, start if start in missing else missing[0]
        return able[choice]

    def _missing(self, place: PathState, start: int, others: _Others, limit: int) -> list[int] | None:
        """Of those of whom one goes first, whatever the others do meanwhile (a persistent set that begins with one),
        who can and was not tried; None if they are not fewer than `limit`.
        """
        found, queue, missing = {start}, [start], [start] if start in others.untried else []
        while queue and len(missing) < limit:
            one = queue.pop()
            if one not in others.touches:
                others.touches[one] = self._touches(place, one, others.numbers[one])
            touches = others.touches[one]
            if touches is None:
                missing = [other for other in others.numbers if other in others.untried]
                break
            for other, later in others.later.items():
                if other not in found and not independent(touches, later):
                    found.add(other)
                    queue.append(other)
                    if other in others.untried:
                        missing.append(other)
        return missing if len(missing) < limit else None

    def _touches(self, place: PathState, one: int, number: int) -> Footprint | None:
        """What its next step touches, or has to wait for; None if nobody can tell."""
        if one in place.tried:
            return place.tried[one]
        operation = place.pending.get(number)
        if operation is None:
            return None
        its = frozenset((operation.location,))
        own = Footprint(frozenset(), its) if operation.mode else Footprint(its, frozenset())
        if number not in place.able:
            return own
        later = self._pasts.next(place.state.pasts[number])
        writes = own.writes | later.writes
        return Footprint((own.reads | later.reads) - writes, writes)
