"""A run as JSON: everything of it that a file can hold, in an order in which it is also pleasant to read.

What does not survive is what is code or has an identity: the traceback of an exception (its name and message do), an
own claim (what it said of this run does), and arguments and a result that JSON cannot give back as they were.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semalab.analysis.listings import Source
from semalab.files.stand_ins import name_of
from semalab.log.excerpt import said_by
from semalab.log.stops import Deadlock, Timeout
from semalab.log.trace import Trace

if TYPE_CHECKING:
    from semalab.analysis.record import Record

FORMAT, VERSION = "semalab run", 1
KEYS = (  # that every file has
    *("verdict", "name", "arguments", "arguments left out", "clock", "seed", "duration", "schedule", "printed"),
    *(
        "exception",
        "failed thread",
        "stopped",
        "claim",
        "unseen",
        "cost",
        "file",
        "source",
        "threads",
        "primitives",
        "events",
    ),
)
MANY = 10_000  # events that are written, and read, at once
EVENTS = ' "events": [\n'  # the line before the first event, in every file that we write; the last key
END = " ]\n}\n"
_DEEPEST = 40  # lists in lists of an argument or a result


def as_json(run: Record, page: Mapping[str, Any] | None = None) -> Iterator[bytes]:
    """The run in pieces. The events come last, one a line, in the order of Event's fields.

    page: what a page without Python shows of it; nothing that reads the run back looks at it.
    """
    fields = {
        "format": FORMAT,
        "version": VERSION,
        "verdict": run.verdict,
        "name": str(run.name),
        "arguments": {name: value for name, value in run.arguments.items() if _survives(name, value)},
        "arguments left out": [*(n for n, value in run.arguments.items() if not _survives(n, value)), *run.forgotten],
        "clock": run.clock,
        "seed": run.seed,
        "duration": run.trace.duration,
        "schedule": asdict(run.schedule) if run.schedule is not None else None,
        **({"result": run.result} if _survives("result", run.result) else {}),
        "printed": run.printed,
        "exception": _exception(run.exception),
        "failed thread": run.failed_thread,
        "stopped": _stopped(run.stopped),
        "claim": _claim(run),
        "unseen": run.unseen,
        "cost": run.cost() if run.cost is not None else None,
        "file": run.source_file and Path(run.source_file).name,  # not the folder, which tells whose machine it was
        "source": _source(run.source),
        **({"outlived": run.outlived} if run.outlived else {}),
        **({"unruled": run.unruled} if run.unruled else {}),
        **({"died": run.died} if run.died else {}),
        **({"module": run.module} if run.module != "threading" else {}),
        **({"page": page} if page is not None else {}),
        "threads": run.trace.threads,
        "primitives": list(run.trace.primitives.values()),
    }
    text = "".join(
        f" {json.dumps(name)}: {json.dumps(value, separators=(',', ':') if name == 'page' else None)},\n"
        for name, value in fields.items()
    )
    yield f"{{\n{text}{EVENTS}".encode("ascii")
    yield from _lines(run.trace)
    yield END.encode("ascii")


def _lines(trace: Trace) -> Iterator[bytes]:
    """One line an event. Written by hand: each label is quoted once, and not once for every event."""
    quoted = {text: json.dumps(text) for text in ("", *trace.threads, *trace.primitives)}
    none: dict[int | None, str] = {None: "null"}
    events, left = iter(trace.events), len(trace)
    while batch := list(islice(events, MANY)):
        left -= len(batch)
        lines = [
            f'  [{time}, {quoted[thread]}, "{kind}", {quoted[primitive]}, {none.get(value) or value}, {amount}, '
            f"{none.get(line) or line}]"
            for time, thread, kind, primitive, value, amount, line in batch
        ]
        yield (",\n".join(lines) + (",\n" if left else "\n")).encode("ascii")


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


def _exception(error: BaseException | None) -> list[str] | None:
    return [type(error).__name__, said_by(error)] if error is not None else None


def _stopped(stopped: Deadlock | Timeout | None) -> dict[str, Any] | None:
    return {"kind": type(stopped).__name__.lower(), **asdict(stopped)} if stopped is not None else None


def _claim(run: Record) -> str | dict[str, Any] | None:
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


def _source(source: Source) -> dict[str, Any]:
    return {
        "listings": [[one.file, one.first, one.lines] for one in source.listings],
        "homes": list(source.homes.items()),
    }
