"""Why a run was stopped before its program came to its own end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from semalab.log.event import several
from semalab.log.excerpt import plural
from semalab.log.trace import IDLE, LOCKS, QUEUES, SEMAPHORES

_ENDS = frozenset({"Thread", "Task", "Process"})  # whose end is waited for
_TOLD = 6  # waits told one by one: of a ring of a hundred, nobody reads the hundredth


@dataclass(frozen=True)
class Wait:
    """One thread that cannot go on: what it waits for, that thing's class and value, and who holds it.

    unfinished: the items that were not done when it began to wait in `Queue.join`; 0 in any other wait.
    """

    thread: str
    primitive: str
    kind: str
    value: int | None = None
    holders: tuple[str, ...] = ()
    line: int | None = None
    unfinished: int = 0

    @property
    def sort(self) -> str:
        """The class without its module: asyncio's queues are waited for as others are."""
        return self.kind.rpartition(".")[2]

    @property
    def joins(self) -> bool:
        """It is for somebody's end, and not for a primitive."""
        return self.sort in _ENDS


@dataclass(frozen=True)
class Deadlock:
    """Every live thread waits, without a time limit, for something only another waiting thread could do."""

    waits: tuple[Wait, ...]

    @property
    def threads(self) -> tuple[str, ...]:
        """Labels of the threads that wait for a primitive (joins and idle pools are consequences, not causes)."""
        return tuple(w.thread for w in self.waits if not w.joins and w.sort not in IDLE)

    @property
    def circle(self) -> tuple[Wait, ...]:
        """Waits of which each is for what the next one's thread holds, and the last for what the first one's holds.

        The first that there is; empty if there is none. A thread that waits for itself is none.
        """
        return _circle(self.waits)

    def __str__(self) -> str:
        idle = [wait for wait in self.waits if wait.sort in IDLE]
        circle = self.circle
        inside = {wait.thread for wait in circle}
        joins, others = _grouped(wait for wait in self.waits if wait.thread not in inside)
        told = [_round(circle)] if circle else []
        room = max(0, _TOLD - len(circle))
        told += [_blocked(group) for group in others[:room]]
        others = others[room:]
        told += [_joining(group) for group in joins[:_TOLD]]
        told += [_idle(idle)] if idle else []
        more = len(circle[_TOLD:]) + len(others) + len(joins[_TOLD:])
        return "; ".join(told + ([f"{more:,} more waits like these"] if more else []))


@dataclass(frozen=True)
class Timeout:
    """The run's time was up: `seconds` on `clock`, or it was stopped for another reason.

    running: the threads that were there. left: those that could not be stopped, inside calls that nobody can interrupt.
    """

    seconds: float
    clock: str
    running: tuple[str, ...] = ()
    reason: str = ""
    left: tuple[str, ...] = ()

    def __str__(self) -> str:
        why = self.reason or not_ended(self.seconds, [There(name) for name in self.running])
        return f"{why}; {_several(self.left)} could not be stopped" if self.left else why


class There(NamedTuple):
    """A thread that was there when the run was stopped: function and line of where it was in the program.

    started: the same of where it was started, if it was in none of the program's lines.
    apart: what is to be said of one that was not at the program's work, after its name.
    """

    thread: str
    at: tuple[str, int] | None = None
    started: tuple[str, int] | None = None
    apart: str = ""


def time_up(seconds: float) -> str:
    """What is said of each run whose time was up, before what is known of it."""
    return f"the program had not ended after {seconds:g} s"


def not_ended(seconds: float, threads: Sequence[There], kind: str = "threads") -> str:
    """What is said of a run whose time was up, and of nothing else is known."""
    return f"{time_up(seconds)}; {still_there(threads, kind)}"


def still_there(threads: Sequence[There], kind: str = "threads") -> str:
    """Who was there, and where; of many, the first three."""
    if not threads:
        return f"none of its {kind} was running"  # the system had not let one begin
    if len(threads) == 1 and threads[0].apart:
        return f"{threads[0].thread}{_where(threads[0], '')}, was still there"
    if len(threads) == 1:
        return f"{threads[0].thread} was still there{_where(threads[0], ', ')}"
    if not any(one.at or one.started or one.apart for one in threads):
        return f"{_several(tuple(one.thread for one in threads))} were still there"
    told = [f"{one.thread}{_where(one, ' ')}" for one in threads[:3]]
    told += [f"and {len(threads) - 3:,} more"] if len(threads) > 3 else []
    return f"{len(threads):,} {kind} were still there: {'; '.join(told)}"


def place_in_words(place: tuple[str, int]) -> str:
    """`in work, line 7`; of what has no name of its own, as a module or a lambda, the line only."""
    name, line = place
    return f"in line {line}" if name.startswith("<") else f"in {name}, line {line}"


def still_waiting(waits: Iterable[Wait]) -> str:
    """Who waits for what, when it is not certain that they wait for ever."""
    joins, others = _grouped(waits)
    told = [_waiting(group) for group in others[:_TOLD]] + [_joining(group) for group in joins[:_TOLD]]
    more = len(others[_TOLD:]) + len(joins[_TOLD:])
    return "; ".join(told + ([f"{more:,} more waits like these"] if more else []))


def several_of(names: tuple[str, ...]) -> str:
    """Some names as a part of a sentence; of many, the first three."""
    if len(names) > 3:
        return f"{', '.join(names[:3])} and {len(names) - 3:,} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _grouped(waits: Iterable[Wait]) -> tuple[list[list[Wait]], list[list[Wait]]]:
    """The waits for one thing together: joins, and the others; those of idle pools left out."""
    causes: dict[tuple[str, bool], list[Wait]] = {}
    for wait in (wait for wait in waits if wait.sort not in IDLE):
        causes.setdefault((wait.primitive, wait.unfinished > 0), []).append(wait)
    joins = [group for group in causes.values() if group[0].joins]
    return joins, [group for group in causes.values() if not group[0].joins]


def _circle(waits: Iterable[Wait]) -> tuple[Wait, ...]:
    """Of a semaphore only who has its last permit can be said to hold it: others might have given that back."""
    held = {
        wait.thread: wait
        for wait in waits
        if len(wait.holders) == 1 and (wait.sort in LOCKS or (wait.sort in SEMAPHORES and not wait.value))
    }
    order = {thread: place for place, thread in enumerate(held)}
    seen: set[str] = set()
    found: list[tuple[Wait, ...]] = []
    for thread in held:
        way: dict[str, int] = {}
        while thread in held and thread not in seen:
            seen.add(thread)
            way[thread] = len(way)
            thread = held[thread].holders[0]
        circle = list(way)[way[thread] :] if thread in way else []
        if len(circle) > 1:
            start = circle.index(min(circle, key=order.__getitem__))
            found.append(tuple(held[one] for one in circle[start:] + circle[:start]))
    return min(found, key=lambda one: order[one[0].thread]) if found else ()


def _round(circle: Sequence[Wait]) -> str:
    told = [f"{wait.thread} waits for `{wait.primitive}`, held by {wait.holders[0]}" for wait in circle[:_TOLD]]
    names = _numbers([wait.thread for wait in circle])
    way = f": {' → '.join([*names, names[0]])}" if len(circle) <= _TOLD else f" of {len(circle):,}"
    return "; ".join(told) + f" (a circle{way})"


def _numbers(names: list[str]) -> list[str]:
    """`["0", "1"]` for `["guest-0", "guest-1"]`; names that differ in more than a number as they are."""
    parts = [re.fullmatch(r"(.*?)(\d+)", name) for name in names]
    alike = all(parts) and len({part[1] for part in parts if part}) == 1
    return [part[2] for part in parts if part] if alike else names


def _where(one: There, before: str) -> str:
    if one.apart:
        return f", {one.apart}"
    if one.at is not None:
        return before + place_in_words(one.at)
    return f"{before}started {place_in_words(one.started)}" if one.started is not None else ""


def _several(threads: tuple[str, ...]) -> str:
    return ", ".join(threads[:3]) + (f" and {len(threads) - 3:,} more" if len(threads) > 3 else "")


def _who(group: list[Wait]) -> tuple[str, str]:
    """Subject and verb: a name for one thread, a number for several."""
    return (group[0].thread, "waits") if len(group) == 1 else (several(len(group), group[0].kind), "wait")


def _items(number: int | None) -> str:
    return f"{number} {plural('item', number)}" if number else "empty"


def _nobody(number: int | None) -> str:
    return f"nobody can {'take one' if number else 'put one'} any more"


def _idle(group: list[Wait]) -> str:
    who, verb = _who(group)
    return f"{who} {verb} for {'a task' if len(group) == 1 else 'tasks'} and nobody can submit one any more"


def _joining(group: list[Wait]) -> str:
    who, verb = _who(group)
    return f"{who} {verb} for {group[0].primitive} to end"


def _blocked(group: list[Wait]) -> str:
    return _waiting(group) + _for_ever(group[0])


def _waiting(group: list[Wait]) -> str:
    first = group[0]
    who, verb = _who(group)
    if first.sort in LOCKS and first.holders:
        holder = first.holders[0]
        if len(group) == 1 and holder == first.thread:
            return f"{who} {verb} for `{first.primitive}`, which it holds itself"
        return f"{who} {verb} for `{first.primitive}`, held by {holder}"
    if first.sort == "Event":
        return f"{who} {verb} for `{first.primitive}` (not set)"
    if first.sort == "Condition":
        return f"{who} {verb} on `{first.primitive}`"
    if first.sort == "Future":
        return f"{who} {verb} for the result of `{first.primitive}`"
    if first.sort in {"Futures", "Results"}:
        return f"{who} {verb} in {first.primitive}"
    if first.unfinished:
        return f"{who} {verb} in `{first.primitive}`.join()"
    if first.sort in QUEUES:
        return f"{who} {verb} for `{first.primitive}` ({_items(first.value)})"
    if first.sort == "Barrier":
        return f"{who} {verb} at `{first.primitive}`"
    value = "" if first.value is None else f" (value {first.value})"
    return f"{who} {verb} for `{first.primitive}`{value}"


def _for_ever(wait: Wait) -> str:
    """Why such a wait has no end."""
    if wait.sort in LOCKS and wait.holders:
        return ""
    if wait.unfinished:
        return " and nobody can call task_done() any more"
    if wait.sort in QUEUES:
        return f" and {_nobody(wait.value)}"
    acts = {
        "Event": "set it",
        "Condition": "notify it",
        "Future": "bring it",
        "Futures": "bring a result",
        "Results": "bring a result",
        "Barrier": "arrive",
    }
    return f" and nobody can {acts.get(wait.sort, 'release it')} any more"
