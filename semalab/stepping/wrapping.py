"""Puts something before a function or method of a twin."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from semalab.stepping.footprint import CLOCK, READ
from semalab.stepping.processor import SteppingProcessor


def before(owner: type, name: str, first: Callable[[Any], object]) -> None:
    """Let a method of a twin class do something first."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        first(self)
        return method(self, *args, **kwargs)

    setattr(owner, name, wrapped)


def function_before(function: Callable[..., Any], first: Callable[[], object]) -> Callable[..., Any]:
    """The function, which does something first."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        first()
        return function(*args, **kwargs)

    return wrapped


def put(owner: Any, **methods: Callable[..., Any]) -> None:
    """Put these in the place of methods of a twin class."""
    for name, method in methods.items():
        setattr(owner, name, functools.wraps(getattr(owner, name))(method))


def ticking(clock: Callable[[], float], processor: SteppingProcessor) -> Callable[[], float]:
    """A clock that copies of standard modules read: whoever waits with a limit asks it how much is left."""
    return function_before(clock, functools.partial(processor.touch_if_inside, CLOCK, READ))
