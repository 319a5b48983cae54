"""What was given to two runs that is not the same, and what each is called for it."""

from __future__ import annotations

from semalab.comparison.difference import Difference
from semalab.log.excerpt import called, cut
from semalab.run import Run

_NAME = 60  # characters of what a run is called, at most
_UNGIVEN = "not given"
FIRST, SECOND = "First run", "Second run"
_NAMELESS = frozenset({"schedule", "text of the program"})  # too long to call a run by


def varied(a: Run, b: Run) -> tuple[Difference, ...]:
    """Program, arguments, clock, seed, schedule: those of them that differ."""
    found = [Difference("program", cut(a.name, _NAME), cut(b.name, _NAME))]
    if a.name == b.name and a.source.listings and b.source.listings:
        first, second = _text(a), _text(b)
        found.append(Difference("text of the program", "one", "one" if first == second else "another"))
    names = dict.fromkeys([*a.arguments, *b.arguments])
    known = [name for name in names if name not in {*a.forgotten, *b.forgotten}]
    found += [Difference(cut(name, _NAME), _argument(a, name), _argument(b, name)) for name in known]
    found.append(Difference("clock", a.clock, b.clock))
    if a.clock == b.clock == "virtual":  # on the wall clock, nobody chose the order
        chosen = _chosen(a) or _chosen(b)
        orders = (_schedule(a), _schedule(b)) if chosen else (str(a.seed), str(b.seed))
        found.append(Difference("schedule" if chosen else "seed", *orders))
    return tuple(one for one in found if one.differs)


def names_of(found: tuple[Difference, ...]) -> tuple[str, str]:
    """What the two runs are called: "initial=1" and "initial=2"; the first and the second where nothing short does."""
    if not found or any(one.what in _NAMELESS for one in found):
        return FIRST, SECOND
    if found[0].what == "program":
        found = found[:1]  # of two programs, the arguments differ anyway
    first = ", ".join(_name(one.what, one.a) for one in found)
    second = ", ".join(_name(one.what, one.b) for one in found)
    return (first, second) if max(len(first), len(second)) <= _NAME else (FIRST, SECOND)


def _name(what: str, value: str) -> str:
    if what == "program":
        return f"`{value}`"
    if what == "clock":
        return f"{value.capitalize()} clock"
    if what == "seed":
        return f"Seed {value}"
    return f"{what} {value}" if value == _UNGIVEN else f"{what}={value}"


def _text(run: Run) -> list[tuple[str, ...]]:
    """The lines of the program, wherever in a file they stand."""
    return [listing.lines for listing in run.source.listings]


def _argument(run: Run, name: str) -> str:
    return called(run.arguments[name], 40) if name in run.arguments else _UNGIVEN


def _chosen(run: Run) -> bool:
    return run.schedule is not None and bool(run.schedule.points)


def _schedule(run: Run) -> str:
    if run.schedule is None or not _chosen(run):
        return f"by seed {run.seed}"
    return cut(",".join(map(str, run.schedule.choices)), 40)
