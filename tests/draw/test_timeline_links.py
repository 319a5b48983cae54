"""Which release ended whose wait, and who woke in vain: drawn where it can be followed, and no more than is certain."""

from __future__ import annotations

import threading
import time

import pytest
from support.pictures import CASES, HELD, SECOND, found, guarded, key, picture, stolen_twice, words

import semalab as lab
from semalab.draw import draw
from semalab.draw.marks import SHAPES, UP


def rows(figure: object) -> dict[str, float]:
    return {t.get_text(): t.get_position()[1] for t in figure.texts if t.get_gid() == "row"}  # type: ignore[attr-defined]


def test_a_wake_up_in_vain_is_marked_where_the_thread_blocks_again() -> None:
    figure = picture("stolen")
    (mark,) = found(figure, "stolen")
    middles = rows(figure)
    assert mark.get_xdata().tolist() == [100.0, 200.0]
    assert mark.get_ydata().tolist() == pytest.approx([middles["bob"], middles["cy"]])


def test_a_line_leads_to_it_from_who_took_the_last_permit() -> None:
    figure = picture("stolen")
    (lines,) = found(figure, "theft")
    middles = rows(figure)
    for (begin, end), (at, who) in zip(lines.get_segments(), ((100.0, "bob"), (200.0, "cy")), strict=True):
        assert begin[0] == end[0] == at
        assert middles["ann"] > begin[1] > end[1] == pytest.approx(middles[who])


def test_it_is_said_in_the_key_and_in_words() -> None:
    figure = picture("stolen")
    assert "wakes, finds no permit" in words(figure)
    assert words(figure, "stolen label") == ["bob wakes in vain: ann took the last permit (the first of 2)"]
    assert words(picture("stolen", between=(0.15, 0.5)), "stolen label") == [
        "cy wakes in vain: ann took the last permit"
    ]
    assert words(picture("stolen", threads=["ann", "cy"]), "stolen label") == [
        "cy wakes in vain: ann took the last permit"
    ]
    assert words(picture("stolen", width=4.0, height=3.0), "stolen label") == ["bob wakes in vain"]


def test_where_nobody_woke_in_vain_nothing_says_so() -> None:
    for figure in (picture("mutex held"), picture("stolen", between=(0.25, 0.5)), picture("stolen", threads=["ann"])):
        assert not any(found(figure, gid) for gid in ("stolen", "theft", "stolen label"))
        assert "wakes, finds no permit" not in words(figure)


def test_a_seeded_run_of_plain_threading_shows_one() -> None:
    def program() -> None:
        mutex = threading.Semaphore(1)

        def work() -> None:
            for _ in range(2):
                with mutex:
                    time.sleep(0.1)

        workers = [threading.Thread(target=work, name=f"worker-{i}") for i in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    figure = lab.record(program, clock="virtual", seed=5).timeline()
    assert words(figure, "stolen label") == ["worker-1 wakes in vain: worker-0 took the last permit (the first of 2)"]
    assert found(figure, "stolen")[0].get_xdata().tolist() == [100.0, 400.0]


def test_among_many_rows_the_selected_thread_alone_has_links() -> None:
    reading = guarded(100, 5, within=4_000, turns=2)
    assert not found(draw(reading, title=""), "handover")
    (use,) = reading.uses.values()
    events = reading.trace.events
    whose = [(events[h.release].thread, events[h.acquire].thread, events[h.acquire].time) for h in use.handovers]
    who = max(reading.trace.threads, key=lambda thread: sum(thread in pair[:2] for pair in whose))
    figure = draw(reading, title="", select=who)
    (links,) = found(figure, "handover")
    expected = sorted(time / SECOND for release, acquire, time in whose if who in (release, acquire))
    assert len(expected) >= 3
    assert sorted(segment[1][0] for segment in links.get_segments()) == pytest.approx(expected)
    assert "hands over" in key(figure)


def test_the_selected_row_has_its_name_whatever_others_are_left_out() -> None:
    figure = picture("1,000 rows", select="worker-333")
    (name,) = [t for t in figure.texts if t.get_text() == "worker-333"]
    assert name.get_weight() == "bold" or "Bold" in name.get_fontproperties().get_file()
    assert "worker-333" not in words(picture("1,000 rows"))


def test_chosen_threads_have_their_links_among_themselves() -> None:
    reading = guarded(100, 1, within=20_000)
    (use,) = reading.uses.values()
    events = reading.trace.events
    first = use.handovers[0]
    pair = [events[first.release].thread, events[first.acquire].thread]
    (links,) = found(draw(reading, title="", threads=pair), "handover")
    assert len(links.get_segments()) == 1
    assert not found(draw(reading, title="", threads=pair[:1]), "handover")


def test_two_holds_without_a_gap_are_parted() -> None:
    (seams,) = found(draw(stolen_twice(), **HELD), "seam")
    assert [segment[0][0] for segment in seams.get_segments()] == [100.0, 200.0]
    assert not found(draw(CASES["mutex held"][0], **HELD), "seam")


def one_gives(first: str, second: str) -> lab.Run:
    """A thread of a row lets in one of another row, twice."""

    def program() -> None:
        news = threading.Semaphore(0)

        def give() -> None:
            for _ in range(2):
                time.sleep(0.1)
                news.release()

        def take() -> None:
            for _ in range(2):
                news.acquire()

        for name in (first, second):
            threading.Thread(target={"giver": give, "taker": take}[name], name=name).start()

    return lab.record(program, clock="virtual")


@pytest.mark.parametrize("order", [("giver", "taker"), ("taker", "giver")])
def test_the_sign_of_a_release_points_where_its_arrow_does(order: tuple[str, str]) -> None:
    """Else an arrow that goes up would have two heads. The legend shows the sign that is drawn, and no other."""
    figure = one_gives(*order).timeline()
    (sign,), (tip,) = found(figure, "give"), found(figure, "handover tip")
    up = order == ("taker", "giver")
    assert tip.get_marker() == ("^" if up else "v")
    assert sign.get_marker() is (UP if up else SHAPES["give"][0])
    samples = [getattr(artist, "get_marker", str)() for artist in found(figure, "key")]
    assert sign.get_marker() in samples
    assert (SHAPES["give"][0] if up else UP) not in samples
