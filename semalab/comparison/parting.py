"""Where two logs part: the first event at which another thread comes, or does something else."""

from __future__ import annotations

from collections.abc import Sequence

from semalab.analysis.moments import sentence_of
from semalab.comparison.outcome import time
from semalab.log.event import Event
from semalab.log.excerpt import cut
from semalab.run import Run

_EVENT = 200  # characters of what is said of an event


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
