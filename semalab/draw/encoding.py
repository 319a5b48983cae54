"""A drawing as few numbers: what the painter in a page reads.

Words and looks stand once, and drawings name them by number: what a dial changes is mostly numbers, and so a file of
many drawings is small.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from semalab.draw.drawing import Drawing, Thing
from semalab.draw.raster import JOIN, SLEEP, WORK
from semalab.draw.style import DARK, INK, OTHER, PAPER, TONES, paler

PAINTERS = tuple(Path(__file__).with_name(name) for name in ("painter.js", "pointer.js"))  # what reads it, in order
_DASH = {"solid": ()}
_STRENGTHS = (0.25, 0.3, 0.35, 0.5, 0.7, 0.85, *(0.12 + 0.88 * step / 6 for step in range(1, 7)))
HATCHES = tuple(tone.hatch for tone in (*TONES, OTHER))
_SQUARE = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))
_MARKERS: Mapping[str, tuple[tuple[float, float], ...]] = {  # as matplotlib draws them, from -1 to 1
    "s": _SQUARE,
    "D": ((0.0, -(2**0.5)), (2**0.5, 0.0), (0.0, 2**0.5), (-(2**0.5), 0.0)),
    "v": ((0.0, -1.0), (-1.0, 1.0), (1.0, 1.0)),
    "^": ((0.0, 1.0), (-1.0, -1.0), (1.0, -1.0)),
}


@dataclass
class Numbered:
    """Different things, each with the number under which it was first met."""

    all: dict[Any, int] = field(default_factory=dict)

    def __call__(self, thing: Any) -> int:
        return self.all.setdefault(thing, len(self.all))


def encoded(drawings: Iterable[tuple[Sequence[str], Drawing]]) -> dict[str, Any]:
    """{"words", "looks", "positions"} of drawings, each with five texts that belong to it. The same give the same.

    A position: its texts (numbers of words), width, height, left, right, begin, end, grain, unit, first row and pitch,
    names of rows, strips, things. A thing: the number of its look, and its numbers; of words also their own.
    """
    words, looks = Numbered(), Numbered()
    positions = [[*map(words, texts), *_numbers(drawing, words, looks)] for texts, drawing in drawings]
    return {
        "words": list(words.all),
        "looks": [[*look[:3], json.loads(look[3])] for look in looks.all],
        "positions": positions,
    }


def pointed(drawing: Drawing) -> list[Any]:
    """What can be told of it, as in `Pointing`: scale, names, lines, spans, hand-overs, levels, verbs, moments.

    Numbers stand column by column; a beginning from the one before it, an end from its own beginning.
    """
    told = drawing.pointing
    levels = [
        [name, *_columns(_apart(list(zip(steps[::2], steps[1::2], strict=True))))] for name, *steps in told.levels
    ]
    spans, handovers = _timed(told.spans, 7), _timed(told.handovers, 7)
    return [told.scale, told.names, told.lines, spans, handovers, levels, told.verbs, _timed(told.moments, 6)]


def _timed(numbers: Sequence[int], wide: int) -> list[int]:
    """Rows of so many numbers, of which the fourth is a time in order, and the fifth one after it."""
    rows = np.array(numbers, dtype=np.int64).reshape(-1, wide)
    if not len(rows):
        return []
    ends = rows[:, 4] - rows[:, 3]
    rows[:, 3] = np.diff(rows[:, 3], prepend=0)
    rows[:, 4] = ends
    return list(map(int, rows.T.ravel()))


def _numbers(drawing: Drawing, words: Numbered, looks: Numbered) -> list[Any]:
    size = [drawing.width, drawing.height, drawing.left, drawing.right, drawing.begin, drawing.end]
    return [
        *size,
        drawing.grain,
        words(drawing.unit),
        drawing.first_row,
        drawing.pitch,
        [words(name) for name in drawing.rows],
        [[words(label), top, bottom] for label, top, bottom in drawing.strips],
        _things(drawing.things, words, looks),
    ]


def _things(things: Iterable[Thing], words: Numbered, looks: Numbered) -> list[list[Any]]:
    found: list[list[Any]] = []
    for thing in things:
        look = looks((thing.form, thing.on, thing.kind, json.dumps(_look(thing), sort_keys=True)))
        numbers: list[Any] = _steps(thing.form, thing.numbers)
        if thing.form in {"words", "pixels"}:
            numbers.append(words(thing.words))
        if found and found[-1][0] == look and thing.form in {"words", "area"}:  # the others begin anew at 0
            found[-1] += numbers
        else:
            found.append([look, *numbers])
    return found


def _steps(form: str, numbers: Sequence[int]) -> list[int]:
    """Each point from where the one before it was, and all of one column together: neighbours are alike, and small
    numbers that come again and again make a small file.

    Of boxes the first corner from the first one before it, and the second from the first. Lines are in the order of
    their rows, and each begins from where the one before it ended: what follows on is 0.
    """
    if form in {"marks", "path"}:
        return _columns(_apart(list(zip(numbers[::2], numbers[1::2], strict=True))))
    if form == "area":
        return [number for polygon in _polygons(numbers) for number in polygon]
    if form not in {"boxes", "lines"}:
        return list(numbers)
    rows = list(zip(numbers[::4], numbers[1::4], numbers[2::4], numbers[3::4], strict=True))
    if form == "lines":
        rows.sort(key=lambda row: (row[1], row[0]))
    found, left, top = [], 0, 0
    for x, y, right, bottom in rows:
        found.append((x - left, y - top, right - x, bottom - y))
        left, top = (x if form == "boxes" else right), y
    return _columns(found)


def _apart(points: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    before = [(0, 0), *points]
    return [(x - left, y - top) for (x, y), (left, top) in zip(points, before, strict=False)]


def _columns(rows: Iterable[Sequence[int]]) -> list[int]:
    return [number for column in zip(*rows, strict=True) for number in column]


def _polygons(numbers: Sequence[int]) -> Iterator[list[int]]:
    """The count of each one's corners, and they, each from the one before it."""
    at = 0
    while at < len(numbers):
        end = at + 1 + 2 * abs(numbers[at])
        corners = list(zip(numbers[at + 1 : end : 2], numbers[at + 2 : end : 2], strict=True))
        yield [numbers[at], *(number for step in _apart(corners) for number in step)]
        at = end


def _look(thing: Thing) -> dict[str, Any]:
    """A thing's look in a painter's words; lengths in tenths of a point."""
    style = dict(thing.style)
    if thing.form == "words":
        return {"fill": style["color"], "size": style["size"] * 10, "bold": style["bold"], "align": style["align"]}
    if thing.form in {"boxes", "area"}:
        look: dict[str, Any] = {"fill": style.get("facecolor", "none")}
        if style.get("linewidth", 0):
            look |= {"line": style.get("edgecolor", INK), "width": style["linewidth"] * 10}
        if style.get("hatch"):
            look["hatch"] = HATCHES.index(style["hatch"])
        return look
    if thing.form == "marks":
        return _marker(style)
    if thing.form in {"lines", "path"}:
        weight = style.get("linewidth", 1.5)
        look = {"line": style.get("color", INK), "width": weight * 10}
        dashes = style.get("linestyle", "solid")
        if dashes not in _DASH:
            look["dash"] = [round(length * weight * 10, 2) for length in dashes[1]]
        if thing.form == "path" and style.get("solid_joinstyle", "round") == "round":
            look["round"] = True
        return look
    return {}


def _marker(style: Mapping[str, Any]) -> dict[str, Any]:
    """A marker's corners, a circle's radius, or the arms of an x; in tenths of a point about its place."""
    colour, size, shape = style.get("color", INK), style.get("markersize", 6.0) * 10, style["marker"]
    look: dict[str, Any] = {"line": style.get("markeredgecolor", colour)}
    look["width"] = style.get("markeredgewidth", 1.0) * 10
    if shape == "x":
        return look | {"cross": size / 2}
    look["fill"] = style.get("markerfacecolor", colour)
    if shape == "o":
        return look | {"radius": size / 2}
    corners = _MARKERS[shape] if isinstance(shape, str) else shape[:-1]
    reach = 1.0 if isinstance(shape, str) else max(abs(c) for corner in corners for c in corner)
    look["corners"] = [[round(x / reach * size / 2, 2), round(-y / reach * size / 2, 2)] for x, y in corners]
    return look


@cache
def dark_twins() -> dict[str, str]:
    """Per colour that a picture may have, what it is on dark paper."""
    # Tints of rows that are an image: there a filter turns the colours round, and the key must show the same.
    twins = DARK | {WORK[0]: "#424649", SLEEP[0]: "#36332c", JOIN[0]: "#3e3d39"}
    for colour in [tone.colour for tone in (*TONES, OTHER)]:
        for strength in _STRENGTHS:
            twins[paler(colour, strength)] = paler(DARK[colour], strength, DARK[PAPER])
    return twins


def inks() -> str:
    """The style of a page in both themes: every colour of a picture, as the painter names it."""
    named = (f"--ink-{light.lstrip('#')}:light-dark({light},{dark})" for light, dark in sorted(dark_twins().items()))
    return f"@supports (color:light-dark(red,red)){{:root{{{';'.join(named)}}}}}"
