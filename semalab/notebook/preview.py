"""A panel's pictures on one time axis: how far it goes, and four settings side by side.

The axis goes as far as the panel's longest run so far, so that one sees what became longer. The four settings are what
a page without a kernel has instead of the panel's dials.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets
from PIL import Image

from semalab.draw.style import PAPER
from semalab.notebook.controls import stops
from semalab.run import Run

_SQUEEZED = 25  # a run that takes less than such a part of the axis could not be read on it: then the axis begins anew
_SHOWN = 4
_INCHES = (5.0, 2.9)
_DPI = 100


class Measure:
    """Invariant: `lasting` and `before` are of the run that was taken last; of runs on a clock that stood still they
    count events, of others nanoseconds, and neither kind is measured by the other.
    """

    def __init__(self) -> None:
        self.lasting = 0
        self.before: int | None = None
        self._longest = {True: 0, False: 0}  # by whether the clock stood still
        self._last: tuple[bool, int] | None = None

    def take(self, run: Run) -> None:
        """A run is to be shown."""
        stands, length = _length(run)
        if self._longest[stands] > _SQUEEZED * length:
            self._longest[stands] = 0
        self.lasting = self._longest[stands] = max(self._longest[stands], length)
        same = self._last is not None and self._last[0] == stands and self._last[1] <= self.lasting
        self.before = self._last[1] if same and self._last is not None else None
        self._last = stands, length

    @property
    def meanwhile(self) -> tuple[int, int | None]:
        """Of a run that goes on, how far its axis goes at least, and where the one before ended."""
        before = self._last[1] if self._last is not None and not self._last[0] else None
        return self._longest[False], before


def _length(run: Run) -> tuple[bool, int]:
    if run.trace.duration:
        return False, run.trace.duration
    return True, len(run.trace) - 1 + (run.stopped is not None) if run.trace else 0


def settings_of(controls: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where the dials stand; then one dial at its ends while the others stay, the last dial first.

    Of a single dial: from one end to the other, as far apart as four can be.
    """
    present = {name: control.value for name, control in controls.items()}
    found = [present]
    if len(controls) == 1:
        ((name, control),) = controls.items()
        places = _places(control)
        steps = min(_SHOWN, len(places)) - 1
        found = [{name: places[round(n * (len(places) - 1) / steps)]} for n in range(steps + 1)] if steps > 0 else found
    for name, control in reversed([*controls.items()]):
        places = _places(control)
        for value in (places[0], places[-1]) if places else ():
            found.append({**present, name: value})
    distinct: list[dict[str, Any]] = []
    for setting in found:
        if setting not in distinct:
            distinct.append(setting)
    return distinct[:_SHOWN]


def _places(control: Any) -> list[Any]:
    """What stands for the values of a dial, in order: of fractions the ends and the present one."""
    if isinstance(control, widgets.FloatSlider):
        return [control.min, control.value, control.max]
    return stops(control)


def preview(settings: list[dict[str, Any]], record: Callable[[dict[str, Any]], Run | Exception]) -> bytes | None:
    """The picture as PNG, two beside each other; None if there is no run to show."""
    runs = [(setting, run) for setting in settings if isinstance(run := record(setting), Run)]
    if not runs:
        return None
    measure = Measure()
    for _, run in runs:
        measure.take(run)
    pictures = [_picture(setting, run, measure) for setting, run in runs]
    wide, high = pictures[0].size
    sheet = Image.new("RGB", (wide * min(2, len(pictures)), high * -(-len(pictures) // 2)), PAPER)
    for place, picture in enumerate(pictures):
        sheet.paste(picture, (wide * (place % 2), high * (place // 2)))
    buffer = io.BytesIO()
    sheet.save(buffer, "png", compress_level=6, dpi=(_DPI, _DPI))
    return buffer.getvalue()


def _picture(setting: Mapping[str, Any], run: Run, measure: Measure) -> Image.Image:
    from semalab.draw import png

    dials = ", ".join(f"{name} = {value}" for name, value in setting.items())
    lasting = measure.lasting if run.trace.duration else 0
    wide, high = _INCHES
    title = f"{dials}: {run.verdict}"
    figure = run.timeline(title=title, subtitle="", lasting=lasting, width=wide, height=high, dpi=_DPI)
    return Image.open(io.BytesIO(png(figure))).convert("RGB")
