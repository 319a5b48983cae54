"""What is not the same in two runs: what was given to them, in what order threads got in, where the logs part; and what
came of them: how they ended, how long they took, and who waited for how long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from semalab.analysis.changes import duration
from semalab.analysis.reading import Reading
from semalab.analysis.snapshots import sentence_of
from semalab.analysis.verdict import LONGEST
from semalab.log.columns import NEVER, rows_of
from semalab.log.event import Event
from semalab.log.excerpt import called, cut, cut_name
from semalab.log.trace import SEMAPHORES
from semalab.run import Run

_NAME = 60  # characters of what a run is called, at most
_UNGIVEN = "not given"
_NAMELESS = frozenset({"schedule", "text of the program"})  # too long to call a run by
_EVENT = 200  # characters of what is said of an event
FIRST, SECOND = "First run", "Second run"
time = partial(duration, rounded=True)  # of two runs, what differs in the fourth digit is no news


@dataclass(frozen=True)
class Difference:
    """One thing that can be said of both runs. Invariant: `a` and `b` are the same words exactly if it does not differ.

    what: "duration", "worker-3 waited" and the like. change: from the first run to the second, where that is a number.

    >>> str(Difference("duration", "30 ms", "20 ms", "10 ms less"))
    'duration: 30 ms | 20 ms (10 ms less)'
    """

    what: str
    a: str
    b: str
    change: str = ""

    @property
    def differs(self) -> bool:
        return self.a != self.b

    def __str__(self) -> str:
        change = f" ({self.change})" if self.change else ""
        return f"{self.what}: {self.a} | {self.b}{change}" if self.differs else f"{self.what}: {self.a}"


def varied(a: Run, b: Run) -> tuple[Difference, ...]:
    """Program, arguments, clock, seed, schedule: those of them that differ."""
    found = [Difference("program", cut(a.name, _NAME), cut(b.name, _NAME))]
    if a.name == b.name and a.source.listings and b.source.listings:
        first, second = _text(a), _text(b)
        found.append(Difference("text of the program", "one", "one" if first == second else "another"))
    names = dict.fromkeys([*a.arguments, *b.arguments])
    known = [name for name in names if name not in {*a.forgotten, *b.forgotten}]
    found += [Difference(cut(name, _NAME), _argument(a, name), _argument(b, name)) for name in known]
    found.append(Difference("clock", a.clock, b.clock))
    if a.clock == b.clock == "virtual":  # on the wall clock, nobody chose the order
        chosen = _chosen(a) or _chosen(b)
        orders = (_schedule(a), _schedule(b)) if chosen else (str(a.seed), str(b.seed))
        found.append(Difference("schedule" if chosen else "seed", *orders))
    return tuple(one for one in found if one.differs)


def names_of(found: tuple[Difference, ...]) -> tuple[str, str]:
    """What the two runs are called: "initial=1" and "initial=2"; the first and the second where nothing short does."""
    if not found or any(one.what in _NAMELESS for one in found):
        return FIRST, SECOND
    if found[0].what == "program":
        found = found[:1]  # of two programs, the arguments differ anyway
    first = ", ".join(_name(one.what, one.a) for one in found)
    second = ", ".join(_name(one.what, one.b) for one in found)
    return (first, second) if max(len(first), len(second)) <= _NAME else (FIRST, SECOND)


def _name(what: str, value: str) -> str:
    if what == "program":
        return f"`{value}`"
    if what == "clock":
        return f"{value.capitalize()} clock"
    if what == "seed":
        return f"Seed {value}"
    return f"{what} {value}" if value == _UNGIVEN else f"{what}={value}"


def _text(run: Run) -> list[tuple[str, ...]]:
    """The lines of the program, wherever in a file they stand."""
    return [listing.lines for listing in run.source.listings]


def _argument(run: Run, name: str) -> str:
    return called(run.arguments[name], 40) if name in run.arguments else _UNGIVEN


def _chosen(run: Run) -> bool:
    return run.schedule is not None and bool(run.schedule.points)


def _schedule(run: Run) -> str:
    if run.schedule is None or not _chosen(run):
        return f"by seed {run.seed}"
    return cut(",".join(map(str, run.schedule.choices)), 40)


def turns_of(run: Run, label: str) -> list[str]:
    """The threads that acquired a primitive, once for each time, in the order of its lock."""
    return [event.thread for event in run.trace.of(label) if event.kind == "acquire"]


def turns(a: Run, b: Run) -> Difference | None:
    """The first turn that another thread had, or that all were the same; None where there is nothing to compare."""
    main = a.reading.main_use, b.reading.main_use
    if main[0] is None or main[1] is None or main[0].label != main[1].label:
        return None
    label = cut_name(main[0].label, _NAME)
    one, other = turns_of(a, main[0].label), turns_of(b, main[1].label)
    if not (one or other):
        return None
    if one == other:
        order = f"{len(one):,}, in the same order" if len(one) > 1 else f"one, {cut_name(one[0], _NAME)}'s"
        return Difference(f"turns at `{label}`", order, order)
    place = next((n for n, (x, y) in enumerate(zip(one, other, strict=False)) if x != y), min(len(one), len(other)))
    first, second = (cut_name(some[place], _NAME) if place < len(some) else "nobody" for some in (one, other))
    return Difference(f"turn {place + 1:,} at `{label}`", first, second)


def parting(a: Run, b: Run) -> int | None:
    """The place of the first event with another thread, kind or primitive; None if there is none.

    Neither times nor values count: with one permit more, every value is another from the beginning. Where one log is
    the beginning of the other, it is the length of the shorter one.
    """
    for place, (one, other) in enumerate(zip(a.trace, b.trace, strict=False)):
        if one[1:4] != other[1:4]:
            return place
    return None if len(a.trace) == len(b.trace) else min(len(a.trace), len(b.trace))


def equal(a: Run, b: Run) -> bool:
    """The same events with the same times, values and amounts. The lines they stand in are no part of what happened."""
    same = len(a.trace) == len(b.trace) and all(x[:6] == y[:6] for x, y in zip(a.trace, b.trace, strict=True))
    return same and (a.trace.duration, a.verdict) == (b.trace.duration, b.verdict)


def parted(a: Run, b: Run, names: tuple[str, str]) -> str:
    """Where the two part, in words."""
    if equal(a, b):
        return "The same log, event by event."
    place = parting(a, b)
    if place is None:
        return f"The same {_events(len(a.trace))} in the same order{_with_other(a.trace, b.trace)}."
    first, second = (f"{name}: {told(run, place)}" for name, run in zip(names, (a, b), strict=True))
    if not place:
        return f"They differ from the first event on. {first} | {second}."
    other = _with_other(a.trace[:place], b.trace[:place])
    return f"The same {_events(place)}{other}{_until(a.trace[place - 1], b.trace[place - 1])}, then {first} | {second}."


def told(run: Run, place: int) -> str:
    """What happens at this place of a run's log."""
    if place < len(run.trace):
        return cut(sentence_of(run.reading, run.printed, place), _EVENT)
    return "the run is stopped" if run.stopped is not None else "the run is over"


def _events(count: int) -> str:
    return "event" if count == 1 else f"{count:,} events"


def _with_other(one: Sequence[Event], other: Sequence[Event]) -> str:
    """In what these events differ, that have their threads, kinds and primitives in common."""
    pairs = list(zip(one, other, strict=True))
    amounts = {x.kind for x, y in pairs if x.amount != y.amount}
    kinds = {
        "times": any(x.time != y.time for x, y in pairs),
        "lengths of sleep": "sleep" in amounts,
        "values": any(x.value != y.value for x, y in pairs),
        "amounts": bool(amounts - {"sleep"}),
    }
    found = [what for what, differs in kinds.items() if differs]
    listed = " and ".join(filter(None, (", ".join(found[:-1]), *found[-1:])))
    return f" (with other {listed})" if found else ""


def _until(one: Event, other: Event) -> str:
    """When the last event that both have happened, if that is one moment and not the beginning."""
    return f" up to {time(one.time)}" if one.time == other.time and one.time else ""


_THREADS = 5  # whose waits are told one by one
_THREAD = 60  # of a thread
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
