"""Permits at the end of a run: which are gone for good, and who still had one.

Permits are counted, whoever took and gave them: a semaphore that is back at its initial value has lost nothing. Nor has
one whose permits the program means to be used up, as far as its text tells: see `spent`.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from semalab.analysis.listings import Source
from semalab.analysis.reading import Reading, Use
from semalab.log.event import Event, is_outside, several
from semalab.log.trace import LOCKS, PERMITS, QUEUES, SEMAPHORES

_TAKES, _GIVES = "acquire", "release"
_NUMBER = re.compile(r"\[.*\]$|(?: \(\d+\))$")  # of a label: which of several it is
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True)
class Lost:
    """So many permits of a primitive are gone for good: nobody is left who could give them back."""

    use: Use
    permits: int

    @property
    def sentence(self) -> str:
        name, keepers = self.use.label, dict.fromkeys(self.use.kept)
        if len(self.use.kept) != self.permits:
            ends = f"`{name}` began with {self.use.primitive.initial:,} and ended with {self.use.final:,}"
            return f"Permit lost: {ends}, and nobody is left to give back what is missing"
        who = next(iter(keepers)) if len(keepers) == 1 else several(len(keepers), self.use.primitive.kind)
        what = "" if self.permits == len(keepers) else f"{self.permits:,} permits of "
        return f"Permit lost: {who} ended without releasing {what}`{name}`"


def lost(reading: Reading) -> tuple[Lost, ...]:
    """Every primitive that has lost permits, under every reading of the program.

    A permit that one thread takes and another gives is a signal as well, and may be passed on to another semaphore
    or stand for an item in a queue: of those, what has come up elsewhere is not lost. Nor is what is meant to be used
    up: the tokens of a rate limiter, or the permit that tells who was first.
    """
    found = []
    for use in reading.uses.values():
        missing = use.missing
        if missing and use.role != "guard":  # of thousands of futures none has permits
            missing = max(0, missing - _elsewhere(reading))
        if missing and use.primitive.kind in LOCKS and _freed_by_others(reading, use):  # a signal, and may stay taken
            missing = 0
        if missing and (_is_refilled(reading, use) or _is_a_flag(reading, use) or _is_spent(reading, use)):
            missing = 0
        if missing and not _may_return(reading, use):
            found.append(Lost(use, missing))
    return tuple(found)


def _is_refilled(reading: Reading, use: Use) -> bool:
    """Whether somebody gave permits who never took one: several, or after a pause, or who was there before the first
    was taken, and so gives nothing back for whoever started it. They may be tokens or credits, and meant to go.
    """
    if use.role == "guard":
        return False
    events = reading.trace.of(use.label)
    taken = [event for event in events if event.kind == "acquire"]
    takers = {event.thread for event in taken}
    gave: Counter[str] = Counter()
    for event in events:
        if event.kind == "release" and event.thread not in takers:
            gave[event.thread] += event.amount
    return any(
        permits > 1 or _begins_with_sleep(reading, thread) or _is_there_before(reading, thread, taken[0])
        for thread, permits in gave.items()
    )


def _is_there_before(reading: Reading, thread: str, moment: Event) -> bool:
    """Whether the log has the thread's beginning before that event."""
    first = next(event for event in reading.trace.events if event is moment or event.thread == thread)
    return first is not moment


def _begins_with_sleep(reading: Reading, thread: str) -> bool:
    """As a timer does, until its moment."""
    own = (event for event in reading.trace.events if event.thread == thread and event.kind != "start")
    return next((event.kind == "sleep" for event in own), False)


def _is_spent(reading: Reading, use: Use) -> bool:
    """Whether nobody ever gave it back, and the program's text shows that they may be meant to go."""
    return use.primitive.kind in SEMAPHORES and not use.releases and bool(spent([use.label], reading.source))


def _is_a_flag(reading: Reading, use: Use) -> bool:
    """Whether nobody ever gave it back, and nobody ever waited for it: who got it was first, and that was all.

    A lock may be that without a word; of a semaphore somebody must have been refused, or it is one that was forgotten.
    """
    kinds = {event.kind for event in reading.trace.of(use.label)}
    return kinds.isdisjoint({"release", "block"}) and (use.primitive.kind in LOCKS or "refuse" in kinds)


def held_at_the_end(reading: Reading) -> dict[str, tuple[str, ...]]:
    """Locks that threads held when they ended, where that is not known to be wrong: which, and who."""
    return {
        label: use.kept
        for label, use in reading.uses.items()
        if use.primitive.kind in LOCKS and use.missing and use.kept
    }


def _elsewhere(reading: Reading) -> int:
    """Permits and items that are there at the end and were not at the beginning."""
    return sum(
        max(0, use.final - use.primitive.initial)
        for use in reading.uses.values()
        if use.primitive.kind in SEMAPHORES | QUEUES
    )


def _freed_by_others(reading: Reading, use: Use) -> bool:
    """Whether a lock was ever released by another thread than had acquired it."""
    holder = ""
    for event in reading.trace.of(use.label):
        if event.kind == "acquire":
            holder = event.thread
        elif event.kind == "release" and event.thread != holder:
            return True
    return False


def _may_return(reading: Reading, use: Use) -> bool:
    """Somebody who had to do with it has not ended, or is not of this run."""
    threads = {event.thread for event in reading.trace.of(use.label)}
    if not use.releases and reading.unended:  # nobody is known as the one who gives them
        return True
    return any(is_outside(thread) for thread in threads) or not threads.isdisjoint(reading.unended)


def still_held(reading: Reading) -> dict[str, tuple[str, ...]]:
    """What was held when the run was over, and by which threads that had not ended: daemons."""
    if not reading.unended:
        return {}
    unended = set(reading.unended)
    held: dict[str, dict[str, None]] = {}
    for label, use in reading.uses.items():
        if use.primitive.kind in PERMITS and use.missing:
            for span in reading.hold_spans(label):
                if span.last is None and span.thread in unended:
                    held.setdefault(label, {})[span.thread] = None
    return {label: tuple(threads) for label, threads in held.items()}


@dataclass(frozen=True)
class _Mention:
    """Somewhere in the text a semaphore is taken or given. tries: with a time limit, or without waiting at all.

    function: in which one. handed: the method itself goes elsewhere, to be called by others.
    """

    does: str
    function: ast.AST | None
    tries: bool = False
    handed: bool = False


def spent(labels: Iterable[str], source: Source) -> frozenset[str]:
    """Those of these semaphores whose permits may be meant to go, if nobody has given any.

    A log cannot tell a ticket that was sold from a permit that was forgotten: in both nobody has released. The text
    can: who only ever tries, and nowhere gives back, sells; and where some function only gives, which takes nothing,
    the permits are tokens, and that function may have had no occasion.
    """
    labels = tuple(labels)
    if not labels:
        return frozenset()
    trees = [tree for listing in source.listings if (tree := _tree(listing.lines)) is not None]
    return frozenset(one for one in labels if _may_go([m for tree in trees for m in _mentions(tree, _name(one))]))


def _may_go(mentions: list[_Mention]) -> bool:
    takers = {one.function for one in mentions if one.does == _TAKES}
    gives = [one for one in mentions if one.does == _GIVES]
    if not gives:
        return bool(takers) and all(one.tries for one in mentions)
    return all(one.handed or one.function not in takers for one in gives)


def _tree(lines: Iterable[str]) -> ast.Module | None:
    try:
        return ast.parse(textwrap.dedent("\n".join(lines)))
    except (SyntaxError, ValueError):  # a cell with magics, or a part of something
        return None


def _name(label: str) -> str:
    return _NUMBER.sub("", label)


def _mentions(node: ast.AST, name: str, function: ast.AST | None = None) -> Iterator[_Mention]:
    """Every place below this node where the semaphore of that name is taken or given."""
    called = node.func if isinstance(node, ast.Call) else None
    if isinstance(called, ast.Attribute) and called.attr in (_TAKES, _GIVES) and _is(called.value, name):
        yield _Mention(called.attr, function, tries=bool(node.args or node.keywords))  # type: ignore[attr-defined]
    elif isinstance(node, ast.Attribute) and node.attr in (_TAKES, _GIVES) and _is(node.value, name):
        yield _Mention(node.attr, function, handed=True)
    elif isinstance(node, ast.withitem) and _is(node.context_expr, name):
        yield _Mention(_TAKES, function)
        yield _Mention(_GIVES, function)
    for child in ast.iter_child_nodes(node):
        if child is called:
            yield from _mentions(child.value, name, function) if isinstance(child, ast.Attribute) else ()
        else:
            yield from _mentions(child, name, child if isinstance(child, _FUNCTIONS) else function)


def _is(node: Any, name: str) -> bool:
    """Whether an expression says this name, as a variable, an attribute, or one of several."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.Attribute) and node.attr == name)
