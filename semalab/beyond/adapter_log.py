"""The log that an adapter writes, with the places in the program, and the trace that is made of it; of several
processes, their notes, sorted by time, are one log.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import CodeType, MappingProxyType
from typing import Any, NamedTuple

from semalab.analysis.decode import Printed
from semalab.analysis.listings import Source, source_of
from semalab.engine.interpreter import outwards
from semalab.engine.signals import signal_name
from semalab.instrument.naming import is_programs, primitive_labels, thread_labels
from semalab.log.event import LOCKS, Event, Primitive
from semalab.log.stops import Deadlock, Wait
from semalab.log.trace import Trace


def call() -> tuple[CodeType, int]:
    """The call of the function that asks, whoever makes it."""
    frame = sys._getframe(2)
    return frame.f_code, frame.f_lasti


def place() -> tuple[CodeType | None, int]:
    """Where in the program the call comes from."""
    for frame in outwards(sys._getframe(1)):
        if is_programs(frame.f_code):
            return frame.f_code, frame.f_lasti
    return None, 0


class SemaphoreLabel(NamedTuple):
    """What a label is made of: the class, the value at first, and the call that made it, or its name."""

    kind: str
    initial: int
    site: tuple[CodeType | None, int] = (None, 0)
    name: str = ""
    part_of: int | None = None
    part: str = ""
    key: str = ""
    maker: str = ""


class Row(NamedTuple):
    """One thing that happened. key: which semaphore, or None. who: for "join" and "joined", whose end is waited for."""

    time: int
    actor: str
    kind: str
    key: int | None = None
    amount: int = 0
    line: int | None = None
    who: str = ""


@dataclass
class Log:
    """Rows in the order of their times. Invariant: of one semaphore, an acquire stands after the release that let it.

    actors: who takes part, in the order in which they began. printed: what was printed.
    """

    made: list[SemaphoreLabel] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    actors: list[str] = field(default_factory=list)
    printed: list[Printed] = field(default_factory=list)
    lines: list[tuple[CodeType, int]] = field(default_factory=list)

    def start(self, time: int, actor: str) -> None:
        self.actors.append(actor)
        self.rows.append(Row(time, actor, "start"))

    def labels(self) -> list[str]:
        return primitive_labels(self.made)

    def trace(self, duration: int) -> Trace:
        """The rows as events, each with the value that its semaphore has after it."""
        labels = self.labels()
        primitives = [Primitive(label, made.kind, made.initial) for label, made in zip(labels, self.made, strict=True)]
        return Trace(self._events(labels), self.actors, primitives, duration)

    def so_far(self) -> Log:
        """A copy of a log that somebody else goes on writing: what its rows speak of is in it, too."""
        rows, printed = list(self.rows), list(self.printed)
        started = {row.actor for row in rows if row.kind == "start"}
        actors = [actor for actor in self.actors if actor in started]
        shown = sum(row.kind == "print" for row in rows)
        return Log(list(self.made), rows, actors, printed[:shown], list(self.lines))

    def _events(self, labels: list[str]) -> Iterable[Event]:
        values = [made.initial for made in self.made]
        for row in self.rows:
            if row.key is None:
                yield Event(row.time, row.actor, row.kind, row.who, None, row.amount, row.line)
                continue
            values[row.key] += {"acquire": -row.amount, "release": row.amount}.get(row.kind, 0)
            yield Event(row.time, row.actor, row.kind, labels[row.key], values[row.key], row.amount, row.line)

    def source(self, program: CodeType | None) -> Source:
        return source_of(program, self.lines)

    def deadlock(self, actor: str, others: Mapping[str, Wait] = MappingProxyType({})) -> Deadlock | None:
        """Who waits without an end, if everybody does who has not ended; None if nobody is known to wait.

        actor: the class of those whose ends others wait for. others: what those wait for of whom no row tells it.
        """
        labels, holders, waits = self.labels(), self._holders(), []
        values = {label: made.initial for label, made in zip(labels, self.made, strict=True)}
        values.update((event.primitive, event.value) for event in self._events(labels) if event.value is not None)
        alive = [row for row in {row.actor: row for row in self.rows}.values() if row.kind != "end"]
        for row in alive:
            if row.kind == "block" and row.key is not None:
                kind, label = self.made[row.key].kind, labels[row.key]
                held = tuple(holders.get(row.key, ()))
                waits.append(Wait(row.actor, label, kind, values[label], held, row.line))
        for row in alive:
            if row.actor in others and row.kind != "block":
                waits.append(others[row.actor])
        stuck = [wait.thread for wait in waits]
        for row in alive:
            if row.actor not in stuck:
                waits.append(Wait(row.actor, row.who or (stuck[0] if stuck else "nobody"), actor, line=row.line))
        return Deadlock(tuple(waits)) if not all(wait.joins for wait in waits) else None

    def _holders(self) -> dict[int, list[str]]:
        holders: dict[int, list[str]] = {}
        for row in self.rows:
            if row.key is None:
                continue
            held = holders.setdefault(row.key, [])
            if row.kind == "acquire":
                held.append(row.actor)
            elif row.kind == "release" and row.actor in held:
                held.remove(row.actor)
            elif row.kind == "release" and self.made[row.key].kind in LOCKS:  # any process may give it back
                held.clear()
        return holders


class Failure(NamedTuple):
    """The first process that failed. words: its exception; empty if it died before it could begin."""

    actor: str
    words: str = ""
    status: int = 1


def deaths(rows: list[list[Any]], dead: set[str]) -> tuple[str, ...]:
    """What became of those that could not note their end, in words, as far as their parents know."""
    labels = labels_of(rows)
    codes = {row[3]: row[4] for row in rows if row[2] == "gone"}
    begun = {row[1]: row[3] for row in rows if row[2] == "start"}
    announced = {row[3] for row in rows if row[2] == "starts"}  # of others nobody notes the end, however they end
    return tuple(
        f"{labels[me]} {became(codes.get(key))}" for me, key in begun.items() if me in dead and key in announced
    )


def not_watched(rows: list[list[Any]]) -> tuple[str, ...]:
    """What the program has made that notes nothing, in words."""
    told: dict[str, None] = {}
    for row in rows:
        if row[2] == "unseen":
            kind, _, name = row[6].partition(" ")
            told[f"`{name}` ({kind})" if name else f"`{kind}`"] = None
    return tuple(told)


def became(code: int | None) -> str:
    """What became of a process that did not come to its own end. code: its exit code, None if nobody knows."""
    if code is None:
        return "died"
    if code >= 0:
        return f"broke off with exit code {code}"
    return f"was killed ({signal_name(-code)})"


def log_of(rows: list[list[Any]], dead: set[str]) -> tuple[Log, Failure | None]:
    """The log, and who failed. dead: those that could not note their end."""
    labels, log, failed = labels_of(rows), Log(), None
    begun = {row[3] for row in rows if row[2] == "start"}
    keys: dict[str, int] = {}
    origin = rows[0][0] if rows else 0
    ended: set[str] = set()
    for time_, me, kind, key, amount, line, text in rows:
        actor, at = labels[me], time_ - origin
        if kind == "starts" or (kind == "start" and not key):
            log.start(at, labels[key or me])
        elif kind in {"start", "begins", "left", "unseen"}:
            pass
        elif kind == "made":
            keys[key] = len(log.made)
            log.made.append(SemaphoreLabel(text.partition(" ")[0], amount, name=text.partition(" ")[2]))
        elif kind == "raised":
            failed = failed or Failure(actor, text)
        elif kind == "void":
            _take_back(log.rows, actor, keys[key])
        elif kind == "gone":
            if key not in begun and amount:
                failed = failed or Failure(labels[key], status=amount)
            _ends(log, at, labels[key], ended)
        elif kind == "join":
            log.rows.append(Row(at, actor, kind, None, amount, line, who=labels.get(key, "nobody")))
        elif kind == "joined":
            if amount:
                _ends(log, at, labels[key], ended)
            log.rows.append(Row(at, actor, kind, None, 0, line, who=labels[key]))
        elif kind == "print":
            log.rows.append(Row(at, actor, kind, line=line))
            log.printed.append(Printed(at, actor, text))
        elif kind == "end":
            _ends(log, at, actor, ended)
        else:
            amount = 0 if kind == "block" else amount
            log.rows.append(Row(at, actor, kind, keys.get(key) if key else None, amount, line))
    for actor in sorted({labels[me] for me in dead} - ended):
        _ends(log, log.rows[-1].time, actor, ended)
    return log, failed


def labels_of(rows: list[list[Any]]) -> dict[str, str]:
    """Who is called what: by what a process calls itself, and by what the one calls it that has started it."""
    names = {
        key or me: text for _, me, kind, key, _, _, text in rows if kind == "starts" or (kind == "start" and not key)
    }
    labels = dict(zip(names, thread_labels(names.values()), strict=True))
    for _, me, kind, key, *_ in rows:
        if kind == "start" and key:
            labels[me] = labels[key]
    return labels


def _ends(log: Log, at: int, actor: str, ended: set[str]) -> None:
    """The end of a process, once; and before it of what it was at, if it was killed."""
    if actor not in ended:
        ended.add(actor)
        log.rows.extend(_last_rows(log.rows, at, actor))


def _last_rows(rows: list[Row], at: int, actor: str) -> Iterator[Row]:
    last = next((row for row in reversed(rows) if row.actor == actor), None)
    if last is not None and last.kind in {"sleep", "block"}:
        yield Row(at, actor, "wake" if last.kind == "sleep" else "refuse", last.key)
    yield Row(at, actor, "end")


def _take_back(rows: list[Row], actor: str, key: int) -> None:
    """Forget the last release of this process: the semaphore has refused it."""
    index = max(i for i, row in enumerate(rows) if (row.actor, row.kind, row.key) == (actor, "release", key))
    del rows[index]
