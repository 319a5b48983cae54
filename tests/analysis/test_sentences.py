"""Sentences true under every reading: which primitive, how many permits, who hangs, and when nobody can say."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from programs.right import multiplex, rate_limiter, readers_alone, together, two_gates
from support.patience import stopped_late_enough

import semalab as lab
from semalab.analysis.verdict import not_watched
from semalab.draw.style import ALARM, GREY, INK
from semalab.exploration.exploration import Exploration

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")


def virtual(program: Callable[..., Any], **how: Any) -> Any:
    return lab.record(program, clock="virtual", raises=False, **how)


# permits are not threads
def takes_two() -> None:
    pool = threading.Semaphore(3)

    def take() -> None:
        pool.acquire()
        pool.acquire()

    together(take)


def takes_two_and_one() -> None:
    pool = threading.Semaphore(4)

    def take(permits: int) -> None:
        for _ in range(permits):
            pool.acquire()

    together(lambda: take(2), lambda: take(1))


def one_worker_forgets() -> None:
    slots = threading.Semaphore(2)

    def work(careful: bool) -> None:
        if careful:
            slots.release()

    for careful in (True, True, False):
        slots.acquire()
        together(lambda careful=careful: work(careful))  # type: ignore[misc]


def all_are_back() -> None:
    pool = threading.Semaphore(2)
    pool.acquire()
    pool.acquire()
    together(lambda: pool.release(2))


PERMITS = [
    (takes_two, "wrong", "Permit lost: Thread-1 (take) ended without releasing 2 permits of `pool`"),
    (takes_two_and_one, "wrong", "Permit lost: 2 threads ended without releasing 3 permits of `pool`"),
    (
        one_worker_forgets,
        "wrong",
        "Permit lost: `slots` began with 2 and ended with 1, and nobody is left to give back what is missing",
    ),
    (all_are_back, "", "main and 1 thread ran to the end; `pool`: 2 released, 2 acquired, value 2 at the end"),
]


# what is meant to be used up
def emptied_bucket(bounded: bool, calls: int = 5, per: int = 3) -> None:
    """A rate limiter: a thread refills it while calls come, which take and never give."""
    tokens = threading.BoundedSemaphore(per) if bounded else threading.Semaphore(per)
    over = threading.Event()

    def refill() -> None:
        while not over.wait(0.1):
            with contextlib.suppress(ValueError):  # it is full
                tokens.release()

    filling = threading.Thread(target=refill, name="refill")
    filling.start()
    for _ in range(2):
        together(*[tokens.acquire] * calls)
    over.set()
    filling.join()


def bucket_of_timers(bounded: bool) -> None:
    tokens = threading.BoundedSemaphore(2) if bounded else threading.Semaphore(2)
    calls = 5

    def refill() -> None:
        nonlocal calls
        with contextlib.suppress(ValueError):
            tokens.release()
        if calls:
            threading.Timer(0.1, refill).start()

    threading.Timer(0.1, refill).start()
    while calls:
        tokens.acquire()
        calls -= 1


def bucket_that_main_empties(bounded: bool) -> None:
    tokens = threading.BoundedSemaphore(2) if bounded else threading.Semaphore(2)

    def refill() -> None:
        for _ in range(3):
            time.sleep(0.1)
            tokens.release()

    filling = threading.Thread(target=refill)
    filling.start()
    for _ in range(5):
        tokens.acquire()
    filling.join()


def bucket_filled_by_a_daemon(bounded: bool) -> None:
    tokens = threading.BoundedSemaphore(5) if bounded else threading.Semaphore(5)

    def refill() -> None:
        while True:
            time.sleep(60)
            tokens.release()

    threading.Thread(target=refill, daemon=True).start()
    together(*[tokens.acquire] * 3)


BUCKETS = [emptied_bucket, bucket_of_timers, bucket_that_main_empties, bucket_filled_by_a_daemon]


@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize("clock", ["wall", "virtual"])
@pytest.mark.parametrize("program", BUCKETS, ids=lambda program: program.__name__)
def test_tokens_are_used_up_and_not_lost(program: Callable[..., None], clock: str, bounded: bool) -> None:
    run = lab.record(program, clock=clock, bounded=bounded)
    assert run.standing == "" and "lost" not in run.verdict, run.verdict
    assert not [claim for claim in run.claims if claim.held is False]


def first_come(make: Callable[[], Any]) -> None:
    once = make()
    together(*[lambda: once.acquire(blocking=False)] * 3)


def kept_by_a_thread(make: Callable[[], Any]) -> None:
    once = make()
    taker = threading.Thread(target=once.acquire, name="taker")
    taker.start()
    taker.join()


def kept_by_main(make: Callable[[], Any]) -> None:
    once = make()
    once.acquire()


@pytest.mark.parametrize("make", [threading.Lock, threading.RLock], ids=["Lock", "RLock"])
@pytest.mark.parametrize("clock", ["wall", "virtual"])
@pytest.mark.parametrize(
    ("program", "who"), [(first_come, ""), (kept_by_a_thread, "taker"), (kept_by_main, "main")], ids=["flag", "t", "m"]
)
def test_a_lock_that_nobody_else_asks_for_may_be_kept(program: Any, who: str, clock: str, make: Any) -> None:
    run = lab.record(program, make=make, clock=clock)
    who = who or next(event.thread for event in run.trace.of("once") if event.kind == "acquire")
    told = f"Mutual exclusion held: never more than 1 inside; `once` was held at the end by {who}"
    assert (run.verdict, run.standing) == (told, "")


def test_who_came_first_to_a_semaphore_may_keep_it() -> None:
    run = virtual(first_come, make=threading.Semaphore)
    assert (run.verdict, run.standing) == ("Mutual exclusion held: never more than 1 inside", "")


def raises_with_a_lock() -> None:
    lock = threading.Lock()
    lock.acquire()
    raise LookupError("no such seat")


def test_who_raises_with_a_lock_in_hand() -> None:
    assert (
        virtual(raises_with_a_lock).verdict
        == "main raised LookupError: no such seat; `lock` was held at the end by main"
    )


@pytest.mark.parametrize(("program", "standing", "sentence"), PERMITS, ids=[p[0].__name__ for p in PERMITS])
def test_permits_are_counted_as_permits(program: Callable[[], None], standing: str, sentence: str) -> None:
    run = virtual(program)
    assert (run.standing, run.verdict) == (standing, sentence)


def test_a_limit_that_others_release_is_judged_by_permits() -> None:
    run = virtual(rate_limiter, claim=lab.limit)
    assert (run.standing, run.verdict) == ("", "Limit of 2 held: never more than 2 permits out")
    assert lab.mutual_exclusion(run).sentence == "Mutual exclusion broken: 2 permits out at once"


# which one is meant
def door_and_printer() -> None:
    door, printer = threading.Semaphore(2), threading.Semaphore(1)

    def work() -> None:
        with door:
            time.sleep(1)
        for _ in range(3):
            with printer:
                pass

    together(*[work] * 3)


def test_a_sentence_names_its_primitive_as_soon_as_there_are_two() -> None:
    run = virtual(door_and_printer)
    assert run.verdict == "Mutual exclusion of `printer` held: never more than 1 inside"
    assert list(map(str, run.claims)) == [
        "Limit of 2 of `door` held: never more than 2 inside, as many as there are permits",
        "Every permit of `door` came back",
        "Mutual exclusion of `printer` held: never more than 1 inside",
        "Every permit of `printer` came back",
    ]


CHOSEN: list[tuple[Any, bool | None, str]] = [
    (
        lab.mutual_exclusion,
        None,
        "Cannot say: mutual exclusion is true of `printer` and not of `door`; say which is meant, "
        'as in mutual_exclusion("door")',
    ),
    (lab.mutual_exclusion("door"), False, "Mutual exclusion of `door` broken: 2 threads inside at once"),
    (lab.mutual_exclusion("printer"), True, "Mutual exclusion of `printer` held: never more than 1 inside"),
    (
        lab.at_most(1),
        None,
        "Cannot say: at most 1 inside is true of `printer` and not of `door`; say which is meant, "
        'as in at_most(1, "door")',
    ),
    (lab.at_most(1, "door"), False, "Limit of 1 of `door` broken: 2 threads inside at once"),
    (lab.at_most(2), True, "Limit of 2 of `door` and `printer` held: never more than 2 inside"),
    (
        lab.limit,
        True,
        "Limits of `door` and `printer` held: never more than 2 inside `door`, which has a limit of 2",
    ),
    (lab.limit("printer"), True, "Limit of 1 of `printer` held: never more than 1 inside"),
    (lab.latch("door"), None, "Cannot say: `door` was used as a guard, not as a latch"),
    (lab.exact_count(2, "door"), True, "Counted exactly 2 in `door`"),
    (lab.exact_count(5), False, "Counted 2, not 5 in `door`"),
    (
        lab.limit("dor"),
        None,
        "Cannot say: this run has no primitive named `dor`; it has `door` and `printer`",
    ),
]


@pytest.mark.parametrize(("claim", "held", "sentence"), CHOSEN, ids=[c[0].__name__ for c in CHOSEN])
def test_a_claim_is_about_the_primitive_that_is_named(claim: Any, held: bool | None, sentence: str) -> None:
    run = virtual(door_and_printer, claim=claim)
    said = claim(run)
    assert (said.held, said.sentence, run.verdict) == (held, sentence, sentence)
    assert run.standing == {True: "", False: "wrong", None: "cannot say"}[held]


def forks() -> None:
    forks = [threading.Semaphore(1) for _ in range(3)]

    def eat(i: int) -> None:
        with forks[i]:
            time.sleep(1)

    together(*(lambda i=i: eat(i) for i in range(3)))  # type: ignore[misc]


def test_a_name_of_several_means_each_of_them() -> None:
    said = lab.mutual_exclusion("forks")(virtual(forks))
    assert (said.held, said.sentence) == (
        True,
        "Mutual exclusion of `forks[0]`, `forks[1]` and `forks[2]` held: never more than 1 inside",
    )


@pytest.mark.parametrize("claim", [lab.mutual_exclusion, lab.limit, lab.latch])
def test_what_is_no_run_and_no_name_is_refused(claim: Any) -> None:
    name = claim.__name__
    with pytest.raises(TypeError, match=rf'^{name} takes a run, or the name of a primitive as in {name}\("door"\)'):
        claim(3)
    with pytest.raises(TypeError, match=r'^the primitive must be a name as in limit\("door"\), got 3$'):
        lab.at_most(2, 3)  # type: ignore[arg-type]


@pytest.mark.parametrize("claim", [c[0] for c in CHOSEN], ids=[c[0].__name__ for c in CHOSEN])
def test_a_claim_survives_its_file(claim: Any, tmp_path: Path) -> None:
    run = virtual(door_and_printer, claim=claim)
    again = lab.load(run.save(tmp_path / "run.json"))
    assert (again.verdict, again.standing, again.claim.__name__) == (run.verdict, run.standing, claim.__name__)  # type: ignore[union-attr]


def test_what_an_own_claim_cannot_say_survives_its_file(tmp_path: Path) -> None:
    def mine(run: Any) -> Any:
        return lab.latch(run)

    run = virtual(door_and_printer, claim=mine)
    again = lab.load(run.save(tmp_path / "run.json"))
    assert again.claims[0].held is None
    assert (again.standing, again.verdict) == ("cannot say", run.verdict)


# cannot say is neither
def test_nothing_is_proved_where_the_check_cannot_say() -> None:
    found = lab.explore(two_doors, check=lab.mutual_exclusion)
    assert (found.verdict, bool(found), found.violations) == ("cannot say", False, ())
    assert found.headline == (
        'Cannot say: mutual exclusion is true of `b` and not of `a`; say which is meant, as in mutual_exclusion("a")'
    )
    assert found.sentence.startswith("Cannot say for two_doors() at the granularity of operations: mutual exclusion")
    assert found.unjudged > 0
    assert f"of {found.unjudged} nobody can say" in found.tally


def two_doors() -> None:
    a, b = threading.Semaphore(2), threading.Semaphore(1)

    def enter() -> None:
        with a:
            pass
        with b:
            pass

    together(*[enter] * 2)


def test_the_same_is_proved_or_broken_once_one_is_named() -> None:
    assert lab.explore(two_doors, check=lab.mutual_exclusion("b")).verdict == "proved"
    found = lab.explore(two_doors, check=lab.mutual_exclusion("a"))
    assert (found.verdict, found.claim) == ("counterexample", "mutual exclusion of `a`")
    nobody = lab.explore(two_doors, check=lab.limit("c"))
    assert (nobody.verdict, nobody.unjudged, nobody.covered) == ("cannot say", nobody.covered, nobody.unjudged)


# who raised, and who hangs
def worker_dies() -> None:
    tasks: queue.Queue[int] = queue.Queue()

    def work() -> None:
        tasks.get()
        raise ZeroDivisionError("division by zero")

    threading.Thread(target=work).start()
    tasks.put(1)
    tasks.join()


def nobody_comes() -> None:
    meeting = threading.Barrier(2)

    def come() -> None:
        raise ValueError("ill")

    threading.Thread(target=come).start()
    meeting.wait()


def takes_it_along() -> None:
    key = threading.Semaphore(1)

    def work() -> None:
        key.acquire()
        raise ValueError("oops")

    together(work)
    key.acquire()


def takes_it_along_alone() -> None:
    key = threading.Semaphore(1)

    def work() -> None:
        key.acquire()
        raise ValueError("oops")

    together(work)


RAISED = [
    (
        worker_dies,
        "Thread-1 (work) raised ZeroDivisionError: division by zero; deadlock: main waits in `tasks`.join() and nobody "
        "can call task_done() any more",
    ),
    (
        nobody_comes,
        "Thread-1 (come) raised ValueError: ill; deadlock: main waits at `meeting` and nobody can arrive any more",
    ),
    (
        takes_it_along,
        "Thread-1 (work) raised ValueError: oops; deadlock: main waits for `key` (value 0) and nobody can release it "
        "any more",
    ),
    (
        takes_it_along_alone,
        "Thread-1 (work) raised ValueError: oops; permit lost: Thread-1 (work) ended without releasing `key`",
    ),
]


@pytest.mark.parametrize(("program", "sentence"), RAISED, ids=[r[0].__name__ for r in RAISED])
def test_an_exception_is_told_with_those_it_leaves_waiting(program: Callable[[], None], sentence: str) -> None:
    run = virtual(program)
    assert (run.standing, run.verdict) == ("wrong", sentence)


# daemons
def daemon_holds() -> None:
    pool = threading.Semaphore(2)

    def hold() -> None:
        pool.acquire()
        time.sleep(100)

    threading.Thread(target=hold, daemon=True, name="holder").start()
    time.sleep(1)
    with pool:
        pass


def daemon_never_begins() -> None:
    pool = threading.Semaphore(2)
    threading.Thread(target=pool.acquire, daemon=True, name="late").start()


def daemon_sleeps() -> None:
    threading.Thread(target=time.sleep, args=[100], daemon=True, name="sleeper").start()
    time.sleep(1)


def daemons_wait_beside() -> None:
    gate, mutex = threading.Semaphore(0), threading.Semaphore(1)
    for _ in range(2):
        threading.Thread(target=gate.acquire, daemon=True).start()
    time.sleep(1)
    for _ in range(2):
        with mutex:
            pass


def one_holds_and_one_sleeps() -> None:
    mutex = threading.Semaphore(1)
    threading.Thread(target=time.sleep, args=[100], daemon=True, name="sleeper").start()

    def hold() -> None:
        with mutex:
            time.sleep(100)

    threading.Thread(target=hold, daemon=True, name="holder").start()
    time.sleep(1)


def daemons_wait_each_for_its_own() -> None:
    mutex = threading.Semaphore(1)
    for name in ("left", "right"):
        gate = threading.Event()
        threading.Thread(target=gate.wait, daemon=True, name=name).start()
    with mutex:
        time.sleep(1)


def some_pass_and_some_wait() -> None:
    gate, done = threading.Semaphore(0), threading.Semaphore(0)

    def wait() -> None:
        gate.acquire()
        done.release()

    for _ in range(5):
        threading.Thread(target=wait, daemon=True).start()
    time.sleep(1)
    gate.release(2)
    done.acquire()
    done.acquire()


DAEMONS = [
    (
        daemons_wait_beside,
        "Mutual exclusion of `mutex` held: never more than 1 inside; 2 threads had not ended and waited for `gate`",
    ),
    (
        one_holds_and_one_sleeps,
        "Mutual exclusion held: never more than 1 inside; holder had not ended and still held `mutex`; sleeper had not "
        "ended",
    ),
    (
        daemons_wait_each_for_its_own,
        "Mutual exclusion of `mutex` held: never more than 1 inside; 2 threads had not ended",
    ),
    (
        daemon_holds,
        "Limit of 2 held: never more than 2 inside, as many as there are permits; holder had not ended and still held "
        "`pool`",
    ),
    (
        daemon_never_begins,
        "main ran to the end and late had not; `pool`: 0 released, 0 acquired, value 2 at the end",
    ),
    (daemon_sleeps, "main ran to the end and sleeper had not; none of them used a semaphore of threading"),
]


@pytest.mark.parametrize(("program", "sentence"), DAEMONS, ids=[d[0].__name__ for d in DAEMONS])
def test_daemons_are_told_as_that(program: Callable[[], None], sentence: str) -> None:
    run = virtual(program)
    assert (run.standing, run.verdict) == ("", sentence)
    held = "still held" in sentence
    assert not [claim for claim in run.claims if held and "came back" in claim.sentence]


CLAIMED_BESIDE_DAEMONS = [
    (
        some_pass_and_some_wait,
        lab.latch("gate"),
        "The latch `gate` opened once: 2 threads passed, none before; 3 threads had not ended and waited for `gate`",
    ),
    (
        daemons_wait_beside,
        lab.mutual_exclusion("mutex"),
        "Mutual exclusion of `mutex` held: never more than 1 inside; 2 threads had not ended and waited for `gate`",
    ),
    (
        daemon_holds,
        lab.limit,
        "Limit of 2 held: never more than 2 inside; holder had not ended and still held `pool`",
    ),
]


@pytest.mark.parametrize(("program", "claim", "sentence"), CLAIMED_BESIDE_DAEMONS)
def test_beside_a_claim_that_holds_daemons_are_told(program: Callable[[], None], claim: Any, sentence: str) -> None:
    for clock in ("virtual", "wall"):
        if clock == "virtual" or program is some_pass_and_some_wait:
            run = lab.record(program, clock=clock, claim=claim)
            assert (run.standing, run.claims[0].held, run.verdict) == ("", True, sentence)


class Permits:
    """A semaphore that is none of Python's modules': a number, and somebody who asks for it."""

    def __init__(self, value: int) -> None:
        self.value = value

    def acquire(self) -> None:
        while self.value == 0:
            time.sleep(0.01)
        self.value -= 1

    def release(self) -> None:
        self.value += 1


def uses_permits() -> None:
    permits = Permits(1)

    def enter() -> None:
        permits.acquire()
        time.sleep(0.1)
        permits.release()

    together(enter, enter)


def awaits_permits() -> Any:
    async def program() -> None:
        permits = Permits(1)

        async def enter() -> None:
            while permits.value == 0:
                await asyncio.sleep(0.01)
            permits.acquire()
            await asyncio.sleep(0.1)
            permits.release()

        await asyncio.gather(enter(), enter())

    return program


def test_of_a_semaphore_that_is_nobody_s_module_s_nothing_is_denied() -> None:
    """That there was none is more than the lab can know: what makes a class one is how the program uses it."""
    told = "main and 2 threads ran to the end; none of them used a semaphore of threading"
    assert virtual(uses_permits).verdict == told
    assert (
        virtual(awaits_permits()).verdict == "main and 2 tasks ran to the end; none of them used a semaphore of asyncio"
    )


# a clock that stands
def asks_without_time() -> None:
    gate = threading.Semaphore(0)

    def ask() -> None:
        while not gate.acquire(timeout=0):
            pass

    together(ask)


def test_a_virtual_clock_that_stood_still_is_told() -> None:
    run, limit = stopped_late_enough(
        lambda limit: virtual(asks_without_time, timeout=limit), lambda run: "asks again and again" in run.verdict
    )
    assert run.standing == "wrong"
    assert run.verdict.startswith(
        f"Stopped: the program had not ended after {limit:g} s; the virtual clock stood still at 0 s: "
        "the program asks again and again (Thread-1 (ask), line "
    )


def test_a_program_that_computes_does_not_ask() -> None:
    def compute() -> None:
        while True:
            pass

    run, limit = stopped_late_enough(
        lambda limit: virtual(compute, timeout=limit), lambda run: "without sleeping" in run.verdict
    )
    assert run.verdict.startswith(
        f"Stopped: the program had not ended after {limit:g} s; the virtual clock stood still at 0 s: "
        "the program goes on without sleeping"
    )


def looks_at_a_flag() -> None:
    over = threading.Event()
    while not over.is_set():
        pass


def test_looking_at_a_flag_is_asking_too() -> None:
    stopped_late_enough(
        lambda limit: virtual(looks_at_a_flag, timeout=limit), lambda run: "asks again and again" in run.verdict
    )


# what was not watched
@pytest.mark.parametrize(
    ("unseen", "words"),
    [
        (("gate",), "`gate` was not watched"),
        (("`lock` of module bank",), "`lock` of module bank was not watched"),
        (("1 lock of fasteners",), "1 lock of fasteners was not watched"),
        (("3 locks of fasteners",), "3 locks of fasteners were not watched"),
        (("1 lock and 1 queue of dask",), "1 lock and 1 queue of dask were not watched"),
        (("a", "b", "c", "d", "e"), "`a`, `b`, `c` and 2 more were not watched"),
    ],
)
def test_what_was_not_watched_is_said(unseen: tuple[str, ...], words: str) -> None:
    assert not_watched(unseen) == words


# a barrier, a light switch: where the bars end
def test_no_bar_is_without_end_beside_a_value_that_is_back() -> None:
    for seed in range(5):
        run = virtual(readers_alone, seed=seed)
        assert not [span for span in run.reading.spans if span.kind == "hold" and span.last is None]
        assert run.moments[-1].holders["room"] == {}


# red, and nothing else
def title(run: Any) -> tuple[str, str]:
    """The sign before the title and the title's colour."""
    texts = {artist.get_gid(): artist for artist in run.timeline().findobj() if artist.get_gid()}
    sign = texts["title sign"].get_text() if "title sign" in texts else ""
    return sign, texts["title"].get_color()


def waits_for_ever() -> None:
    threading.Semaphore(0).acquire()


def fails() -> None:
    raise ValueError("no")


def endless() -> None:
    while True:
        time.sleep(1)


@pytest.mark.parametrize(
    ("program", "claim", "look"),
    [
        (waits_for_ever, None, ("\N{BALLOT X}", ALARM)),
        (fails, None, ("\N{BALLOT X}", ALARM)),
        (endless, None, ("\N{BALLOT X}", ALARM)),
        (takes_two, None, ("\N{BALLOT X}", ALARM)),
        (multiplex, lab.mutual_exclusion, ("\N{BALLOT X}", ALARM)),
        (multiplex, lab.limit, ("", INK)),
        (multiplex, None, ("", INK)),
        (two_gates, None, ("", INK)),
        (door_and_printer, lab.mutual_exclusion, ("?", GREY)),
    ],
)
def test_red_means_wrong_and_has_a_sign(program: Callable[[], None], claim: Any, look: tuple[str, str]) -> None:
    assert title(virtual(program, claim=claim)) == look


def test_giving_up_is_not_red() -> None:
    def impatient() -> None:
        threading.Semaphore(0).acquire(timeout=1)
        time.sleep(1)

    figure = virtual(impatient).timeline()
    (mark,) = [artist for artist in figure.findobj() if artist.get_gid() == "refuse"]
    assert mark.get_color() == INK


def test_an_exploration_says_what_its_headline_amounts_to() -> None:
    def standing(check: Any) -> str:
        found: Exploration = lab.explore(two_doors, check=check)
        return found.standing

    assert [standing(c) for c in (lab.limit, lab.mutual_exclusion("a"), lab.mutual_exclusion)] == [
        "right",
        "wrong",
        "cannot say",
    ]


def goes_in_although_the_time_is_up() -> None:
    mutex = threading.Semaphore(1)

    def work() -> None:
        mutex.acquire(timeout=0.01)
        time.sleep(0.05)
        mutex.release()

    together(work, work, work)


def goes_in_although_it_was_refused() -> None:
    limit = threading.Semaphore(1)

    def work() -> None:
        limit.acquire(blocking=False)
        time.sleep(0.05)
        limit.release()

    together(work, work)


@pytest.mark.parametrize("program", [goes_in_although_the_time_is_up, goes_in_although_it_was_refused])
@pytest.mark.parametrize("clock", ["virtual", "wall"])
def test_nothing_is_said_to_hold_where_who_was_refused_gave_a_permit_back(program: Any, clock: str) -> None:
    run = lab.record(program, clock=clock)
    assert "held" not in run.verdict and "1 acquired" in run.verdict
    claimed = lab.record(program, clock=clock, claim=lab.mutual_exclusion)
    assert claimed.verdict.startswith("Released too often")
