"""Schedules as lanes, from left to right a step each; lanes that begin alike share the blocks they begin with. And one
as a chart, a row for each thread and a column for each step: for runs that no primitive tells a story of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from matplotlib.figure import Figure

from semalab.draw.header import MARKS, indent
from semalab.draw.layout import EDGE, POINTS
from semalab.draw.style import ALARM, BODY, FAINT, GREY, INK, PAPER, SHADE, SMALL, TITLE
from semalab.draw.words import clean, fit, width, wrap
from semalab.report.sheet import ROOM, WIDTH, Paper

_LONGEST = 3  # characters of a tag
# Threads are pale and primitives, in the timeline above, are dark. That alone does not part them: a pale ochre third
# reads as "the third, ochre fork". So no tint has a primitive's hue, and neighbours differ in lightness to every eye.
TINTS = ("#ced97b", "#70bccb", "#f4bdd3", "#a9a7a0", "#8aa950", "#b9779a")  # lime, cyan, rose, grey, moss, mauve
_MARKS = 66.0  # room behind a lane for its mark and label
_WIDEST = 92.0  # points of a step
_KEY_LINE = 15.0
_TITLE = 24.0
WRONG, RIGHT = "\N{BALLOT X}", "\N{CHECK MARK}"


@dataclass(frozen=True)
class Lane:
    """A schedule. Invariant: two lanes that begin with the same threads begin with the same steps.

    steps: the thread and what it does, in order. broken: it is wrong. label: what stands behind it ("#3"). chosen: it
    is the one drawn as a timeline.
    """

    steps: tuple[tuple[str, str], ...]
    broken: bool
    label: str = ""
    chosen: bool = False


def threads_of(sequences: Iterable[Sequence[tuple[str, str]]]) -> list[str]:
    """Everybody who makes a step, sorted as people count: worker-2 before worker-10."""
    names = {thread for steps in sequences for thread, _ in steps}
    return sorted(names, key=lambda name: [(part.zfill(9), part) for part in re.split(r"(\d+)", name)])


def tags(threads: Sequence[str]) -> dict[str, str]:
    """A sign of one to three characters for each thread: its number, or its initial, or a letter where those are alike.

    >>> tags(["main", "worker-0", "worker-1"])
    {'main': 'm', 'worker-0': '0', 'worker-1': '1'}
    """
    for which in (0, -1):
        signs = [_sign(thread, which) for thread in threads]
        if len(set(signs)) == len(signs) and all(0 < len(sign) <= _LONGEST for sign in signs):
            return dict(zip(threads, signs, strict=True))
    letters = list(ascii_uppercase) if len(threads) <= len(ascii_uppercase) else map(str, range(len(threads)))
    return dict(zip(threads, letters, strict=False))


def _sign(thread: str, which: int) -> str:
    numbers = re.findall(r"[0-9]+", thread)
    if numbers:
        return str(numbers[which])
    return next((character for character in thread if character.isalpha()), "")


def common(lanes: Sequence[Lane]) -> list[int]:
    """For each lane, with how many of the steps of the lane above it begins."""
    shared = [0] * len(lanes)
    for row in range(1, len(lanes)):
        above, below = lanes[row - 1].steps, lanes[row].steps
        pairs = enumerate(zip(above, below, strict=False))
        shared[row] = next((at for at, (one, other) in pairs if one[0] != other[0]), min(len(above), len(below)))
    return shared


def tints(threads: Sequence[str]) -> dict[str, str]:
    return {thread: TINTS[number % len(TINTS)] for number, thread in enumerate(threads)}


def pitch_of(lanes: Sequence[Lane]) -> float:
    """Points from one lane to the next: many lanes stand closer, and each still has room for a word."""
    return 17.0 if len(lanes) <= 12 else 14.0 if len(lanes) <= 24 else 11.5


class Tree:
    """Lanes laid out in a room. Invariant: `height` does not depend on which lane is chosen."""

    def __init__(self, lanes: Sequence[Lane], room: float, complete: bool = True) -> None:
        self.lanes, self.room, self.complete = lanes, room, complete
        self.threads = threads_of(lane.steps for lane in lanes)
        self.pitch = pitch_of(lanes)
        longest = max((len(lane.steps) for lane in lanes), default=0)
        self.step = min(_WIDEST, (room - _MARKS) / max(1, longest))
        self._keys = self._key_lines()

    @property
    def height(self) -> float:
        return _TITLE + _KEY_LINE * len(self._keys) + self.pitch * len(self.lanes) + 10

    def draw(self, paper: Paper, left: float, top: float) -> None:
        paper.text(left, top - 15, self._title(), bold=True, size=BODY, color=INK)
        y = top - _TITLE
        for line in self._keys:
            self._draw_key(paper, left, y - _KEY_LINE + 5, line)
            y -= _KEY_LINE
        self._draw_blocks(paper, left, y)
        for row, lane in enumerate(self.lanes):
            self._draw_mark(paper, left, y - row * self.pitch, lane)

    def _title(self) -> str:
        count = len(self.lanes)
        if count == 1:
            return "The only schedule" if self.complete else "The only schedule so far"
        so_far = "" if self.complete else " so far"
        title = f"The {count} different schedules{so_far}, one to a row"
        longer = f"{title}: those that begin alike share their first blocks"
        return longer if width(longer, BODY, True) <= self.room else title

    # the key
    def _key_lines(self) -> list[list[tuple[str, str]]]:
        signs = tags(self.threads)
        entries = [(thread, f"{signs[thread]}  {fit(thread, 120, 8.5)}") for thread in self.threads]
        if any(lane.broken for lane in self.lanes):
            entries.append(("", f"{WRONG} breaks it, #i for replay(i)"))
        if any(not lane.broken for lane in self.lanes):
            entries.append(("", f"{RIGHT} is right"))
        lines: list[list[tuple[str, str]]] = [[]]
        used = 0.0
        for entry in entries:
            needs = width(clean(entry[1]), 8.5) + 24
            if lines[-1] and used + needs > self.room:
                lines.append([])
                used = 0.0
            lines[-1].append(entry)
            used += needs
        return lines

    def _draw_key(self, paper: Paper, x: float, y: float, line: list[tuple[str, str]]) -> None:
        colours = tints(self.threads)
        for thread, words in line:
            sign, _, name = words.partition(" " if not thread else "  ")
            if thread:
                wide = width(sign, 8.5) + 7
                paper.boxes([(x, y - 2.5, x + wide, y + 9.5)], facecolor=colours[thread])
                paper.text(x + wide / 2, y, sign, color=INK, ha="center")
            else:
                wide = width(clean(sign), 8.5, True) + 2
                paper.text(x, y, sign, bold=True, color=ALARM if sign == WRONG else GREY)
            paper.text(x + wide + 4, y, name, color=INK)
            x += wide + 4 + width(clean(name), 8.5) + 12

    # the lanes
    def _draw_blocks(self, paper: Paper, left: float, top: float) -> None:
        colours, signs = tints(self.threads), tags(self.threads)
        shared = common(self.lanes)
        fields: dict[str, list[tuple[float, float, float, float]]] = {}
        gap = 0.7 if self.step > 5 else 0.0
        chosen = next((row for row, lane in enumerate(self.lanes) if lane.chosen), -1)
        for row, lane in enumerate(self.lanes):
            for at in range(shared[row], len(lane.steps)):
                thread, what = lane.steps[at]
                rows = 1
                while row + rows < len(self.lanes) and shared[row + rows] > at:
                    rows += 1
                x, y = left + at * self.step, top - row * self.pitch
                box = (x + gap, y - rows * self.pitch + 0.7, x + self.step - gap, y - 0.7)
                fields.setdefault(thread, []).append(box)
                words = label(signs[thread], what, self.step - 2 * gap - 4)
                if words:
                    middle = (box[1] + box[3]) / 2
                    if row <= chosen < row + rows:  # all of the chosen lane can be read inside its frame
                        middle = top - (chosen + 0.5) * self.pitch
                    paper.text(x + self.step / 2, middle, words, size=8, color=INK, ha="center", va="center_baseline")
        for thread, corners in fields.items():
            paper.boxes(corners, facecolor=colours[thread])
        self._draw_rule(paper, left, top, shared)

    def _draw_rule(self, paper: Paper, left: float, top: float, shared: Sequence[int]) -> None:
        """A fine line where the lanes part for good, in blocks of one row: the eye follows a lane to its end."""
        segments = []
        for row in range(1, len(self.lanes)):
            y = top - row * self.pitch
            end = left + max(len(self.lanes[row].steps), len(self.lanes[row - 1].steps)) * self.step
            segments.append((left + shared[row] * self.step, y, end, y))
        paper.lines(segments, z=2, color=PAPER, linewidth=0.8)

    def _draw_mark(self, paper: Paper, left: float, top: float, lane: Lane) -> None:
        x, middle = left + len(lane.steps) * self.step + 4, top - self.pitch / 2
        if lane.broken:
            wide = width(WRONG, 8.5, True) + 9 + (width(clean(lane.label), 8.5, True) + 3 if lane.label else 0)
            paper.boxes([(x, top - self.pitch + 0.7, x + wide, top - 0.7)], facecolor=SHADE)
        sign, colour = (WRONG, ALARM) if lane.broken else (RIGHT, GREY)
        paper.text(x + 4, middle, sign, bold=True, color=colour, va="center_baseline")
        after = x + 4 + width(sign, 8.5, True) + 3
        if lane.label:
            paper.text(after, middle, clean(lane.label), bold=lane.broken, color=colour, va="center_baseline")
            after += width(clean(lane.label), 8.5, lane.broken) + 4
        if lane.chosen:
            box = (left - 1, top - self.pitch, x - 2, top)
            paper.boxes([box], z=3, facecolor="none", edgecolor=INK, linewidth=1.4)
            paper.text(after + 2, middle, "\N{BLACK LEFT-POINTING TRIANGLE}", size=8, color=INK, va="center_baseline")


def label(sign: str, what: str, room: float) -> str:
    """The most that a block has room for: sign and deed, sign and verb, the sign, nothing."""
    deed = clean(what.replace("`", ""))
    brief = deed.partition(" (")[0]
    for words in (deed, brief, brief.partition(" ")[0]):
        if width(f"{sign} {words}", 8) <= room:
            return f"{sign} {words}"
    return sign if width(sign, 8) <= room else ""


def draw_lanes(lanes: Sequence[Lane], wide: float, complete: bool) -> Figure:
    """A sheet with nothing but the lanes."""
    tree = Tree(lanes, wide - 2 * EDGE, complete)
    paper = Paper(wide, tree.height)
    tree.draw(paper, EDGE, paper.height)
    return paper.figure


MOST = 14  # steps: more leave no room for their words
_PITCH, _MOST_PITCH, _HIGH = 44.0, 64.0, 36.0
_GAP = 1.5


def draw_chart(
    steps: Sequence[tuple[str, str]], title: str, subtitle: str, height: float | None = None, standing: str = ""
) -> Figure:
    """A sheet of the width of a timeline. height: in inches; without one, as high as it needs to be."""
    threads, mark = threads_of([steps]), MARKS[standing]
    left = indent(mark, TITLE)
    lines, second = wrap(title, 0.98 * (ROOM - left), TITLE, bold=True), wrap(subtitle, ROOM, BODY)
    top = 8 + 17 * len(lines) + 13 * len(second) + 14
    needed = top + _PITCH * len(threads) + 40
    paper = Paper(WIDTH, needed if height is None else height * POINTS)
    y = paper.height - 18
    if mark.sign:
        paper.text(EDGE, y, mark.sign, bold=True, size=TITLE, color=mark.colour)
    for number, line in enumerate(lines):
        paper.text(EDGE + left, y - 17 * number, line, bold=True, size=TITLE, color=mark.title)
    for number, line in enumerate(second):
        paper.text(EDGE, y - 17 * len(lines) + 1 - 13 * number, line, size=BODY, color=GREY)
    pitch = min(_PITCH if height is None else _MOST_PITCH, (paper.height - top - 40) / max(1, len(threads)))
    _draw_rows(paper, steps, threads, paper.height - top, pitch)
    return paper.figure


def _draw_rows(
    paper: Paper, steps: Sequence[tuple[str, str]], threads: Sequence[str], top: float, pitch: float
) -> None:
    names = {thread: fit(thread, 130, SMALL) for thread in threads}
    left = EDGE + max((width(name, SMALL) for name in names.values()), default=0.0) + 10
    wide = (WIDTH - EDGE - left) / max(1, len(steps))
    middles = {thread: top - (row + 0.5) * pitch for row, thread in enumerate(threads)}
    colours, half = tints(threads), min(_HIGH, 0.8 * pitch) / 2
    for thread, middle in middles.items():
        places = [place for place, (who, _) in enumerate(steps) if who == thread]
        paper.text(left - 8, middle, names[thread], color=INK, ha="right", va="center_baseline")
        paper.lines(
            [(left + (places[0] + 0.5) * wide, middle, left + (places[-1] + 0.5) * wide, middle)],
            color=FAINT,
            linewidth=1.2,
        )
    for place, (thread, what) in enumerate(steps):
        x, middle = left + place * wide, middles[thread]
        box = (x + _GAP, middle - half, x + wide - _GAP, middle + half)
        paper.boxes([box], z=2, facecolor=colours[thread])
        _draw_words(paper, x + wide / 2, middle, what, wide - 2 * _GAP - 4, half)
    for place in range(len(steps)):
        y = top - pitch * len(threads) - 12
        paper.text(left + (place + 0.5) * wide, y, f"{place + 1}", color=GREY, ha="center")
    paper.text((left + WIDTH - EDGE) / 2, top - pitch * len(threads) - 26, "steps, in order", color=GREY, ha="center")


def _draw_words(paper: Paper, x: float, y: float, what: str, room: float, half: float) -> None:
    """The deed on one line if it fits, else the verb above what it is done to, else the value below that."""
    deed = clean(what.replace("`", ""))
    verb, _, rest = deed.partition(" ")
    name, _, value = rest.partition(" = ")
    if width(deed, SMALL) <= room or not rest or half < 11:
        lines = [deed]
    elif width(rest, SMALL) <= room or not value or half < 17:
        lines = [verb, rest]
    else:
        lines = [verb, name, f"= {value}"]
    lines = [fit(line, room, SMALL) for line in lines]
    for number, line in enumerate(lines):
        middle = y + (len(lines) - 1 - 2 * number) * 6.0
        paper.text(x, middle, line, color=INK, ha="center", va="center_baseline")
