"""The lines above the plot: the verdict, its sign and colour, the run it is of, and the key, which has a sample and a
word for each kind of ink that the picture holds, and for no other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from semalab.analysis.verdict import FINE, RIGHT, UNKNOWN, WRONG
from semalab.draw.axis import LONGER
from semalab.draw.bars import OFTEN, STEPS
from semalab.draw.canvas import Sheet
from semalab.draw.layout import EDGE, KEY_LINE, SUBTITLE_LINE
from semalab.draw.marks import SHAPES, UP, goes_up
from semalab.draw.raster import JOIN, SLEEP, WORK, crowded, dusty, hatch_inks, narrow, shade
from semalab.draw.rows import LINES
from semalab.draw.scene import NOW, Scene
from semalab.draw.style import ALARM, BODY, GREY, INK, OTHER, PAPER, SMALL, TITLE, TONES, Tone
from semalab.draw.words import fit, width, wrap
from semalab.log.event import actors

_GAP, _AFTER = 12.0, 5.0  # points between entries, and between a sample and its word
_SAMPLE = 16.0
SEEN = 1e-3  # the part of the axis from which a line is seen


@dataclass(frozen=True)
class Entry:
    """A sample, by its name, and its word."""

    sample: str
    word: str
    tone: Tone | None = None

    @property
    def width(self) -> float:
        return (_SAMPLE + _AFTER if self.sample else 0.0) + width(self.word, SMALL)


def entries_of(scene: Scene, group: int) -> list[Entry]:
    """What occurs in the scene, in the order in which a reader meets it. group: threads that share a line."""
    kinds = {kind for kind, _ in scene.bars}
    several = len(scene.tones) > 1
    tone = None if several else next(iter(scene.tones.values()), TONES[0])
    entries: list[Entry] = []
    if several:
        entries += [Entry("both", fit(name, 110, SMALL), t) for name, t in scene.tones.items() if t is not OTHER]
        if OTHER in scene.tones.values():
            entries.append(Entry("both", "the others", OTHER))
    entries += _bars(scene, kinds, tone)
    entries += [Entry("work", _at_work(scene))] if _runs(scene) else []
    entries += [Entry("sleep", "sleeping")] if _bare(scene, "sleep") else []
    entries += [Entry("join", "in join()")] if _bare(scene, "join") else []
    entries += [Entry(kind, word, tone) for kind, word in _moments(scene)]
    if len(scene.links):
        entries.append(Entry("link", "hands over"))
    if len(scene.circle):
        entries.append(Entry("circle", "waits for what that one holds"))
    if scene.crowds:
        entries.append(Entry("alarm", "too many inside"))
    if scene.curve is not None and scene.curve.exceeds(scene.view):
        entries.append(Entry("alarm", "too many started"))
    if scene.open_ended:
        entries.append(Entry("tip", "not ended yet" if scene.stopped == NOW else "never ended", tone))
    if _torn(scene):
        entries.append(Entry("torn", "goes on outside", tone))
    if scene.longer:
        entries.append(Entry("longer", "waited longer here"))
    if scene.parting is not None:
        entries.append(Entry("parting", "≠ the logs part"))
    if len(scene.threads) > 40 or scene.density is not None:
        entries.append(Entry("", f"({_crowding(scene, group)})"))
    return entries


def _at_work(scene: Scene) -> str:
    """A thread that does nothing the log knows is running; of a task or a process it may await something unseen."""
    use = scene.reading.main_use
    return "running" if use is None or actors(use.primitive.kind) == "threads" else "under way"


def _torn(scene: Scene) -> bool:
    """Bars are cut by the window, and drawn large enough to have torn ends."""
    bars = [some for (kind, _), some in scene.bars.items() if kind in {"hold", "wait"}]
    return not crowded(scene) and any(some.early.any() or some.late.any() for some in bars)


def _bars(scene: Scene, kinds: set[str], tone: Tone | None) -> list[Entry]:
    if scene.density is not None:
        entries = [Entry("density", f"holding, the darkest {_percent(scene.density.most)} of the time", tone)]
        if (scene.density.waits >= OFTEN).any():
            entries.append(Entry("wait", f"waiting, {_percent(OFTEN)} of the time or more", OTHER))
        return entries
    words = [("hold", "holding"), ("inner", "holding one more"), ("wait", "waiting")]
    shown = kinds | {"inner"} if _holds_more(scene) else kinds
    return [Entry(kind, word, tone) for kind, word in words if kind in shown]


def _holds_more(scene: Scene) -> bool:
    """Somebody took a permit of what they already held one of: a bar lies in a bar of its own colour."""
    if crowded(scene):
        return False
    for (kind, tone), bars in scene.bars.items():
        if kind != "hold" or tone is OTHER:
            continue
        last: dict[int, float] = {}
        for at in np.lexsort((bars.begin, bars.row)).tolist():
            row, begin, end = int(bars.row[at]), float(bars.begin[at]), float(bars.end[at])
            if begin < last.get(row, begin):
                return True
            last[row] = max(end, last.get(row, end))
    return False


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"


def _crowding(scene: Scene, group: int) -> str:
    """How many threads there are, and how many share a cell or a line."""
    threads = f"{len(scene.threads) - len(scene.view.absent):,} threads"
    if scene.density is not None:
        time, several = scene.clock.lasting(scene.density.time), scene.density.threads
        if len(scene.threads) == 1:
            return f"a cell is {time}"
        return f"{threads}; a cell is {f'{several:,}' if several > 1 else 'one'} of them for {time}"
    return f"{threads}; each line is {group:,} of them" if group > 1 else threads


def _runs(scene: Scene) -> bool:
    """Somebody ran outside of every wait, sleep and join, for long enough to be seen."""
    idle = sum(float((b.end - b.begin).sum()) for (kind, _), b in scene.bars.items() if kind != "hold")
    return sum(end - begin for begin, end in scene.lives.values()) - idle > SEEN * scene.view.span


def _bare(scene: Scene, kind: str) -> bool:
    """Somebody sleeps, or waits for an end, where no bar lies on the line, and for long enough to be seen."""
    lines = scene.bars.get((kind, None))
    if lines is None:
        return False
    held: dict[int, list[tuple[float, float]]] = {}
    for (other, _), bars in scene.bars.items():
        if other == "hold":
            for row, begin, end in zip(bars.row.tolist(), bars.begin.tolist(), bars.end.tolist(), strict=True):
                held.setdefault(row, []).append((begin, end))
    for spans in held.values():
        spans.sort()
    least, shown = SEEN * scene.view.span, 0.0
    for row, begin, end in zip(lines.row.tolist(), lines.begin.tolist(), lines.end.tolist(), strict=True):
        at = begin
        for first, last in held.get(row, ()):
            if first >= end:
                break
            shown, at = shown + max(0.0, first - at), max(at, last)
        shown += max(0.0, end - at)
        if shown > least:
            return True
    return False


def _moments(scene: Scene) -> list[tuple[str, str]]:
    """Per way of drawing a moment, what the threads did: "opens", or "opens / sets" where one sign stands for both."""
    words: dict[str, list[str]] = {}
    for marks in scene.marks:
        words.setdefault(marks.kind, []).append(marks.word)
    return [(kind, " / ".join(dict.fromkeys(words[kind]))) for kind in (*SHAPES, "count", "left") if kind in words]


def arrange(entries: list[Entry], room: float) -> list[list[Entry]]:
    """Lines of entries, none wider than `room`."""
    lines: list[list[Entry]] = [[]]
    used = 0.0
    for entry in entries:
        if lines[-1] and used + _GAP + entry.width > room:
            lines.append([])
            used = 0.0
        used += entry.width + (_GAP if lines[-1] else 0.0)
        lines[-1].append(entry)
    return lines if entries else []


def draw_key(sheet: Sheet, scene: Scene, lines: list[list[Entry]]) -> None:
    for number, line in enumerate(lines):
        x, y = EDGE, sheet.page.key - number * KEY_LINE
        for entry in line:
            if entry.sample:
                _draw_sample(sheet, scene, entry, x, y + 3.2)
            after = _SAMPLE + _AFTER if entry.sample else 0.0
            sheet.text(x + after, y, entry.word, color=INK, va="baseline")
            x += entry.width + _GAP


def _draw_sample(sheet: Sheet, scene: Scene, entry: Entry, x: float, y: float) -> None:
    colour, hatch = entry.tone or Tone(GREY, "////")
    kind = entry.sample
    if kind in {"hold", "both"}:
        wide = _SAMPLE if kind == "hold" else _SAMPLE / 2
        _box(sheet, x, y, wide, 9, facecolor=colour)
    if kind in {"wait", "both"}:
        left, wide = (x, _SAMPLE) if kind == "wait" else (x + _SAMPLE / 2, _SAMPLE / 2)
        ground, line = hatch_inks(colour, dusty(sheet, scene))
        _box(sheet, left, y, wide, 7, facecolor=ground, edgecolor=line, linewidth=0.7, hatch=hatch)
    if kind == "inner":
        _box(sheet, x, y, _SAMPLE, 9, facecolor=colour)
        _box(sheet, x + 4, y, _SAMPLE - 4, 6, facecolor=colour, edgecolor=PAPER, linewidth=0.9)
    if kind == "density":
        for step in range(1, STEPS + 1):
            left, wide = x + _SAMPLE * (step - 1) / STEPS, _SAMPLE / STEPS
            _box(sheet, left, y, wide, 9, facecolor=shade(entry.tone or TONES[0], step))
    if kind in LINES:
        _draw_line_sample(sheet, scene, kind, x, y)
    if kind in SHAPES:
        marker, size = SHAPES[kind]
        y += {"open": -4.0, "give": -3.0}.get(kind, 0.0)  # their tip is what points at the moment
        face = PAPER if kind in {"print", "stolen", "read"} else INK if kind == "write" else colour
        edge = INK if kind in {"print", "stolen", "refuse", "read"} else PAPER
        inks = {"markersize": size, "markerfacecolor": face, "markeredgecolor": edge}
        up = np.concatenate([goes_up(scene, marks) for marks in scene.marks if marks.kind == kind])
        both = up.any() and not up.all()
        if not up.all():
            _line(sheet, [x + _SAMPLE * (0.25 if both else 0.5)], [y], marker=marker, **inks)
        if up.any():  # as high as the other one
            _line(sheet, [x + _SAMPLE * (0.75 if both else 0.5)], [y + 0.5 * size], marker=UP, **inks)
    if kind == "count":
        for i in range(4):
            _line(sheet, [x + 3 + 4 * i] * 2, [y - 3, y + 3], color=colour, linewidth=1.0)
    if kind == "left":
        _line(sheet, [x + _SAMPLE / 2] * 2, [y - 5, y + 5], color=INK, linewidth=2.4)
    if kind == "circle":
        _line(sheet, [x + _SAMPLE / 2] * 2, [y - 1, y + 5.5], color=ALARM, linewidth=1.6)
        _line(sheet, [x + _SAMPLE / 2], [y - 2.5], marker="v", markersize=6, color=ALARM, markeredgewidth=0)
    if kind == "link":
        _line(sheet, [x + _SAMPLE / 2] * 2, [y - 2, y + 5], color=GREY, linewidth=0.9)
        _line(sheet, [x + _SAMPLE / 2], [y - 2.5], marker="v", markersize=4, color=GREY, markeredgewidth=0)
    if kind == "longer":
        marker, size = LONGER
        _line(sheet, [x + _SAMPLE / 2], [y], marker=marker, markersize=size, color=INK, markeredgewidth=0)
    if kind == "parting":
        _line(sheet, [x + _SAMPLE / 2] * 2, [y - 5, y + 5], color=INK, linewidth=1.2, linestyle=(0, (2.5, 1.6)))
    if kind == "alarm":
        _box(sheet, x, y, _SAMPLE, 5, facecolor=ALARM)
    if kind in {"tip", "torn"}:
        tear = [(x + 10, y - 1.75), (x + _SAMPLE, y), (x + 10, y + 1.75), (x + _SAMPLE, y + 3.5)]
        tip = [(x + _SAMPLE, y), (x + 10, y + 3.5)]
        begin = [(x, y - 3.5), (x + (10 if kind == "tip" else _SAMPLE), y - 3.5)]
        corners = [*begin, *(tip if kind == "tip" else tear), (x, y + 3.5)]
        style = {"facecolor": PAPER, "edgecolor": colour, "linewidth": 0.7, "hatch": hatch}
        sheet.paper_area(corners, "key", **style)


def _draw_line_sample(sheet: Sheet, scene: Scene, kind: str, x: float, y: float) -> None:
    if narrow(sheet):
        shades = {"work": WORK, "sleep": SLEEP, "join": JOIN}
        _box(sheet, x, y, _SAMPLE, 7, facecolor=shades[kind][0], edgecolor=GREY, linewidth=0.4)
        return
    colour, style, weight = LINES[kind]
    _line(sheet, [x, x + _SAMPLE], [y, y], color=colour, linestyle=style, linewidth=weight + 0.2)


def _box(sheet: Sheet, x: float, y: float, wide: float, high: float, **style: Any) -> None:
    low, top = y - high / 2, y + high / 2
    sheet.paper_area([(x, low), (x + wide, low), (x + wide, top), (x, top)], "key", **style)


def _line(sheet: Sheet, x: list[float], y: list[float], **style: Any) -> None:
    sheet.paper_line(x, y, "key", **style)


_HINTED_BOLD = 0.95  # small bold letters come out up to a twentieth wider than measured


class Mark(NamedTuple):
    """The sign before a title, its word for those who do not see it, and the colours of sign and title."""

    sign: str
    word: str
    colour: str
    title: str


# Red means wrong: an exception, a deadlock, a stop, a lost permit, a claim that failed; all of these, and nothing else.
MARKS = {
    WRONG: Mark("\N{BALLOT X}", "wrong", ALARM, ALARM),
    UNKNOWN: Mark("?", "cannot say", GREY, GREY),
    RIGHT: Mark("\N{CHECK MARK}", "right", TONES[3].colour, INK),
    FINE: Mark("", "", INK, INK),
}


def indent(mark: Mark, size: float) -> float:
    """Points that the sign before a title of this size takes."""
    return width(mark.sign, size, bold=True) * 1.05 + 0.4 * size if mark.sign else 0.0


@dataclass(frozen=True)
class Head:
    """What stands above the plot, broken into lines. size: the title's, in points. mark: what the title amounts to."""

    title: list[str]
    size: float
    subtitle: list[str]
    key: list[list[Entry]]
    mark: Mark

    @property
    def leading(self) -> float:
        """Points from one line of the title to the next."""
        return self.size * 1.3


def fitted(title: str, sizes: Sequence[float], room: Callable[[float], float]) -> tuple[list[str], float]:
    """The lines of a title, and its size: it is set smaller before it gets a third line.

    sizes: from the largest, in points. room: points that a line of that size may take.
    """
    lines, size = [""], sizes[0]
    for size in sizes:
        lines = wrap(title, room(size), size, bold=True)
        if len(lines) <= 2:
            break
    return lines, size


def head_of(scene: Scene, title: str, subtitle: str, width: float, group: int = 1, standing: str = "") -> Head:
    """Break the lines."""
    room, mark = width - 2 * EDGE, MARKS[standing]
    sizes = (TITLE, 11.5, 10.0, 9.0, 8.0) if width > 500 else (12.0, 11.0, 10.0, 9.0, 8.0)
    lines, size = fitted(title, sizes, lambda size: (room - indent(mark, size)) * (_HINTED_BOLD if size < 9 else 1.0))
    second = wrap(subtitle, room, BODY) if subtitle.strip() else []
    return Head(lines, size, second, arrange(entries_of(scene, group), room), mark)


def draw_head(sheet: Sheet, head: Head) -> None:
    page, mark = sheet.page, head.mark
    if mark.sign:
        sheet.text(EDGE, page.title, mark.sign, gid="title sign", bold=True, size=head.size, color=mark.colour)
    left = EDGE + indent(mark, head.size)
    for number, line in enumerate(head.title):
        y = page.title - number * head.leading
        sheet.text(left, y, line, gid="title", bold=True, size=head.size, color=mark.title)
    for number, line in enumerate(head.subtitle):
        sheet.text(EDGE, page.subtitle - number * SUBTITLE_LINE, line, gid="subtitle", size=BODY, color=GREY)
