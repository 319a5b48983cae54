"""Two runs side by side: what was varied, where they part, what came of it."""

from __future__ import annotations

import io
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from virtual_runs import latch

import semalab as lab
from semalab.comparison import Difference
from semalab.run import Run
from semalab.trace import Trace

pytest_plugins = ("leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")


def visit(threads: int = 3, initial: int = 1, stay: float = 0.01) -> None:
    mutex = threading.Semaphore(initial)

    def work() -> None:
        with mutex:
            time.sleep(stay)

    for i in range(threads):
        threading.Thread(target=work, name=f"worker-{i}").start()


def virtual(program: Any = visit, **how: Any) -> Run:
    return lab.record(program, clock="virtual", **how)


def test_one_permit_beside_two() -> None:
    compared = lab.compare(virtual(initial=1), virtual(initial=2))
    assert compared.varied == (Difference("initial", "1", "2"),)
    assert compared.headline == "Initial 1 beside initial 2"
    assert compared.sentence == (
        "Initial 1: Mutual exclusion held: never more than 1 inside, 30 ms."
        " Initial 2: Mutual exclusion broken: 2 threads inside at once, 20 ms"
    )
    said = {one.what: (one.a, one.b) for one in compared.differences}
    assert said["duration"] == ("30 ms", "20 ms")
    assert said["most inside at once"] == ("1", "2")
    assert said["waits"] == ("2, together 30 ms", "1, together 10 ms")
    assert said["value at the end"] == ("1", "2")
    assert said["threads"] == ("4", "4")
    assert "threads: 4 in both" in compared.lines


def test_two_seeds_part_at_the_first_event_that_is_another() -> None:
    a, b = virtual(seed=1), virtual(seed=2)
    compared = lab.compare(a, b)
    assert compared.varied == (Difference("seed", "1", "2"),)
    place = compared.parting
    assert place is not None
    assert [e[1:5] for e in a.trace[:place]] == [e[1:5] for e in b.trace[:place]]
    assert a.trace[place][1:5] != b.trace[place][1:5]
    assert compared.parted == (
        f"They part: the same for {place:,} events, then {a.moments[place].sentence} | {b.moments[place].sentence}."
    )


def test_equal_runs_are_said_to_be_equal() -> None:
    compared = lab.compare(virtual(seed=1), virtual(seed=1))
    assert compared.varied == ()
    assert compared.parting is None
    assert compared.headline == "The same log, event by event"
    assert compared.sentence.startswith("The same log, event by event: Mutual exclusion held")
    assert not any(one.differs for one in compared.differences)


def test_other_times_are_no_other_events() -> None:
    compared = lab.compare(virtual(stay=0.01, seed=4), virtual(stay=0.02, seed=4))
    assert compared.parting is None
    assert compared.parted.startswith("The same ")
    assert compared.sentence.startswith("Stay 0.01: ")


def test_real_seconds_are_said_to_be_this_machines() -> None:
    compared = lab.compare(virtual(), lab.record(visit))
    assert compared.varied == (Difference("clock", "virtual", "wall"),)
    assert compared.parted.endswith("Times on the wall clock are this machine's, and other ones each time.")
    assert "wall" not in lab.compare(virtual(), virtual(seed=1)).parted


def test_a_run_that_only_goes_on_longer_parts_at_the_end_of_the_other() -> None:
    whole = virtual()
    part = Run(Trace(whole.trace[:5], whole.trace.threads, whole.trace.primitives.values()), {}, "virtual", 0, 0.0)
    compared = lab.compare(whole, part)
    assert compared.parting == 5
    assert compared.parted.endswith("| the run is over.")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({}, {"initial": 2}),
        ({"initial": 0}, {}),
        ({"stay": 0}, {"stay": 0, "seed": 1}),
        ({"threads": 1}, {"threads": 300}),
        ({}, {"program": latch, "threads": 2}),
        ({}, {"program": time.time}),
    ],
)
def test_any_two_runs_have_a_picture_and_words(a: dict[str, Any], b: dict[str, Any]) -> None:
    compared = lab.compare(virtual(**a), virtual(**b))
    shown, about = compared._repr_mimebundle_()
    assert Image.open(io.BytesIO(shown["image/png"])).width == 1000
    assert shown["text/plain"] == about["image/png"]["alt"] == "\n".join(compared.lines)
    assert lab.compare(virtual(**a), virtual(**b)).picture() == shown["image/png"]


def test_a_counterexample_beside_a_schedule_that_is_right() -> None:
    found = lab.explore(visit, threads=2, initial=2, stay=0.0, check=lab.mutual_exclusion)
    right = lab.record(visit, schedule=found.right[0], threads=2, initial=2, stay=0.0)
    compared = lab.compare(found.replay(0), right)
    assert [one.what for one in compared.varied] == ["schedule"]
    assert compared.names == ("first", "second")
    assert compared.sentence.startswith("First: Mutual exclusion broken: 2 threads inside at once")


def test_a_loaded_run_is_compared_as_it_was(tmp_path: Path) -> None:
    run = virtual(seed=3)
    back = lab.load(run.save(tmp_path / "run.json"))
    assert lab.compare(run, back).headline == "The same log, event by event"


def test_it_is_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    compared = lab.compare(virtual(), virtual(initial=2))
    file = compared.save(tmp_path / "two.png")
    assert file.read_bytes() == compared.picture()
    with pytest.raises(ValueError, match=r"^the suffix must be \.png, got 'two\.gif'$"):
        compared.save(tmp_path / "two.gif")


@pytest.mark.parametrize(("a", "b", "name"), [(1, None, "a"), (None, visit, "b")])
def test_what_is_no_run_is_refused(a: Any, b: Any, name: str) -> None:
    run = virtual()
    with pytest.raises(TypeError, match=rf"^{name} must be a run, as record\(\) and load\(\) return it, got "):
        lab.compare(run if a is None else a, run if b is None else b)
