"""A log as text for other programs: CSV, JSON, and Chrome's trace format, which Perfetto opens."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import Any

from semalab.reading import Reading
from semalab.schedule import Schedule
from semalab.trace import Event, Trace

PROCESS = 1  # Chrome's format wants a process; a run is one


def as_csv(trace: Trace) -> str:
    """One line an event, under a line of names; times in nanoseconds."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(Event._fields)
    writer.writerows(trace.events)
    return text.getvalue()


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
