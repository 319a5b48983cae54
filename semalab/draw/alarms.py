"""What went wrong, marked three times over: a bar, a shade and words for a crowd; a wall and a word for a stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semalab.draw.ink import ALARM, GREY, INK, LINE, SHADE, SMALL
from semalab.draw.layout import EDGE
from semalab.draw.moments import Crowd, first_theft
from semalab.draw.scene import NOW, Scene
from semalab.draw.sheet import Sheet, boxes
from semalab.draw.strip import valued
from semalab.draw.words import clean, fit, width

_BAR = 5.0  # points
_LABELS = 8  # crowds that get their own words, at most
_GAP = 7.0
_SAME = 3.0  # points between two ends that the eye takes for one
_AFTER = 9.0  # points from the last event to the stop, where a wait begins with it


@dataclass(frozen=True)
class Label:
    """Words for a moment at `x` points, beginning there or ending there. Earlier labels have the first choice.

    align: "left", "right", "either", or "before": ending there even where that is beside the plot.
    """

    words: str
    x: float
    colour: str
    gid: str
    align: str = "left"


def draw_faults(sheet: Sheet, scene: Scene) -> None:
    """Crowds, the stop, and the words of the band above the rows."""
    labels: list[Label] = []
    if scene.stopped is not None:
        labels.append(_draw_wall(sheet, scene, scene.stopped))
    labels += _draw_parting(sheet, scene)
    for opening in scene.openings[:2]:
        labels.append(Label(opening.label, sheet.x(opening.at), opening.tone.colour, "opening label", "either"))
    if scene.crowds:
        labels += _draw_crowds(sheet, scene)
    labels += _draw_end(sheet, scene)  # before what the legend says, too: a line without a word is a riddle
    if theft := first_theft(scene.reading, scene.clock, scene.view):
        at, choice = theft
        room = (sheet.page.right - sheet.page.left) * 0.7
        words = next(
            (w for w in map(clean, choice) if width(w, SMALL, bold=True) <= room), fit(choice[-1], room, SMALL)
        )
        labels.append(Label(words, sheet.x(at), INK, "stolen label", "either"))
    labels += _draw_before(sheet, scene)
    _draw_labels(sheet, labels)


def _draw_parting(sheet: Sheet, scene: Scene) -> list[Label]:
    """A dashed line at the first event at which a run and the one that it is laid beside differ."""
    at = scene.parting
    if at is None:
        return []
    sheet.upright(at, "parting", 6.8, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
    return [Label("≠", sheet.x(at) - 4, INK, "parting label", "before")]


def _draw_end(sheet: Sheet, scene: Scene) -> list[Label]:
    """A line where a run is over before its axis is."""
    view = scene.view
    if view.until <= view.end or view.late or scene.stopped is not None:
        return []
    sheet.upright(view.end, "end of run", 1.5, color=LINE, linewidth=0.9)
    return [Label(f"over: {scene.clock.moment(view.end)}", sheet.x(view.end), GREY, "end label", "either")]


def _draw_before(sheet: Sheet, scene: Scene) -> list[Label]:
    """A thin line where the run before this one ended, if that is somewhere else and in the window."""
    at, view = scene.before, scene.view
    if at is None or not view.begin < at <= view.until or abs(at - view.end) < _SAME * sheet.per_point:
        return []
    sheet.upright(at, "run before", 1.4, color=LINE, linewidth=0.8, linestyle=(0, (2, 3)))
    return [Label(f"before: {scene.clock.moment(at)}", sheet.x(at), GREY, "before label", "either")]


def _draw_wall(sheet: Sheet, scene: Scene, words: str) -> Label:
    page = sheet.page
    colour = INK if words == NOW else ALARM
    end = scene.view.end + (_AFTER * sheet.per_point if colour == ALARM and _late(scene, sheet) else 0.0)
    sheet.upright(end, "stop", 7, color=colour, linewidth=2.2)
    words = fit(words, (page.right - page.left) / 2, SMALL, bold=True)
    half = width(words, SMALL, bold=True) / 2
    return Label(words, min(sheet.x(end) + half, page.right) + 4, colour, "stop label", align="right")


def _late(scene: Scene, sheet: Sheet) -> bool:
    """Whether somebody begins to wait at the very end: who stops there must be seen to wait before the stop."""
    last = scene.view.end - _AFTER * sheet.per_point
    waits = [bars for (kind, _), bars in scene.bars.items() if kind == "wait"]
    return any(bool((bars.open & (bars.begin > last)).any()) for bars in waits)


def _draw_crowds(sheet: Sheet, scene: Scene) -> list[Label]:
    page = sheet.page
    crowds = _merged(scene.crowds, 1.2 * sheet.per_point)
    begin = np.array([crowd.begin for crowd in crowds])
    end = np.array([crowd.end for crowd in crowds])
    end = np.maximum(end, begin + 2.0 * sheet.per_point)  # a crowd of no duration is still a crowd
    flat = np.ones(len(begin))
    low, top = page.rows_bottom, page.rows_top
    sheet.area(boxes(begin, end, flat * low, flat * top), "alarm shade", 0.5, facecolor=SHADE)
    for strip in [band for band, use in valued(scene, page) if use.label == scene.alarm]:
        sheet.area(boxes(begin, end, flat * strip.bottom, flat * strip.top), "alarm shade", 0.5, facecolor=SHADE)
    sheet.area(boxes(begin, end, flat * (top + 1.5), flat * (top + 1.5 + _BAR)), "alarm bar", 6, facecolor=ALARM)
    worst = sorted(crowds, key=lambda crowd: (-crowd.most, crowd.begin - crowd.end))[:_LABELS]
    return [Label(f"{crowd.most:,} inside", sheet.x(crowd.begin) - 4, ALARM, "alarm text") for crowd in worst]


def _merged(crowds: Sequence[Crowd], gap: float) -> list[Crowd]:
    """Crowds that no eye could part, as one: at a hand-over, one leaves and the next enters in the same moment."""
    merged = [crowds[0]]
    for crowd in crowds[1:]:
        last = merged[-1]
        if crowd.begin - last.end <= gap:
            merged[-1] = Crowd(last.begin, crowd.end, max(last.most, crowd.most))
        else:
            merged.append(crowd)
    return merged


def _draw_labels(sheet: Sheet, labels: list[Label]) -> None:
    """Each at its moment, or as near as the page's edge allows; left out where another already stands."""
    taken: list[tuple[float, float]] = []
    y = sheet.page.rows_top + 11.0
    for label in labels:
        long = width(label.words, SMALL, bold=True)
        left, right = label.x + 4, label.x - 4 - long
        for place in {"left": (left,), "right": (right,), "either": (left, right), "before": (right,)}[label.align]:
            least = EDGE if label.align == "before" else sheet.page.left
            begin = min(max(place, least), sheet.page.right - long)
            if all(begin > stop + _GAP or begin + long < start - _GAP for start, stop in taken):
                taken.append((begin, begin + long))
                sheet.text(begin, y, label.words, gid=label.gid, bold=True, color=label.colour, va="baseline")
                break
