"""The one sentence that says what a run showed."""

from __future__ import annotations

from semalab.claims import Check, Claim, judge, limit, mutual_exclusion
from semalab.event import several
from semalab.excerpt import cut, said_by
from semalab.reading import Reading, Use
from semalab.stops import Deadlock, Timeout
from semalab.trace import FLAGS, POOLED, QUEUES, SEMAPHORES

LONGEST = 600  # characters of a verdict: a picture of ordinary size holds them
_MESSAGE, _NAME = 300, 80  # of an exception's message and class


def headline(
    reading: Reading,
    claim: Check | None,
    stopped: Deadlock | Timeout | None,
    failure: tuple[str, BaseException] | None,
    module: str = "threading",
) -> str:
    """One line of at most `LONGEST` characters, and a note of how many more there would be. module: as in `Run`."""
    return cut(_headline(reading, claim, stopped, failure) or _described(reading, module), LONGEST)


def _headline(
    reading: Reading, claim: Check | None, stopped: Deadlock | Timeout | None, failure: tuple[str, BaseException] | None
) -> str:
    """What matters most comes first: an exception, a stop, a broken claim, a permit gone astray, a claim that held.

    Empty if there is nothing of these to say.
    """
    if failure is not None:
        thread, error = failure
        text = cut(said_by(error), _MESSAGE)
        raised = f"{thread} raised {cut(type(error).__name__, _NAME)}"
        return f"{raised}: {text}" if text else raised
    if isinstance(stopped, Deadlock):
        return f"Deadlock: {stopped}"
    if stopped is not None:
        return f"Stopped: {stopped}"
    expected = expectation(reading, claim)
    if expected is not None and not expected.held:
        return expected.sentence
    astray = next(
        (c for c in judge(reading) if not c.held and c.name in {"permits returned", "no extra permits"}), None
    )
    if astray is not None:
        return astray.sentence
    return expected.sentence if expected is not None else ""


def expectation(reading: Reading, claim: Check | None) -> Claim | None:
    """The claim a run is measured by: the caller's, or what the primitive's use and name ask for."""
    if claim is not None:
        return claim(reading)
    use = reading.main_use
    if use is None:
        return None
    if use.role == "guard":
        exclusion = mutual_exclusion(reading)
        if use.primitive.kind not in SEMAPHORES or use.primitive.initial <= 1 or "mutex" in use.label.lower():
            return exclusion
        limited = limit(reading)
        if limited.held and not exclusion.held:  # nobody said which was wanted: say both
            both = f"Limit of {use.primitive.initial} held, mutual exclusion broken"
            return Claim(
                limited.name,
                use.label,
                True,
                f"{both}: {several(use.most_inside, use.primitive.kind)} inside at once",
                1,
            )
        return limited
    return next((c for c in judge(reading) if c.primitive == use.label and c.name in {"latch", "exact count"}), None)


def alarm(reading: Reading, claim: Check | None, verdict: str) -> tuple[str, int] | None:
    """What the picture marks as a fault: the primitive that let too many in, and how many it might have; or None."""
    expected = expectation(reading, claim)
    if expected is None or not expected.allowed or expected.primitive not in reading.uses:
        return None
    crowded = reading.uses[expected.primitive].most_inside > expected.allowed
    said = not expected.held or verdict == expected.sentence
    return (expected.primitive, expected.allowed) if crowded and said else None


def _described(reading: Reading, module: str) -> str:
    use = reading.main_use
    threads = several(len(reading.trace.threads), use.primitive.kind if use is not None else module)
    if use is None:
        return f"{threads} ran to the end; none of them used a semaphore"
    if use.primitive.kind in POOLED:
        done = sum(u.final for u in reading.uses.values() if u.primitive.kind == "Future")
        return f"{threads} ran to the end; {done:,} {'result' if done == 1 else 'results'}"
    return f"{threads} ran to the end; `{use.label}`: {_counts(use)}"


def _counts(use: Use) -> str:
    passed = use.acquires or len(use.passes)
    opened = use.releases
    if use.primitive.kind in SEMAPHORES:
        return f"{opened:,} released, {passed:,} acquired, value {use.final:,} at the end"
    if use.primitive.kind in QUEUES:
        return f"{use.released:,} put, {use.acquires:,} taken, {use.final:,} left at the end"
    if use.primitive.kind in FLAGS:
        return f"set {_times(opened)}, passed {_times(passed)}"
    if use.primitive.kind == "Barrier":
        return f"passed {_times(passed)}"
    return f"notified {_times(opened)}"


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n:,} times"
