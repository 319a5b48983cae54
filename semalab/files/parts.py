"""The parts of a saved run that are not its log: how it ended, what it was measured by, which choices it made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from semalab.analysis.claims import Check, Claim, Pace
from semalab.analysis.listings import Listing, Source
from semalab.files import strict
from semalab.files.stand_ins import SavedClaim, called, claim_called
from semalab.log.schedule import POINTS, Schedule
from semalab.log.stops import Deadlock, Timeout, Wait


def exception(value: Any, what: str) -> BaseException:
    words = strict.several(value, what, strict.text)
    if len(words) != 2 or not words[0]:
        strict.refuse(f"{what} must be [name, message]", value)
    return called(*words)


def stopped(value: Any, what: str) -> Deadlock | Timeout:
    fields = strict.mapping(value, what)
    if strict.one_of(fields.get("kind"), f"the kind of {what}", ("deadlock", "timeout")) == "deadlock":
        return Deadlock(strict.several(fields.get("waits"), f"the waits of {what}", _wait))
    return Timeout(
        strict.seconds(fields.get("seconds"), f"the seconds of {what}"),
        strict.one_of(fields.get("clock"), f"the clock of {what}", ("wall", "virtual")),
        strict.several(fields.get("running"), f"the running of {what}", strict.text),
        strict.text(fields.get("reason"), f"the reason of {what}"),
        strict.several(fields.get("left"), f"the left of {what}", strict.text),
    )


def _wait(value: Any, what: str) -> Wait:
    fields = strict.mapping(value, what)
    return Wait(
        strict.text(fields.get("thread"), f"the thread of {what}"),
        strict.text(fields.get("primitive"), f"the primitive of {what}"),
        strict.text(fields.get("kind"), f"the kind of {what}"),
        strict.maybe(strict.whole, fields, "value"),
        strict.several(fields.get("holders"), f"the holders of {what}", strict.text),
        strict.maybe(strict.whole, fields, "line"),
        strict.whole(fields.get("unfinished"), f"unfinished of {what}"),
    )


def claim(value: Any, what: str) -> Check:
    if type(value) is str:
        return claim_called(value) or strict.refuse(f"{what} must be the name of a claim of semalab's", value)
    fields = strict.mapping(value, what)
    return SavedClaim(
        Claim(
            strict.text(fields.get("name"), f"the name of {what}"),
            strict.text(fields.get("primitive"), f"the primitive of {what}"),
            None if fields.get("held", "") is None else strict.yes_or_no(fields.get("held"), f"held of {what}"),
            strict.text(fields.get("sentence"), f"the sentence of {what}"),
            strict.whole(fields.get("allowed"), f"allowed of {what}"),
            _pace(fields.get("pace"), f"pace of {what}"),
        )
    )


def _pace(value: Any, what: str) -> Pace | None:
    if value is None:
        return None
    numbers = strict.several(value, what, strict.whole)
    if len(numbers) != 2 or min(numbers) < 1:
        strict.refuse(f"{what} must be two numbers, of starts and of nanoseconds, from 1 on", value)
    return Pace(*numbers)


def cost(value: Any, what: str) -> Callable[[], tuple[float, float]]:
    """As measured where the run was recorded."""
    nanoseconds = strict.several(value, what, strict.positive)
    if len(nanoseconds) != 2:
        strict.refuse(f"{what} must be two numbers of nanoseconds", value)
    return lambda: (nanoseconds[0], nanoseconds[1])


def schedule(value: Any, what: str) -> Schedule:
    fields = strict.mapping(value, what)
    return Schedule(
        strict.several(fields.get("choices"), f"the choices of {what}", strict.whole),
        strict.number(fields.get("seed", 0), f"the seed of {what}"),
        strict.one_of(fields.get("points", ""), f"the points of {what}", POINTS),
        strict.one_of(fields.get("time", "clock"), f"the time of {what}", ("clock", "free")),
        strict.yes_or_no(fields.get("lives", False), f"lives of {what}"),
        strict.several(fields.get("shared", []), f"the shared of {what}", strict.text),
        strict.yes_or_no(fields.get("unfinished", False), f"unfinished of {what}"),
    )


def source(value: Any, what: str) -> Source:
    if type(value) is str:  # in an earlier format: the whole file, and not which line of the log lies where
        return Source()
    fields = strict.mapping(value, what)
    return Source(
        strict.several(fields.get("listings"), f"the listings of {what}", _listing),
        dict(strict.several(fields.get("homes"), f"the homes of {what}", _home)),
    )


def _listing(value: Any, what: str) -> Listing:
    if type(value) is not list or len(value) != 3:
        strict.refuse(f"{what} must be [file, first line, lines]", value)
    file, first, lines = value
    return Listing(
        strict.text(file, f"the file of {what}"),
        strict.whole(first, f"the first line of {what}", least=1),
        strict.several(lines, f"the lines of {what}", strict.text),
    )


def _home(value: Any, what: str) -> tuple[int, str | None]:
    if type(value) is not list or len(value) != 2:
        strict.refuse(f"{what} must be [line, file]", value)
    line, file = value
    return strict.whole(line, f"the line of {what}", least=1), None if file is None else strict.text(file, what)
