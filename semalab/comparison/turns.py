"""In what order threads acquired the primitive that two runs have in common, and where the orders part."""

from __future__ import annotations

from semalab.comparison.difference import Difference
from semalab.log.excerpt import cut_name
from semalab.run import Run

_NAME = 60  # characters of a name


def turns_of(run: Run, label: str) -> list[str]:
    """The threads that acquired a primitive, once for each time, in the order of its lock."""
    return [event.thread for event in run.trace.of(label) if event.kind == "acquire"]


def turns(a: Run, b: Run) -> Difference | None:
    """The first turn that another thread had, or that all were the same; None where there is nothing to compare."""
    main = a.reading.main_use, b.reading.main_use
    if main[0] is None or main[1] is None or main[0].label != main[1].label:
        return None
    label = cut_name(main[0].label, _NAME)
    one, other = turns_of(a, main[0].label), turns_of(b, main[1].label)
    if not (one or other):
        return None
    if one == other:
        order = f"{len(one):,}, in the same order" if len(one) > 1 else f"one, {cut_name(one[0], _NAME)}'s"
        return Difference(f"turns at `{label}`", order, order)
    place = next((n for n, (x, y) in enumerate(zip(one, other, strict=False)) if x != y), min(len(one), len(other)))
    first, second = (cut_name(some[place], _NAME) if place < len(some) else "nobody" for some in (one, other))
    return Difference(f"turn {place + 1:,} at `{label}`", first, second)
