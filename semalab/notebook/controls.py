"""The dials of a panel: sliders, menus and boxes from abbreviations, as `ipywidgets.interact` reads them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets

from semalab.settings import LEAST


def dials(program: Callable[..., Any], abbreviations: Mapping[str, Any]) -> dict[str, widgets.Widget]:
    """A widget for each argument: (least, most) a slider, a list a menu, a bool a box, a widget itself.

    Raises ValueError for a range upside down or below what the argument can be, TypeError for what is no abbreviation.
    """
    made = {}
    for name, abbreviation in abbreviations.items():
        _check_range(name, abbreviation)
        widget = widgets.interactive.widget_from_abbrev(abbreviation, _default(program, name))
        if widget is None or not hasattr(widget, "value"):
            raise TypeError(
                f"{name} must be a range (least, most), a list of choices, True or False, or a widget, "
                f"got {abbreviation!r}"
            )
        widget.description = name.replace("_", " ")
        widget.style.description_width = "5.5em"
        if hasattr(widget, "continuous_update"):
            widget.continuous_update = True
        made[name] = widget
    return made


def stops(widget: widgets.Widget) -> list[Any]:
    """The values that a dial can stand at, in order; none of a widget that is no slider, menu or box."""
    if isinstance(widget, widgets.IntSlider | widgets.FloatSlider):
        steps = int((widget.max - widget.min) / widget.step + 1e-9)
        return [widget.min + number * widget.step for number in range(steps + 1)]
    if isinstance(widget, widgets.Checkbox):
        return [False, True]
    return [value for _, value in getattr(widget, "_options_full", ())]


def _check_range(name: str, abbreviation: Any) -> None:
    if not isinstance(abbreviation, tuple) or len(abbreviation) < 2:
        return
    least, most = abbreviation[0], abbreviation[1]
    if not all(isinstance(bound, int | float) for bound in (least, most)):
        return
    if least >= most:
        raise ValueError(f"{name} must be a range (least, most) with least below most, got {abbreviation!r}")
    if name in LEAST and least < LEAST[name]:
        raise ValueError(
            f"{name} must be at least {LEAST[name]}, got a range from {least}; write ({LEAST[name]}, {most})"
        )


def _default(program: Callable[..., Any], name: str) -> Any:
    """The program's own default for the argument, where it has one."""
    try:
        return inspect.signature(program).parameters[name].default
    except (TypeError, ValueError, KeyError):
        return inspect.Parameter.empty
