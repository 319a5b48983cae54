"""From no event to a million: how many threads share a line is said, and short holds never pass for long ones."""

from __future__ import annotations

import re

import numpy as np
import pytest
from support.pictures import CASES, MS, SECOND, counter, found, guarded, picture, words

from semalab.analysis.reading import Reading, read
from semalab.draw import draw, png
from semalab.draw.bars import STEPS
from semalab.draw.raster import shade
from semalab.draw.scene import Scene, scene_of
from semalab.log.trace import Event, Primitive, Trace

LINES = re.compile(r"\(([\d,]+) threads; each line is ([\d,]+) of them\)")


def scene(reading: Reading) -> Scene:
    return scene_of(reading, None, 1, None)


@pytest.mark.parametrize("count", [600, 1_000, 2_346, 5_000])
@pytest.mark.parametrize("size", [{}, {"width": 6.0, "height": 3.0}], ids=str)
def test_every_line_is_as_many_threads_as_the_key_says(count: int, size: dict[str, float]) -> None:
    figure = draw(counter(count, 1), title="", **size)
    (image,) = found(figure, "rows")
    ((said, group),) = [m.groups() for m in map(LINES.fullmatch, words(figure)) if m]
    assert said == f"{count:,}"
    assert len(image.codes) == -(-count // int(group))
    lines = image.codes.astype(int)
    marked = {int(line) for line in np.flatnonzero((lines == lines.max()).any(axis=1))}
    assert marked == set(range(len(lines)))  # everybody released once, so every line shows a release


def test_lines_of_one_thread_are_not_called_shared() -> None:
    assert "(101 threads)" in words(picture("100 rows"))


def test_names_of_5000_rows_are_few_and_the_last_is_among_them() -> None:
    names = words(picture("5,000 rows"), "row")
    assert len(names) <= 10
    assert (names[0], names[-1]) == ("worker-0", "worker-4999")


def test_to_draw_a_reading_makes_no_objects_of_its_spans_and_steps() -> None:
    reading = guarded(100, 3, turns=10)
    png(draw(reading, title="", alarm="semaphore"))
    (use,) = reading.uses.values()
    assert "spans" not in vars(reading)
    assert not {"values", "waiters", "inside", "handovers", "openings", "passes"} & vars(use).keys()


def test_short_holds_that_would_cover_the_page_become_shares_of_the_time() -> None:
    reading = CASES["dense"][0]
    density = scene(reading).density
    assert density is not None
    (shares,) = density.holds.values()
    held = sum(s.end - s.begin for s in reading.spans if s.kind == "hold") / SECOND
    assert (shares * density.threads).sum() * density.time == pytest.approx(held)
    assert 0 <= shares.min() <= shares.max() == density.most <= 1
    seconds = f"{density.time:.2g}"
    assert f"holding, the darkest {100 * density.most:.2g} % of the time" in words(picture("dense"))
    assert f"(21 threads; a cell is one of them for {float(seconds):g} s)" in words(picture("dense"))


def test_a_share_is_that_of_its_own_thread_and_time() -> None:
    reading = CASES["dense"][0]
    density = scene(reading).density
    assert density is not None
    (shares,) = density.holds.values()
    rows = {thread: row for row, thread in enumerate(reading.trace.threads)}
    expected = np.zeros(shares.shape)
    for span in (s for s in reading.spans if s.kind == "hold"):
        begin, end = span.begin / SECOND / density.time, span.end / SECOND / density.time
        for cell in range(int(begin), min(int(end), shares.shape[1] - 1) + 1):
            expected[rows[span.thread], cell] += min(end, cell + 1) - max(begin, cell)
    assert np.allclose(shares, expected, rtol=0, atol=1e-8)


def test_of_many_threads_a_cell_has_several_and_its_share_is_their_mean() -> None:
    names = [f"worker-{i}" for i in range(130)]
    events = [Event(0, name, "start") for name in names]
    for turn in range(400):
        for number, name in enumerate(names):
            now = (turn * 130 + number) * 1_000
            events += [Event(now, name, "acquire", "s", 0, 1), Event(now + 500, name, "release", "s", 1, 1)]
    events += [Event(events[-1].time + 500, name, "end") for name in names]
    reading = read(Trace(events, names, [Primitive("s", "Semaphore", 1)]).certify())
    density = scene(reading).density
    assert density is not None
    (shares,) = density.holds.values()
    assert (density.threads, len(shares)) == (3, 44)  # the last one has a single thread
    assert np.allclose(shares.mean(axis=1), 0.5 / 130, rtol=1e-6)  # somebody holds half of the time
    assert "(130 threads; a cell is 3 of them for 320 µs)" in words(draw(reading, title=""))


def test_the_darker_a_cell_the_greater_its_share() -> None:
    figure, density = picture("dense"), scene(CASES["dense"][0]).density
    assert density is not None
    ((tone, shares),) = density.holds.items()
    (image,) = found(figure, "rows")
    left, _, right, _ = image.box
    lanes, columns = image.codes.shape
    shown = image.palette.view(np.uint8).reshape(-1, 4)[image.codes][..., :3]
    for row, cell in (
        (3, 10),
        (7, 80),
        (20, 100),
        *zip(*np.unravel_index([shares.argmax()], shares.shape), strict=True),
    ):
        x = int(((cell + 0.5) * density.time - left) / (right - left) * columns)
        y = int((row + 0.5) * lanes / len(shares))
        step = int(np.ceil(round(shares[row, cell] / density.most * STEPS, 6)))
        colour = shade(tone, step)
        assert tuple(shown[y, x]) == tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def test_holds_of_no_length_are_shown_and_said_to_last_nothing() -> None:
    figure = draw(flicker(20_000), title="")
    density = scene(flicker(20_000)).density
    assert density is not None
    ((tone, shares),) = density.holds.items()
    assert shares.max() == 0
    assert 0.9 <= density.steps(tone).mean() <= 1  # a tenth of the run nobody held
    assert density.steps(tone)[0, -10:].max() == 0
    assert {"holding, the darkest 0 % of the time", "(a cell is 140 ms)"} <= set(words(figure))


@pytest.mark.parametrize("case", ["mutex held", "100 rows", "1,000 rows", "many crowds"])
def test_holds_that_can_be_told_apart_stay_bars(case: str) -> None:
    assert scene(CASES[case][0]).density is None


def flicker(times: int) -> Reading:
    """One thread that acquires and releases at once, again and again, then waits a tenth of the run."""
    events = [Event(0, "main", "start")]
    for turn in range(times):
        events += [Event(turn * MS, "main", "acquire", "s", 4, 1), Event(turn * MS, "main", "release", "s", 5, 1)]
    events.append(Event(times * MS * 11 // 10, "main", "end"))
    return read(Trace(events, ["main"], [Primitive("s", "Semaphore", 5)]).certify())


def test_a_value_too_quick_to_follow_is_a_band_from_its_lowest_to_its_highest() -> None:
    figure = draw(flicker(20_000), title="")
    (band,) = found(figure, "value band")
    low, high = (line.get_ydata() for line in found(figure, "value"))
    (zero,) = found(figure, "zero")
    unit = (max(high) - zero.get_ydata()[0]) / 5
    at = found(figure, "value")[0].get_xdata() < 19.9
    assert np.allclose((low[at] - zero.get_ydata()[0]) / unit, 4)
    assert np.allclose((high[at] - zero.get_ydata()[0]) / unit, 5)
    assert np.allclose(low[-2:], high[-2:])  # at rest it is a line
    assert band.get_path().vertices[:, 1].min() == pytest.approx(min(low))
    assert "value of s, from its lowest to its highest" in words(figure)
    assert not found(draw(flicker(400), title=""), "value band")


def test_ten_thousand_steps_up_are_a_line() -> None:
    figure = draw(counter(1_000, 10), title="")
    assert not found(figure, "value band")
    assert "value of count" in words(figure)


def test_a_run_of_no_length_and_one_of_a_nanosecond() -> None:
    for length in (0, 1):
        events = [Event(0, "main", "start"), Event(0, "main", "acquire", "s", 0, 1)]
        events += [Event(length, "main", "release", "s", 1, 1), Event(length, "main", "end")]
        reading = read(Trace(events, ["main"], [Primitive("s", "Semaphore", 1)]).certify())
        figure = draw(reading, title="")
        assert len(found(figure, "hold")) == 1
        assert words(figure, "row") == ["main"]
