"""One exploration: every class of schedules with sleep sets, or, if they are many, every state; then the shortest."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from semalab.analysis.permits import lost
from semalab.exploration.contents import Unkept
from semalab.exploration.graph import Graph
from semalab.exploration.history import Names
from semalab.exploration.judge import Check, Undecided, Unfinished, can_follow, counts_only, has_fewer, wrong
from semalab.exploration.program import known_to_share, notices_ends, unwatched_method
from semalab.exploration.reached_state import may_be_alike
from semalab.exploration.repeat import Again, Observed, difference, observed
from semalab.exploration.shortest import Chart, Notes
from semalab.exploration.sleepsets import Changed, DepthFirst, Told
from semalab.exploration.stage import Stage
from semalab.exploration.states import ByStates
from semalab.exploration.telling import Telling, tell
from semalab.exploration.way_out import CLAIMED, STRANGERS, TURNS, UNWATCHED, fewer_schedules, of_the_world
from semalab.log.excerpt import listed
from semalab.settings import Program
from semalab.stepping import Guide, Settings, Watch

SHALLOW = 50  # steps of an endless run at which others are tried: it can be left anywhere, and nothing is proved then
REMEMBERED = 1_000  # runs of the first search whose states the second need not look for again
BEGINNING = 10  # steps that cost as much as to begin a run, and to end it
EARLY = 4  # the part of `few` after which it is asked for the first time how many classes there may be
CERTAINLY = 100  # times as many as `few` allows: sleep sets leave a tenth, or less, of what is guessed
KEPT = 50  # right schedules that are remembered, to be shown beside the wrong ones


LIVELOCK = "It goes on for ever (a livelock): whatever its threads do from there, it cannot come to its end"

_FINER = "; if it waits for what another thread does, granularity='lines' or 'bytecode' lets that go on meanwhile"


_ENDS = (
    "it does something when an object is thrown away, or asks whether it was (`__del__`, `weakref`), and objects live"
    " longer where every access to them is watched; lab.record shows single runs"
)
_ELSEWHERE = (
    "a class of it has its `{}` from elsewhere, and what that touches the lab does not see; write it as a method, with"
    " `def`; lab.record shows single runs"
)


class Circles(NamedTuple):
    """By their names, as far as they are known: who may make steps for ever. turning: even if nobody is passed over.

    None where nobody may.
    """

    spinning: tuple[str, ...] | None
    turning: tuple[str, ...] | None


class Livelock(NamedTuple):
    """The shortest way to where no end can be reached, and steps of which a circle consists there."""

    way: tuple[int, ...]
    circle: tuple[int, ...]


class Grown(Exception):
    """A run has shown that more must be steps than was known."""


class ToBeWatched(Exception):
    """The program may go on for ever: what its main thread looks at and changes has to be known."""


class Search:
    """What is found out about one program with one set of arguments.

    Invariants: `schedules` counts every run, `covered` the classes whose schedules were all judged by one of them;
    `violations` has the steps and the sentence of each class that is wrong, `right` the steps of the first that are
    not. `complete` is set when no class is left, and only then; `unfinished` says of a run why it did not end, or,
    where `doubted` is set, why it does not show all that there is to it.
    `instead` says, as an order, what could be done where nothing is proved, `lost` of one schedule that is right which
    permit is gone for good when it is over: no claim of an exploration says that none is.
    `changed` is set when one schedule, played twice, was not the same, or could not be: then nothing that was found
    counts.
    `livelock` is set where no end can be reached; `circles` tells of a program that can always come to an end, and may
    go on for ever.
    `by_states` is set if the search went by states in the end; then `complete` says that none is left, and `states`
    how many there are.
    """

    def __init__(
        self,
        program: Program,
        arguments: Mapping[str, Any],
        check: Check | None,
        settings: Settings,
        budget: int,
        seconds: float,
        told: Callable[[int], bool] = lambda schedules: True,
        now: Callable[[], float] = time.process_time,
        few: float = math.inf,
    ) -> None:
        """now: the clock of `seconds`. few: steps of all runs after which the search may go by states; to begin a run
        counts as BEGINNING steps.
        """
        self.program = program
        self.arguments = arguments
        self.check = check
        self.settings = replace(settings, releases_commute=counts_only(check))
        self.budget = budget
        self.seconds = seconds
        self.now = now
        self.deadline = now() + seconds
        self.told = told
        self.few = few
        self.schedules = 0
        self.sleeping = True
        self._begin()

    def _begin(self) -> None:
        self.covered = 0
        self.violations: list[tuple[tuple[int, ...], str]] = []
        self.right: list[tuple[int, ...]] = []
        self.shortest: tuple[int, ...] | None = None
        self.minimal = False
        self.complete = False
        self.unfinished: str | None = None
        self.doubted = False
        self.undecided: str | None = None
        self.unjudged = 0
        self.instead = ""
        self.pools = False
        self.lost = ""
        self.changed = False
        self._first: tuple[tuple[int, ...], Observed] | None = None  # the steps of the first run, and what was seen
        self.states = 0
        self.steps = 0
        self.by_states = False
        self._went_by_states = False
        self._went_through_all = False
        self.circles: Circles | None = None
        self.livelock: Livelock | None = None
        self.drew = False
        self._seen: list[tuple[Told, bool | None]] = []
        self.to_show: Telling | None = None
        self._showing = False

    def run(self) -> None:
        """Search until everything is known or the budget is used up."""
        if self.settings.watched and notices_ends(self.program, self.arguments):
            self.changed = True
            self.undecided = _ENDS
            return
        # Also where nobody need watch its instructions: of what such a method touches that decision knows nothing.
        if (method := unwatched_method(self.program, self.arguments)) is not None:
            self.changed = True
            self.undecided = _ELSEWHERE.format(method)
            return
        try:
            self._run_on_a_stage()
        except ToBeWatched:
            self._begin()
            self.settings = replace(
                self.settings, watched=True, shared=self.settings.shared | known_to_share(self.program, self.arguments)
            )
            self._run_on_a_stage()

    def _run_on_a_stage(self) -> None:
        with Stage(self.program, self.arguments, self.settings, cancelled=self._stopped).open() as stage:
            while True:
                try:
                    self._search(stage)
                    return
                except Grown:
                    self._begin()
                    stage.grow(self.settings)
                except (Changed, Unkept) as reason:
                    self._give_up(stage, reason)
                    return

    def _give_up(self, stage: Stage, reason: Changed | Unkept) -> None:
        """The program is not the same whenever it begins."""
        how = reason.how if isinstance(reason, Changed) else str(reason)
        asked = f"it asks for {stage.world.told}" if stage.world.told else ""
        unknown = "it may keep something where the lab cannot put it back, or ask the real world (files, the clock)"
        why = [part for part in (how, asked or (unknown if isinstance(reason, Changed) else "")) if part]
        self._begin()
        self.changed = True
        self.instead = of_the_world(stage.world.asked)
        self.undecided = f"the same schedule, played twice, did not do the same: {'; '.join(why)}"

    def _stopped(self) -> bool:
        """Whether the run under way is no longer wanted. What is shown in the end is."""
        return not self._showing and not self.told(self.schedules)

    def _search(self, stage: Stage) -> None:
        guide = DepthFirst(self.sleeping)
        more = True
        while more:
            if self._too_many(guide) and not self.violations and not self._went_by_states:
                self._went_by_states = True
                if self._search_states(stage):
                    break
            if not self.play(stage, guide):
                break
            if guide.differs:
                raise Changed
            if self._first is None and stage.processor.verdict in (None, "deadlock"):
                self._first = stage.steps, observed(stage, guide.told(stage.processor.touched))
            judged = None if guide.redundant else self._judge(stage)
            touched = stage.processor.touched
            if self._may_go_on_for_ever(stage) and not self._went_through_all:
                self._went_through_all = True
                if self._search_endless(stage):
                    break
                touched = stage.processor.touched
            if stage.processor.endless:
                guide.come_up(SHALLOW)
            elif len(self._seen) < REMEMBERED:
                self._seen.append((guide.told(touched), judged))
            more = guide.advance(touched)
            if self.violations and self.shortest is None and (not more or self._halfway()):
                self._shorten(stage)
        self.complete = self.complete or (guide.complete and not more)
        self.drew = stage.processor.drew
        if self.complete or self.violations:
            self._repeat(stage)
        self.pools = stage.has_pools
        if stage.world.told:
            self.instead = of_the_world(stage.world.asked)
            self.undecided = f"it depends on what no schedule decides: {stage.world.told}"
        if self.violations:
            self._tell(stage, self.shortest or self._shortest_met())

    def _too_many(self, guide: DepthFirst) -> bool:
        """Whether there are too many classes to be counted, or certainly will be."""
        return self.steps > self.few or (
            self.steps > self.few / EARLY and self.steps > CERTAINLY * self.few * guide.share
        )

    def _search_states(self, stage: Stage) -> bool:
        """Search by states, if that can prove anything of this program; returns whether there is an answer."""
        if stage.processor.free or not can_follow(self.check) or self.unfinished or self.undecided:
            return False
        alike, counted, right = may_be_alike(stage), self.covered, list(self.right)
        while True:
            guide = ByStates(stage, alike, self.check is not None)
            self.complete = self._each_state(stage, guide)
            if self.violations or self.complete:
                break
            self.unfinished = self.undecided = None  # by states nothing is said: the classes are gone on with
            self.doubted = False
            self.unjudged, self.covered, self.right = 0, counted, right
            if not guide.unlike:
                return False
            alike = False
        self.by_states = True
        if self.violations:
            self._shorten(stage)
        self.covered, self.states = 0, len(guide.known)
        return True

    def _may_go_on_for_ever(self, stage: Stage) -> bool:
        return stage.processor.endless or (stage.processor.verdict == "timeout" and not self.violations)

    def _search_endless(self, stage: Stage) -> bool:
        """Go through all the states of a program of which a run did not end; returns whether there is an answer."""
        if stage.processor.free or not can_follow(self.check) or self.undecided or self.doubted or self.violations:
            return False
        if not self.settings.watched and not notices_ends(self.program, self.arguments):
            raise ToBeWatched
        unfinished, covered, right = self.unfinished, self.covered, list(self.right)
        self.unfinished = None
        guide = ByStates(stage, False, self.check is not None, endless=True)
        assert guide.graph is not None
        self.complete = self._each_state(stage, guide) and self._judge_circles(guide.graph, stage)
        if not self.violations and not self.complete:
            self.unfinished, self.undecided, self.doubted = unfinished, None, False
            self.unjudged, self.covered, self.right = 0, covered, right
            return False
        self.by_states = True
        self.states = len(guide.known)
        if self.violations and self.livelock is None:
            self._shorten(stage)
        self.covered = 0
        return True

    def _judge_circles(self, graph: Graph, stage: Stage) -> bool:
        """Whether a program whose states are all known can always come to its end; returns whether that can be said.

        It cannot where all that could lead to an end is that time passes while others go on.
        """
        hopeless = graph.hopeless()
        way = graph.way_to(hopeless)
        if way is not None:
            steps, name = way
            there, round_ = graph.circle(name)
            self.livelock = Livelock((*steps, *there), round_)
            self.shortest, self.minimal = (*steps, *there, *round_), True
            self.violations.append((self.shortest, LIVELOCK))
        elif graph.without_end():
            return False
        else:
            self.circles = Circles(_named(graph.spinning() or None, stage), _named(graph.turning(), stage))
        return True

    def _each_state(self, stage: Stage, guide: ByStates) -> bool:
        """Whether every state was met, and nothing is wrong. At most half of what is left of the budget is for that."""
        budget, deadline = (self.schedules + self.budget) // 2, (self.now() + self.deadline) / 2
        more = True
        while more:
            if self.schedules >= budget or self.now() >= deadline or not self.play(stage, guide):
                return False
            if guide.differs:
                raise Changed
            cut = guide.graph is not None and guide.redundant and stage.processor.verdict in ("full", "timeout")
            endless = stage.processor.endless and not cut
            if guide.lost or self._doubt(stage) is not None or endless or stage.processor.drew:
                return False
            if not (guide.redundant and (stage.clean or cut)):
                self._judge(stage)
                if self.violations or self.unfinished is not None or self.undecided is not None:
                    return False
            more = guide.advance(stage.processor.touched)
        return guide.sure

    def _shortest_met(self) -> tuple[int, ...]:
        return min((steps for steps, _ in self.violations), key=len)

    def _halfway(self) -> bool:
        """Whether so much of the budget is used up that the rest is needed for the shortest."""
        return self.schedules >= self.budget // 2 or self.now() >= self.deadline - self.seconds / 2

    def _repeat(self, stage: Stage) -> None:
        """Play the first schedule once more, after all the others. Raises Changed if anything is not as it was."""
        if self._first is not None:
            steps, before = self._first
            guide = Again(steps)
            self._showing = True
            stage.play(guide)
            self._showing = False
            how = difference(before, observed(stage, guide.told(stage.processor.touched)))
            if how is not None or guide.astray is not None:
                raise Changed(how or "")

    def _tell(self, stage: Stage, steps: tuple[int, ...]) -> None:
        """Run the shortest once more, this time to be shown."""
        self._showing = True
        schedule = replace(self.settings.schedule(steps, 0), unfinished=self.livelock is not None)
        self.to_show = tell(stage, schedule, self.check if counts_only(self.check) else None, Names())
        try:
            again = self.livelock is not None or wrong(self.to_show.run, self.check) is not None
        except (Unfinished, Undecided):
            again = False
        if not again:
            raise Changed("it was wrong once, and then right")

    def play(self, stage: Stage, guide: Guide) -> bool:
        """Make one run; False if there is no budget for it."""
        if self.schedules >= self.budget or self.now() >= self.deadline or not self.told(self.schedules):
            return False
        self.schedules += 1
        stage.play(guide)
        if stage.processor.verdict == "cancelled":
            return False
        self.steps += BEGINNING + len(stage.processor.marks)
        self._grow(stage)
        return True

    def _grow(self, stage: Stage) -> None:
        watch, busy = stage.processor.watch, stage.processor.stuck_thread
        if (
            stage.processor.verdict == "stuck"
            and isinstance(watch, Watch)
            and busy is not None
            and not self._by_operations
        ):
            watch.turned_in_vain(busy.number)
        if stage.grown != self.settings:
            self.settings = stage.grown
            raise Grown

    @property
    def _by_operations(self) -> bool:
        return self.settings.granularity == "operations"

    def _judge(self, stage: Stage) -> bool | None:
        """Whether the run just played is wrong; None if that cannot be said."""
        self.covered += 1
        try:
            problem = self.problem(stage)
        except Unfinished as reason:
            stuck = stage.processor.verdict == "stuck" and self._by_operations
            self.unfinished = self.unfinished or f"{reason}{_FINER if stuck else ''}"
            self.instead = self.instead or ("" if stuck else TURNS)
            return None
        except Undecided as reason:
            self.undecided, self.instead = self.undecided or str(reason), self.instead or CLAIMED
            self.unjudged += 1
            return None
        if (doubt := self._doubt(stage)) is not None:
            self.doubted = True
            self.unfinished, self.instead = doubt
        if problem is not None:
            self.violations.append((stage.steps, problem))
        elif len(self.right) < KEPT:
            self.right.append(stage.steps)
        return problem is not None

    def _doubt(self, stage: Stage) -> tuple[str, str] | None:
        """Why the run just played does not show all that there is to it, if it does not; and what to do about it."""
        processor = stage.processor
        if processor.doubtful is not None:
            return processor.doubtful, processor.instead
        if processor.beyond is not None:
            return f"{processor.beyond}, whose inside the lab does not know", processor.instead
        if stage.strangers:
            return "it started threads that the lab does not know", STRANGERS
        if unseen := stage.swap.unseen:
            return f"the lab could not watch {listed(unseen)}", UNWATCHED
        return None

    @property
    def way_out(self) -> str:
        """What could be done about it, if nothing was decided."""
        if self.changed or self.instead or self.complete or self.unfinished is not None:
            return self.instead
        used_up = f"budget={self.budget:,}" if self.schedules >= self.budget else f"seconds={self.seconds:g}"
        return fewer_schedules(self.settings.granularity, self.arguments, used_up, self.pools)

    def problem(self, stage: Stage) -> str | None:
        """What is wrong with the run just played; if nothing is, it is noted if a permit is gone for good."""
        may_have_lost = stage.clean and not self.lost and has_fewer(stage.processor.log, stage.made)
        if stage.clean and self.check is None and not may_have_lost:
            return None
        run = stage.run_played(self.check if counts_only(self.check) else None)
        problem = None if stage.clean and self.check is None else wrong(run, self.check)
        if problem is None and may_have_lost and (gone := lost(run.reading)):
            self.lost = gone[0].sentence.removeprefix("Permit lost: ")
        return problem

    def _shorten(self, stage: Stage) -> None:
        """Look for the shortest, with half of what is left of the budget at most."""
        until = (self.schedules + self.budget) // 2
        deadline, budget = self.deadline, self.budget
        now = self.now()
        self.budget, self.deadline = until, now + (deadline - now) / 2
        try:
            chart = Chart(lambda notes: self._broken(stage, notes), len(self._shortest_met()))
            for told, broken in self._seen:
                chart.note(told, broken)
            self.shortest = chart.shortest()
        finally:
            self.budget, self.deadline = budget, deadline
        self.minimal = self.shortest is not None
        self.states = len(chart)
        if self.shortest is None:
            self.shortest = self._shortest_met()

    def _broken(self, stage: Stage, notes: Notes) -> bool | None:
        if not self.play(stage, notes):
            return None
        try:
            broken = self.problem(stage) is not None
        except (Unfinished, Undecided):
            broken = False
        notes.end(stage.processor.touched, broken)
        return broken


def _named(numbers: frozenset[int] | None, stage: Stage) -> tuple[str, ...] | None:
    """The names of these threads; none where a thread of another name may have the number of one in another run."""
    if numbers is None:
        return None
    threads = stage.processor.every
    fixed = all(starter == 0 for starter in stage.processor.threads.starters.values())
    return tuple(threads[number].name for number in sorted(numbers) if fixed and number < len(threads))
