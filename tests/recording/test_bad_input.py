"""What `record` refuses: the rule, the value and the way out, before anything has started."""

from __future__ import annotations

from typing import Any

import pytest

import semalab as lab

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

started: list[str] = []


def mutex(threads: int, initial: int = 1) -> None:
    started.append("mutex")


def free(*, threads: int = 1, **more: Any) -> None:
    started.append("free")


def by_position(threads: int, /) -> None:
    started.append("by_position")


def no_arguments() -> None:
    started.append("no_arguments")


class Mute:
    """A value that does not say what it is."""

    def __repr__(self) -> str:
        raise LookupError("no")


REFUSED: list[tuple[Any, dict[str, Any], type[Exception], str]] = [
    (None, {}, TypeError, "program must be callable, got None; pass the function itself, without parentheses"),
    (42, {}, TypeError, "program must be callable, got 42; pass the function itself, without parentheses"),
    (mutex, {"threads": 1, "clock": "cpu"}, ValueError, "clock must be 'wall' or 'virtual', got 'cpu'"),
    (mutex, {"threads": 1, "clock": None}, ValueError, "clock must be 'wall' or 'virtual', got None"),
    (mutex, {"threads": 1, "clock": ["wall"]}, ValueError, "clock must be 'wall' or 'virtual', got ['wall']"),
    (mutex, {"threads": 1, "seed": "x"}, TypeError, "seed must be a whole number, got 'x'"),
    (mutex, {"threads": 1, "seed": 1.5}, TypeError, "seed must be a whole number, got 1.5"),
    (mutex, {"threads": 1, "seed": True}, TypeError, "seed must be a whole number, got True"),
    (mutex, {"threads": 1, "seed": None}, TypeError, "seed must be a whole number, got None"),
    (mutex, {"threads": 1, "seed": Mute()}, TypeError, "seed must be a whole number, got <Mute whose repr() failed>"),
    (
        mutex,
        {"threads": 1, "seed": 100_000_000 * "x"},
        TypeError,
        f"seed must be a whole number, got '{199 * 'x'}… (99,999,802 more characters)",
    ),
    (
        mutex,
        {"threads": 1, "clock": "cpu\n\x1b[31m\u202e"},
        ValueError,
        "clock must be 'wall' or 'virtual', got 'cpu\\n\\x1b[31m\\u202e'",
    ),
    (
        Mute(),
        {},
        TypeError,
        "program must be callable, got <Mute whose repr() failed>; pass the function itself, without parentheses",
    ),
    (mutex, {"threads": -(10**5000)}, ValueError, "threads must be at least 1, got <int whose repr() failed>"),
    (
        mutex,
        {"threads": 1, "timeout": 0},
        ValueError,
        "timeout must be more than 0 and less than 1,000,000 seconds, got 0",
    ),
    (
        mutex,
        {"threads": 1, "timeout": float("nan")},
        ValueError,
        "timeout must be more than 0 and less than 1,000,000 seconds, got nan",
    ),
    (
        mutex,
        {"threads": 1, "timeout": float("inf")},
        ValueError,
        "timeout must be more than 0 and less than 1,000,000 seconds, got inf",
    ),
    (
        mutex,
        {"threads": 1, "timeout": -3},
        ValueError,
        "timeout must be more than 0 and less than 1,000,000 seconds, got -3",
    ),
    (mutex, {"threads": 1, "timeout": "x"}, TypeError, "timeout must be a number of seconds, got 'x'"),
    (mutex, {"threads": 1, "timeout": None}, TypeError, "timeout must be a number of seconds, got None"),
    (
        mutex,
        {"threads": 1, "claim": "held"},
        TypeError,
        "claim must be a claim such as semalab.mutual_exclusion, got 'held'",
    ),
    (mutex, {"threads": 0}, ValueError, "threads must be at least 1, got 0"),
    (free, {"threads": -5}, ValueError, "threads must be at least 1, got -5"),
    (mutex, {"threads": 1, "initial": -1}, ValueError, "initial must be at least 0, got -1"),
    (mutex, {"thread": 1}, TypeError, "mutex() has no argument 'thread'; did you mean 'threads'?"),
    (
        mutex,
        {"threads": 1, "colour": "red"},
        TypeError,
        "mutex() has no argument 'colour'; it takes threads, initial",
    ),
    (no_arguments, {"threads": 1}, TypeError, "no_arguments() has no argument 'threads'; it takes no arguments"),
    (
        mutex,
        {},
        TypeError,
        "mutex() needs a value for threads; pass threads=…",
    ),
    (by_position, {}, TypeError, "by_position() takes threads by position only; record passes every argument by name"),
    (
        by_position,
        {"threads": 1},
        TypeError,
        "by_position() takes threads by position only; record passes every argument by name",
    ),
]


@pytest.mark.parametrize(
    ("program", "arguments", "error", "message"), REFUSED, ids=[message[:60] for *_, message in REFUSED]
)
def test_bad_input_is_refused(program: Any, arguments: Any, error: type[Exception], message: str) -> None:
    before = len(started)
    with pytest.raises(error) as caught:
        lab.record(program, **arguments)
    assert (type(caught.value), str(caught.value)) == (error, message)
    assert len(started) == before


def test_what_is_unusual_but_right_is_accepted() -> None:
    assert lab.record(free, anything="goes", clock="virtual").exception is None
    assert lab.record(mutex, threads=1, initial=0, seed=-7, timeout=1, clock="virtual").seed == -7
    assert lab.record(dict, clock="virtual").result == {}
    assert lab.record(max, clock="virtual", raises=False).exception is not None  # a builtin that tells no signature
