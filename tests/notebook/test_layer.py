"""What the kernel tells a page of a panel's picture, for who points at it, and what the page asks back."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.analysis.claims import mutual_exclusion
from semalab.draw import Easel, png
from semalab.draw.picture import pixels_of
from semalab.exploration import explore
from semalab.notebook.layer import Layer
from semalab.notebook.panel import DPI, INCHES, Panel, interact
from semalab.notebook.schedules import Schedules
from semalab.recording import record


def visit(threads: int = 3, initial: int = 1) -> None:
    mutex = threading.Semaphore(initial)

    def work() -> None:
        with mutex:
            time.sleep(0.1)

    workers = [threading.Thread(target=work, name=f"worker-{number}") for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def panel() -> Panel:
    made = interact(visit, threads=(1, 4), initial=(0, 2))
    assert isinstance(made, Panel)
    return made


def told(made: Panel) -> dict[str, Any]:
    made.pointed.layer.tell(False)
    assert made.pointed.layer.told is not None
    return made.pointed.layer.told


def shown(made: Panel, **how: Any) -> bytes:
    assert made.run is not None
    return png(made.run.timeline(width=INCHES[0], height=INCHES[1], dpi=DPI, lasting=made.run.trace.duration, **how))


def test_nothing_is_told_of_a_picture_that_is_no_longer_there() -> None:
    made = panel()
    assert told(made)["facts"]["words"][-5:-1] == ["main", "worker-0", "worker-1", "worker-2"]
    made.controls["threads"].value = 2
    assert made.pointed.layer.told is None
    assert "worker-2" not in told(made)["facts"]["words"]


def test_the_places_are_those_of_the_drawing_without_what_is_drawn() -> None:
    made = panel()
    assert made.run is not None
    facts = told(made)["facts"]["positions"][0]
    drawing = made.run.drawing(width=INCHES[0], height=INCHES[1], lasting=made.run.trace.duration)
    assert facts[5:12] == [
        *(drawing.width, drawing.height, drawing.left, drawing.right, drawing.begin, drawing.end, drawing.grain)
    ]
    assert facts[-1] == []


def test_a_part_that_was_dragged_out_is_drawn_with_the_fold_closed_and_forgotten_with_all() -> None:
    made = panel()
    whole = made.picture.value
    made.pointed.layer._asked({"window": [50.0, 150.0]})  # as the page sends it: milliseconds
    assert made.closer.part == {"between": (0.05, 0.15)}
    assert made.picture.value == shown(made, between=(0.05, 0.15))
    made.next_seed.click()
    assert made.closer.part == {"between": (0.05, 0.15)}  # the same threads: there, too
    made.fold.selected_index = 1
    assert made.closer.words.value == "50 to 150 milliseconds"  # the fold shows what was dragged out
    made.pointed.layer._asked({"window": None})
    assert made.closer.part == {}
    made.fold.selected_index = None
    made.seed.value = 0
    assert made.picture.value == whole


def test_a_part_that_reaches_over_the_ends_or_is_no_part_is_one() -> None:
    made = panel()
    made.closer.drag((-5.0, 1e9))
    assert made.closer.part == {}
    made.closer.drag((300.0, 300.0))
    begin, end = made.closer.part["between"]
    assert 0 <= begin < end <= 0.3


def test_an_easel_paints_what_paper_of_its_own_would_show() -> None:
    """Whatever was on it before: more rows, another size, a part, a deadlock."""
    easel = Easel()
    runs = [record(visit, threads=n, initial=i, clock="virtual") for n, i in ((3, 1), (90, 2), (2, 0), (3, 1), (12, 1))]
    for run in runs:
        for how in ({}, {"width": 6.0}, {"between": (0.0, 0.05)} if run.trace.duration else {}):
            assert pixels_of(run, easel, **how) == png(run.timeline(**how))


def chooser(program: Any, **settings: Any) -> Schedules:
    made = interact(explore(program, **settings))
    assert isinstance(made, Schedules)
    return made


def test_a_chosen_schedules_picture_answers_and_is_drawn_in_part() -> None:
    made = chooser(visit, threads=2, initial=2, check=mutual_exclusion)
    whole = made.picture.value
    made.pointed.layer.tell(False)
    assert made.pointed.layer.told is not None
    assert "worker-1" in made.pointed.layer.told["facts"]["words"]
    made.pointed.layer._asked({"window": [2.0, 6.0]})  # as the page sends it; the clock's unit is that of the axis
    assert made.picture.value != whole
    made.pointed.layer.tell(True)
    assert made.pointed.layer.told["part"] is True
    made.after.click()  # another schedule is seen whole
    made.before.click()
    assert made.picture.value == whole
    made.pointed.layer._asked({"window": [2.0, 6.0]})
    made.pointed.layer._asked({"window": None})
    assert made.picture.value == whole


def test_a_chart_of_steps_has_nothing_to_point_at() -> None:
    made = chooser(count, granularity="bytecode")
    assert made.picture.value
    assert made.pointed.layer.layout.display == "none"
    made.pointed.layer.tell(False)
    assert made.pointed.layer.told is None


def count() -> None:
    counter = 0

    def work() -> None:
        nonlocal counter
        counter += 1

    workers = [threading.Thread(target=work, name=f"worker-{number}") for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert counter == 2


def test_who_asks_for_the_part_that_is_shown_is_answered() -> None:
    """The picture in the browser is busy until the kernel says what it shows, painted anew or not."""
    layer, told = Layer(lambda: None, lambda window: None), {"facts": "", "pointed": [], "part": False}
    layer.told, answers = told, []
    layer.observe(lambda change: answers.append(change.new), "told")
    layer._asked({"window": None})
    assert answers == [None, told]
