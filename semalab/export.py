"""A log as text for other programs: CSV, JSON, and Chrome's trace format, which Perfetto opens."""

from __future__ import annotations

import csv
import functools
import io
import json
import re
from dataclasses import asdict
from typing import Any

from semalab.excerpt import STAND_IN
from semalab.reading import Reading
from semalab.schedule import Schedule
from semalab.trace import Event, Trace

PROCESS = 1  # Chrome's format wants a process; a run is one
_SIGNS = ("=", "+", "-", "@", *"＝＋－＠", "\t", "\r", "\n", "'")  # what a spreadsheet or a reader of ours may act on
_SURROGATE = re.compile("[\ud800-\udfff]")


def as_csv(trace: Trace) -> str:
    """One line an event, under a line of names; times in nanoseconds.

    A name that begins with = + - @ would be a formula in a spreadsheet, which may send the sheet's contents anywhere.
    Such a name gets an apostrophe in front, and so does one that begins with a tab, a line break or an apostrophe:
    whoever takes one leading apostrophe off has the names again. Half a surrogate pair, which UTF-8 cannot hold,
    becomes a stand-in.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(Event._fields)
    cell = functools.cache(_cell)
    writer.writerows(
        (time, cell(thread), kind, cell(primitive), *numbers)
        for time, thread, kind, primitive, *numbers in trace.events
    )
    return text.getvalue()


def _cell(text: str) -> str:
    text = _SURROGATE.sub(STAND_IN, text)
    return f"'{text}" if text.startswith(_SIGNS) else text


def as_json(trace: Trace, *, clock: str, seed: int, schedule: Schedule | None = None) -> str:
    """The whole log: threads, primitives (label, class, initial value), events (in the order of Event's fields)."""
    log = {
        "clock": clock,
        "seed": seed,
        "schedule": schedule and asdict(schedule),
        "duration": trace.duration,
        "threads": trace.threads,
        "primitives": list(trace.primitives.values()),
        "events": trace.events,
    }
    return json.dumps(log, indent=1) + "\n"


def as_chrome_trace(reading: Reading) -> str:
    """Spans as complete events, values as counters; times in microseconds, as the format wants them."""
    number = {thread: n for n, thread in enumerate(reading.trace.threads, 1)}
    events: list[dict[str, Any]] = [
        {"ph": "M", "name": "thread_name", "pid": PROCESS, "tid": n, "args": {"name": thread}}
        for thread, n in number.items()
    ]
    for span in reading.spans:
        name = f"{span.kind} {span.primitive}".strip()
        times = {"ts": span.begin / 1000, "dur": (span.end - span.begin) / 1000}
        place = {"pid": PROCESS, "tid": number[span.thread]}
        events.append({"ph": "X", "name": name, "cat": span.kind, **place, **times})
    for use in reading.uses.values():
        for step in use.values:
            value = {"args": {"value": step.level}}
            events.append({"ph": "C", "name": use.label, "pid": PROCESS, "ts": step.time / 1000, **value})
    return json.dumps({"traceEvents": events}) + "\n"
