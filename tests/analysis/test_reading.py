"""What a log shows: roles from use, waits, holds and hand-overs in log order, permits that went astray."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import semalab as lab
from semalab.analysis.reading import Handover, LevelChange, Reading, Stolen, read
from semalab.log.trace import Event, Primitive, Trace

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])
THREADS = ("a", "b", "c")


def reading_of(initial: int, *happened: str, kind: str = "Semaphore", ended: str = "abc") -> Reading:
    """The reading of a log of three threads and one primitive `s`, from words such as "b acquire 0" or "a release 2 2".

    The events are 10 ns apart; the threads named in `ended` come to their end.
    """
    events = [Event(0, thread, "start") for thread in THREADS]
    for number, words in enumerate(happened, 1):
        thread, what, value, *amount = words.split()
        permits = int(amount[0]) if amount else int(what in {"acquire", "release"})
        events.append(Event(number * 10, thread, what, "s", int(value), permits))
    finish = 10 * len(happened) + 10
    events += [Event(finish, thread, "end") for thread in THREADS if thread in ended]
    return read(Trace(events, THREADS, [Primitive("s", kind, initial)], finish))


# roles


def start_all(*bodies: Callable[[], object]) -> None:
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def guard(n: int) -> None:
    s = threading.Semaphore(2)

    def work() -> None:
        with s:
            time.sleep(0.001)

    start_all(*[work] * n)


def latch(n: int) -> None:
    s = threading.Semaphore(0)
    start_all(*[s.acquire] * n, lambda: s.release(n))


def latch_with_a_turnstile(n: int) -> None:
    s = threading.Semaphore(0)

    def wait() -> None:
        s.acquire()
        s.release()

    start_all(*[wait] * n, s.release)


def ping_pong(n: int) -> None:
    s, other = threading.Semaphore(0), threading.Semaphore(0)

    def serve() -> None:
        for _ in range(n):
            s.release()
            other.acquire()

    def reply() -> None:
        for _ in range(n):
            s.acquire()
            other.release()

    start_all(serve, reply)


def producer_consumer(n: int) -> None:
    s = threading.Semaphore(0)

    def produce() -> None:
        for _ in range(n):
            s.release()

    def consume() -> None:
        for _ in range(n):
            s.acquire()

    start_all(produce, consume)


def counter(n: int) -> None:
    s = threading.Semaphore(0)
    start_all(*[s.release] * n)


def unused(n: int) -> None:
    s = threading.Semaphore(n)
    del s


def lock(n: int) -> None:
    s = threading.Lock()

    def work() -> None:
        with s:
            pass

    start_all(*[work] * n)


def event(n: int) -> None:
    s = threading.Event()
    start_all(*[s.wait] * n, s.set)


def barrier(n: int) -> None:
    s = threading.Barrier(n)
    start_all(*[s.wait] * n)


def condition(n: int) -> None:
    s = threading.Condition()
    with s:
        s.notify(n)


def stray_release(n: int) -> None:
    """A guard from which a thread that is not inside releases once too often."""
    s = threading.Semaphore(1)

    def work() -> None:
        with s:
            time.sleep(0.001)

    start_all(*[work] * n)
    s.release()


ROLES = [
    (guard, "guard"),
    (latch, "latch"),
    (latch_with_a_turnstile, "latch"),
    (ping_pong, "signal"),
    (producer_consumer, "signal"),
    (counter, "counter"),
    (unused, "unused"),
    (lock, "guard"),
    (event, "event"),
    (barrier, "barrier"),
    (condition, "condition"),
    (stray_release, "guard"),
]


@CLOCKS
@pytest.mark.parametrize(("program", "role"), ROLES, ids=[program.__name__ for program, _ in ROLES])
def test_the_role_is_read_from_the_use(program: Callable[[int], None], role: str, clock: str) -> None:
    for seed in range(4 if clock == "virtual" else 1):
        assert lab.record(program, n=3, clock=clock, seed=seed).reading.uses["s"].role == role


def test_a_semaphore_nobody_could_pass_is_a_latch() -> None:
    assert reading_of(0, "a block 0", ended="").uses["s"].role == "latch"


# holds and who is inside


def test_a_guards_holds_waits_and_hand_overs() -> None:
    use = reading_of(
        1,
        "a acquire 0",
        "b block 0",
        "c block 0",
        "a release 1",
        "b acquire 0",
        "b release 1",
        "c acquire 0",
        "c release 1",
    )
    spans = [(s.thread, s.kind, s.begin, s.end) for s in use.spans]
    assert spans == [
        ("a", "hold", 10, 40),
        ("b", "wait", 20, 50),
        ("b", "hold", 50, 60),
        ("c", "wait", 30, 70),
        ("c", "hold", 70, 80),
    ]
    s = use.uses["s"]
    assert (s.acquires, s.releases, s.released, s.final) == (3, 3, 3, 1)
    assert s.values == tuple(
        LevelChange(t, v) for t, v in [(0, 1), (10, 0), (40, 1), (50, 0), (60, 1), (70, 0), (80, 1)]
    )
    assert s.waiters == (LevelChange(20, 1), LevelChange(30, 2), LevelChange(50, 1), LevelChange(70, 0))
    assert s.handovers == (Handover(6, 7), Handover(8, 9))
    assert (s.most_inside, s.crowded, s.kept, s.openings) == (1, (), (), ())


def test_a_permit_taken_by_somebody_else_is_no_hand_over() -> None:
    """The woken thread finds the permit gone and waits on: one wait, ended by the later release."""
    s = reading_of(
        1,
        "a acquire 0",
        "b block 0",
        "a release 1",
        "a acquire 0",  # the releaser is quicker
        "b block 0",
        "a release 1",
        "b acquire 0",
        "b release 1",
    )
    assert s.uses["s"].handovers == (Handover(8, 9),)
    assert [(w.begin, w.end) for w in s.spans if w.kind == "wait"] == [(20, 70)]
    assert s.uses["s"].waiters == (LevelChange(20, 1), LevelChange(70, 0))


def test_overlap_is_counted_in_log_order_even_at_one_time() -> None:
    """Law 1: at one and the same nanosecond, the order of the log decides."""
    apart = [Event(0, "a", "start"), Event(0, "b", "start")]
    for order, most in ((("a acquire", "a release", "b acquire", "b release"), 1), (("a acquire", "b acquire"), 2)):
        value = 2
        events = list(apart)
        for words in order:
            thread, what = words.split()
            value += 1 if what == "release" else -1
            events.append(Event(5, thread, what, "s", value, 1))
        assert read(Trace(events, ["a", "b"], [Primitive("s", "Semaphore", 2)], 9)).uses["s"].most_inside == most


def test_crowding_has_a_beginning_and_an_end() -> None:
    s = reading_of(
        3,
        "a acquire 2",
        "b acquire 1",
        "c acquire 0",
        "a release 1",
        "b release 2",
        "a acquire 1",
        "c release 2",
        "a release 3",
    ).uses["s"]
    assert s.inside == tuple(
        LevelChange(t, n) for t, n in [(10, 1), (20, 2), (30, 3), (40, 2), (50, 1), (60, 2), (70, 1), (80, 0)]
    )
    assert (s.most_inside, s.crowded) == (3, ((20, 50), (60, 70)))


def test_a_thread_with_two_permits_is_one_thread_inside() -> None:
    s = reading_of(2, "a acquire 1", "a acquire 0", "a release 2 2").uses["s"]
    assert (s.role, s.most_inside, s.kept) == ("guard", 1, ())


def test_permits_that_do_not_come_back() -> None:
    reading = reading_of(2, "a acquire 1", "b acquire 0", "a release 1", ended="abc")
    assert reading.uses["s"].kept == ("b",)
    assert [(s.thread, s.last) for s in reading.hold_spans("s")] == [("a", 5), ("b", None)]
    running = reading_of(2, "a acquire 1", "b acquire 0", "a release 1", ended="ac")
    assert running.uses["s"].kept == ()  # it might still give it back


def test_what_opens_a_latch_and_who_passes() -> None:
    s = reading_of(0, "b block 0", "a release 1", "b acquire 0", "b release 1", "c acquire 0", "c release 1").uses["s"]
    assert (s.role, s.openings, s.passes) == ("latch", (4,), (5, 7))
    assert s.handovers == (Handover(4, 5),)


def test_a_wait_that_is_given_up_ends() -> None:
    reading = reading_of(0, "a block 0", "a refuse 0", "b block 0")
    assert [(s.thread, s.begin, s.end, s.last) for s in reading.spans] == [("a", 10, 20, 4), ("b", 30, 40, None)]
    assert reading.uses["s"].waiters == (LevelChange(10, 1), LevelChange(20, 0), LevelChange(30, 1))


# what threads do elsewhere


def sleepy() -> None:
    def nap() -> None:
        time.sleep(2)

    napper = threading.Thread(target=nap, name="napper")
    time.sleep(1)
    napper.start()
    napper.join()
    napper.join()


def test_sleeps_joins_and_lives() -> None:
    reading = lab.record(sleepy, clock="virtual").reading
    second = 1_000_000_000
    assert reading.life == {"main": (0, 3 * second), "napper": (second, 3 * second)}
    assert [(s.thread, s.kind, s.primitive, s.begin, s.end) for s in reading.spans] == [
        ("main", "sleep", "", 0, second),
        ("napper", "sleep", "", second, 3 * second),
        ("main", "join", "napper", second, 3 * second),
    ]


def joins_itself() -> str:
    try:
        threading.current_thread().join()
    except RuntimeError as error:
        return str(error)
    return "no error"


@CLOCKS
def test_a_join_that_fails_is_over(clock: str) -> None:
    run = lab.record(joins_itself, clock=clock)
    assert run.result.lower() == "cannot join current thread"
    assert all(s.last is not None for s in run.reading.spans)


def stopped_in_its_sleep() -> None:
    time.sleep(100)


def test_spans_last_until_the_stop() -> None:
    run = lab.record(stopped_in_its_sleep, clock="virtual", timeout=7)
    (span,) = run.reading.spans
    assert (span.kind, span.begin, span.end, span.last) == ("sleep", 0, 7_000_000_000, None)


def two_semaphores() -> None:
    busy, idle = threading.Semaphore(1), threading.Semaphore(1)
    lock = threading.Lock()
    for _ in range(3):
        with busy, lock:
            pass
        with lock:
            pass
    with idle:
        pass


def test_the_busiest_semaphore_is_spoken_of_first() -> None:
    reading: Any = lab.record(two_semaphores, clock="virtual").reading
    assert reading.main_use.label == "busy"


def test_a_run_without_primitives_has_no_main_use() -> None:
    assert lab.record(stopped_in_its_sleep, clock="virtual", timeout=200).reading.main_use is None


# wake-ups in vain


def mutex_in_turns(threads: int, turns: int) -> None:
    """Who has released the mutex wants it again at once, and mostly is quicker than whom the release has woken."""
    mutex = threading.Semaphore(1)

    def work() -> None:
        for _ in range(turns):
            with mutex:
                time.sleep(0.1)

    workers = [threading.Thread(target=work, name=f"worker-{i}") for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def test_a_seeded_run_shows_who_woke_in_vain_when_and_who_took_the_permit() -> None:
    run = lab.record(mutex_in_turns, threads=3, turns=2, clock="virtual", seed=5)
    events = run.trace.certify().events
    (use,) = run.reading.uses.values()
    assert [(events[s.block].thread, events[s.block].time, events[s.acquire].thread) for s in use.stolen] == [
        ("worker-1", 100_000_000, "worker-0"),
        ("worker-2", 400_000_000, "worker-1"),
    ]
    for stolen in use.stolen:
        assert (events[stolen.block].kind, events[stolen.acquire].kind) == ("block", "acquire")
        assert stolen.acquire < stolen.block
        assert {events[stolen.block].value, events[stolen.acquire].value} == {0}


@CLOCKS
def test_every_wake_up_in_vain_lies_in_one_wait_after_a_release_that_others_used_up(clock: str) -> None:
    run = lab.record(mutex_in_turns, threads=4, turns=8, clock=clock)
    (use,) = run.reading.uses.values()
    events = run.trace.events
    waits = [s for s in run.reading.spans if s.kind == "wait"]
    for block, acquire in use.stolen:
        (wait,) = [w for w in waits if w.thread == events[block].thread and w.first < block < (w.last or block + 1)]
        released = [i for i in range(wait.first, block) if events[i].kind == "release"]
        assert released
        assert released[-1] < acquire < block
        assert events[acquire].thread != wait.thread
        assert not any(event.value for event in events[acquire:block] if event.primitive == use.label)


@pytest.mark.parametrize(
    ("log", "stolen"),
    [
        ("a acquire 0, b block 0, a release 1, a acquire 0, b block 0", (Stolen(7, 6),)),
        ("a acquire 0, b block 0, a release 1, c acquire 0, b block 0, c release 1, c acquire 0, b block 0",
         (Stolen(7, 6), Stolen(10, 9))),
        ("a acquire 0, b block 0, b block 0", ()),  # it looked again, but no permit had been released
        ("a acquire 0, b block 0, a release 1, a acquire 0, b block 0, b block 0", (Stolen(7, 6),)),
        ("a acquire 0, b block 0, a release 1, a acquire 0, b refuse 0", ()),  # its time was up
        ("a acquire 0, b block 0, a release 1, b acquire 0", ()),
        ("a acquire 0, b block 0, a release 2 2, c acquire 1, b block 1", ()),  # no semaphore does that
        ("a acquire 0, a release 1, a acquire 0, b block 0", ()),  # it had not waited yet
        ("a acquire 0, b block 0, a release 1, a acquire 0, b refuse 0, b block 0", ()),  # another wait
    ],
)  # fmt: skip
def test_a_wake_up_is_in_vain_only_if_the_log_leaves_no_doubt(log: str, stolen: tuple[Stolen, ...]) -> None:
    assert reading_of(1, *log.split(", ")).uses["s"].stolen == stolen


def test_of_a_lock_nothing_is_said() -> None:
    log = ("a acquire 0", "b block 0", "a release 1", "a acquire 0", "b block 0")
    assert reading_of(1, *log, kind="Lock").uses["s"].stolen == ()


def test_spans_come_in_the_order_of_their_ends_whatever_column_they_are_kept_in() -> None:
    run = lab.record(mutex_in_turns, threads=3, turns=3, clock="virtual")
    for kinds in ({"sleep", "join"}, {"wait", "hold"}):
        ends = [s.last for s in run.reading.spans if s.kind in kinds]
        assert ends == sorted(ends)
    assert run.reading.spans is run.reading.spans
    assert len(run.reading.columns) == len(run.reading.spans)


# a permit that another thread gives back


def holds(reading: Reading) -> list[tuple[str, int, int, int | None]]:
    return [(span.thread, span.begin, span.end, span.last) for span in reading.hold_spans("s")]


def test_the_last_reader_out_releases_what_the_first_one_in_acquired() -> None:
    reading = reading_of(1, "a acquire 0", "b release 1", "c acquire 0", "c release 1", "b acquire 0", "b release 1")
    use = reading.uses["s"]
    assert (use.role, use.kept, use.most_inside, list(use.openings)) == ("guard", (), 1, [])
    assert holds(reading) == [("a", 10, 20, 4), ("c", 30, 40, 6), ("b", 50, 60, 8)]


def test_who_takes_the_only_permit_again_has_not_had_it_any_more() -> None:
    """The first reader in is not always the last one out, and may be the first one in of the next round."""
    round_1 = ("a acquire 0", "b release 1", "c acquire 0", "c release 1")
    round_2 = ("a acquire 0", "a release 1", "b acquire 0", "a release 1")
    use = reading_of(1, *round_1, *round_2).uses["s"]
    assert (use.role, use.kept, use.most_inside, list(use.openings)) == ("guard", (), 1, [])
    twice = reading_of(1, "a acquire 0", "b acquire 0", "b release 1", "b release 2", "a acquire 1", "a release 2")
    assert twice.uses["s"].most_inside == 2  # there were two permits: nobody knows whose came back


def test_a_thread_that_may_still_release_is_still_inside_after_a_stray_release() -> None:
    strays = ("b acquire 0", "b release 1", "a acquire 0", "b release 1", "c acquire 0", "c release 1")
    inside = reading_of(1, *strays, "a release 2").uses["s"]
    assert (inside.kept, inside.most_inside, list(inside.openings)) == ((), 2, [6])
    running = reading_of(1, *strays, ended="bc").uses["s"]
    assert (running.most_inside, list(running.openings)) == (2, [6])
    ended = reading_of(1, *strays).uses["s"]
    assert (ended.kept, ended.most_inside, list(ended.openings)) == ((), 1, [])


def test_a_release_before_the_acquire_gives_nothing_back() -> None:
    use = reading_of(2, *("b acquire 1", "b release 2") * 3, "b release 3", "a acquire 2", "a acquire 1").uses["s"]
    assert (use.kept, use.missing, list(use.openings)) == (("a",), 1, [9])


def test_one_release_may_give_back_what_several_threads_took() -> None:
    use = reading_of(2, "a acquire 1", "b acquire 0", "c release 2 2", "c acquire 1", "c release 2").uses["s"]
    assert (use.kept, use.most_inside, use.crowded) == ((), 2, ((20, 30),))
    one = reading_of(2, "a acquire 1", "b acquire 0", "c release 1", "c acquire 0", "c release 1").uses["s"]
    assert one.kept == ("b",)  # the earliest acquire goes with the earliest release


def test_a_permit_taken_by_one_thread_and_given_back_by_another_is_held_in_between() -> None:
    """The first reader takes the book, the last one, who never took it, gives it back; the writer does both."""
    reading = reading_of(1, "a acquire 0", "c block 0", "b release 1", "c acquire 0", "c release 1")
    assert (reading.uses["s"].role, holds(reading)) == ("guard", [("a", 10, 30, 5), ("c", 40, 50, 7)])
    opened = reading_of(1, "a acquire 0", "b release 1", "c acquire 0")
    assert opened.uses["s"].role == "latch"  # nobody gives back what he took: it was open from the start
