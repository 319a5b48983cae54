"""Classes that have a special method from elsewhere: Python calls it without naming it, and nobody watches it."""

from __future__ import annotations

import dataclasses
import enum
import functools
import threading
import types
from typing import Any

from programs.explored import together

xs = [0]


class Kept(list):
    __len__ = list.pop


class Partial:
    __hash__ = functools.partial(xs.append, 1)


class Plain(list):
    """Each of these is watched, or does nothing."""

    __slots__ = ("mine",)
    __hash__ = object.__hash__
    __match_args__ = ("mine",)

    def __repr__(self) -> str:
        return "plain"

    __str__ = __repr__

    @functools.wraps(list.__len__)
    def __len__(self) -> int:
        return 1

    @staticmethod
    def __contains__(one: Any) -> bool:
        return True


def of_a_list() -> None:
    kept = Kept([1, 2])
    together(lambda: len(kept), lambda: len(kept))
    assert kept[:] == [1]


def in_a_set() -> None:
    together(lambda: {Partial()}, lambda: {Partial()})


def made_inside() -> None:
    seen: list[int] = []

    class Inside:
        __getattr__ = staticmethod(seen.append)

    inside = Inside()
    together(lambda: inside.one, lambda: inside.two)
    assert seen != ["two", "one"]


def given_later() -> None:
    seen: list[int] = []

    class Inside:
        pass

    Inside.__contains__ = staticmethod(seen.append)  # type: ignore[attr-defined]
    inside = Inside()
    together(lambda: 1 in inside, lambda: 2 in inside)
    assert seen != [2, 1]


def kept_in_a_variable() -> None:
    items = [1, 2, 3, 4]
    pops = items.pop

    class Inside:
        __hash__ = pops  # type: ignore[assignment]

    def body() -> None:
        before = len(items)
        {Inside()}
        assert len(items) == before - 1

    together(body, body)


def kept_in_the_body() -> None:
    items = [1, 2]

    class Inside:
        _pop = functools.partial(items.pop)
        __bool__ = _pop

    together(lambda: bool(Inside()), lambda: bool(Inside()))


def one_of_two() -> None:
    items = [1, 2]

    class Inside:
        __len__ = items.pop if items else None  # type: ignore[assignment]

    together(lambda: len(Inside()), lambda: len(Inside()))  # type: ignore[arg-type]


def left_by_a_decorator() -> None:
    items = [1, 2]

    def instead(function: Any) -> Any:
        return items.pop

    class Inside:
        @instead
        def __len__(self) -> int:
            return 1

    together(lambda: len(Inside()), lambda: len(Inside()))


def asked_for_its_class() -> None:
    seen: list[Any] = []

    class Inside:
        __class__ = property(seen.append)  # type: ignore[assignment]

    together(lambda: isinstance(Inside(), int), lambda: isinstance(Inside(), int))


class Known:
    __hash__ = sum  # type: ignore[assignment]


def of_a_function_of_c() -> None:
    together(lambda: hash(Known()), lambda: hash(Known()))


def of_a_class_made_by_type() -> None:
    items = [1, 2]
    inside = type("Inside", (), {"__len__": items.pop})
    together(lambda: len(inside()), lambda: len(inside()))


def given_by_setattr() -> None:
    items = [1, 2]

    class Inside:
        pass

    setattr(Inside, "__len__", items.pop)  # noqa: B010
    together(lambda: len(Inside()), lambda: len(Inside()))  # type: ignore[arg-type]


def nobody_watches() -> None:
    """Its threads share nothing but a primitive: nobody need watch its instructions."""

    class Inside:
        __call__ = print

    together(lambda: Inside()(), lambda: Inside()())


def passing_on(function: Any) -> Any:
    @functools.wraps(function)
    def passes(*given: Any) -> Any:
        return function(*given)

    return passes


def passing_on_with(lock: Any) -> Any:
    def decorate(function: Any) -> Any:
        def passes(*given: Any) -> Any:
            with lock:
                return function(*given)

        return passes

    return decorate


def decorated() -> None:
    """Of all these the code is the program's, or Python's own that touches nothing else."""
    lock = threading.Semaphore(1)

    def passes_on(function: Any) -> Any:
        def passes(*given: Any) -> Any:
            return function(*given)

        return passes

    def outside(self: Any) -> int:
        return 2

    class Inside:
        @passing_on
        def __len__(self) -> int:
            return 1

        @passing_on_with(lock)
        def __contains__(self, one: Any) -> bool:
            return True

        @passes_on
        def __bool__(self) -> bool:
            return True

        __hash__ = Plain.__hash__
        __index__ = outside
        __add__ = __radd__ = lambda self, other: self  # type: ignore[assignment, misc]
        __getstate__ = staticmethod(lambda: 1)  # type: ignore[assignment]
        __class_getitem__ = classmethod(types.GenericAlias)  # type: ignore[assignment]
        __iter__ = None  # type: ignore[assignment]

    class Later(Inside):
        __bool__ = Inside.__bool__

    @dataclasses.dataclass(frozen=True, order=True)
    class Point:
        x: int = 1

    class Colour(enum.IntFlag):
        RED = 1

    Later.__pos__ = outside  # type: ignore[attr-defined]
    together(lambda: len(Inside()), lambda: (bool(Later()), Point() < Point(2), Colour.RED))


def plain() -> None:
    class Inside(Plain):
        count = 0

        def __init__(self) -> None:
            Inside.count += 1

        __add__ = __init__
        __radd__ = __add__

    together(lambda: len(Inside()), Inside)
    assert Inside.count == 2


FROM_ELSEWHERE = {
    of_a_list: "__len__",
    in_a_set: "__hash__",
    made_inside: "__getattr__",
    given_later: "__contains__",
    kept_in_a_variable: "__hash__",
    kept_in_the_body: "__bool__",
    one_of_two: "__len__",
    left_by_a_decorator: "__len__",
    asked_for_its_class: "__class__",
    of_a_function_of_c: "__hash__",
    nobody_watches: "__call__",
    of_a_class_made_by_type: "__len__",
    given_by_setattr: "__len__",
}
