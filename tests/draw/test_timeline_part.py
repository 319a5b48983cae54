"""A part of a run: a window of time and chosen threads, what is cut off looks cut, and what is left out is said."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from support.pictures import BROKEN, CASES, SECOND, boxes, deadlock, found, guarded, key, latch, picture, words

import semalab as lab
from semalab.analysis.reading import Reading, read
from semalab.draw import draw, png
from semalab.log.trace import Event, Primitive, Trace


def two_turns() -> Reading:
    """ann holds from 1 s to 4 s, bob waits from 2 s to 4 s and holds until 6 s; both end at 8 s."""
    events = [Event(0, name, "start") for name in ("ann", "bob")]
    events += [Event(1 * SECOND, "ann", "acquire", "gate", 0, 1), Event(2 * SECOND, "bob", "block", "gate", 0)]
    events += [Event(4 * SECOND, "ann", "release", "gate", 1, 1), Event(4 * SECOND, "bob", "acquire", "gate", 0, 1)]
    events += [Event(6 * SECOND, "bob", "release", "gate", 1, 1)]
    events += [Event(8 * SECOND, name, "end") for name in ("ann", "bob")]
    return read(Trace(events, ["ann", "bob"], [Primitive("gate", "Semaphore", 1)]).certify())


def part(**view: Any) -> Any:
    return draw(two_turns(), title="", subtitle="gate = Semaphore(1)", **view)


def torn(figure: Any, gid: str) -> list[tuple[float, float]]:
    """Of every bar with a torn end: from where to where it reaches."""
    corners = [path.get_path().vertices.reshape(-1, 11, 2)[..., 0] for path in found(figure, f"{gid} torn")]
    return [(x.min(), x.max()) for every in corners for x in every]


def test_a_window_shows_what_is_in_it() -> None:
    figure = part(between=(3, 5))
    (axes,) = figure.axes
    assert axes.get_xlim()[0] < 3 < 5 < axes.get_xlim()[1]
    assert words(figure, "tick label")[0] == "3.0"
    assert words(figure, "tick label")[-1] == "5.0"
    assert words(figure, "subtitle") == ["gate = Semaphore(1) · shown: from 3 s to 5 s of 8 s"]


def test_what_goes_on_outside_is_torn_and_what_begins_or_ends_inside_is_not() -> None:
    figure = part(between=(3, 5))
    ((ann_begins, ann_ends), (bob_begins, bob_ends)) = torn(figure, "hold")
    assert ann_begins < 3 < ann_ends == 4.0
    assert bob_begins == 4.0 < 5 < bob_ends
    ((begins, ends),) = torn(figure, "wait")
    assert begins < 3 < ends == 4.0
    left, right = figure.axes[0].get_xlim()
    assert left <= ann_begins < bob_ends <= right
    assert left <= begins
    assert not boxes(figure, "hold")
    assert not boxes(figure, "wait")
    assert "goes on outside" in words(figure)


def test_what_lies_inside_whole_is_not_torn() -> None:
    figure = part(between=(0.5, 7))
    assert sorted(boxes(figure, "hold"))[0][:2] == (1.0, 4.0)
    assert not found(figure, "hold torn")
    assert not found(figure, "wait torn")
    assert "goes on outside" not in words(figure)


def test_what_lies_outside_is_not_drawn() -> None:
    figure = part(between=(6.5, 8))
    assert not any(found(figure, gid) for gid in ("hold", "hold torn", "wait", "wait torn", "handover"))
    assert key(figure) == ["running"]
    assert found(part(between=(3, 5)), "handover")
    assert not found(part(between=(4.5, 5)), "handover")


def test_what_only_touches_the_window_is_outside() -> None:
    figure = part(between=(4, 5))
    ((begins, _),) = torn(figure, "hold")
    assert begins == 4.0  # bob's: ann's ends there
    assert not any(found(figure, gid) for gid in ("wait", "wait torn"))
    assert not any(found(part(between=(0.5, 1)), gid) for gid in ("hold", "hold torn"))


def test_the_value_at_the_left_edge_is_what_it_was_before() -> None:
    figure = part(between=(3, 5))
    (value,), (zero,) = found(figure, "value"), found(figure, "zero")
    x, y = value.get_xdata(), value.get_ydata() - zero.get_ydata()[0]
    assert (x[0], y[0]) == (3.0, 0.0)
    assert sorted(set(x)) == pytest.approx([3.0, 4.0, figure.axes[0].get_xlim()[1]])
    (waiters,) = found(figure, "waiters")
    hanging = waiters.get_path().vertices
    assert hanging[0, 0] == 3.0
    assert hanging[0, 1] < zero.get_ydata()[0]  # bob waits already
    assert "1 wait" in words(figure)
    assert "1 wait" not in words(part(between=(4.5, 5)))


def test_threads_by_name_or_number_in_the_order_given() -> None:
    reading = CASES["mutex held"][0]
    figure = draw(reading, title="", threads=["worker-5", 0, np.int64(2), "worker-5"])
    assert words(figure, "row") == ["worker-5", "main", "worker-1"]
    assert words(figure, "subtitle") == ["3 of 9 threads; the values count all"]
    middles = {text.get_text(): text.get_position()[1] for text in figure.texts if text.get_gid() == "row"}
    chosen = [s for s in reading.spans if s.kind == "hold" and s.thread in middles]
    shown = {(round(begin, 6), round(y, 3)) for begin, _, y in boxes(figure, "hold")}
    assert shown == {(round(s.begin / SECOND, 6), round(middles[s.thread], 3)) for s in chosen}


def test_the_values_count_threads_that_are_not_shown() -> None:
    assert {"1 wait", "value 1"} <= set(words(part(threads=["ann"])))
    assert not found(part(threads=["ann"]), "wait")


def test_all_threads_and_the_whole_time_leave_nothing_out() -> None:
    whole = png(part())
    assert png(part(between=(0, 8), threads=["ann", "bob"])) == whole
    assert png(part(between=(0, 9))) == whole  # a window may go on past the end
    assert words(part(between=(0, 8)), "subtitle") == ["gate = Semaphore(1)"]


def test_a_fault_is_marked_for_the_time_it_has_inside_the_window() -> None:
    reading, begin, end = CASES["mutex broken"][0], 0.6, 0.9
    (use,) = reading.uses.values()
    crowded = [(max(b / SECOND, begin), min(e / SECOND, end)) for b, e in use.crowded]
    expected = sum(e - b for b, e in crowded if e > b)
    bars = boxes(draw(reading, **{**BROKEN, "between": (begin, end)}), "alarm bar")
    assert sum(e - b for b, e, _ in bars) == pytest.approx(expected, abs=0.004)
    assert all(begin <= b < e <= end + 0.002 for b, e, _ in bars)


def test_the_stop_is_a_wall_only_where_the_window_reaches_it() -> None:
    style = {"title": "", "stopped": "deadlock"}
    assert found(draw(deadlock(), between=(0.2, 0.6), **style), "stop")
    early = draw(deadlock(), between=(0.2, 0.45), **style)
    assert not found(early, "stop")
    assert not found(early, "wait tip")  # it never ended, but that is not to be seen here
    assert torn(early, "wait")


def test_an_opening_outside_the_window_is_not_drawn() -> None:
    assert found(draw(latch(), title="", between=(1.5, 2)), "opening")
    assert not found(draw(latch(), title="", between=(1.7, 2)), "opening")


def test_where_the_clock_stood_still_between_counts_events() -> None:
    figure = draw(deadlock(0), title="", between=(4, 6))
    assert words(figure, "subtitle") == ["shown: events 4 to 6 of 7"]
    assert [label for label in words(figure, "tick label") if label in "4 5 6"] == ["4", "5", "6"]


def test_ticks_far_into_a_long_run_stay_apart() -> None:
    trace = Trace([Event(0, "main", "start"), Event(90_000 * SECOND, "main", "end")], ["main"])
    figure = draw(read(trace), title="", between=(80_000, 80_000 + 1e-7))
    labels = [text for text in figure.texts if text.get_gid() == "tick label"]
    extents = sorted((text.get_window_extent(figure.canvas.get_renderer()).extents for text in labels), key=list)
    assert len(extents) >= 2
    assert all(left[2] < right[0] for left, right in itertools.pairwise(extents))


@pytest.mark.parametrize("window", [(0, 1e-3), (0.3, 0.30001), (100, 200)])
def test_parts_of_a_large_run_are_images_like_the_whole(window: tuple[float, float]) -> None:
    figure = draw(CASES["1,000 rows"][0], title="", between=window)
    (image,) = found(figure, "rows")
    assert image.codes.any()
    assert "goes on outside" not in words(figure)  # no end is torn there: it runs into the edge of the plot
    png(figure)


def test_an_image_of_a_window_shows_the_holds_of_that_time() -> None:
    reading = guarded(100, 5, within=9_000)
    figure = draw(reading, title="", between=(2, 3))
    (image,) = found(figure, "rows")
    left, _, right, _ = image.box
    lanes, columns = image.codes.shape
    colours = image.palette.view(np.uint8).reshape(-1, 4)[image.codes].astype(int)
    rows = {thread: row for row, thread in enumerate(reading.trace.threads)}
    held = colours[..., 2] - colours[..., 0] > 95
    inside = [s for s in reading.spans if s.kind == "hold" and s.end > 2 * SECOND and s.begin < 3 * SECOND]
    assert inside
    for span in inside:
        middle = (max(span.begin, 2 * SECOND) + min(span.end, 3 * SECOND)) / 2 / SECOND
        x, y = int((middle - left) / (right - left) * columns), int((rows[span.thread] + 0.5) * lanes / len(rows))
        assert held[y, max(0, x - 1) : x + 2].any(), span
    silent = {int((rows[t] + 0.5) * lanes / len(rows)) for t in rows} - {
        int((rows[s.thread] + 0.5) * lanes / len(rows)) for s in inside
    }
    assert not held[sorted(silent)].any()


def test_a_run_takes_a_window_and_threads() -> None:
    def program() -> None:
        import threading
        import time

        gate = threading.Semaphore(1)

        def work() -> None:
            with gate:
                time.sleep(0.1)

        for number in range(3):
            threading.Thread(target=work, name=f"worker-{number}").start()

    run = lab.record(program, clock="virtual")
    figure = run.timeline(between=(0.05, 0.15), threads=["worker-1", "worker-2"])
    assert words(figure, "row") == ["worker-1", "worker-2"]
    subtitle = " ".join(words(figure, "subtitle"))
    assert subtitle.endswith("from 50 ms to 150 ms of 300 ms · 2 of 4 threads; the values count all")
    with pytest.raises(ValueError, match=r"^between must begin before the end of the run \(0\.3 s\), got \(2, 3\)$"):
        run.timeline(between=(2, 3))


NUMBERS = "between must be two numbers (begin, end) in seconds of the run's clock, got "
ORDER = "between must be (begin, end) with 0 <= begin < end, in seconds of the run's clock, got "
THREAD = "must be a thread of the run (ann, bob) or a row number from 0 to 1, got "


@pytest.mark.parametrize(
    ("view", "error", "told"),
    [
        ({"between": 3}, TypeError, f"{NUMBERS}3"),
        ({"between": (1, 2, 3)}, TypeError, f"{NUMBERS}(1, 2, 3)"),
        ({"between": ("a", 2)}, TypeError, f"{NUMBERS}('a', 2)"),
        ({"between": (0, float("nan"))}, TypeError, f"{NUMBERS}(0, nan)"),
        ({"between": (False, True)}, TypeError, f"{NUMBERS}(False, True)"),
        ({"between": (2, 1)}, ValueError, f"{ORDER}(2, 1)"),
        ({"between": (-1, 1)}, ValueError, f"{ORDER}(-1, 1)"),
        ({"between": (8, 9)}, ValueError, "between must begin before the end of the run (8 s), got (8, 9)"),
        ({"between": (0, 1e-12)}, ValueError, "between must be at least a nanosecond long, got (0, 1e-12)"),
        ({"threads": "ann"}, TypeError, "threads must be a list of names or row numbers, got 'ann'; write ['ann']"),
        ({"threads": []}, ValueError, "threads must name at least one thread, got []"),
        ({"threads": ["eve"]}, ValueError, f"threads {THREAD}'eve'"),
        ({"threads": [2]}, ValueError, f"threads {THREAD}2"),
        ({"threads": [True]}, ValueError, f"threads {THREAD}True"),
        ({"select": -1}, ValueError, f"select {THREAD}-1"),
        (
            {"select": "bob", "threads": ["ann"]},
            ValueError,
            "select must be one of the threads shown, got 'bob'; add it to threads",
        ),
    ],
)
def test_a_part_that_is_none_is_told(view: dict[str, Any], error: type[Exception], told: str) -> None:
    with pytest.raises(error) as raised:
        part(**view)
    assert str(raised.value) == told


def test_errors_name_a_few_of_many_threads() -> None:
    told = (
        r"^threads must be a thread of the run \(main, worker-0, worker-1 and 98 more\) or a row number from 0 to 100"
    )
    with pytest.raises(ValueError, match=told):
        picture("100 rows", threads=["x"])
