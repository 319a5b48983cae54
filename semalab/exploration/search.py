"""One exploration: every state, or every class of schedules with sleep sets; then the shortest that is wrong."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

from semalab.analysis.claims import CHOOSE
from semalab.analysis.permits import lost
from semalab.exploration.classes import Classes
from semalab.exploration.contents import Unkept
from semalab.exploration.descriptions import Description, describe
from semalab.exploration.graph import Graph
from semalab.exploration.judge import Check, Undecided, Unfinished, can_follow, counts_only, has_fewer, wrong
from semalab.exploration.reached_state import may_be_alike
from semalab.exploration.repeat import Again, Observed, difference, observed
from semalab.exploration.shortest import Chart, ChartingGuide
from semalab.exploration.sleepsets import Changed, DepthFirst, Names, Taken
from semalab.exploration.stage import Stage, known_to_share, notices_ends, unwatched_method
from semalab.exploration.state_search import ByStates
from semalab.exploration.way_out import CLAIMED, STRANGERS, TURNS, UNWATCHED, fewer_schedules, of_the_world
from semalab.log.excerpt import listed
from semalab.settings import Program
from semalab.stepping import Follow, Guide, Settings, Watch

SHALLOW = 50  # steps of an endless run at which others are tried: it can be left anywhere, and nothing is proved then
REMEMBERED = 1_000  # runs of the first search whose states the second need not look for again
BEGINNING = 10  # steps that cost as much as to begin a run, and to end it
COUNTED = 1_000  # classes of schedules at most; of a program that has more the states are counted
SURELY = 100  # runs that the search by states may make, however small the budget is
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
    `violations` has the steps and the sentence of each class that is wrong, None for a sentence where no run of it was
    made, `right` the steps of the first that are not. `complete` is set when no class is left, and only then;
    `unfinished` says of a run why it did not end, or, where `doubted` is set, why it does not show all that there is to
    it.
    `instead` says, as an order, what could be done where nothing is proved, `lost` of one schedule that is right which
    permit is gone for good when it is over: no claim of an exploration says that none is.
    `changed` is set when one schedule, played twice, was not the same, or could not be: then nothing that was found
    counts.
    `livelock` is set where no end can be reached; `circles` tells of a program that can always come to an end, and may
    go on for ever.
    `by_states` is set if only states were counted in the end; then `complete` says that none is left, and `states`
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
        goes_on: Callable[[int], bool] = lambda schedules: True,
        now: Callable[[], float] = time.process_time,
        enough: int | None = None,
    ) -> None:
        """now: the clock of `seconds`. enough: once a run was wrong, the steps that others may make until the search
        ends, and as many again to look for the shortest; to begin a run counts as BEGINNING steps. Then states are gone
        through where that says as much. None: every class of schedules is run.
        """
        self.program = program
        self.arguments = arguments
        self.check = check
        self.settings = replace(settings, releases_commute=counts_only(check))
        self.budget = budget
        self.seconds = seconds
        self.now = now
        self.deadline = now() + seconds
        self.goes_on = goes_on
        self.enough = enough
        self.schedules = 0
        self.sleeping = True
        self._begin()

    def _begin(self) -> None:
        self.covered = 0
        self.violations: list[tuple[tuple[int, ...], str | None]] = []
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
        self._may_have_lost = False  # some right run, with a permit that it does not have at its end
        self.changed = False
        self._spent = False
        self._first: tuple[tuple[int, ...], Observed] | None = None  # the steps of the first run, and what was seen
        self.states = 0
        self.steps = 0
        self._last_step: float = math.inf  # of all runs, if there is such a one
        self.by_states = False
        self._went_by_states = self.enough is None
        self._went_through_all = False
        self.circles: Circles | None = None
        self.livelock: Livelock | None = None
        self.drew = False
        self._seen: list[tuple[Taken, bool | None]] = []
        self._least: list[Taken] = []  # of the classes that are wrong, a run of each that has the fewest steps
        self.to_show: Description | None = None
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
        asked = f"it asks for {stage.world.asked_for}" if stage.world.asked_for else ""
        unknown = "it may keep something where the lab cannot put it back, or ask the real world (files, the clock)"
        why = [part for part in (how, asked or (unknown if isinstance(reason, Changed) else "")) if part]
        self._begin()
        self.changed = True
        self.instead = of_the_world(stage.world.asked)
        self.undecided = f"the same schedule, played twice, did not do the same: {'; '.join(why)}"

    def _stopped(self) -> bool:
        """Whether the run under way is no longer wanted. What is shown in the end is."""
        return not self._showing and not self.goes_on(self.schedules)

    def _search(self, stage: Stage) -> None:
        guide = DepthFirst(self.sleeping)
        more = True
        enough = False
        while more and not enough:
            if self._first is not None and not self._went_by_states:
                self._went_by_states = True
                if self._search_states(stage):
                    break
            if not self.play(stage, guide):
                break
            if guide.differs:
                raise Changed
            if self._first is None and stage.processor.verdict in (None, "deadlock"):
                self._first = stage.steps, observed(stage, guide.taken(stage.processor.touched))
            judged = None if guide.redundant else self._judge(stage)
            touched = stage.processor.touched
            if self._may_go_on_for_ever(stage) and not self._went_through_all:
                self._went_through_all = True
                if self._search_endless(stage):
                    break
                touched = stage.processor.touched
            if stage.processor.endless:
                guide.come_up(SHALLOW)
            else:
                self._remember(guide.taken(touched), judged)
            more = guide.advance(touched)
            enough = self.steps >= self._last_step
            if self.violations and self.shortest is None and (not more or enough or self._halfway()):
                self._shorten(stage, self._least if guide.complete and not more else ())
        self.complete = self.complete or (guide.complete and not more)
        self.drew = stage.processor.drew
        if self.complete or self.violations:
            self._repeat(stage)
        self.pools = stage.has_pools
        if stage.world.asked_for:
            self.instead = of_the_world(stage.world.asked)
            self.undecided = f"it depends on what no schedule decides: {stage.world.asked_for}"
        if self.violations:
            self._tell(stage, self.shortest or self._shortest_met())

    def _remember(self, taken: Taken, judged: bool | None) -> None:
        """What the second search need not look for again."""
        if len(self._seen) < REMEMBERED:
            self._seen.append((taken, judged))
        if judged:
            length = len(self._least[0]) if self._least else len(taken)
            if len(taken) <= length:
                self._least = [*(self._least if len(taken) == length else ()), taken]

    def _search_states(self, stage: Stage) -> bool:
        """Search by states, if that can prove anything of this program; returns whether there is an answer."""
        if stage.processor.free or not can_follow(self.check) or self.unfinished or self.undecided or self.doubted:
            return False
        alike, before = may_be_alike(stage), (self.covered, self.violations, self.right)
        while True:
            self.violations, self.right, self._last_step = [], [], math.inf
            guide = ByStates(stage, alike, self.check is not None)
            self.complete = self._each_state(stage, guide)
            if self.complete or (not guide.lost and (self.violations or (self._spent and guide.known))):
                self._count(stage, guide.classes() if self.complete else None, len(guide.known))
                return True
            self.unfinished = self.undecided = None  # by states nothing is said: the classes are gone on with
            self.doubted = False
            self.unjudged = 0
            self.covered, self.violations, self.right = before
            self._last_step = self.steps + self._further if self.violations else math.inf
            if not guide.unlike:
                return False
            alike = False

    def _count(self, stage: Stage, classes: Classes | None, states: int) -> None:
        """Say how many classes there are, if that can be said and is no more than anybody wants to know."""
        if classes is not None and bool(classes.wrong) != bool(self.violations):
            classes = None  # never seen; whatever is wrong, what was met counts
        least: Sequence[Taken] = ()
        if classes is None or classes.number > COUNTED:
            self.by_states = True
            self.covered = 0
            del self.violations[1:]
            if classes is not None:
                least = [*islice(classes.least(), KEPT)]
        else:
            wrong = [*classes.each(True)]
            right = [*islice(classes.each(False), REMEMBERED if wrong else KEPT)]
            self._seen = [*((taken, True) for taken in wrong), *((taken, False) for taken in right)]
            self.covered = classes.number
            self.violations = [(_steps(taken), None) for taken in wrong]
            self.right = [_steps(taken) for taken in right[:KEPT]]
            fewest = min(map(len, wrong), default=0)
            least = [taken for taken in wrong if len(taken) == fewest]
        if self.violations:
            self._shorten(stage, least)
        elif self._may_have_lost and not self.lost and classes is not None:
            self._look_for_lost(stage, islice(classes.each(False), COUNTED))
        if self.by_states:
            self.states = states

    def _look_for_lost(self, stage: Stage, right: Iterable[Taken]) -> None:
        """Run these classes until a permit is lost in one.

        Whether one that is missing at the end is lost, or was meant to go, tells how it went: who was refused, or had
        to wait, or gave one back. Of that a state keeps nothing, and each was looked at as it was met first.
        """
        for taken in right:
            guide = Follow(_steps(taken))
            if self.lost or not self.play(stage, guide):
                return
            if guide.astray is not None:
                raise Changed
            self.problem(stage)

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
        """Whether every state was met, each known to be right or wrong. At most half of what is left of the budget is
        for that, or SURELY runs.
        """
        budget = max((self.schedules + self.budget) // 2, min(SURELY, self.budget))
        deadline = (self.now() + self.deadline) / 2
        more = True
        while more:
            spent = budget < self.budget and (self.schedules >= budget or self.now() >= deadline)
            if spent or self.steps >= self._last_step or not self.play(stage, guide):
                return False
            if guide.differs:
                raise Changed
            cut = guide.graph is not None and guide.redundant and stage.processor.verdict in ("full", "timeout")
            endless = stage.processor.endless and not cut
            guide.lost |= self._doubt(stage) is not None or endless or stage.processor.drew
            if guide.lost:
                return False
            wrong = False
            if not (guide.redundant and (stage.clean or cut)):
                wrong = self._judge(stage) is True
                guide.lost |= self.unfinished is not None or self.undecided is not None
                if guide.lost or (wrong and guide.graph is not None):
                    return False
            more = guide.advance(stage.processor.touched, wrong)
        return guide.sure

    def _shortest_met(self) -> tuple[int, ...]:
        return min((steps for steps, _ in self.violations), key=len)

    @property
    def _further(self) -> float:
        """The steps that may be made once a run was wrong."""
        return math.inf if self.enough is None else self.enough

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
            how = difference(before, observed(stage, guide.taken(stage.processor.touched)))
            if how is not None or guide.astray is not None:
                raise Changed(how or "")

    def _tell(self, stage: Stage, steps: tuple[int, ...]) -> None:
        """Run the shortest once more, this time to be shown."""
        self._showing = True
        schedule = replace(self.settings.schedule(steps, 0), unfinished=self.livelock is not None)
        self.to_show = describe(stage, schedule, self.check if counts_only(self.check) else None, Names())
        try:
            again = self.livelock is not None or wrong(self.to_show.run, self.check) is not None
        except (Unfinished, Undecided):
            again = False
        if not again:
            raise Changed("it was wrong once, and then right")

    def play(self, stage: Stage, guide: Guide) -> bool:
        """Make one run; False if there is no budget for it."""
        self._spent = self.schedules >= self.budget or self.now() >= self.deadline or not self.goes_on(self.schedules)
        if self._spent:
            return False
        self.schedules += 1
        stage.play(guide)
        if stage.processor.verdict == "cancelled":
            self._spent = True
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
            self.undecided = self.undecided or str(reason)
            self.instead = self.instead or ("" if CHOOSE in self.undecided else CLAIMED)  # it is the way out
            self.unjudged += 1
            return None
        if (doubt := self._doubt(stage)) is not None:
            self.doubted = True
            self.unfinished, self.instead = doubt
        if problem is not None:
            if not self.violations:
                self._last_step = self.steps + self._further
            self.violations.append((stage.steps, problem or None))
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
        """What is wrong with the run just played; if nothing is, it is noted if a permit is gone for good.

        "" where that is wrong whatever is asked: to say how would cost as much as the run.
        """
        if stage.broken and self.check is None:
            return ""
        may_have_lost = stage.clean and not self.lost and has_fewer(stage.processor.log, stage.made)
        self._may_have_lost |= may_have_lost
        if stage.clean and self.check is None and not may_have_lost:
            return None
        run = stage.run_played(self.check if counts_only(self.check) else None)
        problem = None if stage.clean and self.check is None else wrong(run, self.check)
        if problem is None and may_have_lost and (gone := lost(run.reading)):
            self.lost = gone[0].sentence.removeprefix("Permit lost: ")
        return problem

    def _shorten(self, stage: Stage, least: Sequence[Taken] = ()) -> None:
        """Look for the shortest, with half of what is left of the budget at most.

        least: a run of each class that is wrong and has the fewest steps, or of some if they are many; none where not
        all classes are known.
        """
        until = (self.schedules + self.budget) // 2
        deadline, budget, last_step = self.deadline, self.budget, self._last_step
        now = self.now()
        self.budget, self.deadline = until, now + (deadline - now) / 2
        self._last_step = self.steps + self._further
        try:
            chart = Chart(lambda notes: self._broken(stage, notes), len(self._shortest_met()))
            noted = {id(taken) for taken in least}
            for taken, broken in self._seen:
                if id(taken) not in noted:
                    chart.note(taken, broken)
            self.shortest = chart.shortest(least)
        finally:
            self.budget, self.deadline, self._last_step = budget, deadline, last_step
        self.minimal = self.shortest is not None or bool(least)
        self.states = len(chart)
        if self.shortest is None:
            self.shortest = _steps(least[0]) if least else self._shortest_met()

    def _broken(self, stage: Stage, notes: ChartingGuide) -> bool | None:
        if self.steps >= self._last_step or not self.play(stage, notes):
            return None
        try:
            broken = self.problem(stage) is not None
        except (Unfinished, Undecided):
            broken = False
        notes.end(stage.processor.touched, broken)
        return broken


def _steps(taken: Taken) -> tuple[int, ...]:
    return tuple(thread for _, thread, _ in taken)


def _named(numbers: frozenset[int] | None, stage: Stage) -> tuple[str, ...] | None:
    """The names of these threads; none where a thread of another name may have the number of one in another run."""
    if numbers is None:
        return None
    threads = stage.processor.every
    fixed = all(starter == 0 for starter in stage.processor.threads.starters.values())
    return tuple(threads[number].name for number in sorted(numbers) if fixed and number < len(threads))
