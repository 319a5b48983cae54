"""The picture of a recorded run: which words stand above it and what is marked in it, whoever paints it.

>>> picture_of(run)
>>> drawing_of(run).things
"""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from semalab.analysis.claims import Pace
from semalab.analysis.record import Record
from semalab.analysis.verdict import alarm
from semalab.draw import Easel, draw, listed, png
from semalab.draw.drawing import Drawing
from semalab.draw.viewport import clock_of
from semalab.log.stops import Deadlock, Timeout, several_of


def picture_of(record: Record, **style: Any) -> Figure:
    """The run as matplotlib draws it. style: as in `draw.layout`."""
    return draw(record.reading, **{**_look(record), **style})


def pixels_of(record: Record, easel: Easel, **style: Any) -> bytes:
    """What `png(picture_of(record, **style))` gives, drawn where pictures before it were."""
    return easel.png(record.reading, **{**_look(record), **style})


def drawing_of(record: Record, **style: Any) -> Drawing:
    """The same as data, for a painter that is not matplotlib. style: as in `draw.layout`."""
    return listed(record.reading, **{**_look(record), **style})


def bundle_of(record: Record) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a notebook shows of a run, by type, and what it says about each: the picture and its words."""
    picture = {"image/png": png(picture_of(record)), "text/plain": record.verdict}
    return picture, {"image/png": {"alt": f"Timeline. {record.verdict} ({record.description})"}}


def _look(record: Record) -> dict[str, Any]:
    """What a picture of this run says and marks."""
    fault = alarm(record.reading, record.claim)
    said = (record.description, _length(record), _deaths(record), record.watching)
    return {
        "title": record.verdict,
        "standing": record.standing,
        "subtitle": " · ".join(filter(None, said)),
        "alarm": fault and fault[0],
        "allowed": fault[1] if fault else 1,
        "stopped": _stop_label(record.stopped),
        "pace": _pace(record),
        "accesses": record.accesses,
        "circle": _circle(record),
        "died": record.died,
    }


def _pace(record: Record) -> tuple[str, Pace] | None:
    """What the run is measured by, if that is a rate: which primitive, and how many may start in how long."""
    said = record.claims[0] if record.claim is not None else None
    if said is None or said.pace is None or said.primitive not in record.reading.uses:
        return None
    return said.primitive, said.pace


def _length(record: Record) -> str:
    """How long the run took, where time passed and it came to its own end."""
    if record.stopped is not None or not record.trace:
        return ""
    clock = clock_of(record.trace, record.reading.times)
    return "" if clock.stands else f"over after {clock.moment(clock.end)}"


def _deaths(record: Record) -> str:
    """Who did not come to its own end, where the verdict speaks of the stop alone."""
    return several_of(record.died) if record.stopped is not None else ""


def _circle(record: Record) -> list[tuple[str, str, str]]:
    """Of a deadlock, who waits for what, and who holds it."""
    waits = record.stopped.circle if isinstance(record.stopped, Deadlock) else ()
    return [(wait.thread, wait.primitive, wait.holders[0]) for wait in waits]


def _stop_label(stopped: Deadlock | Timeout | None) -> str | None:
    if stopped is None:
        return None
    return "deadlock" if isinstance(stopped, Deadlock) else "stopped"
