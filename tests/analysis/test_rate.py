"""How many start in how short a time: the claim beside a model that tries every window, and its sentences."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import semalab as lab
from semalab.analysis.claims import Pace, in_words
from semalab.analysis.rate import fullest, in_seconds
from semalab.exploration.judge import counts_only

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

MS = 1_000_000  # nanoseconds


def start_at(moments: list[int], permits: int = 100) -> None:
    """A call begins at each of these milliseconds, and takes one."""
    tickets = threading.Semaphore(permits)

    def call(moment: int) -> None:
        time.sleep(moment / 1000)
        with tickets:
            time.sleep(0.001)

    for moment in moments:
        threading.Thread(target=call, args=[moment]).start()


def limited(calls: int, permits: int) -> None:
    """Calls of 100 ms, so many at once."""
    connections = threading.Semaphore(permits)

    def call() -> None:
        with connections:
            time.sleep(0.1)

    for _ in range(calls):
        threading.Thread(target=call).start()


def tokens_and_connections(calls: int) -> None:
    """A token every 100 ms, five of them in hand at the beginning, and two connections for calls of 50 ms."""
    tokens, connections = threading.BoundedSemaphore(5), threading.Semaphore(2)
    over = threading.Event()

    def refill() -> None:
        while not over.wait(0.1):
            with suppress(ValueError):  # the bucket is full
                tokens.release()

    def call() -> None:
        tokens.acquire()
        with connections:
            time.sleep(0.05)

    threading.Thread(target=refill, name="refill").start()
    calling = [threading.Thread(target=call) for _ in range(calls)]
    for thread in calling:
        thread.start()
    for thread in calling:
        thread.join()
    over.set()


def virtual(program: Any, claim: Any = None, **arguments: Any) -> lab.run.Run:
    return lab.record(program, clock="virtual", claim=claim, **arguments)


# the model
def most_in_any_window(moments: list[int], window: int) -> int:
    """By trying each millisecond for the window's begin."""
    return max(
        sum(begin <= moment < begin + window for moment in moments) for begin in range(-window, max(moments) + 1)
    )


@settings(max_examples=60, deadline=None)
@given(
    moments=st.lists(st.integers(0, 40), min_size=1, max_size=8),
    window=st.integers(1, 45),
    n=st.integers(1, 8),
)
@example(moments=[0, 10], window=10, n=1)  # half-open: not in one window
@example(moments=[0, 10], window=11, n=1)
@example(moments=[3, 3, 3], window=1, n=2)
@example(moments=[9, 0, 5], window=9, n=2)
def test_the_claim_is_what_a_model_says_that_tries_every_window(moments: list[int], window: int, n: int) -> None:
    run = virtual(start_at, lab.at_most_per(n, window / 1000), moments=moments)
    most = most_in_any_window(moments, window)
    said = run.claims[0]
    assert (said.held, said.primitive, said.pace) == (most <= n, "tickets", Pace(n, window * MS))
    if said.held:
        assert f"never more than {most} started within" in said.sentence
    else:
        words = said.sentence.replace(",", "").split()
        begin, end = (round(float(words[place]) * 1000) for place in (10, 13))
        assert words[4:6] == [str(most), "started"] and end - begin == window
        assert sum(begin <= moment < end for moment in moments) == most


@given(
    starts=st.lists(st.integers(0, 10**12), min_size=1, max_size=12).map(sorted),
    window=st.integers(1, 10**12),
)
def test_the_window_that_is_named_holds_the_starts_that_are_counted(starts: list[int], window: int) -> None:
    first, most = fullest(starts, window)
    assert most == sum(starts[first] <= start < starts[first] + window for start in starts)
    assert most == max(sum(begin <= start < begin + window for start in starts) for begin in starts)


@pytest.mark.parametrize(
    ("nanoseconds", "words"),
    [(0, "0 s"), (1, "0.000000001 s"), (300 * MS, "0.3 s"), (10**9, "1 s"), (61 * 10**9, "61 s"), (10**13, "10,000 s")],
)
def test_seconds_are_exact(nanoseconds: int, words: str) -> None:
    assert in_seconds(nanoseconds) == words


# sentences
SAID: list[tuple[Any, dict[str, Any], Any, bool | None, str]] = [
    (
        limited,
        {"calls": 60, "permits": 20},
        lab.at_most_per(20, 0.1),
        True,
        "Rate of `connections` held: never more than 20 started within 0.1 s; at most 20 were allowed",
    ),
    (
        limited,
        {"calls": 60, "permits": 20},
        lab.at_most_per(20, 0.2),
        False,
        "Rate of `connections` broken: 40 started within 0.2 s, between 0 s and 0.2 s; at most 20 were allowed",
    ),
    (
        start_at,
        {"moments": [0, 300, 500, 700, 900, 1100, 1200, 1250, 2500]},
        lab.at_most_per(5, 1),
        False,
        "Rate of `tickets` broken: 7 started within 1 s, between 0.3 s and 1.3 s; at most 5 were allowed",
    ),
    (
        start_at,
        {"moments": [1, 2]},
        lab.at_most_per(1, 0.5, "tickets"),
        False,
        "Rate of `tickets` broken: 2 started within 0.5 s, between 0.001 s and 0.501 s; at most 1 was allowed",
    ),
    (
        tokens_and_connections,
        {"calls": 20},
        lab.at_most_per(14, 1),
        True,
        "Rate of `tokens` and `connections` held: never more than 14 started within 1 s; at most 14 were allowed",
    ),
    (
        tokens_and_connections,
        {"calls": 20},
        lab.at_most_per(13, 1),
        False,
        "Rate of `tokens` broken: 14 started within 1 s, between 0 s and 1 s; at most 13 were allowed",
    ),
    (
        tokens_and_connections,
        {"calls": 20},
        lab.at_most_per(4, 0.05),
        None,
        "Cannot say: at most 4 per 0.05 s is true of `connections` and not of `tokens`; say which is meant, "
        'as in at_most_per(4, 0.05, "tokens")',
    ),
    (
        tokens_and_connections,
        {"calls": 20},
        lab.at_most_per(4, 0.05, "connections"),
        True,
        "Rate of `connections` held: never more than 2 started within 0.05 s; at most 4 were allowed",
    ),
    (
        tokens_and_connections,
        {"calls": 20},
        lab.at_most_per(4, 1, "over"),
        None,
        "Cannot say: `over` is an Event, and nobody takes a permit of it",
    ),
    (
        start_at,
        {"moments": [1]},
        lab.at_most_per(4, 1, "token"),
        None,
        "Cannot say: this run has no primitive named `token`; it has `tickets`",
    ),
]


@pytest.mark.parametrize(("program", "arguments", "claim", "held", "sentence"), SAID, ids=[one[-1] for one in SAID])
def test_a_rate_is_told_in_a_sentence(
    program: Any, arguments: Any, claim: Any, held: bool | None, sentence: str, tmp_path: Path
) -> None:
    run = virtual(program, claim, **arguments)
    said = claim(run)
    assert (said.held, said.sentence, run.verdict, said.allowed) == (held, sentence, sentence, 0)
    assert run.standing == {True: "", False: "wrong", None: "cannot say"}[held]
    again = lab.load(run.save(tmp_path / "run.json"))
    assert (again.claims, again.verdict, again.claim.__name__) == (run.claims, sentence, claim.__name__)  # type: ignore[union-attr]
    run.trace.certify()


def test_what_an_own_claim_says_of_a_rate_survives_its_file(tmp_path: Path) -> None:
    def mine(run: Any) -> Any:
        return lab.at_most_per(1, 1)(run)

    run = virtual(start_at, mine, moments=[1, 2])
    assert lab.load(run.save(tmp_path / "run.json")).claims == run.claims


def by_lock() -> None:
    lock = threading.Lock()
    for _ in range(3):
        with lock:
            time.sleep(0.1)


def with_a_queue() -> None:
    jobs: queue.Queue[int] = queue.Queue()
    jobs.put(1)
    jobs.get()


def never_acquired() -> None:
    tickets = threading.Semaphore(0)
    tickets.release()


async def by_tasks() -> None:
    tickets = asyncio.Semaphore(2)

    async def call() -> None:
        async with tickets:
            await asyncio.sleep(0.1)

    await asyncio.gather(*(call() for _ in range(4)))


@pytest.mark.parametrize(
    ("program", "held", "sentence"),
    [
        (by_lock, True, "Rate of `lock` held: never more than 1 started within 0.1 s; at most 2 were allowed"),
        (by_tasks, True, "Rate of `tickets` held: never more than 2 started within 0.1 s; at most 2 were allowed"),
        (with_a_queue, None, "Cannot say: nobody acquired a permit"),
        (never_acquired, None, "Cannot say: nobody acquired a permit"),
    ],
)
def test_a_rate_is_of_what_was_acquired(program: Any, held: bool | None, sentence: str) -> None:
    run = lab.record(program, clock="virtual", claim=lab.at_most_per(2, 0.1))
    assert (run.claims[0].held, run.verdict) == (held, sentence)


def test_what_was_never_acquired_has_no_rate() -> None:
    run = virtual(never_acquired, lab.at_most_per(2, 1, "tickets"))
    assert run.verdict == "Cannot say: nobody acquired `tickets`"


def test_a_window_that_begins_nowhere_round_is_told_in_few_digits_and_holds_what_is_counted() -> None:
    run = virtual(start_at, lab.at_most_per(1, 1), moments=[1234.56789, 1300.1])  # type: ignore[list-item]
    said = "Rate of `tickets` broken: 2 started within 1 s, between 1.234 s and 2.234 s; at most 1 was allowed"
    assert run.verdict == said
    edge = virtual(start_at, lab.at_most_per(1, 1), moments=[1234.56789, 2234.1])  # type: ignore[list-item]
    assert "between 1.23456789 s and 2.23456789 s" in edge.verdict  # from 1.234 s on, the second would be left out


# where it is used
def test_on_the_wall_clock_it_is_judged_as_well() -> None:
    run = lab.record(limited, calls=3, permits=3, claim=lab.at_most_per(3, 1000))
    assert run.verdict == "Rate of `connections` held: never more than 3 started within 1,000 s; at most 3 were allowed"


def test_a_rate_is_explored() -> None:
    found = lab.explore(limited, calls=3, permits=1, check=lab.at_most_per(1, 0.1))
    assert found.verdict == "proved"
    assert "at most 1 per 0.1 s" in found.sentence
    broken = lab.explore(limited, calls=3, permits=2, check=lab.at_most_per(1, 0.1))
    assert broken.verdict == "counterexample"
    sentence = "Rate of `connections` broken: 2 started within 0.1 s, between 0 s and 0.1 s; at most 1 was allowed"
    assert sentence in broken.sentence
    assert lab.explore(limited, calls=2, permits=2, check=lab.at_most_per(1, 1, "door")).verdict == "cannot say"


def test_it_asks_when_and_so_the_order_of_releases_is_not_all_one_to_it() -> None:
    assert not counts_only(lab.at_most_per(1, 1)) and counts_only(lab.at_most(1))


def test_its_name_is_what_one_writes() -> None:
    claims = [lab.at_most_per(5, 1), lab.at_most_per(5, 0.25), lab.at_most_per(5, 1e-9, 'a "b", c')]
    assert [claim.__name__ for claim in claims] == [
        "at_most_per(5, 1)",
        "at_most_per(5, 0.25)",
        'at_most_per(5, 1e-09, "a \\"b\\", c")',
    ]
    assert [in_words(claim) for claim in [*claims, lab.at_most(3), lab.at_most(3, "a, b"), lab.limit("door")]] == [
        "at most 5 per 1 s",
        "at most 5 per 0.25 s",
        'at most 5 per 1e-09 s of `a "b", c`',
        "at most 3",
        "at most 3 of `a, b`",
        "limit of `door`",
    ]


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        ((0, 1), ValueError, "n must be at least 1, got 0"),
        ((-3, 1), ValueError, "n must be at least 1, got -3"),
        ((2.5, 1), TypeError, "n must be a whole number of starts, got 2.5"),
        ((True, 1), TypeError, "n must be a whole number of starts, got True"),
        (("5", 1), TypeError, "n must be a whole number of starts, got '5'"),
        ((5, "1"), TypeError, "seconds must be a number, got '1'"),
        ((5, True), TypeError, "seconds must be a number, got True"),
        ((5, 0), ValueError, "seconds must be at least 1e-9, a nanosecond, and finite, got 0"),
        ((5, -1.0), ValueError, "seconds must be at least 1e-9, a nanosecond, and finite, got -1.0"),
        ((5, float("inf")), ValueError, "seconds must be at least 1e-9, a nanosecond, and finite, got inf"),
        ((5, float("nan")), ValueError, "seconds must be at least 1e-9, a nanosecond, and finite, got nan"),
        ((5, 1, 3), TypeError, 'the primitive must be a name as in limit("door"), got 3'),
    ],
)
def test_what_is_no_rate_is_refused(arguments: Any, error: type[Exception], told: str) -> None:
    with pytest.raises(error) as caught:
        lab.at_most_per(*arguments)
    assert str(caught.value) == told
