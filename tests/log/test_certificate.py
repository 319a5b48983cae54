"""`trace.certify()` holds for every log that was recorded, and for no log that was changed afterwards."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs.virtual_runs import PROGRAMS

import semalab as lab
from semalab.engine import WallProcessor
from semalab.instrument.copies import load_threading
from semalab.instrument.primitives import recorded_classes
from semalab.instrument.recorder import Recorder, watched_condition
from semalab.log.event import BEYOND
from semalab.log.trace import PERMITS, CertificateError, Event, Primitive, Trace

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

EXAMPLES = settings(
    max_examples=30, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# An operation is (what, which primitive, how much); a program is a list of them for each thread.
SEMAPHORES, LOCKS = 2, 2
operations = st.one_of(
    st.tuples(st.just("try"), st.integers(0, SEMAPHORES - 1), st.just(0)),
    st.tuples(st.just("acquire"), st.integers(0, SEMAPHORES - 1), st.integers(1, 3)),
    st.tuples(st.just("release"), st.integers(0, SEMAPHORES - 1), st.integers(1, 3)),
    st.tuples(st.just("lock"), st.integers(0, LOCKS - 1), st.integers(0, 1)),
    st.tuples(st.just("sleep"), st.just(0), st.integers(0, 2)),
)
programs = st.lists(st.lists(operations, max_size=6), min_size=1, max_size=4)


def perform(initial: int, threads: list[list[tuple[str, int, int]]]) -> list[int]:
    """Any of these programs; returns the semaphores' last values. Waits are limited, so that all of them end."""
    semaphores = [threading.Semaphore(initial) for _ in range(SEMAPHORES)]
    locks = [threading.Lock(), threading.RLock()]

    def work(todo: list[tuple[str, int, int]]) -> None:
        for what, which, amount in todo:
            if what == "try":
                semaphores[which].acquire(blocking=False)
            elif what == "acquire":
                semaphores[which].acquire(timeout=amount / 1000)
            elif what == "release":
                semaphores[which].release(amount)
            elif what == "lock":
                with locks[which]:
                    time.sleep(amount / 1000)
            else:
                time.sleep(amount / 1000)

    workers = [threading.Thread(target=work, args=(todo,)) for todo in threads]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return [semaphore._value for semaphore in semaphores]  # type: ignore[attr-defined]


@EXAMPLES
@given(initial=st.integers(0, 2), threads=programs, seed=st.integers(0, 5), clock=st.sampled_from(["wall", "virtual"]))
def test_every_recorded_log_is_certified(initial: int, threads: Any, seed: int, clock: str) -> None:
    run = lab.record(perform, initial=initial, threads=threads, clock=clock, seed=seed)
    assert run.stopped is None
    run.trace.certify()
    assert [run.reading.uses[f"semaphores[{i}]"].final for i in range(SEMAPHORES)] == run.result


@EXAMPLES
@given(initial=st.integers(0, 2), gifts=st.lists(st.integers(1, 3), min_size=1, max_size=4), data=st.data())
def test_the_last_value_is_what_plain_threading_arrives_at(initial: int, gifts: list[int], data: Any) -> None:
    """Each thread releases first and acquires afterwards, all together no more than there is: nobody waits for ever."""
    total = initial + sum(gifts)
    wishes = [data.draw(st.integers(0, total // len(gifts))) for _ in gifts]

    def program() -> int:
        semaphore = threading.Semaphore(initial)

        def work(gift: int, wish: int) -> None:
            semaphore.release(gift)
            for _ in range(wish):
                semaphore.acquire()

        workers = [threading.Thread(target=work, args=pair) for pair in zip(gifts, wishes, strict=True)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return semaphore._value  # type: ignore[attr-defined, no-any-return]

    assert program() == total - sum(wishes)
    for clock in ("wall", "virtual"):
        run = lab.record(program, clock=clock)
        run.trace.certify()
        assert run.result == run.reading.uses["semaphore"].final == total - sum(wishes)


SECONDS_ON_THE_WALL = {"mutex", "everything", "queues", "thread_pool", "executor", "pool_deadlock"}


@pytest.mark.parametrize(
    ("program", "clock"),
    [(p, c) for p in PROGRAMS for c in ("wall", "virtual") if c == "virtual" or p.__name__ not in SECONDS_ON_THE_WALL],
)
def test_logs_of_all_classes_are_certified(program: Callable[..., Any], clock: str) -> None:
    lab.record(program, threads=4, clock=clock).trace.certify()


def corrupted(trace: Trace, events: list[Event]) -> Trace:
    return Trace(events, trace.threads, trace.primitives.values(), trace.duration)


def changes_of(events: tuple[Event, ...], i: int) -> Iterator[tuple[str, list[Event]]]:
    """Every change of one event that cannot be true, whatever the program was."""
    before, event, after = list(events[:i]), events[i], list(events[i + 1 :])
    same = [e for e in after if e.primitive == event.primitive and e.kind in {"acquire", "release"}]
    if event.kind in {"acquire", "release"}:
        if same:
            yield "dropped", before + after
        yield "twice", [*before, event, event, *after]
        yield "amount", [*before, event._replace(amount=event.amount + 1), *after]
        if same:
            j = events.index(same[0], i + 1)
            swapped = list(events)
            swapped[i], swapped[j] = same[0]._replace(time=event.time), event._replace(time=same[0].time)
            yield "swapped", swapped
    if event.kind in {"acquire", "release", "refuse", "block"}:
        assert event.value is not None
        yield "value more", [*before, event._replace(value=event.value + 1), *after]
        yield "value less", [*before, event._replace(value=event.value - 1), *after]
        yield "primitive", [*before, event._replace(primitive="nowhere"), *after]
    if event.kind == "start":
        yield "no start", before + after
        yield "two starts", [*before, event, event, *after]
    yield "thread", [*before, event._replace(thread="nobody"), *after]
    yield "kind", [*before, event._replace(kind="steal"), *after]
    if event.time:
        yield "time back", [*events[: i + 1], event._replace(time=event.time - 1), *after]


@EXAMPLES
@given(initial=st.integers(0, 2), threads=programs)
def test_no_changed_log_is_certified(initial: int, threads: Any) -> None:
    trace = lab.record(perform, initial=initial, threads=threads, clock="virtual").trace
    assert corrupted(trace, list(trace)).certify() == trace
    for i in range(len(trace)):
        for what, events in changes_of(trace.events, i):
            try:
                corrupted(trace, events).certify()
            except CertificateError:
                continue
            pytest.fail(f"{what} at event {i} was not noticed: {trace[i]}")


def log(*events: tuple[Any, ...], kind: str = "Semaphore", initial: int = 0) -> Trace:
    """A log of two threads that have begun at 0, with a primitive `p`; events are (thread, kind, value, amount)."""
    begun = [Event(0, thread, "start") for thread in ("a", "b")]
    rest = [Event(i, who, what, "p", value, amount) for i, (who, what, value, amount) in enumerate(events, 1)]
    return Trace([*begun, *rest], ["a", "b"], [Primitive("p", kind, initial)])


IMPOSSIBLE = [
    (log(("a", "acquire", -1, 1)), "it takes 1 of 0 permits"),
    (log(("a", "acquire", -1, 2), initial=1), "it takes 2 of 1 permits"),
    (log(("a", "acquire", 0, 2), kind="asyncio.Semaphore", initial=2), "it takes 2 of 2 permits"),
    (log(("a", "acquire", 0, 0)), "it takes 0 of 0 permits"),
    (log(("a", "block", 2, 1), initial=2), "a blocks although 2 permits are free"),
    (log(("a", "put", 1, 1), ("a", "set", 0, 2), kind="Queue"), "the queue must hold 1, the log says 0"),
    (log(("a", "set", 0, 0), kind="Queue"), "a moves 0 items"),
    (log(("a", "release", 0, 0)), "it releases 0 permits"),
    (log(("a", "block", 1, 0), initial=1), "a blocks although 1 permits are free"),
    (log(("a", "release", 3, 2)), "the value must be 2, the log says 3"),
    (log(("a", "release", 2, 1), kind="Lock", initial=1), "a Lock with 1 of 1 free was released"),
    (
        log(("a", "release", 3, 1), kind="BoundedSemaphore", initial=2),
        "a BoundedSemaphore with 2 of 2 free was released",
    ),
    (log(("a", "pass", 1, 0), kind="Event"), "a passes although `p` is not set"),
    (log(("a", "set", 1, 0), ("b", "block", 1, 0), kind="Event"), "b blocks although `p` is set"),
    (log(("a", "set", 0, 0), kind="Event"), "the value must be 1, the log says 0"),
    (log(("a", "release", 1, 1), ("c", "acquire", 0, 1)), "c is not running"),
]


@pytest.mark.parametrize(("trace", "why"), IMPOSSIBLE, ids=[why for _, why in IMPOSSIBLE])
def test_the_certificate_says_what_cannot_be_true(trace: Trace, why: str) -> None:
    with pytest.raises(CertificateError) as caught:
        trace.certify()
    index = len(trace) - 1
    assert str(caught.value) == f"event {index} cannot be true: {why} ({trace[index]})"


def test_a_wait_that_ends_without_a_cause_is_noticed() -> None:
    made = log(("a", "release", 1, 1), ("b", "acquire", 0, 1), ("a", "block", 0, 0), initial=0)
    ended = [*made, Event(9, "a", "acquire", "p", 0, 1)]
    with pytest.raises(CertificateError, match="it takes 1 of 0 permits"):
        corrupted(made, ended).certify()
    stopped = Trace([*made, Event(9, "b", "end")], made.threads, made.primitives.values())
    assert stopped.certify() is stopped
    for busy in (Event(9, "a", "sleep", "", None, 5), Event(9, "a", "print"), Event(9, "a", "end")):
        with pytest.raises(CertificateError, match="a still waits for `p`"):
            corrupted(made, [*made, busy]).certify()
    elsewhere = Trace(
        [*made, Event(9, "a", "acquire", "q", 0, 1)],
        made.threads,
        [*made.primitives.values(), Primitive("q", "Lock", 1)],
    )
    with pytest.raises(CertificateError, match="a still waits for `p`"):
        elsewhere.certify()


def test_a_trace_is_a_sequence_that_does_not_change() -> None:
    trace = log(("a", "release", 1, 1))
    assert (len(trace), trace[-1].kind, trace[0:2]) == (3, "release", trace.events[:2])
    assert [e.kind for e in trace] == ["start", "start", "release"]
    assert repr(trace) == "<Trace: 3 events, 2 threads, 1 primitives>"
    assert trace == log(("a", "release", 1, 1))
    assert hash(trace) == hash(log(("a", "release", 1, 1)))
    assert trace != log(("a", "release", 2, 2))
    with pytest.raises(AttributeError):
        trace.events = ()  # type: ignore[misc]
    with pytest.raises(TypeError):
        trace.primitives["p"] = Primitive("p", "Lock", 1)  # type: ignore[index]
    assert {"Semaphore", "BoundedSemaphore", "Lock", "RLock"} == PERMITS - BEYOND


def hurry(rounds: int, threads: int) -> None:
    """As many changes of hands as can be had, over a lock that is also released by others."""
    lock, again, semaphore = threading.Lock(), threading.RLock(), threading.Semaphore(1)
    ready = threading.Event()

    def work() -> None:
        ready.wait()
        for _ in range(rounds):
            with lock:
                pass
            with again, again:
                pass
            with semaphore:
                pass

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    ready.set()
    for worker in workers:
        worker.join()


def test_overlaps_are_neither_invented_nor_missed_in_a_hurry() -> None:
    """Law 1, with threads that are interrupted at every opportunity."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(5):
            run = lab.record(hurry, rounds=40, threads=6)
            run.trace.certify()
            uses = run.reading.uses
            assert {name: uses[name].most_inside for name in ("lock", "again", "semaphore")} == {
                "lock": 1,
                "again": 1,
                "semaphore": 1,
            }
            assert [uses[name].acquires for name in ("lock", "again", "semaphore")] == [240] * 3
    finally:
        sys.setswitchinterval(interval)


def everybody_gives_back(rounds: int, threads: int) -> None:
    """A lock that threads release who do not hold it, that is tried in vain, and waited for with little patience."""
    lock = threading.Lock()
    ready = threading.Event()

    def work(turn: int) -> None:
        ready.wait()
        for number in range(turn, turn + rounds):
            how = number % 4
            if how == 0:
                lock.acquire(False)
            elif how == 1:
                lock.acquire(timeout=1e-6)
            elif how == 2 and lock.acquire(timeout=1e-3):
                sum(range(50))
            with contextlib.suppress(RuntimeError):  # another one was quicker
                lock.release()

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    ready.set()
    for worker in workers:
        worker.join()


def test_a_lock_that_anybody_releases_has_its_rows_in_its_own_order() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(5):
            run = lab.record(everybody_gives_back, rounds=60, threads=6)
            run.trace.certify()
            events = [e for e in run.trace if e.primitive == "lock" and e.kind in {"acquire", "release"}]
            assert [e.kind for e in events] == ["acquire", "release"] * (len(events) // 2)
            assert all(e.value == 0 for e in run.trace if e.primitive == "lock" and e.kind in {"block", "refuse"})
    finally:
        sys.setswitchinterval(interval)


class Watched(list[Any]):
    """A log for which something happens just before a row comes in."""

    before: Callable[[Any], None] = staticmethod(lambda row: None)

    def extend(self, row: Any) -> None:
        self.before(row)
        super().extend(row)

    @property
    def words(self) -> list[Any]:
        """Of each row the value after an acquire or release, the kind of another event."""
        whats = zip(self[2::6], self[3::6], strict=True)
        return [value if isinstance(what, int) else what[0] for what, value in whats]


@pytest.fixture
def watched_lock() -> tuple[Any, Watched]:
    """A lock as in a recorded program on the wall clock, and the log that it writes to."""
    processor = WallProcessor()
    processor.log = log = Watched()
    recorder, source = Recorder(processor), load_threading(processor)
    cls = recorded_classes(source, recorder, watched_condition(source, recorder))["Lock"]
    lock = object.__new__(cls)  # the class itself would give a thread that is not of a run the real thing
    lock.__init__()
    return lock, log


@pytest.mark.parametrize("moment", [0, "block", "refuse"])
def test_nobody_releases_a_lock_while_a_row_about_it_is_being_written(
    watched_lock: tuple[Any, Watched], moment: object
) -> None:
    lock, log = watched_lock
    releaser = threading.Thread(target=lock.release, daemon=True)
    waits = threading.Event()
    give_way = lock._give_way

    def give_way_visibly() -> None:
        waits.set()
        give_way()

    def release_now(row: Any) -> None:
        word = row[3] if isinstance(row[2], int) else row[2][0]
        if word == moment and not releaser.ident:
            releaser.start()
            while not waits.wait(0.001) and releaser.is_alive():
                pass

    lock._give_way = give_way_visibly
    log.before = release_now  # type: ignore[method-assign]
    lock.acquire()
    if moment == "refuse":
        lock.acquire(False)
    elif moment == "block":
        lock.acquire()
        lock.release()
    releaser.join()
    assert log.words == {0: [0, 1], "refuse": [0, "refuse", 1], "block": [0, "block", 1, 0, 1]}[moment]


def meet(parties: int) -> int:
    met = 0

    def greet() -> None:
        nonlocal met
        time.sleep(0.001)  # meanwhile others arrive, and must wait for the next round
        met += 1

    barrier = threading.Barrier(parties, action=greet)

    workers = [threading.Thread(target=barrier.wait) for _ in range(6 * parties)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return met


@pytest.mark.parametrize("clock", ["wall", "virtual"])
def test_a_barriers_action_may_take_its_time(clock: str) -> None:
    run = lab.record(meet, parties=2, clock=clock, timeout=20)
    assert (run.result, run.stopped) == (6, None)
    assert len(run.reading.uses["barrier"].passes) == 12
    run.trace.certify()
