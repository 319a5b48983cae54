"""Who prints what others change reads it: both texts are met, or nothing is proved."""

from __future__ import annotations

from typing import Any

import pytest
from programs.explored import together

import semalab as lab


def shows_a_list() -> None:
    items = [0]
    together(lambda: print(items), lambda: items.append(1))


def shows_a_view() -> None:
    items = {1: 0}
    together(lambda: print("values", items.values()), lambda: items.update({1: 1}))


def shows_an_exception() -> None:
    items = [0]
    together(lambda: print(ValueError(items)), lambda: items.append(1))


def shows_into_an_object() -> None:
    items, texts = [0], []

    class File:
        def write(self, text: str) -> None:
            texts.append(text)

    together(lambda: print(items, file=File()), lambda: items.append(1))
    print(texts[0])


@pytest.mark.parametrize("granularity", ["operations", "lines", "bytecode"])
@pytest.mark.parametrize(
    "program", [shows_a_list, shows_a_view, shows_an_exception, shows_into_an_object], ids=lambda one: one.__name__
)
def test_what_is_printed_is_read(program: Any, granularity: str) -> None:
    met: set[str] = set()
    found = lab.explore(program, granularity=granularity, check=lambda run: met.add(run.output))
    assert len(met) == 2 or found.verdict != "proved", met
