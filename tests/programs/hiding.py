"""Programs in which something decides that is not in the variables of who goes on; in a file of their own, for pytest
writes the asserts of its own files anew. Each says what can become of it."""

from __future__ import annotations

import math
import operator
import threading
import time
from typing import Any

from programs.circling import together


def _bumping() -> Any:
    n = 0

    def bump() -> int:
        nonlocal n
        n += 1
        return n

    return bump


bump = _bumping()


def counts_in_a_variable_of_the_same_name() -> None:
    """Every run ends."""
    n, gate = 0, threading.Semaphore(1)

    def work() -> None:
        while bump() + n < 4:
            with gate:
                pass

    together(work)
    assert n == 0


_count = 0


def _counting() -> int:
    global _count
    _count += 1
    return _count


_named = {"counting": _counting}


def counts_where_no_code_says() -> None:
    """Every run ends."""
    gate = threading.Semaphore(1)

    def work() -> None:
        count = _named["counting"]
        while count() < 4:
            with gate:
                pass

    together(work)


def counts_in_a_module() -> None:
    """Every run ends."""
    gate: Any = threading.Semaphore(1)
    math.turns = 0  # type: ignore[attr-defined]

    def work() -> None:
        while math.turns < 3:  # type: ignore[attr-defined]
            math.turns += 1  # type: ignore[attr-defined]
            with gate:
                pass

    together(work)


def counts_alone() -> None:
    """Every run ends; no other thread is there."""
    gate = threading.Semaphore(1)
    math.turns = 0  # type: ignore[attr-defined]
    while math.turns < 3:  # type: ignore[attr-defined]
        math.turns += 1  # type: ignore[attr-defined]
        with gate:
            pass


def counts_unwatched() -> None:
    """Every run ends; the other thread looks at nothing."""
    gate, end = threading.Semaphore(1), threading.Semaphore(0)

    def told() -> None:
        pass

    told.__doc__ = ""
    other = threading.Thread(target=end.acquire)
    other.start()
    while len(told.__doc__) < 3:
        told.__doc__ += "x"
        with gate:
            pass
    end.release()
    other.join()


def renames_an_attribute() -> None:
    """Every run ends."""
    gate = threading.Semaphore(1)

    class Kept:
        one: int

    Kept.one = 1

    def work() -> None:
        while True:
            try:
                del Kept.one
                Kept.two = 1  # type: ignore[attr-defined]
            except AttributeError:
                try:
                    del Kept.two  # type: ignore[attr-defined]
                    Kept.three = 1  # type: ignore[attr-defined]
                except AttributeError:
                    return
            with gate:
                pass

    together(work)


def sorts_by_a_function_of_that_name() -> None:
    """Every run ends."""
    gate = threading.Semaphore(1)

    def sort(item: int) -> int:
        with gate:
            pass
        return 0

    together(lambda: [0, 0, 0].sort(key=sort))


def tells_equals_apart() -> None:
    """Every run ends."""
    gate = threading.Semaphore(1)
    items = [1, 2]
    one, two, three = tuple(items), tuple(items), tuple(items)
    found = one
    while not operator.is_(found, three):
        found = two if operator.is_(found, one) else three
        with gate:
            pass


def leaves_it_in_a_box(wanted: int) -> None:
    """Goes on for ever after some schedules: what the thread saw is in the box only, and that is not in its hands."""
    first, gate = threading.Event(), threading.Semaphore(1)
    box = [0]
    boxes = [box]

    def work() -> None:
        mine = boxes.pop()
        mine[0] = int(first.is_set())
        mine = []
        with gate:
            pass
        with gate:
            pass

    together(first.set, work)
    while box[0] == wanted:
        with gate:
            pass


def spins_while_another_sleeps() -> None:
    """Every run ends after a second."""
    done = threading.Event()

    def wait() -> None:
        while not done.is_set():
            pass

    def tell() -> None:
        time.sleep(1)
        done.set()

    together(wait, tell)


def gives_way_until_told() -> None:
    """Every run ends after a second at the latest."""
    a, b, stop = threading.Lock(), threading.Lock(), threading.Event()

    def work(first: Any, second: Any) -> None:
        while not stop.is_set():
            with first:
                if second.acquire(blocking=False):
                    second.release()
                    return

    def tell() -> None:
        time.sleep(1)
        stop.set()

    together(lambda: work(a, b), lambda: work(b, a), tell)


def goes_on_with_the_next() -> None:
    """Raises after some schedules: the loop's variable has its next value when the thread looks."""

    def work() -> None:
        assert number == 0

    thread = threading.Thread(target=work)
    for number in (0, 1):
        if number == 0:
            thread.start()
    thread.join()
