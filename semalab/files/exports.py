"""A log in the forms of other programs: CSV, and Chrome's trace format, which Perfetto opens: https://ui.perfetto.dev.

In the latter threads are threads, spans are slices, the value and the queue of each primitive are counters, every other
event is an instant, and an arrow (a flow) leads from the release whose permit ended a wait to the acquire that took it.

Three things the viewers do decide how it is written. Slices of one thread must nest, or be dropped: a span that does
not fit into those around it gets a row of its own. An arrow's end is attached to the slice written last in its thread,
so that the two are neighbours in the file. Of two slices that begin at once, the first one written is the outer one.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from semalab.analysis.usage import LevelChange, Span
from semalab.log.excerpt import STAND_IN, cut
from semalab.log.trace import JOINS, Event, Trace

if TYPE_CHECKING:
    from semalab.analysis.record import Record

PROCESS = 1  # the format wants a process; a run is one
_LINES_AT_ONCE = 10_000  # lines that are written at once
_SIGNS = ("=", "+", "-", "@", *"＝＋－＠", "\t", "\r", "\n", "'")  # what a spreadsheet or a reader of ours may act on
_AT_ONCE = 5_000  # events that are written at once
_LONGEST = 100  # characters of a print that a mark is labelled with
_SURROGATE = re.compile("[\ud800-\udfff]")
_IN_SPANS = JOINS | {"block", "sleep"}  # events that a span shows


def nested(spans: Iterable[Span]) -> Iterator[tuple[Span, bool]]:
    """The spans of a thread by their beginnings, outer ones first, and whether each fits into those before it.

    Invariant: of any two spans that fit, one lies within the other or they share no time. A hold that begins in
    another hold and outlasts it does not fit.

    >>> [fits for _, fits in nested([Span("t", "hold", "a", 0, 9, 0, 2), Span("t", "hold", "b", 5, 12, 1, 3)])]
    [True, False]
    """
    ends: list[int] = []  # of the spans that are open, innermost last
    for span in sorted(spans, key=lambda s: (s.begin, -s.end, s.first)):
        while ends and ends[-1] <= span.begin and not (ends[-1] == span.begin == span.end):
            ends.pop()
        fits = not ends or span.end <= ends[-1]
        if fits:
            ends.append(span.end)
        yield span, fits


def as_chrome_trace(run: Record) -> Iterator[bytes]:
    """The trace in pieces: times in microseconds with three digits, as the format wants them."""
    about = {
        "program": run.name,
        "verdict": run.verdict,
        "clock": run.clock,
        "seed": run.seed,
        "duration_ns": run.trace.duration,
        "threads": len(run.trace.threads),
    }
    about = {name: _clean(value) if isinstance(value, str) else value for name, value in about.items()}
    head = {"displayTimeUnit": "ns", "otherData": about, "metadata": about}
    yield (json.dumps(head)[:-1] + ', "traceEvents": [\n').encode("ascii")
    batch: list[str] = []
    first = True
    for line in _every(run):
        batch.append(line)
        if len(batch) == _AT_ONCE:
            yield (("" if first else ",\n") + ",\n".join(batch)).encode("ascii")
            batch, first = [], False
    yield (("" if first or not batch else ",\n") + ",\n".join(batch) + "\n]}\n").encode("ascii")


def _every(run: Record) -> Iterator[str]:
    number = {thread: n for n, thread in enumerate(run.trace.threads, 1)}
    yield from _names(run, number)
    yield from _marks(run, number)
    yield from _spans(run, number)
    for use in run.reading.uses.values():
        yield from _counter(use.label, "value", use.values)
        yield from _counter(f"{use.label}: waiting", "threads", use.waiters)


def _names(run: Record, number: dict[str, int]) -> Iterator[str]:
    program = {"name": run.name, "labels": run.description}
    for what, key in (("process_name", "name"), ("process_labels", "labels")):
        yield _written(ph="M", name=what, pid=PROCESS, tid=0, args={key: _clean(program[key])})
    for thread, n in number.items():
        yield _written(ph="M", name="thread_name", pid=PROCESS, tid=n, args={"name": _clean(thread)})
        yield _written(ph="M", name="thread_sort_index", pid=PROCESS, tid=n, args={"sort_index": n})


def _marks(run: Record, number: dict[str, int]) -> Iterator[str]:
    """What happened at one moment, and the arrows between."""
    uses = run.reading.uses
    from_release: dict[int, list[int]] = {}
    to_acquire: dict[int, int] = {}
    arrows = (handover for use in uses.values() for handover in use.handovers)
    for flow, handover in enumerate(arrows, 1):
        from_release.setdefault(handover.release, []).append(flow)
        to_acquire[handover.acquire] = flow
    pictured = {span.thread for span in run.reading.spans}  # the others would have no row if nothing marked their lives
    guards = {use.label for use in uses.values() if use.role == "guard"}
    printed = iter(run.printed)
    for index, event in enumerate(run.trace.events):
        said = next(printed, None) if event.kind == "print" else None
        starts, ends = from_release.get(index, ()), to_acquire.get(index)
        held = event.kind in {"acquire", "release"} and event.primitive in guards  # the edges of a hold
        if event.kind in _IN_SPANS or (event.kind == "wake" and not event.primitive):
            continue
        if held and not starts and ends is None:
            continue
        if event.kind in {"start", "end"} and event.thread in pictured:
            continue
        place = f'"pid":{PROCESS},"tid":{number[event.thread]},"ts":{_microseconds(event.time)}'
        title = _quoted(_title(event, said.text if said else ""))
        yield f'{{"ph":"i","s":"t","name":{title},"cat":"{event.kind}",{place}{_args(event)}}}'
        for flow in starts:
            yield f'{{"ph":"s","id":{flow},"name":"hand-over","cat":"hand-over",{place}}}'
        if ends is not None:
            yield f'{{"ph":"f","bp":"e","id":{ends},"name":"hand-over","cat":"hand-over",{place}}}'


def _title(event: Event, said: str) -> str:
    if event.kind == "print":
        return f"print {said.rstrip()}".rstrip()
    return f"{event.kind} {event.primitive}".rstrip()


def _args(event: Event) -> str:
    numbers = {"value": event.value, "amount": event.amount or None, "line": event.line}
    told = ",".join(f'"{name}":{number}' for name, number in numbers.items() if number is not None)
    return f',"args":{{{told}}}' if told else ""


def _spans(run: Record, number: dict[str, int]) -> Iterator[str]:
    """Outer ones before inner ones; a span that does not nest as a track of its own."""
    by_thread: dict[str, list[Span]] = {thread: [] for thread in number}
    for span in run.reading.spans:
        by_thread[span.thread].append(span)
    apart = 0
    for thread, spans in by_thread.items():
        for span, nests in nested(spans):
            place, begin = f'"pid":{PROCESS},"tid":{number[thread]}', _microseconds(span.begin)
            line = run.trace.events[span.first].line
            told = [f'"line":{line}'] if line is not None else []
            told += ['"ended":false'] if span.last is None else []
            args = f',"args":{{{",".join(told)}}}' if told else ""
            if nests:
                name = _quoted(f"{span.kind} {span.primitive}".rstrip())
                length = _microseconds(span.end - span.begin)
                yield f'{{"ph":"X","name":{name},"cat":"{span.kind}",{place},"ts":{begin},"dur":{length}{args}}}'
            else:
                apart += 1
                name = _quoted(f"{thread}: {span.kind} {span.primitive}".rstrip())
                same = f'"name":{name},"cat":"{span.kind}","id2":{{"local":{apart}}},{place}'
                yield f'{{"ph":"b",{same},"ts":{begin}{args}}}'
                yield f'{{"ph":"e",{same},"ts":{_microseconds(span.end)}}}'


def _counter(name: str, unit: str, steps: Iterable[LevelChange]) -> Iterator[str]:
    steps = tuple(steps)
    if steps and steps[0].time > 0:
        steps = (LevelChange(0, 0), *steps)
    head = f'{{"ph":"C","name":{_quoted(name)},"pid":{PROCESS},"ts":'
    for time, level in steps:
        yield f'{head}{_microseconds(time)},"args":{{"{unit}":{level}}}}}'


def _microseconds(nanoseconds: int) -> str:
    """Exact: a float would lose the last digits of a long run."""
    whole, rest = divmod(nanoseconds, 1000)
    return f"{whole}.{rest:03}" if rest else str(whole)


def _clean(text: str) -> str:
    """Half a surrogate pair, which UTF-8 cannot hold, is no text to the viewers."""
    return _SURROGATE.sub(STAND_IN, text)


@lru_cache(maxsize=10_000)
def _quoted(text: str) -> str:
    return json.dumps(cut(text, 4 * _LONGEST))


def _written(**event: Any) -> str:
    return json.dumps(event, separators=(",", ":"))


def as_csv(trace: Trace) -> Iterator[bytes]:
    """A log as a table for spreadsheets and data frames: a line an event, under a line of names; times in nanoseconds.

    A name that begins with = + - @ would be a formula in a spreadsheet, which may send the sheet's contents anywhere.
    Such a name gets an apostrophe in front, and so does one that begins with a tab, a line break or an apostrophe:
    whoever takes one leading apostrophe off has the names again. Half a surrogate pair, which UTF-8 cannot hold,
    becomes a stand-in.
    """
    cell = functools.cache(_cell)
    rows = iter(trace.events)
    yield _lines([Event._fields])
    while batch := list(islice(rows, _LINES_AT_ONCE)):
        yield _lines(
            (time, cell(thread), kind, cell(primitive), *numbers) for time, thread, kind, primitive, *numbers in batch
        )


def _lines(rows: Iterable[tuple[object, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8")


def _cell(text: str) -> str:
    text = _clean(text)
    return f"'{text}" if text.startswith(_SIGNS) else text
