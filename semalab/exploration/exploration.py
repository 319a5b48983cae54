"""What an exploration found: a proof for one size, or the shortest run that breaks it, and all the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from semalab.run import Run
from semalab.schedule import Schedule


@dataclass(frozen=True)
class Violation:
    """One schedule that breaks the program, and how."""

    schedule: Schedule
    sentence: str


@dataclass(frozen=True, eq=False)
class Exploration:
    """The answer to "does this hold under every schedule?". Immutable.

    Invariant: the verdict is "proved" only if every schedule was covered and every run came to its end.

    verdict: "proved", "counterexample" or "budget exhausted". granularity: what counted as a step. time: "clock" or
    "free". arguments: the size. schedules: how many were run. covered: how many that differ by more than the order of
    independent steps were judged. complete: there are no others. violations: those among them that are wrong.
    shortest: a run with the fewest steps, and among those the fewest preemptions, that is wrong; `minimal` is False
    where the budget did not allow to look for it and it is only the shortest that was met. steps: it in words.
    states: how many states were met on the way to it. unfinished: why a run did not end, if one did not.

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
    shortest: Run | None = None
    minimal: bool = False
    steps: tuple[str, ...] = ()
    states: int = 0
    unfinished: str | None = None
    name: str = "program"
    claim: str = "no deadlock, no exception"
    _replay: Callable[[Schedule], Run] = field(default=lambda schedule: _nothing(), repr=False)

    def replay(self, number: int = 0) -> Run:
        """The run of violation `number`, counted from 0. Raises IndexError if there are fewer."""
        if not 0 <= number < len(self.violations):
            raise IndexError(f"number must be from 0 to {len(self.violations) - 1}, got {number}")
        return self._replay(self.violations[number].schedule)

    @property
    def sentence(self) -> str:
        """One sentence with the granularity and the size; the same for the same exploration."""
        if self.verdict == "counterexample":
            return self._broken()
        ran = f"{_count(self.schedules, 'schedule')} run, {self.covered:,} of them different"
        if self.verdict == "proved":
            how = "" if self.time == "clock" else ", sleeps in any order"
            size = f"{self.name}({self._inside}) at the granularity of {self.granularity}{how}"
            return f"Proved for {size}: {self.claim}; {ran}"
        why = f"a run did not end as it should ({self.unfinished})" if self.complete else "not every schedule was run"
        return (
            f"Budget exhausted for {self.name}({self._inside}) at the granularity of {self.granularity}:"
            f" nothing wrong so far, but {why}; {ran}"
        )

    def _broken(self) -> str:
        assert self.shortest is not None and self.shortest.schedule is not None
        length = _count(len(self.shortest.schedule), "step")
        which = f"the shortest in {length}" if self.minimal else f"the shortest met in {length}"
        of = f"{len(self.violations):,} of {self.covered:,}" + ("" if self.complete else " so far")
        return (
            f"Broken: {self.violations[0].sentence}. For {self.name}({self._inside}) at the granularity of"
            f" {self.granularity}, {of} different schedules are wrong, {which}"
        )

    @property
    def _inside(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())

    def __bool__(self) -> bool:
        return self.verdict == "proved"

    def __repr__(self) -> str:
        return "\n".join([self.sentence, *self.steps])

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        if self.shortest is None:
            return {"text/plain": repr(self)}, {}
        picture, about = self.shortest._repr_mimebundle_()
        return {**picture, "text/plain": repr(self)}, about


def _count(n: int, what: str) -> str:
    return f"1 {what}" if n == 1 else f"{n:,} {what}s"


def _nothing() -> Run:
    raise IndexError("there is nothing to replay")
