"""What an exploration shows: the poster and its words, lanes, values of steps, progress, interrupts."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from programs import explored as programs
from pythons import other_pythons

import semalab as lab
from semalab import front_end
from semalab.exploration import Exploration
from semalab.exploration.descriptions import as_lanes, drawing
from semalab.exploration.explore import search
from semalab.exploration.progress import SearchProgress, interrupts, shown
from semalab.exploration.sleepsets import Changed
from semalab.exploration.stage import Stage
from semalab.report import Lane, lanes_picture
from semalab.report.lanes import RIGHT, WRONG, common, draw_lanes, label, tags, threads_of
from semalab.report.margins import draw_foot, draw_head
from semalab.stepping import Guide

TESTS = Path(__file__).resolve().parent.parent


def workers(threads: int, work: Any) -> None:
    """In this module, so that its names are the twins while a program of this module runs."""
    started = [threading.Thread(target=work, name=f"worker-{i}") for i in range(threads)]
    for worker in started:
        worker.start()
    for worker in started:
        worker.join()


def visit(threads: int, initial: int) -> None:
    semaphore = threading.Semaphore(initial)

    def work() -> None:
        with semaphore:
            pass

    workers(threads, work)


def count(threads: int) -> None:
    value = 0

    def work() -> None:
        nonlocal value
        value += 1

    workers(threads, work)
    if value != threads:
        raise ValueError(f"{value} of {threads}")


def words(figure: Any) -> list[str]:
    return [written.get_text() for written in figure.texts]


def size(picture: bytes) -> tuple[int, int]:
    return int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")


# the bundle
def test_the_words_stand_beside_the_picture_and_in_its_alternative_text() -> None:
    found = lab.explore(visit, threads=2, initial=2, check=lab.mutual_exclusion)
    bundle, about = found._repr_mimebundle_()
    assert sorted(bundle) == ["image/png", "text/plain"]
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert bundle["text/plain"] == repr(found) == "\n".join([found.sentence, *found.steps])
    assert about["image/png"]["alt"] == " ".join(f"{line}." for line in [found.sentence, *found.steps])


@pytest.mark.parametrize(
    ("how", "headline", "tally"),
    [
        ({"initial": 1}, "Proved: mutual exclusion", "0 of 2 different schedules break it"),
        (
            {"initial": 2},
            "Counterexample: Mutual exclusion broken: 2 threads inside at once",
            "2 of 4 different schedules break it",
        ),
        (
            {"initial": 1, "budget": 1},
            "Budget exhausted: nothing wrong so far, but not every schedule was run; to have it decided, try a smaller"
            " `threads`, or more than budget=1",
            "0 of 1 different schedule so far break it",
        ),
        (
            {"initial": 0},
            "Counterexample: Deadlock: 2 threads wait for `semaphore` (value 0) and nobody can release it any"
            " more; main waits for worker-0 to end",
            "1 of 1 different schedule breaks it",
        ),
    ],
)
def test_every_verdict_has_a_picture_with_its_words(how: dict[str, int], headline: str, tally: str) -> None:
    found = lab.explore(visit, threads=2, check=lab.mutual_exclusion, **how)
    assert (found.headline, found.tally) == (headline, tally)
    assert size(found.picture())[0] == 1000
    assert "visit(threads=2" in found.subtitle and "granularity of operations" in found.subtitle


def test_an_only_schedule_is_called_so() -> None:
    assert lab.explore(visit, threads=1, initial=1).sentence == (
        "Proved for visit(threads=1, initial=1) at the granularity of operations: no deadlock, no exception, under its"
        " only schedule"
    )
    assert ", its only schedule is wrong" in lab.explore(visit, threads=1, initial=0).sentence


AGAIN = """
import hashlib, semalab as lab
from programs import explored as programs
for how in ({"threads": 2, "initial": 2}, {"threads": 2, "initial": 1}, {"threads": 4, "initial": 4, "budget": 40}):
    found = lab.explore(programs.counting, granularity="bytecode", **how)
    print(hashlib.sha256(found.picture()).hexdigest(), hashlib.sha256(repr(found).encode()).hexdigest())
"""


def test_the_picture_is_the_same_in_every_process() -> None:
    told = set()
    for seed in ("1", "2"):
        path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed}
        ended = subprocess.run(
            [sys.executable, "-c", AGAIN], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.stderr == ""
        told.add(ended.stdout)
    assert len(told) == 1 and len(told.pop().split()) == 6


# in the picture
def drawn(found: Exploration) -> tuple[list[str], list[str]]:
    """The words in the head and in the foot."""
    from semalab.report import Head, Tally

    tally = Tally(len(found.violations), found.covered, found.complete, found.tally)
    steps = [(step.thread, step.what) for step in found.description.steps] if found.description else []
    foot = draw_foot(steps, as_lanes(found.lanes), found.complete, "a note")
    return words(draw_head(Head(found.headline, found.subtitle, tally))), words(foot) if foot else []


def test_verdict_tally_and_steps_can_be_read_in_the_picture() -> None:
    found = lab.explore(count, threads=2, granularity="bytecode")
    head, foot = drawn(found)
    assert head == [
        "Counterexample: main raised ValueError: 1 of 2",
        "count(threads=2) at the granularity of bytecode · 4 runs",
        "2 of 4 different schedules break it",
    ]
    for step in ("worker-0 reads ‘value’ = 0", "worker-1 writes ‘value’ = 1"):
        assert step in foot
    assert foot.count(WRONG) == 3 and foot.count(RIGHT) == 3  # one in the key, one for each lane
    assert [word for word in foot if word.startswith("#")] == ["#0", "#1"]
    assert "The 4 different schedules, one to a row" in foot


def test_what_was_not_run_is_drawn_as_not_run() -> None:
    found = lab.explore(visit, threads=3, initial=2, budget=10, check=lambda run: True)  # asked about each class
    head, foot = drawn(found)
    assert "not run" in head
    assert any(line.startswith("The 10 different schedules so far, one to a row") for line in foot)


def test_too_many_schedules_are_no_lanes_but_a_note() -> None:
    found = lab.explore(visit, threads=4, initial=3, check=lambda run: True)  # asked about each class
    assert found.covered > 50
    assert found.lanes == ()
    assert "a note" in drawn(found)[1]
    assert size(found.picture())[0] == 1000
    assert len(found.right) == 50


def test_text_of_the_program_is_drawn_as_text() -> None:
    def odd(**names: str) -> None:
        def work() -> None:
            raise ValueError("$x_1$ <b>\x1b[31m\n`" + 900 * "y")

        worker = threading.Thread(target=work, name="$\\frac$\n<i>")
        worker.start()
        worker.join()

    found = lab.explore(odd, label="$\\alpha\n$")
    assert size(found.picture())[0] == 1000
    for line in drawn(found)[0]:
        assert line.isprintable() and "\x1b" not in line


def test_without_a_primitive_the_steps_are_a_chart() -> None:
    found = lab.explore(count, threads=2, granularity="bytecode")
    assert found.description is not None
    shown = words(drawing(found.description, "a title"))
    assert shown[:2] == ["a title", "main and 2 threads · virtual clock, every step chosen"]
    assert shown.count("reads value = 0") == 2
    wrote = [word for word in shown if word.startswith("writes")]
    assert wrote == ["writes value = 1", "writes value = 1 (unchanged!)"]
    assert [word for word in shown if word.isdigit()] == ["1", "2", "3", "4"]
    assert drawing(found.description, "a title", 4.4).get_size_inches().tolist() == [10.0, 4.4]
    held = lab.explore(visit, threads=2, initial=0)
    assert held.description is not None
    assert "deadlock" in words(drawing(held.description, "a title"))  # a timeline


# lanes
def test_lanes_are_every_schedule_in_the_order_of_their_steps() -> None:
    found = lab.explore(visit, threads=2, initial=2, check=lab.mutual_exclusion)
    told = [(lane.schedule.choices, lane.violation, lane.shortest) for lane in found.lanes]
    assert told == [
        ((1, 1, 2, 2), None, False),
        ((1, 2, 2, 1), 0, True),
        ((2, 1, 2, 1), 1, False),
        ((2, 2, 1, 1), None, False),
    ]
    assert found.lanes is found.lanes


@pytest.mark.parametrize("program", [programs.counting, programs.passing])
def test_a_lane_is_the_run_that_replay_gives(program: Any) -> None:
    found = lab.explore(program, threads=2, initial=2, granularity="bytecode", check=lab.mutual_exclusion)
    numbers = [lane.violation for lane in found.lanes if lane.violation is not None and not lane.shortest]
    assert numbers == sorted(numbers)  # counted from the top down
    assert len(numbers) == len(found.violations) - 1
    assert len({lane.description.outcome for lane in found.lanes}) == len(found.lanes) == found.covered
    for lane in found.lanes:
        lane.description.run.trace.certify()
        if lane.violation is not None and not lane.shortest:
            assert lane.description.run.trace == found.replay(lane.violation).trace
    assert sum(lane.shortest for lane in found.lanes) == 1


@pytest.mark.parametrize(
    ("name", "program", "how"),
    [
        ("deadlock", programs.philosophers, {"threads": 3}),
        ("sleeps", programs.sleepers, {"time": "free"}),
        ("queue", programs.latch, {"threads": 3}),
        ("no step", programs.rendezvous_deadlock, {}),
    ],
)
def test_all_kinds_of_programs_have_lanes(name: str, program: Any, how: dict[str, Any]) -> None:
    found = lab.explore(program, **how)
    assert len(found.lanes) == found.covered
    if found.shortest is not None:
        (shortest,) = [lane for lane in found.lanes if lane.shortest]
        assert shortest.description.words == found.steps
    assert size(found.picture())[0] == 1000


def test_lanes_that_begin_alike_share_their_blocks() -> None:
    lanes = [Lane((("a", "x"), ("a", "y"), ("b", "x")), False), Lane((("a", "x"), ("b", "x")), True)]
    assert common([*lanes, Lane((("b", "x"),), False)]) == [0, 1, 0]
    blocks = [word for word in words(draw_lanes(lanes, 720, True)) if re.match(r"[ab] [xy]$", word)]
    assert sorted(blocks) == ["a x", "a y", "b x", "b x"]  # one block for the step they share


def test_lanes_alone_begin_at_the_edge_and_beside_steps_behind_them() -> None:
    proof = lab.explore(visit, threads=2, initial=1)
    foot = draw_foot([], as_lanes(proof.lanes), True, "")
    assert foot is not None
    assert foot.texts[0].get_position()[0] == 12
    found = lab.explore(count, threads=2, granularity="bytecode")
    assert found.description is not None
    foot = draw_foot([*found.description.steps], as_lanes(found.lanes), True, "")
    assert foot is not None
    begin = {word.get_text(): word.get_position() for word in foot.texts}
    lanes = next(place for text, place in begin.items() if text.startswith("The 4 different"))
    assert begin["Its steps, in order"][1] == lanes[1] and lanes[0] > 200


def test_the_size_does_not_depend_on_which_is_chosen() -> None:
    found = lab.explore(visit, threads=3, initial=1)
    pictures = [lanes_picture(as_lanes(found.lanes, lane), True) for lane in found.lanes]
    assert len({size(picture) for picture in pictures}) == 1
    assert len(set(pictures)) == len(pictures)


@pytest.mark.parametrize(
    ("threads", "signs"),
    [
        (["main", "worker-0", "worker-11"], ["m", "0", "11"]),
        (["Thread-1 (work)", "Thread-2 (work)"], ["1", "2"]),
        (["t1-3", "t1-4"], ["3", "4"]),
        (["producer", "consumer"], ["p", "c"]),
        (["cook", "critic"], ["A", "B"]),
        (["---", "worker-12345"], ["A", "B"]),
    ],
)
def test_threads_have_short_signs(threads: list[str], signs: list[str]) -> None:
    assert list(tags(threads).values()) == signs


def test_threads_are_sorted_as_people_count() -> None:
    assert threads_of([[("worker-10", ""), ("worker-2", ""), ("main", "")]]) == ["main", "worker-2", "worker-10"]


def test_a_block_says_as_much_as_it_has_room_for() -> None:
    what = "acquires `semaphore` (2 → 1)"
    told = [label("0", what, room) for room in (200, 110, 60, 12, 2)]
    assert told == ["0 acquires semaphore (2 → 1)", "0 acquires semaphore", "0 acquires", "0", ""]


TOLD = """
import semalab as lab
from programs import explored as programs
for program, how in ((programs.counting, {"threads": 2, "initial": 2, "granularity": "bytecode"}),
                     (programs.unprotected, {"threads": 3, "granularity": "bytecode"}),
                     (programs.philosophers, {"threads": 3}), (programs.sleepers, {"time": "free"})):
    for lane in lab.explore(program, **how).lanes:
        print(lane.schedule.choices, lane.violation, lane.shortest, ascii(lane.description.words))
"""


def test_lanes_are_told_alike_on_other_pythons() -> None:
    told = set()
    for python in (Path(sys.executable), *other_pythons().values()):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)])}
        ended = subprocess.run(
            [str(python), "-c", TOLD], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.stderr == ""
        told.add(ended.stdout)
    assert len(told) == 1
    assert told.pop().count("\n") == 10 + 36 + 7 + 4


# what steps read and wrote
shared: Any = 0


def writes_globals() -> None:
    global shared
    shared = "x" * 50

    def work() -> None:
        global shared
        shared = len(str(shared))

    workers(2, work)
    shared = -1  # after the last step: not what the threads wrote


def test_values_are_those_at_the_step() -> None:
    found = lab.explore(writes_globals, granularity="bytecode")
    words = next(lane.description.words for lane in found.lanes if lane.schedule.choices == (1, 1, 2, 2))
    assert words == (
        "1. worker-0 reads `shared` = 'xxxxxxxxxxxxxxxxxxx… (32 more characters)",
        "2. worker-0 writes `shared` = 50",
        "3. worker-1 reads `shared` = 50",
        "4. worker-1 writes `shared` = 2",
    )


class Loud:
    asked = 0

    def __repr__(self) -> str:
        Loud.asked += 1
        return "loud"


def writes_objects() -> None:
    box: Any = Loud()

    def work() -> None:
        nonlocal box
        box = Loud() if box else None

    workers(2, work)


def test_values_of_the_programs_own_classes_are_not_asked_for() -> None:
    found = lab.explore(writes_objects, granularity="bytecode")
    assert found.lanes and Loud.asked == 0
    assert all(" = " not in line for lane in found.lanes for line in lane.description.words)


def test_values_are_told_between_bytecodes_only() -> None:
    found = lab.explore(count, threads=2, granularity="lines")
    told = [line for lane in found.lanes for line in lane.description.words]
    assert told and all(" = " not in line for line in told)


turned = False


def turns() -> None:
    def work() -> None:
        if turned:
            raise ValueError
        threading.Semaphore(1).acquire()

    workers(2, work)


def test_a_program_that_has_changed_since_is_not_drawn_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    found = lab.explore(turns)
    monkeypatch.setitem(globals(), "turned", True)
    with pytest.raises(Changed):
        found.lanes  # noqa: B018
    assert size(found.picture())[0] == 1000  # all but the lanes


# progress
class Recorded:
    def __init__(self) -> None:
        self.seen: list[Any] = []

    def show(self, progress: SearchProgress) -> None:
        self.seen.append(progress)

    def close(self) -> None:
        self.seen.append("closed")


@pytest.fixture
def bars() -> Iterator[list[Recorded]]:
    made: list[Recorded] = []

    def make() -> Recorded:
        made.append(Recorded())
        return made[-1]

    before, front_end.make_bar = front_end.make_bar, make
    yield made
    front_end.make_bar = before


def test_a_bar_comes_after_a_second_and_four_times_a_second(bars: list[Recorded]) -> None:
    clock = [0.0]
    with shown(1000, 60.0, lambda: clock[0]) as note:
        for tick in range(16):
            clock[0] = tick / 10
            note(tick)
            assert bool(bars) == (clock[0] >= 1)
    (bar,) = bars
    assert [seen.schedules for seen in bar.seen[:-1]] == [10, 13]
    assert bar.seen[-1] == "closed"
    assert bar.seen[0] == SearchProgress(10, 1000, 1.0, 60.0)
    assert bar.seen[0].words == "10 of at most 1,000 schedules run, 1 of at most 60 s"
    assert bar.seen[0].part == pytest.approx(1 / 60)


def test_a_short_search_shows_no_bar_and_a_failed_one_takes_it_away(bars: list[Recorded]) -> None:
    assert lab.explore(visit, threads=2, initial=1)
    assert bars == []
    clock = [0.0]

    def fail() -> None:
        with shown(10, 10.0, lambda: clock[0]) as note:
            clock[0] = 2.0
            note(1)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert bars[0].seen[-1] == "closed"


# interrupts
@pytest.mark.usefixtures("interruptible")
def test_the_first_interrupt_asks_and_the_second_raises() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interrupts() as interrupted:
        assert not interrupted()
        signal.raise_signal(signal.SIGINT)
        assert interrupted()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.usefixtures("interruptible")
def test_no_other_thread_touches_the_handler() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[Any] = []

    def look() -> None:
        with interrupts() as interrupted:
            seen.extend([signal.getsignal(signal.SIGINT), interrupted()])

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before, False]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tells a program which of its runs this is: it cannot remember one itself."""
    play = Stage.play
    monkeypatch.setattr(sys, "runs_of_a_test", 0, raising=False)

    def counting(stage: Stage, guide: Guide) -> None:
        sys.runs_of_a_test += 1  # type: ignore[attr-defined]
        play(stage, guide)

    monkeypatch.setattr(Stage, "play", counting)


def spins() -> None:
    """Its second run never ends, and asks to be interrupted."""
    if sys.runs_of_a_test > 1:  # type: ignore[attr-defined]
        signal.raise_signal(signal.SIGINT)
        while True:
            pass
    visit(2, 1)


@pytest.mark.usefixtures("interruptible", "counted")
def test_an_interrupt_ends_a_schedule_that_hangs() -> None:
    found = lab.explore(spins)
    assert (found.verdict, found.interrupted, found.unfinished) == ("budget exhausted", True, None)
    assert found.covered or found.states


def deadlocks_slowly() -> None:
    if sys.runs_of_a_test > 1:  # type: ignore[attr-defined]
        sum(range(5_000_000))  # longer than the supervisor takes to ask whether a run is still wanted
    visit(2, 0)


@pytest.mark.usefixtures("counted")
def test_what_was_found_is_shown_however_slowly_it_runs_and_whoever_has_stopped_the_search() -> None:
    def wanted(schedules: int) -> bool:
        return bool(sys.runs_of_a_test < 2)  # type: ignore[attr-defined]

    found = search(deadlocks_slowly, {}, None, "operations", "clock", 1, 60, wanted)
    runs = sys.runs_of_a_test  # type: ignore[attr-defined]
    assert (found.verdict, runs) == ("counterexample", 3)  # found, played again, shown
    assert found.problem.startswith("Deadlock: 2 threads wait for `semaphore`")
