"""Classes of schedules that are counted from the graph of states, against those that sleep sets meet one by one."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from programs import explored as programs
from programs import library as library_programs
from programs.explored import CASES, Case
from programs.written import compiled, written

import semalab as lab
from semalab.exploration import classes as counting
from semalab.exploration.classes import ChartedState, Classes
from semalab.exploration.judge import wrong
from semalab.exploration.reached_state import may_be_alike
from semalab.exploration.search import Search
from semalab.exploration.sleepsets import History, Names, Taken
from semalab.exploration.stage import Stage
from semalab.exploration.state_search import ByStates
from semalab.stepping import Follow, Settings

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

PLAYED = 20  # schedules of a program that are run, of those that are wrong and of those that are right


def from_states(program: Any, arguments: Mapping[str, Any], settings: Settings, alike: bool) -> Classes | None:
    with Stage(program, arguments, settings).open() as stage:
        guide, more = ByStates(stage, alike and may_be_alike(stage), followed=False), True
        while more:
            stage.play(guide)
            if guide.lost:
                return None
            touched = stage.processor.touched
            more = guide.advance(touched, not guide.redundant and wrong(stage.run_played(), None) is not None)
        return guide.classes() if guide.sure else None


class Known(NamedTuple):
    settings: Settings
    classes: int
    wrong: int


def run_one_by_one(program: Any, arguments: Mapping[str, Any], settings: Settings) -> Known | None:
    """None for a program of which not everything is found out soon."""
    search = Search(program, arguments, None, settings, 300, 600)
    search._shorten = lambda *_: None  # type: ignore[method-assign]
    search.run()
    if not search.complete or search.unfinished is not None:
        return None
    return Known(search.settings, search.covered, len(search.violations))


def differ(program: Any, arguments: Mapping[str, Any], found: Classes, known: Known) -> list[str]:
    """What of these classes is not as it was when a schedule of each was run; in words."""
    bad, good = list(found.each(True)), list(found.each(False))
    told = []
    if (found.number, found.wrong) != known[1:] or (len(good) + len(bad), len(bad)) != known[1:]:
        told.append(
            f"{found.wrong} of {found.number}, told {len(bad)} and {len(good)}, not {known.wrong} of {known[1]}"
        )
    names = Names()
    if len({end_of(one, names) for one in [*bad, *good]}) != len(bad) + len(good):
        told.append("two are of one class")
    least = min(map(len, bad), default=0)
    if sorted(map(steps, found.least())) != sorted(steps(one) for one in bad if len(one) == least):
        told.append("the shortest that are wrong are others")
    with Stage(program, arguments, known.settings).open() as stage:
        for one, is_wrong in [*((one, True) for one in bad[:PLAYED]), *((one, False) for one in good[:PLAYED])]:
            stage.play(follow := Follow(steps(one)))
            if follow.astray is not None or (wrong(stage.run_played(), None) is not None) != is_wrong:
                told.append(f"{steps(one)} is no such schedule")
    return told


def end_of(told: Taken, names: Names) -> frozenset[int]:
    history = History(names)
    for _, thread, step in told:
        history.step(thread, step)
    return history.state


def steps(told: Taken) -> tuple[int, ...]:
    return tuple(thread for _, thread, _ in told)


def disagreements(program: Any, arguments: Mapping[str, Any], settings: Settings) -> list[str] | None:
    """None if nothing was compared."""
    known = run_one_by_one(program, arguments, settings)
    told, compared = [], 0
    for alike in (False, True) if known is not None else ():
        assert known is not None
        if (found := from_states(program, arguments, known.settings, alike)) is not None:
            told += differ(program, arguments, found, known)
            compared += 1
    return told if compared else None


@pytest.mark.parametrize("case", [one for one in (*CASES, *library_programs.CASES) if not one.free], ids=str)
def test_the_classes_of_each_program_are_those_that_sleep_sets_meet(case: Case) -> None:
    assert disagreements(case.program, case.arguments, Settings(case.granularity)) in ([], None)


@pytest.mark.parametrize("kind", [{}, {"data": True}, {"own": True}], ids=["primitives", "data", "own"])
@pytest.mark.parametrize("granularity", ["operations", "bytecode"])
def test_so_are_those_of_random_programs(kind: dict[str, Any], granularity: str) -> None:
    compared = 0
    for seed in range(15):
        text = written(seed, **kind)
        told = disagreements(compiled(text), {}, Settings(granularity))
        assert told in ([], None), text
        compared += told is not None
    assert compared > 5


def test_without_sleep_sets_more_would_be_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "independent", lambda *_: False)
    assert disagreements(programs.passing, {"threads": 3, "initial": 2}, Settings())


def test_who_is_who_among_threads_that_are_alike_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a state was met before with others in their places, its threads are called by other numbers."""

    def led(self: ChartedState, thread: int, touched: Any, to: ChartedState, who: Mapping[int, int]) -> None:
        self.led_on(thread, touched, to)

    monkeypatch.setattr(ChartedState, "led", led)
    assert disagreements(library_programs.done, {}, Settings())


# what is said
def test_many_are_counted_from_the_states_of_a_few_runs() -> None:
    found = lab.explore(programs.passing, threads=4, initial=2)
    assert (found.verdict, found.covered, found.by_states) == ("proved", 312, False)
    assert found.schedules < 10
    assert len(found.right) == 50 and found.complete


def test_wrong_ones_are_counted_and_each_can_be_run() -> None:
    found = lab.explore(programs.unprotected, threads=3, granularity="bytecode")
    assert (found.covered, len(found.violations), found.minimal) == (36, 30, True)
    assert found.schedules < 36
    assert {one.sentence for one in found.violations} == {"main raised AssertionError"}
    assert found.replay(29).verdict == "main raised AssertionError"


counted = 0


def counts() -> None:
    def work() -> None:
        global counted
        mine = counted
        counted = mine + 1

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if counted == 1:
        raise ValueError("one is lost")


def test_what_is_wrong_is_told_of_the_program_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is asked for after a run that has left something, as `lab.record` does."""
    found = lab.explore(counts, granularity="bytecode")
    monkeypatch.setitem(globals(), "counted", 5)
    assert {one.sentence for one in found.violations} == {"main raised ValueError: one is lost"}
    assert found.replay(0).verdict == "main raised ValueError: one is lost"
    assert counted == 5


def test_a_search_soon_ends_once_something_is_wrong() -> None:
    """Whatever the budget allows: of a check of one's own every schedule would have to be asked."""
    found = lab.explore(programs.passing, threads=6, initial=3, check=lambda run: False)
    assert found.verdict == "counterexample" and not found.complete
    assert 100 < found.schedules < 2_000
    assert "at least" in found.sentence
