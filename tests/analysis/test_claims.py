"""What is claimed of a run, in which words, and which sentence comes first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import semalab as lab
from semalab.analysis.claims import Claim

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")


def inside(threads: int, initial: int) -> None:
    semaphore = threading.Semaphore(initial)

    def work() -> None:
        with semaphore:
            time.sleep(1)

    for _ in range(threads):
        threading.Thread(target=work).start()


def mutex_by_name(threads: int, initial: int) -> None:
    the_mutex = threading.Semaphore(initial)

    def work() -> None:
        with the_mutex:
            time.sleep(1)

    for _ in range(threads):
        threading.Thread(target=work).start()


def by_lock(threads: int) -> None:
    lock = threading.Lock()

    def work() -> None:
        with lock:
            time.sleep(1)

    for _ in range(threads):
        threading.Thread(target=work).start()


def latch(threads: int, initial: int, openings: int) -> None:
    gate = threading.Semaphore(initial)

    def wait() -> None:
        if gate.acquire(timeout=15):
            time.sleep(1)

    for _ in range(threads):
        threading.Thread(target=wait).start()
    time.sleep(10)
    for _ in range(openings):
        gate.release()


def opened_by_two() -> None:
    gate = threading.Semaphore(0)
    for body in (gate.acquire, gate.acquire, gate.release, gate.release):
        threading.Thread(target=body).start()


def count(threads: int, initial: int) -> None:
    counter = threading.Semaphore(initial)

    def work() -> None:
        for _ in range(10):
            counter.release()

    for _ in range(threads):
        threading.Thread(target=work).start()


def keeps(threads: int, keepers: int) -> None:
    semaphore = threading.Semaphore(threads)

    def work(careful: bool) -> None:
        semaphore.acquire()
        if careful:
            semaphore.release()

    for i in range(threads):
        threading.Thread(target=work, args=(i >= keepers,), name=f"worker {i}").start()


def releases_twice() -> None:
    semaphore = threading.Semaphore(1)

    def work() -> None:
        with semaphore:
            pass
        semaphore.release()

    threading.Thread(target=work).start()


def ping_pong() -> None:
    ping, pong = threading.Semaphore(0), threading.Semaphore(0)

    def serve() -> None:
        for _ in range(3):
            ping.release()
            pong.acquire()

    def reply() -> None:
        for _ in range(3):
            ping.acquire()
            pong.release()

    threading.Thread(target=serve).start()
    threading.Thread(target=reply).start()


def with_an_event() -> None:
    ready = threading.Event()
    for _ in range(2):
        threading.Thread(target=ready.wait).start()
    ready.set()


def with_a_barrier() -> None:
    meeting = threading.Barrier(2)
    for _ in range(2):
        threading.Thread(target=meeting.wait).start()


def with_nothing() -> None:
    pass


VERDICTS: list[tuple[Callable[..., None], dict[str, Any], str]] = [
    (inside, {"threads": 3, "initial": 1}, "Mutual exclusion held: never more than 1 inside"),
    (
        inside,
        {"threads": 3, "initial": 2},
        "Limit of 2 held: never more than 2 inside, as many as there are permits",
    ),
    (inside, {"threads": 1, "initial": 3}, "Limit of 3 held: never more than 1 inside"),
    (mutex_by_name, {"threads": 3, "initial": 1}, "Mutual exclusion held: never more than 1 inside"),
    (
        mutex_by_name,
        {"threads": 3, "initial": 2},
        "Limit of 2 held: never more than 2 inside, as many as there are permits",
    ),
    (by_lock, {"threads": 3}, "Mutual exclusion held: never more than 1 inside"),
    (latch, {"threads": 1, "initial": 0, "openings": 1}, "The latch opened once: 1 thread passed, none before"),
    (latch, {"threads": 4, "initial": 0, "openings": 4}, "The latch opened once: 4 threads passed, none before"),
    (
        latch,
        {"threads": 1, "initial": 1, "openings": 1},
        "main and 1 thread ran to the end; `gate`: 1 released, 1 acquired, value 1 at the end",
    ),
    (
        latch,
        {"threads": 2, "initial": 0, "openings": 0},
        "main and 2 threads ran to the end; `gate`: 0 released, 0 acquired, value 0 at the end",
    ),
    (opened_by_two, {}, "main and 4 threads ran to the end; `gate`: 2 released, 2 acquired, value 0 at the end"),
    (count, {"threads": 100, "initial": 0}, "Counted exactly 1,000: 1,000 released in 1,000 calls"),
    (count, {"threads": 1, "initial": 5}, "Counted exactly 15: 5 + 10 released in 10 calls"),
    (keeps, {"threads": 3, "keepers": 1}, "Permit lost: worker 0 ended without releasing `semaphore`"),
    (keeps, {"threads": 4, "keepers": 2}, "Permit lost: 2 threads ended without releasing `semaphore`"),
    (releases_twice, {}, "Mutual exclusion held: never more than 1 inside; `semaphore` began with 1 and ended with 2"),
    (ping_pong, {}, "main and 2 threads ran to the end; `ping`: 3 released, 3 acquired, value 0 at the end"),
    (with_an_event, {}, "main and 2 threads ran to the end; `ready`: set once, passed 2 times"),
    (with_a_barrier, {}, "main and 2 threads ran to the end; `meeting`: passed 2 times"),
    (with_nothing, {}, "main ran to the end; it used no semaphore of threading"),
]


@pytest.mark.parametrize(
    ("program", "arguments", "verdict"), VERDICTS, ids=[f"{p.__name__} {list(a.values())}" for p, a, _ in VERDICTS]
)
def test_the_verdict_is_one_sentence(program: Callable[..., None], arguments: Any, verdict: str) -> None:
    run = lab.record(program, clock="virtual", **arguments)
    assert (run.verdict, repr(run)) == (verdict, verdict)
    run.trace.certify()


CLAIMS: list[tuple[Any, dict[str, Any], bool, str]] = [
    (lab.mutual_exclusion, {"threads": 3, "initial": 1}, True, "Mutual exclusion held: never more than 1 inside"),
    (lab.mutual_exclusion, {"threads": 5, "initial": 3}, False, "Mutual exclusion broken: 3 threads inside at once"),
    (lab.limit, {"threads": 5, "initial": 3}, True, "Limit of 3 held: never more than 3 inside"),
    (lab.limit, {"threads": 2, "initial": 3}, True, "Limit of 3 held: never more than 2 inside"),
    (lab.at_most(2), {"threads": 5, "initial": 3}, False, "Limit of 2 broken: 3 threads inside at once"),
    (lab.at_most(4), {"threads": 5, "initial": 3}, True, "Limit of 4 held: never more than 3 inside"),
    (lab.exact_count(3), {"threads": 5, "initial": 3}, True, "Counted exactly 3"),
    (lab.exact_count(9999), {"threads": 5, "initial": 3}, False, "Counted 3, not 9,999"),
]


@pytest.mark.parametrize(("claim", "arguments", "held", "sentence"), CLAIMS, ids=[c[-1] for c in CLAIMS])
def test_a_run_is_measured_by_the_callers_claim(claim: Any, arguments: Any, held: bool, sentence: str) -> None:
    run = lab.record(inside, clock="virtual", claim=claim, **arguments)
    assert (run.claims[0].held, bool(run.claims[0]), str(run.claims[0])) == (held, held, sentence)
    assert run.verdict == sentence
    assert claim(run) == claim(run.reading) == run.claims[0]
    assert len(set(run.claims)) == len(run.claims)


def releases_before() -> None:
    semaphore = threading.Semaphore(0)

    def work() -> None:
        semaphore.release()
        semaphore.acquire()
        semaphore.release()
        semaphore.acquire()

    threading.Thread(target=work).start()


def test_what_is_passed_again_and_again_and_a_guard_are_no_latches() -> None:
    passed = lab.latch(lab.record(releases_before, clock="virtual"))
    again = "Cannot say: `semaphore` was passed again and again, not once, as a latch is"
    assert (passed.held, passed.sentence) == (None, again)
    guard = lab.latch(lab.record(inside, threads=2, initial=1, clock="virtual"))
    assert (guard.held, guard.sentence) == (None, "Cannot say: `semaphore` was used as a guard, not as a latch")


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        (lab.mutual_exclusion, "Cannot say: no thread acquired and released a permit"),
        (lab.at_most(1), "Cannot say: no thread acquired and released a permit"),
        (lab.limit, "Cannot say: no thread acquired and released a permit"),
        (lab.latch, "Cannot say: nobody waited and nobody opened"),
        (lab.exact_count(0), "Cannot say: the log shows no semaphore"),
    ],
)
def test_nothing_is_claimed_of_nothing(claim: Any, sentence: str) -> None:
    run = lab.record(with_nothing, clock="virtual", claim=claim)
    assert (run.verdict, run.claims[0].held) == (sentence, None)
    assert not run.claims[0]
    assert run.standing == "cannot say"


def test_every_claim_that_can_be_made_is_made() -> None:
    assert [str(c) for c in lab.record(inside, threads=3, initial=2, clock="virtual").claims] == [
        "Limit of 2 held: never more than 2 inside, as many as there are permits",
        "Every permit of `semaphore` came back",
    ]
    assert [str(c) for c in lab.record(keeps, threads=2, keepers=2, clock="virtual").claims] == [
        "Limit of 2 held: never more than 2 inside, as many as there are permits",
        "Permit lost: 2 threads ended without releasing `semaphore`",
    ]


def test_a_limit_of_less_than_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^n must be at least 1, got 0$"):
        lab.at_most(0)


def test_claims_with_parameters_say_so() -> None:
    assert [claim.__name__ for claim in (lab.at_most(3), lab.exact_count(10))] == ["at_most(3)", "exact_count(10)"]


def raises_inside() -> None:
    semaphore = threading.Semaphore(1)
    semaphore.acquire()
    raise ZeroDivisionError


def test_an_exception_is_said_first_and_a_stop_second() -> None:
    run = lab.record(raises_inside, clock="virtual", raises=False, claim=lab.mutual_exclusion)
    assert run.verdict == "main raised ZeroDivisionError; permit lost: main ended without releasing `semaphore`"
    stopped = lab.record(inside, threads=2, initial=0, clock="virtual", claim=lab.mutual_exclusion)
    assert stopped.verdict == ("Deadlock: 2 threads wait for `semaphore` (value 0) and nobody can release it any more")


def test_what_the_run_was_is_described() -> None:
    described = [
        lab.record(inside, threads=2, initial=1, clock="virtual", seed=7).description,
        lab.record(with_nothing).description,
        lab.record(by_lock, threads=1, clock="virtual").description,
    ]
    assert described == [
        "main and 2 threads · semaphore = Semaphore(1) · virtual clock, seed 7",
        "main alone · wall clock",
        "main and 1 thread · lock = Lock() · virtual clock, seed 0",
    ]


def meet_at_the_gate(threads: int) -> None:
    """Everybody waits for everybody, then each takes a lock of its own and says so."""
    meeting, done = threading.Barrier(threads), threading.Semaphore(0)
    locks = [threading.Lock() for _ in range(threads)]

    def visit(i: int) -> None:
        meeting.wait()
        with locks[i]:
            done.release()

    for i in range(threads):
        threading.Thread(target=visit, args=[i]).start()
    for _ in range(threads):
        done.acquire()


def test_every_primitive_is_described_with_what_it_was_made_of() -> None:
    described = lab.record(meet_at_the_gate, threads=3, clock="virtual").description
    made = "done = Semaphore(0) · meeting = Barrier(3) · locks[0], locks[1], locks[2] = Lock()"
    assert described == f"main and 3 threads · {made} · virtual clock, seed 0"
    described = lab.record(meet_at_the_gate, threads=9, clock="virtual").description
    assert "meeting = Barrier(9) · locks[0], locks[1], locks[2], locks[3] = Lock() · 5 more · " in described


def wait_for_nobody() -> None:
    meeting = threading.Barrier(2)
    meeting.wait()


def test_a_barrier_that_nobody_passed_has_not_shown_for_how_many_it_waits() -> None:
    assert "meeting = Barrier(…) · " in lab.record(wait_for_nobody, clock="virtual").description


def lights_on(readers: int) -> None:
    """The first to come takes the room for all, and the last to go gives it back."""
    room, mutex = threading.Semaphore(1), threading.Semaphore(1)
    inside: list[int] = []

    def read(i: int) -> None:
        time.sleep(0.01 * i)
        with mutex:
            inside.append(i)
            if len(inside) == 1:
                room.acquire()
        time.sleep(0.1)
        with mutex:
            inside.remove(i)
            if not inside:
                room.release()

    for i in range(readers):
        threading.Thread(target=read, args=[i]).start()


def test_of_a_permit_that_is_passed_on_nobody_is_said_to_be_inside() -> None:
    """Two are in the room, and one permit is out: whoever reads "1 inside" reads what is false."""
    claim = lab.mutual_exclusion("room")
    together = lab.record(lights_on, readers=2, clock="virtual", claim=claim)
    assert together.verdict == "Mutual exclusion of `room` held: never more than 1 permit out"
    alone = lab.record(lights_on, readers=1, clock="virtual", claim=claim)
    assert alone.verdict == "Mutual exclusion of `room` held: never more than 1 inside"


def greedy() -> None:
    door = threading.Semaphore(1)

    def take(times: int) -> None:
        for _ in range(times):
            with door:
                time.sleep(0.01)

    for name, times in (("greedy", 3), ("patient", 1)):
        threading.Thread(target=take, args=[times], name=name).start()


def test_who_woke_in_vain_is_said_where_nobody_claimed_anything() -> None:
    plain = lab.record(greedy, clock="virtual", seed=1)
    assert plain.verdict == (
        "Mutual exclusion held: never more than 1 inside; patient woke up 2 times and found no permit"
    )
    claimed = lab.record(greedy, clock="virtual", seed=1, claim=lab.mutual_exclusion)
    assert claimed.verdict == "Mutual exclusion held: never more than 1 inside"


def test_a_claim_is_a_value() -> None:
    claim = Claim("limit", "s", True, "Limit of 2 held: never more than 2 inside", 2)
    assert claim == Claim("limit", "s", True, "Limit of 2 held: never more than 2 inside", 2)
    assert len({claim, claim}) == 1
    with pytest.raises(AttributeError):
        claim.held = False  # type: ignore[misc]


def given_back_by_others() -> None:
    semaphore = threading.Semaphore(3)
    with semaphore:
        pass
    for _ in range(3):
        semaphore.acquire()
    for _ in range(3):
        threading.Thread(target=semaphore.release).start()


def two_at_a_time() -> None:
    semaphore = threading.Semaphore(4)
    semaphore.acquire()
    semaphore.acquire()
    semaphore.release(2)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (given_back_by_others, "Limit of 3 held: never more than 3 permits out"),
        (two_at_a_time, "Limit of 4 held: never more than 1 thread inside, with 2 permits out at most"),
    ],
)
def test_a_thread_that_takes_several_permits_is_one_thread_and_several_permits(
    program: Callable[[], None], said: str
) -> None:
    assert lab.record(program, clock="virtual").verdict == said
