"""A picture as data, for painters that do not know matplotlib: what is drawn, in the order in which it is painted, and
what somebody is told who points at it.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from math import floor, log10
from typing import Any

import numpy as np
from matplotlib.path import Path
from PIL import Image

from semalab.analysis.reading import Use
from semalab.draw.canvas import BOX, Pixels, Row, Style
from semalab.draw.layout import Page
from semalab.draw.moments import Marks
from semalab.draw.scene import Scene
from semalab.draw.strip import valued
from semalab.draw.style import INK
from semalab.draw.viewport import table
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


_FINENESS = 10_000  # grains across the plot, at least: times can be told from them to three digits
_ASCENT = 0.38  # of the size: half of a letter's height above its baseline
_ALIGN = {"left": 0, "center": 1, "right": 2}


@dataclass(frozen=True)
class Thing:
    """Things of one kind and look, drawn together.

    form: how `numbers` are to be read: "boxes" (left, top, right, bottom of each), "area" (of each polygon how many
    corners it has, negative where its line is open, and they), "lines" (both ends of each), "path" (corners of one
    line), "marks" (points), "words" (x, baseline), "pixels" (left, right, top, bottom). on: "plot" or "paper".
    kind: what they are, as "hold". style: matplotlib's words. words: of "words"; of "pixels" the PNG, in base64.
    """

    form: str
    on: str
    kind: str
    style: tuple[tuple[str, Any], ...]
    numbers: tuple[int, ...]
    words: str = ""


@dataclass(frozen=True)
class Drawing:
    """What a painter needs, and what one who points at it wants to know.

    width, height: tenths of a point. left, right: of the plot. begin, end: of its axis, in grains.
    grain: how many there are in a unit of the clock. unit: of the clock, "ms"; "event" where it stood still.
    things: those below come first. rows: names, from the top; first_row, pitch: the middle of the first, and from one
    to the next, in hundredths of a point. strips: name, top and bottom of those that show a primitive's value.
    scene: what it shows; None where there is nothing to tell.
    """

    width: int
    height: int
    left: int
    right: int
    begin: int
    end: int
    grain: float
    unit: str
    things: tuple[Thing, ...]
    rows: tuple[str, ...]
    first_row: int
    pitch: int
    strips: tuple[tuple[str, int, int], ...]
    scene: Scene | None = field(repr=False, compare=False)

    @cached_property
    def pointing(self) -> Pointing:
        """What can be told of what is pointed at. Of a run's pictures in two sizes it is asked for once."""
        return pointing_of(self.scene) if self.scene is not None else Pointing(0, (), (), (), (), (), (), ())


def blank(width: float, height: float) -> Drawing:
    """Empty paper of so many inches."""
    wide, high = round(width * 720), round(height * 720)
    return Drawing(wide, high, 0, wide, 0, 1, 1.0, "", (), (), 0, 100, (), None)


class ListCanvas:
    """Makes a drawing. Nothing is lost, nor moved by more than half a grain across or a tenth of a point down."""

    def __init__(self, page: Page, scene: Scene, begin: float, end: float) -> None:
        self._page, self._scene, self._begin, self._end = page, scene, begin, end
        self._grain = _round_up(_FINENESS / (end - begin))
        self._plot: list[tuple[float, Thing]] = []
        self._paper: list[Thing] = []
        self._words: list[Thing] = []

    def drawing(self) -> Drawing:
        plot = [thing for _, thing in sorted(self._plot, key=lambda placed: placed[0])]
        page = self._page
        return Drawing(
            width=_tenths(page.width),
            height=_tenths(page.height),
            left=_tenths(page.left),
            right=_tenths(page.right),
            begin=round(self._begin * self._grain),
            end=round(self._end * self._grain),
            grain=self._grain,
            unit=self._scene.clock.unit,
            things=(*plot, *self._paper, *self._words),
            rows=self._scene.threads,
            first_row=round((page.height - page.row(0)) * 100),
            pitch=round(page.pitch * 100),
            strips=tuple(
                (use.label, _tenths(page.height - band.top), _tenths(page.height - band.bottom))
                for band, use in valued(self._scene, page)
            ),
            scene=self._scene,
        )

    def area(self, path: Path, gid: str, z: float, style: Style) -> None:
        corners = self._on_plot(np.asarray(path.vertices))
        codes = np.asarray(path.codes) if path.codes is not None else None
        if codes is not None and len(codes) % 5 == 0 and (codes.reshape(-1, 5) == np.array(BOX)).all():
            box = corners.reshape(-1, 10)[:, [0, 5, 2, 1]]  # left, top, right, bottom
            self._add(z, "boxes", gid, style, box)
            return
        starts = np.flatnonzero(codes == Path.MOVETO) if codes is not None else np.array([0])
        ends = np.r_[starts[1:], len(corners)]
        numbers = []
        for start, end in zip(starts, ends, strict=True):
            closed = codes is None or codes[end - 1] == Path.CLOSEPOLY
            numbers.append(np.r_[(end - start) * (1 if closed else -1), corners[start:end].ravel()])
        self._add(z, "area", gid, style, np.concatenate(numbers))

    def segments(self, ends: np.ndarray, gid: str, z: float, style: Style) -> None:
        self._add(z, "lines", gid, style, self._on_plot(np.asarray(ends).reshape(-1, 2)))

    def line(self, x: Row, y: Row, gid: str, z: float, style: Style) -> None:
        form = "marks" if style.get("linestyle") == "none" else "path"
        self._add(z, form, gid, style, self._on_plot(np.stack([x, y], axis=1)))

    def pixels(self, image: Pixels, gid: str, z: float) -> None:
        left, bottom, right, top = image.box
        box = self._on_plot(np.array([[left, top], [right, bottom]]))[:, [0, 1]].T
        numbers = tuple(int(number) for number in box.ravel())
        self._plot.append((z, Thing("pixels", "plot", gid, (), numbers, _png(image))))

    def words(self, x: float, y: float, words: str, gid: str, bold: bool, size: float, style: Style) -> None:
        if style.get("va", "baseline") == "center_baseline":
            y -= _ASCENT * size
        place = (_tenths(x), _tenths(self._page.height - y))
        look = {"bold": bold, "size": size, "color": style.get("color", INK), "align": _ALIGN[style.get("ha", "left")]}
        self._words.append(Thing("words", "paper", gid, tuple(sorted(look.items())), place, words))

    def paper_area(self, corners: np.ndarray, gid: str, style: Style) -> None:
        numbers = np.r_[len(corners), self._on_paper(corners).ravel()]
        self._paper.append(_thing("area", "paper", gid, style, numbers))

    def paper_line(self, x: np.ndarray, y: np.ndarray, gid: str, style: Style) -> None:
        form = "marks" if style.get("marker") else "path"
        self._paper.append(_thing(form, "paper", gid, style, self._on_paper(np.stack([x, y], axis=1))))

    def _add(self, z: float, form: str, gid: str, style: Style, numbers: np.ndarray) -> None:
        if len(numbers):
            self._plot.append((z, _thing(form, "plot", gid, style, numbers)))

    def _on_plot(self, points: np.ndarray) -> np.ndarray:
        x = np.round(points[:, 0] * self._grain)
        return np.stack([x, np.round((self._page.height - points[:, 1]) * 10)], axis=1).astype(np.int64)

    def _on_paper(self, points: np.ndarray) -> np.ndarray:
        placed: np.ndarray = np.round(np.stack([points[:, 0], self._page.height - points[:, 1]], axis=1) * 10)
        return placed.astype(np.int64)


def _thing(form: str, on: str, gid: str, style: Style, numbers: np.ndarray) -> Thing:
    look = tuple(sorted((name, _plain(value)) for name, value in style.items()))
    return Thing(form, on, gid, look, tuple(numbers.ravel().astype(np.int64).tolist()))


def _plain(value: Any) -> Any:
    """A marker that is a path as its corners, and numbers of numpy as Python's."""
    if isinstance(value, Path):
        return tuple(tuple(corner) for corner in np.asarray(value.vertices).tolist())
    if isinstance(value, tuple):
        return tuple(_plain(one) for one in value)
    return value.item() if isinstance(value, np.generic) else value


def _round_up(number: float) -> float:
    """The next of 1, 2 or 5 and their tens."""
    power = 10.0 ** floor(log10(number))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= number * (1 - 1e-9))


def _tenths(points: float) -> int:
    return round(points * 10)


def _png(image: Pixels) -> str:
    palette = image.palette
    picture = Image.fromarray(image.codes, "P")
    picture.putpalette(palette[:, :3].ravel().tolist())
    buffer = io.BytesIO()
    picture.save(buffer, "png", transparency=0, optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
