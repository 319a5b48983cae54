"""The schedules of an exploration to choose from: each opens its timeline and its steps in words."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from semalab.analysis.verdict import RIGHT as RIGHTLY
from semalab.analysis.verdict import WRONG as WRONGLY
from semalab.draw.drawing import Drawing
from semalab.exploration import Exploration
from semalab.exploration.descriptions import Described, Description, as_lanes, charted, drawing
from semalab.log.schedule import Schedule
from semalab.notebook import texts
from semalab.notebook.controls import DARK, PANEL
from semalab.notebook.folds import between
from semalab.notebook.layer import Kept, Last, Pointed, Window
from semalab.report import lanes_picture
from semalab.report.lanes import RIGHT, WRONG, tags, threads_of

INCHES = (10.0, 4.4)
DPI = 100
LISTED = 1_000  # violations in the menu of a program with more schedules than lanes
_ROWS = 9


class Schedules(Kept):
    """A verdict and a menu of schedules, of which one is drawn.

    Nothing but pictures' bytes and texts changes when another is chosen: the page stays where it is. Invariants:
    `chosen` is the schedule that the picture, the steps and the frame in the lanes show; the menu's values are places
    in `_choices`.
    """

    def __init__(self, found: Exploration | None = None) -> None:
        self.found: Exploration | None = None
        self.chosen: Schedule | None = None
        self._choices: list[tuple[Schedule, int | None]] = []  # with the violation's number
        self._told: tuple[Described, ...] = ()
        self.sentence = widgets.HTML()
        self.tally = widgets.HTML()
        self.menu = widgets.Select(rows=_ROWS, layout={"width": "22em"})
        # JupyterLab takes the arrow keys for itself while a list has the focus: buttons are what a keyboard can press.
        self.before = _button("\N{BLACK LEFT-POINTING TRIANGLE} previous", "the schedule above in the list")
        self.after = _button("next \N{BLACK RIGHT-POINTING TRIANGLE}", "the schedule below in the list")
        self.wrong = _button(f"next {WRONG}", "the next schedule that breaks the program")
        self.steps = widgets.HTML(
            layout={"flex": "1 1 22em", "height": "15em", "overflow": "auto", "margin": "2px 1em"}
        )
        self.picture = _picture(*(int(inches * DPI) for inches in INCHES))
        self.pointed = Pointed(self.picture, self._places, self._zoom)
        self._description: Description | None = None  # of the schedule that is chosen
        self._look: dict[str, Any] = {}  # of its picture
        self.lanes = _picture(int(INCHES[0] * DPI), None)
        buttons = widgets.HBox([self.before, self.after, self.wrong])
        choice = widgets.HBox([widgets.VBox([self.menu, buttons]), self.steps], layout={"flex_flow": "row wrap"})
        look = widgets.HTML(DARK, layout={"display": "none"})
        super().__init__([self.sentence, self.tally, choice, self.pointed, self.lanes, look])
        self.add_class(PANEL)
        self._filling = False
        self.menu.observe(lambda change: None if self._filling else self._draw(), names="index")
        self.before.on_click(lambda button: self._turn(-1))
        self.after.on_click(lambda button: self._turn(1))
        self.wrong.on_click(lambda button: self._turn_to_wrong())
        if found is not None:
            self.show(found)

    def show(self, found: Exploration) -> None:
        """Another exploration takes this one's place."""
        self.found = found
        self._told = found.lanes
        self._choices = self._listed(found)
        self.sentence.value, self.tally.value = texts.headline(found), texts.tally(found)
        self._filling = True  # each of these changes what is chosen; only the last is meant
        self.menu.options = [self._label(number) for number in range(len(self._choices))]
        self.menu.index = self._first() if self._choices else None
        self._filling = False
        for control in (self.menu, self.before, self.after):
            control.disabled = not self._choices
        self.wrong.disabled = not found.violations
        self._draw()
        self.changed()

    def _turn(self, by: int) -> None:
        """Choose another; after the last comes the first."""
        if self._choices:
            self.menu.index = ((self.menu.index or 0) + by) % len(self._choices)

    def _turn_to_wrong(self) -> None:
        count, here = len(self._choices), self.menu.index or 0
        onward = ((here + by) % count for by in range(1, count + 1))
        self.menu.index = next((place for place in onward if self._breaks(place)), self.menu.index)

    def _breaks(self, place: int) -> bool:
        return self._choices[place][1] is not None or self._is_shortest(place)

    def _listed(self, found: Exploration) -> list[tuple[Schedule, int | None]]:
        if self._told:
            return [(told.schedule, told.violation) for told in self._told]
        shortest = found.shortest.schedule if found.shortest is not None else None
        listed = enumerate(found.violations[:LISTED])
        violations: list[tuple[Schedule, int | None]] = [(violation.schedule, number) for number, violation in listed]
        if shortest is not None:
            number = next((number for schedule, number in violations if schedule == shortest), None)
            violations = [(shortest, number), *(one for one in violations if one[0] != shortest)]
        return [*violations, *((schedule, None) for schedule in found.right)]

    def _first(self) -> int:
        return next((place for place, told in enumerate(self._told) if told.shortest), 0)

    def _is_shortest(self, place: int) -> bool:
        assert self.found is not None
        return self._told[place].shortest if self._told else place == 0 and self.found.shortest is not None

    def _label(self, place: int) -> str:
        """What stands in the menu: a sign, the number to replay it, who makes the steps."""
        schedule, violation = self._choices[place]
        parts = [f"{WRONG if self._breaks(place) else RIGHT} " + ("" if violation is None else f"#{violation}")]
        if self._told:
            signs = self._signs()
            parts.append(" ".join(signs[step.thread] for step in self._told[place].description.steps[:40]))
        else:
            parts.append(f"{len(schedule):,} choices")
        if self._is_shortest(place):
            assert self.found is not None
            parts.append("the shortest" if self.found.minimal else "the shortest met")
        return " · ".join(part.strip() for part in parts if part.strip())

    def _signs(self, description: Description | None = None) -> dict[str, str]:
        descriptions = [told.description for told in self._told] or ([description] if description is not None else [])
        return tags(threads_of(one.steps for one in descriptions))

    def _draw(self) -> None:
        """In the thread that called: the menu's own, or whoever showed another exploration."""
        found, place = self.found, self.menu.index
        if found is None or place is None:
            self.chosen = self._description = None
            self.steps.value, self.picture.value, self.lanes.value = "", b"", b""
            self.pointed.layer.changed(False)
            return
        schedule, violation = self._choices[place]
        try:
            description = self._told[place].description if self._told else found.tell([schedule])[0]
        except Exception as error:  # the program does something else by now: said, and the menu stays alive
            self.steps.value = texts.message(error)
            return
        self.chosen = schedule
        self.steps.value = texts.steps(description, self._signs(description))
        self._description, self._look = description, self._titled(description, violation, place)
        self._paint()
        if self._told:
            self.lanes.value = lanes_picture(as_lanes(self._told, self._told[place]), found.complete)

    def _titled(self, description: Description, violation: int | None, place: int) -> dict[str, Any]:
        assert self.found is not None
        title, standing = description.run.verdict, description.run.standing or RIGHTLY
        if self._is_shortest(place):
            title, standing = self.found.problem, WRONGLY
        elif violation is not None:
            title, standing = self.found.violations[violation].sentence, WRONGLY
        return {"title": title, "standing": standing, "height": INCHES[1]}

    def _paint(self) -> None:
        """The schedule that is chosen, or the part of it that somebody wants to see larger."""
        from semalab.draw import png

        assert self._description is not None
        steps = charted(self._description)
        picture = drawing(self._description, **self._look) if steps else self._description.run.timeline(**self._look)
        self.picture.value = png(picture)
        self.pointed.layer.layout.display = "none" if steps else None  # a chart of steps has no bars to point at
        self.pointed.layer.changed("between" in self._look)

    def _places(self) -> Drawing | None:
        """Where things stand in the picture, for who points at it."""
        if self._description is None or charted(self._description):
            return None
        return self._description.run.drawing(**self._look)

    def _zoom(self, window: Window) -> None:
        if self._description is None:
            return
        self._look.pop("between", None)
        if window is not None:
            self._look["between"] = between(self._description.run, window)
        self._paint()

    def __repr__(self) -> str:
        return repr(self.found) if self.found is not None else "No schedules yet"

    def last(self) -> Last | None:
        return None if self.found is None else Last(self.found.picture(), repr(self.found), repr(self.found))

    def _repr_mimebundle_(self, **how: Any) -> Any:
        """With the picture beside the view: that is what a reader without widgets sees."""
        bundle = super()._repr_mimebundle_(**how)
        last = self.last()
        return bundle if last is None else {**bundle, "image/png": last.picture, "text/plain": last.words}


def _button(description: str, tooltip: str) -> widgets.Button:
    return widgets.Button(description=description, tooltip=tooltip, layout={"width": "7.1em"})


def _picture(width: int, height: int | None) -> widgets.Image:
    size = {"width": width} if height is None else {"width": width, "height": height}
    return widgets.Image(format="png", layout={"max_width": "100%", "height": "auto", "margin": "0"}, **size)
