"""What a field of a saved file may be. A file can come from anywhere: nothing in it is believed unseen.

Every function returns the value it was given, or raises a ValueError that states the rule and the value.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from semalab.log.excerpt import cut

MOST = 2**62  # nanoseconds (146 years), values, permits: what a picture's axis can hold
T = TypeVar("T")


def refuse(rule: str, value: object) -> NoReturn:
    raise ValueError(f"{rule}, got {cut(reprlib.repr(value), 120)}")


def text(value: Any, what: str) -> str:
    return value if type(value) is str else refuse(f"{what} must be text", value)


def label(value: Any, what: str) -> str:
    """The name of a thread or a primitive, fit to be shown."""
    if type(value) is not str or not value.strip() or len(value) > 400 or cut(value, 400) != value:
        refuse(f"{what} must be a name of 1 to 400 characters that can be shown", value)
    return value


def whole(value: Any, what: str, least: int = 0, most: int = MOST) -> int:
    if type(value) is not int or not least <= value <= most:  # a bool is no number here
        refuse(f"{what} must be a whole number from {least:,} to {most:,}", value)
    return int(value)


def number(value: Any, what: str) -> int:
    """Any whole number, however long: a seed."""
    return value if type(value) is int else refuse(f"{what} must be a whole number", value)


def yes_or_no(value: Any, what: str) -> bool:
    return value if type(value) is bool else refuse(f"{what} must be true or false", value)


def seconds(value: Any, what: str) -> float:
    if type(value) not in (int, float) or not 0 <= value <= MOST:
        refuse(f"{what} must be a number of seconds", value)
    return float(value)


def positive(value: Any, what: str) -> float:
    if type(value) not in (int, float) or not 0 <= value <= MOST:
        refuse(f"{what} must be a number from 0 on", value)
    return float(value)


def several(value: Any, what: str, one: Callable[[Any, str], T]) -> tuple[T, ...]:
    """A list, each element of which passes the test `one`."""
    if type(value) is not list:
        refuse(f"{what} must be a list", value)
    return tuple(one(element, f"{what}[{i}]") for i, element in enumerate(value))


def different(values: tuple[T, ...], what: str) -> tuple[T, ...]:
    seen: set[T] = set()
    for value in values:
        if value in seen:
            refuse(f"{what} must all differ", value)
        seen.add(value)
    return values


def mapping(value: Any, what: str) -> dict[str, Any]:
    return value if type(value) is dict else refuse(f"{what} must be an object", value)


def one_of(value: Any, what: str, allowed: Mapping[str, Any] | tuple[str, ...]) -> str:
    if type(value) is not str or value not in allowed:
        refuse(f"{what} must be one of {', '.join(map(repr, allowed))}", value)
    return value


def maybe(one: Callable[[Any, str], T], fields: Mapping[str, Any], key: str) -> T | None:
    """None where the file has null or nothing."""
    value = fields.get(key)
    return None if value is None else one(value, key)
