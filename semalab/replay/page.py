"""A run as one self-contained HTML page: its picture, and every step of it to go through. No network, no kernel.

Text from programs is data: it stands in the page escaped, as JSON, or as ink in the picture.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from semalab.analysis.changes import ENDED, NOT_BEGUN, STRANGER, UNDER_WAY, WAITS, Activity
from semalab.analysis.listings import Source
from semalab.analysis.snapshots import Snapshots
from semalab.log.excerpt import cut
from semalab.log.trace import FLAGS, JOINS, LOCKS, Primitive

if TYPE_CHECKING:
    from semalab.analysis.record import Record
    from semalab.draw.drawing import Drawing
    from semalab.draw.viewport import Clock

SIZES = ((4.0, 5.2), (5.6, 4.6), (7.6, 4.1), (10.0, 4.4))  # inches, the heights at most: the page fits a slide
_STILL = SIZES[2]  # of the picture for those without scripts
_FINE = 100_000  # parts of the clock's unit in which the steps' times stand in the page
_SHOWN = 12  # primitives in the table
_PRINTS = 400_000  # characters of output kept
_EARLY = 'document.documentElement.classList.add("js");'  # before anything is laid out as for those without
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_CODE = re.compile(r"`([^`\n]+)`")


class ReplayPage(NamedTuple):
    """The page's text, and the height of its picture as a part of the width, in each of its sizes."""

    text: str
    ratios: tuple[float, ...]


def as_html(run: Record) -> str:
    """The page: the same text for the same run.

    >>> Path("run.html").write_text(as_html(run), encoding="utf-8")
    """
    return page_of(run).text


def page_of(run: Record) -> ReplayPage:
    from semalab.draw import png
    from semalab.draw.encoding import PAINTERS, encoded, inks, pointed
    from semalab.draw.picture import picture_of
    from semalab.draw.viewport import clock_of

    drawn = [_drawn(run, width, height) for width, height in SIZES]
    figure = picture_of(run, width=_STILL[0], height=drawn[2].height / 720)
    still = base64.b64encode(png(figure, compression=6)).decode("ascii")
    moments = run.moments
    clock = clock_of(run.trace, run.reading.times, run.stopped is not None)
    style = f"{inks()}\n{_text('page.css')}"
    script = "\n".join([*(path.read_text(encoding="utf-8") for path in PAINTERS), _text("page.js")])
    source, lines = _source(run.source)
    text = _filled(
        title=escape(f"{run.name}: {run.verdict}".replace("`", "")),
        verdict=with_code(run.verdict),
        standing=run.standing,
        description=escape(run.description),
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        early=_EARLY,
        early_hash=_hash(_EARLY),
        picture=f"data:image/png;base64,{still}",
        width=f"{_STILL[0] * 96:.0f}",
        height=f"{figure.get_figheight() * 96:.0f}",
        alt=escape(f"Timeline. {run.verdict} ({run.description})"),
        output=escape(cut(run.output, 4_000, lines=True)),
        source=source,
        steps=_steps(moments, clock),
        log=embedded(
            {
                **_log(moments, clock, lines),
                "drawn": encoded((("",) * 5, drawing) for drawing in drawn),
                "told": pointed(drawn[0]),
            }
        ),
    )
    return ReplayPage(text, tuple(drawing.height / drawing.width for drawing in drawn))


def _drawn(run: Record, width: float, height: float) -> Drawing:
    """As high as it is by nature, or as it may be."""
    from semalab.draw.picture import drawing_of

    drawing = drawing_of(run, width=width)
    return drawing if drawing.height <= height * 720 else drawing_of(run, width=width, height=height)


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What the page's own security policy knows its one script and its one style sheet by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _filled(**parts: str) -> str:
    """One pass over the template: what a program's text looks like is never looked at."""
    return _PLACE.sub(lambda place: parts[place[1]], _text("page.html"))


def _steps(moments: Snapshots, clock: Clock) -> str:
    times = [clock.moment(float(at)) for at in clock.at] if not clock.stands else [""] * len(clock.at)
    times += [clock.moment(clock.end) if not clock.stands else ""] * (len(moments) - len(times))
    return "\n".join(
        f"<li><i>{time}</i> <span>{with_code(moments.sentence(number))}</span></li>"
        for number, time in enumerate(times)
    )


def with_code(words: str) -> str:
    """The lab's sentences mark code as Markdown does; as `write` in the painter's script shows it."""
    return _CODE.sub(r"<code>\1</code>", escape(words, quote=False))


def _source(source: Source) -> tuple[str, dict[int, int]]:
    """The listings as HTML, and for each line of the log the number of its element."""
    made: list[str] = []
    numbers: dict[tuple[str, int], int] = {}
    for before, listing in zip((None, *source.listings), source.listings, strict=False):
        if before is None or before.file != listing.file:
            named = len({one.file for one in source.listings}) > 1
            made.append(f'<div class="file">{escape(_short(listing.file))}</div>' if named else "")
        else:
            made.append('<div class="file">⋮</div>')
        for number, line in enumerate(listing.lines, listing.first):
            numbers[listing.file, number] = len(numbers)
            made.append(f'<div class="line"><b>{number}</b><code>{escape(_plain(line))}</code><i></i></div>')
    known = {line: numbers[file, line] for line, file in source.homes.items() if file and (file, line) in numbers}
    return "".join(made) or '<div class="file">The source is not known.</div>', known


def _plain(line: str) -> str:
    return cut(line.expandtabs(4), 400)


def _short(file: str) -> str:
    """A file's own name; of a notebook's cell, which has none that means anything, just that."""
    name = re.split(r"[/\\]", file)[-1]
    return "a cell" if re.fullmatch(r"(\d+\.py|<ipython-input.*>)", name) else cut(name, 80)


def _log(moments: Snapshots, clock: Clock, lines: dict[int, int]) -> dict[str, Any]:
    from semalab.replay.facts import marked

    trace = moments.reading.trace
    thread_number = {thread: number for number, thread in enumerate(trace.threads)}
    primitive_number = {label: number for number, label in enumerate(trace.primitives)}
    states: dict[Activity, int] = {Activity(NOT_BEGUN): 0, Activity(UNDER_WAY): 1}
    changes: list[list[int]] = []
    for event, step in zip(moments.events, moments.steps, strict=True):
        thread = thread_number[event.thread]
        primitive = -1 if event.kind in JOINS else primitive_number.get(event.primitive, -1)
        state = states.setdefault(step.change.state, len(states))
        change = [thread, state, event.line or 0, primitive, -1 if event.value is None else event.value]
        for label, sign in step.change.queued:
            change += [1 if sign > 0 else 2, primitive_number[label], thread]
        for label, holder, sign in step.change.held:
            change += [3 if sign > 0 else 4, primitive_number[label], thread_number[holder]]
        if event.kind == "print":
            change += [5, 0, 0]
        changes.append(change)
    shown = _shown(moments)
    return {
        "threads": trace.threads,
        "primitives": [_described(p, p.label in shown, moments) for p in trace.primitives.values()],
        "states": [[str(state), _group(state)] for state in states],
        "lines": lines,
        "prints": _prints(moments),
        "apart": np.diff(np.round(clock.at * _FINE).astype(np.int64), prepend=0).tolist(),
        "end": round(clock.end * _FINE),
        "fine": _FINE,
        "start": _start(moments),
        "changes": changes,
        "marked": "".join(map(str, marked(moments))),
    }


def embedded(data: Any) -> str:
    """Data as JSON that can stand in a page: nothing in it ends the element or begins another."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def _start(moments: Snapshots) -> int:
    """The first step at which something happens: that threads begin and go to sleep is all there is before it."""
    quiet = ("start", "sleep", "wake", "end", *JOINS)
    return next((step for step, event in enumerate(moments.events) if event.kind not in quiet), 0)


def _shown(moments: Snapshots) -> set[str]:
    """The primitives for the table: the main one, and then those that were made first."""
    reading = moments.reading
    used = [use.label for use in reading.uses.values() if use.role != "unused"]
    main = reading.main_use
    used.sort(key=lambda label: main is None or label != main.label)
    return set(used[:_SHOWN])


def _described(primitive: Primitive, shown: bool, moments: Snapshots) -> dict[str, Any]:
    words = None
    if primitive.kind in LOCKS:
        words = ["held", "free"]
    elif primitive.kind in FLAGS:
        words = ["not set", "set"] if primitive.kind == "Event" else ["not done", "done"]
    return {
        "label": primitive.label,
        "initial": primitive.initial,
        "words": words,
        "valued": primitive.kind != "Condition",
        "guard": moments.reading.uses[primitive.label].role == "guard",
        "shown": shown,
    }


def _group(state: Activity) -> str:
    if state.word == WAITS:
        return "waits"
    return "idle" if state.word in {NOT_BEGUN, ENDED, STRANGER} else ""


def _prints(moments: Snapshots) -> list[str]:
    room, kept = _PRINTS, []
    for text in moments.texts:
        kept.append(cut(text or "", room, lines=True) if room else "")
        room = max(0, room - len(text or ""))
    return kept
