"""Four settings of a panel side by side on one time axis: what a page without a kernel has instead of its dials."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets
from PIL import Image

from semalab.draw.ink import PAPER
from semalab.notebook.controls import stops
from semalab.notebook.measure import Measure
from semalab.run import Run

_SHOWN = 4
_INCHES = (5.0, 2.9)
_DPI = 100


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
