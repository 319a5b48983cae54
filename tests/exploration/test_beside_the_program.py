"""What an earlier run has left of classes, and modules that are merely called like something in a program, are not its.

A program is refused for what it can come to, and for nothing else.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from programs.explored import together

import semalab as lab

BOTH = pytest.mark.parametrize("granularity", ["operations", "bytecode"])


class Base:
    pass


class Town:
    bank = 0
    lock: Any = None


def derives_with_a_lock() -> None:
    class Derived(Base):
        lock = threading.Lock()

    with Derived.lock:
        pass


def derives_with_an_iterator() -> None:
    class Derived(Base):
        numbers = iter([1, 2])

    next(Derived.numbers)


def uses_the_base() -> None:
    base = Base()
    worker = threading.Thread(target=lambda: base)
    worker.start()
    worker.join()


def counts_the_derived() -> None:
    class Derived(Base):
        pass

    if (number := len(Base.__subclasses__())) != 1:
        raise ValueError(f"{number} classes")
    del Derived


def looks_for_a_lock() -> None:
    with Base.__subclasses__()[0].lock:  # type: ignore[attr-defined]
        pass


@BOTH
@pytest.mark.parametrize("first", [derives_with_a_lock, derives_with_an_iterator, counts_the_derived])
def test_classes_that_a_run_has_derived_concern_no_other(first: Callable[[], None], granularity: str) -> None:
    for _ in range(2):
        kept = lab.explore(first, granularity=granularity)
        assert kept.verdict == "proved"
        assert lab.explore(uses_the_base, granularity=granularity).verdict == "proved"


@BOTH
def test_whoever_asks_for_the_derived_finds_those_of_its_own_run_only(granularity: str) -> None:
    lab.explore(derives_with_a_lock, granularity=granularity)
    for _ in range(2):
        assert lab.explore(counts_the_derived, granularity=granularity).verdict == "proved"


def test_a_derived_class_that_the_program_can_ask_for_is_found() -> None:
    class Derived(Base):
        lock = threading.Lock()

    with pytest.raises(ValueError, match="made before it runs: `lock`"):
        lab.explore(looks_for_a_lock)
    assert lab.record(looks_for_a_lock, clock="virtual").unseen == ()
    del Derived


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A module of the program's author that is loaded, and has a lock of its own."""
    (tmp_path / "bank.py").write_text("import threading\n\nlock = threading.Lock()\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("bank")
    yield
    del sys.modules["bank"]


def names_an_attribute_like_it() -> None:
    town = Town()
    town.lock = threading.Lock()

    def work() -> None:
        with town.lock:
            town.bank += 1

    together(work, work)
    if town.bank != 2:
        raise ValueError(f"{town.bank} in the bank")


def names_a_key_like_it() -> None:
    town = {"bank": 0, "lock": threading.Lock()}
    with town["lock"]:  # type: ignore[attr-defined]
        town["bank"] = 1


@BOTH
@pytest.mark.usefixtures("bank")
@pytest.mark.parametrize("program", [names_an_attribute_like_it, names_a_key_like_it])
def test_a_module_that_is_merely_called_like_something_is_not_the_programs(
    program: Callable[[], None], granularity: str
) -> None:
    assert lab.explore(program, granularity=granularity).verdict == "proved"


def imports_it() -> None:
    import bank  # type: ignore[import-not-found]

    with bank.lock:
        pass


def imports_from_it() -> None:
    from bank import lock

    with lock:
        pass


def imports_it_by_text() -> None:
    with importlib.import_module("bank").lock:
        pass


another_name = importlib.import_module


def imports_it_by_another_name() -> None:
    with another_name("bank").lock:
        pass


def looks_it_up() -> None:
    with sys.modules["bank"].lock:
        pass


@pytest.mark.usefixtures("bank")
@pytest.mark.parametrize(
    "program", [imports_it, imports_from_it, imports_it_by_text, imports_it_by_another_name, looks_it_up]
)
def test_a_module_that_the_program_comes_to_is_its_own(program: Callable[[], None]) -> None:
    with pytest.raises(ValueError, match="made before it runs: `lock`"):
        lab.explore(program)
    run = lab.record(program, clock="virtual")
    assert (run.unseen, sum(event.kind == "acquire" for event in run.trace)) == ((), 1)
