"""Schedules as lanes, from left to right a step each; lanes that begin alike share the blocks they begin with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from matplotlib.figure import Figure

from semalab.draw.ink import ALARM, BODY, GREY, INK, PAPER, SHADE
from semalab.draw.layout import EDGE
from semalab.draw.words import clean, fit, width
from semalab.report.sheet import Paper

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
