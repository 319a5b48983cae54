"""What CPython refuses, a run refuses, with the same words; and what it takes, a run takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

import semalab as lab


class Number:
    """An integer for whoever asks for its index, as NumPy's are."""

    def __index__(self) -> int:
        return 0


ODD = (
    "0.1",
    b"1",
    None,
    [1],
    1j,
    object,
    Decimal("0.01"),
    Fraction(1, 100),
    Number(),
    0.5 - 0.5,
    False,
    -1,
    -0.5,
    float("nan"),
    float("inf"),
    float("-inf"),
    1e300,
    2**70,
)


def sleeps(value: Any) -> None:
    time.sleep(value)


def takes_a_lock(value: Any) -> bool:
    return threading.Lock().acquire(value)


def takes_a_lock_in_time(value: Any) -> bool:
    return threading.Lock().acquire(timeout=value)


def takes_an_rlock(value: Any) -> bool:
    return threading.RLock().acquire(value)


def makes_a_semaphore(value: Any) -> int:
    return threading.Semaphore(value)._value  # type: ignore[attr-defined, no-any-return]


def waits_for_an_event(value: Any) -> bool:
    event = threading.Event()
    event.set()
    return event.wait(value)


def calls_oddly(value: Any) -> None:
    threading.Semaphore(1, value)  # type: ignore[call-arg]


def names_oddly(value: Any) -> None:
    threading.BoundedSemaphore(size=value)  # type: ignore[call-arg]


def waits_oddly(value: Any) -> None:
    threading.Event().wait(1, value)  # type: ignore[call-arg]


def answer(call: Callable[[Any], Any], value: Any) -> Any:
    try:
        return call(value)
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("clock", ["wall", "virtual"])
@pytest.mark.parametrize(
    "call",
    [
        sleeps,
        takes_a_lock,
        takes_a_lock_in_time,
        takes_an_rlock,
        makes_a_semaphore,
        waits_for_an_event,
        calls_oddly,
        names_oddly,
        waits_oddly,
    ],
)
def test_odd_arguments_are_answered_as_in_plain_python(call: Callable[[Any], Any], clock: str) -> None:
    def program() -> list[Any]:
        return [answer(call, value) for value in ODD]

    plain = program()
    assert lab.record(program, clock=clock, timeout=60).result == plain


def test_a_lock_s_time_limit_without_its_name_is_a_mistake_in_a_run_too() -> None:
    def program() -> None:
        threading.Lock().acquire(0.5)  # type: ignore[arg-type]

    found = answer(lambda _: program(), None)
    run = lab.record(program, raises=False)
    assert (run.exception is None) == (found is None)  # CPython takes it from 3.12 on
    if run.exception is not None:
        assert (type(run.exception), str(run.exception)) == found
