"""What somebody is told who points at a picture: who did what, from when to when and on which line; who let whom in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

from semalab.analysis.reading import Use
from semalab.draw.moments import Marks
from semalab.draw.scene import Scene
from semalab.draw.time_axis import table
from semalab.log.columns import INITIAL, NEVER

WAIT, HOLD, SLEEP, JOIN = range(4)
OPEN, LEFT = 4, 8  # added to a kind: it had not ended when the run did; when its thread did
MOST = 20_000  # spans and hand-overs that are told one by one; of more there is only the picture
_KINDS = {"wait": WAIT, "hold": HOLD, "sleep": SLEEP, "join": JOIN}
_LONGEST = 120  # characters of a line of the program


@dataclass(frozen=True)
class Pointing:
    """The words' numbers, whole and exact, whatever the picture's size is.

    scale: nanoseconds in a unit of the picture's clock; 0 where it stood still: then times are numbers of events.
    names: what is waited for or held, and threads that are joined. lines: numbers of lines, and their text ("" where it
    is not known). spans: kind, row, name (-1: none), begin, end, and the lines where it began and ended (0: none) of
    each, in order of their beginnings. handovers: row of who released, of who was let in, name, both times, line of
    the release, and 1 if it put an item into a queue, otherwise 0. levels: per strip its
    name and then time and value of each change.
    """

    scale: int
    names: tuple[str, ...]
    lines: tuple[tuple[int, str], ...]
    spans: tuple[int, ...]
    handovers: tuple[int, ...]
    levels: tuple[tuple[int, ...], ...]
    verbs: tuple[str, ...]
    moments: tuple[int, ...]


def pointing_of(scene: Scene) -> Pointing:
    """What can be told of the rows and strips that are shown; nothing of a run with more than can be carried."""
    reading = scene.reading
    events, source = reading.trace.events, reading.source
    names: dict[str, int] = {}
    rows = scene.view.rows.tolist()
    row_of = dict(zip(reading.trace.threads, rows, strict=True))
    when: Callable[[int], int] = (lambda index: index) if scene.clock.stands else reading.times.__getitem__
    lines = [event.line or 0 for event in events]
    lines.append(0)  # of NEVER, which is -1
    many = len(reading.columns) + sum(len(use.counts.handovers) // 2 for use in reading.uses.values()) > MOST
    spans: list[tuple[int, ...]] = []
    handovers: list[tuple[int, ...]] = []
    if not many:
        ended = {event.thread for event in events if event.kind == "end"}
        at_end = [LEFT if thread in ended else OPEN for thread in reading.trace.threads]
        for (kind, label), column in reading.columns.groups.items():
            name = names.setdefault(label, len(names)) if label and column else -1
            which = _KINDS[kind]
            for place, begin, end, first, last in table(column, 5).tolist():
                row = rows[place]
                if row < 0:
                    continue
                state = 0 if last != NEVER else at_end[place]
                if scene.clock.stands:
                    begin, end = first, last if last != NEVER else int(scene.clock.end)
                spans.append((which + state, row, name, begin, end, lines[first], lines[last]))
        for label, use in reading.uses.items():
            for release, acquire in table(use.counts.handovers, 2).tolist():
                giver, taker = row_of[events[release].thread], row_of[events[acquire].thread]
                if giver >= 0 and taker >= 0:
                    name = names.setdefault(label, len(names))
                    put = int(events[release].kind == "put")
                    handovers.append((giver, taker, name, when(release), when(acquire), lines[release], put))
    verbs: dict[str, int] = {}
    moments: list[tuple[int, ...]] = [
        (
            row,
            names.setdefault(marks.label, len(names)) if marks.label else -1,
            verbs.setdefault(marks.word, len(verbs)),
        )
        + 2 * (round(at * (scene.clock.scale or 1)),)
        + (lines[index],)
        for marks in scene.marks
        if not many and marks.kind != "left"  # whose bar says it
        for row, at, index in zip(marks.row.tolist(), marks.at.tolist(), _indices(marks), strict=True)
    ]
    known = {*(span[5] for span in spans), *(span[6] for span in spans), *(one[5] for one in handovers)}
    known |= {one[-1] for one in moments}
    spans.sort(key=lambda span: (span[3], span[1], -span[4]))
    handovers.sort(key=lambda one: one[3:5])
    moments.sort(key=lambda one: one[3:])
    strips = [use for use in scene.strips if len(use.counts.values) // 2 <= MOST]
    levels = tuple(_levels(scene, use, names.setdefault(use.label, len(names))) for use in strips)
    return Pointing(
        int(scene.clock.scale),
        tuple(names),
        tuple((number, _text(source.text(number))) for number in sorted(known - {0})),
        tuple(chain.from_iterable(spans)),
        tuple(chain.from_iterable(handovers)),
        levels,
        tuple(verbs),
        tuple(chain.from_iterable(moments)) if len(moments) <= MOST else (),
    )


def _indices(marks: Marks) -> Sequence[int]:
    return marks.index.tolist() if marks.index is not None else [NEVER] * len(marks.row)


def _levels(scene: Scene, use: Use, name: int) -> tuple[int, ...]:
    found = [name]
    for index, level in table(use.counts.values, 2).tolist():
        at = 0 if index == INITIAL else index if scene.clock.stands else scene.reading.times[index]
        found += (at, level)
    return tuple(found)


def _text(line: str | None) -> str:
    stripped = (line or "").strip()
    return stripped if len(stripped) <= _LONGEST else stripped[: _LONGEST - 1] + "…"
