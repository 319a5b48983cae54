"""A comparison on one sheet: the sentence, both timelines on one axis, and a table of what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from semalab.poster.paper import ROOM, WIDTH, Paper, stacked
from semalab.run import Run
from semalab.timeline.ink import BODY, GREY, INK, SMALL
from semalab.timeline.page import EDGE
from semalab.timeline.places import places_of
from semalab.timeline.settings import plain_settings
from semalab.timeline.words import fit, wrap
from semalab.trace import Trace

if TYPE_CHECKING:
    from semalab.comparison.comparison import Comparison
    from semalab.comparison.differences import Difference

_TITLE, _LEADING, _LINE = 13.0, 17.0, 15.5
_COLUMNS = (EDGE + 14, EDGE + 150, EDGE + 150 + (ROOM - 150) / 2)  # of the table: what, the one, the other


def picture(compared: Comparison) -> bytes:
    """The same bytes for the same two runs on the virtual clock."""
    common = compared.a.stopped is compared.b.stopped is None and _moves(compared.a) and _moves(compared.b)
    runs = [compared.a, compared.b]
    if common:
        longest = max(run.trace.duration for run in runs)
        runs = [_lasting(run, longest) for run in runs]
    figures = [_timeline(run, name, 0.0) for run, name in zip(runs, compared.names, strict=True)]
    margin = max(figure.axes[0].get_position().x0 for figure in figures) * WIDTH
    figures = [_timeline(run, name, margin) for run, name in zip(runs, compared.names, strict=True)]
    if compared.parting:  # where nothing is common, there is nothing to part from
        for run, figure in zip(runs, figures, strict=True):
            _mark(figure, run, compared.parting)
    with plain_settings():
        head = _head(compared.headline, "on one time axis" if common else "each on an axis of its own")
        foot = _foot(compared)
    return stacked([head, *figures, foot])


def _moves(run: Run) -> bool:
    return run.trace.duration > 0


def _lasting(run: Run, nanoseconds: int) -> Run:
    """The run on an axis of this length; all its threads have ended, so that nothing else becomes longer."""
    trace = run.trace
    return replace(run, trace=Trace(trace.events, trace.threads, trace.primitives.values(), nanoseconds))


def _timeline(run: Run, name: str, margin: float) -> Figure:
    return run.timeline(title=f"{name.capitalize()}: {run.verdict}", margin=margin)


def _mark(figure: Figure, run: Run, place: int) -> None:
    """A dashed line and a sign at the event from which on the logs differ."""
    places = places_of(figure, run.reading, run.stopped is not None)
    x = float(places.across[place]) if place < len(places.across) else places.end
    top = 1 - places.top
    figure.add_artist(Line2D([x, x], [1 - places.bottom, top], color=INK, linewidth=1.2, linestyle=(0, (4, 3))))
    figure.text(x, top + 0.012, "≠", ha="center", va="bottom", fontsize=11, fontweight="bold", color=INK)


def _head(sentence: str, axis: str) -> Figure:
    lines = wrap(sentence, 0.97 * ROOM, _TITLE, bold=True)
    paper = Paper(WIDTH, 16 + _LEADING * len(lines) + _LINE)
    for number, line in enumerate(lines):
        y = paper.height - 18 - number * _LEADING
        paper.text(EDGE, y, line, bold=True, size=_TITLE, color=INK)
    paper.text(EDGE, 8, f"Two runs, {axis}", size=BODY, color=GREY)
    return paper.figure


def _foot(compared: Comparison) -> Figure:
    words = wrap(compared.parted if not compared.parting else f"≠ {compared.parted}", ROOM, BODY)
    rows = [*compared.varied, *compared.differences]
    paper = Paper(WIDTH, 20 + _LINE * (len(words) + len(rows) + 1) + 8)
    y = paper.height - 18
    for line in words:
        paper.text(EDGE, y, line, size=BODY, color=INK)
        y -= _LINE
    y -= 6
    for x, title in zip(_COLUMNS[1:], compared.names, strict=True):
        paper.text(x, y, fit(title.capitalize(), (ROOM - 170) / 2, SMALL, bold=True), bold=True, color=INK)
    _rows(paper, y - _LINE, rows)
    return paper.figure


def _rows(paper: Paper, y: float, rows: Sequence[Difference]) -> None:
    for row in rows:
        bold, color = row.differs, INK if row.differs else GREY
        paper.text(EDGE, y, "≠" if row.differs else "=", bold=bold, color=color)
        paper.text(_COLUMNS[0], y, fit(row.what, 128, SMALL), color=color)
        for x, said in zip(_COLUMNS[1:], (row.a, row.b), strict=True):
            paper.text(x, y, fit(said, (ROOM - 170) / 2, SMALL), color=color)
        y -= _LINE
