"""Classes that have a special method from elsewhere: Python calls it without naming it, and nobody watches it."""

from __future__ import annotations

import functools
import threading
from typing import Any

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


def both(*bodies: Any) -> None:
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def of_a_list() -> None:
    kept = Kept([1, 2])
    both(lambda: len(kept), lambda: len(kept))
    assert kept[:] == [1]


def in_a_set() -> None:
    both(lambda: {Partial()}, lambda: {Partial()})


def made_inside() -> None:
    seen: list[int] = []

    class Inside:
        __getattr__ = staticmethod(seen.append)

    inside = Inside()
    both(lambda: inside.one, lambda: inside.two)
    assert seen != ["two", "one"]


def given_later() -> None:
    seen: list[int] = []

    class Inside:
        pass

    Inside.__contains__ = staticmethod(seen.append)  # type: ignore[attr-defined]
    inside = Inside()
    both(lambda: 1 in inside, lambda: 2 in inside)
    assert seen != [2, 1]


def plain() -> None:
    class Inside(Plain):
        count = 0

        def __init__(self) -> None:
            Inside.count += 1

        __add__ = __init__
        __radd__ = __add__

    both(lambda: len(Inside()), Inside)
    assert Inside.count == 2


FROM_ELSEWHERE = {of_a_list: "__len__", in_a_set: "__hash__", made_inside: "__getattr__", given_later: "__contains__"}
