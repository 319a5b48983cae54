"""The fields of a saved run besides its log, in one table: what each is called, how it is written, how it is read; and
what a file tells of things that no file can hold: an exception, and a claim that is somebody's own function.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from semalab.analysis.claims import Check, Claim, Pace, at_most, exact_count, latch, limit, mutual_exclusion
from semalab.analysis.listings import Listing, Source
from semalab.analysis.rate import at_most_per
from semalab.files import strict
from semalab.log.excerpt import cut, said_by
from semalab.log.schedule import POINTS, Schedule
from semalab.log.stops import Deadlock, Timeout, Wait

if TYPE_CHECKING:
    from semalab.analysis.record import Record

# The lab's own claims by their names, for files that keep claims and for whoever types one.
# A claim as it stands, and as a function of a primitive's name.
PLAIN: dict[str, Any] = {"mutual_exclusion": mutual_exclusion, "limit": limit, "latch": latch}
# A function of numbers, and after them of a primitive's name.
COUNTED: dict[str, Callable[..., Check]] = {"at_most": at_most, "exact_count": exact_count, "at_most_per": at_most_per}

_NUMBER = r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?(?:e[+-][0-9]{1,3})?"
_CALL = re.compile(rf"([a-z_]+)\(({_NUMBER}(?:, {_NUMBER})?)?(?:, )?(\".*\")?\)")


class SavedException(Exception):
    """An exception as words: its class has the name, and `str()` the message, of the one that a saved run raised."""


def called(name: str, message: str) -> SavedException:
    """An exception of that name with that message. The name is text: no class is looked up by it.

    >>> called("IndexError", "pop from empty list")
    IndexError('pop from empty list')
    """
    kind: type[SavedException] = type(cut(name, len(name)), (SavedException,), {"__doc__": SavedException.__doc__})
    return kind(message)


@dataclass(frozen=True)
class SavedClaim:
    """What an own claim said of the run before it was saved; it says the same of whatever it is asked."""

    said: Claim

    def __call__(self, run: Any) -> Claim:
        return self.said

    @property
    def __name__(self) -> str:
        return self.said.name


def name_of(claim: Check) -> str:
    """What a claim of the lab's own is called; empty for any other."""
    name = str(getattr(claim, "__name__", ""))
    own = getattr(claim, "__module__", None) in {Claim.__module__, at_most_per.__module__}
    return name if own and claim_called(name) is not None else ""


def claim_called(name: str) -> Check | None:
    """The lab's claim of that name, as in `at_most(3)` or `limit("door")`; None if it has none."""
    if name in PLAIN:
        plain: Check = PLAIN[name]
        return plain
    call = _CALL.fullmatch(name)
    if call is None:
        return None
    try:
        primitive = None if call[3] is None else json.loads(call[3])
        if call[1] in COUNTED and call[2] is not None:
            claim = COUNTED[call[1]](*json.loads(f"[{call[2]}]"), primitive)
        elif call[1] in PLAIN and primitive is not None:
            claim = PLAIN[call[1]](primitive)
        else:
            return None
    except (TypeError, ValueError):  # at_most(0) or at_most(1, 2), or what only looks like a name in quotes
        return None
    return claim if getattr(claim, "__name__", "") == name else None


_DEEPEST = 40  # lists in lists of an argument or a result


def _survives(name: str, value: Any) -> bool:
    """Whether JSON gives this back as it was: the same value, of the same class."""
    return type(name) is str and _is_plain(value, _DEEPEST)


def _is_plain(value: Any, depth: int) -> bool:
    kind: type = type(value)
    if value is None or kind in (bool, str):
        return True
    if kind is int:
        return bool(-(2**63) <= value < 2**63)
    if kind is float:
        return math.isfinite(value)
    if depth and kind is list:
        return all(_is_plain(one, depth - 1) for one in value)
    if depth and kind is dict:
        return all(type(key) is str and _is_plain(one, depth - 1) for key, one in value.items())
    return False


def _write_exception(error: BaseException | None) -> list[str] | None:
    return [type(error).__name__, said_by(error)] if error is not None else None


def _read_exception(value: Any, what: str) -> BaseException:
    words = strict.several(value, what, strict.text)
    if len(words) != 2 or not words[0]:
        strict.refuse(f"{what} must be [name, message]", value)
    return called(*words)


def _write_stopped(stopped: Deadlock | Timeout | None) -> dict[str, Any] | None:
    return {"kind": type(stopped).__name__.lower(), **asdict(stopped)} if stopped is not None else None


def _read_stopped(value: Any, what: str) -> Deadlock | Timeout:
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


def _write_claim(run: Record) -> str | dict[str, Any] | None:
    """A claim of the lab's by its name; of any other, what it said."""
    if run.claim is None:
        return None
    if name := name_of(run.claim):
        return name
    said = run.claim(run.reading)
    return {
        "name": said.name,
        "primitive": said.primitive,
        "held": None if said.held is None else bool(said.held),
        "sentence": said.sentence,
        "allowed": said.allowed,
        **({"pace": list(said.pace)} if said.pace is not None else {}),
    }


def _read_claim(value: Any, what: str) -> Check:
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


def _read_cost(value: Any, what: str) -> Callable[[], tuple[float, float]]:
    """As measured where the run was recorded."""
    nanoseconds = strict.several(value, what, strict.positive)
    if len(nanoseconds) != 2:
        strict.refuse(f"{what} must be two numbers of nanoseconds", value)
    return lambda: (nanoseconds[0], nanoseconds[1])


def _write_schedule(run: Record) -> dict[str, Any] | None:
    return asdict(run.schedule) if run.schedule is not None else None


def _read_schedule(value: Any, what: str) -> Schedule:
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


def _write_source(source: Source) -> dict[str, Any]:
    return {
        "listings": [[one.file, one.first, one.lines] for one in source.listings],
        "homes": list(source.homes.items()),
    }


def _read_source(value: Any, what: str) -> Source:
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


def _texts(value: Any, what: str) -> tuple[str, ...]:
    return strict.several(value, what, strict.text)


def _clock(value: Any, what: str) -> str:
    return strict.one_of(value, what, ("wall", "virtual"))


def _read_arguments(value: Any, what: str) -> Mapping[str, Any]:
    return MappingProxyType(strict.mapping(value, what))


def _forgotten(run: Record) -> list[str]:
    return [*(name for name, value in run.arguments.items() if not _survives(name, value)), *run.forgotten]


LEFT_OUT = object()  # written of a field that a file need not have


class Field(NamedTuple):
    """One field of a saved run, under its `name` in the file.

    write: its value there, or LEFT_OUT. attribute, read: which field of the run is read from it, and how; of one that
    needs the log, too, or that nobody reads back, there are none. missing: read of a file that has none, as one of an
    earlier version. empty: None stands for itself. always: every file has it.
    """

    name: str
    write: Callable[[Record], Any]
    attribute: str = ""
    read: Callable[[Any, str], Any] | None = None
    missing: Any = None
    empty: bool = False
    always: bool = True

    def of(self, fields: Mapping[str, Any]) -> Any:
        """What the run's field is, by this file's fields. Raises ValueError, with rule and value."""
        value = fields.get(self.name, self.missing)
        assert self.read is not None
        return None if self.empty and value is None else self.read(value, self.name)


def _if_any(name: str) -> Field:
    """Texts that most runs have none of."""
    return Field(name, lambda run: getattr(run, name) or LEFT_OUT, name, _texts, [], always=False)


FIELDS = (  # in the order of the file
    Field("verdict", lambda run: run.verdict),
    Field("name", lambda run: str(run.name), "name", strict.text, "program"),
    Field(
        "arguments",
        lambda run: {name: value for name, value in run.arguments.items() if _survives(name, value)},
        "arguments",
        _read_arguments,
        {},
    ),
    Field("arguments left out", _forgotten, "forgotten", _texts, []),
    Field("clock", lambda run: run.clock, "clock", _clock),
    Field("seed", lambda run: run.seed, "seed", strict.number),
    Field("duration", lambda run: run.trace.duration),
    Field("schedule", _write_schedule, "schedule", _read_schedule, empty=True),
    Field("result", lambda run: run.result if _survives("result", run.result) else LEFT_OUT, always=False),
    Field("printed", lambda run: run.printed),
    Field(
        "exception",
        lambda run: _write_exception(run.failure and run.failure[1]),
        "exception",
        _read_exception,
        empty=True,
    ),
    Field("failed thread", lambda run: run.failed_thread, "failed_thread", strict.text, "main"),
    Field("stopped", lambda run: _write_stopped(run.stopped), "stopped", _read_stopped, empty=True),
    Field("claim", _write_claim, "claim", _read_claim, empty=True),
    Field("unseen", lambda run: run.unseen, "unseen", _texts, []),
    Field("cost", lambda run: run.cost() if run.cost is not None else None, "cost", _read_cost, empty=True),
    Field(
        "file",
        lambda run: run.source_file and Path(run.source_file).name,  # not the folder, which tells whose machine it was
        "source_file",
        strict.text,
        empty=True,
    ),
    Field("source", lambda run: _write_source(run.source), "source", _read_source, ""),
    *map(_if_any, ("outlived", "unruled", "died")),
    Field(
        "module",
        lambda run: run.module if run.module != "threading" else LEFT_OUT,
        "module",
        strict.text,
        "threading",
        always=False,
    ),
)
