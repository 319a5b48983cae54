"""The one sentence that says what a run showed, and whether what it says is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from semalab.analysis.claims import Check, Claim, bounded, latched, of_which
from semalab.analysis.permits import Lost, held_at_the_end, lost, still_held
from semalab.analysis.reading import Reading, Use
from semalab.log.event import CANCELLED, FAILED, several
from semalab.log.excerpt import counted, cut, listed, said_by
from semalab.log.stops import Deadlock, Timeout
from semalab.log.trace import FLAGS, LOCKS, POOLED, QUEUES, SEMAPHORES

LONGEST = 600  # characters of a verdict: a picture of ordinary size holds them
_MESSAGE, _NAME = 300, 80  # of an exception's message and class

# What a sentence amounts to. Wrong is a failed claim, and without one only what is wrong whatever was meant.
# Right is what was asked for and is there: an exercise solved, a proof. Of a run without a fault nobody knows as much.
WRONG, UNKNOWN, RIGHT, FINE = "wrong", "cannot say", "right", ""


class Verdict(NamedTuple):
    """A sentence of at most `LONGEST` characters, with a note of how many more there would be, and what it amounts to.

    standing: WRONG, UNKNOWN or FINE.
    """

    sentence: str
    standing: str


class Ending(NamedTuple):
    """How a run came to its end, as far as its log does not tell.

    failure: the thread that raised, and what. module: as in `Run`. unseen: what was used and not watched, in words.
    died: processes and threads that did not come to their own end, and what became of them. clock: as in `Run`.
    """

    stopped: Deadlock | Timeout | None = None
    failure: tuple[str, BaseException] | None = None
    module: str = "threading"
    unseen: Sequence[str] = ()
    died: Sequence[str] = ()
    clock: str = "wall"


def verdict_of(reading: Reading, claim: Check | None, ending: Ending) -> Verdict:
    """What matters most comes first: an exception, a stop, a broken claim, a lost permit, a claim that held."""
    sentence, standing = _wrong(reading, ending), WRONG
    expected = expectation(reading, claim)
    if not sentence and claim is not None and expected is not None:
        sentence, standing = _measured(reading, expected)
    if not sentence and (gone := lost(reading)):
        sentence, standing = gone[0].sentence, WRONG
    if not sentence:
        standing = FINE
        sentence = expected.sentence if expected is not None else _described(reading, ending)
        sentence += in_vain(reading, claim, ending.clock) + _grown(reading, claim, expected) + _held_on(reading)
        if expected is not None:
            sentence += goes_on(reading)
    if ending.stopped is None:
        sentence += _died(ending.died)
    return Verdict(cut(sentence, LONGEST), standing)


def _died(died: Sequence[str]) -> str:
    more = f"; {len(died) - 3:,} more did not come to their own end" if len(died) > 3 else ""
    return "".join(f"; {one}" for one in died[:3]) + more


def _wrong(reading: Reading, ending: Ending) -> str:
    """An exception, with those that it leaves waiting and the permit that it took along; a stop."""
    stopped, unseen = ending.stopped, ""
    if stopped is not None and (others := _beside(stopped, ending.unseen)):
        unseen = f"; {not_watched(others)}"
    if ending.failure is not None:
        thread, error = ending.failure
        text = cut(said_by(error), _MESSAGE)
        raised = f"{thread} raised {cut(type(error).__name__, _NAME)}" + (f": {text}" if text else "")
        if stopped is not None:
            return f"{raised}; {_kind(stopped).lower()}: {stopped}{unseen}"
        gone = lost(reading)
        if gone:
            return f"{raised}; permit lost{gone[0].sentence.removeprefix('Permit lost')}"
        return raised + _kept(reading)
    return f"{_kind(stopped)}: {stopped}{unseen}" if stopped is not None else ""


def _beside(stopped: Deadlock | Timeout, unseen: Sequence[str]) -> list[str]:
    """What was not watched, apart from what the stop itself speaks of."""
    waited = {wait.primitive for wait in stopped.waits} if isinstance(stopped, Deadlock) else set()
    return [one for one in unseen if one not in waited and not any(f"`{label}`" in one for label in waited)]


def _kind(stopped: Deadlock | Timeout) -> str:
    return "Deadlock" if isinstance(stopped, Deadlock) else "Stopped"


def not_watched(unseen: Sequence[str]) -> str:
    """`3 locks of fasteners were not watched`. unseen: a name, or what there was and where."""
    first = unseen[0]
    many = len(unseen) > 1 or (first[:1].isdigit() and (not first.startswith("1 ") or " and " in first))
    return f"{listed(unseen)} {'were' if many else 'was'} not watched"


def _measured(reading: Reading, claim: Claim) -> tuple[str, str]:
    """The caller's claim, and permits that are gone or too many under it; empty if the run has more to say."""
    if claim.held is False:
        return claim.sentence, WRONG
    if gone := lost(reading):
        return gone[0].sentence, WRONG
    use = reading.uses.get(claim.primitive)
    if claim.held and claim.allowed and use is not None and use.openings and (extra := _extra(use)):
        return f"Released too often: `{use.label}` began with {use.final - extra:,} and ended with {use.final:,}", WRONG
    return (claim.sentence, UNKNOWN) if claim.held is None else ("", FINE)


def _extra(use: Use) -> int:
    return max(0, use.final - use.primitive.initial) if use.primitive.kind in SEMAPHORES else 0


def in_vain(reading: Reading, claim: Check | None, clock: str) -> str:
    """Where nobody said what the run is to be measured by: who woke up and found that others had taken every permit.

    Not of real threads: these do so again and again, and never twice alike.
    """
    use = reading.main_use if claim is None and clock == "virtual" else None
    if use is None or not use.stolen:
        return ""
    woken = [reading.trace.events[one.block].thread for one in use.stolen]
    who = woken[0] if len(set(woken)) == 1 else several(len(set(woken)), use.primitive.kind)
    times = "" if len(woken) == 1 else f" {len(woken):,} times"
    return f"; {who} woke up{times} and found no permit{of_which(reading, use)}"


def _grown(reading: Reading, claim: Check | None, expected: Claim | None) -> str:
    """Of a guard that nobody claimed anything of, that it has more permits than it began with: no fault in itself."""
    use = reading.uses.get(expected.primitive) if claim is None and expected is not None else None
    if use is None or use.role != "guard" or not _extra(use):
        return ""
    return f"; `{use.label}` began with {use.primitive.initial:,} and ended with {use.final:,}"


def _held_on(reading: Reading) -> str:
    """Who still held what when the run was over."""
    held = still_held(reading)
    if not held:
        return _kept(reading)
    label, threads = next(iter(held.items()))
    use = reading.uses[label]
    who = _several(threads, use)
    more = f" and {len(held) - 1:,} more" if len(held) > 1 else ""
    return f"; {who} had not ended and still held `{label}`{more}"


def goes_on(reading: Reading) -> str:
    """Who had not ended and held nothing, beside a sentence of something else; and for what all of them waited."""
    holders = {thread for threads in still_held(reading).values() for thread in threads}
    left = [thread for thread in reading.unended if thread not in holders]
    if not left:
        return ""
    waits = {span.thread: span.primitive for span in reading.spans if span.kind == "wait" and span.last is None}
    one = {waits.get(thread) for thread in left}
    label = next(iter(one)) if len(one) == 1 else None
    kind = reading.main_use.primitive.kind if reading.main_use is not None else "threading"
    who = left[0] if len(left) == 1 else several(len(left), kind)
    return f"; {who} had not ended" + (f" and waited for `{label}`" if label else "")


def _kept(reading: Reading) -> str:
    """Which lock was held by a thread that has ended, where nobody knows that this is wrong."""
    ended = held_at_the_end(reading)
    more = f", and {len(ended) - 1:,} more were held" if len(ended) > 1 else ""
    return next((f"; `{label}` was held at the end by {who[0]}{more}" for label, who in ended.items()), "")


def _several(threads: Sequence[str], use: Use) -> str:
    return threads[0] if len(threads) == 1 else several(len(threads), use.primitive.kind)


def expectation(reading: Reading, claim: Check | None) -> Claim | None:
    """The claim a run is measured by: the caller's, or what the main primitive's use shows, if that is so."""
    if claim is not None:
        return claim(reading)
    use = reading.main_use
    return next(iter(_facts(reading, use)), None) if use is not None else None


def judge(reading: Reading) -> tuple[Claim, ...]:
    """What the log shows without anybody's claim, primitive by primitive: what is so, and permits that are gone."""
    gone = {one.use.label: one for one in lost(reading)}
    held = still_held(reading)
    return tuple(
        claim
        for use in reading.uses.values()
        for claim in (*_facts(reading, use), *_returned(use, gone.get(use.label), held.get(use.label, ())))
    )


def _facts(reading: Reading, use: Use) -> list[Claim]:
    """What is true of one primitive whatever was meant. Nothing is said of a promise that nobody made."""
    if use.role == "guard":
        return _inside(reading, use)
    if use.role == "latch":
        return [claim for claim in (latched(reading, use),) if claim.held]
    return [_count(reading, use)] if use.role == "counter" else []


def _inside(reading: Reading, use: Use) -> list[Claim]:
    n = use.primitive.initial
    which = of_which(reading, use)
    if use.primitive.kind in LOCKS or n == 1:
        claim = bounded(use, 1, f"Mutual exclusion{which}", "mutual exclusion")
    else:
        claim = bounded(use, n, f"Limit of {n:,}{which}", f"at most {n} inside")
    if not use.most:  # given back only, as by one who had it before the run
        return []
    if not claim.held:  # released by others than acquired it, so that more were inside than there were permits
        return []
    if _went_in_unasked(reading, use):
        return []
    if claim.allowed > 1 and use.most_inside == n:
        return [Claim(claim.name, use.label, True, f"{claim.sentence}, as many as there are permits", n)]
    return [claim]


def _went_in_unasked(reading: Reading, use: Use) -> bool:
    """Whether somebody was refused a permit and gave one back all the same: it has been inside, by its own account."""
    openings = {id(reading.trace.events[i]) for i in use.openings}
    last: dict[str, str] = {}
    for event in reading.trace.of(use.label) if openings else ():
        if id(event) in openings and last.get(event.thread) == "refuse":
            return True
        last[event.thread] = event.kind
    return False


def _returned(use: Use, gone: Lost | None, holders: Sequence[str]) -> list[Claim]:
    """Of a guard, that its permits are back; of anything else, that some are gone."""
    name, label = "permits returned", use.label
    if gone is not None:
        return [Claim(name, label, False, gone.sentence)]
    if use.role != "guard":
        return []
    if not use.missing:
        return [Claim(name, label, True, f"Every permit of `{label}` came back")]
    if holders:
        return [
            Claim(name, label, None, f"Cannot say: {_several(holders, use)} still held `{label}` when the run was over")
        ]
    return [Claim(name, label, None, f"Cannot say: `{label}` was not back at its initial value when the run was over")]


def _count(reading: Reading, use: Use) -> Claim:
    expected = use.primitive.initial + use.released
    start = "" if use.primitive.initial == 0 else f"{use.primitive.initial:,} + "
    where = of_which(reading, use).replace(" of ", " in ", 1)
    calls = counted(use.releases, "call")
    sentence = f"Counted exactly {use.final:,}{where}: {start}{use.released:,} released in {calls}"
    return Claim("exact count", use.label, use.final == expected, sentence)


def alarm(reading: Reading, claim: Check | None) -> tuple[str, int] | None:
    """What the picture marks as a fault: the primitive that let too many in, and how many it might have; or None."""
    expected = claim(reading) if claim is not None else None
    if expected is None or expected.held is not False or not expected.allowed:
        return None
    use = reading.uses.get(expected.primitive)
    return (expected.primitive, expected.allowed) if use is not None and use.most_inside > expected.allowed else None


def _described(reading: Reading, ending: Ending) -> str:
    use = reading.main_use
    kind = use.primitive.kind if use is not None else ending.module
    left = reading.unended
    threads = f"{_who(reading, len(left) + len(ending.died), kind)} ran to the end"
    if left:
        threads += f" and {left[0] if len(left) == 1 else several(len(left), kind)} had not"
    if use is None or (use.role == "unused" and ending.unseen):
        alone = len(reading.trace.threads) == 1
        none = "it used no semaphore" if alone else "none of them used a semaphore"
        none += f" of {ending.module}"  # a class of a library's, or of the program's, may be one, too
        return f"{threads}; {not_watched(ending.unseen) if ending.unseen else none}"
    if use.primitive.kind in POOLED:
        futures = {label for label, u in reading.uses.items() if u.primitive.kind == "Future"}
        ends = Counter(e.amount for e in reading.trace.events if e.kind == "set" and e.primitive in futures)
        failed = f", {counted(ends[FAILED], 'exception')}" if ends[FAILED] else ""
        cancelled = f", {ends[CANCELLED]:,} cancelled" if ends[CANCELLED] else ""
        return f"{threads}; {counted(ends[0], 'result')}{failed}{cancelled}"
    return f"{threads}; `{use.label}`: {_counts(use)}"


def _who(reading: Reading, others: int, kind: str) -> str:
    """Those who came to their end, counted as a picture's second line counts: "main and 4 threads"."""
    ended = len(reading.trace.threads) - others
    if "main" not in reading.trace.threads or "main" in reading.unended:
        return several(ended, kind)
    return f"main and {several(ended - 1, kind)}" if ended > 1 else "main"


def _counts(use: Use) -> str:
    passed = use.acquires or len(use.passes)
    opened = use.releases
    if use.primitive.kind in SEMAPHORES:
        began = f" (it began with {use.primitive.initial:,})" if use.final > use.primitive.initial else ""
        return f"{use.released:,} released, {passed:,} acquired, value {use.final:,} at the end{began}"
    if use.primitive.kind in QUEUES:
        by_hand = use.final - (use.primitive.initial + use.released - use.acquires)
        more = f", {by_hand:,} added without put()" if by_hand > 0 else ""
        more = f", {-by_hand:,} removed without get()" if by_hand < 0 else more
        return f"{use.released:,} put, {use.acquires:,} taken{more}, {use.final:,} left at the end"
    if use.primitive.kind in LOCKS:
        return f"acquired {_times(passed)}, released {_times(opened)}"
    if use.primitive.kind in FLAGS:
        return f"set {_times(opened)}, passed {_times(passed)}"
    if use.primitive.kind == "Barrier":
        return f"passed {_times(passed)}"
    return f"notified {_times(opened)}"


def _times(n: int) -> str:
    return ("never", "once")[n] if n < 2 else f"{n:,} times"
