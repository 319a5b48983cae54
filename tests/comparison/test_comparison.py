"""Two runs side by side: what was varied, where they part, what came of it, and one picture of both."""

from __future__ import annotations

import io
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image
from programs.virtual_runs import latch

import semalab as lab
from semalab.comparison import Comparison, Difference
from semalab.draw import png
from semalab.log.trace import Event, Primitive, Trace
from semalab.run import Run

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")


def visit(threads: int = 3, initial: int = 1, stay: float = 0.01) -> None:
    mutex = threading.Semaphore(initial)

    def work() -> None:
        with mutex:
            time.sleep(stay)

    for i in range(threads):
        threading.Thread(target=work, name=f"worker-{i}").start()


def forks(ordered: bool = False) -> None:
    left, right = threading.Semaphore(1), threading.Semaphore(1)

    def eat(first: threading.Semaphore, second: threading.Semaphore) -> None:
        with first:
            time.sleep(0.01)
            with second:
                time.sleep(0.01)

    threading.Thread(target=eat, args=(left, right), name="ann").start()
    threading.Thread(target=eat, args=(left, right) if ordered else (right, left), name="bob").start()


def virtual(program: Any = visit, **how: Any) -> Run:
    return lab.record(program, clock="virtual", **how)


def words(figure: Any, gid: str) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_gid() == gid]


def lines(figure: Any, gid: str) -> list[Any]:
    return [artist for artist in figure.findobj() if artist.get_gid() == gid]


def heights(figure: Any, gid: str) -> dict[str, list[float]]:
    """Of each label, how far each of its places lies above the lowest label of its timeline."""
    found = [
        (t.get_text(), t.get_transform().transform(t.get_position())[1])
        for t in figure.findobj(Text)
        if t.get_gid() == gid
    ]
    half = len(found) // 2
    return {
        name: [round(y - part[-1][1], 3) for part in (found[:half], found[half:]) for n, y in part if n == name]
        for name, _ in found
    }


def marked(figure: Any) -> list[list[str]]:
    """For each of the two timelines, the rows with the mark of a longer wait, found by their height."""
    marks = {mark.axes: mark for mark in lines(figure, "waited longer") if mark.axes is not None}
    names = [text for text in figure.findobj(Text) if text.get_gid() == "row"]
    half = len(names) // 2
    found = []
    for axes, part in zip(figure.axes, (names[:half], names[half:]), strict=True):
        heights = [round(y, 3) for y in marks[axes].get_ydata()] if axes in marks else []
        found.append([text.get_text() for text in part if round(text.get_position()[1], 3) in heights])
    return found


def test_one_permit_beside_two() -> None:
    compared = lab.compare(virtual(initial=1), virtual(initial=2))
    assert compared.varied == (Difference("initial", "1", "2"),)
    assert compared.sentence == "initial=1: never more than 1 inside, 30 ms. initial=2: 2 inside at once, 20 ms"
    assert [str(one) for one in compared.differences[:5]] == [
        f"how it ended: {compared.a.verdict} | {compared.b.verdict}",
        "duration: 30 ms | 20 ms (10 ms less)",
        "most inside `mutex`: 1 | 2 (1 more)",
        "waits: 2, together 30 ms | 1, together 10 ms (20 ms less)",
        "last value of `mutex`: 1 | 2 (1 more)",
    ]
    assert {(one.a, one.b, one.change) for one in compared.differences[5:]} == {
        ("10 ms", "not at all", "10 ms less"),
        ("20 ms", "10 ms", "10 ms less"),
    }
    assert compared.common == "in both: threads and main: 4; turns at `mutex`: 3, in the same order"
    assert repr(compared) == "\n".join(filter(None, compared.lines))


def test_with_another_value_the_same_thread_still_does_the_same() -> None:
    """Every value differs from the first acquire on; something else happens where one must wait, the other not."""
    a, b = virtual(initial=1), virtual(initial=2)
    compared = lab.compare(a, b)
    place = compared.parting
    assert place is not None
    assert (a.trace[place].kind, b.trace[place].kind) == ("block", "acquire")
    assert a.trace[place].thread == b.trace[place].thread
    assert any(x.value != y.value for x, y in zip(a.trace[:place], b.trace[:place], strict=True))
    assert compared.parted == (
        f"The same {place} events (with other values), then initial=1: {a.moments[place].sentence}"
        f" | initial=2: {b.moments[place].sentence}."
    )


def test_two_seeds_part_at_the_first_event_that_is_another() -> None:
    a, b = virtual(seed=1), virtual(seed=2)
    compared = lab.compare(a, b)
    assert compared.varied == (Difference("seed", "1", "2"),)
    assert compared.names == ("Seed 1", "Seed 2")
    place = compared.parting
    assert place is not None
    assert [e[1:4] for e in a.trace[:place]] == [e[1:4] for e in b.trace[:place]]
    assert a.trace[place][1:4] != b.trace[place][1:4]
    assert compared.note == "Both orders happened; neither is promised."


def test_the_moment_up_to_which_two_runs_are_the_same_is_told() -> None:
    start = [Event(0, "main", "start"), Event(12_000_000, "main", "print")]
    runs = [
        Run(Trace([*start, last], ["main"]), {}, "virtual", 0, 0.0)
        for last in (Event(13_000_000, "main", "end"), start[1])
    ]
    assert lab.compare(*runs).parted.startswith("The same 2 events up to 12 ms, then First run: ")


def test_equal_runs_are_said_to_be_equal() -> None:
    compared = lab.compare(virtual(seed=1), virtual(seed=1))
    assert compared.varied == compared.differences == ()
    assert compared.parting is None
    assert compared.sentence == "The same log, event by event: never more than 1 inside, 30 ms"
    assert compared.parted == "The same log, event by event."
    assert not words(compared.timeline(), "parting label")


def test_equal_events_at_other_times_are_not_the_same_log() -> None:
    compared = lab.compare(virtual(stay=0.01, seed=4), virtual(stay=0.02, seed=4))
    assert compared.parting is None
    told = "with other times and lengths of sleep"
    assert compared.parted == f"The same {len(compared.a.trace)} events in the same order ({told})."
    assert compared.sentence == "In both: never more than 1 inside. stay=0.01: 30 ms. stay=0.02: 60 ms"


def test_one_other_time_makes_another_log() -> None:
    def run(time: int) -> Run:
        events = [Event(0, "main", "start"), Event(time, "main", "print"), Event(9, "main", "end")]
        return Run(Trace(events, ["main"]), {}, "virtual", 0, 0.0)

    assert lab.compare(run(5), run(5)).equal
    assert lab.compare(run(5), run(6)).parted == "The same 3 events in the same order (with other times)."


def test_real_seconds_are_said_to_be_measured() -> None:
    compared = lab.compare(virtual(), lab.record(visit))
    assert compared.varied == (Difference("clock", "virtual", "wall"),)
    assert compared.names == ("Virtual clock", "Wall clock")
    assert "Times on the wall clock were measured on one machine, and differ each time." in compared.note
    assert "wall" not in lab.compare(virtual(), virtual(seed=1)).note


def test_of_two_runs_on_the_wall_clock_nobody_chose_the_order() -> None:
    a, b = lab.record(visit, seed=1), lab.record(visit, seed=2)
    compared = lab.compare(a, b)
    assert compared.varied == ()
    assert compared.names == ("First run", "Second run")
    assert ("neither is promised" in compared.note) == (compared.parting is not None)
    one, other = (Run(Trace([Event(0, name, "start")], [name]), {}, "wall", 0, 0.0) for name in ("main", "other"))
    assert lab.compare(one, other).note.endswith(" Both orders happened; neither is promised.")
    assert lab.compare(virtual(initial=1, seed=1), virtual(initial=2, seed=2)).note == ""  # that was not order alone


def test_a_wait_that_never_ended_has_no_length() -> None:
    """A deadlock and its repair, on one axis although the deadlock ends earlier."""
    compared = lab.compare(virtual(forks), virtual(forks, ordered=True))
    said = {one.what: (one.a, one.b, one.change) for one in compared.differences}
    assert compared.sentence == (
        "ordered not given: deadlock after 10 ms. ordered=True: never more than 1 inside, 40 ms"
    )
    assert said["waits"] == ("2 never ended", "1, together 20 ms", "")
    assert {said["ann waited"], said["bob waited"]} == {
        ("without end", "20 ms", ""),
        ("without end", "not at all", ""),
    }
    figure = compared.timeline()
    assert words(figure, "stop label") == ["deadlock"]
    assert not lines(figure, "end of run")  # the wall says it
    assert marked(figure) == [["ann", "bob"], []]  # without end is longer than any wait that ended
    assert len({tuple(axes.get_xlim()) for axes in figure.axes}) == 1


def test_rows_are_marked_where_their_thread_waited_longer() -> None:
    a, b = virtual(threads=4, initial=1), virtual(threads=4, initial=2)
    compared = lab.compare(a, b)
    longer = [one.what.removesuffix(" waited") for one in compared.differences if one.change and "waited" in one.what]
    assert len(longer) == 3
    assert marked(compared.timeline()) == [sorted(longer), []]
    assert marked(lab.compare(b, a).timeline()) == [[], sorted(longer)]
    key = [text.get_text() for text in compared.timeline().texts].count("▲ waited longer here")
    said = [text.get_text() for text in compared.timeline().texts]
    assert said.count("waited longer here") == 1
    assert key == 0  # the sign is drawn, not written
    assert marked(lab.compare(a, a).timeline()) == [[], []]
    assert marked(lab.compare(virtual(stay=0.0), virtual(stay=0.0, seed=1)).timeline()) == [[], []]
    assert not lines(lab.compare(virtual(threads=70), virtual(threads=70, initial=2)).timeline(), "waited longer")


def test_what_cannot_be_seen_is_not_marked() -> None:
    """A wait that is longer by less than a hundredth of the run."""

    def late(by: float) -> None:
        gate = threading.Semaphore(0)
        threading.Thread(target=gate.acquire, name="ann").start()
        time.sleep(1 + by)
        gate.release()

    assert marked(lab.compare(virtual(late, by=0.0), virtual(late, by=0.005)).timeline()) == [[], []]
    assert marked(lab.compare(virtual(late, by=0.0), virtual(late, by=0.05)).timeline()) == [[], ["ann"]]


def test_of_two_waits_that_never_ended_neither_is_longer() -> None:
    """However long the thread had waited before."""

    def twice(first: float) -> None:
        gate = threading.Semaphore(0)
        threading.Thread(target=lambda: (gate.acquire(), gate.acquire()), name="ann").start()
        time.sleep(first)
        gate.release()

    compared = lab.compare(virtual(twice, first=0.1), virtual(twice, first=0.2))
    assert "ann waited: 100 ms, then without end | 200 ms, then without end" in compared.lines
    assert marked(compared.timeline()) == [[], []]


def test_what_is_worse_than_a_broken_claim_is_the_headline() -> None:
    """Exclusion held, but a permit was lost."""

    def keep() -> None:
        gate = threading.Semaphore(1)
        gate.acquire()
        time.sleep(0.01)

    compared = lab.compare(virtual(keep), virtual())
    assert compared.sentence == (
        "`keep`: Permit lost: main ended without releasing `gate`, 10 ms. `visit`: never more than 1 inside, 30 ms"
    )


def turn(runner: str, *threads: str) -> Run:
    """A log in which these threads acquire and release `gate`, one after the other, in no time."""
    names = dict.fromkeys(("main", *threads))
    events = [Event(0, name, "start") for name in names]
    for thread in threads:
        events += [Event(0, thread, "acquire", "gate", 0, 1), Event(0, thread, "release", "gate", 1, 1)]
    return Run(
        Trace(events, names, [Primitive("gate", "Semaphore", 1)]).certify(), {"runner": runner}, "virtual", 0, 0.0
    )


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        (("ann", "bob"), ("bob", "ann"), "turn 1 at `gate`: ann | bob"),
        (("ann", "ann", "bob"), ("ann", "bob", "ann"), "turn 2 at `gate`: ann | bob"),
        (("ann", "bob"), ("ann",), "turn 2 at `gate`: bob | nobody"),
        (("ann", "bob"), ("ann", "bob"), "turns at `gate`: 2, in the same order"),
        (("ann",), ("ann",), "turns at `gate`: one, ann's"),
    ],
)
def test_the_first_turn_that_another_thread_has_is_told(a: tuple[str, ...], b: tuple[str, ...], told: str) -> None:
    compared = lab.compare(turn("x", *a), turn("y", *b))
    assert told in [str(one) for one in (*compared.differences, *compared.same)]


def test_where_even_the_time_is_the_same_the_turns_are_the_headline() -> None:
    compared = lab.compare(turn("x", "ann", "bob"), turn("y", "bob", "ann"))
    assert compared.sentence == (
        "In both: never more than 1 inside. runner='x': turn 1 at `gate` is ann's. runner='y': bob's"
    )


def test_two_that_are_stopped_are_both_said_to_be() -> None:
    compared = lab.compare(virtual(forks), virtual(forks, seed=1))
    assert compared.sentence == "Seed 0: deadlock after 10 ms. Seed 1: deadlock after 10 ms"


def test_the_callers_own_claim_is_told_by_its_own_words() -> None:
    counted = lab.record(visit, clock="virtual", claim=lab.exact_count(1))
    assert lab.compare(counted, virtual(initial=2)).sentence.startswith("initial not given: Counted exactly 1, 30 ms. ")


def test_an_argument_that_a_file_could_not_hold_is_not_said_to_be_missing(tmp_path: Path) -> None:
    def do(work: Any) -> None:
        work()

    run = virtual(do, work=time.monotonic)
    back = lab.load(run.save(tmp_path / "run.json"))
    again = lab.load(back.save(tmp_path / "again.json"))
    assert lab.compare(run, back).varied == lab.compare(run, again).varied == ()
    assert (tmp_path / "run.json").read_bytes() == (tmp_path / "again.json").read_bytes()


def test_the_name_of_an_argument_from_a_file_stays_in_its_line() -> None:
    one, other = (Run(Trace([]), {"a\n\x1b[31m$x^2$": n}, "virtual", 0, 0.0) for n in (1, 2))
    compared = lab.compare(one, other)
    assert all(line.isprintable() for line in (*compared.lines, *compared.names))
    assert png(compared.timeline())


def test_a_run_that_only_goes_on_longer_parts_at_the_end_of_the_other() -> None:
    whole = virtual()
    part = Run(Trace(whole.trace[:5], whole.trace.threads, whole.trace.primitives.values()), {}, "virtual", 0, 0.0)
    compared = lab.compare(whole, part)
    assert compared.parting == 5
    assert compared.parted.endswith("| `program`: the run is over.")


def test_two_programs_of_one_name_are_two_programs() -> None:
    """As in a notebook, where the repaired program has the name of the one it repairs."""

    def broken() -> None:
        threading.Semaphore(1).acquire()

    def repaired() -> None:
        with threading.Semaphore(1):
            pass

    repaired.__name__ = "broken"
    compared = lab.compare(virtual(broken), virtual(repaired))
    assert [one.what for one in compared.varied] == ["text of the program"]
    assert compared.names == ("First run", "Second run")


def test_numbers_of_two_primitives_are_not_subtracted() -> None:
    def gates() -> None:
        gate = threading.Semaphore(3)
        gate.acquire()
        gate.release()

    said = {one.what: one for one in lab.compare(virtual(), virtual(gates)).differences}
    assert said["last value"] == Difference("last value", "1, `mutex`", "3, `gate`")


def test_rows_and_strips_are_equally_high_whatever_stands_above_them() -> None:
    """The title of a deadlock takes two lines, and its key another entry."""
    compared = lab.compare(virtual(forks), virtual(forks, ordered=True))
    for style in ({}, {"width": 6.0}, {"height": 4.0}, {"width": 6.0, "dpi": 72}):
        figure = compared.timeline(**style)
        assert len({round(axes.get_position().height, 9) for axes in figure.axes}) == 1
        assert all(above == pytest.approx(below) for above, below in heights(figure, "row").values())
        levels = [line.get_ydata() for line in lines(figure, "zero")]
        half = len(levels) // 2
        assert half
        assert levels[:half] == [pytest.approx(level) for level in levels[half:]]
        assert len(words(figure, "title")) > 2


def test_what_is_too_long_to_be_a_name_is_none() -> None:
    def greet(word: str) -> None:
        print(word)

    compared = lab.compare(virtual(greet, word=90 * "a"), virtual(greet, word=90 * "b"))
    assert compared.names == ("First run", "Second run")
    assert [one.what for one in compared.varied] == ["word"]


def test_a_name_of_the_programs_keeps_its_letters() -> None:
    compared = lab.compare(virtual(forks, ordered=False), virtual(forks, ordered=True))
    assert compared.names == ("ordered=False", "ordered=True")


def test_both_timelines_have_one_axis_and_the_shorter_says_where_it_is_over() -> None:
    figure = lab.compare(virtual(initial=1), virtual(initial=2)).timeline()
    above, below = figure.axes
    assert above.get_xlim() == below.get_xlim()
    assert above.get_position().x0 == below.get_position().x0
    assert above.get_position().x1 == below.get_position().x1
    assert above.get_position().y0 > below.get_position().y1
    assert words(figure, "end label") == ["over: 20 ms"]
    assert len(lines(figure, "end of run")) == 1
    ticks = words(figure, "tick label")
    assert ticks[: len(ticks) // 2] == ticks[len(ticks) // 2 :]
    assert lines(figure, "value")[1].get_xdata().max() == pytest.approx(20)  # a run that is over has no value
    assert words(figure, "parting label") == ["≠", "≠"]
    assert words(figure, "title")[0].startswith("initial=1: Mutual exclusion held")


def test_seconds_and_milliseconds_share_an_axis() -> None:
    above, below = lab.compare(virtual(), virtual(stay=1.0)).timeline().axes
    assert above.get_xlim() == below.get_xlim()
    assert 3 < above.get_xlim()[1] < 3.2


def test_where_one_clock_stood_still_each_has_its_axis_and_it_is_said() -> None:
    compared = lab.compare(virtual(), virtual(stay=0.0))
    above, below = compared.timeline().axes
    assert above.get_xlim() != below.get_xlim()
    said = [text.get_text() for text in compared.timeline().texts]
    assert any(line.startswith("Two runs, each on an axis of its own: only one of the clocks moved") for line in said)
    with pytest.raises(ValueError, match=r"^between needs one axis, but one clock stood still; use a\.timeline"):
        compared.timeline(between=(0.0, 0.01))


def test_two_clocks_that_stood_still_share_an_axis_of_events() -> None:
    compared = lab.compare(virtual(stay=0.0), virtual(stay=0.0, threads=5))
    above, below = compared.timeline().axes
    assert above.get_xlim() == below.get_xlim()
    said = [text.get_text() for text in compared.timeline().texts]
    assert any(line.startswith("Two runs, one axis of events: both clocks stood still") for line in said)


def test_rows_of_one_thread_lie_opposite_and_a_missing_thread_is_said_to_be_missing() -> None:
    figure = lab.compare(virtual(threads=2), virtual(threads=4)).timeline()
    rows = words(figure, "row")
    assert rows == 2 * ["main", "worker-0", "worker-1", "worker-2", "worker-3"]
    assert all(above == below for above, below in heights(figure, "row").values())
    assert words(figure, "absent label") == ["2 threads that are not in this run"]
    one = lab.compare(virtual(threads=3), virtual(threads=2)).timeline()
    assert words(one, "absent label") == ["not in this run"]
    many = [text.get_text() for text in lab.compare(virtual(threads=50), virtual(threads=60)).timeline().texts]
    assert {"(51 threads)", "(61 threads)"} <= set(many)


def test_rows_painted_as_an_image_end_with_their_run() -> None:
    """Also waits that never ended: they reach over the end of the run by a tip, not to the end of the axis."""

    def crowd(let_in: bool) -> None:
        gate = threading.Semaphore(0)
        for _ in range(80):
            threading.Thread(target=gate.acquire).start()
        time.sleep(0.01)
        if let_in:
            time.sleep(0.09)
            gate.release(80)

    figure = lab.compare(virtual(crowd, let_in=False), virtual(crowd, let_in=True)).timeline()
    stuck, free = (image.codes.any(axis=0) for image in lines(figure, "rows"))
    assert stuck[: len(stuck) // 12].any()
    assert not stuck[len(stuck) // 4 :].any()
    assert free[len(free) // 2 :].any()


def test_values_have_one_scale_and_primitives_one_colour() -> None:
    figure = lab.compare(virtual(initial=1), virtual(initial=3)).timeline()
    said = [text.get_text() for text in figure.texts]
    assert said.count("value 3") == 2
    assert "value 1" not in said
    assert len({line.get_color() for line in lines(figure, "value")}) == 1
    said = [text.get_text() for text in lab.compare(virtual(threads=2), virtual(threads=4)).timeline().texts]
    assert said.count("3 wait") == 2
    assert "1 wait" not in said


def test_of_several_primitives_each_has_its_colour_and_its_place_in_both() -> None:
    """The one that the first run uses most, the second uses least."""

    def use(left: int, right: int) -> None:
        one, two = threading.Semaphore(1), threading.Semaphore(1)
        for gate, times in ((one, left), (two, right)):
            for _ in range(times):
                with gate:
                    time.sleep(0.01)

    figure = lab.compare(virtual(use, left=3, right=1), virtual(use, left=1, right=3)).timeline()
    assert words(figure, "strip heading") == 2 * ["value of one", "value of two"]
    colours = [line.get_color() for line in lines(figure, "value")]
    assert colours[:2] == colours[2:]
    assert colours[0] != colours[1]


def test_a_window_and_some_threads_of_both() -> None:
    compared = lab.compare(virtual(initial=1), virtual(initial=2))
    figure = compared.timeline(between=(0.005, 0.025), threads=["worker-1", 0], width=7, dpi=80)
    assert words(figure, "row") == 2 * ["worker-1", "main"]
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()
    assert not words(figure, "parting label")  # it lies before the window
    with pytest.raises(ValueError, match=r"^threads must be a thread of the run"):
        compared.timeline(threads=["nobody"])
    with pytest.raises(ValueError, match=r"^width must be at least 4 inches, got 3$"):
        compared.timeline(width=3)
    with pytest.raises(ValueError, match=r"^height must be at least 2\.5 inches, got 1$"):
        compared.timeline(height=1)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({}, {"initial": 2}),
        ({"initial": 0}, {}),
        ({"stay": 0}, {"stay": 0, "seed": 1}),
        ({"threads": 1}, {"threads": 300}),
        ({"threads": 1_000}, {"threads": 700}),
        ({}, {"program": latch, "threads": 2}),
        ({}, {"program": time.time}),
        ({"program": time.time}, {"program": time.time}),
    ],
)
def test_any_two_runs_have_a_picture_and_words(a: dict[str, Any], b: dict[str, Any]) -> None:
    compared = lab.compare(virtual(**a), virtual(**b))
    shown, about = compared._repr_mimebundle_()
    assert Image.open(io.BytesIO(shown["image/png"])).width == 1000
    assert shown["text/plain"] == repr(compared)
    assert about["image/png"]["alt"] == f"Two timelines. {compared.sentence}. {compared.parted}"
    assert png(lab.compare(virtual(**a), virtual(**b)).timeline()) == shown["image/png"]


def test_two_logs_without_events_are_drawn() -> None:
    nothing = Run(Trace([]), {}, "virtual", 0, 0.0)
    compared = lab.compare(nothing, nothing)
    assert compared.equal
    assert png(compared.timeline())
    assert png(lab.compare(nothing, virtual()).timeline())


def test_no_words_leave_the_paper() -> None:
    """Also those of a title so long that it is set in the smallest type."""

    def ring(threads: int, ordered: bool) -> None:
        forks = [threading.Semaphore(1) for _ in range(threads)]

        def eat(*order: int) -> None:
            with forks[min(order) if ordered else order[0]]:
                time.sleep(0.01)
                with forks[max(order) if ordered else order[1]]:
                    pass

        for i in range(threads):
            threading.Thread(target=eat, args=(i, (i + 1) % threads), name=f"philosopher-{i}").start()

    figure = lab.compare(virtual(ring, threads=3, ordered=False), virtual(ring, threads=3, ordered=True)).timeline()
    png(figure)
    wide, high = figure.bbox.width, figure.bbox.height
    for text in figure.texts:
        box = text.get_window_extent(FigureCanvasAgg(figure).get_renderer())
        assert min(box.x0, box.y0) >= 0, text.get_text()
        assert box.x1 <= wide, text.get_text()
        assert box.y1 <= high, text.get_text()


def test_a_counterexample_beside_a_schedule_that_is_right() -> None:
    found = lab.explore(visit, threads=2, initial=2, stay=0.0, check=lab.mutual_exclusion)
    right = lab.record(visit, schedule=found.right[0], threads=2, initial=2, stay=0.0)
    compared = lab.compare(found.replay(0), right)
    assert [one.what for one in compared.varied] == ["schedule"]
    assert compared.names == ("First run", "Second run")
    assert compared.sentence.startswith("First run: Mutual exclusion broken: 2 threads inside at once")
    figure = compared.timeline()
    assert words(figure, "parting label") == ["≠", "≠"]
    assert words(figure, "alarm text") == ["2 inside"]  # the sign beside it leaves it its place


def test_a_loaded_run_is_compared_as_it_was(tmp_path: Path) -> None:
    run = virtual(seed=3)
    back = lab.load(run.save(tmp_path / "run.json"))
    assert lab.compare(run, back).equal
    assert lab.compare(run, back).varied == ()


@pytest.mark.parametrize(("suffix", "begins"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_it_is_saved_whole_or_not_at_all(tmp_path: Path, suffix: str, begins: bytes) -> None:
    def saved() -> Comparison:
        return lab.compare(virtual(), virtual(initial=2))

    first, again = (saved().save(tmp_path / f"{n}{suffix}").read_bytes() for n in ("one", "two"))
    assert first == again
    assert first.startswith(begins)
    with pytest.raises(ValueError, match=r"^the suffix must be one of \.png \.svg \.pdf, got 'two\.gif'$"):
        saved().save(tmp_path / "two.gif")
    with pytest.raises(OSError):
        saved().save(tmp_path / "nowhere" / f"two{suffix}")


@pytest.mark.parametrize(("a", "b", "name"), [(1, None, "a"), (None, visit, "b")])
def test_what_is_no_run_is_refused(a: Any, b: Any, name: str) -> None:
    run = virtual()
    rule = rf"^{name} must be a run, as record\(\) and load\(\) return it, got .*; write compare\(record\("
    with pytest.raises(TypeError, match=rule):
        lab.compare(run if a is None else a, run if b is None else b)
