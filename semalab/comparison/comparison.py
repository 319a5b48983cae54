"""`compare`: two runs in words and in one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semalab.analysis.verdict import expectation, in_vain
from semalab.comparison.differences import Difference, equal, names_of, parted, parting, time, turns, varied
from semalab.comparison.outcome import DOES_NOT_APPLY, lasting, outcome
from semalab.files import write_whole
from semalab.log.excerpt import cut, written
from semalab.log.stops import Deadlock
from semalab.run import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHORT = 160  # characters of a verdict
_SUFFIXES = (".png", ".svg", ".pdf")


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
    if use.passed_on or expected.sentence + in_vain(run.reading, run.claim, run.clock) != run.verdict:
        return cut(run.verdict, _SHORT)
    most = use.most_inside
    return f"{most:,} inside at once" if most > 1 else "never more than 1 inside"


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two runs and what differs between them. Immutable; everything it says is derived from their logs.

    varied: what was given to them that is not the same. differences: what came of it; same: what came of both.
    parting: the place of the first event at which something else happens, or None.

    >>> one, other = (record(program, threads=2, initial=n, clock="virtual") for n in (1, 2))
    >>> compare(one, other).varied
    (Difference(what='initial', a='1', b='2', change=''),)
    """

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

    def timeline(
        self,
        *,
        between: tuple[float, float] | None = None,
        threads: Sequence[str | int] | None = None,
        width: float = 10.0,
        height: float | None = None,
        dpi: int = 100,
    ) -> Figure:
        """Both timelines one above the other, on one axis where both clocks moved or both stood still.

        Args:
            between: the moments (begin, end) to show of both, as in `Run.timeline`.
            threads: the rows to show, from the top: names, or numbers of rows counted from 0.
            width: inches of the sheet. height: inches of each of the two timelines. dpi: pixels per inch.

        Raises: TypeError, ValueError for a window or threads that are not there, or too small a sheet.

        >>> compare(a, b).timeline(threads=["worker-3", "worker-4"])
        """
        from semalab.comparison.picture import picture

        return picture(self, between=between, threads=threads, width=width, height=height, dpi=dpi)

    def save(self, path: str | Path) -> Path:
        """Write the picture as .png, .svg or .pdf, whole or not at all.

        Raises: ValueError for another suffix; OSError, with a sentence, if the file cannot be written.
        """
        from semalab.draw import written as drawn

        suffix = Path(path).suffix.lower()
        if suffix not in _SUFFIXES:
            raise ValueError(f"the suffix must be one of {' '.join(_SUFFIXES)}, got {Path(path).name!r}")
        return write_whole(path, [drawn(self.timeline(), suffix)])

    def __repr__(self) -> str:
        return "\n".join(filter(None, self.lines))

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], Mapping[str, Any]]:
        from semalab.draw import png

        picture = {"image/png": png(self.timeline()), "text/plain": repr(self)}
        return picture, {"image/png": {"alt": f"Two timelines. {self.sentence}. {self.parted}"}}


def compare(a: Run, b: Run, /) -> Comparison:
    """Two runs side by side on one time axis: what was varied, where they part, what came of it.

    Args:
        a, b: what `record`, `load` or an exploration's `replay` returned; of one program or of two.

    Returns:
        The two, with their differences in words, and a picture of both.

    Raises:
        TypeError: for anything that is no run.

    >>> one, other = (record(program, threads=2, initial=n, clock="virtual") for n in (1, 2))
    >>> compare(one, other).names
    ('initial=1', 'initial=2')
    """
    for name, run in (("a", a), ("b", b)):
        if not isinstance(run, Run):
            raise TypeError(
                f"{name} must be a run, as record() and load() return it, got {written(run)};"
                f" write compare(record(program, …), record(program, …))"
            )
    return Comparison(a, b)
