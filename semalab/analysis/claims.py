"""What can be claimed of a run, judged from its log alone: exclusion, limits, latches, counts.

A claim is about one primitive, the one that it can be judged for. Where there are several, it holds if it holds for
each; where it holds for some of them only, the answer is "cannot say", until one is named. Nothing here may ask *when*:
`explore` takes these claims for what only counts who is inside, and lets steps change places that do not change that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, overload

from semalab.analysis.reading import Reading, Use
from semalab.log.event import several
from semalab.log.excerpt import counted, cut_name, written
from semalab.log.trace import LOCKS, POOLED, QUEUES, SEMAPHORES

_TOLD = 4  # names in a sentence
_NAME = 80  # characters of one


class Pace(NamedTuple):
    """At most `allowed` starts in any `window` of so many nanoseconds."""

    allowed: int
    window: int


@dataclass(frozen=True)
class Claim:
    """One statement about one primitive and whether the log bears it out.

    held: None if that cannot be said, which is neither. allowed: how many may be inside, if the statement is about
    that; otherwise 0. pace: how many may start in how long, if it is about that.

    >>> Claim("mutual exclusion", "mutex", True, "Mutual exclusion held: never more than 1 inside").held
    True
    """

    name: str
    primitive: str
    held: bool | None
    sentence: str
    allowed: int = 0
    pace: Pace | None = None

    def __bool__(self) -> bool:
        return self.held is True

    def __str__(self) -> str:
        return self.sentence


class WithReading(Protocol):
    """Anything with a reading: a `Run`."""

    @property
    def reading(self) -> Reading: ...


Check = Callable[["Reading | WithReading"], Claim]


@overload
def mutual_exclusion(run: str) -> Check: ...
@overload
def mutual_exclusion(run: Reading | WithReading) -> Claim: ...
def mutual_exclusion(run: Reading | WithReading | str) -> Claim | Check:
    """Never more than one thread between acquire and release. Counted in log order, exact on both clocks.

    Args:
        run: what is judged; or the name of the primitive that is meant, where there are several.

    Returns: what the log shows, as a `Claim`; of a name, the claim about that primitive, for `claim=` and `check=`.

    Raises: TypeError for what is neither a run nor a name.

    >>> mutual_exclusion(record(program, threads=3, initial=1, clock="virtual")).held
    True
    """
    if isinstance(run, str):
        return about("mutual_exclusion", run, _exclusion)
    return _exclusion(_reading(run, "mutual_exclusion"), None)


@overload
def limit(run: str) -> Check: ...
@overload
def limit(run: Reading | WithReading) -> Claim: ...
def limit(run: Reading | WithReading | str) -> Claim | Check:
    """Never more threads between acquire and release than the semaphore's initial value.

    Where others release than have acquired, permits are counted: never more taken and not given back.

    Args:
        run: what is judged; or the name of the primitive that is meant, as for `mutual_exclusion`.

    Returns: what the log shows, as a `Claim`; of a name, the claim about that primitive, for `claim=` and `check=`.

    Raises: TypeError for what is neither a run nor a name.

    >>> limit(record(program, threads=3, initial=2, clock="virtual")).sentence
    'Limit of 2 held: never more than 2 inside'
    """
    if isinstance(run, str):
        return about("limit", run, _own_limit)
    return _own_limit(_reading(run, "limit"), None)


@overload
def latch(run: str) -> Check: ...
@overload
def latch(run: Reading | WithReading) -> Claim: ...
def latch(run: Reading | WithReading | str) -> Claim | Check:
    """The semaphore opens, by a thread that did not acquire it, before anybody passes.

    Args:
        run: what is judged; or the name of the primitive that is meant, as for `mutual_exclusion`.

    Returns: what the log shows, as a `Claim`; of a name, the claim about that primitive, for `claim=` and `check=`.

    Raises: TypeError for what is neither a run nor a name.

    >>> latch(record(starts_later, clock="virtual")).held
    True
    """
    if isinstance(run, str):
        return about("latch", run, _latch)
    return _latch(_reading(run, "latch"), None)


def at_most(n: int, primitive: str | None = None) -> Check:
    """A claim: never more than `n` threads between acquire and release, of the primitive of that name.

    Args:
        n: threads inside at once, at least 1.
        primitive: the name of the semaphore or lock that is meant, where there are several.

    Returns: the claim, to be given to `record` as `claim` or to `explore` as `check`, or to be called with a run.

    Raises: TypeError, ValueError for a name that is none, and for n below 1.

    >>> record(program, threads=3, initial=2, clock="virtual", claim=at_most(2)).verdict
    'Limit of 2 held: never more than 2 inside'
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")

    def judge(reading: Reading, label: str | None) -> Claim:
        return _bounded(reading, label, lambda use: n, f"Limit of {n}", f"at most {n} inside", as_call("at_most", n))

    return about(as_call("at_most", n), primitive, judge)


def exact_count(n: int, primitive: str | None = None) -> Check:
    """A claim: the semaphore's last value is exactly `n`, of the primitive of that name.

    Args:
        n: permits that are there when the run is over.
        primitive: the name of the semaphore that is meant, where there are several.

    Returns: the claim, to be given to `record` as `claim` or to `explore` as `check`, or to be called with a run.

    Raises: TypeError for a name that is none.

    >>> exact_count(2)(record(program, threads=3, initial=2, clock="virtual")).held
    True
    """

    def judge(reading: Reading, label: str | None) -> Claim:
        return _counted(reading, label, n)

    return about(as_call("exact_count", n), primitive, judge)


# what the claims have in common
Judge = Callable[[Reading, "str | None"], Claim]


def in_words(claim: Check) -> str:
    """`mutual exclusion`, `at most 2`, `limit of door`: a claim, or any other check, in an exploration's sentence."""
    name = str(getattr(claim, "__name__", "<check>"))
    if name.startswith("<"):  # a lambda has no name
        return "the check holds"
    call, _, inner = name.removesuffix(")").partition("(")
    try:
        arguments = json.loads(f"[{inner}]")
    except ValueError:  # somebody's own name
        arguments = []
    numbers = [str(one) for one in arguments if not isinstance(one, str)]
    words = call.replace("_", " ")
    if len(numbers) == 2:  # at_most_per: its number stands in the midst of its words
        words, numbers = f"{words.removesuffix(' per')} {numbers[0]} per {numbers[1]} s", []
    of = "".join(f" of `{cut_name(one, _NAME)}`" for one in arguments if isinstance(one, str))
    return " ".join([words, *numbers]) + of


def _reading(of: Reading | WithReading, claim: str) -> Reading:
    if isinstance(of, Reading):
        return of
    if not hasattr(of, "reading"):
        raise TypeError(
            f'{claim} takes a run, or the name of a primitive as in {claim}("door"), got {written(of, _NAME)}'
        )
    return of.reading


def as_call(call: str, *arguments: float | str) -> str:
    """A call as a program would write it; `files` reads it back."""
    return f"{call}({', '.join(json.dumps(one, ensure_ascii=False) for one in arguments)})"


def about(call: str, primitive: str | None, judge: Judge) -> Check:
    """The claim about the primitive of this name, or about the one it can be judged for."""
    if primitive is not None and not isinstance(primitive, str):
        raise TypeError(f'the primitive must be a name as in limit("door"), got {written(primitive, _NAME)}')
    name = call.removesuffix(")").partition("(")[0]

    def claim(run: Reading | WithReading) -> Claim:
        return judge(_reading(run, name), primitive)

    if primitive is not None:
        inner = call.removesuffix(")").partition("(")[2]
        call = f"{name}({inner}, {json.dumps(primitive, ensure_ascii=False)})" if inner else as_call(name, primitive)
    claim.__name__ = claim.__qualname__ = call
    claim.__module__ = judge.__module__  # exploring asks whose it is: those of this module never ask when
    return claim


def cannot_say(name: str, why: str, primitive: str = "") -> Claim:
    """The third answer: neither held nor broken."""
    return Claim(name, primitive, None, f"Cannot say: {why}")


def named(reading: Reading, label: str, name: str) -> list[Use] | Claim:
    """The primitives of this name: one, or all that were made in one place (`forks` is forks[0], forks[1] …)."""
    found = [use for use in reading.uses.values() if use.label == label or use.label.startswith(f"{label}[")]
    if found:
        return found
    has = quoted([use.label for use in reading.uses.values() if use.primitive.kind not in POOLED])
    there = f"it has {has}" if has else "it has none"
    return cannot_say(name, f"this run has no primitive named `{cut_name(label, _NAME)}`; {there}")


def quoted(labels: Sequence[str]) -> str:
    """Names in a sentence, and how many more there are."""
    names = [f"`{cut_name(label, _NAME)}`" for label in labels[:_TOLD]]
    if len(labels) > _TOLD:
        return f"{', '.join(names)} and {len(labels) - _TOLD:,} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def of_which(reading: Reading, *uses: Use) -> str:
    """Which primitive a sentence is about; nothing where there is only one."""
    return f" of {quoted([use.label for use in uses])}" if reading.several else ""


CHOOSE = "say which is meant"


def together(claims: Sequence[Claim], held: Callable[[], Claim], call: str, choose: bool) -> Claim:
    """Of several primitives: it held for each; or it did not, and which was meant would have to be said (`choose`)."""
    if len(claims) == 1:
        return claims[0]
    if all(claims):
        return held()
    broken = [claim for claim in claims if claim.held is False]
    if broken and (not choose or len(broken) == len(claims)):
        return broken[0]
    fails = quoted([claim.primitive for claim in claims if not claim])
    holds = quoted([claim.primitive for claim in claims if claim])
    name, _, arguments = call.removesuffix(")").partition("(")
    example = as_call(name, *json.loads(f"[{arguments}]"), next(c.primitive for c in claims if not c))
    why = f"{claims[0].name} is true of {holds} and not of {fails}; {CHOOSE}, as in {example}"
    return cannot_say(claims[0].name, why)


# never more than so many inside
def _exclusion(reading: Reading, label: str | None) -> Claim:
    return _bounded(reading, label, lambda use: 1, "Mutual exclusion", "mutual exclusion", "mutual_exclusion")


def _own_limit(reading: Reading, label: str | None) -> Claim:
    return _bounded(reading, label, lambda use: use.primitive.initial, "", "limit", "limit")


def _bounded(
    reading: Reading, label: str | None, allowed: Callable[[Use], int], title: str, name: str, call: str
) -> Claim:
    """title: how the sentence begins; empty if each primitive has a limit of its own."""
    meant = _guards(reading, locks_first=bool(title)) if label is None else named(reading, label, name)
    if isinstance(meant, Claim):
        return meant
    if not meant:
        return cannot_say(name, "no thread acquired and released a permit")
    found = sorted(meant, key=lambda use: -use.most)
    for use in found:
        if (why := _unbounded(use)) is not None:
            return cannot_say(name, why, use.label)
    limited = [use for use in found if allowed(use)]
    if not limited or (label is not None and limited != found):
        none = next(use for use in found if not allowed(use))
        return cannot_say(name, f"`{none.label}` began with 0, and has no limit of its own", none.label)
    found = limited

    def judged(use: Use) -> Claim:
        n = allowed(use)
        return bounded(use, n, (title or f"Limit of {n:,}") + of_which(reading, use), name)

    def held() -> Claim:
        most = max(found, key=lambda use: (use.most, use.acquires))
        what = f"{title or 'Limits'}{of_which(reading, *found)} held"
        each = "" if title else f" of {most.primitive.initial:,}"
        inside = "inside" if not each else f"inside `{most.label}`, which has a limit{each}"
        return Claim(name, most.label, True, f"{what}: never more than {most.most:,} {inside}", allowed(most))

    return together([judged(use) for use in found], held, call, choose=bool(title) and label is None)


def _guards(reading: Reading, *, locks_first: bool) -> list[Use]:
    """What a claim about being inside can be judged for: semaphores before locks, whose exclusion nobody doubts."""
    guards = [use for use in reading.uses.values() if use.role == "guard"]
    semaphores = [use for use in guards if use.primitive.kind in SEMAPHORES]
    locks = [use for use in guards if use.primitive.kind in LOCKS]
    permits = [use for use in reading.uses.values() if use.primitive.kind in SEMAPHORES and _unbounded(use) is None]
    found = semaphores or (locks or permits if locks_first else permits or locks)
    return found if found is not locks else sorted(found, key=lambda use: -use.acquires)[:1]


def _unbounded(use: Use) -> str | None:
    """Why nothing can be said of how many are inside; None if it can."""
    kind = use.primitive.kind
    if kind not in SEMAPHORES | LOCKS:
        return f"`{use.label}` is {article(kind)}, which nobody is inside of"
    if not use.acquires:
        return f"nobody acquired `{use.label}`"
    if use.role != "guard" and use.primitive.initial == 0:
        return f"`{use.label}` began with 0, and others released it than acquired it: nobody is inside of it"
    return None


def article(kind: str) -> str:
    return f"{'an' if kind[0] in 'AEIOUa' or kind == 'RLock' else 'a'} {kind}"


def bounded(use: Use, n: int, title: str, name: str) -> Claim:
    """Whether at most `n` were inside; where others release than acquire, permits are told: nobody knows who is in."""
    by_threads = use.role == "guard" and not use.passed_on
    inside = "inside" if by_threads else "out"
    if use.most > n:
        what = several(use.most, use.primitive.kind) if by_threads else counted(use.most_out, "permit")
        return Claim(name, use.label, False, f"{title} broken: {what} {inside} at once", n)
    most = f"{use.most:,}" if by_threads else counted(use.most_out, "permit")
    if by_threads and use.primitive.kind in SEMAPHORES and use.most_out > use.most:
        # somebody took several: whoever reads permits into the number would read a wrong one
        most = several(use.most, use.primitive.kind)
        inside = f"inside, with {counted(use.most_out, 'permit')} out at most"
    return Claim(name, use.label, True, f"{title} held: never more than {most} {inside}", n)


# opens once
def _latch(reading: Reading, label: str | None) -> Claim:
    found = _gates(reading) if label is None else named(reading, label, "latch")
    if isinstance(found, Claim):
        return found
    if not found:
        return cannot_say("latch", "nobody waited and nobody opened")
    claims = sorted((_latched(reading, use) for use in found), key=lambda claim: claim.held is not False)
    broken = next((claim for claim in claims if claim.held is False), claims[0])

    def held() -> Claim:
        what = f"The latches {quoted([claim.primitive for claim in claims])} opened before anybody passed"
        return Claim("latch", broken.primitive, True, what)

    return together(claims, held, "latch", choose=label is None)


def _gates(reading: Reading) -> list[Use]:
    """What a latch may be: what others open than pass; if there is none, what was acquired most, to say why not."""
    used = [use for use in reading.uses.values() if use.role != "unused"]
    semaphores = [use for use in used if use.primitive.kind in SEMAPHORES]
    for role in ("latch", "signal"):
        if found := [use for use in semaphores if use.role == role]:
            return found if role == "latch" else found[:1]
    events = [use for use in used if use.primitive.kind == "Event"]
    others = semaphores or [use for use in used if use.primitive.kind in LOCKS]
    return events or sorted(others, key=lambda use: -use.acquires)[:1]


def _latched(reading: Reading, use: Use) -> Claim:
    kind = use.primitive.kind
    if kind not in SEMAPHORES | LOCKS | {"Event"}:
        return cannot_say("latch", f"`{use.label}` is {article(kind)}, which nobody opens", use.label)
    if use.role == "unused":
        return cannot_say("latch", f"nobody waited for `{use.label}` and nobody opened it", use.label)
    if use.role == "guard" and use.releases:  # who passed is not known of a guard, and so neither that nobody did
        return cannot_say("latch", f"`{use.label}` was used as a guard, not as a latch", use.label)
    if use.role == "counter":
        return cannot_say("latch", f"`{use.label}` was released, and nobody waited for it", use.label)
    claim = latched(reading, use)
    if claim.held and use.role == "signal":
        return cannot_say("latch", f"`{use.label}` was passed again and again, not once, as a latch is", use.label)
    return claim


def latched(reading: Reading, use: Use) -> Claim:
    """Whether one thread opened it, and nobody passed before."""
    events = reading.trace.events
    which = "The latch" if not of_which(reading, use) else f"The latch `{use.label}`"
    first_pass = events[use.passes[0]] if use.passes else None
    if use.role == "guard":  # taken and never released: somebody went through an open door
        first_pass = next((event for event in reading.trace.of(use.label) if event.kind == "acquire"), None)
    openers = {events[i].thread for i in use.openings}
    if first_pass is not None and (not use.openings or (use.passes and use.passes[0] < use.openings[0])):
        sentence = f"{which} was open from the start: {first_pass.thread} passed before anybody opened it"
        return Claim("latch", use.label, False, sentence)
    if not use.openings:
        return Claim("latch", use.label, False, f"{which} never opened")
    if len(openers) > 1:
        sentence = f"{which} was opened by {several(len(openers), use.primitive.kind)}, {len(use.openings)} times"
        return Claim("latch", use.label, False, sentence)
    passed = len({events[i].thread for i in use.passes})
    through = "nobody passed" if not passed else f"{several(passed, use.primitive.kind)} passed, none before"
    how = "opened once" if _at_once(reading, use) else f"was opened in {len(use.openings):,} releases"
    return Claim("latch", use.label, True, f"{which} {how}: {through}")


def _at_once(reading: Reading, use: Use) -> bool:
    """Who opened it did nothing else between its first release and its last."""
    events = reading.trace.events
    first, last = use.openings[0], use.openings[-1]
    opener = events[first].thread
    return all(event.primitive == use.label for event in events[first : last + 1] if event.thread == opener)


# counts
def _counted(reading: Reading, label: str | None, n: int) -> Claim:
    name = f"exactly {n}"
    found = _counters(reading) if label is None else named(reading, label, name)
    if isinstance(found, Claim):
        return found
    if not found:
        return cannot_say(name, "the log shows no semaphore")

    def exact(*uses: Use) -> Claim:
        value = uses[0].final
        exactly = f"exactly {n:,}" if value == n else f"{value:,}, not {n:,}"
        where = of_which(reading, *uses).replace(" of ", " in ", 1)
        return Claim(name, uses[0].label, value == n, f"Counted {exactly}{where}")

    claims = [exact(use) for use in found]
    return together(claims, lambda: exact(*found), as_call("exact_count", n), choose=label is None)


def _counters(reading: Reading) -> list[Use]:
    semaphores = [use for use in reading.uses.values() if use.primitive.kind in SEMAPHORES]
    counters = [use for use in semaphores if use.role == "counter"]
    used = [use for use in semaphores if use.role != "unused"]
    return counters or used or semaphores or [u for u in reading.uses.values() if u.primitive.kind in QUEUES]
