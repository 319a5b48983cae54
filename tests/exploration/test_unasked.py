"""To find what an instruction touches, no code of the program is run: nobody watches it then, and it runs twice."""

from __future__ import annotations

import dataclasses
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest
from programs.explored import together

import semalab as lab
from semalab.stepping.known import may_keep


def _called_by_the_analysis() -> bool:
    """Whether a function of the lab's that finds what is touched is under way below the caller."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if "/semalab/stepping/" in frame.f_code.co_filename.replace("\\", "/") and frame.f_code.co_name in (
            "_touches",
            "touches",
            "_look",
        ):
            return True
        frame = frame.f_back
    return False


ASKED: list[str] = []


class Box:
    def __len__(self) -> int:
        self._note("__len__")
        return 2

    def __iter__(self) -> Iterator[int]:
        self._note("__iter__")
        yield from (1, 2)

    def _note(self, name: str) -> None:
        if _called_by_the_analysis():
            ASKED.append(name)


class Items(list[int]):
    def __iter__(self) -> Iterator[int]:
        if _called_by_the_analysis():
            ASKED.append("__iter__")
        return super().__iter__()

    def __len__(self) -> int:
        if _called_by_the_analysis():
            ASKED.append("__len__")
        return super().__len__()


class Classes(tuple[type, ...]):
    def __iter__(self) -> Iterator[type]:
        if _called_by_the_analysis():
            ASKED.append("__iter__")
        return super().__iter__()


class Callee:
    """Answers to every name, and says so."""

    def __getattr__(self, name: str) -> Any:
        if _called_by_the_analysis():
            ASKED.append(name)
        raise AttributeError(name)

    def __call__(self) -> None:
        pass


class Refusal(Exception):
    @property
    def args(self) -> Any:  # type: ignore[override]
        if _called_by_the_analysis():
            ASKED.append("args")
        return ()


def printed_with_a_star() -> None:
    box = Box()
    together(lambda: print(*box), lambda: print(*box))


def looked_into() -> None:
    items = Items([1, 2])
    together(lambda: items.index(1), lambda: items.append(1))


def of_several_classes() -> None:
    classes, items = Classes((int, str)), [0]
    together(lambda: isinstance(items, classes), lambda: items.append(1))


def called() -> None:
    callee = Callee()
    together(lambda: callee(), lambda: callee())


def shown() -> None:
    refusal = Refusal(1)
    together(lambda: print(refusal), lambda: print(refusal))


@pytest.mark.parametrize("granularity", ["operations", "lines", "bytecode"])
@pytest.mark.parametrize(
    "program", [printed_with_a_star, looked_into, of_several_classes, called, shown], ids=lambda one: one.__name__
)
def test_to_find_what_is_touched_nobody_is_asked(program: Any, granularity: str) -> None:
    seen: set[str] = set()  # ASKED itself is put back before each schedule
    lab.explore(program, granularity=granularity, budget=60, check=lambda run: not seen.update(ASKED))
    assert seen == set()


class ByName:
    def __init__(self, function: Any) -> None:
        vars(self)["get"] = function

    def get(self) -> None:
        pass


class ByAnother:
    def __init__(self, function: Any) -> None:
        give(self, function)

    def get(self) -> None:
        pass

    def put(self) -> None:
        pass


class ByProperty:
    @property
    def value(self) -> None:
        return None

    @value.setter
    def value(self, function: Any) -> None:
        def later() -> None:
            self.get = function

        later()


class ByNobody:
    def __init__(self) -> None:
        self.value = 1


@dataclasses.dataclass(frozen=True)
class Point:
    x: int = 1


def give(one: Any, function: Any) -> None:
    one.get = function


@pytest.mark.parametrize("cls", [ByName, ByAnother, ByProperty], ids=lambda cls: cls.__name__)
def test_what_a_new_object_keeps_is_not_taken_for_its_classs_method(cls: type) -> None:
    assert may_keep(cls, "get")


@pytest.mark.parametrize("cls", [ByNobody, Point, threading.Thread], ids=lambda cls: cls.__name__)
def test_what_nobody_gives_a_new_object_is_its_classs(cls: type) -> None:
    assert not may_keep(cls, "get")
    assert not may_keep(ByAnother, "put")
