"""One schedule played twice: a program that can be proved touches, prints, returns and raises the same both times."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from semalab.engine.reachability import is_a
from semalab.exploration.contents import object_attributes
from semalab.exploration.sleepsets import Taken
from semalab.exploration.stage import Stage
from semalab.instrument.places import library_of
from semalab.log.excerpt import said_by, written
from semalab.stepping import Follow, Footprint, Location, footprint

_LONGEST = 60  # characters of a value that are told
_DEEPEST = 8  # containers in containers that are looked into
_MOST = 1_000  # values of one result that are looked at
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")  # in an object's text, as in "<function visit at 0x7f6a2c0d5e40>"


class Again(Follow):
    """The guide that makes the steps of a schedule once more, and knows of each who could make it and what it touched.

    Invariant: `able` and `chosen` are as long as each other; the last step's touches are the processor's still.
    """

    def __init__(self, steps: tuple[int, ...]) -> None:
        super().__init__(steps)
        self._told: list[tuple[list[int], int]] = []
        self._touched: list[Footprint] = []

    def choose(self, able: list[int], touched: Sequence[tuple[Location, bool]]) -> int:
        if self._told:
            self._touched.append(footprint(touched))
        self._told.append((able, chosen := super().choose(able, list(touched))))
        return chosen

    def taken(self, touched: Sequence[tuple[Location, bool]]) -> Taken:
        """The run that has ended. touched: by its last step."""
        every = [*self._touched, footprint(touched)]
        return [(able, chosen, step) for (able, chosen), step in zip(self._told, every, strict=False)]


class Observed(NamedTuple):
    """What could be seen of one run. log: its rows. result, failure: in words that are the same for the same."""

    taken: Taken
    log: tuple[Any, ...]
    printed: str
    result: str
    failure: str


def observed(stage: Stage, taken: Taken) -> Observed:
    """What the run just played has shown; to be asked before it is decoded."""
    processor = stage.processor
    log = [_nowhere(value) for value in processor.log[: processor.cut]]
    if processor.verdict is not None and taken:  # stopped: what its threads touch on their way out is nobody's step
        taken = [*taken[:-1], (*taken[-1][:2], footprint(()))]
    printed = "".join(value for what, value in zip(log[2::6], log[3::6], strict=True) if _is_print(what))
    assert stage.twins is not None
    failures = [stage.failure] if stage.failure else stage.worker_failures
    failure = "; ".join(f"{type(error).__name__}: {said_by(error)}" for _, error in failures)
    said = _nowhere("".join(stage.twins.streams.errors))
    return Observed(taken, tuple(log), printed + said, described(stage.result), _nowhere(failure))


def _nowhere(value: Any) -> Any:
    """A text without the addresses in it: an object of the second run may be kept elsewhere than the first one's."""
    return _ADDRESS.sub("0x…", value) if type(value) is str and "0x" in value else value


def _is_print(what: Any) -> bool:
    return type(what) is tuple and what[0] == "print"


def difference(one: Observed, other: Observed) -> str | None:
    """What a program did once and not the next time, in words; None if it did the same."""
    if one.result != other.result:
        return f"it returned {_cut(one.result)}, and then {_cut(other.result)}"
    if one.failure != other.failure:
        return f"it {_raised(one.failure)}, and then {_raised(other.failure)}"
    if one.printed != other.printed:
        return f"it printed {written(one.printed, _LONGEST)}, and then {written(other.printed, _LONGEST)}"
    if one.taken != other.taken or one.log != other.log:
        return "its threads went another way"
    return None


def _raised(failure: str) -> str:
    return f"raised {_cut(failure)}" if failure else "raised nothing"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def described(value: Any) -> str:
    """Plain data in words: the same for equal data, wherever in memory it is; no code of the program is run."""
    return "".join(_described(value, _DEEPEST, [_MOST]))


def _described(value: Any, deep: int, room: list[int]) -> Iterator[str]:
    room[0] -= 1
    kind: Any = type(value)
    if kind in (int, float, complex, bool, str, bytes, bytearray, type(None), range):
        yield str(_nowhere(written(value, 10_000)))
    elif deep < 0 or room[0] < 0:
        yield "…"
    elif kind in (list, tuple, deque):
        yield "[" if kind is list else f"{'deque' if kind is deque else ''}("
        for number, one in enumerate(value):
            yield ", " if number else ""
            yield from _described(one, deep - 1, room)
        yield "]" if kind is list else ")"
    elif kind in (set, frozenset):
        yield "{" + ", ".join(sorted("".join(_described(one, deep - 1, room)) for one in value)) + "}"
    elif is_a(value, dict):
        yield "{"
        for number, (key, one) in enumerate(dict.items(value)):
            yield ", " if number else ""
            yield from _described(key, deep - 1, room)
            yield ": "
            yield from _described(one, deep - 1, room)
        yield "}"
    else:
        yield f"<{kind.__name__}>"
        attributes = object_attributes(value) if library_of(kind) is None and not callable(value) else None
        if attributes:  # of an object of the program's own class
            yield from _described(attributes, deep - 1, room)
