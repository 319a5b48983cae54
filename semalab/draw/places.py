"""Where on a finished picture an event and a thread's row lie, as parts of its width and height.

What an overlay needs: a cursor that moves over the picture, which need not be drawn again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

from semalab.analysis.reading import Reading
from semalab.draw.clock import Clock, clock_of
from semalab.draw.page import HEADROOM, POINTS


@dataclass(frozen=True)
class Places:
    """Parts of the picture's width from its left edge, and of its height from the top.

    clock: says each position in words. across: of every event. end: of the end of the axis.
    first_row, pitch: the middle of the first row, and from one row to the next. top, bottom: of the plot.
    """

    clock: Clock
    across: np.ndarray
    end: float
    first_row: float
    pitch: float
    top: float
    bottom: float


def places_of(figure: Figure, reading: Reading, stopped: bool = False) -> Places:
    """The places of a picture that `draw` made of this reading, read from the picture itself.

    stopped: whether it was told why the run ended early.
    """
    clock = clock_of(reading.trace, [event.time for event in reading.trace.events], stopped)
    axes = figure.axes[0]
    box = axes.get_position()
    begin, last = axes.get_xlim()
    low, high = axes.get_ylim()  # points
    height = figure.get_figheight() * POINTS
    across = box.x0 + (np.append(clock.at, clock.end) - begin) / (last - begin) * box.width
    rows_top = high - HEADROOM
    first = next((text.get_position()[1] for text in figure.findobj(Text) if text.get_gid() == "row"), rows_top)
    return Places(
        clock=clock,
        across=across[:-1],
        end=float(across[-1]),
        first_row=1 - first / height,
        pitch=2 * (rows_top - first) / height,
        top=1 - rows_top / height,
        bottom=1 - low / height,
    )
