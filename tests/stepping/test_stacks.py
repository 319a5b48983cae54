"""What lies on a function's stack, as far as its variables tell: also behind loops, handlers and the ends of `with`."""

from __future__ import annotations

import dis
import threading
from collections.abc import Callable
from types import CodeType
from typing import Any

import pytest

from semalab.stepping.stacks import stacks_of

LOCK = threading.Lock()


def in_a_with(n: int) -> None:
    for _ in range(n):
        with LOCK:
            pass
        print()


def in_a_handler(n: int) -> None:
    for _ in range(n):
        try:
            print()
        except ValueError:
            _caught = 0
        print()


def in_a_loop(n: int) -> None:
    for _ in range(n):
        for _place in range(2):
            print()
        print()


def after_a_condition(n: int, one: Any, other: Any) -> None:
    for _ in range(n):
        print(one and other, one or other, [one, *other], f"{one:>{n}}")


def calls_of_print(code: CodeType) -> list[int]:
    """Where each call of `print` is, by the place where that is loaded."""
    return [one.offset for one in dis.get_instructions(code) if one.opname == "LOAD_GLOBAL" and one.argval == "print"]


@pytest.mark.parametrize("function", [in_a_with, in_a_handler, in_a_loop, after_a_condition])
def test_the_range_of_a_loop_is_known_behind_whatever_is_in_it(function: Callable[..., None]) -> None:
    stacks = stacks_of(function.__code__)
    for place in calls_of_print(function.__code__):
        stack = stacks.at(place)
        assert stack is not None and stack and all(one.kind == "range" for one in stack), (place, stack)


def gives_its_variable_a_value(n: int) -> None:
    for place in range(n):
        print(place)
        place = n


def is_copied_in_a_comprehension(n: int) -> None:
    for place in range(n):
        print([place + 1 for place in (place,)])
        print()
        place += 1


@pytest.mark.parametrize("function", [gives_its_variable_a_value, is_copied_in_a_comprehension])
def test_a_range_whose_variable_is_changed_is_unknown(function: Callable[..., None]) -> None:
    stacks = stacks_of(function.__code__)
    for place in calls_of_print(function.__code__):
        stack = stacks.at(place)
        assert stack is None or stack[0].kind == "unknown"


def keeps_what_it_had(one: Any, other: Any) -> None:
    print(one, (one := other), print())


def test_a_variable_that_has_another_value_no_longer_tells_what_was_loaded() -> None:
    stacks = stacks_of(keeps_what_it_had.__code__)
    last = stacks.at(calls_of_print(keeps_what_it_had.__code__)[-1])
    assert last is not None and all((one.kind, one.name) != ("local", "one") for one in last)


def comes_by_two_ways(flag: Any, n: int) -> None:
    print((1 if flag else 2), print())
    for _one in range(3 if flag else n):
        print()
    for _two in range(3) if flag else range(n):
        print()
    for _three in range(n) if flag else range(n):  # noqa: RUF034
        print()


def test_where_two_ways_meet_only_what_is_the_same_is_known() -> None:
    stacks = stacks_of(comes_by_two_ways.__code__)
    kinds = [[one.kind for one in stacks.at(place) or ()][-1:] for place in calls_of_print(comes_by_two_ways.__code__)]
    assert kinds[1:] == [["unknown"], ["unknown"], ["unknown"], ["range"]]
