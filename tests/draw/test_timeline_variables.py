"""Variables that threads share, in the picture of a schedule: every read and write, at its place, with its value."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import semalab as lab
from semalab.draw.levels import variables_of
from semalab.draw.viewport import clock_of, view_of
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


def fill_twice() -> None:
    free, box = threading.Semaphore(2), list[str]()

    def put() -> None:
        with free:
            if not box:
                box.append("cake")

    together(put, put)
    if len(box) > 1:
        raise ValueError(box)


def overdraw_the_last() -> None:
    free, money = threading.Semaphore(2), [7, 100]

    def withdraw() -> None:
        with free:
            if money[-1] >= 100:
                money[1] -= 100

    together(withdraw, withdraw)
    if min(money) < 0:
        raise ValueError(money)


def move_too_much() -> None:
    free, money = threading.Semaphore(2), {"ada": 100, "bob": 0}

    def move() -> None:
        with free:
            if money["ada"] >= 100:
                money["ada"] -= 100
                money["bob"] += 100

    together(move, move)
    if money["ada"] < 0:
        raise ValueError(money)


def fill_one_of_two() -> None:
    boxes = [[0], [0]]

    def put(box: list[int]) -> None:
        box[0] += 1

    def work() -> None:
        put(boxes[0])
        put(boxes[1])

    together(work, work)
    if boxes != [[2], [2]]:
        raise ValueError(boxes)


class Proud:
    """Whoever compares, shows or hashes it, is counted."""

    counted = 0

    def __repr__(self) -> str:
        Proud.counted += 1
        return "proud"

    def __eq__(self, other: object) -> bool:
        Proud.counted += 1
        return self is other

    def __hash__(self) -> int:
        Proud.counted += 1
        return 1


def collect_the_proud() -> None:
    shelf: list[Proud] = []

    def put() -> None:
        if not shelf:
            shelf.append(Proud())

    together(put, put)
    if len(shelf) > 1:
        raise ValueError(len(shelf))


def gather_words() -> None:
    said = set[str]()

    def say(word: str) -> None:
        if len(said) < 2:
            said.add(word)

    together(*(lambda word=word: say(word) for word in ("two", "one", "six")))  # type: ignore[misc]
    if len(said) > 2:
        raise ValueError


def fill_a_long_one() -> None:
    queue = [*range(100)]

    def put() -> None:
        if len(queue) < 101:
            queue.append(0)

    together(put, put)
    if len(queue) > 101:
        raise ValueError


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
    assert found.description is not None and found.shortest is not None
    assert all(" = " in step.what for step in found.description.steps if ".balance" in step.what)
    assert {value for *_, value in touched(found.shortest)} == {None}
    assert not drawn(found.shortest)


def test_to_look_at_an_attribute_runs_none_of_the_programs_code() -> None:
    run = shortest(count_what_is_computed, budget=300)
    assert not any(".seen" in variable and value is not None for *_, variable, value in touched(run))


def steps(program: Any) -> list[str]:
    found = lab.explore(program, granularity="bytecode")
    assert found.description is not None
    return [step.what for step in found.description.steps]


def test_of_a_list_that_grows_it_is_told_what_is_in_it_and_drawn_how_much() -> None:
    assert [what for what in steps(fill_twice) if "box" in what] == [
        "reads the items of `box` = []",
        "reads the items of `box` = []",
        "writes the items of `box` = ['cake']",
        "writes the items of `box` = ['cake', 'cake']",
    ]
    run = shortest(fill_twice)
    assert [one[1:] for one in touched(run)] == [
        ("read", "box", 0),
        ("read", "box", 0),
        ("write", "box", 1),
        ("write", "box", 2),
    ]
    assert headings(run.timeline())[0] == "value of len(box), as it was read and written"
    assert {"reads box", "writes box"} <= {text.get_text() for text in run.timeline().texts}


def test_of_a_list_of_numbers_the_item_is_told_and_drawn_that_is_asked_for() -> None:
    run = shortest(overdraw_the_last)
    assert steps(overdraw_the_last)[-2] == "writes `money[1]` = -100"
    assert headings(run.timeline())[0] == "value of money[1], as it was read and written"
    assert {"reads money[1]", "writes money[1]"} <= {text.get_text() for text in run.timeline().texts}
    assert {one.number for one in run.accesses} == {"money[1]"}


def test_two_items_have_a_strip_each() -> None:
    run = shortest(move_too_much)
    assert len(drawn(run)) == 2
    assert {one.number: one.value for one in run.accesses} == {"money['ada']": -100, "money['bob']": 200}


def test_two_containers_that_go_by_one_name_are_told_and_not_drawn_as_one() -> None:
    assert "writes `box[0]` = 1 (unchanged!)" in steps(fill_one_of_two)
    run = shortest(fill_one_of_two)
    assert {value for *_, value in touched(run)} == {None}
    assert not drawn(run)


def test_to_look_into_a_container_runs_none_of_the_programs_code() -> None:
    Proud.counted = 0
    assert steps(collect_the_proud)[-1] == "writes the items of `shelf` = 2 items"
    assert Proud.counted == 0
    assert [one.value for one in shortest(collect_the_proud).accesses] == [0, 0, 1, 2]


def test_a_set_is_told_in_one_order() -> None:
    """Python's own depends on the hashes of its texts, which are others in each process."""
    (last,) = [what for what in steps(gather_words) if what.count(",") == 2]
    assert last == "writes the items of `said` = {'one', 'six', 'two'}"


def test_of_a_long_container_it_is_told_how_much_is_in_it() -> None:
    assert steps(fill_a_long_one)[-1] == "writes the items of `queue` = 102 items"


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
