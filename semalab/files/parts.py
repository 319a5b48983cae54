"""The parts of a saved run that are not its log: how it ended, what it was measured by, which choices it made."""

from __future__ import annotations

from typing import Any

from semalab.claims import Check, Claim
from semalab.files import strict
from semalab.files.told import Told, called, claim_called
from semalab.schedule import POINTS, Schedule
from semalab.stops import Deadlock, Timeout, Wait


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
    return Told(
        Claim(
            strict.text(fields.get("name"), f"the name of {what}"),
            strict.text(fields.get("primitive"), f"the primitive of {what}"),
            strict.yes_or_no(fields.get("held"), f"held of {what}"),
            strict.text(fields.get("sentence"), f"the sentence of {what}"),
            strict.whole(fields.get("allowed"), f"allowed of {what}"),
        )
    )


def schedule(value: Any, what: str) -> Schedule:
    fields = strict.mapping(value, what)
    return Schedule(
        strict.several(fields.get("choices"), f"the choices of {what}", strict.whole),
        strict.number(fields.get("seed", 0), f"the seed of {what}"),
        strict.one_of(fields.get("points", ""), f"the points of {what}", POINTS),
        strict.one_of(fields.get("time", "clock"), f"the time of {what}", ("clock", "free")),
        strict.yes_or_no(fields.get("lives", False), f"lives of {what}"),
        strict.several(fields.get("shared", []), f"the shared of {what}", strict.text),
    )
