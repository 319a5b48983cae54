"""The curve of starts: what it counts, where it is drawn, and what is red in it."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

import semalab as lab
from semalab.analysis.claims import Pace
from semalab.analysis.rate import starts_of
from semalab.draw.levels import curve_of
from semalab.draw.style import ALARM
from semalab.draw.viewport import clock_of

MS = 1_000_000


def start_at(moments: list[int]) -> None:
    tickets = threading.Semaphore(100)

    def call(moment: int) -> None:
        time.sleep(moment / 1000)
        with tickets:
            time.sleep(0.001)

    for moment in moments:
        threading.Thread(target=call, args=[moment]).start()


def at_once(calls: int) -> None:
    tickets = threading.Semaphore(calls)
    for _ in range(calls):
        threading.Thread(target=tickets.acquire).start()


def four_doors() -> None:
    doors = [threading.Semaphore(1) for _ in range(4)]

    def pass_through(door: threading.Semaphore) -> None:
        with door:
            time.sleep(0.1)

    for door in doors:
        threading.Thread(target=pass_through, args=[door]).start()


def drawn(figure: Figure, gid: str) -> list[Any]:
    return [artist for artist in figure.findobj(include_self=False) if artist.get_gid() == gid]


def headings(figure: Figure) -> list[str]:
    return [text.get_text() for text in drawn(figure, "strip heading")]


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def virtual(program: Any, claim: Any, **arguments: Any) -> lab.run.Run:
    return lab.record(program, clock="virtual", claim=claim, **arguments)


@settings(max_examples=30, deadline=None)
@given(moments=st.lists(st.integers(0, 30), min_size=1, max_size=8), window=st.integers(1, 35))
def test_the_curve_counts_the_starts_of_the_last_while(moments: list[int], window: int) -> None:
    run = virtual(start_at, None, moments=moments)
    clock = clock_of(run.trace, run.reading.times)
    curve = curve_of(run.reading, clock, "tickets", Pace(1, window * MS))
    assert curve is not None
    at = np.round(curve.at * clock.scale / MS).astype(int)
    for now in range(max(moments) + 2):
        level = curve.level[np.searchsorted(at, now, "right") - 1]
        assert level == sum(now - window < moment <= now for moment in moments), (now, at, curve.level)
    assert at.max() <= max(moments) + 1  # nothing is drawn after the end
    assert starts_of(run.reading, "tickets") == sorted(moment * MS for moment in moments)


def test_a_run_that_is_measured_by_a_rate_has_the_curve_above_its_values() -> None:
    run = virtual(start_at, lab.at_most_per(2, 0.01), moments=[0, 5, 20])
    figure = run.timeline()
    assert headings(figure) == ["starts of tickets in the last 0.01 s; dashed: 2, the most allowed", "value of tickets"]
    assert {"2 starts", "too many started"} & set(words(figure)) == {"2 starts"}
    assert not drawn(figure, "alarm starts")
    plain = virtual(start_at, None, moments=[0, 5, 20]).timeline()
    assert headings(plain) == ["value of tickets"]
    assert figure.get_figheight() > plain.get_figheight()


def test_what_is_too_much_is_red_and_in_the_key() -> None:
    run = virtual(start_at, lab.at_most_per(2, 0.01), moments=[0, 1, 2, 20, 40])
    figure = run.timeline()
    (red,) = drawn(figure, "alarm starts")
    assert red.get_facecolor() == pytest.approx((*(int(ALARM[i : i + 2], 16) / 255 for i in (1, 3, 5)), 1.0))
    assert red.get_path().get_extents().x0 <= 2 <= red.get_path().get_extents().x1
    assert "too many started" in words(figure) and "3 starts" in words(figure)
    later = run.timeline(between=(0.02, 0.041))
    assert not drawn(later, "alarm starts") and "too many started" not in words(later)


def test_without_time_there_is_no_curve() -> None:
    run = virtual(at_once, lab.at_most_per(2, 1), calls=3)
    assert run.verdict.startswith("Rate of `tickets` broken: 3 started within 1 s, between 0 s and 1 s")
    assert headings(run.timeline()) == ["value of tickets"]


def test_the_curve_takes_the_place_of_the_last_value() -> None:
    rated = virtual(four_doors, lab.at_most_per(1, 0.1, "doors"))
    assert headings(rated.timeline())[0].startswith("starts of doors[0] in the last 0.1 s")
    assert len(headings(rated.timeline())) == len(headings(virtual(four_doors, None).timeline())) == 3


def test_a_page_with_little_room_keeps_the_curve() -> None:
    run = virtual(start_at, lab.at_most_per(2, 0.01), moments=[0, 5, 20] * 3)
    assert [heading[:6] for heading in headings(run.timeline(height=3.4))] == ["starts"]


def test_two_runs_beside_each_other_have_no_curve() -> None:
    one, other = (virtual(start_at, lab.at_most_per(2, 0.01), moments=moments) for moments in ([0, 5], [0, 1]))
    assert all(heading.startswith("value") for heading in headings(lab.compare(one, other).timeline()))
