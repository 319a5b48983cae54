"""The picture shows what the reading says, holds its size, keeps its words apart, and is the same everywhere."""

from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from support.pictures import (
    CASES,
    MS,
    SECOND,
    boxes,
    contrast,
    deadlock,
    found,
    guarded,
    key,
    picture,
    twice_inside,
    words,
)

from semalab.analysis.reading import Reading, Span, read
from semalab.draw import draw, natural_height, png, save, svg
from semalab.draw.style import ALARM, PAPER, SHADE, TONES
from semalab.log.trace import Event, Primitive, Trace

EVERY = pytest.mark.parametrize("case", CASES)


# --- every picture ---------------------------------------------------------------------------------------------------


@EVERY
@pytest.mark.parametrize("size", [{}, {"width": 6.0, "height": 3.0}, {"width": 12.0, "height": 7.0}], ids=str)
def test_words_stay_on_the_page_apart_and_legible(case: str, size: dict[str, float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a glyph that is missing, a layout that fails
        figure = picture(case, **size)
        png(figure)
        svg(figure)
    renderer, page = figure.canvas.get_renderer(), figure.bbox
    extents = [(text, text.get_window_extent(renderer)) for text in figure.texts if text.get_text()]
    for text, box in extents:
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= page.width, text
        assert box.y1 <= page.height, text
        assert text.get_fontsize() >= 8
        grounds = {"name": [tone.colour for tone in TONES]}.get(str(text.get_gid()), [PAPER])
        assert all(contrast(text.get_color(), ground) >= 4.5 for ground in grounds)
    for (text, a), (other, b) in itertools.combinations(extents, 2):
        wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert wide <= 0 or high <= 1, (text, other)


@EVERY
def test_title_is_whole_whatever_its_length(case: str) -> None:
    _, style = CASES[case]
    shown = " ".join(words(picture(case, width=6.0), "title"))
    assert "`" not in shown  # what marks code in a text is raw in a picture
    shown = shown.replace("‘", "`").replace("’", "`")
    assert shown.split() == "".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in style["title"]).split()


def test_one_height_for_every_run_of_so_many_threads() -> None:
    for reading, style in (CASES["mutex held"], CASES["mutex broken"]):
        assert draw(reading, **style).get_size_inches().tolist() == [10.0, natural_height(9)]
    assert 2.6 <= natural_height(1) < natural_height(8) < natural_height(1_000) == 6.5


@EVERY
def test_a_given_size_is_kept(case: str) -> None:
    image = png(picture(case, width=7.5, height=4.0, dpi=80))
    assert (int.from_bytes(image[16:20]), int.from_bytes(image[20:24])) == (600, 320)


# --- what is shown is so ---------------------------------------------------------------------------------------------


def expected(reading: Reading, kind: str) -> list[tuple[float, float]]:
    return sorted((s.begin / SECOND, s.end / SECOND) for s in reading.spans if s.kind == kind)


@pytest.mark.parametrize("case", ["mutex held", "mutex broken", "limiter", "many crowds"])
@pytest.mark.parametrize("kind", ["hold", "wait"])
def test_bars_begin_and_end_when_their_spans_do(case: str, kind: str) -> None:
    shown = sorted((begin, end) for begin, end, _ in boxes(picture(case), kind))
    assert np.allclose(shown, expected(CASES[case][0], kind), rtol=0, atol=1e-9)


def test_bars_stand_in_their_threads_rows() -> None:
    reading, figure = CASES["mutex held"][0], picture("mutex held")
    middles = {text.get_text(): text.get_position()[1] for text in figure.texts if text.get_gid() == "row"}
    shown = {(round(begin, 6), round(y, 3)) for begin, _, y in boxes(figure, "hold")}
    assert shown == {
        (round(s.begin / SECOND, 6), round(middles[s.thread], 3)) for s in reading.spans if s.kind == "hold"
    }


def test_at_1000_rows_every_hold_colours_its_pixel_and_no_other_row_is_coloured() -> None:
    reading, figure = CASES["1,000 rows"][0], picture("1,000 rows")
    (image,) = found(figure, "rows")
    left, _, right, _ = image.box
    lanes, columns = image.codes.shape
    colours = image.palette.view(np.uint8).reshape(-1, 4)[image.codes].astype(int)
    held = colours[..., 2] - colours[..., 0] > 95  # bluer than any line of a wait's hatch
    rows = {thread: row for row, thread in enumerate(reading.trace.threads)}

    def lane(span: Span) -> int:
        return rows[span.thread] * lanes // len(rows)

    holds = [s for s in reading.spans if s.kind == "hold"]
    assert len(holds) == 5_000
    for span in holds:
        middle = int(((span.begin + span.end) / 2 / SECOND - left) / (right - left) * columns)
        assert held[lane(span), middle - 1 : middle + 2].any(), span
    idle = set(range(lanes)) - {lane(span) for span in holds}
    assert not held[sorted(idle)].any()
    assert held.sum() <= 3 * len(holds)  # none is much wider than it lasted


def test_alarm_marks_exist_only_with_an_alarm() -> None:
    marks = ("alarm bar", "alarm shade", "alarm text")
    reading, style = CASES["mutex broken"]
    assert all(found(draw(reading, **style), gid) for gid in marks)
    assert not any(found(draw(reading, **{**style, "alarm": None}), gid) for gid in marks)
    assert not any(found(picture("mutex held", alarm="semaphore"), gid) for gid in marks)


def test_alarm_covers_exactly_the_crowded_times() -> None:
    (use,) = CASES["many crowds"][0].uses.values()
    bars = [(begin, end) for begin, end, _ in boxes(picture("many crowds"), "alarm bar")]
    for begin, end in use.crowded:
        assert any(b <= begin / SECOND + 1e-9 and end / SECOND <= e + 1e-9 for b, e in bars)
    step = 0.002 * CASES["many crowds"][0].trace.duration / SECOND  # less than two pixels
    crowded = sum(end - begin for begin, end in use.crowded) / SECOND
    assert sum(e - b for b, e in bars) <= crowded + step * len(bars)


def test_alarm_says_how_many_were_inside() -> None:
    assert set(words(picture("mutex broken"), "alarm text")) == {"2 inside"}


def test_alarm_counts_from_the_number_allowed() -> None:
    reading = guarded(8, 3, turns=2)
    both = [draw(reading, title="", alarm="semaphore", allowed=allowed) for allowed in (1, 2)]
    covered = [sum(end - begin for begin, end, _ in boxes(figure, "alarm bar")) for figure in both]
    assert covered[0] > covered[1] > 0
    assert set(words(both[1], "alarm text")) == {"3 inside"}
    assert not found(draw(reading, title="", alarm="semaphore", allowed=3), "alarm bar")


def test_a_thread_inside_twice_is_not_a_crowd() -> None:
    assert not found(draw(twice_inside(), title="", alarm="lock"), "alarm bar")


def test_alarm_is_told_from_paper_and_bars_without_colour() -> None:
    assert contrast(ALARM, PAPER) >= 4.5
    assert contrast(ALARM, SHADE) >= 4.5
    assert all(contrast("white", tone.colour) >= 4.5 <= contrast(tone.colour, PAPER) for tone in TONES)
    assert len({tone.hatch for tone in TONES}) == len(TONES)


def test_a_deadlock_ends_at_a_wall_that_waits_reach_over() -> None:
    """The wall stands a little after the last wait's begin: who waits is seen to do so before nobody can go on."""
    figure = picture("deadlock")
    assert words(figure, "stop label") == ["deadlock"]
    (wall,) = found(figure, "stop")
    (at,) = {x for segment in wall.get_segments() for x in segment[:, 0]}
    tips = [tip.get_path().vertices for tip in found(figure, "wait tip")]
    assert len(tips) == 2
    assert all(519.0 < tip[:, 0].min() <= 520.0 < at < tip[:, 0].max() for tip in tips)
    assert not found(picture("mutex held"), "stop")


def test_a_wall_stands_at_the_end_where_nobody_began_to_wait_there() -> None:
    events = [Event(0, "main", "start"), Event(MS, "main", "block", "shut", 0), Event(0, "ann", "start")]
    events = [events[0], events[2], events[1], Event(520 * MS, "ann", "end")]
    shut = read(Trace(events, ["main", "ann"], [Primitive("shut", "Semaphore", 0)]).certify())
    (wall,) = found(draw(shut, title="shut", stopped="deadlock"), "stop")
    assert {x for segment in wall.get_segments() for x in segment[:, 0]} == {520.0}


def circle_arrows(figure: Figure) -> list[tuple[float, bool]]:
    """Of each its moment, and whether it leads down."""
    (arrows,) = found(figure, "circle")
    return [(float(x), bool(end < start)) for (x, start), (_, end) in arrows.get_segments()]


def test_a_circle_leads_from_who_waits_to_who_holds() -> None:
    ring = [("ann", "right", "bob"), ("bob", "left", "ann")]
    figure = draw(deadlock(), title="stuck", stopped="deadlock", circle=ring)
    (down, first), (up, second) = circle_arrows(figure)
    assert 400.0 < down < 420.0 and 520.0 < up < 540.0 and first and not second
    assert "waits for what that one holds" in words(figure)
    assert not found(picture("deadlock"), "circle")
    unknown = [*ring, ("ann", "right", "cy")]  # nobody's row
    assert len(circle_arrows(draw(deadlock(), title="stuck", stopped="deadlock", circle=unknown))) == 2


def ended_inside() -> Reading:
    events = [Event(0, "main", "start"), Event(0, "ann", "start"), Event(0, "ann", "acquire", "door", 0, 1)]
    events += [Event(200 * MS, "ann", "end"), Event(500 * MS, "main", "block", "door", 0)]
    return read(Trace(events, ["main", "ann"], [Primitive("door", "Semaphore", 1)]).certify())


def test_the_bar_of_who_ended_inside_ends_there() -> None:
    figure = draw(ended_inside(), title="gone", stopped="deadlock")
    (end,) = found(figure, "left")
    assert {x for segment in end.get_segments() for x in segment[:, 0]} == {200.0}
    assert not found(figure, "hold tip") and len(found(figure, "wait tip")) == 1
    assert "ends without releasing" in words(figure) and "dies" not in words(figure)


def test_a_process_that_died_is_said_to_have() -> None:
    figure = draw(ended_inside(), title="gone", stopped="deadlock", died=["ann was killed (SIGKILL)"])
    assert words(figure, "died") == ["was killed (SIGKILL)"]
    assert "dies" in words(figure) and "ends without releasing" not in words(figure)
    assert len(found(figure, "left")) == 1


def test_a_latch_says_when_it_opens() -> None:
    figure = picture("latch")
    assert words(figure, "opening label") == ["opens at 1.6 s"]
    (passes,) = found(figure, "pass")
    assert passes.get_xdata().tolist() == [1.6] * 5
    assert not found(figure, "handover")  # the line already shows who was let in


def test_links_lead_from_a_release_to_the_acquire_it_let_in() -> None:
    events = [Event(0, "a", "start"), Event(0, "b", "start"), Event(0, "a", "acquire", "mutex", 0, 1)]
    events += [Event(SECOND, "b", "block", "mutex", 0), Event(3 * SECOND, "a", "release", "mutex", 1, 1)]
    events += [Event(4 * SECOND, "b", "acquire", "mutex", 0, 1), Event(9 * SECOND, "b", "release", "mutex", 1, 1)]
    reading = read(Trace(events, ["a", "b"], [Primitive("mutex", "Semaphore", 1)]).certify())
    figure = draw(reading, title="")
    upper, lower = (text.get_position()[1] for text in figure.texts if text.get_gid() == "row")
    (links,) = found(figure, "handover")
    ((begin, end),) = links.get_segments()
    assert (begin[0], end[0]) == (3.0, 4.0)
    assert upper > begin[1] > end[1] > lower
    assert len(found(picture("mutex held"), "handover")[0].get_segments()) == 7
    assert not found(picture("100 rows"), "handover")


def test_value_above_zero_and_waiters_below() -> None:
    reading, figure = CASES["mutex broken"][0], picture("mutex broken")
    (use,) = reading.uses.values()
    (value,) = found(figure, "value")
    (zero,) = found(figure, "zero")
    (waiters,) = found(figure, "waiters")
    level = zero.get_ydata()[0]
    assert min(value.get_ydata()) == pytest.approx(level)
    assert max(waiters.get_path().vertices[:, 1]) == pytest.approx(level)
    assert {"value 2", "0", f"{max(step.level for step in use.waiters)} wait"} <= set(words(figure))
    times = {round(step.time / SECOND, 9) for step in use.values}
    assert times <= {round(x, 9) for x in value.get_xdata()}


def test_where_the_clock_stood_still_events_are_steps() -> None:
    figure = picture("deadlock, clock still")
    assert words(figure, "axis label") == ["events, in their order: the clock stood still"]
    assert sorted(begin for begin, _, _ in boxes(figure, "hold")) == [4.0, 5.0]
    assert sorted(begin for begin, _, _ in boxes(figure, "wait")) == [6.0, 7.0]


@pytest.mark.parametrize(
    ("unit", "label"),
    [
        (SECOND, "seconds since the run began"),
        (MS, "milliseconds since the run began"),
        (1_000, "microseconds since the run began"),
        (1, "nanoseconds since the run began"),
    ],
)
def test_time_has_a_sensible_unit(unit: int, label: str) -> None:
    trace = Trace([Event(0, "main", "start"), Event(20 * unit, "main", "end")], ["main"])
    assert words(draw(read(trace), title="", height=3.5), "axis label") == [label]


@pytest.mark.parametrize(
    ("case", "entries"),
    [
        ("mutex held", ["holding", "waiting", "running", "sleeping", "hands over"]),
        ("mutex broken", ["holding", "waiting", "running", "sleeping", "hands over", "too many inside"]),
        ("latch", ["waiting", "running", "sleeping", "passes", "opens"]),
        ("counter", ["running", "releases"]),
        ("deadlock", ["holding", "waiting", "running", "in join()", "never ended"]),
    ],
)
def test_key_holds_what_occurs_and_nothing_else(case: str, entries: list[str]) -> None:
    assert sorted(key(picture(case))) == sorted(entries)


def test_several_guards_are_named() -> None:
    figure = picture("deadlock")
    assert words(figure, "name") == ["left", "right"]
    assert {"left", "right"} <= set(words(figure))


def test_smaller_signs_are_drawn_and_named() -> None:
    figure = picture("moments")
    assert all(found(figure, gid) for gid in ("refuse", "print", "opening", "pass"))
    assert {"gives up", "prints", "set at 9 ms"} <= set(words(figure))


def test_names_are_shortened_in_their_middle_and_numbered_rows_say_how_many() -> None:
    (label,) = [w for w in words(picture("names"), "row") if "long" in w]
    assert "…" in label
    assert "-7" in label
    figure = picture("1,000 rows")
    assert "(1,001 threads; each line is 3 of them)" in words(figure)
    assert words(figure, "row")[:2] == ["main", "worker-200"]


def test_a_name_that_stands_alone_is_written_however_narrow_the_rows() -> None:
    """In a row of calls the timer is what is looked for."""
    names = ["timer", *(f"call-{i}" for i in range(16))]  # below main's row
    figure = draw(guarded(names, 1), title="", height=3.0)
    first, second, *others = words(figure, "row")
    assert (first, second) == ("main, timer", "call-3")
    assert others and all(name.startswith("call-") for name in others)
    pitch = {t.get_text(): t.get_position()[1] for t in figure.texts if t.get_gid() == "row"}
    assert pitch[first] - pitch[second] >= 10.5
    assert words(draw(guarded(names, 1), title=""), "row")[:3] == ["main", "timer", "call-0"]


def test_a_small_picture_of_many_rows_keeps_its_value() -> None:
    reading = CASES["1,000 rows"][0]
    figure = draw(reading, title="two lines of title " * 3, width=5.0, height=2.9)
    assert any(word.startswith("value of") for word in words(figure, "strip heading"))


@EVERY
def test_no_text_is_read_as_mathematics(case: str) -> None:
    figure = picture(case)
    assert not any(text.get_parse_math() or text.get_usetex() for text in figure.findobj(Text) if text.get_text())


def test_nothing_recorded_is_said() -> None:
    assert "Nothing was recorded." in words(picture("nothing"))
    assert "Nothing was recorded." in words(picture("no events"))


# --- the same everywhere ---------------------------------------------------------------------------------------------

SCRIPT = """
import hashlib, sys
sys.path.insert(0, {tests!r})
from support.pictures import CASES, picture
from semalab.draw import png, svg
for case in CASES:
    figure = picture(case)
    print(case, hashlib.sha256(png(figure)).hexdigest(), hashlib.sha256(svg(figure).encode()).hexdigest())
print([name for name in ("matplotlib.pyplot", "pylab", "IPython", "ipywidgets") if name in sys.modules])
"""


def in_a_process(seed: str) -> list[str]:
    """The digests of every picture, then which modules were loaded that must not be."""
    tests = str(Path(__file__).parent.parent)
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    command = [sys.executable, "-c", SCRIPT.format(tests=tests)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def test_pictures_are_the_same_in_every_process_and_load_no_pyplot() -> None:
    one, other = in_a_process("1"), in_a_process("2")
    assert one == other
    assert one[-1] == "[]"
    assert len(one) == len(CASES) + 1


def digests(cases: Iterable[str]) -> list[str]:
    return [hashlib.sha256(png(picture(case))).hexdigest() for case in cases]


def test_the_callers_settings_neither_show_nor_change() -> None:
    cases = ["mutex broken", "deadlock", "names"]
    plain = digests(cases)
    loud = {
        "text.color": "red",
        "axes.facecolor": "black",
        "font.size": 30,
        "font.family": "monospace",
        "lines.linewidth": 9,
        "hatch.linewidth": 5,
        "path.sketch": (3, 100, 2),
        "savefig.facecolor": "black",
        "savefig.bbox": "tight",
        "figure.dpi": 37,
        "svg.hashsalt": None,
    }
    with matplotlib.rc_context(loud):
        before = dict(matplotlib.rcParams)
        assert digests(cases) == plain
        assert dict(matplotlib.rcParams) == before


def test_files_carry_no_date_and_no_version(tmp_path: Path) -> None:
    for suffix in (".png", ".svg", ".pdf"):
        paths = [tmp_path / f"{i}{suffix}" for i in range(2)]
        for path in paths:
            save(picture("mutex broken"), path)
        content = paths[0].read_bytes()
        assert content == paths[1].read_bytes()
        assert matplotlib.__version__.encode() not in content
        assert b"Date" not in content
    assert (tmp_path / "0.png").read_bytes().startswith(b"\x89PNG")


# --- refusals --------------------------------------------------------------------------------------------------------


def test_bad_arguments_are_told() -> None:
    reading = CASES["mutex held"][0]
    with pytest.raises(ValueError, match=r"^alarm must be a primitive of the run \(semaphore\), got 'gate'$"):
        draw(reading, title="", alarm="gate")
    with pytest.raises(ValueError, match=r"^width must be at least 4 inches, got 3$"):
        draw(reading, title="", width=3)
    with pytest.raises(ValueError, match=r"^height must be at least 2.5 inches, got 1$"):
        draw(reading, title="", height=1)
    with pytest.raises(ValueError, match=r"^the suffix must be one of .png .svg .pdf, got 'run.gif'$"):
        save(picture("one thread"), "run.gif")
