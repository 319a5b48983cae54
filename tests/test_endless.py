"""Programs that may go on for ever: their states are finite, and what is said of them is what an own model says."""

from __future__ import annotations

import linecache
import threading
from collections.abc import Callable
from typing import Any

import pytest
from endless_model import Verdict, random_bodies, text_of, verdict_of

from semalab.exploration.search import Search
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
