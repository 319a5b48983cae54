"""What is said of two runs: the headline, what was varied, where they part, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from semalab.analysis.verdict import expectation, goes_on, in_vain
from semalab.comparison.differences import (
    DOES_NOT_APPLY,
    Difference,
    equal,
    lasting,
    names_of,
    outcome,
    parted,
    parting,
    time,
    turns,
    varied,
)
from semalab.log.excerpt import cut
from semalab.log.stops import Deadlock
from semalab.run import Run

_SHORT = 160  # characters of a verdict


def headline(a: Run, b: Run, names: tuple[str, str]) -> str:
    """Of two runs that are not equal."""
    first, second = _ending(a), _ending(b)
    times, timed = (lasting(a), lasting(b)), bool(a.trace.duration or b.trace.duration)
    if a.stopped is b.stopped is None and first == second:
        if times[0] != times[1]:
            return f"In both: {first}. {names[0]}: {times[0]}. {names[1]}: {times[1]}"
        length, order = f", {times[0]}" if timed else "", turns(a, b)
        if order is None or not order.differs:
            return f"In both: {first}{length}. Their logs are not the same"
        return f"In both: {first}{length}. {names[0]}: {order.what} is {order.a}'s. {names[1]}: {order.b}'s"
    ends = [_told(run, end, timed) for run, end in ((a, first), (b, second))]
    return f"{names[0]}: {ends[0]}. {names[1]}: {ends[1]}"


def ending(run: Run) -> str:
    """In a few words how a run ended and how long it took."""
    return _told(run, _ending(run), True)


def _told(run: Run, end: str, timed: bool) -> str:
    if run.stopped is not None:
        return f"{end} after {time(run.trace.duration)}" if run.trace.duration else f"{end}, no time passed"
    return f"{end}, {lasting(run)}" if timed else end


def _ending(run: Run) -> str:
    """The verdict; of a guard that let in no more than it may, how many those were: its title says which claim held."""
    if run.stopped is not None:
        return "deadlock" if isinstance(run.stopped, Deadlock) else "stopped"
    expected = expectation(run.reading, run.claim)
    if expected is None or not (expected.held and expected.allowed):
        return cut(run.verdict, _SHORT)
    use = run.reading.uses[expected.primitive]
    said = expected.sentence + in_vain(run.reading, run.claim, run.clock) + goes_on(run.reading)
    if use.passed_on or said != run.verdict:
        return cut(run.verdict, _SHORT)
    most = use.most_inside
    return f"{most:,} inside at once" if most > 1 else "never more than 1 inside"


@dataclass(frozen=True, eq=False)
class Compared:
    """Two runs and what differs between them, in words: nothing here draws."""

    a: Run
    b: Run

    @cached_property
    def varied(self) -> tuple[Difference, ...]:
        """What was given to them that is not the same."""
        return varied(self.a, self.b)

    @cached_property
    def _outcome(self) -> tuple[Difference, ...]:
        return outcome(self.a, self.b)

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What came of it that is not the same."""
        return tuple(one for one in self._outcome if one.differs)

    @property
    def same(self) -> tuple[Difference, ...]:
        """What came of both."""
        return tuple(one for one in self._outcome if not one.differs)

    @cached_property
    def parting(self) -> int | None:
        """The place of the first event at which something else happens; None if there is none."""
        return parting(self.a, self.b)

    @property
    def names(self) -> tuple[str, str]:
        """What the two runs are called: by what was varied, or the first and the second."""
        return names_of(self.varied)

    @cached_property
    def equal(self) -> bool:
        """The same log, event by event."""
        return equal(self.a, self.b)

    @property
    def sentence(self) -> str:
        """What the two runs showed, in one or two sentences."""
        if self.equal:
            return f"The same log, event by event: {ending(self.a)}"
        return headline(self.a, self.b, self.names)

    @cached_property
    def parted(self) -> str:
        """Where the two logs part, in words."""
        return parted(self.a, self.b, self.names)

    @property
    def note(self) -> str:
        """What the differences are not: a promise about order, or about time. Empty where nothing needs to be said."""
        notes = []
        if "wall" in (self.a.clock, self.b.clock):
            notes.append("Times on the wall clock were measured on one machine, and differ each time.")
        if self.parting is not None and {one.what for one in self.varied} <= {"clock", "seed", "schedule"}:
            notes.append("Both orders happened; neither is promised.")
        return " ".join(notes)

    @property
    def common(self) -> str:
        """What came of both runs, in a line; the verdict is said elsewhere."""
        both = "; ".join(str(one) for one in self.same if one.what != "how it ended" and one.a != DOES_NOT_APPLY)
        return f"in both: {both}" if both else ""

    @property
    def lines(self) -> tuple[str, ...]:
        """Everything that is said of the two, line by line."""
        given = [f"varied: {one}" for one in self.varied]
        told = [str(one) for one in self.differences if one.what != "how it ended"]
        parts = [] if self.equal else [self.parted]
        return (self.sentence, *parts, *given, *told, self.common, self.note)

    def __repr__(self) -> str:
        return "\n".join(filter(None, self.lines))
