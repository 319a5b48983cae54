"""What can be said of a run from its log alone: exclusion, limits, latches, counts, and permits that went astray."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from semalab.event import several
from semalab.reading import Reading, Use
from semalab.trace import SEMAPHORES


@dataclass(frozen=True)
class Claim:
    """One statement about one primitive and whether the log bears it out.

    allowed: how many threads may be inside, if the statement is about that; otherwise 0.

    >>> Claim("mutual exclusion", "mutex", True, "Mutual exclusion held: never more than 1 inside").held
    True
    """

    name: str
    primitive: str
    held: bool
    sentence: str
    allowed: int = 0

    def __bool__(self) -> bool:
        return self.held

    def __str__(self) -> str:
        return self.sentence


class Recorded(Protocol):
    """Anything with a reading: a `Run`."""

    @property
    def reading(self) -> Reading: ...


Check = Callable[["Reading | Recorded"], Claim]


def _reading(of: Reading | Recorded) -> Reading:
    return of if isinstance(of, Reading) else of.reading


def mutual_exclusion(run: Reading | Recorded) -> Claim:
    """Never more than one thread between acquire and release. Counted in log order, exact on both clocks."""
    use = _guard(_reading(run))
    if use is None:
        return _nothing_to_judge("mutual exclusion", "no thread acquired and released a permit")
    return _mutual_exclusion(use)


def at_most(n: int) -> Check:
    """A claim: never more than `n` threads between acquire and release."""
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")

    def claim(run: Reading | Recorded) -> Claim:
        use = _guard(_reading(run))
        if use is None:
            return _nothing_to_judge(f"at most {n} inside", "no thread acquired and released a permit")
        return _at_most(use, n)

    claim.__name__ = claim.__qualname__ = f"at_most({n})"
    return claim


def limit(run: Reading | Recorded) -> Claim:
    """Never more threads between acquire and release than the semaphore's initial value."""
    use = _guard(_reading(run))
    if use is None:
        return _nothing_to_judge("limit", "no thread acquired and released a permit")
    return _at_most(use, use.primitive.initial)


def latch(run: Reading | Recorded) -> Claim:
    """The semaphore opens, by a thread that did not acquire it, before anybody passes."""
    reading = _reading(run)
    use = reading.main_use
    if use is None or use.role == "unused":
        return _nothing_to_judge("latch", "nobody waited and nobody opened")
    claim = _latch(reading, use)
    if claim.held and use.role == "guard":  # who passed is not known of a guard, and so neither that nobody did
        return _nothing_to_judge("latch", f"`{use.label}` was used as a guard, not as a latch")
    return claim


def exact_count(n: int) -> Check:
    """A claim: the semaphore's last value is exactly `n`."""

    def claim(run: Reading | Recorded) -> Claim:
        use = _reading(run).main_use
        if use is None:
            return _nothing_to_judge(f"exactly {n}", "there is no semaphore")
        held = use.final == n
        return Claim(f"exactly {n}", use.label, held, f"Counted {_exactly(use.final, n)}")

    claim.__name__ = claim.__qualname__ = f"exact_count({n})"
    return claim


def _exactly(value: int, n: int) -> str:
    return f"exactly {n:,}" if value == n else f"{value:,}, not {n:,}"


def _nothing_to_judge(name: str, why: str) -> Claim:
    return Claim(name, "", False, f"Cannot say: {why}")


def _guard(reading: Reading) -> Use | None:
    guards = [u for u in reading.uses.values() if u.role == "guard"]
    semaphores = [u for u in guards if u.primitive.kind in SEMAPHORES]
    return max(semaphores or guards, key=lambda u: u.acquires, default=None)


def _mutual_exclusion(use: Use) -> Claim:
    if use.most_inside > 1:
        sentence = f"Mutual exclusion broken: {_inside(use)} at once"
    else:
        sentence = "Mutual exclusion held: never more than 1 inside"
    return Claim("mutual exclusion", use.label, use.most_inside <= 1, sentence, 1)


def _at_most(use: Use, n: int) -> Claim:
    if use.most_inside > n:
        sentence = f"Limit of {n} broken: {_inside(use)} at once"
    elif use.most_inside == n:
        sentence = f"Limit of {n} held: never more than {n} inside"
    else:
        sentence = f"Limit of {n} held: never more than {use.most_inside} inside"
    return Claim(f"at most {n} inside", use.label, use.most_inside <= n, sentence, n)


def _latch(reading: Reading, use: Use) -> Claim:
    events = reading.trace.events
    first_pass = events[use.passes[0]] if use.passes else None
    openers = {events[i].thread for i in use.openings}
    if first_pass is not None and (not use.openings or use.passes[0] < use.openings[0]):
        sentence = f"The latch was open from the start: {first_pass.thread} passed before anybody opened it"
        return Claim("latch", use.label, False, sentence)
    if not use.openings:
        return Claim("latch", use.label, False, "The latch never opened")
    if len(openers) > 1:
        sentence = f"The latch was opened by {several(len(openers), use.primitive.kind)}, {len(use.openings)} times"
        return Claim("latch", use.label, False, sentence)
    passed = len(use.passes)
    through = "nobody passed" if not passed else f"{several(passed, use.primitive.kind)} passed, none before"
    return Claim("latch", use.label, True, f"The latch opened once: {through}")


def _inside(use: Use) -> str:
    return f"{several(use.most_inside, use.primitive.kind)} inside"


def _permits(use: Use) -> Iterable[Claim]:
    """Of a guard: every permit comes back, and none that was not taken."""
    name = use.primitive.label
    if use.kept:
        who = use.kept[0] if len(use.kept) == 1 else several(len(use.kept), use.primitive.kind)
        yield Claim("permits returned", name, False, f"Permit lost: {who} ended without releasing `{name}`")
    else:
        yield Claim("permits returned", name, True, f"Every permit of `{name}` came back")
    extra = use.final - use.primitive.initial + len(use.kept)
    if use.openings and extra > 0:
        sentence = f"Released too often: `{name}` began with {use.primitive.initial} and ended with {use.final}"
        yield Claim("no extra permits", name, False, sentence)
    else:
        yield Claim("no extra permits", name, True, f"No permit of `{name}` was released without being taken")


def _count(use: Use) -> Claim:
    expected = use.primitive.initial + use.released
    start = "" if use.primitive.initial == 0 else f"{use.primitive.initial:,} + "
    sentence = f"Counted exactly {use.final:,}: {start}{use.released:,} released in {use.releases:,} calls"
    return Claim("exact count", use.label, use.final == expected, sentence)


def judge(reading: Reading) -> tuple[Claim, ...]:
    """Every claim that the roles in the log give rise to, primitive by primitive."""
    claims: list[Claim] = []
    for use in reading.uses.values():
        if use.role == "guard":
            claims.append(_mutual_exclusion(use))
            if use.primitive.kind in SEMAPHORES:
                claims.append(_at_most(use, max(1, use.primitive.initial)))
            claims.extend(_permits(use))
        elif use.role == "latch":
            claims.append(_latch(reading, use))
        elif use.role == "counter":
            claims.append(_count(use))
    return tuple(claims)
