"""Variables that threads share, in the picture of a schedule: every read and write, at its place, with its value."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import semalab as lab
from semalab.draw.clock import clock_of
from semalab.draw.variables import variables_of
from semalab.draw.viewport import view_of
from semalab.log.event import Access


def together(*bodies: Any) -> None:
    threads = [threading.Thread(target=body, name=f"worker-{i}") for i, body in enumerate(bodies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def overdraw(machines: int = 2) -> None:
    free = threading.Semaphore(machines)
    balance = 100

    def withdraw() -> None:
        nonlocal balance
        with free:
            if balance >= 100:
                balance -= 100

    together(withdraw, withdraw)
    if balance < 0:
        raise ValueError(balance)


def lose_in_time() -> None:
    slots, level = threading.Semaphore(2), 1.5

    def add(late: float) -> None:
        nonlocal level
        time.sleep(late)
        with slots:
            seen = level
            time.sleep(0.15)
            level = seen + 1

    together(lambda: add(0), lambda: add(0.1))
    if level != 3.5:
        raise ValueError(level)


def change_a_word() -> None:
    turns, word = threading.Semaphore(2), "calm"

    def change() -> None:
        nonlocal word
        with turns:
            word = "busy" if word == "calm" else "late"

    together(change, change)
    raise ValueError(word)


class Account:
    def __init__(self) -> None:
        self.balance = 100

    def withdraw(self) -> None:
        if self.balance >= 100:
            self.balance -= 100


def overdraw_an_object() -> None:
    account = Account()
    together(account.withdraw, account.withdraw)
    if account.balance < 0:
        raise ValueError(account.balance)


def overdraw_one_of_two() -> None:
    first, second = Account(), Account()

    def withdraw() -> None:
        first.withdraw()
        second.withdraw()

    together(withdraw, withdraw)
    if min(first.balance, second.balance) < 0:
        raise ValueError


class Computed:
    """Its attribute is the program's own code, which is not run to be looked at."""

    def __init__(self) -> None:
        self._seen = 0
        self.asked = 0

    @property
    def seen(self) -> int:
        self.asked += 1
        return self._seen

    @seen.setter
    def seen(self, value: int) -> None:
        self._seen = value


def count_what_is_computed() -> None:
    one = Computed()

    def add() -> None:
        one.seen += 1

    together(add, add)
    if one.asked == 2 and one._seen != 2:  # looking would be asking
        raise ValueError(one._seen)


def touched(run: lab.Run) -> list[tuple[str, str, str, float | None]]:
    return [(one.thread, one.kind, one.variable, one.value) for one in run.accesses]


def shortest(program: Any, **settings: Any) -> lab.Run:
    run = lab.explore(program, **{"granularity": "bytecode", **settings}).shortest
    assert run is not None
    return run


def gids(figure: Figure) -> set[str]:
    return {str(artist.get_gid()) for artist in figure.findobj() if artist.get_gid()}


def headings(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts if text.get_gid() == "strip heading"]


def drawn(run: lab.Run, **style: Any) -> list[Any]:
    return [line for line in run.timeline(**style).findobj() if line.get_gid() == "variable"]


def test_a_counterexample_keeps_what_its_threads_read_and_wrote() -> None:
    run = shortest(overdraw)
    assert touched(run) == [
        ("worker-0", "read", "balance", 100),
        ("worker-1", "read", "balance", 100),
        ("worker-1", "read", "balance", 100),
        ("worker-1", "write", "balance", 0),
        ("worker-0", "read", "balance", 0),
        ("worker-0", "write", "balance", -100),
    ]
    events = [(event.thread, event.kind) for event in run.trace]
    inside = [events.index((thread, "acquire")) < one.after <= events.index((thread, "release"))
              for one in run.accesses for thread in [one.thread]]  # fmt: skip
    assert all(inside)


def test_an_attribute_of_one_object_is_told_and_drawn_as_a_variable_is() -> None:
    run = shortest(overdraw_an_object)
    assert touched(run) == [
        ("worker-0", "read", ".balance", 100),
        ("worker-1", "read", ".balance", 100),
        ("worker-1", "read", ".balance", 100),
        ("worker-1", "write", ".balance", 0),
        ("worker-0", "read", ".balance", 0),
        ("worker-0", "write", ".balance", -100),
    ]
    assert headings(run.timeline()) == ["value of .balance, as it was read and written"]
    assert {"reads .balance", "writes .balance"} <= {text.get_text() for text in run.timeline().texts}


def test_attributes_of_one_name_in_two_objects_are_told_and_not_drawn_as_one() -> None:
    found = lab.explore(overdraw_one_of_two, granularity="bytecode")
    assert found.telling is not None and found.shortest is not None
    assert all(" = " in step.what for step in found.telling.steps if ".balance" in step.what)
    assert {value for *_, value in touched(found.shortest)} == {None}
    assert not drawn(found.shortest)


def test_to_look_at_an_attribute_runs_none_of_the_programs_code() -> None:
    run = shortest(count_what_is_computed)
    assert not any(".seen" in variable and value is not None for *_, variable, value in touched(run))


def test_the_variable_has_a_strip_and_marks_on_the_rows() -> None:
    run = shortest(overdraw)
    figure = run.timeline()
    assert {"variable", "read", "write", "read value", "write value"} <= gids(figure)
    assert headings(figure) == ["value of balance, as it was read and written", "value of free"]
    words = [text.get_text() for text in figure.texts]
    assert {"reads balance", "writes balance", "100", "0", "-100"} <= set(words)
    (line,) = drawn(run)
    heights = line.get_ydata()
    assert len(set(heights)) == 3 and heights[0] == max(heights) and heights[-1] == min(heights)


def test_on_an_axis_of_events_each_lies_between_its_neighbours() -> None:
    run = shortest(overdraw)
    clock = clock_of(run.trace, run.reading.times)
    (variable,) = variables_of(run.trace, clock, view_of(run.trace, clock), run.accesses)
    assert (np.diff(variable.at) > 0).all()
    for access, at in zip(run.accesses, variable.at, strict=True):
        assert access.after - 1 < at < access.after


def test_where_time_passes_each_lies_at_its_time() -> None:
    run = shortest(lose_in_time)
    clock = clock_of(run.trace, run.reading.times)
    (variable,) = variables_of(run.trace, clock, view_of(run.trace, clock), run.accesses)
    assert variable.at.tolist() == [0, 100, 150, 250]
    assert variable.value.tolist() == [1.5, 1.5, 2.5, 2.5]
    assert variable.wrote.tolist() == [False, False, True, True]


def test_the_line_ends_with_those_who_touched_the_variable() -> None:
    """What main does when it is alone is no step, and so nobody knows the value from there on."""
    run = shortest(overdraw)
    ends = [place for place, event in enumerate(run.trace) if event.kind == "end" and event.thread != "main"]
    (line,) = drawn(run)
    assert line.get_xdata()[-1] == max(ends)


def test_what_is_no_number_is_not_drawn() -> None:
    run = shortest(change_a_word)
    assert {one.variable for one in run.accesses} == {"word"}
    assert not gids(run.timeline()) & {"variable", "read", "write"}


def test_where_values_are_not_seen_there_is_no_strip() -> None:
    run = shortest(overdraw, granularity="lines")
    assert run.accesses
    assert not drawn(run)
    assert "variable" not in gids(replace(run, accesses=()).timeline())


def test_a_value_too_far_to_be_told_apart_is_no_number() -> None:
    far = [Access(4, "worker-0", "read", "balance", None), Access(4, "worker-0", "write", "balance", 1)]
    assert not drawn(replace(shortest(overdraw), accesses=tuple(far)))


def test_a_small_picture_keeps_the_variable_and_says_what_it_leaves_out() -> None:
    figure = shortest(overdraw).timeline(width=6, height=3)
    assert headings(figure) == ["value of balance, as it was read and written"]
    assert "without a strip: free" in [text.get_text() for text in figure.texts]


def test_a_window_shows_what_lies_in_it() -> None:
    run = shortest(overdraw)
    whole, part = (len(line.get_xdata()) for line in (*drawn(run), *drawn(run, between=(5, 6))))
    assert part < whole
