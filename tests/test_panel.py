"""The panel without a browser: dials, runs, words. What only a browser shows is in tests/browser."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import ipywidgets
import pytest

import semalab as lab
from semalab.panel.panel import DPI, INCHES

TESTS = Path(__file__).resolve().parent


def visit(threads: int = 4, initial: int = 1) -> None:
    mutex = threading.Semaphore(initial)

    def work() -> None:
        with mutex:
            print("inside")
            time.sleep(0.01)

    workers = [threading.Thread(target=work, name=f"worker-{i}") for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def mixed(threads: int = 2, order: str = "first", polite: bool = True) -> str:
    return f"{threads} {order} {polite}"


def never_ends() -> None:
    while True:
        time.sleep(1)


def fails(threads: int = 1) -> None:
    def work() -> None:
        raise LookupError("<b>no such seat</b>")

    worker = threading.Thread(target=work, name="worker-0")
    worker.start()
    worker.join()


def png_size(picture: bytes) -> tuple[int, int]:
    return int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")


def test_abbreviations_are_those_of_ipywidgets() -> None:
    panel = lab.interact(mixed, threads=(1, 20), order=["first", "last"], polite=True)
    kinds = [type(control) for control in panel.controls.values()]
    assert kinds == [ipywidgets.IntSlider, ipywidgets.Dropdown, ipywidgets.Checkbox]
    assert (panel.controls["threads"].min, panel.controls["threads"].max) == (1, 20)
    assert panel.run.result == "2 first True"  # dials begin at the program's own defaults


def test_a_new_value_runs_at_once() -> None:
    panel = lab.interact(visit, threads=(1, 20), initial=(0, 3), claim=lab.mutual_exclusion)
    before = panel.picture.value
    assert panel.run.verdict == "Mutual exclusion held: never more than 1 inside"
    panel.controls["initial"].value = 2
    assert "Mutual exclusion broken: 2 threads inside at once" in panel.sentence.value
    assert panel.picture.value != before
    panel.controls["initial"].value = 1
    assert panel.picture.value == before  # the virtual clock: same values, same bytes


def test_next_seed_is_another_schedule() -> None:
    panel = lab.interact(visit, threads=(1, 20))
    before = panel.run.trace
    panel.next_seed.click()
    assert (panel.seed.value, panel.run.seed) == (1, 1)
    assert panel.run.trace != before


@pytest.mark.parametrize("values", [(1, 0), (1, 1), (20, 0), (20, 3)])
def test_the_picture_never_changes_size(values: tuple[int, int]) -> None:
    panel = lab.interact(visit, threads=(1, 20), initial=(0, 3))
    panel.controls["threads"].value, panel.controls["initial"].value = values
    assert png_size(panel.picture.value) == (INCHES[0] * DPI, INCHES[1] * DPI)


def test_every_position_of_the_dials_runs() -> None:
    """nbval only ever sees the first position; here the grid's corners and its middle are swept."""
    panel = lab.interact(visit, threads=(1, 20), initial=(0, 3))
    for threads in (1, 2, 10, 20):
        for initial in range(4):
            panel.controls["threads"].value, panel.controls["initial"].value = threads, initial
            panel.run.trace.certify()
            assert dict(panel.run.arguments) == {"threads": threads, "initial": initial}
            assert (panel.run.stopped is not None) == (initial == 0)


def test_output_stands_in_the_fold() -> None:
    panel = lab.interact(visit, threads=(1, 20))
    assert panel.printed.value.count("inside") == 4
    assert panel.fold.selected_index is None


def test_the_run_is_gone_through_in_the_second_fold() -> None:
    panel = lab.interact(visit, threads=(1, 4), initial=(1, 2))
    assert panel.steps.value == ""  # nobody looks
    panel.fold.selected_index = 1
    assert panel.run is not None
    assert panel.steps.value == panel.run.replay().value
    before = panel.steps.value
    panel.controls["threads"].value = 2
    assert panel.steps.value == panel.run.replay().value != before
    panel.fold.selected_index = 0
    assert panel.steps.value == ""


def test_an_error_is_shown_with_the_programs_own_lines() -> None:
    panel = lab.interact(fails, threads=(1, 2))
    shown = panel.sentence.value
    assert "worker-0 raised LookupError" in shown
    assert "in work: raise LookupError" in shown
    assert "&lt;b&gt;no such seat&lt;/b&gt;" in shown  # text of the program, never markup
    assert "semalab" not in shown
    assert "threading.py" not in shown


def test_a_program_that_never_ends_is_stopped() -> None:
    panel = lab.interact(never_ends, timeout=3)
    assert "Stopped: the program had not ended after 3 s" in panel.sentence.value


def test_the_wall_clock_is_a_switch_and_its_button() -> None:
    panel = lab.interact(visit, threads=(1, 20))
    assert panel.again.disabled
    assert not panel.next_seed.disabled
    panel.clock.value = "wall"
    assert (panel.again.disabled, panel.next_seed.disabled) == (False, True)
    first = panel.run
    assert first.clock == "wall"
    panel.again.click()
    assert panel.run is not first


@pytest.mark.parametrize(
    ("sliders", "message"),
    [
        ({"threads": (20, 1)}, "threads must be a range (least, most) with least below most, got (20, 1)"),
        ({"threads": (0, 5)}, "threads must be at least 1, got a range from 0; write (1, 5)"),
        ({"initial": (-2, 3)}, "initial must be at least 0, got a range from -2; write (0, 3)"),
    ],
)
def test_a_bad_range_is_refused(sliders: dict[str, tuple[int, int]], message: str) -> None:
    with pytest.raises(ValueError) as refused:
        lab.interact(visit, **sliders)
    assert str(refused.value) == message


def test_what_is_no_abbreviation_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^threads must be a range \(least, most\), a list of choices, .* got <object"):
        lab.interact(visit, threads=object())


def test_an_unknown_argument_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^visit\(\) has no argument 'thread'; did you mean 'threads'\?$"):
        lab.interact(visit, thread=(1, 5))


def test_its_text_is_a_sentence() -> None:
    assert repr(lab.interact(visit, threads=(1, 5))) == "Sliders for threads: run the notebook to turn them"


KERNEL = """
import asyncio, threading, time
import semalab as lab
from soak import footprint, missed

alive, most = [], 0  # the values whose run has a thread alive, one entry for each thread; the most different ones

def slow(threads=200):
    def work():
        global most
        alive.append(threads)
        most = max(most, len(set(alive)))
        try:
            time.sleep(30 if threads < 200 else 0.01)
        finally:
            alive.remove(threads)
    threading.Thread(target=work).start()
    threading.Thread(target=work, daemon=True).start()
    work()

async def drag(panel):
    shown = panel.run
    panels = 0
    for value in range(1, 201):
        panel.controls["threads"].value = value
        await asyncio.sleep(0)
        panels = max(panels, sum(t.name == "semalab panel" for t in threading.enumerate()))
    while panel.run is shown or panel._latest.busy:
        await asyncio.sleep(0.01)
    while any(t.name == "semalab panel" for t in threading.enumerate()):
        await asyncio.sleep(0.01)
    print(panels, most, alive, panel.run.clock, panel.run.arguments["threads"], panel.run.stopped)

async def twice():
    panel = lab.interact(slow, threads=(1, 200))
    panel.clock.value = "wall"
    await drag(panel)  # the first time loads fonts and fills caches
    before = footprint()
    await drag(panel)
    print(missed(before, footprint()))

asyncio.run(asyncio.wait_for(twice(), 100))
"""


def test_a_burst_on_the_wall_clock_ends_with_the_last_value() -> None:
    """200 values while each run would take 30 s: every one but the last is stopped, one is alive at any time."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (TESTS.parent, TESTS)))}
    done = subprocess.run(
        [sys.executable, "-c", KERNEL], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stderr == ""
    assert done.stdout == "1 1 [] wall 200 None\n1 1 [] wall 200 None\n[]\n"
