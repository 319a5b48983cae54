"""The legend lists what is drawn, and marks lie where their row is."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from support.pictures import found, words

import semalab as lab
from semalab.draw.rows import HOLD


def rows(figure: object) -> dict[str, float]:
    return {t.get_text(): t.get_position()[1] for t in figure.texts if t.get_gid() == "row"}  # type: ignore[attr-defined]


def one_bicycle(minutes: float) -> None:
    bicycle = threading.Semaphore(1)

    def ride() -> None:
        with bicycle:
            print("rides")
            time.sleep(minutes)
            print("is back")

    riders = [threading.Thread(target=ride, name=name) for name in ("ada", "bob")]
    for rider in riders:
        rider.start()
    for rider in riders:
        rider.join()


def sleeps_before(seconds: float) -> None:
    door = threading.Semaphore(1)
    time.sleep(seconds)
    with door:
        time.sleep(0.1)


def test_who_sleeps_under_a_bar_is_not_seen_to_sleep() -> None:
    """The dotted line of a thread that sleeps inside lies under its bar."""
    assert "sleeping" not in words(lab.record(one_bicycle, minutes=0.3, clock="virtual").timeline())
    assert "sleeping" in words(lab.record(sleeps_before, seconds=0.1, clock="virtual").timeline())
    assert "sleeping" not in words(lab.record(sleeps_before, seconds=0.00001, clock="virtual").timeline())


def test_a_ring_lies_opposite_to_the_arrow_that_it_would_hide() -> None:
    figure = lab.record(one_bicycle, minutes=0.3, clock="virtual", seed=1).timeline()
    (rings,) = found(figure, "print")
    (line,) = found(figure, "handover")
    ((begin, _),) = line.get_segments()
    (up,) = {tip.get_marker() for tip in found(figure, "handover tip")}
    middles = rows(figure)
    first, second = ("ada", "bob") if up == "v" else ("bob", "ada")
    places = list(zip(rings.get_xdata(), rings.get_ydata(), strict=True))
    above = [y > middles["ada"] for x, y in places if x == begin[0] and abs(y - middles["ada"]) < 13]
    assert above == [first == "ada"]
    assert [y > middles[second] for x, y in places if x == begin[0] and abs(y - middles[second]) < 12.4] == [up == "^"]


def test_a_release_lies_on_its_row_where_no_bar_is() -> None:
    def program() -> None:
        done = threading.Semaphore(0)

        def work() -> None:
            time.sleep(0.1)
            done.release()
            time.sleep(0.1)

        threading.Thread(target=work, name="worker").start()
        done.acquire()

    figure = lab.record(program, clock="virtual").timeline()
    (mark,) = found(figure, "open") + found(figure, "give")
    assert mark.get_ydata().tolist() == pytest.approx([rows(figure)["worker"]])


def rings_inside() -> None:
    """Who is in the room lets others know twice that it is there."""
    room, bell = threading.Semaphore(1), threading.Semaphore(0)

    def visit() -> None:
        with room:
            for _ in range(2):
                time.sleep(0.1)
                bell.release()
            time.sleep(0.1)

    threading.Thread(target=visit, name="guest").start()
    for _ in range(2):
        bell.acquire()


def test_a_release_on_a_bar_lies_outside_of_it_opposite_to_its_arrow() -> None:
    figure = lab.record(rings_inside, clock="virtual").timeline()
    (mark,) = found(figure, "give")
    middles = rows(figure)
    pitch = middles["main"] - middles["guest"]
    assert mark.get_ydata().tolist() == pytest.approx([middles["guest"] - pitch * HOLD / 2] * 2)


def take(permits: int) -> None:
    pool = threading.Semaphore(3)
    for _ in range(permits):
        pool.acquire()
    time.sleep(0.1)
    for _ in range(permits):
        pool.release()


def test_a_bar_in_a_bar_has_an_entry_of_its_own() -> None:
    assert "holding one more" in words(lab.record(take, permits=2, clock="virtual").timeline())
    assert "holding one more" not in words(lab.record(take, permits=1, clock="virtual").timeline())


def one_in_another() -> None:
    outer, inner = threading.Semaphore(1), threading.Semaphore(1)
    with outer:
        time.sleep(0.1)
        with inner:
            time.sleep(0.1)


def test_two_semaphores_are_told_apart_by_their_names() -> None:
    assert "holding one more" not in words(lab.record(one_in_another, clock="virtual").timeline())


def test_a_wait_that_never_ends_goes_on_without_a_seam() -> None:
    """The tip lies over the edge of its bar; where the wait has only begun it has an edge of its own."""

    def program() -> None:
        shut = threading.Semaphore(0)

        def wait(seconds: float) -> None:
            time.sleep(seconds)
            shut.acquire()

        for seconds in (0.1, 0.2):
            threading.Thread(target=wait, args=[seconds]).start()

    figure = lab.record(program, clock="virtual").timeline()
    (tips,) = found(figure, "wait tip")
    early, late = tips.get_path().vertices.reshape(-1, 6, 2)
    assert early[0, 0] < late[0, 0] == 200.0
    assert tips.get_path().codes.reshape(-1, 6)[:, -1].tolist() == [2, 79]  # LINETO, CLOSEPOLY


def wait_in_a_crowd(threads: int) -> None:
    door = threading.Semaphore(1)

    def visit() -> None:
        with door:
            time.sleep(0.01)

    for _ in range(threads):
        threading.Thread(target=visit).start()


@pytest.mark.parametrize("threads", [60, 120])
def test_a_painted_wait_has_the_inks_that_the_legend_shows(threads: int) -> None:
    """A hatch in rows of a few pixels would be dots, and no bar."""
    figure = lab.record(wait_in_a_crowd, threads=threads, clock="virtual").timeline()
    (image,) = found(figure, "rows")
    (sample,) = [box for box in found(figure, "key") if getattr(box, "get_hatch", str)()]
    ground = tuple(round(255 * part) for part in sample.get_facecolor()[:3])
    colours = image.palette.view(np.uint8).reshape(-1, 4)[image.codes][..., :3]
    painted = (colours == ground).all(axis=-1)
    assert painted[:, : painted.shape[1] // 2].mean() > 0.2
