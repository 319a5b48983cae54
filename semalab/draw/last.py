"""How rows come to their ends: who ended or died with a permit in hand, and who waits for whom in a circle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from semalab.draw.bars import Bars
from semalab.draw.ink import Tone
from semalab.draw.moments import Marks
from semalab.draw.viewport import View
from semalab.log.trace import Trace

Link = tuple[str, str, str]  # who waits, for which primitive, and who holds it
_MOST = 12  # arrows of a circle that can be followed


def died_of(trace: Trace, view: View, died: Sequence[str]) -> dict[int, str]:
    """Per row that is shown, what became of its process. died: sentences that begin with its label."""
    return {
        int(row): sentence.removeprefix(f"{thread} ")
        for thread, row in zip(trace.threads, view.rows.tolist(), strict=True)
        for sentence in died
        if row >= 0 and sentence.startswith(f"{thread} ")
    }


def left_of(
    bars: Mapping[tuple[str, Tone | None], Bars], lives: Mapping[int, tuple[float, float]], died: Mapping[int, str]
) -> list[Marks]:
    """The ends of those who held something then, and of those who died."""
    at = {
        int(row): float(end)
        for (kind, _), some in bars.items()
        if kind == "hold"
        for row, end in zip(some.row[some.left], some.end[some.left], strict=True)
    }
    ends = {row: lives[row][1] for row in died if row in lives}
    kinds = (
        ("ends without releasing", {row: end for row, end in at.items() if row not in ends}),
        ("dies", ends),
    )
    return [
        Marks("left", word, None, np.array(list(found), dtype=np.intp), np.array(list(found.values())))
        for word, found in kinds
        if found
    ]


def circle_of(
    bars: Mapping[tuple[str, Tone | None], Bars],
    tones: Mapping[str, Tone],
    rows: Mapping[str, int],
    circle: Sequence[Link],
) -> np.ndarray:
    """Per arrow the row of who waits, the row of who holds, and the moment from which on both is so."""
    found: list[tuple[float, float, float]] = []
    for waiter, primitive, holder in circle if len(circle) <= _MOST else ():
        begins = [
            _begin(bars.get((kind, tones.get(primitive))), rows.get(who, -1))
            for kind, who in (("wait", waiter), ("hold", holder))
        ]
        if None not in begins:
            found.append((rows[waiter], rows[holder], max(begin for begin in begins if begin is not None)))
    return np.array(found, dtype=np.float64).reshape(-1, 3)


def _begin(bars: Bars | None, row: int) -> float | None:
    """Where the bar of this row begins that never ends."""
    if bars is None or row < 0:
        return None
    begins = bars.begin[(bars.row == row) & (bars.open | bars.left)]
    return float(begins[-1]) if len(begins) else None
