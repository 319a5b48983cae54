"""`compare`: two runs in words and in one picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from semalab.comparison.differences import Difference, lasting, parting, told, totals, varied
from semalab.excerpt import cut, written
from semalab.files import write_whole
from semalab.run import Run

_VERDICT = 160  # characters of each verdict in the sentence


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two runs and what differs between them. Immutable.

    varied: what was given to them that is not the same. differences: what came of it, also what is the same in both.
    parting: the place of the first event at which something else happens, or None.

    >>> compare(record(program, initial=1, clock="virtual"), record(program, initial=2, clock="virtual")).varied
    (Difference(what='initial', a='1', b='2'),)
    """

    a: Run
    b: Run

    @cached_property
    def varied(self) -> tuple[Difference, ...]:
        return varied(self.a, self.b)

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        return totals(self.a, self.b)

    @cached_property
    def parting(self) -> int | None:
        return parting(self.a, self.b)

    @property
    def names(self) -> tuple[str, str]:
        """What the two runs are called: by what was varied, or the first and the second."""
        if not self.varied or any(one.what == "schedule" for one in self.varied):
            return "first", "second"
        given = [[f"{one.what} {one.a}" for one in self.varied], [f"{one.what} {one.b}" for one in self.varied]]
        return cut(", ".join(given[0]), 80), cut(", ".join(given[1]), 80)

    @property
    def sentence(self) -> str:
        """What the two runs showed, in one or two sentences."""
        if self.a.trace == self.b.trace and self.a.verdict == self.b.verdict:
            return f"The same log, event by event: {cut(self.a.verdict, _VERDICT)}, {lasting(self.a)}"
        (one, other), runs = self.names, (self.a, self.b)
        ends = [f"{cut(run.verdict, _VERDICT)}, {lasting(run)}" for run in runs]
        return f"{one.capitalize()}: {ends[0]}. {other.capitalize()}: {ends[1]}"

    @property
    def headline(self) -> str:
        """Above the two timelines, which have their verdicts as titles."""
        if self.a.trace == self.b.trace and self.a.verdict == self.b.verdict:
            return "The same log, event by event"
        one, other = self.names
        return f"{one.capitalize()} beside {other}"

    @property
    def parted(self) -> str:
        """Where the two logs part, in words."""
        wall = "wall" in (self.a.clock, self.b.clock)
        times = " Times on the wall clock are this machine's, and other ones each time." if wall else ""
        if self.parting is None:
            return f"The same {len(self.a.trace):,} events in the same order.{times}"
        same = f"the same for {self.parting:,} events, then" if self.parting else "from the beginning"
        first, second = told(self.a, self.parting), told(self.b, self.parting)
        return f"They part: {same} {cut(first, 200)} | {cut(second, 200)}.{times}"

    @property
    def lines(self) -> tuple[str, ...]:
        """Everything that is said of the two, line by line."""
        return (self.sentence, self.parted, *map(str, self.differences[1:]))

    def picture(self) -> bytes:
        """Both timelines and what differs, as PNG."""
        from semalab.comparison.picture import picture

        return picture(self)

    def save(self, path: str | Path) -> Path:
        """Write the picture as .png, whole or not at all. Raises ValueError for another suffix."""
        if Path(path).suffix.lower() != ".png":
            raise ValueError(f"the suffix must be .png, got {Path(path).name!r}")
        return write_whole(path, [self.picture()])

    def __repr__(self) -> str:
        return "\n".join(self.lines)

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], Mapping[str, Any]]:
        return {"image/png": self.picture(), "text/plain": repr(self)}, {"image/png": {"alt": repr(self)}}


def compare(a: Run, b: Run, /) -> Comparison:
    """Two runs side by side on one time axis: what was varied, where they part, what came of it.

    Args:
        a, b: what `record`, `load` or an exploration's `replay` returned; of one program or of two.

    Raises:
        TypeError: for anything that is no run.

    >>> compare(record(program, initial=1, clock="virtual"), record(program, initial=2, clock="virtual"))
    """
    for name, run in (("a", a), ("b", b)):
        if not isinstance(run, Run):
            raise TypeError(f"{name} must be a run, as record() and load() return it, got {written(run)}")
    return Comparison(a, b)
