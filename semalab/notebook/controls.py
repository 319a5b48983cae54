"""What a panel is worked by: dials, the row of clock and seed, folds, buttons that copy and save its picture."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import ipywidgets as widgets
import traitlets

from semalab.settings import LEAST

_SHUT, _OPEN = "caret-right", "caret-down"
PANEL = "semalab-panel"  # class of a panel, in which a button finds its picture
# Light ink on dark paper from the same palette: lightness turned round, hues kept. draw/test_ink.py has contrasts.
INVERTED, TURNED = 0.93, 180
DARK = f"""<style>
[data-jp-theme-light="false"] .{PANEL} img.widget-image {{ filter: invert({INVERTED}) hue-rotate({TURNED}deg); }}
</style>"""
_FIND = f"const b=this,i=b.closest('.{PANEL}').querySelector('img.widget-image');"
_SAY = "const w=b.textContent,s=t=>{b.textContent=t;setTimeout(()=>{b.textContent=w},2000)};"
_COPY = (
    f"{_FIND}{_SAY}fetch(i.src).then(r=>r.blob())"
    ".then(p=>navigator.clipboard.write([new ClipboardItem({[p.type]:p})]))"
    ".then(()=>s('copied'),()=>s('right-click it'))"
)
_SAVE = f"{_FIND}const a=document.createElement('a');a.href=i.src;a.download='{{name}}.png';a.click()"
_CLASS = "lm-Widget jupyter-widgets jupyter-button widget-button"


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


class Switches(widgets.HBox):
    """Invariant: the seed and its button can be used on the virtual clock; on the wall clock the one to run again is
    in that button's place, and the one to stop is seen while there is something to stop: a run that has lasted half a
    second. None moves another.
    """

    def __init__(self, seed: int) -> None:
        self.clock = widgets.ToggleButtons(
            options=["virtual", "wall"],
            value="virtual",
            tooltips=["one processor, the same run for the same seed", "real threads, real seconds"],
            style={"button_width": "5.5em"},
        )
        self.seed = widgets.BoundedIntText(
            value=seed,
            min=0,
            max=2**31,
            description="seed",
            layout={"width": "11em"},
            style={"description_width": "3em"},
        )
        self.next_seed = widgets.Button(description="next seed", tooltip="another schedule", layout={"width": "7em"})
        self.again = widgets.Button(
            description="run", tooltip="run again on the wall clock", layout={"width": "7em"}, disabled=True
        )
        self.stop = widgets.Button(
            description="stop run", tooltip="stop the run and keep what it did", layout={"width": "7em"}, disabled=True
        )
        super().__init__(
            [widgets.Label("clock"), self.clock, self.seed, self.next_seed, self.again, self.stop],
            layout={"flex_flow": "row wrap", "padding": "0 0 0 3em"},
        )

    @property
    def on_wall(self) -> bool:
        return str(self.clock.value) == "wall"

    def follow(self) -> None:
        """The clock's switch has moved."""
        self.again.disabled = not self.on_wall
        for button, shown in ((self.again, self.on_wall), (self.next_seed, not self.on_wall)):
            button.layout.display = None if shown else "none"
        self.seed.disabled = self.next_seed.disabled = self.on_wall
        self.stoppable(False)

    def stoppable(self, there_is: bool) -> None:
        """Whether there is a run to stop."""
        self.stop.disabled = not there_is
        self.stop.layout.visibility = "visible" if there_is else "hidden"


class Folds(widgets.VBox):
    """What ipywidgets' Accordion does, with headers that the keyboard reaches and that are dark enough to be read.

    `head` is the row of buttons, to be put above.

    Invariant: the button at `selected_index` is pressed and its page displayed; of all others neither. A button whose
    page is empty is not displayed, unless its page is open.
    """

    selected_index = traitlets.Int(None, allow_none=True)

    def __init__(self, pages: Mapping[str, widgets.Widget]) -> None:
        self.buttons = [
            widgets.ToggleButton(description=title, icon=_SHUT, layout={"width": "auto"}) for title in pages
        ]
        self._pages = [widgets.VBox([page], layout={"display": "none"}) for page in pages.values()]
        self._empty: set[int] = set()
        self.head = widgets.HBox(self.buttons, layout={"flex_flow": "row wrap"})
        super().__init__(self._pages)
        for place, button in enumerate(self.buttons):
            button.observe(lambda change, place=place: self._pressed(place, change["new"]), names="value")
        self.observe(lambda change: self._turn(), names="selected_index")

    def empty(self, place: int, is_empty: bool) -> None:
        """There is nothing on this page, or there is something again."""
        self._empty = self._empty | {place} if is_empty else self._empty - {place}
        self._turn()

    def _pressed(self, place: int, down: bool) -> None:
        if down:
            self.selected_index = place
        elif self.selected_index == place:
            self.selected_index = None

    def _turn(self) -> None:
        for place, (button, page) in enumerate(zip(self.buttons, self._pages, strict=True)):
            is_open = place == self.selected_index
            button.value, button.icon = is_open, _OPEN if is_open else _SHUT
            page.layout.display = None if is_open else "none"
            button.layout.display = "none" if place in self._empty and not is_open else None


class Export(widgets.HTML):
    """The two buttons, and the look of the picture in the dark theme."""

    def __init__(self, name: str) -> None:
        plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")[:60] or "run"
        buttons = [
            _button("copy picture", "to the clipboard, to be pasted elsewhere", _COPY),
            _button("save picture", "as a file", _SAVE.format(name=plain)),
        ]
        super().__init__(DARK + "".join(buttons), layout={"margin": "0"})


def _button(words: str, tooltip: str, script: str) -> str:
    style = "width:8.5em;display:inline-block;margin:2px"
    return (
        f'<button type="button" class="{_CLASS}" style="{style}" title="{tooltip}" onclick="{escape(script)}">'
        f"{words}</button>"
    )
