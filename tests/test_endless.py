"""Programs that may go on for ever: their states are finite, and what is said of them is what an own model says."""

from __future__ import annotations

import linecache
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from endless_model import Verdict, random_bodies, text_of, verdict_of

import semalab as lab
from semalab.exploration.search import LIVELOCK, Search
from semalab.exploration.standing import Standing
from semalab.stepping import Settings
from semalab.stops import Deadlock

pytest_plugins = ("leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

PROGRAMS = 60
ALWAYS = frozenset(("variable x program", "variable y program"))  # are steps, also where a thread alone uses them


def compiled(text: str) -> Callable[[], Any]:
    name = f"<endless {hash(text)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    namespace: dict[str, Any] = {"__name__": "__main__", "threading": threading}
    exec(compile(text, name, "exec"), namespace)
    made: Callable[[], Any] = namespace["program"]
    return made


def found_of(program: Callable[[], Any]) -> tuple[Verdict | None, Search]:
    """What the search through all states finds, in the model's words; None if it cannot be finished."""
    search = Search(program, {}, None, Settings("bytecode", shared=ALWAYS), 3_000, 600)
    ends: set[tuple[int, ...]] = set()
    stuck: list[bool] = []

    def problem(stage: Any) -> None:
        run = stage.run_played()
        assert run.exception is None
        if isinstance(run.stopped, Deadlock):
            stuck.append(True)
        elif run.stopped is None:
            ends.add(run.result)

    search.problem = problem  # type: ignore[method-assign, assignment]
    search._may_go_on_for_ever = lambda stage: True  # type: ignore[method-assign]
    judged: list[Any] = []
    search._judge_circles = judged.append  # type: ignore[method-assign]
    search.run()
    if not judged:
        return None, search
    (graph,) = judged
    circles = bool(graph.spinning())
    return Verdict(frozenset(ends), bool(stuck), bool(graph.hopeless()), circles, graph.turning() is not None), search


def wrong_among(numbers: range) -> tuple[list[str], int]:
    """What the search says that the model does not, and of how many programs it has said something."""
    told, compared = [], 0
    for number in numbers:
        bodies = random_bodies(number)
        known, (found, _) = verdict_of(bodies), found_of(compiled(text_of(bodies)))
        compared += found is not None
        if found is not None and found != known:
            told.append(f"program {number}: {found}, and the model {known}\n{text_of(bodies)}")
    return told, compared


@pytest.mark.parametrize("batch", range(4))
def test_random_programs_with_loops_are_judged_as_the_model_judges_them(batch: int) -> None:
    told, compared = wrong_among(range(batch * PROGRAMS, (batch + 1) * PROGRAMS))
    assert told == []
    assert compared > PROGRAMS * 0.8


def test_threads_whose_frames_are_not_all_read_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(standing: Standing, thread: Any, known: Any) -> Any:
        frames = standing._frames(thread)
        return None if frames is None else tuple((id(frame.f_code), frame.f_lasti, ()) for frame in frames)

    monkeypatch.setattr(Standing, "of", blind)
    assert found_of(compiled(COUNTS))[0] != Verdict(frozenset({(0, 3)}), False, False, False, False)


COUNTS = """
def program():
    x = y = 0
    def one():
        nonlocal y
        n = 0
        while n < 3:
            n = n + 1 + x
        y = n
    first = threading.Thread(target=one)
    first.start()
    first.join()
    return x, y
"""


def test_a_loop_that_counts_is_none_in_which_a_state_comes_again() -> None:
    assert found_of(compiled(COUNTS))[0] == Verdict(frozenset({(0, 3)}), False, False, False, False)


def together(*bodies: Callable[[], object]) -> None:
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def spins() -> None:
    flag = False

    def wait() -> None:
        while not flag:
            pass

    def tell() -> None:
        nonlocal flag
        flag = True

    together(wait, tell)


def peterson(sets_first: bool = True, yields: bool = True, rounds: int = 1) -> None:
    want, turn, inside = [False, False], 0, 0

    def enter(me: int) -> None:
        nonlocal turn, inside
        other = 1 - me
        for _ in range(rounds):
            if sets_first:
                want[me] = True
            if yields:
                turn = other
            while want[other] and (not yields or turn == other):
                pass
            want[me] = True
            inside += 1
            assert inside == 1
            inside -= 1
            want[me] = False

    threads = [threading.Thread(target=enter, args=(me,)) for me in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def dekker() -> None:
    want, turn, inside = [False, False], 0, 0

    def enter(me: int) -> None:
        nonlocal turn, inside
        other = 1 - me
        want[me] = True
        while want[other]:
            if turn != me:
                want[me] = False
                while turn != me:
                    pass
                want[me] = True
        inside += 1
        assert inside == 1
        inside -= 1
        turn = other
        want[me] = False

    threads = [threading.Thread(target=enter, args=(me,)) for me in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Flag:
    up = False


def spins_on_an_attribute() -> None:
    flag = Flag()

    def wait() -> None:
        while not flag.up:
            pass

    def tell() -> None:
        flag.up = True

    together(wait, tell)


def tries_a_lock() -> None:
    lock = threading.Lock()

    def work() -> None:
        while not lock.acquire(blocking=False):
            pass
        lock.release()

    together(work, work)


def gives_way(pause: float | None = None) -> None:
    """Two locks crosswise, and whoever does not get the second gives the first back."""
    a, b = threading.Lock(), threading.Lock()

    def work(first: Any, second: Any) -> None:
        while True:
            with first:
                if second.acquire(blocking=False) if pause is None else second.acquire(timeout=pause):
                    second.release()
                    return

    threads = [threading.Thread(target=work, args=pair) for pair in ((a, b), (b, a))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def looks_under_the_lock() -> None:
    lock, ready = threading.Lock(), False

    def wait() -> None:
        while True:
            with lock:
                if ready:
                    break

    def tell() -> None:
        nonlocal ready
        with lock:
            ready = True

    together(wait, tell)


def sleeps_until(told: bool) -> None:
    flag = threading.Event()

    def wait() -> None:
        while not flag.wait(timeout=0.5):
            time.sleep(0.25)

    together(wait, flag.set) if told else together(wait)


def asks_for_the_time() -> None:
    begin = time.monotonic()

    def wait() -> None:
        while time.monotonic() < begin + 100_000:
            time.sleep(1)

    together(wait)


PASSED_OVER = "every run can end; it can go on for ever only if a thread that could go on is passed over for ever"
ROUND = "every run can end, but it can also go on for ever, in a circle in which nobody is passed over"


@pytest.mark.parametrize(
    ("program", "arguments", "granularity", "endless"),
    [
        (spins, {}, "bytecode", PASSED_OVER),
        (spins_on_an_attribute, {}, "bytecode", PASSED_OVER),
        (peterson, {}, "bytecode", PASSED_OVER),
        (peterson, {}, "lines", PASSED_OVER),
        (peterson, {"rounds": 2}, "bytecode", PASSED_OVER),
        (dekker, {}, "bytecode", PASSED_OVER),
        (tries_a_lock, {}, "operations", PASSED_OVER),
        (looks_under_the_lock, {}, "operations", PASSED_OVER),
        (gives_way, {}, "operations", ROUND),
        (gives_way, {"pause": 1}, "operations", ROUND),
    ],
)
def test_a_program_that_can_always_end_is_proved(
    program: Any, arguments: dict[str, Any], granularity: str, endless: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semalab.engine.virtual.NO_PROGRESS", 0.2)
    found = lab.explore(program, granularity=granularity, seconds=600, **arguments)
    assert (found.verdict, found.endless) == ("proved", endless)
    assert found.sentence.endswith(f"; {endless}")


@pytest.mark.parametrize(
    ("program", "arguments", "granularity"),
    [
        (peterson, {"yields": False}, "bytecode"),
        (peterson, {"yields": False}, "lines"),
        (sleeps_until, {"told": False}, "operations"),
        (sleeps_until, {"told": False}, "bytecode"),
    ],
)
def test_where_no_end_can_be_reached_is_a_counterexample(
    program: Any, arguments: dict[str, Any], granularity: str
) -> None:
    found = lab.explore(program, granularity=granularity, seconds=600, **arguments)
    assert found.verdict == "counterexample"
    assert found.problem == LIVELOCK
    assert found.circle > 0 and found.minimal
    assert f"of which the last {found.circle:,} come again and again" in found.sentence
    again = found.replay(0)
    assert again.schedule is not None and again.schedule.unfinished
    assert "from here on it goes on for ever" in again.verdict
    assert again.trace == found.shortest.trace  # type: ignore[union-attr]


def test_who_looks_before_he_says_that_he_wants_is_no_mutual_exclusion() -> None:
    found = lab.explore(peterson, granularity="bytecode", seconds=600, sets_first=False, yields=False)
    assert found.verdict == "counterexample" and "AssertionError" in found.problem


def test_who_is_told_in_time_ends() -> None:
    assert lab.explore(sleeps_until, told=True).verdict == "proved"


def test_the_time_is_part_of_the_state_where_it_is_asked_for() -> None:
    found = lab.explore(asks_for_the_time, seconds=600, budget=50)
    assert found.verdict == "budget exhausted"


def test_by_operations_nobody_comes_in_between_where_only_a_variable_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("semalab.engine.virtual.NO_PROGRESS", 0.2)
    found = lab.explore(spins)
    assert found.verdict == "budget exhausted"
    assert "granularity='lines' or 'bytecode' lets that go on meanwhile" in found.sentence
