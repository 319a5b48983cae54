"""What came of two runs: how they ended, how long they took, and who waited for how long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from semalab.analysis.reading import Reading
from semalab.analysis.verdict import LONGEST
from semalab.comparison.differences import Difference, time, turns
from semalab.log.columns import NEVER, rows_of
from semalab.log.excerpt import cut, cut_name
from semalab.log.trace import SEMAPHORES
from semalab.run import Run

_THREADS = 5  # whose waits are told one by one
_NAME = 60  # of a thread
DOES_NOT_APPLY = "does not apply"


@dataclass(frozen=True)
class Waits:
    """How often somebody waited, for how many nanoseconds of waits that ended, and how many waits never ended."""

    count: int = 0
    time: int = 0
    endless: int = 0


def outcome(a: Run, b: Run) -> tuple[Difference, ...]:
    """Ending, duration, threads, inside at once, turns, waits, last value; then who waited most differently."""
    order = turns(a, b)
    return (
        Difference("how it ended", cut(a.verdict, LONGEST), cut(b.verdict, LONGEST)),
        Difference("duration", lasting(a), lasting(b), _longer(a.trace.duration, b.trace.duration)),
        _counted("threads and main", len(a.trace.threads), len(b.trace.threads)),
        _of_primitive("most inside", _inside(a.reading), _inside(b.reading)),
        *((order,) if order is not None else ()),
        _all_waits(a, b),
        _of_primitive("last value of", _final(a.reading), _final(b.reading)),
        *_threads(a, b),
    )


def lasting(run: Run) -> str:
    return time(run.trace.duration) if run.trace.duration else "no time passed"


def _longer(a: int, b: int) -> str:
    return f"{time(abs(b - a))} {'more' if b > a else 'less'}" if a and b and a != b else ""


def _counted(what: str, a: int, b: int) -> Difference:
    return Difference(what, f"{a:,}", f"{b:,}", f"{abs(b - a):,} {'more' if b > a else 'less'}" if a != b else "")


Number = tuple[str, int]  # a primitive's label, and what was counted of it


def _of_primitive(what: str, a: Number | None, b: Number | None) -> Difference:
    """Numbers of one primitive are compared; of two, each is told with its own."""
    if a is not None and b is not None and a[0] == b[0]:
        return _counted(f"{what} `{cut_name(a[0], _NAME)}`", a[1], b[1])
    return Difference(
        what.removesuffix(" of"),
        *(DOES_NOT_APPLY if n is None else f"{n[1]:,}, `{cut_name(n[0], _NAME)}`" for n in (a, b)),
    )


def _inside(reading: Reading) -> Number | None:
    use = reading.main_use
    return (use.label, use.most_inside) if use is not None and use.role == "guard" else None


def _final(reading: Reading) -> Number | None:
    use = reading.main_use
    return (use.label, use.final) if use is not None and use.primitive.kind in SEMAPHORES else None


def _all_waits(a: Run, b: Run) -> Difference:
    one, other = _in_all(a), _in_all(b)
    change = _longer(one.time, other.time) if not (one.endless or other.endless) else ""
    first, second = (_said(w, moves=run.trace.duration > 0) for w, run in ((one, a), (other, b)))
    return Difference("waits", first, second, change)


def _in_all(run: Run) -> Waits:
    waits = waits_of(run.reading).values()
    return Waits(*(sum(getattr(w, what) for w in waits) for what in ("count", "time", "endless")))


def _said(waits: Waits, *, moves: bool) -> str:
    """How often and how long. A wait that never ended has no length: it is counted, and not added up."""
    if not waits.count:
        return "none"
    ended = waits.count - waits.endless
    parts = [f"{ended:,}, together {time(waits.time)}" if moves else f"{ended:,}"] if ended else []
    parts += [f"{waits.endless:,} never ended"] if waits.endless else []
    return "; ".join(parts)


def _threads(a: Run, b: Run) -> Iterator[Difference]:
    """Of threads of both runs that waited for different times, those with the largest difference; endless waits first.

    Where a clock stood still, no wait has a length to compare.
    """
    pairs = _pairs(a, b)
    apart = [t for t, (x, y) in pairs.items() if (x.time, x.endless) != (y.time, y.endless)]
    apart.sort(key=lambda t: (pairs[t][0].endless == pairs[t][1].endless, -abs(pairs[t][0].time - pairs[t][1].time)))
    for thread in apart[:_THREADS]:
        x, y = pairs[thread]
        change = (
            "" if x.endless or y.endless else f"{time(abs(y.time - x.time))} {'more' if y.time > x.time else 'less'}"
        )
        yield Difference(f"{cut_name(thread, _NAME)} waited", _length(x), _length(y), change)


def waited_longer(a: Run, b: Run) -> tuple[frozenset[str], frozenset[str]]:
    """The threads of both runs that waited longer in the first, and those that did in the second.

    By so much that it can be seen: by a hundredth of the longer run. Waiting without end is longer than any wait that
    ended; of two that never ended nobody knows.
    """
    least = max(a.trace.duration, b.trace.duration) / 100
    longer: tuple[set[str], set[str]] = (set(), set())
    for thread, (x, y) in _pairs(a, b).items():
        if bool(x.endless) != bool(y.endless):
            longer[not x.endless].add(thread)
        elif not x.endless and abs(x.time - y.time) >= least:
            longer[x.time < y.time].add(thread)
    return frozenset(longer[0]), frozenset(longer[1])


def _pairs(a: Run, b: Run) -> dict[str, tuple[Waits, Waits]]:
    """The waits of every thread that both runs have; none where a clock stood still, for they have no length then."""
    if not (a.trace.duration and b.trace.duration):
        return {}
    of_a, of_b = waits_of(a.reading), waits_of(b.reading)
    of_both = set(b.trace.threads)
    return {t: (of_a.get(t, Waits()), of_b.get(t, Waits())) for t in a.trace.threads if t in of_both}


def _length(waits: Waits) -> str:
    if not waits.count:
        return "not at all"
    if waits.endless:
        return f"{time(waits.time)}, then without end" if waits.time else "without end"
    return time(waits.time)


def waits_of(reading: Reading) -> dict[str, Waits]:
    """Per thread that waited, its waits for primitives; sleeps and joins are none."""
    waited: dict[str, Waits] = {}
    for (kind, _), column in reading.columns.groups.items():
        for row, begin, end, _, last in rows_of(column) if kind == "wait" else ():
            thread, endless = reading.trace.threads[row], last == NEVER
            so_far, length = waited.get(thread, Waits()), 0 if endless else end - begin
            waited[thread] = Waits(so_far.count + 1, so_far.time + length, so_far.endless + endless)
    return waited
