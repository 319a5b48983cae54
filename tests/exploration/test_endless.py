"""Programs that may go on for ever: their states are finite, and what is said of them is what an own model says."""

from __future__ import annotations

import linecache
import threading
from collections.abc import Callable
from typing import Any

import pytest
from programs.circling import (
    asks_for_the_time,
    counts_in_a_primitive,
    counts_in_itself,
    dekker,
    gives_way,
    goes_through_a_lock,
    looks_inside,
    looks_under_the_lock,
    peterson,
    polls_a_queue,
    sleeps_until,
    spins,
    spins_on_an_attribute,
    tries_a_lock,
)
from programs.hiding import (
    counts_alone,
    counts_in_a_module,
    counts_in_a_variable_of_the_same_name,
    counts_unwatched,
    counts_where_no_code_says,
    gives_way_until_told,
    goes_on_with_the_next,
    leaves_it_in_a_box,
    renames_an_attribute,
    sorts_by_a_function_of_that_name,
    spins_while_another_sleeps,
    tells_equals_apart,
)
from support.endless_model import Verdict, random_bodies, text_of, verdict_of

import semalab as lab
from semalab.exploration.search import LIVELOCK, Search
from semalab.exploration.thread_state import ThreadState
from semalab.log.stops import Deadlock
from semalab.stepping import Settings

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

PROGRAMS = 15
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
    search._judge_circles = lambda graph, stage: judged.append(graph) is None  # type: ignore[method-assign]
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
    def blind(standing: ThreadState, thread: Any, known: Any) -> Any:
        frames = standing._frames(thread)
        return None if frames is None else tuple((id(frame.f_code), frame.f_lasti, ()) for frame in frames)

    monkeypatch.setattr(ThreadState, "of", blind)
    found, _ = found_of(compiled(COUNTS))
    assert found is not None and found.circles


COUNTS = """
def program():
    x = y = 0
    def one():
        nonlocal y
        n = 0
        while x == 0 and n < 3:
            n = n + 1
        y = n
    first = threading.Thread(target=one)
    first.start()
    first.join()
    return x, y
"""


def test_a_loop_that_counts_is_none_in_which_a_state_comes_again() -> None:
    assert found_of(compiled(COUNTS))[0] == Verdict(frozenset({(0, 3)}), False, False, False, False)


def test_what_a_thread_counts_in_an_attribute_of_its_own_is_no_circle() -> None:
    for counts in (counts_in_itself, counts_in_a_primitive):
        found = lab.explore(counts, seconds=90, budget=50)
        assert found.verdict != "proved" or found.endless in ("", "every run ends")
        assert found.verdict != "counterexample"


PASSED_OVER = "every run can end; {} can go on for ever only if a thread that could go on is passed over for ever"
ROUND = "every run can end, but {} can also go on for ever, in a circle in which nobody is passed over"


def told(remark: str, *bodies: str) -> str:
    """The remark about the threads that run these functions, in the order of their starts."""
    return remark.format(" and ".join(f"Thread-{number} ({body})" for number, body in enumerate(bodies, 1)))


@pytest.mark.parametrize(
    ("program", "arguments", "granularity", "endless"),
    [
        (spins, {}, "bytecode", told(PASSED_OVER, "wait")),
        (spins_on_an_attribute, {}, "bytecode", told(PASSED_OVER, "wait")),
        (peterson, {}, "bytecode", told(PASSED_OVER, "enter", "enter")),
        (peterson, {}, "lines", told(PASSED_OVER, "enter", "enter")),
        (peterson, {"rounds": 2}, "bytecode", told(PASSED_OVER, "enter", "enter")),
        (dekker, {}, "bytecode", told(PASSED_OVER, "enter", "enter")),
        (tries_a_lock, {}, "operations", told(PASSED_OVER, "work", "work")),
        (looks_under_the_lock, {}, "operations", told(PASSED_OVER, "wait")),
        (polls_a_queue, {}, "operations", told(PASSED_OVER, "get")),
        (goes_through_a_lock, {}, "bytecode", told(PASSED_OVER, "wait")),
        (gives_way, {}, "operations", told(ROUND, "work", "work")),
        (gives_way, {"pause": 1}, "operations", told(ROUND, "work", "work")),
    ],
)
def test_a_program_that_can_always_end_is_proved(
    program: Any, arguments: dict[str, Any], granularity: str, endless: str
) -> None:
    found = lab.explore(program, granularity=granularity, seconds=90, **arguments)
    assert (found.verdict, found.endless) == ("proved", endless)
    assert found.sentence.endswith(f"; {endless}")


@pytest.mark.parametrize(
    ("check", "room", "verdict"),
    [
        (lab.at_most(2), 2, "proved"),
        (lab.limit("inside"), 2, "proved"),
        (lab.mutual_exclusion, 1, "proved"),
        (lab.mutual_exclusion, 2, "counterexample"),
        (lab.at_most(1, "elsewhere"), 2, "cannot say"),
    ],
)
def test_how_many_are_inside_is_claimed_of_loops_too(check: Any, room: int, verdict: str) -> None:
    found = lab.explore(looks_inside, check=check, room=room, seconds=90)
    assert found.verdict == verdict
    assert verdict != "proved" or found.sentence.endswith(told(PASSED_OVER, "wait"))


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
    found = lab.explore(program, granularity=granularity, seconds=90, **arguments)
    assert found.verdict == "counterexample"
    assert found.problem == LIVELOCK
    assert found.circle > 0 and found.minimal
    assert f"of which the last {found.circle:,} come again and again" in found.sentence
    again = found.replay(0)
    assert again.schedule is not None and again.schedule.unfinished
    assert "from here on it goes on for ever" in again.verdict
    assert again.trace == found.shortest.trace  # type: ignore[union-attr]


def test_who_looks_before_he_says_that_he_wants_is_no_mutual_exclusion() -> None:
    found = lab.explore(peterson, granularity="bytecode", seconds=90, sets_first=False, yields=False)
    assert found.verdict == "counterexample" and "AssertionError" in found.problem


def test_who_is_told_in_time_ends() -> None:
    assert lab.explore(sleeps_until, told=True).verdict == "proved"


def test_the_time_is_part_of_the_state_where_it_is_asked_for() -> None:
    found = lab.explore(asks_for_the_time, seconds=90, budget=50)
    assert found.verdict == "budget exhausted"


def test_by_operations_nobody_comes_in_between_where_only_a_variable_is_looked_at() -> None:
    found = lab.explore(spins)
    assert found.verdict == "budget exhausted"
    assert "granularity='lines' or 'bytecode' lets that go on meanwhile" in found.sentence


@pytest.mark.parametrize(
    "program",
    [
        counts_in_a_variable_of_the_same_name,
        counts_where_no_code_says,
        counts_in_a_module,
        counts_alone,
        counts_unwatched,
        renames_an_attribute,
        sorts_by_a_function_of_that_name,
        tells_equals_apart,
    ],
)
def test_what_is_counted_where_no_frame_tells_is_no_circle(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Search, "_may_go_on_for_ever", lambda search, stage: True)
    found = lab.explore(program, seconds=90, budget=300)
    assert (found.verdict, found.endless) == ("proved", "every run ends")


@pytest.mark.parametrize("wanted", [0, 1])
def test_what_a_thread_has_left_behind_is_part_of_the_state(wanted: int) -> None:
    found = lab.explore(leaves_it_in_a_box, wanted=wanted, seconds=90, budget=300)
    assert found.verdict == "budget exhausted"


def test_who_sleeps_while_another_spins_wakes_up_some_day() -> None:
    found = lab.explore(spins_while_another_sleeps, seconds=90, budget=50)
    assert found.verdict == "budget exhausted"


def test_who_sleeps_is_passed_over_in_a_circle_of_others() -> None:
    found = lab.explore(gives_way_until_told, seconds=90)
    assert (found.verdict, found.endless) == ("proved", told(PASSED_OVER, "<lambda>", "<lambda>"))


def test_what_stands_before_a_start_in_a_loop_may_come_after_it() -> None:
    found = lab.explore(goes_on_with_the_next)
    assert found.verdict == "counterexample" and "AssertionError" in found.problem
