"""What two runs showed in one or two sentences: what is the same is said once, then what is not."""

from __future__ import annotations

from semalab.analysis.verdict import expectation, in_vain
from semalab.comparison.outcome import lasting, time
from semalab.comparison.turns import turns
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
    if use.passed_on or expected.sentence + in_vain(run.reading, run.claim, run.clock) != run.verdict:
        return cut(run.verdict, _SHORT)
    most = use.most_inside
    return f"{most:,} inside at once" if most > 1 else "never more than 1 inside"
