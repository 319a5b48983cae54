"""What two pictures laid side by side share, so that the eye may compare them: axis, rows, colours, scales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from semalab.analysis.reading import Reading
from semalab.draw.time_axis import clock_of, table
from semalab.log.columns import NEVER
from semalab.log.trace import Trace


@dataclass(frozen=True)
class Beside:
    """The same for both pictures.

    lasting: the axis goes on to here, in nanoseconds, or in events where both clocks stood still; 0 where one of the
    clocks stood still and the other did not, for then there is no common axis.
    threads: the rows, from the top; a run need not have all of them. order: primitives of both, which get their colours
    and strips in this order. levels: of each its highest value and its longest queue in either run.
    tips: the axis leaves room for what never ended. parting: the event from which on the logs differ, to be marked.
    reserved: points from the top of each to its rows, so that rows and strips of both come out equally high.
    longer: threads that waited longer in this one of the two; the only thing that the two do not share.
    """

    lasting: int
    threads: tuple[str, ...]
    order: tuple[str, ...]
    levels: Mapping[str, tuple[int, int]]
    tips: bool
    parting: int | None
    reserved: float = 0.0
    longer: frozenset[str] = field(default=frozenset())


def beside(
    a: Reading,
    b: Reading,
    stopped: tuple[bool, bool],
    threads: Sequence[str] | None = None,
    parting: int | None = None,
) -> Beside:
    """What the pictures of two readings share. threads: the rows to show; None shows all."""
    readings = (a, b)
    clocks = [clock_of(one.trace, one.times, early) for one, early in zip(readings, stopped, strict=True)]
    lasting = 0
    if all(one.trace for one in readings) and clocks[0].stands == clocks[1].stands:
        stands = clocks[0].stands
        lasting = max(round(clock.end * (1 if stands else clock.scale)) for clock in clocks)
    return Beside(
        lasting,
        tuple(threads) if threads is not None else common_rows(a.trace, b.trace),
        tuple(dict.fromkeys(label for one in readings for label in _in_use(one))),
        _levels(readings),
        any(_has_endless(one) for one in readings),
        parting,
    )


def _has_endless(reading: Reading) -> bool:
    """Some wait or hold never ended."""
    groups = reading.columns.groups.items()
    return any((table(column, 5)[:, 4] == NEVER).any() for (kind, _), column in groups if kind in {"wait", "hold"})


def common_rows(a: Trace, b: Trace) -> tuple[str, ...]:
    """The threads of the first, then those that only the second has."""
    return tuple(dict.fromkeys((*a.threads, *b.threads)))


def _in_use(reading: Reading) -> list[str]:
    """The main primitive first, then the others in order of creation."""
    main = reading.main_use
    used = [use.label for use in reading.uses.values() if use.role != "unused"]
    return sorted(used, key=lambda label: main is None or label != main.label)


def _levels(readings: Sequence[Reading]) -> dict[str, tuple[int, int]]:
    levels: dict[str, tuple[int, int]] = {}
    for reading in readings:
        for label, use in reading.uses.items():
            columns = (use.counts.values, use.counts.waiters)
            most, queue = (int(table(column, 2)[:, 1].max(initial=0)) for column in columns)
            before = levels.get(label, (0, 0))
            levels[label] = (max(most, before[0]), max(queue, before[1]))
    return levels
