"""The picture of an exploration: verdict, tally, the shortest counterexample, its steps, and every schedule as a lane.

One PNG with the words in it. JupyterLab shows only the richest type of an output and hides the plain text beside a
picture; an unopened, untrusted notebook and GitHub show PNG but no SVG, no widget and no style sheet; and a picture is
compared pixel by pixel, where HTML with a picture inside would differ with each release of the packer. So whoever can
see the picture can read the answer, wherever it is opened, and the plain text and the alternative text say it again.

>>> Path("found.png").write_bytes(poster(head, None, (), lanes))
"""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from semalab.draw.style import plain_settings
from semalab.report.lanes import MOST, Lane, draw_chart, draw_lanes
from semalab.report.margins import Head, Tally, draw_foot, draw_head
from semalab.report.sheet import WIDTH, stacked

__all__ = ["MOST", "Head", "Lane", "Tally", "chart", "lanes_picture", "poster"]


def poster(
    head: Head, timeline: Figure | None, steps: Sequence[tuple[str, str]], lanes: Sequence[Lane], note: str = ""
) -> bytes:
    """Everything on one sheet, as PNG: the same bytes for the same exploration.

    Args:
        head: the verdict in words, and how many of how many.
        timeline: the shortest counterexample, 10 inches wide, or its chart; None if there is none.
        steps: of the counterexample, the thread and what it does.
        lanes: every schedule; none if there are too many.
        note: a sentence for the place of lanes that are not drawn.
    """
    with plain_settings():
        foot = draw_foot(steps, lanes, head.tally.complete, note)
        parts = [draw_head(head), timeline, foot]
    return stacked([part for part in parts if part is not None])


def chart(
    steps: Sequence[tuple[str, str]], title: str, subtitle: str, height: float | None = None, standing: str = ""
) -> Figure:
    """At most `MOST` steps as a chart, for a run of which a timeline would show nothing.

    height: in inches. standing: what the title amounts to.
    """
    with plain_settings():
        return draw_chart(steps, title, subtitle, height, standing)


def lanes_picture(lanes: Sequence[Lane], complete: bool) -> bytes:
    """The lanes alone, as PNG; its size does not depend on which of them is chosen. complete: there are no others."""
    with plain_settings():
        return stacked([draw_lanes(lanes, WIDTH, complete)], compression=1)
