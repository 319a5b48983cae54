"""The picture of a run: threads as rows on one time axis, and the value of its semaphore below.

>>> figure = draw(run.reading, title=run.verdict)
>>> Path("run.png").write_bytes(png(figure))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from semalab.analysis.claims import Pace
from semalab.analysis.reading import Reading
from semalab.draw.axis import draw_axis, draw_labels, label_margin
from semalab.draw.canvas import Canvas, FigureCanvas, Onto, Sheet
from semalab.draw.drawing import Drawing, ListCanvas
from semalab.draw.header import Head, draw_head, draw_key, head_of
from semalab.draw.layout import POINTS, Page, lay_out, natural_height
from semalab.draw.marks import draw_faults, draw_marks
from semalab.draw.moments import Link
from semalab.draw.output import png, save, svg, written
from semalab.draw.raster import as_image, draw_image
from semalab.draw.rows import TIP, TORN, draw_absent, draw_rows
from semalab.draw.scene import NOW, Scene, scene_of
from semalab.draw.strip import draw_strips
from semalab.draw.style import GREY, plain_settings
from semalab.draw.viewport import Beside, Between
from semalab.log.event import Access

__all__ = ["NOW", "Easel", "draw", "layout", "listed", "natural_height", "paint", "png", "save", "svg", "written"]


@dataclass(frozen=True)
class Layout:
    """A scene with a size: what stands above the plot, where all has its place, and what the time axis spans.

    begin, end: of the axis, in units of the scene's clock; last: where the run ends on it. dpi: pixels per inch.
    """

    scene: Scene
    head: Head
    page: Page
    begin: float
    end: float
    last: float
    dpi: int


def draw(reading: Reading, *, onto: Onto | None = None, **settings: Any) -> Figure:
    """Draw a run with matplotlib.

    Args:
        reading: what to draw.
        onto: paper that the picture is put on, as wide as it is, instead of paper of its own.
        settings: as in `layout`.
    """
    with plain_settings():
        laid = layout(reading, **settings)
        canvas = FigureCanvas(laid.page, laid.begin, laid.end, laid.dpi, onto)
        paint(laid, canvas)
    return canvas.figure


class Easel:
    """Draws one picture after another on the same paper, for whoever wants their pixels alone, and wants them soon."""

    def __init__(self) -> None:
        self._canvas: FigureCanvas | None = None
        self._laid: Layout | None = None

    @property
    def places(self) -> Drawing | None:
        """Where things stand in the last picture, for who points at it: a drawing without the things."""
        laid = self._laid
        return ListCanvas(laid.page, laid.scene, laid.begin, laid.end).drawing() if laid is not None else None

    def png(self, reading: Reading, **settings: Any) -> bytes:
        """What `png(draw(reading, **settings))` gives."""
        with plain_settings():
            laid = self._laid = layout(reading, **settings)
            placed = laid.page, laid.begin, laid.end, laid.dpi
            if self._canvas is None or not self._canvas.anew(*placed):
                self._canvas = FigureCanvas(*placed)
            paint(laid, self._canvas)
            return png(self._canvas.figure)


def listed(reading: Reading, **settings: Any) -> Drawing:
    """What `draw` would draw, as data; settings as in `layout`."""
    laid = layout(reading, **settings)
    canvas = ListCanvas(laid.page, laid.scene, laid.begin, laid.end)
    paint(laid, canvas)
    return canvas.drawing()


def layout(
    reading: Reading,
    *,
    title: str,
    subtitle: str = "",
    standing: str = "",
    alarm: str | None = None,
    allowed: int = 1,
    stopped: str | None = None,
    between: Between | None = None,
    threads: Sequence[str | int] | None = None,
    select: str | int | None = None,
    width: float = 10.0,
    height: float | None = None,
    dpi: int = 100,
    beside: Beside | None = None,
    pace: tuple[str, Pace] | None = None,
    accesses: Sequence[Access] = (),
    circle: Sequence[Link] = (),
    died: Sequence[str] = (),
    lasting: int = 0,
    before: int | None = None,
) -> Layout:
    """What a picture of a run shows, and where. The same reading gives the same, and no more than a given height.

    Args:
        reading: what is to be drawn.
        title: the verdict, in words; wrapped, never cut off.
        subtitle: a second line: program, clock, seed.
        standing: what the title amounts to: "wrong", "cannot say", "right" or "" (see `Run.standing`).
        alarm: label of the guard whose crowds are marked as a fault; None marks none.
        allowed: threads that may be inside `alarm` before it is a crowd.
        stopped: why the run ended early, in a word or two ("deadlock"), or NOW if it goes on; None if it did not.
        between: the moments (begin, end) to show, in seconds of the run's clock; where that stood still, the numbers
            of the first and the last event. What lies outside is cut off, and values keep what they were before.
        threads: the rows to show, from the top: names, or numbers of rows counted from 0. The values count all threads.
        select: the thread whose hand-overs are drawn in a run of many.
        width, height: inches. Without a height, one that depends on the number of rows and strips alone.
        dpi: pixels per inch.
        beside: what the picture shares with one that it is laid beside; its rows then take the place of `threads`.
        pace: label of a primitive, and how many may start in how long: a curve of its starts is drawn above the values,
            where time passed and the picture stands alone.
        accesses: what threads read and wrote of shared variables: those that are numbers are drawn above the values,
            where the picture stands alone.
        circle: of a deadlock, (who waits, for which primitive, who holds it), as arrows.
        died: what became of processes and threads that did not come to their own end, by sentences that begin with
            their labels.
        lasting: how far the axis goes at least, in nanoseconds; where the clock stood still, in events.
        before: where a run before this one ended, to be marked thinly; counted as `lasting` is.

    Raises: TypeError, ValueError if `alarm` is no primitive of the run, `between` no part of it, `threads` or `select`
        none of its threads, or the picture would be smaller than 4 by 2.5 inches.
    """
    if alarm is not None and alarm not in reading.uses:
        raise ValueError(
            f"alarm must be a primitive of the run ({', '.join(reading.uses) or 'it has none'}), got {alarm!r}"
        )
    if width < 4:
        raise ValueError(f"width must be at least 4 inches, got {width:g}")
    if height is not None and height < 2.5:
        raise ValueError(f"height must be at least 2.5 inches, got {height:g}")
    scene = scene_of(
        *(reading, alarm, allowed, stopped, between, threads, select, beside, pace, accesses, circle, died),
        lasting=lasting,
        before=before,
    )
    if height is None:
        height = natural_height(len(scene.threads), scene.bands)
    words = " · ".join(filter(None, (subtitle, scene.view.words)))
    head, page = _laid_out(scene, title, standing, words, width * POINTS, height * POINTS, POINTS / dpi)
    view = scene.view
    own = TIP + 7.0 if scene.open_ended or scene.stopped else TORN if view.late else 0.0
    lead = 4.0 + (TORN if view.early else 0.0)
    shared = scene.beside.tips if scene.beside is not None else None
    after = 4.0 + (TIP + 7.0 if shared or lasting else own if shared is None else TORN)
    per_point = (view.until - view.begin) / (page.right - page.left - lead - after)
    end = view.until + after * per_point
    last = min(end, view.end + own * per_point) if view.until > view.end else end
    return Layout(scene, head, page, view.begin - lead * per_point, end, last, dpi)


def _laid_out(
    scene: Scene, title: str, standing: str, subtitle: str, width: float, height: float, pixel: float
) -> tuple[Head, Page]:
    """What stands above the plot, and the page. The key says how many threads share a line, and takes room itself."""
    group = 1
    while True:
        head = head_of(scene, title, subtitle, width, group, standing)
        page = lay_out(
            width,
            height,
            rows=len(scene.threads),
            strips=scene.bands,
            titles=len(head.title),
            leading=head.leading,
            subtitles=len(head.subtitle),
            keys=len(head.key),
            margin=label_margin(scene),
            pixel=pixel,
            group=group,
            reserved=scene.beside.reserved if scene.beside is not None else 0.0,
        )
        if page.group == group:
            return head, page
        group = page.group


def paint(laid: Layout, canvas: Canvas) -> None:
    """Put all of it on a canvas."""
    scene, page = laid.scene, laid.page
    sheet = Sheet(page, laid.begin, laid.end, laid.dpi, canvas, laid.last)
    draw_head(sheet, laid.head)
    draw_key(sheet, scene, laid.head.key)
    if scene.threads:
        draw_labels(sheet, scene)
        draw_absent(sheet, scene)
    if len(scene.clock.at):
        (draw_image if as_image(sheet, scene) else draw_rows)(sheet, scene)
        draw_marks(sheet, scene)
        draw_strips(sheet, scene)
        draw_faults(sheet, scene)
        draw_axis(sheet, scene)
    else:
        sheet.text(page.left, page.row(0), "Nothing was recorded.", color=GREY)
