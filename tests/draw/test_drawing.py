"""A picture as data stands where matplotlib's stands: the same things, in the same places."""

from __future__ import annotations

import queue
import threading
import time
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.text import Text

import semalab as lab
from semalab.draw.drawing import HOLD, OPEN, SLEEP, WAIT, Drawing, Thing


def visit(threads: int = 4, initial: int = 1) -> None:
    door, lock = threading.Semaphore(initial), threading.Lock()

    def inside() -> None:
        with door:
            time.sleep(0.01)
            with lock:
                print("inside")

    everybody = [threading.Thread(target=inside) for _ in range(threads)]
    for one in everybody:
        one.start()
    for one in everybody:
        one.join()


def embrace(threads: int = 2, initial: int = 1) -> None:
    left, right = threading.Semaphore(initial), threading.Semaphore(initial)

    def take(one: threading.Semaphore, other: threading.Semaphore) -> None:
        with one:
            time.sleep(0.01)
            with other:
                pass

    both = [threading.Thread(target=take, args=pair) for pair in ((left, right), (right, left))]
    for one in both[:threads]:
        one.start()


RUNS: list[tuple[Any, int, int]] = [
    *((visit, threads, initial) for threads in (1, 3, 12) for initial in (0, 1, 2)),
    (embrace, 2, 1),
]


def run_of(program: Any, threads: int, initial: int) -> lab.Run:
    return lab.record(program, threads=threads, initial=initial, clock="virtual", seed=1, claim=lab.mutual_exclusion)


@pytest.mark.parametrize(("program", "threads", "initial"), RUNS)
@pytest.mark.parametrize("width", [10.0, 4.0])
def test_everything_stands_where_matplotlib_puts_it(program: Any, threads: int, initial: int, width: float) -> None:
    run = run_of(program, threads, initial)
    figure, drawing = run.timeline(width=width), run.drawing(width=width)
    axes = figure.axes[0]
    assert drawing.begin == round(axes.get_xlim()[0] * drawing.grain)
    assert drawing.end == round(axes.get_xlim()[1] * drawing.grain)
    assert drawing.width == round(figure.get_figwidth() * 720)
    assert drawing.height == round(figure.get_figheight() * 720)
    for kind in sorted({thing.kind for thing in drawing.things if thing.on == "plot"}):
        painted = np.concatenate([corners(artist) for artist in artists(figure, kind)])
        listed = np.concatenate([points(thing, drawing) for thing in drawing.things if thing.kind == kind])
        assert len(painted) == len(listed), kind
        assert np.allclose(painted[:, 0], listed[:, 0], atol=0.5001 / drawing.grain), kind
        assert np.allclose(painted[:, 1], listed[:, 1], atol=0.1001), kind  # its own and the height


@pytest.mark.parametrize(("program", "threads", "initial"), RUNS[::3])
def test_the_words_are_those_of_the_picture(program: Any, threads: int, initial: int) -> None:
    run = run_of(program, threads, initial)
    painted = [(text.get_gid(), text.get_text()) for text in run.timeline().findobj(Text) if text.get_text()]
    listed = [(thing.kind, thing.words) for thing in run.drawing().things if thing.form == "words"]
    assert listed == painted


def test_many_rows_are_one_picture_in_it() -> None:
    run = run_of(visit, 80, 2)
    (rows,) = (thing for thing in run.drawing().things if thing.form == "pixels")
    assert rows.kind == "rows"
    assert rows.words.startswith("iVBOR")  # a PNG in base64


def test_what_lies_on_top_comes_last() -> None:
    kinds = [thing.kind for thing in run_of(visit, 3, 1).drawing().things]
    assert kinds.index("sleep") < kinds.index("hold") < kinds.index("wait") < kinds.index("key") < kinds.index("title")


def test_it_is_the_same_each_time() -> None:
    assert run_of(visit, 3, 1).drawing() == run_of(visit, 3, 1).drawing()


def artists(figure: Figure, kind: str) -> list[Any]:
    """In the order in which they are painted."""
    found = [
        artist
        for artist in figure.axes[0].get_children()
        if isinstance(artist, PathPatch | LineCollection | Line2D) and artist.get_gid() == kind
    ]
    return sorted(found, key=lambda artist: artist.get_zorder())


def corners(artist: Any) -> np.ndarray:
    """Positions on the plot, boxes as two of their corners."""
    if isinstance(artist, PathPatch):
        vertices = np.asarray(artist.get_path().vertices)
        flat = len(vertices) % 5 == 0 and (vertices[0::5, 0] == vertices[3::5, 0]).all()
        return vertices.reshape(-1, 5, 2)[:, [0, 2]].reshape(-1, 2) if flat else vertices
    if isinstance(artist, LineCollection):
        return np.concatenate([np.asarray(segment) for segment in artist.get_segments()])
    return np.stack([np.asarray(artist.get_xdata(), float), np.asarray(artist.get_ydata(), float)], axis=1)


def points(thing: Thing, drawing: Drawing) -> np.ndarray:
    """The same of what is listed: lower left and upper right of a box, all corners of anything else."""
    numbers = np.array(thing.numbers, dtype=float)
    if thing.form == "boxes":
        left, top, right, bottom = numbers.reshape(-1, 4).T
        found = np.stack([left, bottom, right, top], axis=1).reshape(-1, 2)
    elif thing.form == "area":
        places, rest = [], thing.numbers
        while rest:
            count = abs(rest[0])
            places += rest[1 : 1 + 2 * count]
            rest = rest[1 + 2 * count :]
        found = np.array(places, dtype=float).reshape(-1, 2)
    else:
        found = numbers.reshape(-1, 2)
    return np.stack([found[:, 0] / drawing.grain, (drawing.height - found[:, 1]) / 10], axis=1)


def test_what_a_pointer_is_told_is_whole_and_exact() -> None:
    """Thread 1 goes in at once, and lets thread 2 in when it has slept 10 ms."""
    run = run_of(visit, 2, 1)
    told = run.drawing(width=4.0).pointing
    assert told == run.drawing(width=10.0).pointing
    door = told.names.index("door")
    spans = [told.spans[at : at + 7] for at in range(0, len(told.spans), 7)]
    texts = dict(told.lines)
    held = [span for span in spans if (span[0], span[2]) == (HOLD, door)]
    assert [(row, begin, end) for _, row, _, begin, end, _, _ in held] == [
        (1, 0, 10_000_000),
        (2, 10_000_000, 20_000_000),
    ]
    assert {texts[line] for span in held for line in span[5:]} == {"with door:"}
    assert [(span[1], *span[3:5]) for span in spans if (span[0], span[2]) == (WAIT, door)] == [(2, 0, 10_000_000)]
    assert told.handovers[:5] == (1, 2, door, 10_000_000, 10_000_000)
    assert texts[told.handovers[5]] == "with door:" and told.handovers[6:] == (0,)
    assert told.levels == ((door, 0, 1, 0, 0, 10_000_000, 1, 10_000_000, 0, 20_000_000, 1),)
    assert told.scale == 1_000_000


def serve() -> None:
    dishes: queue.Queue[str] = queue.Queue()
    guest = threading.Thread(target=dishes.get)
    guest.start()
    time.sleep(0.01)
    dishes.put("soup")
    guest.join()


def test_an_item_that_is_put_is_told_from_a_permit() -> None:
    told = lab.record(serve, clock="virtual").drawing().pointing
    assert told.handovers == (0, 1, told.names.index("dishes"), 10_000_000, 10_000_000, told.handovers[5], 1)


def ring() -> None:
    bell = threading.Semaphore(0)

    def wait() -> None:
        bell.acquire()
        print("heard")

    listener = threading.Thread(target=wait)
    listener.start()
    time.sleep(0.01)
    bell.release()
    listener.join()


def test_what_is_marked_is_told_with_its_moment_and_its_line() -> None:
    """A print, a release, and what it let through; of two kinds of clock."""
    told = lab.record(ring, clock="virtual").drawing().pointing
    texts = dict(told.lines)
    moments = [told.moments[at : at + 6] for at in range(0, len(told.moments), 6)]
    found = {(told.verbs[verb], begin, end, texts[line]) for _, _, verb, begin, end, line in moments}
    assert found == {
        ("opens", 10_000_000, 10_000_000, "bell.release()"),
        ("passes", 10_000_000, 10_000_000, "bell.acquire()"),
        ("prints", 10_000_000, 10_000_000, 'print("heard")'),
    }
    assert {(told.verbs[verb], name >= 0 and told.names[name]) for _, name, verb, *_ in moments} == {
        *(("opens", "bell"), ("passes", "bell"), ("prints", False))
    }


def test_what_had_not_ended_is_told_so() -> None:
    kinds = run_of(embrace, 2, 1).drawing().pointing.spans[::7]
    assert sorted(kinds) == sorted([SLEEP, SLEEP, HOLD + OPEN, HOLD + OPEN, WAIT + OPEN, WAIT + OPEN])
