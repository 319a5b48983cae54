"""What an exploration found: a proof for one size, or the shortest run that breaks it, and all the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from textwrap import fill
from typing import Any

from semalab.analysis.verdict import FINE, RIGHT, UNKNOWN, WRONG
from semalab.exploration.descriptions import LANES, Described, Description
from semalab.exploration.sleepsets import Changed
from semalab.log.excerpt import called, counted, cut_name
from semalab.log.schedule import Schedule
from semalab.run import Run

_WIDTH = 88  # characters of a printed line
Teller = Callable[[Sequence[Schedule]], tuple[Description, ...]]


@dataclass(frozen=True)
class Violation:
    """One schedule that breaks the program, and how: found in the states that it passes through, it is run only when
    somebody asks.
    """

    schedule: Schedule
    _sentence: str | None = None
    _ask: Callable[[Schedule], str] = field(default=lambda schedule: "", repr=False, compare=False)

    @cached_property
    def sentence(self) -> str:
        return self._ask(self.schedule) if self._sentence is None else self._sentence


@dataclass(frozen=True, eq=False)
class Exploration:
    """The answer to "does this hold under every schedule?". Immutable.

    Invariant: the verdict is "proved" only if every schedule was covered, and every run came to its end or, where
    one may go on for ever, can still come to it.

    verdict: "proved", "counterexample", "cannot say" or "budget exhausted". granularity: what counted as a step.
    time: "clock" or "free". arguments: the size. schedules: how many were run. covered: how many that differ by more
    than the order of independent steps were looked at, each run, or counted from the states that they pass through, of
    which fewer runs may show all. complete: there are no others. violations: those among them
    that are wrong, in the order of their steps, whatever the search met first; right: some of those that are not.
    shortest: a run that is wrong with the fewest steps, and with the fewest preemptions among those that were looked
    at; `minimal` is False where there was no budget to look for it, and it is only the shortest that was met.
    problem: what is wrong with it. description: it step by step. states: how many states were met on the way to it.
    by_states: there were so many schedules that not they were counted, but the states they pass through: then
    `states` says how many of those there are, `covered` is of no use, and the violations end with the first.
    unfinished: why a run did not end, or what of it nobody knows. undecided: why the check could not say if a run is
    right, and unjudged how many those were, or why the program cannot be explored at all: nothing is proved then, and
    nothing is broken. changed: it did not do the same when one schedule was played twice. interrupted: somebody stopped
    the search. way_out: what could be done so that it is decided, as an order; "" where it is, or nobody knows.
    lost: of a schedule that no claim calls wrong, which permit is gone for good when it is over, in words.
    circle: of a counterexample that goes on for ever, how many of its last steps come again and again. endless: of a
    program that was proved by its states because it can go on for ever, in words when it does.
    seed: where the program's random numbers came from, if it drew any: nothing is proved for others.

    >>> explore(program, threads=2, initial=1, check=mutual_exclusion).verdict
    'proved'
    """

    verdict: str
    granularity: str
    time: str
    schedules: int
    covered: int
    complete: bool
    arguments: Mapping[str, Any]
    violations: tuple[Violation, ...] = ()
    right: tuple[Schedule, ...] = ()
    problem: str = ""
    minimal: bool = False
    description: Description | None = field(default=None, repr=False)
    states: int = 0
    by_states: bool = False
    unfinished: str | None = None
    undecided: str | None = None
    unjudged: int = 0
    way_out: str = ""
    lost: str = ""
    circle: int = 0
    endless: str = ""
    changed: bool = False
    interrupted: bool = False
    seed: int | None = None
    name: str = "program"
    claim: str = "no deadlock, no exception"
    _replay: Callable[[Schedule], Run] = field(default=lambda schedule: _nothing(), repr=False)
    _teller: Teller = field(default=lambda schedules: (), repr=False)

    @property
    def shortest(self) -> Run | None:
        """A run with the fewest steps that is wrong; None if none was met."""
        return self.description.run if self.description is not None else None

    @property
    def steps(self) -> tuple[str, ...]:
        """The shortest in words, one line for each step."""
        return self.description.words if self.description is not None else ()

    def replay(self, number: int = 0) -> Run:
        """The run of violation `number`, counted from 0. Raises IndexError if there are fewer."""
        if not 0 <= number < len(self.violations):
            raise IndexError(f"number must be from 0 to {len(self.violations) - 1}, got {number}")
        return self._replay(self.violations[number].schedule)

    def tell(self, schedules: Sequence[Schedule]) -> tuple[Description, ...]:
        """Run schedules of this program once more, each with its steps in words.

        Raises Changed (a RuntimeError) if the program no longer does what it did.
        """
        return self._teller(schedules)

    @cached_property
    def lanes(self) -> tuple[Described, ...]:
        """Every different schedule that was judged, described; none if they are more than fit one picture.

        The shortest counterexample stands for those that differ from it in the order of independent steps only.
        Raises Changed (a RuntimeError) if the program no longer does what it did.
        """
        judged = len(self.violations) + len(self.right)
        return self._side_by_side() if 0 < self.covered == judged <= LANES and not self.by_states else ()

    # in words
    @property
    def sentence(self) -> str:
        """One sentence with the granularity and the size; the same for the same exploration."""
        each = self.schedules == self.covered and not self.by_states
        run = "" if each else f" (found in {counted(self.schedules, 'run')})"
        if self.verdict == "counterexample":
            # that a thread goes on is no step
            steps = self._shown if self.description is None else self.description.steps
            length = counted(len(steps), "step")
            which = f"the shortest in {length}" if self.minimal else f"the shortest met in {length}"
            if self.circle:
                which += f", of which the last {self.circle:,} come again and again"
            return f"Counterexample: {self.problem}. For {self.size}, {self._wrong}{run}, {which}"
        if self.verdict == "proved":
            endless = f"; {self.endless}" if self.endless else ""
            return f"Proved for {self.size}: {self.claim}, under {self._each}{run}{endless}{self._lost}"
        if self.changed:
            return f"Cannot say for {self.size}: {self.undecided}{self._way_out}"
        judged, more = self._judged, f"{self._lost}{self._way_out}"
        if self.verdict == "cannot say":
            return f"Cannot say for {self.size}: {self._reason}. Nothing wrong in {judged}{run}{self._besides}{more}"
        return f"Budget exhausted for {self.size}: nothing wrong in {judged}{run}, but {self._gap}{more}"

    @property
    def headline(self) -> str:
        """The sentence's beginning, for a picture whose second line is the size."""
        if self.verdict == "counterexample":
            return f"Counterexample: {self.problem}"
        if self.verdict == "proved":
            return f"Proved: {self.claim}{self._in_a('a schedule')}"
        if self.verdict == "cannot say":
            return f"Cannot say: {self._reason}{self._way_out}"
        return f"Budget exhausted: nothing wrong so far, but {self._gap}{self._in_a('a schedule')}{self._way_out}"

    @property
    def standing(self) -> str:
        """What the headline amounts to: "wrong", "cannot say", "right", or "".

        It is "" where the budget was used up, and where what is proved is not all that matters: a permit is lost.
        """
        proved = FINE if self.lost else RIGHT
        return {"counterexample": WRONG, "cannot say": UNKNOWN, "proved": proved}.get(self.verdict, FINE)

    @property
    def tally(self) -> str:
        """How many of how many schedules break the program."""
        if self.by_states:
            none = "no schedule breaks it" if self.complete else "none that was run breaks it"
            first = none if not self.violations else "a schedule breaks it"
            return f"{first}; {counted(self.states, 'different state')} met"
        said = f"{len(self.violations):,} of {self._known} {'breaks' if len(self.violations) == 1 else 'break'} it"
        return f"{said}; of {self.unjudged:,} nobody can say" if self.unjudged else said

    @property
    def subtitle(self) -> str:
        """What stands below the headline: for what, and after how many runs."""
        return f"{self.size} · {counted(self.schedules, 'run')}"

    @property
    def size(self) -> str:
        """What the verdict is for."""
        inside = ", ".join(f"{name}={called(value, 80)}" for name, value in self.arguments.items())
        how = "" if self.time == "clock" else ", sleeps in any order"
        dice = "" if self.seed is None else f", with the random numbers of seed {self.seed}"
        return f"{cut_name(self.name, 80)}({inside}) at the granularity of {self.granularity}{how}{dice}"

    @property
    def _judged(self) -> str:
        if self.by_states:
            # Others pass through these states, too: the first is in each.
            return f"the schedules that were run, which pass through {counted(self.states, 'different state')}"
        return counted(self.covered, "different schedule")

    @property
    def _each(self) -> str:
        if self.by_states:
            return f"every schedule; all of them pass through {counted(self.states, 'different state')}"
        return "its only schedule" if self.covered == 1 else f"each of its {self.covered:,} different schedules"

    @property
    def _known(self) -> str:
        if self.by_states:
            return f"the schedules met in {counted(self.states, 'different state')}"
        return counted(self.covered, "different schedule") + ("" if self.complete else " so far")

    @property
    def _wrong(self) -> str:
        if self.by_states:
            return f"a schedule is wrong, the first met in {counted(self.states, 'different state')}"
        if self.covered == 1 and self.complete:
            return "its only schedule is wrong"
        are = "is" if len(self.violations) == 1 else "are"
        if not self.complete:
            wrong = counted(len(self.violations), "different schedule")
            return f"at least {wrong} {are} wrong, of {self.covered:,} so far"
        return f"{len(self.violations):,} of {self._known} {are} wrong"

    @property
    def _lost(self) -> str:
        only = self.covered == 1 and self.complete and not self.by_states
        return self._in_a("it" if only else "some schedule")

    def _in_a(self, schedule: str) -> str:
        """What no claim speaks of, and is wrong all the same: a picture of that schedule says so, in red."""
        return f"; but in {schedule} a permit is lost: {self.lost}" if self.lost else ""

    @property
    def _way_out(self) -> str:
        return f"; to have it decided, {self.way_out}" if self.way_out else ""

    @property
    def _besides(self) -> str:
        return f", but {self._gap}" if self._gap else ""

    @property
    def _reason(self) -> str | None:
        """Why it cannot be said: the check could not, or of a run it is not known what it did."""
        return self.unfinished if self.undecided is None else self.undecided

    @property
    def _gap(self) -> str:
        """What a proof would have needed besides."""
        stop = "it was interrupted before every schedule was run" if self.interrupted else "not every schedule was run"
        gaps = [] if self.complete else [stop]
        if self.unfinished is not None and (self.verdict != "cannot say" or self.undecided is not None):
            gaps += [f"a run did not end as it should ({self.unfinished})"]
        return " and ".join(gaps)

    @property
    def _shown(self) -> Schedule:
        assert self.shortest is not None and self.shortest.schedule is not None
        return self.shortest.schedule

    def __bool__(self) -> bool:
        return self.verdict == "proved"

    def __repr__(self) -> str:
        return "\n".join([self.sentence, *self.steps])

    def __str__(self) -> str:
        """The sentence and the steps for `print`, broken between words: a notebook breaks long lines anywhere."""
        steps = [fill(step, _WIDTH, subsequent_indent="   ") for step in self.steps]
        return "\n".join([fill(f"{self.sentence}.", _WIDTH), *steps])

    def _side_by_side(self) -> tuple[Described, ...]:
        """In the order of their steps, so that those that begin alike are neighbours."""
        shortest = self.shortest.schedule if self.shortest is not None else None
        schedules = [*(violation.schedule for violation in self.violations), *self.right]
        descriptions = self.tell([*schedules, *([shortest] if shortest is not None else [])])
        last = descriptions[-1] if shortest is not None else None
        lanes = []
        for number, (schedule, description) in enumerate(zip(schedules, descriptions, strict=False)):
            violation = number if number < len(self.violations) else None
            if last is not None and shortest is not None and description.outcome == last.outcome:
                lanes.append(Described(shortest, last, violation, True))
            else:
                lanes.append(Described(schedule, description, violation, False))
        return tuple(sorted(lanes, key=lambda lane: lane.schedule.choices))

    # in a picture
    def picture(self) -> bytes:
        """The answer as PNG: verdict, tally, the shortest counterexample, its steps, and the lanes of all schedules."""
        try:
            lanes, note = self.lanes, ""
        except Changed as changed:
            lanes, note = (), f"The schedules can no longer be drawn: {changed}."
        known = self.complete or bool(self.violations)  # else they are not too many, but unknown
        if not lanes and not note and (self.covered > LANES or (self.by_states and known)):
            many = "The" if self.by_states else f"{self.covered:,}"
            note = f"{many} schedules are too many to be drawn side by side ({LANES} at most)."
        return self._poster(lanes, note)

    def _poster(self, lanes: Sequence[Described], note: str) -> bytes:
        """note: why there are no lanes."""
        from semalab.exploration.descriptions import (  # matplotlib, only where a picture is wanted
            as_lanes,
            drawing,
            pairs,
        )
        from semalab.report import Head, Tally, poster

        judged, others = self.covered - self.unjudged, "cannot say" if self.unjudged else "not run"
        complete = self.complete and not self.unjudged
        if self.by_states:
            judged, complete = self.states, self.complete or bool(self.violations)
        tally = Tally(len(self.violations), judged, complete, self.tally, others)
        steps, drawn = [], None
        if self.description is not None:
            steps = pairs(self.description)
            which = "shortest" if self.minimal else "shortest met"
            count = counted(len(steps), "step")
            drawn = drawing(self.description, f"The {which} that breaks it, in {count}", standing=WRONG)
        return poster(Head(self.headline, self.subtitle, tally, self.standing), drawn, steps, as_lanes(lanes), note)

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        words = " ".join([f"{self.sentence}.", *(f"{step}." for step in self.steps)])
        return {"image/png": self.picture(), "text/plain": repr(self)}, {"image/png": {"alt": words}}


def _nothing() -> Run:
    raise IndexError("there is nothing to replay")
