"""Of each class the certificate says, in a sentence, what cannot be true, and takes nothing for false that can."""

from __future__ import annotations

import pytest

from semalab.log.trace import CertificateError, Event, Primitive, Trace

THREADS = ("a", "b", "c")


def log(kind: str, *events: str, initial: int = 0) -> Trace:
    """A log of three threads that have begun, with a primitive `p` of this class, a lock `l` and a semaphore `s`.

    An event is "thread kind value amount", of `p`; or "thread kind primitive value amount".
    """
    begun = [Event(0, thread, "start") for thread in THREADS]
    primitives = [Primitive("p", kind, initial), Primitive("l", "RLock", 1), Primitive("s", "Semaphore", 0)]
    return Trace([*begun, *(_event(i, text) for i, text in enumerate(events, 1))], THREADS, primitives)


def _event(time: int, text: str) -> Event:
    thread, kind, *rest = text.split()
    if kind in {"sleep", "end", "print"} or (kind == "wake" and rest == ["up"]):
        return Event(time, thread, kind)
    if kind in {"join", "joined"}:
        return Event(time, thread, kind, rest[0], None, int(rest[1]) if rest[1:] else 0)
    primitive = rest.pop(0) if rest and rest[0] in {"l", "s"} else "p"
    value, amount = [*map(int, rest), *[0] * (2 - len(rest))]
    has_value = kind not in {"wake", "notify"} and not (kind in {"block", "refuse"} and not rest)
    return Event(time, thread, kind, primitive, value if has_value else None, amount or (value if not has_value else 0))


WAIT = ("a acquire l 0 1", "a block", "a release l 1 1")  # on a condition
BACK = ("a acquire l 0 1",)

IMPOSSIBLE = [
    (log("Condition", *WAIT, *BACK, "a wake"), "nobody has notified a on `p`"),
    (log("Condition", "b notify 1", *WAIT, *BACK, "a wake"), "nobody has notified a on `p`"),
    (
        log("Condition", *WAIT, "b block", "c notify 1", *BACK, "a wake", "a release l 1 1", "b wake"),
        "nobody has notified b on `p`",
    ),
    (log("Condition", *WAIT, "b notify 0", *BACK, "a wake"), "nobody has notified a on `p`"),
    (log("Condition", *WAIT, "b notify -1"), "it notifies -1 threads"),
    (log("Condition", "a wake"), "a did not wait on `p`"),
    (log("Condition", "a refuse"), "a did not wait on `p`"),
    (log("Condition", "a set 1"), "Condition has no event 'set'"),
    (log("Condition", *WAIT, "a print"), "a still waits for `p`"),
    (log("Condition", "a block", "a block"), "a still waits for `p`"),
    (log("Condition", *WAIT, *BACK, "a release l 1 1"), "a still waits for `p`"),
    (log("Condition", "a block", "a acquire l 0 1"), "a still waits for `p`"),
    (log("Event", "a refuse 0"), "a is refused and did not wait for `p`"),
    (log("Event", "a set 1", "b clear 0", "c pass 0"), "c passes although `p` is not set"),
    (log("Event", "a set 1", "b clear 0", "c block 0", "c pass 0"), "c passes although `p` is not set"),
    (log("Event", "a notify 1"), "Event has no event 'notify'"),
    (log("Event", "a block 0", "a set 1"), "a still waits for `p`"),
    (log("Barrier", "a block 1", "a pass 0"), "a passes although `p` is filling"),
    (log("Barrier", "a block 1", "b pass 0"), "the value must be 1, the log says 0"),
    (log("Barrier", "a block 2"), "the value must be 1, the log says 2"),
    (log("Barrier", "a block 1", "b pass 1", "a refuse 0"), "a is refused although `p` is draining"),
    (log("Barrier", "a block 1", "b pass 1", "c pass 1"), "c passes although `p` is draining"),
    (log("Barrier", "a block 1", "b pass 1", "c block 2"), "c waits inside `p`, which is draining"),
    (
        log("Barrier", "a block 1", "b pass 1", "a pass 0", "a block 1", "b block 2"),
        "b waits at `p` although all have arrived",
    ),
    (
        log("Barrier", "a block 1", "b pass 1", "a pass 0", "c pass 0"),
        "c passes although only 1 of 2 have arrived",
    ),
    (log("Barrier", "a block 1", "a refuse 0", "b block 1"), "b waits inside `p`, which is broken"),
    (log("Barrier", "a block 1", "b clear 1", "a pass 0"), "a passes although `p` is broken or resetting"),
    (log("Barrier", "a set 0"), "Barrier has no event 'set'"),
    (log("Barrier", "a block 1", "a sleep"), "a still waits for `p`"),
    (log("Semaphore", "a refuse 1", initial=1), "a is refused although 1 permits are free"),
    (log("Semaphore", "a pass 1", initial=1), "Semaphore has no event 'pass'"),
    (log("RLock", "a acquire 0 1", "b release 1 1", initial=1), "b releases what a holds"),
    (log("Event", "a joined b"), "a did not wait for 'b' to end"),
    (log("Event", "a join b", "a joined b"), "b has not ended"),
    (log("Event", "a join b", "a joined c"), "a did not wait for 'c' to end"),
    (log("Event", "a join b", "a print"), "a still waits for b to end"),
    (log("Event", "a join a"), "a cannot wait for 'a' to end"),
    (log("Event", "a join nobody"), "a cannot wait for 'nobody' to end"),
    (log("Event", "a wake up"), "a wakes and did not sleep"),
    (log("Event", "a sleep", "a set 1"), "a still sleeps"),
    (log("Event", "a sleep", "a end"), "a still sleeps"),
]


@pytest.mark.parametrize(("trace", "why"), IMPOSSIBLE)
def test_what_cannot_be_true_is_told(trace: Trace, why: str) -> None:
    last = len(trace) - 1
    Trace(trace[:last], trace.threads, trace.primitives.values()).certify()
    with pytest.raises(CertificateError) as caught:
        trace.certify()
    assert str(caught.value) == f"event {last} cannot be true: {why} ({trace[last]})"


POSSIBLE = {
    "any of those who wait may be woken": log("Condition", *WAIT, "b block", "c notify 1", "b wake"),
    "the later notice is for the later": log(
        "Condition", *WAIT, "c notify 1", "b block", "c notify 1", "b wake", *BACK, "a wake"
    ),
    "a wait ends although nobody was told": log("Condition", *WAIT, "b notify 1", *BACK, "a refuse"),
    "a condition's lock has to be waited for": log(
        "Condition", *WAIT, "b acquire l 0 1", "b notify 1", "a block l 0", "b release l 1 1", *BACK, "a wake"
    ),
    "a condition on a semaphore asks first": log("Condition", "a block", "a refuse s 0", "a release s 1 1"),
    "let through and cleared": log("Event", "a block 0", "b set 1", "b clear 0", "a pass 0"),
    "refused and set meanwhile": log("Event", "a block 0", "b set 1", "a refuse 1"),
    "two rounds": log("Barrier", "a block 1", "b pass 1", "a pass 0", "b block 1", "a pass 1", "b pass 0"),
    "who comes while it drains": log("Barrier", "a block 1", "b pass 1", "c block 1", "a pass 0", "c block 1"),
    "who is last after a wait, and acts": log(
        "Barrier", "a block 1", "b pass 1", "c block 1", "a pass 0", "b block 1", "c sleep", "c wake up", "c pass 1"
    ),
    "impatience breaks it": log("Barrier", "a block 1", "b block 2", "a refuse 1", "b refuse 0", "c refuse 0"),
    "a reset lets the next ones in": log("Barrier", "a block 1", "b clear 1", "a refuse 0", "b block 1"),
    "abort and reset": log("Barrier", "a clear 0", "a refuse 0", "a clear 0", "a block 1"),
    "the action fails": log("Barrier", "a block 1", "b refuse 1", "a refuse 0"),
    "a barrier of one": log("Barrier", "a pass 0", "b pass 0"),
    "a lock may come free before its refusal is written": log("Lock", "a refuse 1", initial=1),
    "a lock released by another": log("Lock", "a acquire 0 1", "b release 1 1", initial=1),
    "an identifier inherited": log("RLock", "a acquire 0 1", "a end", "b release 1 1", initial=1),
    "joined in time": log("Event", "a join b", "b end", "a joined b"),
    "the time of a join was up": log("Event", "a join b 5", "a joined b"),
    "stopped while they wait": log("Event", "a join b", "b block 0", "c sleep"),
}


@pytest.mark.parametrize("name", POSSIBLE)
def test_what_can_be_true_is_certified(name: str) -> None:
    assert POSSIBLE[name].certify() is POSSIBLE[name]


def test_threads_from_outside_share_a_name() -> None:
    threads, primitives = ["outside"], [Primitive("p", "Event", 0), Primitive("q", "Condition", 0)]
    waits = [Event(1, "outside", "block", "p", 0), Event(2, "outside", "block", "q"), Event(3, "outside", "print")]
    Trace([Event(0, "outside", "start"), *waits], threads, primitives).certify()
