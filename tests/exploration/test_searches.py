"""The searches against full enumeration: one schedule of each class, no class missed, the shortest is the shortest."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from programs import explored as programs
from programs import library as library_programs
from programs.explored import CASES, Case
from support.full_enumeration import enumerate_all, measure_steps

import semalab as lab
from semalab.exploration.search import Search
from semalab.stepping import Footprint, Settings

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")


def right(run: object) -> bool:
    """A check that asks for nothing, so that every order on one primitive counts."""
    return True


def searched(case: Case, check: Any = right) -> Search:
    search = Search(case.program, case.arguments, check, Settings(case.granularity, case.free), 10**6, 600)
    search.run()
    assert search.complete and search.unfinished is None
    return search


@pytest.mark.parametrize("case", [*CASES, *library_programs.CASES], ids=str)
def test_sleep_sets_and_breadth_first_agree_with_full_enumeration(case: Case) -> None:
    search = searched(case)
    full = enumerate_all(case.program, case.arguments, search.settings)
    assert full.mixed == []
    assert search.covered == len(full.outcomes)
    assert bool(search.violations) == bool(full.wrong)
    if full.wrong:
        assert search.minimal and search.shortest is not None
        met = measure_steps(case.program, case.arguments, search.settings, search.shortest)
        assert met == (full.best, True)
        assert 0 < search.states <= len(full.states)
        if len(search.shortest) == full.longest:  # the search had to go through all of them
            assert search.states == len(full.states)


# program, threads, initial value: full enumeration, classes, and how many of all schedules are wrong
TABLE = [
    ("passing", 2, 1, 2, 2, 0),
    ("passing", 2, 2, 6, 4, 0),
    ("passing", 3, 1, 6, 6, 0),
    ("passing", 3, 2, 54, 30, 0),
    ("passing", 4, 1, 24, 24, 0),
    ("passing", 4, 2, 648, 312, 0),
    ("counting", 2, 1, 2, 2, 0),
    ("counting", 3, 1, 6, 6, 0),
    ("counting", 4, 1, 24, 24, 0),
    ("counting", 2, 2, 70, 10, 36),
    ("counting", 3, 2, 2550, 162, 1584),
    ("unprotected", 2, None, 6, 4, 4),
    ("unprotected", 3, None, 90, 36, 84),
    ("unprotected", 4, None, 2520, 576, 2496),
    ("philosophers", 3, None, 168, 7, 6),
]


@pytest.mark.parametrize(("name", "threads", "initial", "schedules", "classes", "wrong"), TABLE)
def test_the_known_counts(
    name: str, threads: int, initial: int | None, schedules: int, classes: int, wrong: int
) -> None:
    arguments = {"threads": threads} if initial is None else {"threads": threads, "initial": initial}
    granularity = "operations" if name in ("passing", "philosophers") else "bytecode"
    case = Case(getattr(programs, name), arguments, granularity)
    search = searched(case, None)
    assert search.covered == classes
    assert enumerated(case, search.settings) == (schedules, wrong)


def enumerated(case: Case, settings: Settings) -> tuple[int, int]:
    full = Search(case.program, case.arguments, None, settings, 10**6, 600)
    full.sleeping = False
    full._shorten = lambda *_: None  # type: ignore[method-assign]
    full.run()
    return full.covered, len(full.violations)


@pytest.mark.parametrize(
    ("program", "results"),
    [
        (programs.two_names, {"[1, 2]", "[2, 1]"}),
        (programs.no_name, {"[[1, 2]]", "[[2, 1]]"}),
        (programs.peeks_inside, {"0", "1"}),
        (programs.by_name, {"3", "4"}),
        (programs.before_anything, {"3", "4"}),
        (programs.after_release, {"[1, 2]", "[2, 1]"}),
        (programs.alive, {"True", "False"}),
        (programs.daemons, {"[]", "['work']"}),
        (programs.impatient, {"['passed']", "['gave up']"}),
        (programs.main_takes_part, {"3", "4"}),
        (programs.emptiness, {"''", "'letters'"}),
        (programs.grandchildren, {"['a', 'b']", "['b', 'a']"}),
        (library_programs.in_line, {"[1, 2]", "[2, 1]"}),
        (library_programs.in_a_simple_line, {"[1, 2]", "[2, 1]"}),
        (library_programs.simply_seen, {"(False, 0)", "(False, 1)"}),
        (library_programs.refused, {"['full', 'empty']", "['empty', 'full']", "['empty']", "[]"}),
        (library_programs.asked_mutex, {"[True]", "[False]"}),
        (library_programs.one_after_the_other, {"[1, 2]", "[2, 1]"}),
        (library_programs.first_of_two, {"True", "False"}),
        (library_programs.cancelled, {"True", "False"}),
        (library_programs.asked_timer, {"[True]", "[False]"}),
        (library_programs.yielding, {"1", "2"}),
        (library_programs.logging_it, {"['a', 'b']", "['b', 'a']"}),
        (library_programs.unheld, {"['not held']", "[]"}),
        (library_programs.early_join, {"['not started']", "[]"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_result_is_met(program: Any, results: set[str]) -> None:
    """Said by hand, and so not by the same independence relation as all the rest."""
    met = set()

    def note(run: Any) -> bool:
        met.add(repr(run.result))
        return True

    assert searched(Case(program), note).complete
    assert met == results


def test_four_philosophers() -> None:
    search = searched(Case(programs.philosophers, {"threads": 4}), None)
    assert (search.covered, len(search.violations), search.shortest) == (15, 1, (4, 3, 2, 1))


def ignores_writes(one: Footprint, other: Footprint) -> bool:
    return True


def ignores_reads(one: Footprint, other: Footprint) -> bool:
    return one.writes.isdisjoint(other.writes)


def ignores_variables(one: Footprint, other: Footprint) -> bool:
    primitives = [frozenset(x for x in part if isinstance(x, int)) for part in (*one, *other)]
    return primitives[1].isdisjoint(primitives[2] | primitives[3]) and primitives[0].isdisjoint(primitives[3])


@pytest.mark.parametrize(
    ("relation", "case"),
    [
        (ignores_writes, Case(programs.passing, {"threads": 2, "initial": 2})),
        (ignores_reads, Case(programs.unprotected, {"threads": 2}, "bytecode")),
        (ignores_variables, Case(programs.unlike, {"value": 1})),
        (ignores_variables, Case(programs.before_anything)),
    ],
)
def test_a_wrong_independence_relation_is_seen(relation: Any, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semalab.exploration.sleepsets.independent", relation)
    search = searched(case)
    monkeypatch.undo()
    assert search.covered < len(enumerate_all(case.program, case.arguments, search.settings).outcomes)


def test_what_is_not_seen_to_be_shared_would_be_seen_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Classes whose schedules do not all end alike: the enumeration tells of a footprint that lacks something."""
    case = Case(programs.unlike, {"value": 1})
    full = enumerate_all(case.program, case.arguments, Settings(watched=False))
    assert full.mixed


class Turnstile:
    """Keeps its semaphores under names that CPython's queue uses, too."""

    def __init__(self) -> None:
        self.mutex, self.queue = threading.Semaphore(1), threading.Semaphore(0)

    def through(self) -> None:
        with self.mutex:
            self.queue.release()
        self.queue.acquire()


class Renamed(Turnstile):
    def __init__(self) -> None:
        self.first, self.second = threading.Semaphore(1), threading.Semaphore(0)

    def through(self) -> None:
        with self.first:
            self.second.release()
        self.second.acquire()


def two_through(turnstile: type[Turnstile]) -> None:
    crossing = turnstile()
    for _ in range(2):
        threading.Thread(target=crossing.through).start()


@pytest.mark.parametrize("granularity", ["operations", "bytecode"])
def test_a_name_that_a_queue_uses_inside_costs_nothing_in_a_class_of_the_program(granularity: str) -> None:
    searches = [lab.explore(two_through, turnstile=one, granularity=granularity) for one in (Turnstile, Renamed)]
    assert searches[0].schedules == searches[1].schedules
    assert searches[0].covered == searches[1].covered
