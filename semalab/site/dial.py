"""What a lesson's `lab.interact` was asked for: its arguments, the stops of each, and the runs at all of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ipywidgets as widgets

from semalab.analysis.claims import Check
from semalab.notebook.controls import dials, stops
from semalab.recording import record
from semalab.run import Run
from semalab.settings import Program

MOST = 240  # positions of a panel that are worked out
_ROUND = (1, 2, 5)  # and their tens: where a dial stops that has too many positions


@dataclass(frozen=True)
class Control:
    """One argument. stops: its values, in order; place: which of them it begins at. all: how many it has in a notebook.

    kind: "range" or "choice".
    """

    name: str
    kind: str
    stops: tuple[Any, ...]
    place: int
    all: int


@dataclass(frozen=True)
class Dial:
    """A panel of a lesson. Invariant: positions are numbered with the last control turning fastest."""

    program: Program
    controls: tuple[Control, ...]
    claim: Check | None = None
    timeout: float = 10.0
    seed: int = 0
    explore: bool = False

    @property
    def positions(self) -> list[dict[str, Any]]:
        names = [control.name for control in self.controls]
        return [
            dict(zip(names, values, strict=True)) for values in itertools.product(*(c.stops for c in self.controls))
        ]

    @property
    def left_out(self) -> int:
        """Positions that the notebook has and the page has not."""
        return math.prod(control.all for control in self.controls) - _count(self.controls)

    def run(self, values: Mapping[str, Any], seed: int) -> Run:
        return record(
            self.program, **values, clock="virtual", seed=self.seed + seed, timeout=self.timeout, claim=self.claim
        )


def dial_of(program: Program, sliders: Mapping[str, Any], **settings: Any) -> Dial:
    """The panel that `interact` would make of these, with no more than MOST positions.

    Raises: TypeError, ValueError as `interact` does, and for a widget that is no slider, menu or box.
    """
    controls = [_control(name, widget) for name, widget in dials(program, sliders).items()]
    while _count(controls) > MOST and any(_thinner(one) != one for one in controls):
        longest = max((one for one in controls if _thinner(one) != one), key=lambda one: len(one.stops))
        controls[controls.index(longest)] = _thinner(longest)
    known = {name: settings[name] for name in ("claim", "timeout", "seed") if name in settings}
    return Dial(program, tuple(controls), **known, explore=settings.get("explore", False) is not False)


def _count(controls: Sequence[Control]) -> int:
    return math.prod(len(control.stops) for control in controls)


def _control(name: str, widget: widgets.Widget) -> Control:
    found = tuple(stops(widget))
    if not found:
        raise TypeError(f"a page can turn ranges, choices and switches, got {name} with {type(widget).__name__}")
    kind = "range" if hasattr(widget, "min") else "choice"
    return Control(name, kind, found, found.index(widget.value), len(found))


def _thinner(control: Control) -> Control:
    """Its first, last, present and round values alone."""
    if control.kind != "range":
        return control
    first, last, now = control.stops[0], control.stops[-1], control.stops[control.place]
    round_ones = {mantissa * 10**power for power in range(6) for mantissa in _ROUND}
    kept = tuple(stop for stop in control.stops if stop in {first, last, now} | round_ones)
    return replace(control, stops=kept, place=kept.index(now))
