"""How many started in how short a time: what a rate is, and the claim about it.

A limit counts those who are inside at one moment; a rate counts those who came in during a while. The claim is judged
in a module of its own because it asks *when*: schedules that differ in the order of releases may differ in it, and the
claims of `claims` say of themselves that they do not.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from semalab.analysis.claims import Check, Claim, Pace, about, article, as_call, cannot_say, named, quoted, together
from semalab.analysis.reading import Reading, Use
from semalab.log.excerpt import written
from semalab.log.trace import LOCKS, PERMITS, SEMAPHORES

_SECOND = 1_000_000_000  # nanoseconds
_FINE = 1_000  # a window's begin is told to this part of its length, where the same starts are in it then


def at_most_per(n: int, seconds: float, primitive: str | None = None) -> Check:
    """A claim: never did more than `n` start within `seconds`, of the primitive of that name.

    A start is an acquire that got its permit: of a semaphore or a lock, by whichever thread, waited for or not. It
    counts at the moment at which the permit was taken. A window is `seconds` long and half-open, [t, t + seconds):
    what starts exactly `seconds` after another start is not in a window with it. Every window counts, not only those
    that begin at a full second. When permits were given back does not matter, nor by whom.

    Without a name it is about every semaphore that was acquired, or every lock where no semaphore was: it holds if it
    holds for each of them.

    Args:
        n: starts in one window, at least 1.
        seconds: the length of the window, of the run's clock; at least a nanosecond.
        primitive: the name of the semaphore that is meant, where there are several.

    Returns: the claim, to be given to `record` as `claim` or to `explore` as `check`, or to be called with a run.

    Raises: TypeError, ValueError for a number that is none, and for n or seconds out of range.

    >>> record(program, threads=3, initial=1, clock="virtual", claim=at_most_per(5, 1)).verdict
    'Rate of `mutex` held: never more than 3 started within 1 s; at most 5 were allowed'
    """
    pace = _checked(n, seconds)
    call = as_call("at_most_per", n, seconds)

    def judge(reading: Reading, label: str | None) -> Claim:
        return _paced(reading, label, pace, call)

    return about(call, primitive, judge)


def starts_of(reading: Reading, label: str) -> list[int]:
    """When permits of a primitive were taken, in nanoseconds, in order."""
    return sorted(event.time for event in reading.trace.of(label) if event.kind == "acquire")


def fullest(starts: Sequence[int], window: int) -> tuple[int, int]:
    """The place of a first start, and how many starts there are in the window that begins with it: the most.

    No window holds more: moved on to the first start in it, it still holds them all. Of several it is the first.
    """
    counts = [bisect_left(starts, start + window) - first for first, start in enumerate(starts)]
    most = max(counts)
    return counts.index(most), most


def in_seconds(nanoseconds: int) -> str:
    """`0.25 s`: exact, and no longer than that takes."""
    whole, rest = divmod(nanoseconds, _SECOND)
    return f"{whole:,}.{rest:09d}".rstrip("0").rstrip(".") + " s"


def _checked(n: Any, seconds: Any) -> Pace:
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"n must be a whole number of starts, got {written(n)}")
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"seconds must be a number, got {written(seconds)}")
    if not 1e-9 <= seconds < math.inf:
        raise ValueError(f"seconds must be at least 1e-9, a nanosecond, and finite, got {seconds!r}")
    return Pace(n, round(seconds * _SECOND))


def _paced(reading: Reading, label: str | None, pace: Pace, call: str) -> Claim:
    name = f"at most {pace.allowed:,} per {in_seconds(pace.window)}"
    meant = _acquired(reading) if label is None else named(reading, label, name)
    if isinstance(meant, Claim):
        return meant
    if not meant:
        return cannot_say(name, "nobody acquired a permit")
    for use in meant:
        if use.primitive.kind not in PERMITS:
            why = f"`{use.label}` is {article(use.primitive.kind)}, and nobody takes a permit of it"
            return cannot_say(name, why, use.label)
        if not use.acquires:
            return cannot_say(name, f"nobody acquired `{use.label}`", use.label)
    found = {use.label: starts_of(reading, use.label) for use in meant}
    found = dict(sorted(found.items(), key=lambda one: -fullest(one[1], pace.window)[1]))

    def judged(*labels: str) -> Claim:
        sentence, held = _sentence(labels, found[labels[0]], pace)
        return Claim(name, labels[0], held, sentence, pace=pace)

    return together([judged(one) for one in found], lambda: judged(*found), call, choose=label is None)


def _acquired(reading: Reading) -> list[Use]:
    """What was acquired: semaphores; locks only where there are no others, for who has a lock seldom means a rate."""
    acquired = [use for use in reading.uses.values() if use.acquires]
    semaphores = [use for use in acquired if use.primitive.kind in SEMAPHORES]
    return semaphores or [use for use in acquired if use.primitive.kind in LOCKS]


def _sentence(labels: Sequence[str], starts: Sequence[int], pace: Pace) -> tuple[str, bool]:
    """What there is to say of primitives, and whether the rate was kept. starts: of the first, which has the most."""
    first, most = fullest(starts, pace.window)
    allowed = f"at most {pace.allowed:,} {'was' if pace.allowed == 1 else 'were'} allowed"
    within = in_seconds(pace.window)
    if most <= pace.allowed:
        return f"Rate of {quoted(labels)} held: never more than {most:,} started within {within}; {allowed}", True
    begin = _rounded(starts[first], starts[first + most - 1], pace.window)
    between = f"between {in_seconds(begin)} and {in_seconds(begin + pace.window)}"
    return f"Rate of {quoted(labels)} broken: {most:,} started within {within}, {between}; {allowed}", False


def _rounded(first: int, last: int, window: int) -> int:
    """Where a window may begin that holds the starts from `first` to `last`: in as few digits as tell it apart."""
    step = 10 ** (len(str(max(1, window // _FINE))) - 1)
    begin = first // step * step
    return begin if last < begin + window else first
