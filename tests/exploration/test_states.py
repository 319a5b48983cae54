"""The search by states against that by classes: the same outcomes, and each of its rules is needed."""

from __future__ import annotations

import importlib
import queue
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from programs import explored as programs
from programs.circling import tries_a_lock
from programs.explored import left_handed, passing, philosophers
from programs.written import compiled, written

import semalab as lab
from semalab.exploration import reached_state, stored_values
from semalab.exploration.reached_state import may_be_alike
from semalab.exploration.search import Search
from semalab.exploration.stage import Stage
from semalab.exploration.state_search import ByStates
from semalab.exploration.thread_state import ThreadState
from semalab.log.stops import Deadlock
from semalab.stepping import Follow, Footprint, Settings

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

Outcome = tuple[str, str, str]


def outcome(run: Any) -> Outcome:
    """Without the names of threads: of those that are alike one may stand for another."""
    waits = sorted(wait.kind for wait in run.stopped.waits) if isinstance(run.stopped, Deadlock) else run.stopped
    return repr(run.result), repr(run.exception), str(waits)


def by_classes(program: Any, arguments: Mapping[str, Any], settings: Settings) -> tuple[Settings, set[Outcome]] | None:
    """The settings that a complete search comes to, and how the program ends; None for one with too many schedules."""
    met: set[Outcome] = set()

    def note(run: Any) -> bool:
        met.add(outcome(run))
        return True

    search = Search(program, arguments, note, settings, 400, 600)
    search._shorten = lambda *_: None  # type: ignore[method-assign]
    search.run()
    if not search.complete or search.unfinished is not None:
        return None
    with Stage(program, arguments, search.settings).open() as stage:
        for steps, _ in search.violations:
            stage.play(Follow(steps))
            met.add(outcome(stage.run_played()))
    return search.settings, met


def by_states(program: Any, arguments: Mapping[str, Any], settings: Settings, interchange: bool) -> set[Outcome] | None:
    """How the program ends, from a search by states; None if it can prove nothing."""
    met: set[Outcome] = set()
    with Stage(program, arguments, settings).open() as stage:
        guide = ByStates(stage, interchange and may_be_alike(stage), followed=False)
        more = True
        while more:
            stage.play(guide)
            assert not guide.differs
            if guide.lost:
                return None
            assert stage.grown == settings
            touched = stage.processor.touched
            if not (guide.redundant and stage.clean):  # else the same state was left by another run, and nobody failed
                met.add(outcome(stage.run_played()))
            more = guide.advance(touched)
        return met if guide.sure else None


def agree(program: Any, granularity: str = "operations", **arguments: Any) -> bool:
    """Whether both searches say the same of how the program ends."""
    known = by_classes(program, arguments, Settings(granularity))
    assert known is not None
    settings, met = known
    found = [by_states(program, arguments, settings, interchange) for interchange in (False, True)]
    return all(one == met for one in found if one is not None)


@pytest.mark.parametrize("data", [False, True], ids=["primitives", "data"])
@pytest.mark.parametrize("granularity", ["operations", "bytecode"])
def test_random_programs_end_alike(data: bool, granularity: str) -> None:
    compared = 0
    for seed in range(20):
        text = written(seed, data)
        known = by_classes(compiled(text), {}, Settings(granularity))
        if known is None:
            continue
        for interchange in (False, True):
            found = by_states(compiled(text), {}, known[0], interchange)
            assert found is None or found == known[1], text
            compared += found is not None
    assert compared > 15


@pytest.mark.parametrize("granularity", ["operations", "bytecode"])
def test_random_programs_whose_threads_know_something_end_alike(granularity: str) -> None:
    compared = 0
    for seed in range(20):
        text = written(seed, own=True)
        known = by_classes(compiled(text), {}, Settings(granularity))
        for interchange in (False, True) if known is not None else ():
            found = by_states(compiled(text), {}, known[0], interchange)  # type: ignore[index]
            assert found is None or found == known[1], text  # type: ignore[index]
            compared += found is not None
    assert compared > 10


SMALL = [
    ("passing", {"threads": 3, "initial": 2}, "operations"),
    ("counting", {"threads": 2, "initial": 2}, "bytecode"),
    ("unprotected", {"threads": 3}, "bytecode"),
    ("philosophers", {"threads": 4}, "operations"),
    ("left_handed", {"threads": 4}, "operations"),
    *[(name, {}, "operations") for name in ("rendezvous", "lost_permit", "bounded", "producer_consumer", "impatient")],
    *[(name, {}, "operations") for name in ("conditions", "missed_notification", "barrier", "again", "trying")],
    *[(name, {}, "operations") for name in ("raising", "peeking", "main_takes_part", "alive", "short_join", "daemons")],
    *[(name, {}, "operations") for name in ("children", "grandchildren", "own_primitives", "two_names", "no_name")],
]


@pytest.mark.parametrize(("name", "arguments", "granularity"), SMALL)
def test_small_programs_end_alike(name: str, arguments: dict[str, int], granularity: str) -> None:
    assert agree(getattr(programs, name), granularity, **arguments)


# each rule, broken once
def first_one_wins() -> str:
    """What the two do is the same, and how it ends depends on who was first."""
    door = threading.Semaphore(1)
    name = ""

    def enter(own: str) -> None:
        nonlocal name
        with door:
            name = name or own

    threads = [threading.Thread(target=enter, args=(own,)) for own in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return name


def by_its_name() -> str:
    """Threads of one function with no arguments, who ask who they are."""
    door = threading.Semaphore(1)
    name = ""

    def enter() -> None:
        nonlocal name
        with door:
            name = name or threading.current_thread().name

    one, other = threading.Thread(target=enter), threading.Thread(target=enter)
    one.start()
    other.start()
    one.join()
    other.join()
    return name


def joined_by_turns() -> str:
    """One of two that are alike is waited for before the main thread goes on."""
    gate = threading.Semaphore(1)
    order = ""

    def pass_through() -> None:
        nonlocal order
        with gate:
            order += "w"

    one, other = threading.Thread(target=pass_through), threading.Thread(target=pass_through)
    one.start()
    other.start()
    other.join()
    with gate:
        order += "m"
    one.join()
    return order


def permits_differ() -> bool:
    """Whether the last one is let in depends on a value that nobody has seen before."""
    permits, done = threading.Semaphore(0), threading.Semaphore(0)
    got = False

    def take() -> None:
        permits.acquire(blocking=False)
        done.release()

    def give() -> None:
        permits.release()
        done.release()

    def look() -> None:
        nonlocal got
        done.acquire()
        done.acquire()
        got = permits.acquire(blocking=False)

    together(take, give, look)
    return got


def kept_by_one() -> bool:
    """What one thread has written, and only the main thread reads when all others have ended."""
    door, done = threading.Semaphore(1), threading.Semaphore(0)
    took = False

    def take() -> None:
        nonlocal took
        if door.acquire(blocking=False):
            took = True
        done.release()

    def knock() -> None:
        door.acquire(blocking=False)
        done.release()

    def last() -> None:
        done.acquire()
        done.acquire()

    together(take, knock, last)
    return took


def kept_for_ever() -> int:
    """Whether the second one waits for ever depends on who came first."""
    lock, event = threading.RLock(), threading.Event()
    x = 0

    def keep() -> None:
        nonlocal x
        if lock.acquire(blocking=False):
            x = 3

    def add() -> None:
        nonlocal x
        seen = event.is_set()
        lock.acquire()
        event.set()
        lock.acquire()
        x = seen + 1
        lock.release()

    one, other = threading.Thread(target=keep), threading.Thread(target=add)
    one.start()
    other.start()
    one.join()
    other.join()
    return x


# Two that do the same and come to the same place: that it came first, one keeps in a variable of its own.
KNOWS = """
def program():
    door, x, y = threading.Semaphore(1), 0, 0
    def work():
        nonlocal x, y
        with door:
            first = x == 0
            x = 1
        with door:
            pass
        with door:
            y = 2 * y + first
    threads = [threading.Thread(target=work), threading.Thread(target=work)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return y
"""
# Each has seen whether the flag is up, when it is down again: only the stack, or which of two alike it has, tells that.
SEEN = """
class Box:
    n = 0

def program():
    first, second, boxes, slots = Box(), Box(), [], queue.Queue()
    gate, up, sum = threading.Semaphore(1), False, 0
    boxes += [first, second]
    slots.put(first)
    slots.put(second)
    def none():
        with gate:
            return 0
    def stays(mine=first, other=second):
        nonlocal sum
{body}
        for turn in range(2):
            with gate:
                pass
        mine.n += 1
    def waves():
        nonlocal up
        with gate:
            up = True
        with gate:
            up = False
    threads = [{threads}]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return sum, first.n, second.n
"""
CHOOSES = """
        with gate:
            if up: mine, other = other, mine
"""
TWO = "threading.Thread(target=stays), threading.Thread(target=waves)"
ALIKE = "threading.Thread(target=stays), threading.Thread(target=stays)"
BODIES = {
    "a constant on the stack": ("        sum = (1 if up else 2) + none()", TWO),
    "a range of one constant or another": ("        for sum_ in range(3 if up else 2): none(); sum += 1", TWO),
    "one range or another": ("        for sum_ in range(3) if up else range(2): none(); sum += 1", TWO),
    "a variable that is called like a function": ("        sum = sum + none() + 1", ALIKE),
    "defaults": (CHOOSES, TWO),
    "arguments": (CHOOSES, TWO.replace("stays)", "stays, args=(first, second))")),
    "out of a queue": (f"        mine, other = slots.get(), slots.get()\n{CHOOSES}", TWO),
    "out of a list": (f"        mine, other = boxes.pop(), boxes.pop()\n{CHOOSES}", TWO),
}
# In two modules, a function of one name has a variable of one name.
BESIDE = """
def program():
    x = 0
    def count(amount):
        nonlocal x
        x = x * 2 + amount
        return x
    return count
"""
COUNTS = """
def program():
    x, door, last = 0, threading.Semaphore(1), 0
    def work(amount):
        nonlocal x, last
        with door:
            count(amount)
        with door:
            x = 1
        with door:
            last = count(0)
    threads = [threading.Thread(target=work, args=(amount,)) for amount in (1, 2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return x, last
"""


@pytest.fixture
def counts_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Any]]:
    (tmp_path / "counting_beside.py").write_text(f"{BESIDE}\ncount = program()\n")
    (tmp_path / "counting_here.py").write_text(f"import threading\nfrom counting_beside import count\n{COUNTS}")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("counting_here").program
    for name in ("counting_here", "counting_beside"):
        del sys.modules[name]


def together(*bodies: Callable[[], object]) -> None:
    """Three threads, and no list of them that anybody goes through."""
    first, second, third = (threading.Thread(target=body) for body in bodies)
    first.start()
    second.start()
    third.start()
    first.join()
    second.join()
    third.join()


def test_the_rules_hold_where_they_are_needed() -> None:
    for program in (first_one_wins, by_its_name, joined_by_turns, permits_differ, kept_by_one, kept_for_ever):
        assert agree(program)
    assert agree(compiled(KNOWS))


@pytest.mark.parametrize("granularity", ["operations", "bytecode"])
@pytest.mark.parametrize("what", BODIES)
def test_what_only_the_stack_or_an_identity_tells_is_known(what: str, granularity: str) -> None:
    body, threads = BODIES[what]
    assert agree(compiled(SEEN.format(body=body, threads=threads)), granularity)


def test_what_a_thread_knows_and_is_not_read_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(standing: ThreadState, thread: Any, known: Any) -> Any:
        frames = standing._frames(thread)
        return None if frames is None else tuple((id(frame.f_code), frame.f_lasti) for frame in frames)

    monkeypatch.setattr(ThreadState, "of", blind)
    assert not agree(compiled(KNOWS))


def test_variables_of_one_name_that_are_taken_for_one_are_seen(
    counts_beside: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert agree(counts_beside)
    monkeypatch.setattr(stored_values, "_calls_others_so", lambda scope, codes: False)
    assert not agree(counts_beside)


def test_a_circle_is_not_gone_through_as_if_everybody_came_to_an_end() -> None:
    with Stage(tries_a_lock, {}, Settings()).open() as stage:
        guide, more = ByStates(stage, False, followed=False), True
        while more and not guide.lost:
            stage.play(guide)
            more = guide.advance(stage.processor.touched)
        assert guide.lost and not guide.differs


def test_threads_that_are_taken_for_each_other_though_they_differ_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reached_state, "_same_body", lambda one, other: True)
    assert not agree(first_one_wins)


@pytest.mark.parametrize("program", [by_its_name, joined_by_turns])
def test_threads_that_are_told_apart_and_not_heard_are_seen(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semalab.exploration.state_search.are_told_apart", lambda stage, kinds: False)
    assert not agree(program)


def test_a_value_that_is_no_part_of_the_state_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reached_state, "_told", lambda location, value, versions: location)
    # In a namespace of its own: this module's is the program's, whose code is watched.
    forgotten = eval("lambda known: lambda self: known(self) and {}", {})
    monkeypatch.setattr(stored_values.Contents, "shared", forgotten(stored_values.Contents.shared))
    assert not agree(permits_differ)


def test_what_the_others_may_touch_later_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(one: Footprint, other: Footprint) -> bool:
        return True

    monkeypatch.setattr("semalab.exploration.state_search.independent", never)
    assert not agree(philosophers, threads=3)


def test_what_ended_threads_have_written_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semalab.exploration.reached_state.Watch", type("NoWatch", (), {}))
    assert not agree(kept_by_one)


def test_where_threads_stand_for_ever_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ByStates, "_note_standing", lambda guide, place: None)
    assert not agree(kept_for_ever)


# what is said
def test_many_threads_are_proved_by_states() -> None:
    found = lab.explore(passing, threads=8, initial=2, check=lab.at_most(2))
    assert found.verdict == "proved" and found.by_states
    assert found.sentence == (
        "Proved for passing(threads=8, initial=2) at the granularity of operations: at most 2, under every schedule;"
        f" all of them pass through 36 different states (found in {found.schedules} runs)"
    )
    assert found.tally == "no schedule breaks it; 36 different states met"
    assert found.lanes == ()


def test_many_schedules_take_few_runs() -> None:
    found = lab.explore(passing, threads=8, initial=2)
    assert found.by_states and found.schedules < 20


def test_few_schedules_are_counted() -> None:
    found = lab.explore(passing, threads=3, initial=2)
    assert (found.by_states, found.covered) == (False, 30)
    found = lab.explore(left_handed, threads=6)
    assert (found.verdict, found.by_states, found.covered) == ("proved", False, 62)


def test_a_counterexample_that_is_found_by_states_can_be_replayed() -> None:
    found = lab.explore(passing, threads=6, initial=3, check=lab.at_most(2))
    assert found.verdict == "counterexample" and found.by_states
    assert found.shortest is not None
    assert len(found.violations) == 1
    assert not lab.at_most(2)(found.replay(0))
    assert "a schedule is wrong, the first met in" in found.sentence


def test_a_check_of_ones_own_is_asked_about_each_class() -> None:
    found = lab.explore(passing, threads=4, initial=2, check=lambda run: True)
    assert found.verdict == "proved" and not found.by_states


def waits_for_the_first_of_two() -> None:
    """If the second is the first to put, the main thread waits for the first for ever; else it comes to wait itself."""
    line, never = queue.Queue[int](1), queue.Queue[int](1)
    threads = [threading.Thread(target=line.put, args=(1,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    threads[0].join()
    never.get()


def test_who_is_joined_alone_is_told_apart_also_if_nobody_goes_on_after_that() -> None:
    assert agree(waits_for_the_first_of_two)
