"""The panel without a browser: dials, runs, words. What only a browser shows is in tests/browser."""

from __future__ import annotations

import html
import os
import random
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import ipywidgets
import pytest

import semalab as lab
from semalab.draw import layout, png
from semalab.notebook import controls
from semalab.notebook.controls import Export
from semalab.notebook.panel import CLOSER, DPI, INCHES, PRINTED, STEPS, Panel
from semalab.notebook.preview import settings_of

TESTS = Path(__file__).resolve().parent.parent


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


def axis(panel: Panel) -> dict[str, int | None]:
    """How far the panel's axis goes, and where the run before ended."""
    return {"lasting": panel._measure.lasting, "before": panel._measure.before}


def drifts(threads: int = 3) -> None:
    workers = [
        threading.Thread(target=lambda: time.sleep(random.uniform(1, 2)), name=f"worker-{i}") for i in range(threads)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def lasts(seconds: float) -> None:
    time.sleep(seconds)


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
    panel.reset.click()
    assert panel.picture.value == before  # the virtual clock: same values, same bytes


# the axis
def ends(picture_of: Panel) -> tuple[float, float | None]:
    """Where the axis of the present picture ends, and where the thin line stands."""
    laid = layout(picture_of.run.reading, title="", **axis(picture_of))
    return laid.scene.view.until, laid.scene.before


def test_the_axis_keeps_its_length_and_the_run_before_is_marked() -> None:
    panel = lab.interact(lasts, seconds=[0.2, 0.1, 0.4, 0.3])
    assert ends(panel) == (200.0, None)
    told = []
    for seconds in (0.1, 0.4, 0.3):
        panel.controls["seconds"].value = seconds
        told.append((ends(panel), panel.sentence.value.count("The run before: ")))
    assert told == [((200.0, 200.0), 1), ((400.0, 100.0), 1), ((400.0, 400.0), 1)]
    assert "The run before: 400 ms" in panel.sentence.value
    panel.reset.click()
    assert (panel.controls["seconds"].value, ends(panel)) == (0.2, (200.0, None))
    assert "The run before" not in panel.sentence.value


def test_a_run_that_would_be_a_speck_begins_the_axis_anew() -> None:
    panel = lab.interact(lasts, seconds=[5.0, 0.19])
    panel.controls["seconds"].value = 0.19
    assert ends(panel) == (190.0, None)


def test_events_and_seconds_do_not_measure_each_other() -> None:
    panel = lab.interact(lasts, seconds=[0.2, 0.0, 0.1])
    panel.controls["seconds"].value = 0.0
    assert panel._measure.before is None
    panel.controls["seconds"].value = 0.1
    assert ends(panel) == (200.0, None)


def test_reset_is_one_run_with_everything_as_it_was() -> None:
    panel = lab.interact(visit, threads=(1, 20), initial=(0, 3), seed=3)
    before, values = panel.picture.value, panel.values
    panel.fold.selected_index = CLOSER
    panel.controls["initial"].value = 2
    panel.next_seed.click()
    panel.clock.value = "wall"
    panel.reset.click()
    assert (panel.values, panel.seed.value, panel.clock.value, panel.closer.part) == (values, 3, "virtual", {})
    assert panel.picture.value == before


def test_what_was_printed_has_a_button_where_something_was() -> None:
    panel = lab.interact(speaks, words=["", "hello"])
    button = panel.fold.buttons[PRINTED]
    assert button.layout.display == "none"
    panel.controls["words"].value = "hello"
    assert button.layout.display is None
    panel.fold.selected_index = PRINTED
    panel.controls["words"].value = ""
    assert button.layout.display is None  # who looks at it can shut it
    assert "printed nothing" in panel.printed.value
    panel.fold.selected_index = None
    assert button.layout.display == "none"


def speaks(words: str) -> None:
    if words:
        print(words)


def test_to_stop_is_offered_while_there_is_something_to_stop() -> None:
    panel = lab.interact(visit, threads=(1, 4))
    assert (panel.stop.disabled, panel.stop.layout.visibility) == (True, "hidden")
    panel.clock.value = "wall"  # outside a kernel it is waited for, and then there is nothing
    assert (panel.stop.disabled, panel.stop.layout.visibility) == (True, "hidden")


def test_title_and_second_line_stand_in_the_picture_and_are_spoken() -> None:
    panel = lab.interact(visit, threads=(1, 4))
    spoken = re.search(r"<span style='([^']*)'>(.*?)</span>", panel.sentence.value)
    assert spoken is not None and "clip-path" in spoken[1]
    assert spoken[2] == f"<b>{panel.run.verdict}</b> <em>{panel.run.description}</em>"
    assert panel.run.verdict not in panel.sentence.value.replace(spoken[0], "")


def test_the_name_of_a_saved_picture_is_the_programs() -> None:
    panel = lab.interact(visit, threads=(1, 4))
    (buttons,) = [child for child in panel.children[4].children if isinstance(child, Export)]
    assert "a.download=&#x27;visit.png&#x27;" in buttons.value
    assert "a.download=&#x27;a_b_alert_1.png&#x27;" in Export("a'b<\"alert(1)").value


# four settings
@pytest.mark.parametrize(
    ("dials", "settings"),
    [
        ({"n": (0, 3)}, [{"n": n} for n in range(4)]),
        ({"n": (1, 20)}, [{"n": n} for n in (1, 7, 14, 20)]),
        ({"polite": True}, [{"polite": False}, {"polite": True}]),
        ({"order": ["a", "b", "c"]}, [{"order": name} for name in "abc"]),
        (
            {"n": (1, 20), "initial": (0, 3)},
            [{"n": 10, "initial": 1}, {"n": 10, "initial": 0}, {"n": 10, "initial": 3}, {"n": 1, "initial": 1}],
        ),
    ],
)
def test_four_settings(dials: dict[str, Any], settings: list[dict[str, Any]]) -> None:
    assert settings_of(controls.dials(lambda **arguments: None, dials)) == settings


def test_without_widgets_four_settings_are_seen_on_one_axis() -> None:
    panel = lab.interact(visit, threads=(1, 20), initial=(0, 3))
    before = panel.run, panel.picture.value, panel.sentence.value
    bundle, about = panel._repr_mimebundle_()
    assert png_size(bundle["image/png"]) == (1000, 580)
    assert about["image/png"]["alt"] == f"4 timelines. {panel!r}"
    assert (panel.run, panel.picture.value, panel.sentence.value) == before
    assert panel._repr_mimebundle_()[0]["image/png"] == bundle["image/png"]


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


def test_of_the_folds_one_is_open_at_most() -> None:
    panel = lab.interact(visit, threads=(1, 4))
    buttons, pages = panel.fold.buttons, panel.fold.children

    def state() -> tuple[int | None, list[bool], list[str]]:
        return panel.fold.selected_index, [b.value for b in buttons], [p.layout.display or "shown" for p in pages]

    assert state() == (None, [False] * 3, ["none"] * 3)
    buttons[0].value = True
    assert state() == (0, [True, False, False], ["shown", "none", "none"])
    buttons[2].value = True
    assert state() == (2, [False, False, True], ["none", "none", "shown"])
    buttons[2].value = False
    assert state() == (None, [False] * 3, ["none"] * 3)
    panel.fold.selected_index = 1
    assert state() == (1, [False, True, False], ["none", "shown", "none"])


def test_the_run_is_gone_through_in_a_fold_of_its_own() -> None:
    panel = lab.interact(visit, threads=(1, 4), initial=(1, 2))
    assert panel.steps.value == ""  # nobody looks
    panel.fold.selected_index = STEPS
    assert panel.run is not None
    assert panel.steps.value == panel.run.replay().value
    before = panel.steps.value
    panel.controls["threads"].value = 2
    assert panel.steps.value == panel.run.replay().value != before
    panel.fold.selected_index = CLOSER
    assert panel.steps.value == ""


def test_an_error_is_shown_with_the_programs_own_lines() -> None:
    panel = lab.interact(fails, threads=(1, 2))
    said, shown = panel.sentence.value, panel.besides.value
    assert "worker-0 raised LookupError" in said
    assert "in work: raise LookupError" in shown
    for part in (said, shown):
        assert "&lt;b&gt;no such seat&lt;/b&gt;" in part  # text of the program, never markup
    assert "semalab" not in shown
    assert "threading.py" not in shown
    assert panel.children[-1] is panel.besides  # it may be long, and must move nothing


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


# every schedule
def test_the_button_steps_between_reads_and_writes_unless_told_otherwise() -> None:
    panel = lab.interact(races, threads=(1, 2), explore=True)
    panel.trying.start.click()
    assert panel.trying.answer.found.verdict == "counterexample"


def tried(panel: Any, granularity: str = "operations") -> Any:
    """Press the button; outside a kernel the search is waited for."""
    panel.trying.granularity.value = granularity
    panel.trying.start.click()
    return panel.trying.answer


def test_a_panel_tries_every_schedule_only_if_asked_to() -> None:
    assert lab.interact(visit, threads=(1, 3)).trying is None
    assert lab.interact(visit, threads=(1, 3), explore=True).trying is not None


def test_the_button_tries_every_schedule_for_the_present_values() -> None:
    panel = lab.interact(visit, threads=(1, 4), initial=(0, 3), claim=lab.mutual_exclusion, explore=True)
    panel.controls["threads"].value = 2
    answer = tried(panel)
    assert (answer.found.verdict, dict(answer.found.arguments)) == ("proved", {"threads": 2, "initial": 1})
    assert "Proved: mutual exclusion" in answer.sentence.value
    assert "visit(threads=2, initial=1) at the granularity of operations" in answer.sentence.value
    assert (answer.layout.display, answer.layout.visibility) == (None, "visible")
    panel.controls["initial"].value = 2
    assert tried(panel).found.verdict == "counterexample"
    assert "Counterexample: Mutual exclusion broken" in answer.sentence.value
    assert (
        f"{len(answer.found.violations)} of {answer.found.covered} different schedules break it" in answer.tally.value
    )


def test_what_counts_as_a_step_can_be_chosen() -> None:
    panel = lab.interact(races, threads=(2, 3), explore=True)
    assert tried(panel, "operations").found.verdict == "proved"
    assert tried(panel, "bytecode").found.verdict == "counterexample"


def test_a_turned_dial_covers_what_was_found_for_other_values() -> None:
    panel = lab.interact(visit, threads=(1, 4), explore=True)
    answer = tried(panel)
    panel.controls["threads"].value = 3
    assert answer.layout.visibility == "hidden"
    assert "The dials have moved since" in panel.trying.progress.value
    panel.seed.value = 5  # no schedule depends on the seed
    tried(panel)
    assert (answer.layout.visibility, panel.trying.progress.value) == ("visible", "")
    panel.seed.value = 6
    assert answer.layout.visibility == "visible"


def test_the_budget_of_the_button() -> None:
    panel = lab.interact(visit, threads=(3, 4), initial=(2, 3), explore=1e-9)
    assert tried(panel).found.verdict == "budget exhausted"
    for explore, message in (
        (0.0, "seconds must be more than 0, got 0.0"),
        (-1, "seconds must be more than 0, got -1"),
    ):
        with pytest.raises(ValueError) as refused:
            lab.interact(visit, threads=(1, 3), explore=explore)
        assert str(refused.value) == message
    with pytest.raises(TypeError, match=r"^explore must be True, False or the most seconds to search, got 'yes'$"):
        lab.interact(visit, threads=(1, 3), explore="yes")  # type: ignore[arg-type]


kept = threading.Semaphore(1)


def uses_kept(threads: int = 2) -> None:
    with kept:
        pass


def test_a_program_that_cannot_be_explored_is_told_why() -> None:
    panel = lab.interact(uses_kept, threads=(1, 3), explore=True)
    answer = tried(panel)
    assert answer.found is None
    assert "uses primitives or threads that were made before it runs: `kept`" in panel.trying.progress.value
    assert not panel.trying.start.disabled


# the schedules of an exploration
def races(threads: int = 2) -> None:
    value = 0

    def work() -> None:
        nonlocal value
        value += 1

    workers = [threading.Thread(target=work, name=f"<i>-{i}") for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if value != threads:
        raise ValueError("<b>lost</b>")


def test_every_schedule_can_be_chosen_and_drawn() -> None:
    found = lab.explore(races, threads=2, granularity="bytecode")
    schedules = lab.interact(found)
    assert schedules.menu.options == (
        "✓ · 0 0 1 1",
        "✗ #0 · 0 1 0 1",
        "✗ #1 · 0 1 1 0 · the shortest",
        "✓ · 1 1 0 0",
    )
    assert schedules.menu.index == 2
    pictures = set()
    for place, lane in enumerate(found.lanes):
        schedules.menu.index = place
        assert schedules.chosen == lane.schedule
        for step in lane.description.steps:
            said = html.escape(f"{step.thread} {step.what}", quote=False)
            assert re.sub("`(.+?)`", r"<code>\1</code>", said) in schedules.steps.value
        pictures.add((schedules.picture.value, schedules.lanes.value))
        assert png_size(schedules.picture.value) == (1000, 440)
    assert len(pictures) == 4
    assert len({png_size(lanes) for _, lanes in pictures}) == 1  # nothing jumps


def test_buttons_turn_from_schedule_to_schedule() -> None:
    schedules = lab.interact(lab.explore(races, threads=2, granularity="bytecode"))
    places = []
    for button in (schedules.after, schedules.after, schedules.before, schedules.wrong, schedules.wrong):
        button.click()
        places.append(schedules.menu.index)
    assert places == [3, 0, 3, 1, 2]
    proof = lab.interact(lab.explore(visit, threads=2, initial=1))
    assert (proof.wrong.disabled, proof.after.disabled) == (True, False)


def test_text_of_the_program_is_never_markup() -> None:
    schedules = lab.interact(lab.explore(races, threads=2, granularity="bytecode"))
    for part in (schedules.sentence, schedules.tally, schedules.steps):
        assert "<b>lost" not in part.value and "<i>" not in part.value
    assert "&lt;b&gt;lost&lt;/b&gt;" in schedules.sentence.value


def test_of_many_schedules_the_wrong_ones_can_be_chosen() -> None:
    found = lab.explore(races, threads=4, granularity="bytecode", budget=400)
    assert found.covered > 50
    schedules = lab.interact(found)
    options = schedules.menu.options
    wrong = [violation.schedule for violation in found.violations]
    number = next((f" #{number}" for number, one in enumerate(wrong) if one == found.shortest.schedule), "")
    assert options[0] == f"✗{number} · 8 choices · the shortest"  # and not once more by its number
    assert len(options) == len({*wrong, found.shortest.schedule}) + len(found.right)
    assert schedules.lanes.value == b""
    schedules.menu.index = next(place for place, option in enumerate(options) if option.startswith("✗ #2 "))
    assert schedules.chosen == found.violations[2].schedule
    assert schedules.steps.value.count("<li>") == 8
    schedules.menu.index = len(options) - 1
    assert schedules.chosen == found.right[-1]


def test_a_proof_has_schedules_to_look_at_too() -> None:
    schedules = lab.interact(lab.explore(visit, threads=2, initial=1))
    assert len(schedules.menu.options) == schedules.found.covered
    assert schedules.chosen == schedules.found.lanes[0].schedule


def test_where_nothing_was_run_there_is_nothing_to_choose() -> None:
    schedules = lab.interact(lab.explore(visit, threads=2, initial=1, seconds=1e-9))
    assert (schedules.menu.options, schedules.menu.disabled, schedules.chosen) == ((), True, None)


def test_beside_the_view_stands_the_picture() -> None:
    """It is what a reader sees once the kernel has ended, and what nbval compares."""
    found = lab.explore(races, threads=2, granularity="bytecode")
    bundle = lab.interact(found)._repr_mimebundle_()
    assert bundle["image/png"] == found.picture()
    assert bundle["text/plain"] == repr(found)
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_an_exploration_takes_no_dials() -> None:
    found = lab.explore(races, threads=2)
    with pytest.raises(TypeError, match=r"^an exploration has its schedules to choose from and takes no dials"):
        lab.interact(found, threads=(1, 2))  # type: ignore[call-overload]


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


SEARCHING = """
import asyncio, re, threading
import semalab as lab
from semalab.notebook import trying
trying.PATIENCE = trying.BETWEEN = 0  # every count is posted

def many(threads=5):
    semaphore = threading.Semaphore(threads)
    def work():
        with semaphore:
            pass
        with semaphore:
            pass
    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

async def until(state):
    while not state():
        await asyncio.sleep(0.01)

def ran():
    found = re.search(r"([0-9,]+) of at most", trying_panel.trying.progress.value)
    return int(found[1].replace(",", "")) if found else 0

def searchers():
    return sum(t.name.startswith("semalab") for t in threading.enumerate())

async def main():
    global trying_panel
    panel = trying_panel = lab.interact(many, threads=(1, 5), explore=1000)
    trying = panel.trying
    threads, main = [], threading.get_ident()
    for part in (trying.progress, trying.answer.sentence, trying.start):
        part.observe(lambda change: threads.append(threading.get_ident()), names="value")

    trying.start.click()
    print(trying.start.disabled, trying.stop.disabled)
    await until(lambda: ran() > 50)  # the first ones only tell what the threads share
    trying.stop.click()
    await until(lambda: trying.answer.found is not None)
    found = trying.answer.found
    print(found.verdict, found.interrupted, found.covered > 0, trying.start.disabled, trying.stop.disabled)

    trying.start.click()
    await until(lambda: "schedules run" in trying.progress.value)
    panel.controls["threads"].value = 2  # while it searches
    print(trying.searching, panel.run.arguments["threads"], "Stopped" in trying.progress.value)
    await until(lambda: searchers() == 0)
    await asyncio.sleep(0)
    print(trying.answer.found is found, trying.answer.layout.visibility, "Stopped" in trying.progress.value)

    trying.start.click()
    await until(lambda: trying.answer.found is not found)
    print(trying.answer.found.verdict, trying.answer.found.arguments["threads"])
    await until(lambda: searchers() == 0)
    print(set(threads) == {main})

asyncio.run(asyncio.wait_for(main(), 100))
"""


def test_a_search_in_a_kernel_can_be_stopped_and_gives_way_to_the_dials() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (TESTS.parent, TESTS)))}
    done = subprocess.run(
        [sys.executable, "-c", SEARCHING], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "True False",
        "budget exhausted True True False True",
        "None 2 True",
        "True hidden True",
        "proved 2",
        "True",
    ]


STUBBORN = """
import asyncio, socket, threading, time
import semalab as lab
from semalab.notebook import latest
latest.FIRST = latest.PAUSE = 0.01

def program(what="ends"):
    gate = threading.Semaphore(0)
    if what == "spins":
        while True:
            pass
    elif what in ("waits", "does too much"):
        while not gate.acquire(timeout=0.01):
            pass
    elif what == "accepts":
        server = socket.create_server(("127.0.0.1", 0))
        listener = threading.Thread(target=server.accept, name="listener", daemon=True)
        listener.start()
        try:
            listener.join()
        finally:
            doors.append(server)

doors = []

async def until(state):
    while not state():
        await asyncio.sleep(0.001)

async def main():
    panel = lab.interact(program, what=["ends", "spins", "waits", "does too much", "accepts"], timeout=60)
    panel.clock.value = "wall"
    await until(lambda: not panel._latest.busy)
    threads, me = [], threading.get_ident()
    for part in (panel.picture, panel.sentence, panel.stop):
        part.observe(lambda change: threads.append(threading.get_ident()))
    for what in ("spins", "waits", "does too much", "accepts"):
        whole = panel.picture.value
        latest.MOST = 0 if what == "does too much" else 50_000
        panel.controls["what"].value = what
        if what == "does too much":
            await until(lambda: "too much" in panel.sentence.value)
        else:
            await until(lambda: panel.picture.value != whole)
            await until(lambda: "s so far" in panel.sentence.value)
        grown = panel.picture.value
        panel.fold.selected_index = 1
        print(panel.stop.disabled, panel.closer.window.disabled, "role" in panel.sentence.value, end=" ")
        panel.closer.window.value = (10, 20)
        panel.fold.selected_index = None  # the run before is not drawn in the place of this one
        print(panel.picture.value == grown, end=" ")
        panel.stop.click()
        print("Stopping" in panel.sentence.value, panel.stop.disabled, end=" ")
        await until(lambda: "Stopped" in panel.sentence.value)
        print(panel.closer.window.disabled, panel.run.verdict)
        if doors:
            with socket.create_connection(doors[0].getsockname()):
                pass
            doors[0].close()
        await until(lambda: not panel._latest.busy)
    panel.stop.click()
    print("Stopping" in panel.sentence.value, set(threads) == {me})

asyncio.run(asyncio.wait_for(main(), 100))
"""


def test_a_run_that_grows_is_stopped_by_the_button_whatever_it_does() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (TESTS.parent, TESTS)))}
    done = subprocess.run(
        [sys.executable, "-c", STUBBORN], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stderr == ""
    usual = "False True False True True True False Stopped: the stop button was pressed"
    assert done.stdout.splitlines() == [
        usual,
        usual,
        usual,
        f"{usual}; listener could not be stopped",
        "False True",
    ]


TWO = """
import asyncio, threading
import semalab as lab

def wait_at(gate, long):
    while long and not gate.acquire(timeout=0.01):
        pass

def waits(long=False):
    wait_at(threading.Semaphore(0), long)  # a semaphore without a name: some Pythons have no text of -c

async def main():
    first, second = [lab.interact(waits, long=[False, True], timeout=90) for _ in range(2)]
    for clock in ("virtual", "wall"):
        first.clock.value = "wall"
        first.controls["long"].value = True
        second.clock.value = clock
        second.next_seed.click()
        while first._latest.busy or second._latest.busy:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)
        print(first.run.verdict, "-", second.run.verdict, second.run.clock)
        first.controls["long"].value = False
        while first._latest.busy:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)
        print(first.run.verdict)

asyncio.run(asyncio.wait_for(main(), 60))
"""


def test_a_run_makes_way_for_another_panels() -> None:
    """It would go on for 90 seconds, and the kernel would have to wait."""
    done = subprocess.run([sys.executable, "-c", TWO], capture_output=True, text=True, timeout=90, check=False)
    assert done.stderr == ""
    gave_way = "Stopped: another panel began to run"
    whole = "main ran to the end; `Semaphore-1`: 0 released, 0 acquired, value 0 at the end"
    assert done.stdout.splitlines() == [
        f"{gave_way} - {whole} virtual",
        whole,
        f"{gave_way} - {whole} wall",
        whole,
    ]


# looking closer
def test_a_part_of_the_run_is_drawn_while_the_fold_is_open() -> None:
    panel = lab.interact(visit, threads=(1, 5))
    whole = panel.picture.value
    panel.fold.selected_index = CLOSER
    closer = panel.closer
    assert (closer.part, panel.picture.value) == ({}, whole)
    assert closer.words.value == f"0 to {panel.run.duration * 1000:.4g} milliseconds"
    assert closer.threads.options == panel.run.trace.threads
    half = panel.run.duration / 2
    closer.window.value = (0, 100)
    assert closer.words.value == f"0 to {half * 1000:.4g} milliseconds"
    assert panel.picture.value == png(
        panel.run.timeline(width=10, height=4.8, dpi=100, **axis(panel), between=(0.0, half))
    )
    closer.threads.value = ("worker-2", "worker-0")
    assert closer.part == {"between": (0.0, half), "threads": ["worker-0", "worker-2"]}
    closer.whole.click()
    assert (closer.part, panel.picture.value) == ({}, whole)
    closer.threads.value = ("worker-1",)
    assert panel.picture.value != whole
    panel.fold.selected_index = None
    assert (closer.part, panel.picture.value) == ({}, whole)


def test_a_new_run_is_shown_whole() -> None:
    panel = lab.interact(visit, threads=(1, 5))
    panel.fold.selected_index = CLOSER
    panel.closer.window.value = (0, 100)
    panel.controls["threads"].value = 1
    assert panel.closer.part == {}
    assert panel.closer.window.value == (0, 200)
    assert panel.closer.threads.options == ("main", "worker-0")
    assert panel.picture.value == png(panel.run.timeline(width=10, height=4.8, dpi=100, **axis(panel)))


def test_a_window_of_nothing_is_one_step_wide() -> None:
    panel = lab.interact(visit, threads=(1, 5))
    panel.fold.selected_index = CLOSER
    for place in (0, 100, 200):
        panel.closer.window.value = (place, place)
        begin, end = panel.closer.part["between"]
        assert 0 <= begin < end <= panel.run.duration
        assert end - begin == pytest.approx(panel.run.duration / 200)


def test_where_the_clock_stood_still_events_are_chosen() -> None:
    panel = lab.interact(races, threads=(1, 3))
    panel.fold.selected_index = CLOSER
    closer = panel.closer
    last = len(panel.run.trace) - 1
    assert (closer.words.value, closer.window.max) == (f"0 to {last} events", last)
    closer.window.value = (1, 3)
    assert closer.part == {"between": (1.0, 3.0)}
    assert closer.words.value == "1 to 3 events"
    assert panel.picture.value == png(panel.run.timeline(width=10, height=4.8, dpi=100, **axis(panel), between=(1, 3)))
    for place in range(last + 1):  # one event wide, everywhere
        closer.window.value = (place, place)
        assert panel.picture.value == png(
            panel.run.timeline(width=10, height=4.8, dpi=100, **axis(panel), **closer.part)
        )


def test_the_next_seed_shows_the_same_part() -> None:
    panel = lab.interact(drifts, threads=(1, 5))
    panel.fold.selected_index = CLOSER
    closer = panel.closer
    closer.window.value, closer.threads.value = (50, 100), ("worker-1",)
    part = closer.part
    first = panel.run.duration
    panel.next_seed.click()
    assert panel.run.duration != first
    assert closer.part == part == {"between": (first / 4, first / 2), "threads": ["worker-1"]}
    assert closer.window.value == tuple(round(200 * t / panel.run.duration) for t in part["between"])
    assert panel.picture.value == png(panel.run.timeline(width=10, height=4.8, dpi=100, **axis(panel), **part))
    panel.seed.value = 0
    assert (closer.part, closer.window.value) == (part, (50, 100))  # nothing drifts


def test_to_the_end_means_to_the_end_of_the_next_run_too() -> None:
    panel = lab.interact(drifts, threads=(1, 5))
    panel.fold.selected_index = CLOSER
    panel.closer.window.value = (50, 200)
    begin = panel.run.duration / 4
    panel.next_seed.click()
    assert panel.closer.part == {"between": (begin, panel.run.duration)}


def test_a_part_that_the_new_run_does_not_have_is_forgotten() -> None:
    panel = lab.interact(lasts, seconds=[2.0, 1.0])
    panel.fold.selected_index = CLOSER
    for window in ((110, 200), (50, 110)):
        panel.controls["seconds"].value = 2.0
        panel.closer.window.value = window
        panel.controls["seconds"].value = 1.0
        assert (panel.closer.part, panel.closer.window.value) == ({}, (0, 200))


def test_names_are_looked_for_among_many() -> None:
    panel = lab.interact(visit, threads=[5, 40, 39])
    closer = panel.closer
    panel.controls["threads"].value = 40
    panel.fold.selected_index = CLOSER
    closer.threads.value = ("worker-7",)
    shown = panel.picture.value
    closer.find.value = "ER-3"
    assert closer.threads.options == ("worker-3", "worker-7", *(f"worker-{n}" for n in range(30, 40)))
    assert (closer.threads.value, panel.picture.value) == (("worker-7",), shown)
    closer.only.click()
    thirties = ("worker-3", *(f"worker-{n}" for n in range(30, 40)))
    assert closer.part == {"threads": [*thirties]}
    assert closer.threads.options == thirties
    assert panel.picture.value == png(panel.run.timeline(width=10, height=4.8, dpi=100, **axis(panel), **closer.part))
    closer.find.value = "worker-3, main,"  # whole names
    closer.only.click()
    assert closer.part == {"threads": ["main", "worker-3"]}
    panel.next_seed.click()
    assert closer.part == {"threads": ["main", "worker-3"]}
    closer.find.value = "nobody"
    assert closer.threads.options == ("main", "worker-3")
    closer.only.click()  # nobody is nothing to show: all
    assert (closer.part, closer.threads.options) == ({}, ())
    closer.whole.click()
    assert (closer.part, closer.find.value, len(closer.threads.options)) == ({}, "", 41)
    closer.threads.value = ("main",)
    closer.only.click()  # all are listed
    assert closer.part == {}
    closer.find.value = "main"
    panel.controls["threads"].value = 39  # other threads
    assert (closer.part, closer.find.value, len(closer.threads.options)) == ({}, "", 40)


def test_while_it_is_closed_nothing_is_prepared() -> None:
    panel = lab.interact(visit, threads=(1, 5))
    assert panel.closer.threads.options == ()
    panel.controls["threads"].value = 4
    assert panel.closer.threads.options == ()
