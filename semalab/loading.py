"""From a saved file back to a run, or to a sentence that says what is wrong with the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from semalab.analysis.decode import Printed
from semalab.files import FIELDS, FORMAT, KEYS, VERSION, OtherLayout, by_lines, strict, trace_of, whole_file
from semalab.log.trace import Trace
from semalab.run import Run


def load(path: str | Path) -> Run:
    """The run that `Run.save` wrote to a .json file: the same trace, the same verdict and claims, the same picture.

    The log is certified again, and no code of the file's is ever run. What no file holds is not there: a traceback,
    an own claim (what it said is), arguments and a result that JSON cannot give back as they were.

    Args:
        path: a file written by `Run.save` with the suffix .json, also by an earlier version.

    Returns:
        The run. `record(program, clock="virtual", schedule=load(path).schedule, **load(path).arguments)` repeats it.

    Raises:
        ValueError: if the file is damaged, contradicts itself, or is something else; the message says where.
        OSError: if it cannot be read.

    >>> path = run.save("run.json")
    >>> load(path).trace == run.trace
    True
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig") as file:
            return _loaded(file)
    except ValueError as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeError) else str(error)
        why = "a .csv file has no initial values" if path.suffix.lower() == ".csv" else why
        told = f"load reads a run that run.save wrote as .json, and {path.name!r} is none: {why}; save the run again"
        raise ValueError(told) from None


def _loaded(file: TextIO) -> Run:
    try:
        return _run(*by_lines(file))
    except OtherLayout:
        file.seek(0)
        return _run(*whole_file(file))


def _run(fields: dict[str, Any], batches: Iterator[list[Any]]) -> Run:
    _check_format(fields)
    found = {field.attribute: field.of(fields) for field in FIELDS if field.read is not None}
    trace = trace_of(fields, batches)
    printed = _printed(fields, trace)
    return Run(trace=trace, duration=trace.duration / 1e9, result=fields.get("result"), printed=printed, **found)


def _check_format(fields: dict[str, Any]) -> None:
    if "traceEvents" in fields:
        raise ValueError("it is a trace for Chrome's and Perfetto's viewers")
    if "format" not in fields and "version" not in fields:
        return  # of the time before formats had numbers: what it lacks has a value that says nothing
    if fields.get("format") != FORMAT:
        strict.refuse(f"format must be {FORMAT!r}", fields.get("format"))
    version = strict.whole(fields.get("version"), "version", least=1)
    if version > VERSION:
        strict.refuse(f"version must be at most {VERSION}, or semalab must be newer", version)
    if missing := [key for key in KEYS if key not in fields]:
        raise ValueError(f"it must have {', '.join(map(repr, missing))}, and has not")


def _printed(fields: dict[str, Any], trace: Trace) -> tuple[Printed, ...]:
    if "printed" not in fields:  # in an earlier format: somebody printed, and nobody knows what
        return tuple(Printed(event.time, event.thread, "") for event in trace if event.kind == "print")
    printed = strict.several(fields["printed"], "printed", _one_print)
    if [(p.time, p.thread) for p in printed] != [(e.time, e.thread) for e in trace if e.kind == "print"]:
        strict.refuse("printed must have one text for each print in the log", fields["printed"])
    return printed


def _one_print(value: Any, what: str) -> Printed:
    if type(value) is not list or len(value) != 3:
        strict.refuse(f"{what} must be [time, thread, text]", value)
    time, thread, text = value
    return Printed(
        strict.whole(time, f"the time of {what}"), strict.text(thread, f"the thread of {what}"), strict.text(text, what)
    )
