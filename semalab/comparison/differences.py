"""What differs between two runs: numbers read from both logs, and the event at which the logs part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from semalab.excerpt import called
from semalab.reading import Reading
from semalab.run import Run
from semalab.trace import SEMAPHORES

_THREADS = 5  # whose waits are told one by one
_ORDER = (1, 2, 3, 4)  # thread, kind, primitive, value: what happened, whenever it did


@dataclass(frozen=True)
class Difference:
    """One thing that can be said of both runs. Invariant: `a` and `b` are the same words exactly if it does not differ.

    what: "duration", "waits of worker-3" and the like.
    """

    what: str
    a: str
    b: str

    @property
    def differs(self) -> bool:
        return self.a != self.b

    def __str__(self) -> str:
        return f"{self.what}: {self.a} | {self.b}" if self.differs else f"{self.what}: {self.a} in both"


def varied(a: Run, b: Run) -> tuple[Difference, ...]:
    """What was given to the two runs that is not the same."""
    found = [Difference("program", a.name, b.name)]
    names = dict.fromkeys([*a.arguments, *b.arguments])
    found += [Difference(name, _argument(a, name), _argument(b, name)) for name in names]
    found += [Difference("clock", a.clock, b.clock)]
    if a.clock == b.clock == "virtual":
        found += [Difference("seed", str(a.seed), str(b.seed))]
        found += [Difference("schedule", _schedule(a), _schedule(b))] if _chosen(a) or _chosen(b) else []
    return tuple(one for one in found if one.differs)


def _argument(run: Run, name: str) -> str:
    return called(run.arguments[name], 40) if name in run.arguments else "its default"


def _chosen(run: Run) -> bool:
    return run.schedule is not None and bool(run.schedule.points)


def _schedule(run: Run) -> str:
    return ",".join(map(str, run.schedule.choices)) if run.schedule is not None and _chosen(run) else "by the seed"


def totals(a: Run, b: Run) -> tuple[Difference, ...]:
    """Duration, threads inside at once, waits, the value at the end; then the threads that waited most differently."""
    pairs = [
        Difference("how it ended", a.verdict, b.verdict),
        Difference("duration", lasting(a), lasting(b)),
        Difference("threads", f"{len(a.trace.threads):,}", f"{len(b.trace.threads):,}"),
        Difference("most inside at once", _inside(a.reading), _inside(b.reading)),
        Difference("waits", _waits(a.reading), _waits(b.reading)),
        Difference("value at the end", _final(a.reading), _final(b.reading)),
    ]
    return (*pairs, *_threads(a, b))


def lasting(run: Run) -> str:
    return _time(run.trace.duration) if run.trace.duration else "no time passed"


def _time(nanoseconds: int) -> str:
    for unit, size in (("s", 10**9), ("ms", 10**6), ("µs", 10**3)):
        if nanoseconds >= size:
            return f"{float(f'{nanoseconds / size:.3g}'):,g} {unit}"
    return f"{nanoseconds} ns"


def _inside(reading: Reading) -> str:
    use = reading.main_use
    return f"{use.most_inside:,}" if use is not None and use.role == "guard" else "does not apply"


def _final(reading: Reading) -> str:
    use = reading.main_use
    return f"{use.final:,}" if use is not None and use.primitive.kind in SEMAPHORES else "does not apply"


def _waits(reading: Reading) -> str:
    waits = [span for span in reading.spans if span.kind == "wait"]
    return f"{len(waits):,}, together {_time(sum(span.end - span.begin for span in waits))}" if waits else "none"


def _threads(a: Run, b: Run) -> Iterator[Difference]:
    """Of threads of both runs that waited for different times, those with the largest difference."""
    if not (a.trace.duration and b.trace.duration):
        return
    waited = _waited(a.reading), _waited(b.reading)
    both = [thread for thread in a.trace.threads if thread in set(b.trace.threads)]
    apart = {thread: abs(waited[0].get(thread, 0) - waited[1].get(thread, 0)) for thread in both}
    for thread in sorted((t for t in both if apart[t]), key=lambda t: (-apart[t], both.index(t)))[:_THREADS]:
        yield Difference(f"{thread} waited", _time(waited[0].get(thread, 0)), _time(waited[1].get(thread, 0)))


def _waited(reading: Reading) -> dict[str, int]:
    waited: dict[str, int] = {}
    for span in reading.spans:
        if span.kind == "wait":
            waited[span.thread] = waited.get(span.thread, 0) + span.end - span.begin
    return waited


def parting(a: Run, b: Run) -> int | None:
    """The place of the first event at which something else happens, whenever it happens; None if there is none.

    Where one log is the beginning of the other, it is the length of the shorter one.
    """
    for place, (one, other) in enumerate(zip(a.trace, b.trace, strict=False)):
        if any(one[i] != other[i] for i in _ORDER):
            return place
    return None if len(a.trace) == len(b.trace) else min(len(a.trace), len(b.trace))


def told(run: Run, place: int) -> str:
    """What happens at this place of a run's log."""
    if place < len(run.trace):
        return run.moments[place].sentence
    return "the run is stopped" if run.stopped is not None else "the run is over"
